/* How jobs end. */
#include "base/error.h"
#include "store/job_views.h"
#include "web/api_private.h"
#include "web/api_v1.h"

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

static bool is_ending(const char *status)
{
    return g_str_equal(status, "completed") || g_str_equal(status, "failed");
}

static void take_end(struct worker_api *api, struct http_request *request, const json_t *body, const struct worker_row *row, gint64 id)
{
    const char *status = json_get_text(body, "status", ""), *missing = find_missing(api, json_object_get(body, "result"));
    g_autoptr(GError) error = NULL;

    if (!is_ending(status))
        api_reply_error(request, 400, "status must be completed or failed");
    else if (missing && g_str_equal(status, "completed"))
        api_reply_error(request, 400, "blob %s was not delivered", missing);
    else if (!end_job(api, id, row->id, find_token(api, body, id), body, &error))
        api_reply_problem(request, error);
    else {
        api_v1_forget(api, id);
        api_ring_build(api);
        api_reply_acknowledged(request, "timestamp");
        return;
    }
    /* It was cancelled or taken away: the worker is free again. After any other error it still has the job, and tells its end once more. */
    if (g_error_matches(error, CLX_ERROR, CLX_ERROR_STALE) && row->status == WORKER_BUSY)
        worker_set_status(api->store, row->id, WORKER_IDLE, NULL);
}

/* ---- outputs of workers of the earlier implementation, which lie in files ---- */

struct v1_output {
    struct worker_row *row;
    gint64 id;
};

static void v1_output_free(gpointer data)
{
    struct v1_output *output = data;

    worker_row_free(output->row);
    g_free(output);
}

/* The body that ends the job, or NULL when other outputs are to come. */
static json_t *take_file(struct worker_api *api, gint64 id)
{
    g_autoptr(job) job = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) result = NULL;
    int got = job_find(api->store, id, &job, &error) == 1 ? api_v1_take_output(api, job, &result, &error) : -1;

    if (got == 0)
        return NULL;
    if (got == 1)
        return json_pack("{s:s, s:O}", "status", "completed", "result", result);
    return json_pack("{s:s, s:s}", "status", "failed", "error", error ? error->message : "there is no such job");
}

static void on_v1_output(struct worker_api *api, struct http_request *request, gpointer data)
{
    struct v1_output *output = data;
    bool is_known = api_v1_has(api, output->id, output->row->id); /* else it was ended by the request before */
    g_autoptr(json_t) body = is_known ? take_file(api, output->id) : json_pack("{s:s}", "status", "failed");

    if (body)
        take_end(api, request, body, output->row, output->id);
    else
        api_reply_acknowledged(request, "timestamp");
    v1_output_free(output);
}

static bool is_v1_output(const struct worker_api *api, const json_t *body, const struct worker_row *row, gint64 id)
{
    return g_str_equal(json_get_text(body, "status", ""), "completed") && api_v1_has(api, id, row->id) &&
           !json_object_get(json_object_get(body, "result"), "outputs");
}

void api_handle_status(struct worker_api *api, struct http_request *request, const json_t *body, gint64 id)
{
    g_autoptr(worker_row) row = api_get_worker(api, request, body);

    if (!row)
        return;
    if (!is_v1_output(api, body, row, id)) {
        take_end(api, request, body, row, id);
        return;
    }
    struct v1_output *output = g_new(struct v1_output, 1);
    *output = (struct v1_output){g_steal_pointer(&row), id};
    api_after_commit(api, request, on_v1_output, output, v1_output_free);
}

void api_handle_cancelled(struct worker_api *api, struct http_request *request, gint64 id)
{
    g_autoptr(job_view) view = NULL;
    g_autoptr(GError) error = NULL;
    int got = job_view_find(api->store, id, &view, &error);

    if (got < 0)
        api_reply_problem(request, error);
    else if (got == 0 || g_strcmp0(view->session_id, api->session_id))
        api_reply_error(request, 404, "there is no such job in this session");
    else
        api_reply(request, 200,
                  json_pack("{s:b, s:s?, s:s?}", "cancelled", view->status == JOB_CANCELLED, "cancelled_at",
                            view->status == JOB_CANCELLED ? view->completed_at : NULL, "cancelled_by", view->cancelled_by));
}

void api_handle_cache_add(struct worker_api *api, struct http_request *request, const json_t *body)
{
    const char *output = json_get_text(body, "output_file", NULL), *hash = json_get_text(body, "content_hash", NULL);
    g_autoptr(GError) error = NULL;

    if (!output || !hash)
        api_reply_error(request, 400, "output_file and content_hash are needed");
    else if (!results_cache_add(api->store, output, hash, json_object_get(body, "result_metadata"), &error))
        api_reply_problem(request, error);
    else
        api_reply_acknowledged(request, "timestamp");
}
