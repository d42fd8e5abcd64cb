#include "build/build.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "build/result_cache.h"
#include "build/session.h"
#include "diagram/diagram.h"

#define PROGRESS_PERIOD_S 0.5

struct build {
    const struct build_options *options;
    struct plan *plan;
    struct cache *cache;
    struct result_cache *results;
    struct publisher *publisher;
    GPtrArray *misses;       /* struct session_job * */
    char *plantuml, *drawio; /* fingerprints */
    GError *broken;          /* the build cannot go on: disk full, database gone */
};

static void session_job_free(gpointer data)
{
    struct session_job *job = data;
    g_free(job->key);
    g_free(job);
}

static void build_clear(struct build *build)
{
    g_clear_pointer(&build->misses, g_ptr_array_unref);
    g_clear_pointer(&build->publisher, publisher_free);
    g_clear_pointer(&build->results, result_cache_free);
    g_clear_pointer(&build->cache, cache_close);
    g_clear_pointer(&build->plan, plan_free);
    g_free(build->plantuml);
    g_free(build->drawio);
    g_clear_error(&build->broken);
}

static bool build_open(struct build *build, GError **error)
{
    build->cache = cache_open(settings_cache_db(build->options->settings), error);
    if (build->cache == NULL)
        return false;
    build->publisher = publisher_new(build->cache, build->options->course->spec_path, error);
    if (build->publisher == NULL)
        return false;
    build->plantuml = plantuml_fingerprint(build->options->plan.plantuml_jar);
    build->drawio = drawio_fingerprint(build->options->plan.drawio_executable);
    struct result_cache_options options = {
        .cache = build->cache,
        .course = build->options->course,
        .plantuml_fingerprint = build->plantuml,
        .drawio_fingerprint = build->drawio,
        .is_ignored = build->options->is_cache_ignored,
    };
    build->results = result_cache_new(&options);
    build->misses = g_ptr_array_new_with_free_func(session_job_free);
    return true;
}

/* Looks at the nearest existing folder above each root before any work is done for it. */
static bool check_roots(const struct build *build, GError **error)
{
    for (unsigned i = 0; i < build->options->course->targets->len; i++) {
        const struct output_target *target = build->options->course->targets->pdata[i];
        g_autofree char *folder = g_strdup(target->root);
        while (access(folder, F_OK) != 0 && errno == ENOENT && strlen(folder) > 1) {
            char *above = g_path_get_dirname(folder);
            g_free(folder);
            folder = above;
        }
        bool is_folder = errno != ENOTDIR && g_file_test(folder, G_FILE_TEST_IS_DIR);
        if (is_folder && access(folder, W_OK | X_OK) == 0)
            continue;
        g_set_error(error, CLX_ERROR, CLX_ERROR_FAILED,
                    "cannot write the outputs to '%s': '%s': %s\nchoose another folder with --output-dir", target->root, folder,
                    g_strerror(is_folder ? errno : ENOTDIR));
        return false;
    }
    return true;
}

static bool publish_result(struct build *build, const struct plan_job *job, const json_t *result, GError **error)
{
    for (unsigned i = 0; i < job->outputs->len; i++) {
        const struct plan_output *output = job->outputs->pdata[i];
        gint64 size;
        const char *sha256 = plan_find_object(output, result, &size);
        if (sha256 == NULL) {
            g_set_error(error, CLX_ERROR, CLX_ERROR_FAILED, "the result of '%s' lacks '%s'", job->name, output->output->path);
            return false;
        }
        if (!publisher_put_object(build->publisher, output->output->target->root, output->output->path, sha256, error))
            return false;
    }
    return true;
}

static bool publish_copy(struct build *build, const struct plan_output *output, const char *source, GError **error)
{
    const char *sha256 = result_cache_file_hash(build->results, source, error);
    return sha256 != NULL &&
           publisher_put_copy(build->publisher, output->output->target->root, output->output->path, source, sha256, error);
}

