#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "os/cgroup.h"
#include "os/memory.h"
#include "os/process.h"
#include "store/doorbell.h"
#include "worker/worker_private.h"

static const char *error_type(const GError *error)
{
    if (g_error_matches(error, CLX_ERROR, CLX_ERROR_SOURCE))
        return "source";
    return g_error_matches(error, CLX_ERROR, CLX_ERROR_NOT_FOUND) ? "not_found" : "infrastructure";
}

/* The kernel has killed something that the job started: it fails, even if it got over that. */
static bool is_over_limit(struct worker *worker, struct cgroup_memory *ret_memory)
{
    guint64 n_before = worker->n_kills;

    if (!worker->group)
        return false;
    *ret_memory = cgroup_read_memory(worker->group);
    worker->n_kills = ret_memory->n_kills;
    return worker->n_kills > n_before;
}

/* Another attempt would need as much. */
static void report_over_limit(struct worker *worker, const struct job *job, const struct cgroup_memory *memory, GError **error)
{
    g_autofree char *limit = memory_format_size(worker->context.memory_limit);
    g_autofree char *message = g_strdup_printf("memory limit %s exceeded", limit);
    g_autoptr(json_t) problem =
        json_pack("{s:s, s:s, s:f}", "type", "infrastructure", "message", message, "peak_memory_mib", (double)memory->peak / 1048576.0);

    worker_log_at(worker, LEVEL_WARNING, "job %" G_GINT64_FORMAT " failed: %s", job->id, message);
    job_fail(worker->store, job->id, worker->id, job->attempts, problem, false, error);
}

static void report_failure(struct worker *worker, const struct job *job, const GError *problem, double seconds, GError **error)
{
    const char *type = error_type(problem);
    g_autoptr(json_t) object = json_pack("{s:s, s:s}", "type", type, "message", problem->message);

    if (!object) /* a message that is not UTF-8 */
        object = json_pack("{s:s, s:s}", "type", type, "message", "the job failed with a message that is not UTF-8");
    json_object_set(object, "deps", worker->context.deps);
    json_object_set_new(object, "duration_s", json_real(seconds));
    worker_log_at(worker, LEVEL_WARNING, "job %" G_GINT64_FORMAT " failed: %s", job->id, problem->message);
    job_fail(worker->store, job->id, worker->id, job->attempts, object, g_str_equal(type, "infrastructure"), error);
}

/* A job that was cancelled meanwhile leaves the worker busy: it says itself that it is idle again. An end that cannot be written down (a full disk, a
 * database that is locked for too long) would leave the job in the hands of an idle worker for ever: the worker gives it back, or leaves that to whoever
 * tidies up after it. */
static void end_job(struct worker *worker, const GError *error)
{
    g_autoptr(GError) problem = NULL;

    if (!error)
        return;
    worker_log_at(worker, LEVEL_ERROR, "%s", error->message);
    if (!g_error_matches(error, CLX_ERROR, CLX_ERROR_STALE))
        worker_finish(worker, "worker_stopping", "the end of its job cannot be written down");
    if (!worker_set_status(worker->store, worker->id, WORKER_IDLE, &problem))
        worker_finish(worker, "worker_stopping", problem->message);
}

static void run_job(struct worker *worker, struct job *job)
{
    g_autoptr(GError) problem = NULL, error = NULL;
    g_autoptr(json_t) result = NULL;
    g_autofree char *channel = job->session_id ? g_strconcat("build-", job->session_id, NULL) : NULL;
    struct cgroup_memory memory;
    gint64 started_at;
    double seconds;

    worker->job = job;
    worker->has_lost_job = false;
    worker_beat_wake(worker);
    worker_log_at(worker, LEVEL_INFO, "job %" G_GINT64_FORMAT ", attempt %d: %s", job->id, job->attempts, job->input_file);
    worker->context.deps = json_array();
    started_at = g_get_monotonic_time();
    result = job_handlers[worker->type](job->payload, &worker->context, &problem);
    seconds = (double)(g_get_monotonic_time() - started_at) / 1e6;
    if (result) {
        json_object_set(result, "deps", worker->context.deps);
        json_object_set_new(result, "duration_s", json_real(seconds));
    }
    if (is_over_limit(worker, &memory))
        report_over_limit(worker, job, &memory, &error);
    else if (result && job_complete(worker->store, job->id, worker->id, job->attempts, result, &error))
        worker_log_at(worker, LEVEL_INFO, "job %" G_GINT64_FORMAT " completed", job->id);
    else if (!result)
        report_failure(worker, job, problem, seconds, &error);
    end_job(worker, error);
    g_clear_pointer(&worker->job, job_free);
    g_clear_pointer(&worker->context.deps, json_decref);
    worker->n_jobs++;
    g_clear_pointer(&worker->progress, g_free);
    worker->idle_since = g_get_monotonic_time();
    if (channel)
        doorbell_ring(worker->jobs_db, channel);
}

/* ---- recycling ---- */

/* NULL while it may go on as it is. */
static char *find_wear(const struct worker *worker)
{
    guint64 memory = 0, cpu_ms = 0;

    if (worker->max_jobs && worker->n_jobs >= worker->max_jobs)
        return g_strdup_printf("recycled after %d jobs", worker->n_jobs);
    if (!worker->memory_mark)
        return NULL;
    process_tree_usage(getpid(), &memory, &cpu_ms);
    return memory > worker->memory_mark ? g_strdup_printf("recycled with %.0f MiB", (double)memory / 1048576.0) : NULL;
}

/* The same process with the same row runs the program anew, so that whoever holds its handle notices nothing; everything that it started and
 * all memory are given back. */
static void start_anew_if_used_up(struct worker *worker)
{
    g_autofree char *wear = find_wear(worker);
    char *const argv[] = {(char *)"clx", (char *)"worker", (char *)job_type_names[worker->type], NULL};

    if (!wear)
        return;
    worker_log_at(worker, LEVEL_INFO, "%s", wear);
    process_kill_descendants(getpid());
    g_setenv("CLX_RECYCLED", wear, TRUE);
    worker_clear(worker);
    execv("/proc/self/exe", argv);
    exit(EXIT_FAILURE);
}

/* One whose row was deleted claims nothing ever again. */
static void check_row(struct worker *worker)
{
    g_autoptr(worker_row) row = NULL;

    if (worker_find(worker->store, worker->id, &row, NULL) == 0)
        worker_finish(worker, "worker_stopping", "its row is gone");
}

bool worker_job_claim_and_run(struct worker *worker)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(job) job = NULL;
    int got = job_claim(worker->store, worker->id, worker->type, &job, &error);

    worker->is_called = got != 0;
    if (got < 0)
        worker_log_at(worker, LEVEL_ERROR, "%s", error->message);
    if (got == 0)
        check_row(worker);
    if (got == 1) {
        run_job(worker, g_steal_pointer(&job));
        start_anew_if_used_up(worker);
    }
    return got == 1;
}
