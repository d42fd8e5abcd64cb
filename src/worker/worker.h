/* The worker process: activates its row, waits at its doorbell, claims, runs, reports; heartbeat from the same loop, every 2 s unless it is idle. */
#pragma once

#include <glib.h>

#include "base/glossary.h"
#include "base/json.h"
#include "store/cache.h"

struct worker_context {
    struct cache *cache;
    const char *runtime_dir; /* private folder of this worker, removed at its end */
    const char *workspace;
    void (*report)(const char *progress, gpointer data); /* "cell 3 of 12" */
    gpointer data;
    struct plantuml *plantuml;   /* made on demand */
    struct drawio *drawio;       /* made on demand */
    json_t *tool;                /* what the tool of diagrams was made of */
    struct kernel_pool *kernels; /* made on demand; its processes end with the worker's */
    guint64 memory_limit;        /* bytes for this worker and all that it starts; 0: none */
    const char *log_folder;      /* for what helps to understand a failure, or NULL */
    GHashTable *executed;        /* keys of the runs of code that the current job made */
    int n_executed, n_saved;     /* runs of code that the current job made, and that it could spare */
    json_t *deps;                /* of the job: what it read or looked for in vain, see worker_add_dep() */
};

/* Runs one job: the result object (caller's) or NULL with error. SOURCE and NOT_FOUND errors fail the job at once, others are retried. */
typedef json_t *job_handler(const json_t *payload, struct worker_context *context, GError **error);
extern job_handler *const job_handlers[N_JOB_TYPES];

/* Adds a file that the job's result depends on, besides those that the payload names: `name` in the folder of this index (of the payload's
 * template_dirs; for a diagram the folder of its source). One that is not there counts too: it may appear. Each is added once. */
void worker_add_dep(struct worker_context *context, unsigned folder, const char *folder_path, const char *name);

/* Runs a worker of a type until it is told to stop; configuration by environment (queue-and-workers.md, section 3). Returns the exit status. */
int worker_run(enum job_type type);
