#include "web/worker_api.h"

#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "clx-config.h"
#include "net/http_listen.h"
#include "web/api_private.h"
#include "web/api_v1.h"

#define CONNECTIONS 4096
#define PORTS 100
#define TOKEN_BYTES 32

/* ---- routes ---- */

static const struct {
    const char *path;
    api_handler *handle;
} post_routes[] = {
    {"/api/worker/activate", api_handle_activate},   {"/api/worker/cache/add", api_handle_cache_add},
    {"/api/worker/heartbeat", api_handle_heartbeat}, {"/api/worker/jobs/claim", api_handle_claim},
    {"/api/worker/register", api_handle_register},   {"/api/worker/unregister", api_handle_unregister},
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
        api_handle_status(api, request, body, id);
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
        api_handle_cancelled(api, request, id);
    else
        api_reply_error(request, 404, "there is no GET %s", path);
}

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
                                                .grouping = &api_grouping,
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

/* One that was taken for dead has had its end, and keeps its row. */
static void remove_remote(const struct worker_row *row, gpointer data)
{
    struct worker_api *api = data;

    if (!api_is_own(api, row) || row->status == WORKER_DEAD)
        return;
    api_give_back(api, row);
    worker_remove(api->store, row->id, NULL);
    api_add_event(api, row, "worker_stopped", "the build has ended");
}

void worker_api_free(struct worker_api *api)
{
    if (!api)
        return;
    g_ptr_array_unref(api->servers); /* claims that wait are gone with it */
    api_ring_now(api);
    api_claims_stop(api);
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
