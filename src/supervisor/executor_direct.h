/* Workers as processes of this machine. */
#pragma once

#include <stdbool.h>

#include "base/glossary.h"
#include "os/process.h"

struct executor_options {
    const char *program;                        /* path of clx */
    const char *jobs_db, *cache_db, *workspace; /* absolute */
    const char *log_level;
    const char *ready_bell; /* the doorbell that a worker rings when it is ready */
    int idle_limit_s;       /* for workers that stay; 0: none */
    bool stays;             /* survives this process */
};

/* Starts `clx worker TYPE` for a pre-registered row; its output goes to clx_jobs.logs/<executor id>.log beside clx_jobs.db. */
bool executor_direct_start(const struct executor_options *options, enum job_type type, gint64 worker_id, const char *executor_id,
                           struct process *ret_process, GError **error);

/* Kills whatever carries this executor id in its environment: what a dead worker left behind. Reaps what fell to this process. */
void executor_direct_kill_leftovers(const char *executor_id);

/* True if the process runs and carries this executor id in its environment. */
bool executor_direct_is_worker(gint64 pid, const char *executor_id);

/* Removes the runtime folder of a worker that could not do it itself. */
void executor_direct_remove_runtime(const char *executor_id);
