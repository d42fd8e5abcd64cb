/* The inside of the worker process, for worker.c (start and loop), worker_beat.c (heartbeat, database), worker_job.c (jobs) and worker_end.c. */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

#include "store/store.h"
#include "worker/worker.h"

enum level { LEVEL_DEBUG, LEVEL_INFO, LEVEL_WARNING, LEVEL_ERROR };

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

/* Writes a line to the log, which is standard error. */
void worker_log_at(const struct worker *worker, enum level level, const char *format, ...) G_GNUC_PRINTF(3, 4);

bool worker_add_event(struct worker *worker, const char *type, const char *message, const json_t *metadata, GError **error);

/* ---- the end ---- */

/* A graceful end at any moment, also inside of a job: job back, processes gone, row gone, and the others told. */
G_NORETURN void worker_finish(struct worker *worker, const char *event, const char *reason);

/* Gives back all that the worker holds, and leaves its row and its processes. */
void worker_clear(struct worker *worker);

bool worker_has_parent_died(const struct worker *worker);

/* ---- heartbeat ---- */

/* Sets the timer for the next one. */
void worker_beat_plan(struct worker *worker);

/* It has something to do: an idle worker's heartbeats are rare. */
void worker_beat_wake(struct worker *worker);

/* Ends the processes of a job that nobody wants any more; its handler then fails by itself. */
void worker_beat_check_job(struct worker *worker);

/* Ends the worker when its database is deleted or replaced. */
void worker_beat_watch_database(struct worker *worker);

/* ---- jobs ---- */

/* Takes a job and does it; a worker that is worn out afterwards starts anew and does not come back. False when there is nothing to claim. */
bool worker_job_claim_and_run(struct worker *worker);
