/* The one setter of a job's status. Private to store/; the claim, which chooses its job in the same statement, stands beside it in jobs.c. */
#pragma once

#include "store/store.h"

/* Which jobs change. */
enum job_scope {
    JOB_OF_TOKEN,     /* the one with this id, worker and token, while it is processing */
    JOB_OF_ID,        /* the one with this id that has not ended */
    JOBS_OF_WORKER,   /* all that this worker is processing */
    JOBS_OF_NOBODY,   /* all that are being processed by a worker without a row */
    JOBS_OF_NO_BUILD, /* all that wait for workers of a session that is not registered any more */
    JOBS_OF_SESSION   /* all of this session that have not ended */
};

struct job_change {
    enum job_scope scope;
    gint64 id, worker_id;
    int token;
    const char *session_id;
    enum job_status to; /* pending becomes failed when the attempts are used up or two workers died over it */
    const json_t *result, *error;
    const char *by;        /* who cancels */
    const char *killed_by; /* the job ended its worker: why it died. NULL: it did not */
    bool is_attempt_free;  /* the last attempt does not count */
};

/* Changes what the scope holds, in one statement; the number of changed jobs, -1 error. The database refuses what states.h does not list. */
int job_set_status(struct store *store, const struct job_change *change, GError **error);
