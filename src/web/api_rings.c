#include "store/doorbell.h"
#include "web/api_private.h"

#define RING_BUILD (1u << N_JOB_TYPES) /* the other bits: job types */

static gboolean on_ring_due(gpointer data)
{
    struct worker_api *api = data;
    g_autofree char *channel = g_strconcat("build-", api->session_id, NULL);
    unsigned due = api->rings_due;

    api->ring = api->rings_due = 0;
    if (due & RING_BUILD)
        doorbell_ring(api->jobs_db, channel);
    for (int type = 0; type < N_JOB_TYPES; type++)
        if (due & 1u << type)
            doorbell_ring(api->jobs_db, job_type_names[type]);
    return G_SOURCE_REMOVE;
}

/* One ring for all that comes in one turn of the main loop, and after it has been committed. */
static void ring_soon(struct worker_api *api, unsigned rings)
{
    api->rings_due |= rings;
    if (!api->ring)
        api->ring = g_idle_add_full(G_PRIORITY_DEFAULT, on_ring_due, api, NULL);
}

void api_ring_build(struct worker_api *api)
{
    ring_soon(api, RING_BUILD);
}

void api_ring_workers(struct worker_api *api, enum job_type type)
{
    ring_soon(api, 1u << type);
}

void api_ring_now(struct worker_api *api)
{
    if (!api->ring)
        return;
    g_source_remove(api->ring);
    on_ring_due(api);
}
