#include "build/build.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "build/result_cache.h"
#include "build/scope.h"

#define PROGRESS_PERIOD_S 0.5

struct build {
    const struct build_options *options;
    struct plan *plan;
    struct result_cache *results;
    struct publisher *publisher;
    GPtrArray *hits;   /* struct hit *, while results are looked up */
    GPtrArray *misses; /* struct session_job * */
    GError *broken;    /* the build cannot go on: database gone */
    bool is_stopped;   /* by the first failed job (--fail-fast) */
    bool is_outdated;  /* a result shows a state that is no more */
};

/* A result that is known. */
struct hit {
    struct plan_job *job;
    char *key;
    json_t *result;
};

static void hit_free(gpointer data)
{
    struct hit *hit = data;
    json_decref(hit->result);
    g_free(hit->key);
    g_free(hit);
}

static void session_job_free(gpointer data)
{
    struct session_job *job = data;
    json_decref(job->payload);
    g_free(job->key);
    g_free(job);
}

void build_free(struct build *build)
{
    if (build == NULL)
        return;
    g_clear_pointer(&build->hits, g_ptr_array_unref);
    g_clear_pointer(&build->misses, g_ptr_array_unref);
    g_clear_pointer(&build->publisher, publisher_free);
    g_clear_pointer(&build->results, result_cache_free);
    g_clear_pointer(&build->plan, plan_free);
    g_clear_error(&build->broken);
    g_free(build);
}

