#include "web/worker_api.h"

#include <glib-unix.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/error.h"
#include "clx-config.h"
#include "net/http_listen.h"
#include "store/doorbell.h"
#include "store/job_views.h"
#include "web/api_private.h"
#include "web/api_v1.h"

#define CONNECTIONS 4096
#define PORTS 100
#define WAIT_LIMIT_S 60
#define TOKEN_BYTES 32
#define REGISTRATIONS 10000            /* of one session */
#define RING_BUILD (1u << N_JOB_TYPES) /* the other bits: job types */

/* A claim that waits for a job. */
struct waiting {
    struct worker_api *api;
    struct http_request *request;
    enum job_type type;
    gint64 worker_id;
    guint timer;
};

/* ---- replies ---- */

void api_reply(struct http_request *request, unsigned status, json_t *object)
{
    g_autoptr(json_t) owner = object;
    g_autofree char *text = json_to_text(object);

    http_reply_text(request, status, "application/json", text);
}

void api_reply_error(struct http_request *request, unsigned status, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list values;

    va_start(values, format);
    text = g_strdup_vprintf(format, values);
    va_end(values);
    json_t *object = json_pack("{s:s}", "detail", text);
    api_reply(request, status, object ? object : json_pack("{s:s}", "detail", "the request is not UTF-8"));
}

/* The status that fits what the store says. */
static void reply_problem(struct http_request *request, const GError *error)
{
    unsigned status = g_error_matches(error, CLX_ERROR, CLX_ERROR_STALE)       ? 409
                      : g_error_matches(error, CLX_ERROR, CLX_ERROR_NOT_FOUND) ? 404
                                                                               : 500;

    api_reply_error(request, status, "%s", error->message);
}

static void reply_too_many(struct http_request *request)
{
    static const struct http_header headers[] = {{"Content-Type", "application/json"}, {"Retry-After", "1"}, {NULL, NULL}};
    g_autoptr(GBytes) text = g_bytes_new_static("{\"detail\": \"too many requests\"}", strlen("{\"detail\": \"too many requests\"}"));

    http_reply(request, 429, headers, text);
}

static void reply_acknowledged(struct http_request *request, const char *time_name)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *time = g_date_time_format(now, "%F %T");

    api_reply(request, 200, json_pack("{s:b, s:s}", "acknowledged", 1, time_name, time));
}

/* ---- workers ---- */

/* A worker of this session, or of none when it was there before; else the reply says so. The caller frees it. */
static struct worker_row *get_worker(struct worker_api *api, struct http_request *request, const json_t *body)
{
    g_autoptr(worker_row) row = NULL;
    g_autoptr(GError) error = NULL;
    int got = worker_find(api->store, json_get_int(body, "worker_id", 0), &row, &error);

    if (got == 1 && !api_rate_allows(api, row->id)) {
        reply_too_many(request);
        return NULL;
    }
    if (got == 1 && !g_strcmp0(row->session_id, api->session_id))
        return g_steal_pointer(&row);
    if (got < 0)
        reply_problem(request, error);
    else
        api_reply_error(request, 404, "there is no such worker in this session; register again");
    return NULL;
}

bool api_is_own(const struct worker_api *api, const struct worker_row *row)
{
    return !g_strcmp0(row->session_id, api->session_id) &&
           (!g_strcmp0(row->execution_mode, "remote") || !g_strcmp0(row->execution_mode, "swarm"));
}

static void add_event(struct worker_api *api, const struct worker_row *row, const char *type, const char *message)
{
    event_add(api->store, type, row->id, row->worker_type, row->execution_mode, api->session_id, message, NULL, NULL);
}

static void ring_ready(const struct worker_api *api)
{
    if (api->ready_bell)
        doorbell_ring(api->jobs_db, api->ready_bell);
}

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

