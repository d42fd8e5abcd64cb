#include "docker/engine.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "docker/config.h"

#define DEFAULT_HOST "unix:///var/run/docker.sock"
#define API_MINOR 41 /* what is spoken; a newer engine understands it, or says so */
#define API_MINOR_LAST 47
#define CALL_TIMEOUT_MS 60000
#define GREETING_TIMEOUT_MS 10000 /* an engine that hangs is told as one that is missing */

struct engine {
    char *host, *prefix; /* prefix: "/v1.41" */
    struct http_client *http;
    bool (*goes_on)(gpointer data); /* NULL: always */
    gpointer data;
};

/* ---- where it is ---- */

/* The endpoint of the current context, or NULL when that is the default one. */
static char *find_context_host(char **ret_tls_folder)
{
    g_autofree char *folder = docker_config_folder();
    g_autoptr(json_t) config = docker_config_read(), meta = NULL;
    const char *name = g_getenv("DOCKER_CONTEXT") ? g_getenv("DOCKER_CONTEXT") : json_get_text(config, "currentContext", NULL);
    g_autofree char *hash = name ? hash_sha256_hex(name, strlen(name)) : NULL;
    g_autofree char *meta_path = hash ? g_build_filename(folder, "contexts", "meta", hash, "meta.json", NULL) : NULL;

    if (!name || g_str_equal(name, "default"))
        return NULL;
    meta = docker_config_read_file(meta_path);
    *ret_tls_folder = g_build_filename(folder, "contexts", "tls", hash, "docker", NULL);
    return g_strdup(json_get_text(json_object_get(json_object_get(meta, "Endpoints"), "docker"), "Host", NULL));
}

static char *existing(const char *folder, const char *name)
{
    g_autofree char *path = folder ? g_build_filename(folder, name, NULL) : NULL;

    return path && g_file_test(path, G_FILE_TEST_IS_REGULAR) ? g_steal_pointer(&path) : NULL;
}

static char *tls_folder_of_environment(void)
{
    const char *folder = g_getenv("DOCKER_CERT_PATH");

    return folder ? g_strdup(folder) : docker_config_folder();
}

/* "tcp://host:port" speaks TLS when DOCKER_TLS_VERIFY is set or its port is 2376 or the context has certificates. */
static struct http_client *make_client(const char *host, const char *tls_folder, bool is_context, GError **error)
{
    const char *rest = strstr(host, "://");
    g_autofree char *ca = existing(tls_folder, "ca.pem"), *cert = existing(tls_folder, "cert.pem"), *key = existing(tls_folder, "key.pem");
    bool is_tls = g_str_has_prefix(host, "https://") || (g_getenv("DOCKER_TLS_VERIFY") && *g_getenv("DOCKER_TLS_VERIFY")) ||
                  g_str_has_suffix(host, ":2376") || (is_context && (ca || cert));

    if (g_str_has_prefix(host, "unix://"))
        return http_client_new(&(struct http_client_options){.base_url = "http://localhost", .unix_path = host + strlen("unix://")});
    if (rest && (g_str_has_prefix(host, "tcp://") || g_str_has_prefix(host, "http"))) {
        g_autofree char *url = g_strconcat(is_tls ? "https" : "http", rest, NULL);
        return http_client_new(&(struct http_client_options){
            .base_url = url, .ca_file = is_tls ? ca : NULL, .cert_file = is_tls ? cert : NULL, .key_file = is_tls ? key : NULL});
    }
    g_set_error(error, CLX_ERROR, CLX_ERROR_USAGE,
                "DOCKER_HOST '%s' is not understood\nuse unix:///path, tcp://host:port or a docker context", host);
    return NULL;
}

static struct engine *find_engine(GError **error)
{
    struct engine *engine = g_new0(struct engine, 1);
    g_autofree char *tls_folder = NULL;
    const char *host = g_getenv("DOCKER_HOST");

    engine->host = host && *host ? g_strdup(host) : find_context_host(&tls_folder);
    if (!engine->host)
        engine->host = g_strdup(DEFAULT_HOST);
    bool is_context = tls_folder != NULL;
    if (!is_context)
        tls_folder = tls_folder_of_environment();
    engine->prefix = g_strdup("");
    engine->http = make_client(engine->host, tls_folder, is_context, error);
    if (engine->http)
        return engine;
    engine_close(engine);
    return NULL;
}

