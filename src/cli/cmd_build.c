#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/api_host.h"
#include "cli/build_command.h"
#include "cli/cache_command.h"
#include "os/data.h"

/* Options that stand for a setting; they take precedence over all its other sources. */
static const struct {
    const char *option, *key, *value; /* value: of a flag; NULL: the option's argument */
} overrides[] = {
    {"notebook-workers", "worker_management.notebook.count", NULL}, {"plantuml-workers", "worker_management.plantuml.count", NULL},
    {"drawio-workers", "worker_management.drawio.count", NULL},     {"no-auto-start", "worker_management.auto_start", "false"},
    {"no-auto-stop", "worker_management.auto_stop", "false"},       {"fresh-workers", "worker_management.reuse_workers", "false"},
    {"workers", "worker_management.notebook.execution_mode", NULL}, {"workers", "worker_management.plantuml.execution_mode", NULL},
    {"workers", "worker_management.drawio.execution_mode", NULL},
};

static bool override_settings(const struct build_invocation *build, GError **error)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(overrides); i++) {
        const char *given = invocation_option(build->invocation, overrides[i].option);
        const char *value = overrides[i].value != NULL ? overrides[i].value : given;
        if (given != NULL && !settings_override(build->settings, overrides[i].key, value, error)) {
            g_prefix_error(error, "--%s: ", overrides[i].option);
            return false;
        }
    }
    return true;
}

static void find_mode(struct build_invocation *build)
{
    enum report_mode mode = build->invocation->is_quiet ? REPORT_QUIET : build->invocation->is_verbose ? REPORT_VERBOSE : REPORT_DEFAULT;
    build->mode = (enum report_mode)invocation_choice(build->invocation, "output-mode", (int)mode);
}

static bool has_progress(const struct build_invocation *build)
{
    const char *terminal = getenv("TERM");
    return isatty(STDERR_FILENO) && terminal != NULL && strcmp(terminal, "dumb") != 0 && getenv("CI") == NULL &&
           !build_command_has(build, "no-progress") && (build->mode == REPORT_DEFAULT || build->mode == REPORT_VERBOSE);
}

/* What was made may be too much; a failure to remove what is old is nothing that a build should fail for. */
static void bound_cache(const struct build_invocation *build)
{
    struct cache_limits limits = cache_command_get_limits(build->settings);
    cache_collect_if_due(build->cache, &limits, NULL);
}

static int build_once(struct build_invocation *build)
{
    struct publish_counts counts = {0};
    struct report *report = build_command_report(build);
    struct loaded_course *loaded = build_command_load(build, report);
    enum build_status status = loaded != NULL ? build_run(&loaded->options, &counts) : BUILD_MISTAKEN;
    int exit_status = build_command_tell(loaded, report, status, counts);
    if (counts.written > 0)
        bound_cache(build);
    if (loaded == NULL)
        report_free(report);
    loaded_course_free(loaded);
    return exit_status;
}

static int build_and_tell(struct build_invocation *build)
{
    g_autofree char *templates = data_path("templates"), *program = g_file_read_link("/proc/self/exe", NULL);
    build->templates = templates;
    build->program = program;
    bool is_watched = build_command_has(build, "watch") || build_command_has(build, "serve");
    int status = is_watched ? build_command_watch(build) : build_once(build);
    cache_close(build->cache);
    return status;
}

static int prepare(struct build_invocation *build)
{
    g_autoptr(GError) error = NULL;
    build->settings = invocation_settings(build->invocation);
    if (build->settings == NULL)
        return 2;
    if (!override_settings(build, &error))
        return report_failure(2, "%s", error->message);
    find_mode(build);
    build->has_progress = has_progress(build);
    build->targets = invocation_list(build->invocation, "targets");
    build->languages = invocation_list(build->invocation, "language");
    return 0;
}

static int run_build(struct invocation *invocation)
{
    struct build_invocation build = {.invocation = invocation};
    int status = prepare(&build);
    g_autoptr(api_host) api = status == 0 ? api_host_new(build.settings, invocation->is_quiet) : NULL;
    build.api = api;
    if (status == 0)
        status = build_and_tell(&build);
    g_strfreev(build.targets);
    g_strfreev(build.languages);
    return status;
}

/* fast: after the first build no code is run; pages that show its outputs wait for a normal build. */
const char *const watch_mode_names[] = {"normal", "fast", NULL};

static const struct option options[] = {
    {"data-dir", 'd', "DIR", "course root (default: found from SPEC)"},
    {"output-dir", 'o', "DIR", "one default target in DIR"},
    {"targets", 'T', "NAMES", "build these targets only", true},
    {"language", 'L', "LANGS", "build these languages only", true},
    {"speaker-only", 0, NULL, "build the kind speaker only"},
    {"image-format", 0, "FORMAT", "what diagrams become", false, image_format_names},
    {"image-mode", 0, "MODE", "images beside each notebook or once per course", false, image_mode_names},
    {"only", 0, "NAME", "build one section or topic only"},
    {"ignore-cache", 0, NULL, "run every job again"},
    {"clear-cache", 0, NULL, "forget all results first"},
    {"force-execute", 0, NULL, "run the code of notebooks again"},
    {"incremental", 0, NULL, "write what is new, look at no other output"},
    {"keep-directory", 0, NULL, "remove no outputs that no longer belong"},
    {"keep-going", 0, NULL, "do the other jobs when one fails (default)"},
    {"fail-fast", 0, NULL, "stop at the first failed job"},
    {"explain", 0, NULL, "say why each job runs"},
    {"workers", 0, "MODE", "how workers run", false, execution_mode_names},
    {"notebook-workers", 0, "N", "number of notebook workers"},
    {"plantuml-workers", 0, "N", "number of PlantUML workers"},
    {"drawio-workers", 0, "N", "number of Draw.io workers"},
    {"no-auto-start", 0, NULL, "use the workers that are there"},
    {"no-auto-stop", 0, NULL, "leave the workers running for later builds"},
    {"fresh-workers", 0, NULL, "start workers, reuse none"},
    {"output-mode", 'O', "MODE", "what to print", false, report_mode_names},
    {"no-progress", 0, NULL, "no progress line"},
    {"watch", 'w', NULL, "build again whenever something changes"},
    {"watch-mode", 0, "MODE", "what a watch builds again", false, watch_mode_names},
    {"debounce", 0, "S", "seconds of quiet before a watch builds (0.03)"},
    {"serve", 0, NULL, "show the pages as they are built, in a browser"},
    {"port", 0, "N", "port of --serve (8700 or the next free one)"},
    {NULL},
};

extern const struct command cmd_build;
const struct command cmd_build = {
    .name = "build",
    .operands = "SPEC",
    .purpose = "Build a course: notebooks, pages, diagrams and copies.",
    .example = "clx build course.yaml",
    .options = options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run_build,
};
