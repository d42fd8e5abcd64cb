#include <stdio.h>
#include <string.h>

#include "build/explain.h"
#include "build/inputs.h"
#include "cli/build_command.h"
#include "cli/cache_command.h"
#include "os/data.h"

/* ---- explain ---- */

static void print_members(const char *title, const json_t *members)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)members, name, value)
    {
        g_autofree char *text = inputs_show(value);
        printf("    %-9s %s: %s\n", title, name, text);
    }
}

static void print_inputs(const json_t *inputs, const json_t *result)
{
    size_t i;
    json_t *dep;
    g_autofree char *source = inputs_show(json_object_get(inputs, "source")), *program = inputs_show(json_object_get(inputs, "program"));
    printf("    %-9s %s\n", "source", source);
    print_members("file", json_object_get(inputs, "files"));
    json_array_foreach(json_object_get(result, "deps"), i, dep)
    {
        g_autofree char *text = inputs_show(json_object_get(dep, "sha256"));
        printf("    %-9s %s: %s\n", "read", json_get_text(dep, "name", ""),
               strcmp(text, "null") == 0 ? "was looked for, is not there" : text);
    }
    print_members("setting", json_object_get(inputs, "settings"));
    print_members("tool", json_object_get(inputs, "tool"));
    printf("    %-9s %s\n", "clx", program);
}

static void print_job(const struct plan_job *job, const char *reason, const json_t *inputs, const json_t *result, gpointer data)
{
    const struct invocation *invocation = data;
    const json_t *problem = json_object_get(result, "error");
    if (reason != NULL)
        printf("%s (%s) would run: %s\n", job->name, job_type_names[job->type], reason);
    else if (problem != NULL)
        printf("%s (%s) would not run: its mistake is known and nothing changed since: %s\n", job->name, job_type_names[job->type],
               json_get_text(problem, "message", ""));
    else
        printf("%s (%s) would not run: the result of its inputs is known\n", job->name, job_type_names[job->type]);
    if (invocation->is_verbose)
        print_inputs(inputs, result);
}

/* How many jobs of the course have to do with the file; -1 after an error. */
static int explain_in(struct build_invocation *build, const char *spec, const char *path)
{
    g_autoptr(GError) error = NULL;
    struct report *report = build_command_report(build);
    build->spec = spec;
    struct loaded_course *loaded = build_command_load(build, report);
    int n = loaded != NULL ? explain_file(&loaded->options, path, print_job, build->invocation, &error) : 0;
    if (loaded == NULL && invocation_option(build->invocation, "spec") != NULL) {
        build_command_tell(NULL, report, BUILD_MISTAKEN, (struct publish_counts){0});
        n = -1;
    }
    if (error != NULL)
        report_error(error);
    if (loaded == NULL)
        report_free(report);
    loaded_course_free(loaded);
    return n;
}

static int explain_in_all(struct build_invocation *build, char *const *specs, const char *path)
{
    int n = 0;
    for (; *specs != NULL && n >= 0; specs++) {
        int here = g_file_test(*specs, G_FILE_TEST_IS_REGULAR) ? explain_in(build, *specs, path) : 0;
        n = here < 0 ? -1 : n + here;
    }
    if (n == 0)
        return report_failure(1,
                              "'%s' is no source, input or output of a course that was built with this cache\nname the course with --spec",
                              invocation_operand(build->invocation, 0));
    return n < 0 ? 1 : 0;
}

static int run_explain(struct invocation *invocation)
{
    g_autofree char *path = g_canonicalize_filename(invocation_operand(invocation, 0), NULL), *templates = data_path("templates");
    const char *given[] = {invocation_option(invocation, "spec"), NULL};
    struct build_invocation build = {.invocation = invocation, .templates = templates};
    g_autoptr(GError) error = NULL;
    build.cache = cache_command_open(invocation, &build.settings);
    if (build.cache == NULL)
        return 1;
    g_auto(GStrv) known = given[0] == NULL ? cache_list_courses(build.cache, &error) : NULL;
    int status = error != NULL ? report_error(error) : explain_in_all(&build, known != NULL ? known : (char *const *)given, path);
    cache_close(build.cache);
    return status;
}