void engine_close(struct engine *engine)
{
    if (!engine)
        return;
    http_client_free(engine->http);
    g_free(engine->host);
    g_free(engine->prefix);
    g_free(engine);
}

void engine_set_goes_on(struct engine *engine, bool (*goes_on)(gpointer data), gpointer data)
{
    engine->goes_on = goes_on;
    engine->data = data;
}

const char *engine_address(const struct engine *engine)
{
    return engine->host;
}

/* ---- calls ---- */

char *engine_message(const struct http_reply *reply)
{
    g_autoptr(json_t) answer = json_parse((const char *)reply->body->data, reply->body->len, NULL);
    const char *message = json_get_text(answer, "message", json_get_text(answer, "cause", NULL));

    return message ? g_strdup(message) : g_strdup_printf("status %u", reply->status);
}

struct http_reply *engine_call(struct engine *engine, const char *method, const char *path, json_t *body, GError **error)
{
    static const struct http_header headers[] = {{"Content-Type", "application/json"}, {NULL, NULL}};
    g_autoptr(json_t) owned = body;
    g_autofree char *text = body ? json_to_text(body) : NULL, *full = g_strconcat(engine->prefix, path, NULL);
    unsigned timeout_ms = *engine->prefix ? CALL_TIMEOUT_MS : GREETING_TIMEOUT_MS;
    struct http_call call = {
        method, full, headers, text, text ? strlen(text) : 0, .timeout_ms = timeout_ms, .goes_on = engine->goes_on, .data = engine->data};

    return http_client_call(engine->http, &call, error);
}

static bool check_status(const struct http_reply *reply, GError **error)
{
    g_autofree char *message = reply->status >= 400 ? engine_message(reply) : NULL;

    if (!message)
        return true;
    g_set_error(error, CLX_ERROR, reply->status == 404 ? CLX_ERROR_NOT_FOUND : CLX_ERROR_INFRASTRUCTURE, "docker: %s", message);
    return false;
}

bool engine_do(struct engine *engine, const char *method, const char *path, json_t *body, json_t **ret_answer, GError **error)
{
    g_autoptr(http_reply_owner) reply = engine_call(engine, method, path, body, error);

    if (!reply || !check_status(reply, error))
        return false;
    if (ret_answer)
        *ret_answer = json_parse((const char *)reply->body->data, reply->body->len, NULL);
    return true;
}

bool engine_stream(struct engine *engine, const struct http_call *call, GError **error)
{
    g_autofree char *full = g_strconcat(engine->prefix, call->path, NULL);
    struct http_call versioned = *call;

    versioned.path = full;
    g_autoptr(http_reply_owner) reply = http_client_call(engine->http, &versioned, error);

    return reply && check_status(reply, error);
}

struct http_pending *engine_send(struct engine *engine, const char *method, const char *path, http_done *done, gpointer data)
{
    g_autofree char *full = g_strconcat(engine->prefix, path, NULL);

    return http_client_send(engine->http, &(struct http_call){method, full}, done, data);
}

/* The newest version that both sides know. */
static bool negotiate(struct engine *engine, GError **error)
{
    g_autoptr(json_t) version = NULL;
    int newest = API_MINOR, oldest = 0;

    if (!engine_do(engine, "GET", "/version", NULL, &version, error))
        return false;
    sscanf(json_get_text(version, "ApiVersion", ""), "1.%d", &newest);
    sscanf(json_get_text(version, "MinAPIVersion", ""), "1.%d", &oldest);
    if (newest < API_MINOR || oldest > API_MINOR_LAST) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_FAILED, "the engine speaks API 1.%d to 1.%d; clx needs 1.%d to 1.%d", oldest, newest,
                    API_MINOR, API_MINOR_LAST);
        return false;
    }
    g_free(engine->prefix);
    engine->prefix = g_strdup_printf("/v1.%d", MIN(newest, API_MINOR_LAST));
    return true;
}

struct engine *engine_open(GError **error)
{
    g_autoptr(engine) engine = find_engine(error);
    g_autoptr(GError) problem = NULL;

    if (!engine)
        return NULL;
    if (negotiate(engine, &problem))
        return g_steal_pointer(&engine);
    g_set_error(error, CLX_ERROR, CLX_ERROR_FAILED,
                "no container engine answers at %s (%s)\nstart one (systemctl start docker), or set DOCKER_HOST, or use --workers=direct",
                engine->host, problem->message);
    return NULL;
}
