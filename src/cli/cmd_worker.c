#include "base/glossary.h"
#include "cli/command.h"
#include "worker/health.h"
#include "worker/remote.h"
#include "worker/worker.h"

static int run_worker(struct invocation *invocation)
{
    int type = glossary_find(job_type_names, invocation_operand(invocation, 0));

    if (invocation_option(invocation, "health"))
        return health_check((enum job_type)type) ? 0 : 1;
    return g_getenv("CLX_API_URL") ? remote_worker_run((enum job_type)type) : worker_run((enum job_type)type);
}

static const struct option options[] = {
    {"health", 0, NULL, "only say by the exit status whether such a worker lives here (containers)"},
    {NULL},
};

extern const struct command cmd_worker;
const struct command cmd_worker = {
    .name = "worker",
    .operands = "TYPE",
    .purpose = "Run a worker (clx build does this by itself).",
    .example = "DB_PATH=clx_jobs.db CACHE_DB_PATH=clx_cache.db clx worker notebook",
    .options = options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run_worker,
    .choices = job_type_names,
};
