#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "build/build.h"
#include "cli/command.h"
#include "os/data.h"
#include "supervisor/executor.h"

struct build_invocation {
    struct invocation *invocation;
    struct settings *settings;
    enum report_mode mode;
    char **targets, **languages;
    bool is_filtered;
    struct course *course, *whole;
    struct report *report;
    struct cache *cache;
};

static bool is_given(const struct invocation *invocation, const char *name)
{
    return invocation_option(invocation, name) != NULL;
}

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

static int check_workers(const struct build_invocation *build)
{
    for (int type = 0; type < N_JOB_TYPES; type++) {
        const char *mode = settings_execution_mode(build->settings, job_type_names[type]);
        if (executor_find(mode) == NULL)
            return report_failure(2, "%s workers are not available in this version\nuse --workers direct", mode);
    }
    return 0;
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
           !is_given(build->invocation, "no-progress") && (build->mode == REPORT_DEFAULT || build->mode == REPORT_VERBOSE);
}

static void make_report(struct build_invocation *build)
{
    struct report_options options = {
        .mode = build->mode,
        .has_progress = has_progress(build),
        .has_color = build->invocation->has_color,
        .is_explained = is_given(build->invocation, "explain"),
    };
    build->report = report_new(&options);
}

static bool load_course(struct build_invocation *build)
{
    g_autoptr(diag_list) diags = diag_list_new(), ignored = diag_list_new();
    const char *spec = invocation_operand(build->invocation, 0);
    struct course_options options = {
        .data_dir = invocation_option(build->invocation, "data-dir"),
        .output_dir = invocation_option(build->invocation, "output-dir"),
        .targets = (const char *const *)build->targets,
        .languages = (const char *const *)build->languages,
        .is_speaker_only = is_given(build->invocation, "speaker-only"),
    };
    build->is_filtered = options.targets != NULL || options.languages != NULL || options.is_speaker_only;
    build->course = course_load(spec, &options, diags);
    report_add_diags(build->report, diags);
    if (build->course == NULL || !build->is_filtered)
        return build->course != NULL;
    options = (struct course_options){.data_dir = options.data_dir, .output_dir = options.output_dir};
    build->whole = course_load(spec, &options, ignored);
    return build->whole != NULL;
}

/* Settings come first: they are what `clx config show` tells of. The tools' own variables are the fallback. */
static const char *find_tool(const struct build_invocation *build, const char *key, const char *variable)
{
    const char *path = settings_get_text(build->settings, key);
    return path != NULL ? path : getenv(variable);
}

static bool open_cache(struct build_invocation *build)
{
    g_autoptr(GError) error = NULL;
    build->cache = cache_open(settings_cache_db(build->settings), &error);
    if (build->cache != NULL && (!is_given(build->invocation, "clear-cache") || cache_clear_results(build->cache, &error)))
        return true;
    report_add_error(build->report, error->message);
    return false;
}

static enum build_status build_course(struct build_invocation *build, struct publish_counts *ret_counts)
{
    if (!load_course(build))
        return BUILD_MISTAKEN;
    if (!open_cache(build))
        return BUILD_FAILED;
    g_autofree char *templates = data_path("templates");
    g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
    struct build_options options = {
        .course = build->course,
        .whole = build->whole != NULL ? build->whole : build->course,
        .settings = build->settings,
        .cache = build->cache,
        .program = program,
        .plan =
            {
                .templates_dir = templates,
                .plantuml_jar = find_tool(build, "external_tools.plantuml_jar", "PLANTUML_JAR"),
                .drawio_executable = find_tool(build, "external_tools.drawio_executable", "DRAWIO_EXECUTABLE"),
                .cell_timeout_s = (int)settings_get_int(build->settings, "build.cell_timeout"),
                .only = invocation_option(build->invocation, "only"),
            },
        .is_cache_ignored = is_given(build->invocation, "ignore-cache"),
        .is_run_forced = is_given(build->invocation, "force-execute"),
        .is_incremental = is_given(build->invocation, "incremental"),
        .keeps_strays = is_given(build->invocation, "keep-directory"),
        .has_own_root = is_given(build->invocation, "output-dir"),
        .is_auto_start = settings_get_bool(build->settings, "worker_management.auto_start"),
        .is_fail_fast = is_given(build->invocation, "fail-fast"),
        .has_progress = has_progress(build),
        .report = build->report,
    };
    return build_run(&options, ret_counts);
}

static int build_and_tell(struct build_invocation *build)
{
    static const char *const names[] = {"succeeded", "failed", "failed", "interrupted"};
    static const int statuses[] = {0, 1, 2, 130};
    struct publish_counts counts = {0};
    make_report(build);
    enum build_status status = build_course(build, &counts);
    const char *name = build->course != NULL ? text_map_get(build->course->name, build->course->languages[0]) : NULL;
    report_finish(build->report, name, names[status], counts);
    return statuses[status];
}

static int prepare(struct build_invocation *build)
{
    g_autoptr(GError) error = NULL;
    build->settings = invocation_settings(build->invocation);
    if (build->settings == NULL)
        return 2;
    if (!override_settings(build, &error))
        return report_failure(2, "%s", error->message);
    int status = check_workers(build);
    find_mode(build);
    build->targets = invocation_list(build->invocation, "targets");
    build->languages = invocation_list(build->invocation, "language");
    return status;
}

static int run_build(struct invocation *invocation)
{
    struct build_invocation build = {.invocation = invocation};
    int status = prepare(&build);
    if (status == 0)
        status = build_and_tell(&build);
    report_free(build.report);
    cache_close(build.cache);
    if (build.whole != NULL)
        course_free(build.whole);
    if (build.course != NULL)
        course_free(build.course);
    g_strfreev(build.targets);
    g_strfreev(build.languages);
    return status;
}

static const struct option options[] = {
    {"data-dir", 'd', "DIR", "course root (default: found from SPEC)"},
    {"output-dir", 'o', "DIR", "one default target in DIR"},
    {"targets", 'T', "NAMES", "build these targets only", true},
    {"language", 'L', "LANGS", "build these languages only", true},
    {"speaker-only", 0, NULL, "build the kind speaker only"},
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
