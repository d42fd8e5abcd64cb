#include "cli/build_command.h"

#include <stdio.h>
#include <unistd.h>

#include "base/error.h"
#include "build/watch.h"
#include "web/preview.h"

#define DEBOUNCE_S 0.03
#define DEBOUNCE_LIMIT_S 60
#define PREVIEW_PORT 8700
#define PROGRESS_PERIOD_S 0.5

struct watching {
    struct build_invocation *build;
    struct preview *preview; /* NULL without --serve */
    struct report *report;   /* of a course that could not be loaded */
    bool is_fast, is_first, was_well;
};

static struct build_options *load(bool is_first, gpointer data)
{
    struct watching *watching = data;
    struct report *report = build_command_report(watching->build);
    struct loaded_course *loaded = build_command_load(watching->build, report);
    if (loaded == NULL) {
        watching->report = report;
        return NULL;
    }
    loaded->options.plan.skips_runs = watching->is_fast && !is_first;
    if (!is_first) /* these are about the first build */
        loaded->options.is_cache_ignored = loaded->options.is_run_forced = false;
    return &loaded->options;
}

static void unload(struct build_options *options, gpointer data)
{
    loaded_course_free((struct loaded_course *)options);
}

static void tell_mistake(struct watching *watching, const GPtrArray *changed)
{
    if (watching->preview != NULL)
        preview_update(watching->preview, NULL, report_messages(watching->report), changed);
    build_command_tell(NULL, watching->report, BUILD_MISTAKEN, (struct publish_counts){0});
    g_clear_pointer(&watching->report, report_free);
    watching->was_well = false;
}

/* A change that changes nothing is not worth a line. */
static void on_built(const struct build *build, enum build_status status, const GPtrArray *changed, gpointer data)
{
    struct watching *watching = data;
    if (build == NULL) {
        tell_mistake(watching, changed);
        return;
    }
    const struct loaded_course *loaded = (const struct loaded_course *)build_get_options(build);
    bool is_well = status == BUILD_SUCCEEDED;
    if (watching->preview != NULL)
        preview_update(watching->preview, build, report_messages(loaded->options.report), changed);
    if (watching->is_first || !is_well || !watching->was_well || !report_is_idle(loaded->options.report, build_counts(build)))
        build_command_tell(loaded, loaded->options.report, status, build_counts(build));
    if (watching->is_first && watching->build->mode != REPORT_QUIET)
        fprintf(stderr, "watching for changes; Ctrl-C ends it\n");
    watching->is_first = false;
    watching->was_well = is_well;
}

static bool find_debounce(const struct build_invocation *build, double *ret_seconds)
{
    const char *text = invocation_option(build->invocation, "debounce");
    char *end;
    *ret_seconds = text != NULL ? g_ascii_strtod(text, &end) : DEBOUNCE_S;
    return text == NULL || (*text != '\0' && *end == '\0' && *ret_seconds >= 0 && *ret_seconds <= DEBOUNCE_LIMIT_S);
}

static bool open_preview(struct watching *watching, GError **error)
{
    const char *text = invocation_option(watching->build->invocation, "port");
    guint64 port = PREVIEW_PORT;
    if (!build_command_has(watching->build, "serve"))
        return true;
    if (text != NULL && !g_ascii_string_to_unsigned(text, 10, 0, 65535, &port, NULL)) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_USAGE, "--port must be a number from 0 to 65535, not '%s'", text);
        return false;
    }
    watching->preview = preview_open((unsigned)port, text == NULL, error);
    if (watching->preview != NULL && watching->build->mode != REPORT_QUIET)
        fprintf(stderr, "pages are at %s\n", preview_address(watching->preview));
    return watching->preview != NULL;
}

int build_command_watch(struct build_invocation *build)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *spec = g_canonicalize_filename(invocation_operand(build->invocation, 0), NULL);
    struct watching watching = {.build = build, .is_first = true};
    struct watch_options options = {
        .settings = build->settings,
        .program = build->program,
        .api = build->api,
        .spec = spec,
        .is_auto_start = settings_get_bool(build->settings, "worker_management.auto_start"),
        .progress_period_s = build->has_progress ? PROGRESS_PERIOD_S : 0,
        .load = load,
        .unload = unload,
        .ended = on_built,
        .data = &watching,
    };
    watching.is_fast = invocation_choice(build->invocation, "watch-mode", WATCH_MODE_NORMAL) == WATCH_MODE_FAST;
    if (!find_debounce(build, &options.debounce_s))
        return report_failure(2, "--debounce must be a number of seconds from 0 to %d, not '%s'", DEBOUNCE_LIMIT_S,
                              invocation_option(build->invocation, "debounce"));
    bool ok = open_preview(&watching, &error) && watch_run(&options, &error);
    preview_free(watching.preview);
    return ok ? 130 : report_error(error);
}