static bool publish_copies(struct build *build, GError **error)
{
    for (unsigned i = 0; i < build->plan->copies->len; i++) {
        const struct plan_output *output = build->plan->copies->pdata[i];
        if (!publish_copy(build, output, output->output->source, error))
            return false;
    }
    return true;
}

/* The picture that the topic ships stands in for a diagram that nothing here can draw. */
static bool publish_shipped(struct build *build, const struct plan_job *job, GError **error)
{
    for (unsigned i = 0; i < job->outputs->len; i++)
        if (!publish_copy(build, job->outputs->pdata[i], job->shipped, error))
            return false;
    g_autofree char *picture = g_path_get_basename(job->shipped);
    g_autofree char *text =
        g_strdup_printf("no Draw.io program: 'img/%s' is used as the topic ships it; set DRAWIO_EXECUTABLE to have it drawn", picture);
    g_autoptr(json_t) result = json_pack("{s:[{s:s, s:s}]}", "warnings", "file", job->name, "message", text);
    report_end(build->options->report, job, REPORT_CACHED, result, NULL);
    return true;
}

static bool is_shipped_instead(const struct build *build, const struct plan_job *job)
{
    return job->type == JOB_DRAWIO && job->shipped != NULL && strcmp(build->drawio, "none") == 0;
}

static bool look_up(struct build *build, struct plan_job *job, GError **error)
{
    g_autofree char *key = NULL, *reason = NULL;
    g_autoptr(json_t) result = NULL;
    int found = result_cache_find(build->results, job, &key, &reason, &result, error);
    if (found < 0)
        return false;
    if (found == 1) {
        g_autoptr(GError) problem = NULL;
        if (publish_result(build, job, result, &problem)) {
            report_end(build->options->report, job, REPORT_CACHED, result, NULL);
            return true;
        }
        if (!g_error_matches(problem, CLX_ERROR, CLX_ERROR_NOT_FOUND)) {
            g_propagate_error(error, g_steal_pointer(&problem));
            return false;
        }
    }
    struct session_job *miss = g_new0(struct session_job, 1);
    *miss = (struct session_job){.job = job, .key = g_steal_pointer(&key)};
    g_ptr_array_add(build->misses, miss);
    report_run(build->options->report, job, reason != NULL ? reason : "an object of the result is missing or damaged");
    return true;
}

static bool look_up_jobs(struct build *build, GError **error)
{
    for (unsigned i = 0; i < build->plan->jobs->len; i++) {
        struct plan_job *job = build->plan->jobs->pdata[i];
        if (!(is_shipped_instead(build, job) ? publish_shipped(build, job, error) : look_up(build, job, error)))
            return false;
    }
    return publish_copies(build, error);
}

/* In one transaction: each look-up on its own would have to lock the database anew. */
static bool look_up_all(struct build *build, GError **error)
{
    if (!cache_begin_reading(build->cache, error))
        return false;
    bool ok = look_up_jobs(build, error);
    return cache_end_reading(build->cache, ok ? error : NULL) && ok && publisher_flush(build->publisher, error);
}

static bool take_result(struct build *build, struct session_job *item, const json_t *result, GError **error)
{
    if (!publish_result(build, item->job, result, error) || !result_cache_add(build->results, item->job, item->key, result, error))
        return false;
    report_end(build->options->report, item->job, REPORT_DONE, result, NULL);
    return publisher_flush(build->publisher, error);
}

static bool take_problem(struct build *build, struct session_job *item, const json_t *problem, GError **error)
{
    bool is_missing = strcmp(json_get_text(problem, "type", ""), "not_found") == 0;
    if (item->job->type == JOB_DRAWIO && item->job->shipped != NULL && is_missing)
        return publish_shipped(build, item->job, error);
    report_end(build->options->report, item->job, REPORT_FAILED, NULL, problem);
    return true;
}

