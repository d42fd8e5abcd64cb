/* Workers ask for jobs. A claim:
 *
 *   asked -> job taken -> (commit) -> described -> replied
 *         -> no job -> waiting -> the bell: job taken -> described -> replied
 *                              -> its time is over: replied, without a job
 */
#include <glib-unix.h>
#include <unistd.h>

#include "store/doorbell.h"
#include "web/api_private.h"
#include "web/api_v1.h"

#define WAIT_LIMIT_S 60

struct claim {
    struct worker_api *api;
    struct http_request *request;
    gint64 worker_id;
    enum job_type type;
    bool is_v1;
    double wait_s;
    struct job *job; /* NULL: none yet */
    guint timer;     /* while it waits */
};

static json_t *describe_job(const struct claim *claim, GError **error)
{
    struct worker_api *api = claim->api;
    const struct job *job = claim->job;
    g_autoptr(json_t) inputs = api_list_inputs(api, job, error);
    g_autoptr(json_t) payload = !inputs        ? NULL
                                : claim->is_v1 ? api_v1_payload(api, job, claim->worker_id, error)
                                               : json_incref(job->payload);

    if (!payload)
        return NULL;
    return json_pack("{s:{s:I, s:s, s:s, s:s, s:s, s:O, s:s, s:i, s:i, s:O}}", "job", "id", (json_int_t)job->id, "job_type",
                     job_type_names[job->type], "input_file", job->input_file ? job->input_file : "", "output_file",
                     json_get_text(payload, "output_file", job->output_file ? job->output_file : ""), "content_hash",
                     job->content_hash ? job->content_hash : "", "payload", payload, "correlation_id", "", "token", job->attempts,
                     "attempts", job->attempts, "inputs", inputs);
}

/* A job whose inputs cannot be read fails here: no worker could do it. */
static void fail_unreadable(struct claim *claim, const GError *error)
{
    g_autoptr(json_t) problem = json_pack("{s:s, s:s}", "type", "not_found", "message", error->message);

    job_fail(claim->api->store, claim->job->id, claim->worker_id, claim->job->attempts, problem, false, NULL);
    g_clear_pointer(&claim->job, job_free);
    api_ring_build(claim->api);
}

/* What a worker has in hand already, since the reply to its last claim was lost: 1, 0 nothing, 2 no more (it is idle now), -1 error or no such
 * worker. */
static int find_in_hand(struct worker_api *api, gint64 worker_id, struct job **ret_job, GError **error)
{
    g_autoptr(worker_row) row = NULL;
    g_autoptr(job) job = NULL;

    if (worker_find(api->store, worker_id, &row, error) != 1)
        return -1;
    if (row->status != WORKER_BUSY)
        return 0;
    if (job_find(api->store, row->current_job, &job, NULL) != 1 || job->status != JOB_PROCESSING || job->worker_id != worker_id)
        return worker_set_status(api->store, worker_id, WORKER_IDLE, error) ? 2 : -1;
    *ret_job = g_steal_pointer(&job);
    return 1;
}

/* The next job, which only an idle worker gets; else what it has in hand already. 1, 0 none, -1 error. */
static int take_job(struct claim *claim, GError **error)
{
    struct store *store = claim->api->store;
    int got = job_claim(store, claim->worker_id, claim->type, &claim->job, error);

    if (got == 0)
        got = find_in_hand(claim->api, claim->worker_id, &claim->job, error);
    return got == 2 ? job_claim(store, claim->worker_id, claim->type, &claim->job, error) : got;
}

static void claim_free(gpointer data)
{
    struct claim *claim = data;

    if (claim->timer) {
        g_queue_remove(&claim->api->waiting[claim->type], claim);
        g_source_remove(claim->timer);
    }
    job_free(claim->job);
    g_free(claim);
}

/* ---- with a job: described once it is the worker's for certain, for its files may have to be read ---- */

static bool answer(struct claim *claim)
{
    g_autoptr(GError) error = NULL;
    json_t *reply = describe_job(claim, &error);

    if (reply)
        api_reply(claim->request, 200, reply);
    else
        fail_unreadable(claim, error);
    return reply != NULL;
}