static bool open_parts(struct build *build, GError **error)
{
    const struct build_options *options = build->options;
    build->publisher = publisher_new(options->cache, options->course->spec_path, options->is_incremental, error);
    if (build->publisher == NULL)
        return false;
    struct result_cache_options cache_options = {
        .cache = options->cache,
        .course = options->course,
        .plan = &options->plan,
        .is_ignored = options->is_cache_ignored,
        .is_run_forced = options->is_run_forced,
    };
    build->results = result_cache_new(&cache_options);
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

/* ---- publication ---- */

static bool put_object(struct build *build, const struct plan_output *output, const char *sha256, gpointer owner, GError **error)
{
    g_autofree char *scope = scope_describe(output->output, build->options->has_own_root);
    struct publish_place place = {output->output->target->root, output->output->path, scope};
    return publisher_put_object(build->publisher, &place, sha256, owner, error);
}

static bool put_result(struct build *build, const struct plan_job *job, const json_t *result, gpointer owner, GError **error)
{
    for (unsigned i = 0; i < job->outputs->len; i++) {
        const struct plan_output *output = job->outputs->pdata[i];
        const char *sha256 = plan_find_object(output, result);
        if (sha256 == NULL) {
            g_set_error(error, CLX_ERROR, CLX_ERROR_FAILED, "the result of '%s' lacks '%s'", job->name, output->output->path);
            return false;
        }
        if (!put_object(build, output, sha256, owner, error))
            return false;
    }
    return true;
}

/* A source that cannot be read is an error of its own; the others are copied all the same. */
static bool put_copy(struct build *build, const struct plan_output *output, const char *source, GError **error)
{
    g_autoptr(GError) problem = NULL;
    bool is_executable;
    const char *sha256 = result_cache_file_hash(build->results, source, &is_executable, &problem);
    if (sha256 == NULL) {
        report_add_error(build->options->report, problem->message);
        return true;
    }
    g_autofree char *scope = scope_describe(output->output, build->options->has_own_root);
    struct publish_place place = {output->output->target->root, output->output->path, scope};
    return publisher_put_copy(build->publisher, &place, source, is_executable, sha256, error);
}

static bool put_copies(struct build *build, GError **error)
{
    for (unsigned i = 0; i < build->plan->copies->len; i++) {
        const struct plan_output *output = build->plan->copies->pdata[i];
        if (!put_copy(build, output, output->output->source, error))
            return false;
    }
    return true;
}

/* The picture that the topic ships stands in for a diagram that nothing here can draw. */
static bool put_shipped(struct build *build, const struct plan_job *job, GError **error)
{
    for (unsigned i = 0; i < job->outputs->len; i++)
        if (!put_copy(build, job->outputs->pdata[i], job->shipped, error))
            return false;
    g_autofree char *picture = g_path_get_basename(job->shipped);
    g_autofree char *text =
        g_strdup_printf("no Draw.io program: 'img/%s' is used as the topic ships it; set DRAWIO_EXECUTABLE to have it drawn", picture);
    g_autoptr(json_t) result = json_pack("{s:[{s:s, s:s}]}", "warnings", "file", job->name, "message", text);
    report_end(build->options->report, job, REPORT_CACHED, result, NULL);
    return true;
}

/* ---- what is known already ---- */

static void add_miss(struct build *build, struct plan_job *job, const char *key, const char *reason)
{
    g_autofree char *inputs_hash = result_cache_inputs_hash(build->results, job);
    json_t *payload = plan_job_payload(build->plan, job, inputs_hash, result_cache_is_run_forced(build->results, job));
    struct session_job *miss = g_new0(struct session_job, 1);
    *miss = (struct session_job){.job = job, .payload = payload, .key = g_strdup(key)};
    g_ptr_array_add(build->misses, miss);
    report_run(build->options->report, job, reason);
}

/* A mistake in a source is known as well: it is told again at once. */
static void tell_known_mistake(struct build *build, const struct plan_job *job, const json_t *problem)
{
    g_autoptr(json_t) known = json_copy((json_t *)problem);
    json_object_set_new(known, "cached", json_true());
    report_end(build->options->report, job, REPORT_FAILED, NULL, known);
    build->is_stopped |= build->options->is_fail_fast;
}

static bool look_up(struct build *build, struct plan_job *job, GError **error)
{
    g_autofree char *key = NULL, *reason = NULL;
    g_autoptr(json_t) result = NULL;
    int found = result_cache_find(build->results, job, &key, &reason, &result, error);
    if (found < 0)
        return false;
    const json_t *problem = json_object_get(result, "error");
    if (found == 0) {
        add_miss(build, job, key, reason);
        return true;
    }
    if (problem != NULL) {
        tell_known_mistake(build, job, problem);
        return true;
    }
    struct hit *hit = g_new0(struct hit, 1);
    *hit = (struct hit){job, g_steal_pointer(&key), g_steal_pointer(&result)};
    g_ptr_array_add(build->hits, hit);
    return put_result(build, job, hit->result, hit, error);
}

static bool look_up_jobs(struct build *build, GError **error)
{
    for (unsigned i = 0; i < build->plan->jobs->len; i++)
        if (!look_up(build, build->plan->jobs->pdata[i], error))
            return false;
    return put_copies(build, error);
}

/* Writes what is known; a job of which an object is missing or damaged has to run after all. */
static bool publish_hits(struct build *build, GError **error)
{
    g_autoptr(GPtrArray) damaged = g_ptr_array_new();
    if (!publisher_flush(build->publisher, damaged, error))
        return false;
    for (unsigned i = 0; i < build->hits->len; i++) {
        struct hit *hit = build->hits->pdata[i];
        if (g_ptr_array_find(damaged, hit, NULL))
            add_miss(build, hit->job, hit->key, "an object of the result is missing or damaged");
        else
            report_end(build->options->report, hit->job, REPORT_CACHED, hit->result, NULL);
    }
    return true;
}

/* In one transaction: each look-up on its own would have to lock the database anew. */
static bool look_up_all(struct build *build, GError **error)
{
    if (!cache_begin_reading(build->options->cache, error))
        return false;
    bool ok = look_up_jobs(build, error);
    return cache_end_reading(build->options->cache, ok ? error : NULL) && ok && publish_hits(build, error);
}

static bool begin(struct build *build, GError **error)
{
    return check_roots(build, error) && open_parts(build, error) && look_up_all(build, error);
}

struct build *build_begin(const struct build_options *options, enum build_status *ret_status)
{
    struct build *build = g_new0(struct build, 1);
    g_autoptr(diag_list) diags = diag_list_new();
    g_autoptr(GError) error = NULL;
    build->options = options;
    build->hits = g_ptr_array_new_with_free_func(hit_free);
    build->misses = g_ptr_array_new_with_free_func(session_job_free);
    build->plan = plan_new(options->course, &options->plan, diags);
    report_add_diags(options->report, diags);
    *ret_status = BUILD_MISTAKEN;
    if (build->plan == NULL)
        return build;
    report_plan(options->report, build->plan);
    *ret_status = begin(build, &error) && !build->is_stopped ? BUILD_SUCCEEDED : BUILD_FAILED;
    if (error != NULL)
        report_add_error(options->report, error->message);
    return build;
}

GPtrArray *build_misses(const struct build *build)
{
    return build->misses;
}

/* ---- the ends of jobs ---- */

static bool is_outdated(struct build *build, const struct plan_job *job, const json_t *result)
{
    bool is_outdated = result_cache_is_outdated(build->results, job, result);
    build->is_outdated |= is_outdated;
    return is_outdated;
}

bool build_is_outdated(const struct build *build)
{
    return build->is_outdated;
}

static bool take_result(struct build *build, struct session_job *item, const json_t *whole, GError **error)
{
    g_autoptr(json_t) result = plan_pack_result(whole);
    if (!put_result(build, item->job, result, NULL, error) || !publisher_flush(build->publisher, NULL, error))
        return false;
    if (!is_outdated(build, item->job, result) && !result_cache_add(build->results, item->job, item->key, result, error))
        return false;
    report_end(build->options->report, item->job, REPORT_DONE, result, NULL);
    return true;
}

static bool take_problem(struct build *build, struct session_job *item, const json_t *problem, GError **error)
{
    const char *type = json_get_text(problem, "type", "");
    if (item->job->type == JOB_DRAWIO && item->job->shipped != NULL && strcmp(type, "not_found") == 0)
        return put_shipped(build, item->job, error) && publisher_flush(build->publisher, NULL, error);
    report_end(build->options->report, item->job, REPORT_FAILED, NULL, problem);
    if (strcmp(type, "source") != 0 || is_outdated(build, item->job, problem))
        return true;
    return result_cache_add_problem(build->results, item->job, item->key, problem, error);
}

bool build_take(struct build *build, struct session_job *item, const struct job *row)
{
    if (row == NULL || row->status == JOB_CANCELLED) {
        report_end(build->options->report, item->job, REPORT_CANCELLED, NULL, NULL);
        return true;
    }
    if (row->status == JOB_COMPLETED && row->attempts > 1)
        report_retried(build->options->report, item->job, row->attempts, row->id);
    bool ok = row->status == JOB_COMPLETED ? take_result(build, item, row->result, &build->broken)
                                           : take_problem(build, item, row->error, &build->broken);
    return ok && !(row->status == JOB_FAILED && build->options->is_fail_fast);
}

/* What it was made from must be as it is now, and what it made must still be there. */
bool build_may_take(struct build *build, const struct session_job *item, const struct job *row)
{
    size_t i;
    json_t *object;
    if (build->options->is_cache_ignored || result_cache_is_run_forced(build->results, item->job))
        return false;
    if (row->status != JOB_COMPLETED)
        return true;
    json_array_foreach(json_object_get(row->result, "outputs"), i,
                       object) if (!cache_has_object(build->options->cache, json_get_text(object, "sha256", ""), -1)) return false;
    return !result_cache_is_outdated(build->results, item->job, row->result);
}

/* ---- the end ---- */

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
    const struct build_options *options = build->options;
    g_autoptr(diag_list) diags = diag_list_new();
    if (build->plan->outputs->len < build->plan->course_outputs->len)
        keep_outputs(build, build->plan->course_outputs);
    if (options->whole != options->course) {
        g_autoptr(diag_list) ignored = diag_list_new();
        g_autoptr(GPtrArray) outputs = course_outputs(options->whole, ignored);
        keep_outputs(build, outputs);
    }
    struct scope_filter filter = {
        .course = options->course,
        .is_filtered = options->whole != options->course,
        .has_own_root = options->has_own_root,
        .only = options->plan.only,
    };
    bool ok = publisher_remove_strays(build->publisher, scope_is_considered, &filter, diags, error);
    report_add_diags(options->report, diags);
    return ok;
}

