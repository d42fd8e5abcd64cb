/* What the files of the Worker API share. Private to web/. */
#pragma once

#include "net/http_server.h"
#include "web/worker_api.h"

#define API_BODY_LIMIT (16u * 1024 * 1024)

struct worker_api {
    struct store *store;
    struct cache *cache;
    char *jobs_db, *session_id, *ready_bell, *token;
    GPtrArray *servers;
    GQueue waiting[N_JOB_TYPES]; /* of api_claims.c: claims without a job, oldest first */
    int bells[N_JOB_TYPES];      /* -1: nobody has waited for this type yet */
    guint bell_watches[N_JOB_TYPES];
    char *bell_paths[N_JOB_TYPES];
    GHashTable *inputs;    /* SHA-256 -> path: what jobs that were handed out need */
    GHashTable *delivered; /* SHA-256: what workers have brought */
    GHashTable *listings;  /* of api_inputs.c */
    GHashTable *partial;   /* of api_partial.c: what is on its way */
    gsize n_partial_bytes;
    GHashTable *v1_jobs; /* of api_v1.c */
    GHashTable *buckets; /* of api_rate.c */
    unsigned n_registered;
    int heartbeat_limit_s, max_job_time_s[N_JOB_TYPES];
    guint expiry, ring;
    unsigned rings_due; /* of api_rings.c */
    bool is_grouped;    /* a transaction is open */
    GQueue later;       /* of api_groups.c */
};

/* A worker of this session that nobody but this server looks after: "remote", or of a service of the cluster ("swarm"). */
bool api_is_own(const struct worker_api *api, const struct worker_row *row);

/* A worker of this session, or of none when it was there before; else the reply says so. The caller frees it. */
struct worker_row *api_get_worker(struct worker_api *api, struct http_request *request, const json_t *body);
void api_add_event(struct worker_api *api, const struct worker_row *row, const char *type, const char *message);

/* The job that the worker has in hand goes back unharmed. */
void api_give_back(struct worker_api *api, const struct worker_row *row);

/* ---- bells: one ring for all that comes in one turn of the main loop, and after it has been committed ---- */

/* Tells the build that jobs have changed; tells workers of a type that there may be a job. */
void api_ring_build(struct worker_api *api);
void api_ring_workers(struct worker_api *api, enum job_type type);
/* Rings what is due, before the end. */
void api_ring_now(struct worker_api *api);

/* ---- groups ---- */

/* POSTs that come together share a transaction, which holds the write lock of the jobs database. */
extern const struct http_grouping api_grouping;

/* Calls `run` once the transaction that is open has been committed (at once if there is none): what reads or writes files must hold nobody up. `run`
 * replies, and takes `data` over. When nothing could be committed the reply is 500, and `destroy` frees `data`. */
typedef void api_later(struct worker_api *api, struct http_request *request, gpointer data);
void api_after_commit(struct worker_api *api, struct http_request *request, api_later *run, gpointer data, GDestroyNotify destroy);

/* ---- what is asked for; `body` is an object ---- */
typedef void api_handler(struct worker_api *api, struct http_request *request, const json_t *body);
api_handler api_handle_register, api_handle_activate, api_handle_heartbeat, api_handle_unregister; /* api_workers.c */
api_handler api_handle_claim;                                                                      /* api_claims.c */
api_handler api_handle_cache_add;                                                                  /* api_jobs.c */
void api_handle_status(struct worker_api *api, struct http_request *request, const json_t *body, gint64 id);
void api_handle_cancelled(struct worker_api *api, struct http_request *request, gint64 id);

/* Nobody waits for jobs any more. */
void api_claims_stop(struct worker_api *api);

/* True if a worker (0: those that are about to register) may make one more request now. */
bool api_rate_allows(struct worker_api *api, gint64 worker_id);
GHashTable *api_rate_new(void);

/* Gives back the jobs of workers that are silent for too long (0: never). */
void api_expiry_start(struct worker_api *api);
void api_expiry_stop(struct worker_api *api);

/* Replies with a JSON object, which it takes over. */
void api_reply(struct http_request *request, unsigned status, json_t *object);
void api_reply_error(struct http_request *request, unsigned status, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* The status that fits what the store says. */
void api_reply_problem(struct http_request *request, const GError *error);
void api_reply_too_many(struct http_request *request);
/* `time_name`: the member that has the time. */
void api_reply_acknowledged(struct http_request *request, const char *time_name);

/* The table of `listings`. */
GHashTable *api_inputs_new_listings(void);

/* The files that a job reads, as an array of {path, sha256, size}; they become blobs that workers may fetch. NULL when one cannot be read. */
json_t *api_list_inputs(struct worker_api *api, const struct job *job, GError **error);

/* GET, HEAD and PUT of /api/worker/blobs/{sha256}. */
void api_handle_blob(struct worker_api *api, struct http_request *request, const char *sha256);

/* From within admit(): bytes of a blob that need no unpacking go to the disk as they come. */
void api_blob_admit(struct worker_api *api, struct http_request *request);

/* ---- blobs on their way ---- */
GHashTable *api_partial_new_table(void);

/* How many bytes are there from the beginning on. */
guint64 api_partial_length(const struct worker_api *api, const char *sha256);

/* Adds what comes next, from `position` on, and passes over what is there already. STALE when bytes are missing before it. */
bool api_partial_add(struct worker_api *api, const char *sha256, guint64 position, const void *data, gsize length, GError **error);

/* All bytes are there (at least one was added): they become an object of the cache. USAGE when their hash is another one. */
bool api_partial_finish(struct worker_api *api, const char *sha256, GError **error);
void api_partial_forget(struct worker_api *api, const char *sha256);