/* Takes a job if there is one, and replies if there can be none: 1 taken, 0 none, -1 replied. */
static int look(struct claim *claim)
{
    g_autoptr(GError) error = NULL;
    int got = take_job(claim, &error);

    if (got < 0)
        api_reply_error(claim->request, 404, "%s", error ? error->message : "there is no such worker any more; register again");
    return got;
}

/* Without a transaction around it: replies and returns true, unless there is no job. */
static bool serve(struct claim *claim)
{
    int got;

    while ((got = claim->job ? 1 : look(claim)) == 1)
        if (answer(claim))
            return true;
    return got < 0;
}

/* ---- without a job ---- */

static void reply_no_job(struct http_request *request)
{
    api_reply(request, 200, json_pack("{s:n}", "job"));
}

static gboolean on_wait_over(gpointer data)
{
    struct claim *claim = data;

    reply_no_job(claim->request);
    claim_free(claim);
    return G_SOURCE_REMOVE;
}

/* Each ring may bring more than one job: the oldest claims first, until there are no more. */
static gboolean on_bell(gint fd, GIOCondition condition, gpointer data)
{
    struct worker_api *api = data;

    doorbell_drain(fd);
    for (int type = 0; type < N_JOB_TYPES; type++)
        while (api->bells[type] == fd && api->waiting[type].head) {
            struct claim *first = api->waiting[type].head->data;
            if (!serve(first))
                break;
            claim_free(first);
        }
    return G_SOURCE_CONTINUE;
}

static void listen_for_jobs(struct worker_api *api, enum job_type type)
{
    if (api->bells[type] >= 0)
        return;
    api->bells[type] = doorbell_listen(api->jobs_db, job_type_names[type], &api->bell_paths[type], NULL);
    if (api->bells[type] >= 0)
        api->bell_watches[type] = g_unix_fd_add(api->bells[type], G_IO_IN, on_bell, api);
}

/* Takes the claim over. */
static void wait_for_job(struct claim *claim)
{
    if (claim->wait_s <= 0) {
        reply_no_job(claim->request);
        claim_free(claim);
        return;
    }
    claim->timer = g_timeout_add((guint)(claim->wait_s * 1000), on_wait_over, claim);
    g_queue_push_tail(&claim->api->waiting[claim->type], claim);
    http_request_on_gone(claim->request, claim_free, claim);
}

/* ---- the request ---- */

static void on_committed(struct worker_api *api, struct http_request *request, gpointer data)
{
    struct claim *claim = data;

    if (serve(claim))
        claim_free(claim);
    else
        wait_for_job(claim);
}

/* Takes the claim over. */
static void begin(struct claim *claim)
{
    int got = look(claim);

    if (got == 1)
        api_after_commit(claim->api, claim->request, on_committed, claim, claim_free);
    else if (got == 0)
        wait_for_job(claim);
    else
        claim_free(claim);
}

void api_handle_claim(struct worker_api *api, struct http_request *request, const json_t *body)
{
    g_autoptr(worker_row) row = api_get_worker(api, request, body);
    int type = row ? glossary_find(job_type_names, json_get_text(body, "job_type", row->worker_type)) : -1;

    if (!row)
        return;
    if (type < 0) {
        api_reply_error(request, 400, "there is no such job_type");
        return;
    }
    listen_for_jobs(api, (enum job_type)type); /* before looking, so that no ring is missed */
    struct claim *claim = g_new0(struct claim, 1);
    *claim = (struct claim){.api = api,
                            .request = request,
                            .worker_id = row->id,
                            .type = (enum job_type)type,
                            .is_v1 = api_v1_is_claim(body),
                            .wait_s = CLAMP(json_number_value(json_object_get(body, "wait")), 0, WAIT_LIMIT_S)};
    begin(claim);
}

void api_claims_stop(struct worker_api *api)
{
    for (int type = 0; type < N_JOB_TYPES; type++) {
        g_clear_handle_id(&api->bell_watches[type], g_source_remove);
        if (api->bells[type] >= 0)
            close(api->bells[type]);
        if (api->bell_paths[type])
            doorbell_close(api->bell_paths[type]);
        g_free(api->bell_paths[type]);
    }
}
