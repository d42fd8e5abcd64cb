/* WorkerLifecycleManager: the workers of one build, from the first start to the last process gone (worker-lifecycle-management.md). */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "base/glossary.h"
#include "config/settings.h"
#include "store/store.h"
#include "supervisor/executor.h"

struct lifecycle_manager;

/* What serves the queue to workers that cannot open the database. The server stands higher in the layers, so that it is given from there; it is
 * opened only when such workers are wanted. */
struct api_host {
    /* Serves until close(); `url` and `token` are set then, and belong to the host. */
    bool (*open)(struct api_host *host, struct store *store, const char *session_id, const char *ready_bell, GError **error);
    void (*close)(struct api_host *host);
    const char *url, *swarm_url, *token; /* swarm_url: for workers of the other machines of a swarm */
    gpointer data;
};

struct lifecycle_options {
    struct store *store;
    const struct settings *settings;
    const char *session_id;
    const char *jobs_db, *cache_db, *workspace; /* absolute */
    const char *program;                        /* path of clx, for "clx worker TYPE" */
    bool needed[N_JOB_TYPES];                   /* types the course needs */
    int max_useful[N_JOB_TYPES];                /* never start more workers than jobs; 0: as many as are configured */
    struct api_host *api;                       /* NULL: only workers of this machine */
    bool stays;                                 /* the workers belong to no build, whatever worker_management.auto_stop says */
    /* Called when a type's pool is stopped for good (crash loop, cannot start): the build ends with this error. */
    void (*failed)(enum job_type type, const char *message, gpointer data);
    waits *waits; /* executor.h; may be NULL */
    gpointer data;
};

struct lifecycle_manager *lifecycle_manager_new(const struct lifecycle_options *options);

/* Starts the pools (pre-registration, spawn); returns at once, the workers become idle on their own. */
bool lifecycle_manager_start(struct lifecycle_manager *manager, GError **error);

/* True once every place of every pool has a worker that is ready. */
bool lifecycle_manager_is_ready(const struct lifecycle_manager *manager);

/* How many workers of its own it has that are ready; the number of those that it found and reuses goes to `ret_n_reused`. */
int lifecycle_manager_count_workers(const struct lifecycle_manager *manager, int *ret_n_reused);

/* Stops in order: TERM, deadline, KILL; every row, process and event accounted for on return. Workers that stay are left alone. */
void lifecycle_manager_stop(struct lifecycle_manager *manager);

/* Stops at once (second Ctrl-C). */
void lifecycle_manager_kill(struct lifecycle_manager *manager);
void lifecycle_manager_free(struct lifecycle_manager *manager);