static bool on_ended(struct session_job *item, const struct job *row, gpointer data)
{
    struct build *build = data;
    if (row == NULL || row->status == JOB_CANCELLED) {
        report_end(build->options->report, item->job, REPORT_CANCELLED, NULL, NULL);
        return true;
    }
    bool ok = row->status == JOB_COMPLETED ? take_result(build, item, row->result, &build->broken)
                                           : take_problem(build, item, row->error, &build->broken);
    report_progress(build->options->report, NULL);
    return ok && !(row->status == JOB_FAILED && build->options->is_fail_fast);
}

static void on_progress(const char *running, gpointer data)
{
    struct build *build = data;
    report_progress(build->options->report, running);
}

static enum session_end run_jobs(struct build *build, GError **error)
{
    if (build->misses->len == 0)
        return SESSION_FINISHED;
    struct session_options options = {
        .settings = build->options->settings,
        .program = build->options->program,
        .workspace = build->options->course->root,
        .is_auto_start = build->options->is_auto_start,
        .progress_period_s = build->options->has_progress ? PROGRESS_PERIOD_S : 0,
        .ended = on_ended,
        .progress = on_progress,
        .data = build,
    };
    report_progress(build->options->report, NULL);
    return session_run(&options, build->misses, error);
}

static void keep_outputs(struct build *build, const GPtrArray *outputs)
{
    for (unsigned i = 0; i < outputs->len; i++) {
        const struct course_output *output = outputs->pdata[i];
        publisher_keep(build->publisher, output->target->root, output->path);
    }
}

/* What filters left out belongs all the same. */
static bool remove_strays(struct build *build, GError **error)
{
    const struct course *whole = build->options->whole;
    g_autoptr(diag_list) diags = diag_list_new();
    keep_outputs(build, build->plan->course_outputs);
    if (whole != build->options->course) {
        g_autoptr(diag_list) ignored = diag_list_new();
        g_autoptr(GPtrArray) outputs = course_outputs(whole, ignored);
        keep_outputs(build, outputs);
    }
    g_autoptr(GPtrArray) roots = g_ptr_array_new();
    for (unsigned i = 0; i < whole->targets->len; i++)
        g_ptr_array_add(roots, ((const struct output_target *)whole->targets->pdata[i])->root);
    g_ptr_array_add(roots, NULL);
    bool ok = publisher_remove_strays(build->publisher, (const char *const *)roots->pdata, diags, error);
    report_add_diags(build->options->report, diags);
    return ok;
}

static enum build_status build_all(struct build *build)
{
    struct report *report = build->options->report;
    g_autoptr(GError) error = NULL;
    if (!check_roots(build, &error) || !build_open(build, &error) || !look_up_all(build, &error)) {
        report_add_error(report, error->message);
        return BUILD_FAILED;
    }
    enum session_end end = run_jobs(build, &error);
    if (end == SESSION_INTERRUPTED)
        return BUILD_INTERRUPTED;
    if (build->broken != NULL)
        report_add_error(report, build->broken->message);
    if (error != NULL)
        report_add_error(report, error->message);
    if (end != SESSION_FINISHED || report_count_errors(report) > 0)
        return BUILD_FAILED;
    if (remove_strays(build, &error))
        return BUILD_SUCCEEDED;
    report_add_error(report, error->message);
    return BUILD_FAILED;
}

enum build_status build_run(const struct build_options *options, struct publish_counts *ret_counts)
{
    struct build build = {.options = options};
    g_autoptr(diag_list) diags = diag_list_new();
    build.plan = plan_new(options->course, &options->plan, diags);
    report_add_diags(options->report, diags);
    if (build.plan == NULL)
        return BUILD_MISTAKEN;
    report_plan(options->report, build.plan);
    enum build_status status = build_all(&build);
    if (build.publisher != NULL) {
        publisher_flush(build.publisher, NULL);
        *ret_counts = publisher_counts(build.publisher);
    }
    build_clear(&build);
    return status;
}
