/* Workers as processes of this machine; their output goes to clx_jobs.logs/<executor id>.log beside clx_jobs.db. */
#pragma once

#include "supervisor/executor.h"

extern const struct executor_class executor_direct;

/* True if the process runs and carries this executor id in its environment. */
bool executor_direct_is_worker(gint64 pid, const char *executor_id);
