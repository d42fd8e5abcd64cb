/* The Worker API (queue-and-workers.md, section 5; docs/worker-api.md): the queue of one session over HTTP, for workers that cannot open the
 * database. Every request needs the session's token. Inputs and outputs are blobs, named by their SHA-256: a worker can fetch what its session's
 * jobs need and what the session made, and nothing else. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "store/cache.h"
#include "store/store.h"

#define WORKER_API_VERSION 2
#define WORKER_API_PORT 8765

struct worker_api;

struct worker_api_options {
    struct store *store;
    struct cache *cache;
    const char *jobs_db;             /* absolute: names the doorbells */
    const char *session_id;          /* whose jobs are handed out */
    const char *ready_bell;          /* rung when a worker is ready; or NULL */
    const char *token;               /* NULL: a random one */
    int heartbeat_limit_s;           /* silence after which a worker that registered itself counts as gone; 0: none */
    int max_job_time_s[N_JOB_TYPES]; /* without progress, of such a worker; 0: any */
};

struct worker_api *worker_api_new(const struct worker_api_options *options, GError **error);

/* Listens at a TCP address; the first port that is free from `port` on (0: any). May be called for several addresses. 0 with `error`. */
unsigned worker_api_listen_tcp(struct worker_api *api, const char *host, unsigned port, GError **error);
bool worker_api_listen_unix(struct worker_api *api, const char *path, GError **error);

/* The token of this session, borrowed. It goes to workers by their environment or a file, never by an argument. */
const char *worker_api_token(const struct worker_api *api);

/* Answers waiting claims with null, closes all connections, and removes the rows of workers that registered themselves. */
void worker_api_free(struct worker_api *api);