static void handle_register(struct worker_api *api, struct http_request *request, const json_t *body)
{
    int type = glossary_find(job_type_names, json_get_text(body, "worker_type", ""));
    const char *name = json_get_text(body, "container_id", NULL);
    const char *mode = g_str_equal(json_get_text(body, "execution_mode", ""), "swarm") ? "swarm" : "remote";
    g_autofree char *own = g_strdup_printf("%s-%s-%08x", mode, type >= 0 ? job_type_names[type] : "", g_random_int());
    g_autoptr(GError) error = NULL;

    if (!api_rate_allows(api, 0) || api->n_registered >= REGISTRATIONS) {
        reply_too_many(request);
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

static void handle_activate(struct worker_api *api, struct http_request *request, const json_t *body)
{
    g_autoptr(worker_row) row = get_worker(api, request, body);

    if (!row)
        return;
    if (row->status != WORKER_CREATED || !worker_activate(api->store, row->id, NULL)) {
        api_reply_error(request, 400, "worker %" G_GINT64_FORMAT " is %s, not created", row->id, worker_status_names[row->status]);
        return;
    }
    add_event(api, row, "worker_ready", "ready for jobs");
    ring_ready(api);
    reply_acknowledged(request, "activated_at");
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

static void handle_heartbeat(struct worker_api *api, struct http_request *request, const json_t *body)
{
    g_autoptr(worker_row) row = get_worker(api, request, body);
    g_autoptr(GError) error = NULL;

    if (!row)
        return;
    if (!worker_heartbeat(api->store, row->id, json_number_value(json_object_get(body, "cpu_usage")),
                          json_number_value(json_object_get(body, "memory_usage")), json_get_text(body, "progress", NULL), &error))
        reply_problem(request, error);
    else
        reply_heartbeat(api, request, row->id, body);
}

/* The job that the worker has in hand goes back unharmed. */
static void give_back(struct worker_api *api, const struct worker_row *row)
{
    g_autoptr(job) job = NULL;

    if (row->current_job && job_find(api->store, row->current_job, &job, NULL) == 1)
        job_give_back(api->store, job->id, row->id, job->attempts, NULL);
}

static void handle_unregister(struct worker_api *api, struct http_request *request, const json_t *body)
{
    g_autoptr(worker_row) row = get_worker(api, request, body);
    const char *reason = json_get_text(body, "reason", "told to stop");
    int type = row ? glossary_find(job_type_names, row->worker_type) : -1;

    if (type < 0)
        return;
    if (row->status != WORKER_HUNG) { /* else the supervisor writes down its end */
        add_event(api, row, "worker_stopping", reason);
        give_back(api, row);
        worker_remove(api->store, row->id, NULL);
        add_event(api, row, "worker_stopped", reason);
    }
    ring_soon(api, 1u << type);
    reply_acknowledged(request, "unregistered_at");
}

/* ---- claims ---- */

static json_t *describe_job(struct worker_api *api, const struct job *job, gint64 worker_id, bool is_v1, GError **error)
{
    g_autoptr(json_t) inputs = api_list_inputs(api, job, error);
    g_autoptr(json_t) payload = !inputs ? NULL : is_v1 ? api_v1_payload(api, job, worker_id, error) : json_incref(job->payload);

    if (!payload)
        return NULL;
    return json_pack("{s:{s:I, s:s, s:s, s:s, s:s, s:O, s:s, s:i, s:i, s:O}}", "job", "id", (json_int_t)job->id, "job_type",
                     job_type_names[job->type], "input_file", job->input_file ? job->input_file : "", "output_file",
                     json_get_text(payload, "output_file", job->output_file ? job->output_file : ""), "content_hash",
                     job->content_hash ? job->content_hash : "", "payload", payload, "correlation_id", "", "token", job->attempts,
                     "attempts", job->attempts, "inputs", inputs);
}

/* A job whose inputs cannot be read fails here: no worker could do it. */
static void fail_unreadable(struct worker_api *api, const struct job *job, gint64 worker_id, const GError *error)
{
    g_autoptr(json_t) problem = json_pack("{s:s, s:s}", "type", "not_found", "message", error->message);

    job_fail(api->store, job->id, worker_id, job->attempts, problem, false, NULL);
    api_ring_build(api);
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
static int claim(struct worker_api *api, gint64 worker_id, enum job_type type, struct job **ret_job, GError **error)
{
    int got = job_claim(api->store, worker_id, type, ret_job, error);

    if (got == 0)
        got = find_in_hand(api, worker_id, ret_job, error);
    return got == 2 ? job_claim(api->store, worker_id, type, ret_job, error) : got;
}

/* Replies and returns true, unless there is no job. */
static bool try_claim(struct worker_api *api, struct http_request *request, gint64 worker_id, enum job_type type, bool is_v1)
{
    for (;;) {
        g_autoptr(job) job = NULL;
        g_autoptr(GError) error = NULL;
        int got = claim(api, worker_id, type, &job, &error);

        if (got == 0)
            return false;
        if (got < 0) {
            api_reply_error(request, 404, "%s", error ? error->message : "there is no such worker any more; register again");
            return true;
        }
        json_t *reply = describe_job(api, job, worker_id, is_v1, &error);
        if (reply) {
            api_reply(request, 200, reply);
            return true;
        }
        fail_unreadable(api, job, worker_id, error);
    }
}

static void waiting_free(struct waiting *waiting)
{
    g_queue_remove(&waiting->api->waiting[waiting->type], waiting);
    g_clear_handle_id(&waiting->timer, g_source_remove);
    g_free(waiting);
}

static void on_claimer_gone(gpointer data)
{
    waiting_free(data);
}

static void reply_no_job(struct http_request *request)
{
    api_reply(request, 200, json_pack("{s:n}", "job"));
}

static gboolean on_wait_over(gpointer data)
{
    struct waiting *waiting = data;

    waiting->timer = 0;
    reply_no_job(waiting->request);
    waiting_free(waiting);
    return G_SOURCE_REMOVE;
}

/* Each ring may bring more than one job: the oldest claims first, until there are no more. */
static gboolean on_bell(gint fd, GIOCondition condition, gpointer data)
{
    struct worker_api *api = data;

    doorbell_drain(fd);
    for (int type = 0; type < N_JOB_TYPES; type++)
        while (api->bells[type] == fd && api->waiting[type].head) {
            struct waiting *first = api->waiting[type].head->data;
            if (!try_claim(api, first->request, first->worker_id, (enum job_type)type, false))
                break;
            waiting_free(first);
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

static void handle_claim(struct worker_api *api, struct http_request *request, const json_t *body)
{
    g_autoptr(worker_row) row = get_worker(api, request, body);
    double wait_s = CLAMP(json_number_value(json_object_get(body, "wait")), 0, WAIT_LIMIT_S);
    int type = row ? glossary_find(job_type_names, json_get_text(body, "job_type", row->worker_type)) : -1;

    if (!row)
        return;
    if (type < 0) {
        api_reply_error(request, 400, "there is no such job_type");
        return;
    }
    listen_for_jobs(api, (enum job_type)type); /* before looking, so that no ring is missed */
    if (try_claim(api, request, row->id, (enum job_type)type, api_v1_is_claim(body)))
        return;
    if (wait_s <= 0) {
        reply_no_job(request);
        return;
    }
    struct waiting *waiting = g_new0(struct waiting, 1);
    *waiting = (struct waiting){.api = api, .request = request, .type = (enum job_type)type, .worker_id = row->id};
    waiting->timer = g_timeout_add((guint)(wait_s * 1000), on_wait_over, waiting);
    g_queue_push_tail(&api->waiting[type], waiting);
    http_request_on_gone(request, on_claimer_gone, waiting);
}

/* ---- jobs ---- */

/* Outputs that a result names must have been delivered, or be in the cache already. */
static const char *find_missing(const struct worker_api *api, const json_t *result)
{
    size_t i;
    json_t *output;

    json_array_foreach(json_object_get(result, "outputs"), i, output)
    {
        const char *sha256 = json_get_text(output, "sha256", "");
        if (!cache_has_object(api->cache, sha256, -1))
            return sha256;
    }
    return NULL;
}

static bool end_job(struct worker_api *api, gint64 id, gint64 worker_id, int token, const json_t *body, GError **error)
{
    const json_t *problem = json_object_get(body, "error");
    g_autoptr(json_t) plain = NULL;

    if (g_str_equal(json_get_text(body, "status", ""), "completed"))
        return job_complete(api->store, id, worker_id, token, json_object_get(body, "result"), error);
    if (!json_get_text(problem, "message", NULL)) /* the earlier implementation: a text, or an object with other members */
        problem = plain = json_pack("{s:s, s:s}", "type", "infrastructure", "message",
                                    json_is_string(problem) ? json_string_value(problem)
                                                            : json_get_text(problem, "error_message", "the worker gave no reason"));
    return job_fail(api->store, id, worker_id, token, problem,
                    g_str_equal(json_get_text(problem, "type", "infrastructure"), "infrastructure") &&
                        !json_get_bool(problem, "is_final", false),
                    error);
}

/* A worker of the earlier implementation knows no token: the attempt that it has is the current one, or none. */
static int find_token(struct worker_api *api, const json_t *body, gint64 id)
{
    g_autoptr(job) job = NULL;

    if (json_is_integer(json_object_get(body, "token")))
        return (int)json_get_int(body, "token", 0);
    return job_find(api->store, id, &job, NULL) == 1 ? job->attempts : 0;
}

/* An output of a worker of the earlier implementation: false when the reply has been given, true when what ends the job is in
 * `ret_body`. */
static bool take_v1_output(struct worker_api *api, struct http_request *request, gint64 id, json_t **ret_body)
{
    g_autoptr(job) job = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) result = NULL;
    int got = job_find(api->store, id, &job, &error) == 1 ? api_v1_take_output(api, job, &result, &error) : -1;

    if (got == 0)
        reply_acknowledged(request, "timestamp");
    else if (got == 1)
        *ret_body = json_pack("{s:s, s:O}", "status", "completed", "result", result);
    else
        *ret_body = json_pack("{s:s, s:s}", "status", "failed", "error", error ? error->message : "there is no such job");
    return got != 0;
}

static void handle_status(struct worker_api *api, struct http_request *request, const json_t *body, gint64 id)
{
    g_autoptr(worker_row) row = get_worker(api, request, body);
    const char *status = json_get_text(body, "status", "");
    g_autoptr(GError) error = NULL;

    if (!row)
        return;
    g_autoptr(json_t) v1_body = NULL;
    if (g_str_equal(status, "completed") && api_v1_has(api, id, row->id) && !json_object_get(json_object_get(body, "result"), "outputs")) {
        if (!take_v1_output(api, request, id, &v1_body))
            return;
        body = v1_body;
        status = json_get_text(body, "status", "");
    }
    const char *missing = find_missing(api, json_object_get(body, "result"));
    if (!g_str_equal(status, "completed") && !g_str_equal(status, "failed"))
        api_reply_error(request, 400, "status must be completed or failed");
    else if (missing && g_str_equal(status, "completed"))
        api_reply_error(request, 400, "blob %s was not delivered", missing);
    else if (!end_job(api, id, row->id, find_token(api, body, id), body, &error))
        reply_problem(request, error);
    else {
        api_v1_forget(api, id);
        api_ring_build(api);
        reply_acknowledged(request, "timestamp");
        return;
    }
    if (error && row->status == WORKER_BUSY) /* it was cancelled or taken away: the worker is free again */
        worker_set_status(api->store, row->id, WORKER_IDLE, NULL);
}

static void handle_cancelled(struct worker_api *api, struct http_request *request, gint64 id)
{
    g_autoptr(job_view) view = NULL;
    g_autoptr(GError) error = NULL;
    int got = job_view_find(api->store, id, &view, &error);

    if (got < 0)
        reply_problem(request, error);
    else if (got == 0 || g_strcmp0(view->session_id, api->session_id))
        api_reply_error(request, 404, "there is no such job in this session");
    else
        api_reply(request, 200,
                  json_pack("{s:b, s:s?, s:s?}", "cancelled", view->status == JOB_CANCELLED, "cancelled_at",
                            view->status == JOB_CANCELLED ? view->completed_at : NULL, "cancelled_by", view->cancelled_by));
}

static void handle_cache_add(struct worker_api *api, struct http_request *request, const json_t *body)
{
    const char *output = json_get_text(body, "output_file", NULL), *hash = json_get_text(body, "content_hash", NULL);
    g_autoptr(GError) error = NULL;

    if (!output || !hash)
        api_reply_error(request, 400, "output_file and content_hash are needed");
    else if (!results_cache_add(api->store, output, hash, json_object_get(body, "result_metadata"), &error))
        reply_problem(request, error);
    else
        reply_acknowledged(request, "timestamp");
}

/* ---- routes ---- */

typedef void body_handler(struct worker_api *api, struct http_request *request, const json_t *body);
static const struct {
    const char *path;
    body_handler *handle;
} post_routes[] = {
    {"/api/worker/activate", handle_activate}, {"/api/worker/cache/add", handle_cache_add}, {"/api/worker/heartbeat", handle_heartbeat},
    {"/api/worker/jobs/claim", handle_claim},  {"/api/worker/register", handle_register},   {"/api/worker/unregister", handle_unregister},
};

/* "/api/worker/jobs/17/status": the number and what follows. */
static bool parse_job_path(const char *path, gint64 *ret_id, const char **ret_rest)
{
    char *end;

    if (!g_str_has_prefix(path, "/api/worker/jobs/") || !g_ascii_isdigit(path[strlen("/api/worker/jobs/")]))
        return false;
    *ret_id = g_ascii_strtoll(path + strlen("/api/worker/jobs/"), &end, 10);
    *ret_rest = end;
    return true;
}

static void handle_post(struct worker_api *api, struct http_request *request, const char *path)
{
    size_t length;
    const char *text = http_request_body(request, &length), *rest;
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) body = json_parse(text, length, &error);
    gint64 id;

    if (!body || !json_is_object(body)) {
        api_reply_error(request, 400, "the body must be a JSON object%s%s", error ? ": " : "", error ? error->message : "");
        return;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(post_routes); i++)
        if (g_str_equal(path, post_routes[i].path)) {
            post_routes[i].handle(api, request, body);
            return;
        }
    if (parse_job_path(path, &id, &rest) && g_str_equal(rest, "/status"))
        handle_status(api, request, body, id);
    else
        api_reply_error(request, 404, "there is no POST %s", path);
}

static void handle(struct http_request *request, gpointer data)
{
    struct worker_api *api = data;
    const char *method = http_request_method(request), *path = http_request_path(request), *rest;
    gint64 id;

    if (g_str_has_prefix(path, "/api/worker/blobs/"))
        api_handle_blob(api, request, path + strlen("/api/worker/blobs/"));
    else if (g_str_equal(method, "POST"))
        handle_post(api, request, path);
    else if (!g_str_equal(method, "GET"))
        api_reply_error(request, 405, "%s is not known here", method);
    else if (g_str_equal(path, "/health"))
        api_reply(request, 200, json_pack("{s:s, s:s, s:i}", "status", "ok", "version", CLX_VERSION, "api_version", WORKER_API_VERSION));
    else if (parse_job_path(path, &id, &rest) && g_str_equal(rest, "/cancelled"))
        handle_cancelled(api, request, id);
    else
        api_reply_error(request, 404, "there is no GET %s", path);
}

/* ---- groups: one transaction for what comes in one turn of the main loop ---- */

static bool belongs(const struct http_request *request, gpointer data)
{
    return g_str_equal(http_request_method(request), "POST");
}

/* Where no transaction can be had each request has its own, and says what is wrong. */
static void begin_group(gpointer data)
{
    struct worker_api *api = data;

    api->is_grouped = store_begin(api->store, NULL);
}

static bool end_group(gpointer data)
{
    struct worker_api *api = data;

    return !api->is_grouped || store_commit(api->store, NULL);
}

static const struct http_grouping grouping = {.belongs = belongs, .begin = begin_group, .end = end_group};

/* In the same time whether the first or the last character differs. */
static bool is_same_secret(const char *text, const char *secret)
{
    gsize length = strlen(secret), given = strlen(text);
    unsigned difference = given != length;

    for (gsize i = 0; i < length; i++)
        difference |= (unsigned)(text[MIN(i, given)] ^ secret[i]);
    return difference == 0;
}

static unsigned admit(struct http_request *request, gpointer data)
{
    struct worker_api *api = data;
    const char *text = http_request_header(request, "Authorization");

    if (!text || !g_str_has_prefix(text, "Bearer ") || !is_same_secret(text + strlen("Bearer "), api->token))
        return 401;
    api_blob_admit(api, request);
    return 0;
}

/* ---- made and freed ---- */

static char *make_token(void)
{
    guint8 bytes[TOKEN_BYTES];
    GString *text = g_string_new(NULL);

    g_assert(getrandom(bytes, sizeof(bytes), 0) == sizeof(bytes));
    for (gsize i = 0; i < sizeof(bytes); i++)
        g_string_append_printf(text, "%02x", bytes[i]);
    return g_string_free(text, FALSE);
}

struct worker_api *worker_api_new(const struct worker_api_options *options, GError **error)
{
    struct worker_api *api = g_new0(struct worker_api, 1);

    api->store = options->store;
    api->cache = options->cache;
    api->jobs_db = g_strdup(options->jobs_db);
    api->session_id = g_strdup(options->session_id);
    api->ready_bell = g_strdup(options->ready_bell);
    api->token = options->token ? g_strdup(options->token) : make_token();
    api->servers = g_ptr_array_new_with_free_func((GDestroyNotify)http_server_free);
    api->inputs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    api->listings = api_inputs_new_listings();
    api->delivered = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    api->partial = api_partial_new_table();
    api->v1_jobs = api_v1_new_jobs();
    api->buckets = api_rate_new();
    api->heartbeat_limit_s = options->heartbeat_limit_s;
    for (int type = 0; type < N_JOB_TYPES; type++) {
        api->bells[type] = -1;
        api->max_job_time_s[type] = options->max_job_time_s[type];
    }
    api_expiry_start(api);
    return api;
}

static bool serve(struct worker_api *api, int fd, GError **error)
{
    const struct http_server_options options = {.admit = admit,
                                                .handle = handle,
                                                .grouping = &grouping,
                                                .data = api,
                                                .body_limit = API_BODY_LIMIT,
                                                .connection_limit = CONNECTIONS};
    struct http_server *server = fd >= 0 ? http_server_new(fd, &options, error) : NULL;

    if (server)
        g_ptr_array_add(api->servers, server);
    return server != NULL;
}

unsigned worker_api_listen_tcp(struct worker_api *api, const char *host, unsigned port, GError **error)
{
    unsigned bound = 0;
    int fd = http_listen_tcp(host, port, PORTS, &bound, error);

    return serve(api, fd, error) ? bound : 0;
}

bool worker_api_listen_unix(struct worker_api *api, const char *path, GError **error)
{
    return serve(api, http_listen_unix(path, error), error);
}

const char *worker_api_token(const struct worker_api *api)
{
    return api->token;
}

static void remove_remote(const struct worker_row *row, gpointer data)
{
    struct worker_api *api = data;

    if (!api_is_own(api, row))
        return;
    give_back(api, row);
    worker_remove(api->store, row->id, NULL);
    add_event(api, row, "worker_stopped", "the build has ended");
}

static void stop_listening(struct worker_api *api, int type)
{
    g_clear_handle_id(&api->bell_watches[type], g_source_remove);
    if (api->bells[type] >= 0)
        close(api->bells[type]);
    if (api->bell_paths[type])
        doorbell_close(api->bell_paths[type]);
    g_free(api->bell_paths[type]);
}

void worker_api_free(struct worker_api *api)
{
    if (!api)
        return;
    g_ptr_array_unref(api->servers); /* claims that wait are gone with it */
    if (api->ring) {
        g_source_remove(api->ring);
        on_ring_due(api);
    }
    for (int type = 0; type < N_JOB_TYPES; type++)
        stop_listening(api, type);
    worker_list(api->store, remove_remote, api, NULL);
    api_expiry_stop(api);
    api_v1_clean_up(api);
    g_hash_table_unref(api->v1_jobs);
    g_hash_table_unref(api->buckets);
    g_hash_table_unref(api->inputs);
    g_hash_table_unref(api->listings);
    g_hash_table_unref(api->delivered);
    g_hash_table_unref(api->partial);
    g_free(api->jobs_db);
    g_free(api->session_id);
    g_free(api->ready_bell);
    g_free(api->token);
    g_free(api);
}
