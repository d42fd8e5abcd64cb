#include "cli/build_command.h"

#include <stdlib.h>

#include "cli/diagram_tools.h"

bool build_command_has(const struct build_invocation *build, const char *option)
{
    return invocation_option(build->invocation, option) != NULL;
}

struct report *build_command_report(const struct build_invocation *build)
{
    struct report_options options = {
        .mode = build->mode,
        .has_progress = build->has_progress,
        .has_color = build->invocation->has_color,
        .is_explained = build_command_has(build, "explain"),
    };
    return report_new(&options);
}

void loaded_course_free(struct loaded_course *loaded)
{
    if (loaded == NULL)
        return;
    if (loaded->whole != NULL)
        course_free(loaded->whole);
    if (loaded->course != NULL)
        course_free(loaded->course);
    report_free(loaded->options.report);
    g_free(loaded);
}

/* The course with the filters of the options, and without them: what belongs, and is no stray. */
static bool load_course(const struct build_invocation *build, struct loaded_course *loaded, struct report *report)
{
    g_autoptr(diag_list) diags = diag_list_new(), ignored = diag_list_new();
    const char *spec = build->spec != NULL ? build->spec : invocation_operand(build->invocation, 0);
    struct course_options options = {
        .data_dir = invocation_option(build->invocation, "data-dir"),
        .output_dir = invocation_option(build->invocation, "output-dir"),
        .targets = (const char *const *)build->targets,
        .languages = (const char *const *)build->languages,
        .is_speaker_only = build_command_has(build, "speaker-only"),
        .shares_images = invocation_shares_images(build->invocation),
        .image_format = invocation_image_format(build->invocation),
        .cache = build->cache,
    };
    bool is_filtered = options.targets != NULL || options.languages != NULL || options.is_speaker_only;
    loaded->course = course_load(spec, &options, diags);
    report_add_diags(report, diags);
    if (loaded->course == NULL || !is_filtered)
        return loaded->course != NULL;
    options = (struct course_options){.data_dir = options.data_dir,
                                      .output_dir = options.output_dir,
                                      .shares_images = options.shares_images,
                                      .image_format = options.image_format,
                                      .cache = options.cache};
    loaded->whole = course_load(spec, &options, ignored);
    return loaded->whole != NULL;
}

/* Settings come first: they are what `clx config show` tells of. The tools' own variables are the fallback. */
static const char *find_tool(const struct build_invocation *build, const char *key, const char *variable)
{
    const char *path = settings_get_text(build->settings, key);
    return path != NULL ? path : getenv(variable);
}

/* What the cache knows of the sources is read from one state, and written at the end. */
static bool load_in_one_go(struct build_invocation *build, struct loaded_course *loaded, struct report *report)
{
    g_autoptr(GError) error = NULL;
    bool is_begun = build->cache != NULL && cache_begin_reading(build->cache, &error);
    bool ok = error == NULL && load_course(build, loaded, report);
    if (is_begun && !cache_end_reading(build->cache, ok ? &error : NULL))
        ok = false;
    if (error != NULL)
        report_add_error(report, error->message);
    return ok;
}

static void set_options(const struct build_invocation *build, struct loaded_course *loaded, struct report *report)
{
    loaded->options = (struct build_options){
        .course = loaded->course,
        .whole = loaded->whole != NULL ? loaded->whole : loaded->course,
        .settings = build->settings,
        .cache = build->cache,
        .program = build->program,
        .api = build->api,
        .plan =
            {
                .templates_dir = build->templates,
                .plantuml_jar = find_tool(build, "external_tools.plantuml_jar", "PLANTUML_JAR"),
                .java = settings_get_text(build->settings, "external_tools.java"),
                .drawio = drawio_options(build->settings),
                .cell_timeout_s = (int)settings_get_int(build->settings, "build.cell_timeout"),
                .starts_cold = !settings_get_bool(build->settings, "notebooks.warm_kernels"),
                .preload = settings_get_text(build->settings, "notebooks.preload"),
                .only = invocation_option(build->invocation, "only"),
            },
        .is_cache_ignored = build_command_has(build, "ignore-cache"),
        .is_run_forced = build_command_has(build, "force-execute"),
        .is_incremental = build_command_has(build, "incremental"),
        .keeps_strays = build_command_has(build, "keep-directory"),
        .has_own_root = build_command_has(build, "output-dir"),
        .is_auto_start = settings_get_bool(build->settings, "worker_management.auto_start"),
        .is_fail_fast = build_command_has(build, "fail-fast"),
        .has_progress = build->has_progress,
        .report = report,
    };
}

/* A cache that is there speeds the loading up; one that is not is made only for a course that can be built. */
static bool open_cache(struct build_invocation *build, bool is_made, struct report *report)
{
    const char *path = settings_cache_db(build->settings);
    g_autoptr(GError) error = NULL;
    if (build->cache != NULL || (!is_made && !g_file_test(path, G_FILE_TEST_EXISTS)))
        return true;
    build->cache = cache_open(path, &error);
    if (build->cache != NULL && (!build_command_has(build, "clear-cache") || cache_clear_results(build->cache, &error)))
        return true;
    report_add_error(report, error->message);
    return false;
}

struct loaded_course *build_command_load(struct build_invocation *build, struct report *report)
{
    struct loaded_course *loaded = g_new0(struct loaded_course, 1);
    if (open_cache(build, false, report) && load_in_one_go(build, loaded, report) && open_cache(build, true, report)) {
        set_options(build, loaded, report);
        return loaded;
    }
    loaded_course_free(loaded);
    return NULL;
}

int build_command_tell(const struct loaded_course *loaded, struct report *report, enum build_status status, struct publish_counts counts)
{
    static const char *const names[] = {"succeeded", "failed", "failed", "interrupted"};
    static const int statuses[] = {0, 1, 2, 130};
    const struct course *course = loaded != NULL ? loaded->course : NULL;
    report_finish(report, course != NULL ? text_map_get(course->name, course->languages[0]) : NULL, names[status], counts);
    return statuses[status];
}
