/* Jobs run from the main loop's own level, never from inside a callback: what a job waits for (a kernel, a picture) is waited for in the
 * same main context, so that heartbeats, signals and the parent's death are heard during a job too. Those callbacks may have to end the
 * process in the middle of a job; finish() therefore ends every process below this one and leaves with exit(). */
#include "worker/worker.h"

#include <errno.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "clx-config.h"
#include "config/fit.h"
#include "os/cgroup.h"
#include "os/file.h"
#include "os/process.h"
#include "os/runtime.h"
#include "os/signals.h"
#include "os/watch.h"
#include "store/doorbell.h"
#include "store/store.h"

enum level { LEVEL_DEBUG, LEVEL_INFO, LEVEL_WARNING, LEVEL_ERROR };

static const char *const level_names[] = {"debug", "info", "warning", "error", NULL};

struct worker {
    enum job_type type;
    const char *jobs_db;
    const char *session_id; /* of `row`; NULL: belongs to no build */
    enum level level;       /* what goes to the log */
    gint64 id;
    struct worker_row *row; /* as it was at the start */
    struct store *store;
    struct worker_context context;
    char *runtime_dir, *log_folder;
    struct job *job; /* what it is at, or NULL */
    char *progress;
    char *bell_path;
    int bell_fd, parent_fd, database_fd;
    struct stat database;           /* identifies the file that is open */
    gint64 started_at;              /* monotonic, in us */
    double peak_memory;             /* MiB */
    int n_jobs, max_jobs;           /* done since its start; how many until it starts anew, 0: any number */
    guint64 memory_mark;            /* bytes after a job beyond which it starts anew; 0: none */
    char *group;                    /* folder of the control group that holds it to its memory limit, or NULL */
    guint64 n_kills;                /* in the group, as far as they are told */
    bool has_lost_job;              /* cancelled or given to another one */
    guint64 cpu_ms;                 /* when it was last measured */
    double cpu_percent, memory;     /* MiB */
    bool is_called;                 /* there may be something to claim */
    guint beat;                     /* source of the next heartbeat */
    bool is_resting;                /* idle, and that has been told: nothing changes until it is called */
    gint64 measured_at, idle_since; /* monotonic, in us */
    gint64 idle_limit_us;           /* 0: none */
};

static void log_at(const struct worker *worker, enum level level, const char *format, ...) G_GNUC_PRINTF(3, 4);

static void log_at(const struct worker *worker, enum level level, const char *format, ...)
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

#define log_line(worker, ...) log_at(worker, LEVEL_ERROR, __VA_ARGS__)

static bool add_event(struct worker *worker, const char *type, const char *message, const json_t *metadata, GError **error)
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

/* ---- the end ---- */

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
    if (add_event(worker, event, reason, NULL, error) && give_job_back(worker, error) && worker_remove(worker->store, worker->id, error) &&
        add_event(worker, "worker_stopped", reason, life, error))
        return store_commit(worker->store, error);
    store_rollback(worker->store);
    return false;
}

static void clear_worker(struct worker *worker)
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

/* A graceful end at any moment, also inside of a job: job back, processes gone, row gone, and the others told. */
G_NORETURN static void finish(struct worker *worker, const char *event, const char *reason)
{
    g_autoptr(GError) error = NULL;

    log_at(worker, LEVEL_INFO, "ends: %s", reason);
    process_kill_descendants(getpid());
    if (!say_goodbye(worker, event, reason, &error))
        log_line(worker, "%s", error->message);
    doorbell_ring(worker->jobs_db, job_type_names[worker->type]);
    if (worker->group)
        cgroup_leave(worker->group);
    clear_worker(worker);
    exit(EXIT_SUCCESS);
}

static bool has_parent_died(const struct worker *worker)
{
    return worker->session_id && !process_is_alive((pid_t)worker->row->parent_pid, worker->row->parent_start_time);
}

static void on_signal(int signal_number, gpointer data)
{
    struct worker *worker = data;

    if (has_parent_died(worker))
        finish(worker, "parent_died", "the build died");
    finish(worker, "worker_stopping", signal_number == SIGTERM ? "told to stop (SIGTERM)" : "told to stop (SIGINT)");
}

static gboolean on_parent_end(gint fd, GIOCondition condition, gpointer data)
{
    finish(data, "parent_died", "the build died");
}

/* The death signal tells first; the handle also tells where there was no signal, and a parent that is gone already is seen here. */
static void watch_parent(struct worker *worker)
{
    if (!worker->session_id)
        return;
    worker->parent_fd = (int)syscall(SYS_pidfd_open, (pid_t)worker->row->parent_pid, 0);
    if (worker->parent_fd < 0 || has_parent_died(worker))
        finish(worker, "parent_died", "the build died before the worker was ready");
    g_unix_fd_add(worker->parent_fd, G_IO_IN, on_parent_end, worker);
}

/* ---- heartbeat ---- */