/* What was made for them is in the cache: the next build only writes it. */
static void report_unwritten(const struct build *build)
{
    const char *reason = NULL;
    unsigned n = build->publisher != NULL ? publisher_count_unwritten(build->publisher, &reason) : 0;
    if (n == 0)
        return;
    g_autofree char *text = g_strdup_printf("%s\n%u output%s could not be written; make room, or choose another folder with --output-dir, "
                                            "and build again: what was made is kept",
                                            reason, n, n == 1 ? "" : "s");
    report_add_error(build->options->report, text);
}

enum build_status build_finish(struct build *build, enum session_end end, const GError *problem)
{
    struct report *report = build->options->report;
    g_autoptr(GError) error = NULL;
    if (end == SESSION_INTERRUPTED)
        return BUILD_INTERRUPTED;
    report_unwritten(build);
    if (build->broken != NULL)
        report_add_error(report, build->broken->message);
    if (problem != NULL)
        report_add_error(report, problem->message);
    if (end != SESSION_FINISHED || report_count_errors(report) > 0)
        return BUILD_FAILED;
    if (build->options->keeps_strays || build->options->is_incremental || remove_strays(build, &error))
        return BUILD_SUCCEEDED;
    report_add_error(report, error->message);
    return BUILD_FAILED;
}

