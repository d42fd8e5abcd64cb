/* The jobs database clx_jobs.db (spec: queue-and-workers.md, section 1): the connection, its schema and its statements.
 * All SQL of the program stands in this folder. A connection belongs to one process and one thread. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "base/glossary.h"
#include "base/json.h"
#include "store/states.h"

struct store;

/* Opens (and makes or migrates) the database. A file that is no database, or of a newer version, is refused untouched. */
struct store *store_open(const char *path, GError **error);

/* Opens an existing database for reading only, in a folder that may not be written to as well; NULL with NOT_FOUND when there is none. */
struct store *store_open_readonly(const char *path, GError **error);
void store_close(struct store *store);
typedef struct store store;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(store, store_close)

/* The path of its file. Borrowed. */
const char *store_path(const struct store *store);

/* One transaction around many statements; a commit that fails and a rollback leave nothing of them. */
bool store_begin(struct store *store, GError **error);
bool store_commit(struct store *store, GError **error);
void store_rollback(struct store *store);

/* The process that is writing at this moment (its transaction is open), this one too; 0 when nobody is. All who want to write wait for it. */
gint64 store_find_writer(const struct store *store);

/* Removes events, ended jobs and rows of dead workers that are older than so many days; how many rows, -1 error. Costs next to nothing when
 * there are none. */
int store_prune(struct store *store, int days, GError **error);

/* ---- jobs ---- */
struct job {
    gint64 id;
    enum job_type type;
    enum job_status status;
    char *input_file, *output_file, *content_hash, *session_id;
    json_t *payload;            /* object */
    json_t *result;             /* object, or NULL */
    json_t *error;              /* object {type, message, …}, or NULL */
    int attempts, max_attempts; /* `attempts` is the fencing token of a claimed job */
    gint64 worker_id;           /* 0: none */
    int priority;
    char *fit; /* of the workers of no build that may do it (config/fit.h) */
};
void job_free(struct job *job);
typedef struct job job;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(job, job_free)

/* Inserts a pending job from type, input_file, output_file, content_hash, session_id, payload, priority, fit; its id goes to `job`. */
bool job_submit(struct store *store, struct job *job, GError **error);

/* Claims the first pending job of a type in one statement: 1 and the job, 0 none, -1 error. A worker of a session gets the jobs of its
 * session only, one without a session those of all that ask for its fit. The worker must be idle, and becomes busy; it is idle again once its job has ended. */
int job_claim(struct store *store, gint64 worker_id, enum job_type type, struct job **ret_job, GError **error);

/* Ends a job; the token must be current, else CLX_ERROR_STALE and nothing changes. */
bool job_complete(struct store *store, gint64 id, gint64 worker_id, int token, const json_t *result, GError **error);
/* `is_retryable`: back to pending while attempts are left, else failed. */
bool job_fail(struct store *store, gint64 id, gint64 worker_id, int token, const json_t *problem, bool is_retryable, GError **error);

/* Gives a job back unharmed (its worker was told to stop): pending again, the attempt does not count. */
bool job_give_back(struct store *store, gint64 id, gint64 worker_id, int token, GError **error);

/* 1 while the token is current, 0 when the job was cancelled or taken away, -1 error. */
int job_is_current(struct store *store, gint64 id, gint64 worker_id, int token, GError **error);

/* A job by its id: 1 and the job, 0 none, -1 error. */
int job_find(struct store *store, gint64 id, struct job **ret_job, GError **error);

/* Gives back the jobs of a dead worker: pending again, failed when attempts are used up or it killed two workers. Returns how many, -1 error. */
int job_release_worker(struct store *store, gint64 worker_id, const char *reason, GError **error);

/* The same for jobs whose worker has no row any more. */
int job_release_orphans(struct store *store, const char *reason, GError **error);

/* The newest job of no build (`clx jobs retry` makes such) that is exactly this one and has not failed: 1 and the job, 0 none, -1 error. */
int job_find_free(struct store *store, const struct job *wanted, struct job **ret_job, GError **error);

/* Calls `each` for every job of no build with an id after `*cursor`, oldest first; advances the cursor. */
typedef void job_each(const struct job *job, gpointer data);
bool job_poll_free(struct store *store, gint64 *cursor, job_each *each, gpointer data, GError **error);

/* Makes a job of no build one of a session, which hears of its end like of any other: 1 taken, 0 another session was quicker, -1 error. */
int job_take_over(struct store *store, gint64 id, const char *session_id, GError **error);

/* Cancels the waiting jobs of builds that are not registered any more: nobody wants their results. */
int job_cancel_orphans(struct store *store, const char *by, GError **error);

/* Ends the jobs of a worker as failed, without another attempt (a limit was exceeded). */
bool job_fail_worker(struct store *store, gint64 worker_id, const json_t *problem, GError **error);

/* Cancels all jobs of a session that are not ended. */
bool job_cancel_session(struct store *store, const char *session_id, const char *by, GError **error);

/* Cancels a job that is pending or processing: 1 done, 0 it had ended already (or there is none), -1 error. Its worker notices within a
 * heartbeat. */
int job_cancel(struct store *store, gint64 id, const char *by, GError **error);

