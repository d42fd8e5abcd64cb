/* The inside of a pool, for pool_manager.c and pool_limits.c. */
#pragma once

#include "os/scheduling.h"
#include "supervisor/pool_manager.h"

#define POOL_DEATH_LIMIT 5

enum place_state { PLACE_EMPTY, PLACE_STARTING, PLACE_READY, PLACE_WAITING, PLACE_SHARED, N_PLACE_STATES };

struct place {
    struct pool *pool;
    enum place_state state;
    int index;
    gint64 worker_id;
    struct executor_worker worker;
    guint watch, timer;           /* source of the handle; of the start limit, the next start or the deadline of its end */
    const char *fault;            /* why it is being ended, or NULL */
    gint64 lost_job;              /* which was taken from it then; 0: none */
    char *heard, *doing;          /* last heartbeat and last progress, as the row had them */
    double silence, same;         /* calls of pool_check_limits() since they changed, less the time in which it could not act */
    guint64 memory;               /* as it was last measured, in bytes; 0: it was not */
    struct scheduling scheduling; /* at `looked_at` */
    gint64 started_at, looked_at; /* monotonic, in us */
    int status;                   /* how it ended, while that could not be written down */
    bool is_unburied;
    int n_tries; /* to write it down */
};

struct pool {
    struct pool_options options;
    struct place *places;
    gint64 deaths[POOL_DEATH_LIMIT]; /* when, a ring */
    int n_deaths;
    bool is_stopping, is_announced, is_told_started;
};

/* Wakes the workers and the build: jobs have changed. */
void pool_ring(const struct pool *pool);

/* Ends the job of a place's worker as failed; `value` stands for the %s of `format`. */
void pool_fail_job(struct place *place, const char *format, const char *value);

/* Ends a worker and all that it started: TERM and a deadline before KILL, or KILL at once. Its end is then seen like any other. `fault` is a
 * static text. */
void pool_end_place(struct place *place, const char *fault);
void pool_kill_place(struct place *place, const char *fault);

/* The most memory that it is known to have had, in MiB; 0: not known. */
double pool_peak_memory(const struct place *place);

/* How it ended, or why it is being ended, for people; the caller frees it. */
char *pool_describe_end(const struct place *place);

/* Tries again to write down an end that could not be written (a full disk). */
void pool_bury_again(struct place *place);

/* Errors of the database that nobody can be told otherwise go to standard error. */
void pool_report(const GError *error);