struct publish_counts build_counts(const struct build *build)
{
    return build->publisher != NULL ? publisher_counts(build->publisher) : (struct publish_counts){0};
}

const struct build_options *build_get_options(const struct build *build)
{
    return build->options;
}

const struct plan *build_plan(const struct build *build)
{
    return build->plan;
}

/* ---- all of it ---- */

static bool on_ended(struct session_job *item, const struct job *row, gpointer data)
{
    return build_take(data, item, row);
}

static bool may_take(const struct session_job *item, const struct job *row, gpointer data)
{
    return build_may_take(data, item, row);
}

/* Its mistake was written down by this build, perhaps after the one who has it tried again had it forgotten. */
static void on_retried(struct session_job *item, const struct job *row, gpointer data)
{
    struct build *build = data;
    report_take_back(build->options->report, item->job);
    result_cache_forget_mistakes(build->options->cache, item->key, NULL);
}

static void on_progress(const struct running_job *running, unsigned n_running, gpointer data)
{
    struct build *build = data;
    report_progress(build->options->report, running, n_running);
}

static void on_waits(const char *what, gint64 current, gint64 total, gpointer data)
{
    struct build *build = data;
    report_waits(build->options->report, what, current, total);
}

static enum session_end run_jobs(struct build *build, GError **error)
{
    if (build->misses->len == 0)
        return session_tidy(build->options->settings, error) ? SESSION_FINISHED : SESSION_BROKEN;
    struct session_options options = {
        .settings = build->options->settings,
        .api = build->options->api,
        .program = build->options->program,
        .workspace = build->options->course->root,
        .is_auto_start = build->options->is_auto_start,
        .progress_period_s = build->options->has_progress ? PROGRESS_PERIOD_S : 0,
        .ended = on_ended,
        .may_take = may_take,
        .retried = on_retried,
        .progress = on_progress,
        .waits = on_waits,
        .data = build,
    };
    report_progress(build->options->report, NULL, 0);
    return session_run(&options, build->misses, error);
}

enum build_status build_run(const struct build_options *options, struct publish_counts *ret_counts)
{
    enum build_status status;
    g_autoptr(build) build = build_begin(options, &status);
    if (status == BUILD_SUCCEEDED) {
        g_autoptr(GError) problem = NULL;
        enum session_end end = run_jobs(build, &problem);
        status = build_finish(build, end, problem);
    }
    *ret_counts = build_counts(build);
    return status;
}
