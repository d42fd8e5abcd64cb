/* A session: submits the jobs of a build, has workers started for them, and waits for their ends in one event loop. It wakes up when a
 * worker rings, or 'clx jobs retry'; a look every few seconds is only the safety net. A session that stays (--watch) takes the jobs of one build after another
 * and keeps its workers. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "base/diag.h"
#include "build/plan.h"
#include "config/settings.h"
#include "store/store.h"

enum session_end {
    SESSION_FINISHED,    /* every job has ended, whether well or not */
    SESSION_STOPPED,     /* `ended` asked for it */
    SESSION_INTERRUPTED, /* SIGINT, SIGTERM or SIGHUP */
    SESSION_BROKEN,      /* no worker can do the jobs, or the database failed: the error says why */
};

struct session_job {
    struct plan_job *job;
    json_t *payload; /* what the worker is told */
    char *key;       /* of its result */
    gint64 seen_at;  /* monotonic, us: when it was first seen running; 0: not yet */
};

/* A job that a worker is at. */
struct running_job {
    const struct plan_job *job; /* borrowed */
    const char *progress;       /* what it is doing, as the worker told last; may be NULL */
    double seconds;             /* since it was first seen running */
};

struct api_host;

struct session_options {
    const struct settings *settings;
    struct api_host *api;     /* serves workers that cannot open the database (supervisor/lifecycle_manager.h); NULL: none */
    const char *program;      /* path of clx */
    const char *workspace;    /* absolute */
    bool is_auto_start;       /* false: workers must be there already */
    double progress_period_s; /* 0: no progress is wanted */
    /* A job has ended; `row` is NULL for one that was cancelled with the session. False stops the session. */
    bool (*ended)(struct session_job *job, const struct job *row, gpointer data);
    /* May the result of a job that was tried again outside of a build ('clx jobs retry') stand for this one? NULL: never. */
    bool (*may_take)(const struct session_job *job, const struct job *row, gpointer data);
    /* Somebody has a job tried again. With `job` it is one that has ended badly: what was told of it no longer holds, it will end once more. A
     * session that stays does not look whose it is: `job` is NULL, and its jobs shall be given anew. NULL: nobody cares. */
    void (*retried)(struct session_job *job, const struct job *row, gpointer data);
    void (*progress)(const struct running_job *running, unsigned n_running, gpointer data); /* what runs now */
    void (*waits)(const char *what, gint64 current, gint64 total, gpointer data); /* as in supervisor/executor.h; a signal gives it up */
    bool stays;                                                                   /* until a signal */
    void (*idle)(gpointer data);                                                  /* stays: every job has ended */
    void (*failed)(const char *message, gpointer data); /* stays: no worker can do the jobs, which are given up; more may be given */
    gpointer data;
};

struct session;

/* Opens the database and listens to workers and signals. The options must outlive the session. NULL with `error`. */
struct session *session_open(const struct session_options *options, GError **error);

/* Makes these its jobs (struct session_job *, borrowed until the next call or, if the session stays, until all have ended). Jobs of an earlier call go on if they are among
 * them, by type and key; the others are cancelled without a word. Starts workers where there are none yet. */
bool session_give(struct session *session, GPtrArray *jobs, GError **error);

/* Runs the main loop until every job has ended; a session that stays, until a signal. */
enum session_end session_wait(struct session *session, GError **error);

/* No worker that it started is left on return; jobs that have not ended are told as cancelled. */
void session_close(struct session *session);

/* Runs the jobs (struct session_job *). No worker that it started is left on return. `error` is set for SESSION_BROKEN only. */
enum session_end session_run(const struct session_options *options, GPtrArray *jobs, GError **error);

/* What a build without jobs does for those before it: builds that died have their jobs and workers tidied up. */
bool session_tidy(const struct settings *settings, GError **error);
