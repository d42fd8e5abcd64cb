#include <errno.h>
#include <glib-unix.h>
#include <unistd.h>

#include "base/error.h"
#include "os/process.h"
#include "os/watch.h"
#include "worker/worker_private.h"

void worker_beat_check_job(struct worker *worker)
{
    if (!worker->job || worker->has_lost_job ||
        job_is_current(worker->store, worker->job->id, worker->id, worker->job->attempts, NULL) != 0)
        return;
    worker_log_at(worker, LEVEL_INFO, "job %" G_GINT64_FORMAT " was cancelled", worker->job->id);
    worker->has_lost_job = true;
    process_kill_descendants(getpid());
}

/* What it and all that it started use; looks at every process of the machine where the kernel does not tell the children of one. */
static void measure(struct worker *worker)
{
    gint64 now = g_get_monotonic_time();
    guint64 memory = 0, cpu_ms = 0;

    process_tree_usage(getpid(), &memory, &cpu_ms);
    worker->cpu_percent = 0;
    if (worker->measured_at && cpu_ms > worker->cpu_ms)
        worker->cpu_percent = (double)(cpu_ms - worker->cpu_ms) * 100000.0 / (double)MAX(now - worker->measured_at, 1);
    worker->cpu_ms = cpu_ms;
    worker->measured_at = now;
    worker->memory = (double)memory / 1048576.0;
    worker->peak_memory = MAX(worker->peak_memory, worker->memory);
}

/* Also the moment to look for jobs whose bell nobody could ring. False when it could not be written down. */
static bool send_heartbeat(struct worker *worker)
{
    g_autoptr(GError) error = NULL;

    measure(worker);
    worker->is_called = true;
    if (worker_heartbeat(worker->store, worker->id, worker->cpu_percent, worker->memory, worker->progress, &error))
        return true;
    if (g_error_matches(error, CLX_ERROR, CLX_ERROR_STALE))
        worker_finish(worker, "worker_stopping", "its row is gone");
    worker_log_at(worker, LEVEL_ERROR, "%s", error->message);
    return false;
}

/* A database that was deleted or replaced is no place to report to: nobody would ever find this worker again. */
static bool has_lost_database(const struct worker *worker)
{
    struct stat now;

    return stat(worker->jobs_db, &now) != 0 ? errno == ENOENT
                                            : now.st_ino != worker->database.st_ino || now.st_dev != worker->database.st_dev;
}

static void check_database(struct worker *worker)
{
    if (has_lost_database(worker))
        worker_finish(worker, "worker_stopping", "its database was deleted");
}

static gboolean on_database_touched(gint fd, GIOCondition condition, gpointer data)
{
    check_database(data);
    return file_watch_drain(fd) ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

/* Where it cannot be watched, the next heartbeat looks. */
void worker_beat_watch_database(struct worker *worker)
{
    worker->database_fd = file_watch_removal(worker->jobs_db);
    if (worker->database_fd >= 0)
        g_unix_fd_add(worker->database_fd, G_IO_IN, on_database_touched, worker);
    check_database(worker);
}

static gint64 find_idle_time_left(const struct worker *worker)
{
    return worker->idle_since + worker->idle_limit_us - g_get_monotonic_time();
}

static gboolean on_heartbeat(gpointer data);

/* A resting worker costs next to nothing: its process tells that it lives. */
void worker_beat_plan(struct worker *worker)
{
    gint64 wait_ms = (worker->is_resting ? WORKER_IDLE_BEAT_S : WORKER_BEAT_S) * 1000;

    if (worker->idle_limit_us && !worker->job)
        wait_ms = CLAMP(find_idle_time_left(worker) / 1000 + 1, 1, wait_ms);
    worker->beat = g_timeout_add((guint)wait_ms, on_heartbeat, worker);
}

static gboolean on_heartbeat(gpointer data)
{
    struct worker *worker = data;

    check_database(worker);
    worker->is_resting = send_heartbeat(worker) && !worker->job;
    worker_beat_check_job(worker);
    if (worker->idle_limit_us && !worker->job && find_idle_time_left(worker) <= 0)
        worker_finish(worker, "worker_stopping", "nothing to do for a long time");
    worker_beat_plan(worker);
    return G_SOURCE_REMOVE;
}

void worker_beat_wake(struct worker *worker)
{
    if (!worker->is_resting)
        return;
    worker->is_resting = false;
    g_source_remove(worker->beat);
    worker_beat_plan(worker);
}
