/* Workers of other machines have no process here: their heartbeat decides, and what they tell of their progress. Those that a pool has started are the
 * pool's matter. */
#include "store/doorbell.h"
#include "web/api_private.h"

#define INTERVAL_S 1

struct expiring {
    struct worker_api *api;
    GArray *late; /* struct late */
};

struct late {
    gint64 id;
    int type;
    bool is_swarm;
    const char *fault;
};

static const char *find_fault(const struct worker_api *api, const struct worker_row *row, int type)
{
    if (row->status == WORKER_DEAD || row->status == WORKER_CREATED)
        return NULL;
    if (row->heartbeat_age_s > api->heartbeat_limit_s)
        return "no heartbeat: it, its machine or the way to it is gone";
    return row->status == WORKER_BUSY && api->max_job_time_s[type] && row->progress_age_s > api->max_job_time_s[type]
               ? "no progress within max_job_time"
               : NULL;
}

static void look_at(const struct worker_row *row, gpointer data)
{
    struct expiring *expiring = data;
    int type = glossary_find(job_type_names, row->worker_type);

    if (type < 0 || !api_is_own(expiring->api, row))
        return;
    const char *fault = find_fault(expiring->api, row, type);
    if (fault)
        g_array_append_vals(expiring->late, &(struct late){row->id, type, !g_strcmp0(row->execution_mode, "swarm"), fault}, 1);
}

/* Job, row and event in one transaction. */
static void expire(struct worker_api *api, const struct late *late)
{
    if (!store_begin(api->store, NULL))
        return;
    if (job_release_worker(api->store, late->id, late->fault, NULL) < 0 || !worker_set_status(api->store, late->id, WORKER_DEAD, NULL) ||
        !event_add(api->store, "worker_failed", late->id, job_type_names[late->type], late->is_swarm ? "swarm" : "remote", api->session_id,
                   late->fault, NULL, NULL) ||
        !store_commit(api->store, NULL)) {
        store_rollback(api->store); /* a full disk: the next look tries again */
        return;
    }
    doorbell_ring(api->jobs_db, job_type_names[late->type]);
    api_ring_build(api);
}

static gboolean on_look(gpointer data)
{
    struct worker_api *api = data;
    g_autoptr(GArray) late = g_array_new(FALSE, FALSE, sizeof(struct late));
    struct expiring expiring = {api, late};

    worker_list(api->store, look_at, &expiring, NULL);
    for (unsigned i = 0; i < late->len; i++)
        expire(api, &g_array_index(late, struct late, i));
    return G_SOURCE_CONTINUE;
}

void api_expiry_start(struct worker_api *api)
{
    if (api->heartbeat_limit_s > 0)
        api->expiry = g_timeout_add_seconds(INTERVAL_S, on_look, api);
}

void api_expiry_stop(struct worker_api *api)
{
    g_clear_handle_id(&api->expiry, g_source_remove);
}