static const struct option explain_options[] = {
    {"spec", 0, "FILE", "the course (default: all that were built here)"},
    {NULL},
};

extern const struct command cmd_cache_explain;
const struct command cmd_cache_explain = {
    .name = "cache explain",
    .operands = "FILE",
    .purpose = "Say why a file would be built again; -v shows its inputs.",
    .example = "clx cache explain slides/module_100_a/slides_lists.py",
    .options = explain_options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run_explain,
};

/* ---- gc ---- */

static int run_gc(struct invocation *invocation)
{
    struct settings *settings = NULL;
    g_autoptr(GError) error = NULL;
    struct cache *cache = cache_command_open(invocation, &settings);
    if (cache == NULL)
        return 1;
    bool is_dry_run = invocation_option(invocation, "dry-run") != NULL;
    int status = cache_command_limits(invocation, settings);
    struct cache_limits limits = cache_command_get_limits(settings);
    struct cache_collection removed;
    if (status == 0 && !cache_collect(cache, &limits, is_dry_run, &removed, &error))
        status = report_error(error);
    else if (status == 0)
        cache_command_tell(invocation, &removed, is_dry_run);
    cache_close(cache);
    return status;
}

static const struct option gc_options[] = {
    {"max-size", 0, "SIZE", "keep the objects below this (default: cache.max_size)"},
    {"max-age", 0, "DAYS", "forget what was not used for so long (cache.max_age)"},
    {"dry-run", 0, NULL, "say what would go, remove nothing"},
    {NULL},
};

extern const struct command cmd_cache_gc;
const struct command cmd_cache_gc = {
    .name = "cache gc",
    .operands = "",
    .purpose = "Bound the cache by size and age.",
    .example = "clx cache gc --max-size 2g",
    .options = gc_options,
    .run = run_gc,
};

/* ---- export, import ---- */

static int run_export(struct invocation *invocation)
{
    struct cache *cache = cache_command_open(invocation, NULL);
    g_autoptr(GError) error = NULL;
    struct cache_cargo cargo;
    if (cache == NULL)
        return 1;
    bool ok = cache_export(cache, invocation_operand(invocation, 0), invocation_option(invocation, "executions") != NULL, &cargo, &error);
    if (ok)
        report_done(invocation, "%d results with %d objects written to '%s'\n", (int)cargo.n_results, (int)cargo.n_objects,
                    invocation_operand(invocation, 0));
    cache_close(cache);
    return ok ? 0 : report_error(error);
}

static const struct option export_options[] = {
    {"executions", 0, NULL, "only what running code gave: small, saves running it"},
    {NULL},
};

extern const struct command cmd_cache_export;
const struct command cmd_cache_export = {
    .name = "cache export",
    .operands = "FILE",
    .purpose = "Write the cache into one file for another machine.",
    .example = "clx cache export --executions executions.clxcache",
    .options = export_options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run_export,
};

static int run_import(struct invocation *invocation)
{
    struct settings *settings = invocation_settings(invocation);
    g_autoptr(GError) error = NULL;
    struct cache_cargo cargo;
    if (settings == NULL)
        return 2;
    struct cache *cache = cache_open(settings_cache_db(settings), &error);
    bool ok = cache != NULL && cache_import(cache, invocation_operand(invocation, 0), &cargo, &error);
    cache_close(cache);
    if (!ok)
        return report_error(error);
    report_done(invocation, "%d result%s with %d object%s added\n", (int)cargo.n_results, cargo.n_results == 1 ? "" : "s",
                (int)cargo.n_objects, cargo.n_objects == 1 ? "" : "s");
    if (cargo.n_refused > 0)
        return report_failure(1, "%d of the entries of '%s' are damaged and were left out\nmake the archive anew with clx cache export",
                              (int)cargo.n_refused, invocation_operand(invocation, 0));
    return 0;
}

extern const struct command cmd_cache_import;
const struct command cmd_cache_import = {
    .name = "cache import",
    .operands = "FILE",
    .purpose = "Add what another machine exported to the cache.",
    .example = "clx cache import executions.clxcache",
    .min_operands = 1,
    .max_operands = 1,
    .run = run_import,
};
