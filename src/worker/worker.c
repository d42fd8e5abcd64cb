/* Jobs run from the main loop's own level, never from inside a callback: what a job waits for (a kernel, a picture) is waited for in the
 * same main context, so that heartbeats, signals and the parent's death are heard during a job too. Those callbacks may have to end the
 * process in the middle of a job; worker_finish() therefore ends every process below this one and leaves with exit(). */
#include "worker/worker.h"

#include <errno.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "clx-config.h"
#include "config/fit.h"
#include "os/cgroup.h"
#include "os/process.h"
#include "os/runtime.h"
#include "os/signals.h"
#include "store/doorbell.h"
#include "worker/worker_private.h"

static const char *const level_names[] = {"debug", "info", "warning", "error", NULL};

/* ---- what it hears ---- */

static void on_signal(int signal_number, gpointer data)
{
    struct worker *worker = data;

    if (worker_has_parent_died(worker))
        worker_finish(worker, "parent_died", "the build died");
    worker_finish(worker, "worker_stopping", signal_number == SIGTERM ? "told to stop (SIGTERM)" : "told to stop (SIGINT)");
}

static gboolean on_parent_end(gint fd, GIOCondition condition, gpointer data)
{
    worker_finish(data, "parent_died", "the build died");
}

/* The death signal tells first; the handle also tells where there was no signal, and a parent that is gone already is seen here. */
static void watch_parent(struct worker *worker)
{
    if (!worker->session_id)
        return;
    worker->parent_fd = (int)syscall(SYS_pidfd_open, (pid_t)worker->row->parent_pid, 0);
    if (worker->parent_fd < 0 || worker_has_parent_died(worker))
        worker_finish(worker, "parent_died", "the build died before the worker was ready");
    g_unix_fd_add(worker->parent_fd, G_IO_IN, on_parent_end, worker);
}

static void on_progress(const char *progress, gpointer data)
{
    struct worker *worker = data;

    g_free(worker->progress);
    worker->progress = g_strdup(progress);
}

/* Rings for new jobs, and when a job was cancelled. */
static gboolean on_bell(gint fd, GIOCondition condition, gpointer data)
{
    struct worker *worker = data;

    doorbell_drain(fd);
    worker->is_called = true;
    worker_beat_check_job(worker);
    return G_SOURCE_CONTINUE;
}

/* ---- the start ---- */

/* A worker that somebody starts by hand belongs to no build. */
static bool register_itself(struct worker *worker, GError **error)
{
    g_autofree char *name = g_strdup_printf("direct-%s-0-%08x", job_type_names[worker->type], g_random_int());
    g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *cache_db = g_canonicalize_filename(g_getenv("CACHE_DB_PATH"), NULL);
    g_autoptr(json_t) config = fit_describe(program ? program : "", cache_db);

    worker->id = worker_preregister(worker->store, worker->type, name, NULL, "direct", config, error);
    return worker->id > 0;
}

static bool find_row(struct worker *worker, GError **error)
{
    const char *text = g_getenv("CLX_WORKER_ID");
    int got;

    if (text)
        worker->id = g_ascii_strtoll(text, NULL, 10);
    else if (!register_itself(worker, error))
        return false;
    got = worker_find(worker->store, worker->id, &worker->row, error);
    if (got == 0)
        g_set_error(error, CLX_ERROR, CLX_ERROR_NOT_FOUND, "CLX_WORKER_ID: there is no worker '%s' in '%s'", text ? text : "",
                    worker->jobs_db);
    if (got == 1)
        worker->session_id = worker->row->session_id;
    return got == 1;
}

static bool make_doorbell(struct worker *worker, GError **error)
{
    worker->bell_fd = doorbell_listen(worker->jobs_db, job_type_names[worker->type], &worker->bell_path, error);
    if (worker->bell_fd < 0)
        return false;
    g_unix_fd_add(worker->bell_fd, G_IO_IN, on_bell, worker);
    return true;
}

static bool open_all(struct worker *worker, GError **error)
{
    const char *cache_db = g_getenv("CACHE_DB_PATH");

    worker->jobs_db = g_getenv("DB_PATH");
    if (!worker->jobs_db || !cache_db) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_USAGE,
                    "DB_PATH and CACHE_DB_PATH must name the databases; 'clx build' starts workers by itself");
        return false;
    }
    worker->store = store_open(worker->jobs_db, error);
    if (!worker->store || !find_row(worker, error))
        return false;
    if (stat(worker->jobs_db, &worker->database) != 0) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_INFRASTRUCTURE, "%s: %s", worker->jobs_db, g_strerror(errno));
        return false;
    }
    worker->context.cache = cache_open(cache_db, error);
    if (!worker->context.cache)
        return false;
    worker->runtime_dir = runtime_make_folder(worker->row->executor_id, error);
    if (!worker->runtime_dir || (worker->type != JOB_NOTEBOOK && !runtime_keep_temporary_files(worker->runtime_dir, error)))
        return false;
    return make_doorbell(worker, error);
}

