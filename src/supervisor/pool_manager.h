/* WorkerPoolManager: the workers of one type. Each place of the pool is empty, starting, ready, waiting for its next start, or shared (a
 * worker of nobody that is reused: watched, but neither started nor stopped here).
 *
 *     waiting <----> empty <----> shared
 *                    |   ^
 *                    v   |
 *               starting -> ready -> (empty)
 *
 * A place whose worker has died is empty until the next start, or waits for it; a shared one becomes a place for a worker of its own.
 *
 * A death is heard from the process handle: jobs are given back in the same moment, the next start follows at once, then after a delay that
 * doubles; POOL_DEATH_LIMIT deaths in a minute stop the pool for good. A death that cannot be written down (a full disk) is tried again. */
#pragma once

#include "config/settings.h"
#include "supervisor/event_logger.h"
#include "supervisor/executor.h"

struct pool;

struct pool_options {
    enum job_type type;
    int n_workers; /* places */
    struct store *store;
    struct event_logger *logger;
    struct executor *executor;
    const char *session_id; /* of the build */
    bool stays;             /* workers belong to no build and are left alone by pool_stop() */
    int startup_timeout_s, startup_parallel;
    int heartbeat_limit_s, max_job_time_s; /* how long a worker may be silent, and a busy one without progress; in calls of check_limits */
    guint64 memory_limit;                  /* bytes; 0: none */
    const char *memory_limit_text;
    void (*failed)(enum job_type type, const char *message, gpointer data);
    gpointer data;
};

struct pool *pool_new(const struct pool_options *options);

/* Takes an idle worker that belongs to nobody into a free place; false when there is none. */
bool pool_adopt(struct pool *pool, const struct worker_row *row);

/* Starts workers in the free places, at most startup_parallel at a time; the others follow as these become ready. */
void pool_start(struct pool *pool);

/* Looks which workers have become ready; called when the pool's doorbell rings. */
void pool_look(struct pool *pool);

/* True if every place has a worker that is ready. */
bool pool_is_ready(const struct pool *pool);

/* How many workers were started here and are ready; adds the number of reused ones to `*n_reused`. */
int pool_count_workers(const struct pool *pool, int *n_reused);

/* Ends workers that are silent, make no progress or use too much memory; called once a second. It counts its own calls, less the share of the
 * time in which the worker waited for a processor, a disk or a locked database: no clock that is set, no machine that sleeps or is overloaded
 * and no build that was stopped makes a worker look hung. A hung one loses its job at once; it gets TERM, and KILL after a deadline. */
void pool_check_limits(struct pool *pool);

/* TERM to all workers that do not stay; no more starts. */
void pool_request_stop(struct pool *pool);

/* Waits until `deadline` (monotonic, us), then KILL; every row and process is accounted for on return. */
void pool_finish_stop(struct pool *pool, gint64 deadline);
void pool_free(struct pool *pool);
