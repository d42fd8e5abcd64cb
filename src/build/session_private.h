/* The inside of a session, for session.c (the loop and the ends of jobs), session_jobs.c (giving them) and session_workers.c. */
#pragma once

#include "build/session.h"

/* A job that has not ended. */
struct waiting {
    struct session_job *item; /* borrowed */
    enum job_type type;
    char *key;
};

struct session {
    const struct session_options *options;
    struct store *store;
    GPtrArray *managers; /* struct lifecycle_manager *: one for the types of the first jobs, others for types that come later */
    bool has_workers[N_JOB_TYPES];
    int n_taken[N_JOB_TYPES]; /* jobs of the last call that had been completed before: no worker is needed for them */
    guint giving_up;          /* source */
    GMainLoop *loop;
    char *id, *fit;
    const char *jobs_db;
    GHashTable *waiting; /* job id -> struct waiting * */
    GPtrArray *unlucky;  /* struct session_job *: failed or cancelled, and may be tried again; not when it stays */
    gint64 ended_cursor, free_cursor;
    int doorbell;
    char *doorbell_path;
    GArray *sources; /* guint */
    enum session_end end;
    unsigned signals;
    bool is_idle;  /* and has said so */
    GError *error; /* of a callback */
};

extern const int session_signals[]; /* that end it; 0-terminated */

/* Ends the loop; the first reason counts. */
void session_leave(struct session *session, enum session_end end);

/* ---- jobs ---- */

/* Submits the jobs, or takes over what was tried again outside of a build, or adopts what an earlier call has given. */
bool session_submit(struct session *session, GPtrArray *jobs, GError **error);

/* A job that exists already becomes that of an item: 1 taken, 0 it is not to be had, -1 error. */
int session_take_over(struct session *session, struct session_job *item, const struct job *row, GError **error);

/* Lets go of the items of the call before: their jobs are adopted by this one, or cancelled. */
void session_release_items(struct session *session);
void session_cancel_released(struct session *session);

/* ---- workers ---- */

/* Has workers started for the types of `counts` that have none, or looks whether there are some, where none may be started. */
bool session_start_workers(struct session *session, const int counts[N_JOB_TYPES], GError **error);
void session_stop_workers(struct session *session);
