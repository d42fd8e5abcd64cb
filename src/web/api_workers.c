/* Workers come, tell that they live, and go. */
#include <string.h>

#include "store/doorbell.h"
#include "web/api_private.h"

#define REGISTRATIONS 10000 /* of one session */

struct worker_row *api_get_worker(struct worker_api *api, struct http_request *request, const json_t *body)
{
    g_autoptr(worker_row) row = NULL;
    g_autoptr(GError) error = NULL;
    int got = worker_find(api->store, json_get_int(body, "worker_id", 0), &row, &error);

    if (got == 1 && !api_rate_allows(api, row->id)) {
        api_reply_too_many(request);
        return NULL;
    }
    if (got == 1 && !g_strcmp0(row->session_id, api->session_id))
        return g_steal_pointer(&row);
    if (got < 0)
        api_reply_problem(request, error);
    else
        api_reply_error(request, 404, "there is no such worker in this session; register again");
    return NULL;
}

bool api_is_own(const struct worker_api *api, const struct worker_row *row)
{
    return !g_strcmp0(row->session_id, api->session_id) &&
           (!g_strcmp0(row->execution_mode, "remote") || !g_strcmp0(row->execution_mode, "swarm"));
}

void api_add_event(struct worker_api *api, const struct worker_row *row, const char *type, const char *message)
{
    event_add(api->store, type, row->id, row->worker_type, row->execution_mode, api->session_id, message, NULL, NULL);
}

static void ring_ready(const struct worker_api *api)
{
    if (api->ready_bell)
        doorbell_ring(api->jobs_db, api->ready_bell);
}

void api_handle_register(struct worker_api *api, struct http_request *request, const json_t *body)
{
    int type = glossary_find(job_type_names, json_get_text(body, "worker_type", ""));
    const char *name = json_get_text(body, "container_id", NULL);
    const char *mode = g_str_equal(json_get_text(body, "execution_mode", ""), "swarm") ? "swarm" : "remote";
    g_autofree char *own = g_strdup_printf("%s-%s-%08x", mode, type >= 0 ? job_type_names[type] : "", g_random_int());
    g_autoptr(GError) error = NULL;

    if (!api_rate_allows(api, 0) || api->n_registered >= REGISTRATIONS) {
        api_reply_too_many(request);
        return;
    }
    api->n_registered++;
    if (type < 0) {
        api_reply_error(request, 400, "worker_type must be one of notebook, plantuml, drawio");
        return;
    }
    if (!name || !*name || strlen(name) > 128 || strchr(name, '/'))
        name = own;
    gint64 id = worker_preregister(api->store, (enum job_type)type, name, api->session_id, mode, NULL, &error);
    if (id < 0) /* the name is taken: by this worker, before it lost its connection */
        id = worker_preregister(api->store, (enum job_type)type, own, api->session_id, mode, NULL, NULL);
    if (id < 0 || !worker_activate(api->store, id, NULL)) {
        api_reply_error(request, 500, "cannot register: %s", error ? error->message : "the row is gone");
        return;
    }
    event_add(api->store, "worker_registered", id, job_type_names[type], mode, api->session_id, name, NULL, NULL);
    event_add(api->store, "worker_ready", id, job_type_names[type], mode, api->session_id, "ready for jobs", NULL, NULL);
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *time = g_date_time_format(now, "%F %T");
    api_reply(request, 200, json_pack("{s:I, s:s}", "worker_id", (json_int_t)id, "registered_at", time));
}

void api_handle_activate(struct worker_api *api, struct http_request *request, const json_t *body)
{
    g_autoptr(worker_row) row = api_get_worker(api, request, body);

    if (!row)
        return;
    if (row->status != WORKER_CREATED || !worker_activate(api->store, row->id, NULL)) {
        api_reply_error(request, 400, "worker %" G_GINT64_FORMAT " is %s, not created", row->id, worker_status_names[row->status]);
        return;
    }
    api_add_event(api, row, "worker_ready", "ready for jobs");
    ring_ready(api);
    api_reply_acknowledged(request, "activated_at");
}

/* A worker that names its job learns on the way whether that was cancelled or taken away. */
static void reply_heartbeat(struct worker_api *api, struct http_request *request, gint64 worker_id, const json_t *body)
{
    gint64 job_id = json_get_int(body, "job_id", 0);
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *time = g_date_time_format(now, "%F %T");
    bool is_lost = job_id && job_is_current(api->store, job_id, worker_id, (int)json_get_int(body, "token", 0), NULL) == 0;

    api_reply(request, 200, json_pack("{s:b, s:s, s:b}", "acknowledged", 1, "timestamp", time, "cancelled", is_lost));
}

void api_handle_heartbeat(struct worker_api *api, struct http_request *request, const json_t *body)
{
    g_autoptr(worker_row) row = api_get_worker(api, request, body);
    g_autoptr(GError) error = NULL;

    if (!row)
        return;
    if (!worker_heartbeat(api->store, row->id, json_number_value(json_object_get(body, "cpu_usage")),
                          json_number_value(json_object_get(body, "memory_usage")), json_get_text(body, "progress", NULL), &error))
        api_reply_problem(request, error);
    else
        reply_heartbeat(api, request, row->id, body);
}

void api_give_back(struct worker_api *api, const struct worker_row *row)
{
    g_autoptr(job) job = NULL;

    if (row->current_job && job_find(api->store, row->current_job, &job, NULL) == 1)
        job_give_back(api->store, job->id, row->id, job->attempts, NULL);
}

void api_handle_unregister(struct worker_api *api, struct http_request *request, const json_t *body)
{
    g_autoptr(worker_row) row = api_get_worker(api, request, body);
    const char *reason = json_get_text(body, "reason", "told to stop");
    int type = row ? glossary_find(job_type_names, row->worker_type) : -1;

    if (type < 0)
        return;
    if (row->status != WORKER_HUNG) { /* else the supervisor writes down its end */
        api_add_event(api, row, "worker_stopping", reason);
        api_give_back(api, row);
        worker_remove(api->store, row->id, NULL);
        api_add_event(api, row, "worker_stopped", reason);
    }
    api_ring_workers(api, (enum job_type)type);
    api_reply_acknowledged(request, "unregistered_at");
}