/* The monotonic clock is the same in all processes of a machine: from the parent's decision to here. */
static bool tell_ready(struct worker *worker, GError **error)
{
    const char *text = g_getenv("CLX_SPAWNED_AT"), *recycled = g_getenv("CLX_RECYCLED");
    g_autoptr(json_t) metadata = NULL;

    if (text && !recycled)
        metadata = json_pack("{s:f}", "idle_after_ms", (double)(g_get_monotonic_time() - g_ascii_strtoll(text, NULL, 10)) / 1000.0);
    return worker_add_event(worker, "worker_ready", recycled ? recycled : "ready for jobs", metadata, error);
}

/* Is this the process that the row knows, started anew? */
static bool is_recycled(const struct worker *worker)
{
    return g_getenv("CLX_RECYCLED") && worker->row->pid == getpid() && worker->row->pid_start_time == process_start_time(getpid());
}

/* In one transaction: who sees it idle sees the event too. */
static bool become_idle(struct worker *worker, GError **error)
{
    if (!store_begin(worker->store, error))
        return false;
    if ((is_recycled(worker) || (worker_set_process(worker->store, worker->id, getpid(), process_start_time(getpid()), error) &&
                                 worker_activate(worker->store, worker->id, error))) &&
        tell_ready(worker, error))
        return store_commit(worker->store, error);
    store_rollback(worker->store);
    return false;
}

static bool activate(struct worker *worker, GError **error)
{
    const char *bell = g_getenv("CLX_READY_BELL");

    if (!become_idle(worker, error))
        return false;
    g_unsetenv("CLX_RECYCLED");
    worker_log_at(worker, LEVEL_INFO, "ready: clx %s, process %d, '%s'", CLX_VERSION, (int)getpid(), worker->row->executor_id);
    if (bell && *bell)
        doorbell_ring(worker->jobs_db, bell);
    return true;
}

static gint64 env_number(const char *name)
{
    const char *text = g_getenv(name);

    return text ? g_ascii_strtoll(text, NULL, 10) : 0;
}

static enum level env_level(void)
{
    const char *text = g_getenv("LOG_LEVEL");
    g_autofree char *lower = g_ascii_strdown(text ? text : "info", -1);
    int level = glossary_find(level_names, lower);

    return level >= 0 ? (enum level)level : LEVEL_INFO;
}

static void join_limit(struct worker *worker)
{
    const char *name = g_getenv("CLX_CONTROL_GROUP");

    worker->group = name && *name ? cgroup_find(getpid(), name) : NULL;
    if (worker->group)
        worker->n_kills = cgroup_read_memory(worker->group).n_kills;
}

static void set_up(struct worker *worker)
{
    worker->context.runtime_dir = worker->runtime_dir;
    worker->context.workspace = g_getenv("WORKSPACE_PATH");
    worker->context.memory_limit = (guint64)env_number("CLX_MEMORY_LIMIT");
    worker->log_folder = runtime_log_folder(worker->jobs_db);
    worker->context.log_folder = worker->log_folder;
    worker->context.report = on_progress;
    worker->context.data = worker;
    worker->idle_limit_us = env_number("CLX_IDLE_LIMIT") * G_USEC_PER_SEC;
    worker->max_jobs = (int)env_number("CLX_MAX_JOBS");
    worker->memory_mark = (guint64)env_number("CLX_RECYCLE_MEMORY");
    worker->idle_since = g_get_monotonic_time();
    join_limit(worker);
}

int worker_run(enum job_type type)
{
    static const int signal_numbers[] = {SIGTERM, SIGINT, 0};
    struct worker worker = {.type = type,
                            .level = env_level(),
                            .bell_fd = -1,
                            .parent_fd = -1,
                            .database_fd = -1,
                            .started_at = g_get_monotonic_time(),
                            .is_called = true};
    g_autoptr(GError) error = NULL;

    process_become_subreaper();
    if (!open_all(&worker, &error)) {
        worker_log_at(&worker, LEVEL_ERROR, "%s", error->message);
        worker_clear(&worker);
        return clx_error_exit_status(error);
    }
    set_up(&worker);
    signals_watch(signal_numbers, on_signal, &worker);
    watch_parent(&worker);
    worker_beat_watch_database(&worker);
    if (!activate(&worker, &error)) {
        worker_log_at(&worker, LEVEL_ERROR, "%s", error->message);
        worker_clear(&worker);
        return clx_error_exit_status(error);
    }
    worker_beat_plan(&worker);
    /* Between two jobs all that waits is heard: a stream of short ones leaves no other moment for a heartbeat or a signal. */
    for (;;)
        g_main_context_iteration(NULL, !worker.is_called || !worker_job_claim_and_run(&worker));
}
