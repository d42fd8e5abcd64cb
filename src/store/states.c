#include "store/states.h"

#define ALLOWED(FROM, from, TO, to) [FROM][TO] = true,

static const bool job_changes[N_JOB_STATUSES][N_JOB_STATUSES] = {JOB_CHANGES(ALLOWED)};
static const bool worker_changes[N_WORKER_STATUSES][N_WORKER_STATUSES] = {WORKER_CHANGES(ALLOWED)};

bool job_may_become(enum job_status from, enum job_status to)
{
    return job_changes[from][to];
}

bool worker_may_become(enum worker_status from, enum worker_status to)
{
    return worker_changes[from][to];
}