/* The processes of a job that nobody wants any more are ended; its handler then fails by itself. */
static void check_job(struct worker *worker)
{
    if (!worker->job || worker->has_lost_job ||
        job_is_current(worker->store, worker->job->id, worker->id, worker->job->attempts, NULL) != 0)
        return;
    log_at(worker, LEVEL_INFO, "job %" G_GINT64_FORMAT " was cancelled", worker->job->id);
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
        finish(worker, "worker_stopping", "its row is gone");
    log_line(worker, "%s", error->message);
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
        finish(worker, "worker_stopping", "its database was deleted");
}

static gboolean on_database_touched(gint fd, GIOCondition condition, gpointer data)
{
    check_database(data);
    return file_watch_drain(fd) ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

/* Where it cannot be watched, the next heartbeat looks. */
static void watch_database(struct worker *worker)
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
static void plan_heartbeat(struct worker *worker)
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
    check_job(worker);
    if (worker->idle_limit_us && !worker->job && find_idle_time_left(worker) <= 0)
        finish(worker, "worker_stopping", "nothing to do for a long time");
    plan_heartbeat(worker);
    return G_SOURCE_REMOVE;
}

static void wake_up(struct worker *worker)
{
    if (!worker->is_resting)
        return;
    worker->is_resting = false;
    g_source_remove(worker->beat);
    plan_heartbeat(worker);
}

static void on_progress(const char *progress, gpointer data)
{
    struct worker *worker = data;

    g_free(worker->progress);
    worker->progress = g_strdup(progress);
}

/* ---- jobs ---- */

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
    g_autofree char *message = g_strdup_printf("memory limit %s exceeded", g_getenv("CLX_MEMORY_LIMIT"));
    g_autoptr(json_t) problem =
        json_pack("{s:s, s:s, s:f}", "type", "infrastructure", "message", message, "peak_memory_mib", (double)memory->peak / 1048576.0);

    log_at(worker, LEVEL_WARNING, "job %" G_GINT64_FORMAT " failed: %s", job->id, message);
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
    log_at(worker, LEVEL_WARNING, "job %" G_GINT64_FORMAT " failed: %s", job->id, problem->message);
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
    log_line(worker, "%s", error->message);
    if (!g_error_matches(error, CLX_ERROR, CLX_ERROR_STALE))
        finish(worker, "worker_stopping", "the end of its job cannot be written down");
    if (!worker_set_status(worker->store, worker->id, WORKER_IDLE, &problem))
        finish(worker, "worker_stopping", problem->message);
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
    wake_up(worker);
    log_at(worker, LEVEL_INFO, "job %" G_GINT64_FORMAT ", attempt %d: %s", job->id, job->attempts, job->input_file);
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
        log_at(worker, LEVEL_INFO, "job %" G_GINT64_FORMAT " completed", job->id);
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
    log_at(worker, LEVEL_INFO, "%s", wear);
    process_kill_descendants(getpid());
    g_setenv("CLX_RECYCLED", wear, TRUE);
    clear_worker(worker);
    execv("/proc/self/exe", argv);
    exit(EXIT_FAILURE);
}

/* One whose row was deleted claims nothing ever again. */
static void check_row(struct worker *worker)
{
    g_autoptr(worker_row) row = NULL;

    if (worker_find(worker->store, worker->id, &row, NULL) == 0)
        finish(worker, "worker_stopping", "its row is gone");
}

/* False when there is nothing to claim. */
static bool claim_and_run(struct worker *worker)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(job) job = NULL;
    int got = job_claim(worker->store, worker->id, worker->type, &job, &error);

    worker->is_called = got != 0;
    if (got < 0)
        log_line(worker, "%s", error->message);
    if (got == 0)
        check_row(worker);
    if (got == 1) {
        run_job(worker, g_steal_pointer(&job));
        start_anew_if_used_up(worker);
    }
    return got == 1;
}

/* Rings for new jobs, and when a job was cancelled. */
static gboolean on_bell(gint fd, GIOCondition condition, gpointer data)
{
    struct worker *worker = data;

    doorbell_drain(fd);
    worker->is_called = true;
    check_job(worker);
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
    return add_event(worker, "worker_ready", recycled ? recycled : "ready for jobs", metadata, error);
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
    log_at(worker, LEVEL_INFO, "ready: clx %s, process %d, '%s'", CLX_VERSION, (int)getpid(), worker->row->executor_id);
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
        log_line(&worker, "%s", error->message);
        clear_worker(&worker);
        return clx_error_exit_status(error);
    }
    set_up(&worker);
    signals_watch(signal_numbers, on_signal, &worker);
    watch_parent(&worker);
    watch_database(&worker);
    if (!activate(&worker, &error)) {
        log_line(&worker, "%s", error->message);
        clear_worker(&worker);
        return clx_error_exit_status(error);
    }
    plan_heartbeat(&worker);
    /* Between two jobs all that waits is heard: a stream of short ones leaves no other moment for a heartbeat or a signal. */
    for (;;)
        g_main_context_iteration(NULL, !worker.is_called || !claim_and_run(&worker));
}
