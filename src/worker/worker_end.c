#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "os/cgroup.h"
#include "os/file.h"
#include "os/process.h"
#include "store/doorbell.h"
#include "worker/worker_private.h"

void worker_log_at(const struct worker *worker, enum level level, const char *format, ...)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *time = g_date_time_format(now, "%F %T");
    g_autofree char *text = NULL;
    va_list values;

    if (level < worker->level)
        return;
    va_start(values, format);
    text = g_strdup_vprintf(format, values);
    va_end(values);
    fprintf(stderr, "%s %s worker %" G_GINT64_FORMAT ": %s\n", time, job_type_names[worker->type], worker->id, text);
}

bool worker_add_event(struct worker *worker, const char *type, const char *message, const json_t *metadata, GError **error)
{
    return event_add(worker->store, type, worker->id, job_type_names[worker->type], worker->row->execution_mode, worker->session_id,
                     message, metadata, error);
}

/* What it was good for. */
static json_t *describe_life(const struct worker *worker)
{
    return json_pack("{s:f, s:f, s:i}", "duration_s", (double)(g_get_monotonic_time() - worker->started_at) / 1e6, "peak_memory_mib",
                     worker->peak_memory, "jobs", worker->n_jobs);
}

/* A job that was taken away meanwhile is not given back, and that is fine. */
static bool give_job_back(struct worker *worker, GError **error)
{
    g_autoptr(GError) problem = NULL;

    if (!worker->job || worker->has_lost_job ||
        job_give_back(worker->store, worker->job->id, worker->id, worker->job->attempts, &problem) ||
        g_error_matches(problem, CLX_ERROR, CLX_ERROR_STALE))
        return true;
    g_propagate_error(error, g_steal_pointer(&problem));
    return false;
}

/* True if the supervisor counts it as hung: it has taken the job, and writes down the end. */
static bool is_given_up(struct worker *worker)
{
    g_autoptr(worker_row) row = NULL;

    return worker_find(worker->store, worker->id, &row, NULL) == 1 && row->status == WORKER_HUNG;
}

/* All or nothing: a row that could not be removed tells whoever tidies up that there is an end to be written down. */
static bool say_goodbye(struct worker *worker, const char *event, const char *reason, GError **error)
{
    g_autoptr(json_t) life = describe_life(worker);

    if (!store_begin(worker->store, error))
        return false;
    if (is_given_up(worker)) {
        store_rollback(worker->store);
        return true;
    }
    if (worker_add_event(worker, event, reason, NULL, error) && give_job_back(worker, error) &&
        worker_remove(worker->store, worker->id, error) && worker_add_event(worker, "worker_stopped", reason, life, error))
        return store_commit(worker->store, error);
    store_rollback(worker->store);
    return false;
}

void worker_clear(struct worker *worker)
{
    if (worker->bell_path)
        doorbell_close(worker->bell_path);
    if (worker->runtime_dir)
        file_remove_tree(worker->runtime_dir, NULL);
    cache_close(worker->context.cache);
    store_close(worker->store);
    worker_row_free(worker->row);
    g_free(worker->bell_path);
    g_free(worker->runtime_dir);
    g_free(worker->log_folder);
    g_free(worker->group);
    g_free(worker->progress);
    job_free(worker->job);
}

G_NORETURN void worker_finish(struct worker *worker, const char *event, const char *reason)
{
    g_autoptr(GError) error = NULL;

    worker_log_at(worker, LEVEL_INFO, "ends: %s", reason);
    process_kill_descendants(getpid());
    if (!say_goodbye(worker, event, reason, &error))
        worker_log_at(worker, LEVEL_ERROR, "%s", error->message);
    doorbell_ring(worker->jobs_db, job_type_names[worker->type]);
    if (worker->group)
        cgroup_leave(worker->group);
    worker_clear(worker);
    exit(EXIT_SUCCESS);
}

bool worker_has_parent_died(const struct worker *worker)
{
    return worker->session_id && !process_is_alive((pid_t)worker->row->parent_pid, worker->row->parent_start_time);
}