/* Calls `each` for every job of a session that ended with an id's end order after `*cursor`; advances the cursor. For the build's report. */
bool job_poll_ended(struct store *store, const char *session_id, gint64 *cursor, job_each *each, gpointer data, GError **error);

/* Counts of a session's jobs by status. */
bool job_count(struct store *store, const char *session_id, int ret_counts[N_JOB_STATUSES], GError **error);

/* How many of a session's jobs of a type have not ended; -1 error. */
int job_count_open(struct store *store, const char *session_id, enum job_type type, GError **error);

/* Is there a job of this type and session that nobody has claimed? False also on an error. */
bool job_is_waiting(struct store *store, enum job_type type, const char *session_id);

/* Keeps what a worker says about an output (table results_cache); `metadata` may be NULL. */
bool results_cache_add(struct store *store, const char *output_file, const char *content_hash, const json_t *metadata, GError **error);

/* ---- workers ---- */
struct worker_row {
    gint64 id;
    char *worker_type, *executor_id, *started_at, *last_heartbeat, *execution_mode, *session_id, *managed_by;
    enum worker_status status;
    gint64 jobs_processed, jobs_failed, parent_pid, pid;
    guint64 pid_start_time;
    double cpu_usage, memory_usage; /* percent, MiB */
    double age_s, heartbeat_age_s;  /* since started_at and last_heartbeat */
    gint64 current_job;             /* 0: none */
    char *progress;                 /* or NULL */
    guint64 parent_start_time;
    double progress_age_s;                   /* since the progress last changed */
    char *progress_at;                       /* when it did, or NULL */
    char *fit;                               /* from its configuration, or NULL */
    double peak_memory, avg_processing_time; /* MiB, s */
    char *boot_id;                           /* of the machine when it was started, or NULL */
};
void worker_row_free(struct worker_row *row);
typedef struct worker_row worker_row;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(worker_row, worker_row_free)

/* Seconds between two heartbeats, which a worker owes from when it claims a job until it has told that it is idle; one of this machine that is idle
 * is known to live by its process. */
#define WORKER_BEAT_S 2
#define WORKER_IDLE_BEAT_S 60

/* True if it has been silent for longer than `limit_s`, and for longer than it may. */
bool worker_is_silent(const struct worker_row *row, double limit_s);

/* A row by its id: 1 and the row, 0 none, -1 error. */
int worker_find(struct store *store, gint64 id, struct worker_row **ret_row, GError **error);
typedef void worker_each(const struct worker_row *row, gpointer data);
bool worker_list(struct store *store, worker_each *each, gpointer data, GError **error);

/* Inserts a row with status created; returns its id or -1. `config`: fit_describe() of the worker, or NULL. */
gint64 worker_preregister(struct store *store, enum job_type type, const char *executor_id, const char *session_id,
                          const char *execution_mode, const json_t *config, GError **error);
/* created -> idle by the worker itself, with its pid and start time. */
bool worker_activate(struct store *store, gint64 id, GError **error);
bool worker_set_process(struct store *store, gint64 id, gint64 pid, guint64 start_time, GError **error);
/* For executors that know it only after the start (a container's id). */
bool worker_set_executor_id(struct store *store, gint64 id, const char *executor_id, GError **error);
/* Sets the status; a change that states.h does not list is refused. */
bool worker_set_status(struct store *store, gint64 id, enum worker_status status, GError **error);
bool worker_heartbeat(struct store *store, gint64 id, double cpu_percent, double memory_mib, const char *progress, GError **error);
bool worker_remove(struct store *store, gint64 id, GError **error);

/* ---- sessions: the builds that run, recognised by their process ---- */
struct session_row {
    char *session_id;
    gint64 pid;
    guint64 start_time;
    char *boot_id; /* of the machine when it was started, or NULL */
};
typedef void session_each(const struct session_row *row, gpointer data);
/* Registers this process as the one of a session. */
bool session_add(struct store *store, const char *session_id, GError **error);
bool session_remove(struct store *store, const char *session_id, GError **error);
bool session_list(struct store *store, session_each *each, gpointer data, GError **error);

/* ---- events ---- */
#define EVENTS_BELL "events" /* the doorbell that rings after an event has been added */

struct event_row {
    gint64 id, worker_id;
    const char *event_type, *worker_type, *execution_mode, *message, *metadata, *created_at, *session_id;
};
bool event_add(struct store *store, const char *event_type, gint64 worker_id, const char *worker_type, const char *execution_mode,
               const char *session_id, const char *message, const json_t *metadata, GError **error);
/* Adds the missing ends to the story of a session that ended without a word: `worker_failed` of each worker, `pool_stopped` of each pool. */
bool event_close_session(struct store *store, const char *session_id, const char *message, GError **error);
/* Whether the story of a worker has its end (worker_stopped or worker_failed): 1 yes, also without any event, 0 no, -1 error. */
int event_has_end(struct store *store, gint64 worker_id, GError **error);
typedef void event_each(const struct event_row *row, gpointer data);
/* Events with id > `after`, oldest first; NULL filters mean all. */
bool event_list(struct store *store, gint64 after, const char *type, const char *session_id, const char *since, event_each *each,
                gpointer data, GError **error);
