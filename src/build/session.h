/* A build session: submits the jobs of one build, has workers started for them, and waits for their ends in one event loop. It wakes up
 * when a worker rings; a look every few seconds is only the safety net. */
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
    char *key;      /* of its result */
    gint64 seen_at; /* monotonic, us: when it was first seen running; 0: not yet */
};

/* A job that a worker is at. */
struct running_job {
    const struct plan_job *job; /* borrowed */
    const char *progress;       /* what it is doing, as the worker told last; may be NULL */
    double seconds;             /* since it was first seen running */
};

struct session_options {
    const struct settings *settings;
    const char *program;      /* path of clx */
    const char *workspace;    /* absolute */
    bool is_auto_start;       /* false: workers must be there already */
    double progress_period_s; /* 0: no progress is wanted */
    /* A job has ended; `row` is NULL for one that was cancelled with the session. False stops the session. */
    bool (*ended)(struct session_job *job, const struct job *row, gpointer data);
    void (*progress)(const struct running_job *running, unsigned n_running, gpointer data); /* what runs now */
    gpointer data;
};

/* Runs the jobs (struct session_job *). No worker that it started is left on return. `error` is set for SESSION_BROKEN only. */
enum session_end session_run(const struct session_options *options, GPtrArray *jobs, GError **error);

/* What a build without jobs does for those before it: builds that died have their jobs and workers tidied up. */
bool session_tidy(const struct settings *settings, GError **error);
