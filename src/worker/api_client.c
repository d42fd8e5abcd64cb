#include "worker/api_client.h"

#include <string.h>

#include "base/error.h"
#include "base/gzip.h"
#include "base/hash.h"
#include "os/file.h"

#define CALL_TIMEOUT_MS 5000
#define BLOB_TIMEOUT_MS 120000
#define PART (8u * 1024 * 1024)
#define TRIES 3

struct api_client {
    struct http_client *http;
    bool is_packing; /* the way is long: bytes are packed */
};

/* A call on its way in the main loop. */
struct sending {
    char *path, *text;
    api_done *done;
    gpointer data;
};

static const struct http_header json_headers[] = {{"Content-Type", "application/json"}, {NULL, NULL}};

/* On the same machine packing takes longer than sending. CLX_API_COMPRESS=1 or 0 decides otherwise. */
static bool is_near(const char *url)
{
    static const char *const hosts[] = {"127.", "localhost", "[::1]", "host.docker.internal"};
    const char *wish = g_getenv("CLX_API_COMPRESS"), *host = strstr(url, "://");

    if (wish && *wish)
        return g_str_equal(wish, "0");
    for (gsize i = 0; host && i < G_N_ELEMENTS(hosts); i++)
        if (g_str_has_prefix(host + strlen("://"), hosts[i]))
            return true;
    return false;
}

struct api_client *api_client_new(const char *url, const char *token)
{
    struct api_client *client = g_new0(struct api_client, 1);
    bool is_unix = g_str_has_prefix(url, "unix://");
    g_autofree char *base = g_strdup(is_unix ? "http://localhost" : url);

    client->is_packing = !is_unix && !is_near(url);
    while (g_str_has_suffix(base, "/"))
        base[strlen(base) - 1] = '\0';
    client->http = http_client_new(
        &(struct http_client_options){.base_url = base, .unix_path = is_unix ? url + strlen("unix://") : NULL, .token = token});
    return client;
}

void api_client_free(struct api_client *client)
{
    if (!client)
        return;
    http_client_free(client->http);
    g_free(client);
}

static json_t *read_answer(const struct http_reply *reply, const char *path, GError **error)
{
    g_autoptr(json_t) answer = json_parse((const char *)reply->body->data, reply->body->len, NULL);
    enum clx_error code = reply->status == 409   ? CLX_ERROR_STALE
                          : reply->status == 404 ? CLX_ERROR_NOT_FOUND
                          : reply->status == 401 ? CLX_ERROR_USAGE
                          : reply->status == 429 ? CLX_ERROR_INFRASTRUCTURE
                          : reply->status < 500  ? CLX_ERROR_FAILED
                                                 : CLX_ERROR_INFRASTRUCTURE;

    if (reply->status / 100 == 2 && json_is_object(answer))
        return g_steal_pointer(&answer);
    if (reply->status == 401)
        g_set_error(error, CLX_ERROR, code, "the build does not accept CLX_API_TOKEN");
    else
        g_set_error(error, CLX_ERROR, code, "%s: status %u: %s", path, reply->status, json_get_text(answer, "detail", "no reason given"));
    return NULL;
}

json_t *api_client_post(struct api_client *client, const char *path, json_t *body, GError **error)
{
    g_autoptr(json_t) owned = body;
    g_autofree char *text = json_to_text(body);
    struct http_call call = {"POST", path, json_headers, text, strlen(text), .timeout_ms = CALL_TIMEOUT_MS};
    g_autoptr(http_reply_owner) reply = http_client_call(client->http, &call, error);

    return reply ? read_answer(reply, path, error) : NULL;
}

static void on_sent(struct http_reply *reply, const GError *error, gpointer data)
{
    struct sending *sending = data;
    g_autoptr(http_reply_owner) owned = reply;
    g_autoptr(GError) problem = NULL;
    g_autoptr(json_t) answer = reply ? read_answer(reply, sending->path, &problem) : NULL;

    sending->done(answer, error ? error : problem, sending->data);
    g_free(sending->path);
    g_free(sending->text);
    g_free(sending);
}

void api_client_send(struct api_client *client, const char *path, json_t *body, unsigned timeout_s, api_done *done, gpointer data)
{
    struct sending *sending = g_new0(struct sending, 1);
    g_autoptr(json_t) owned = body;

    *sending = (struct sending){.path = g_strdup(path), .text = json_to_text(body), .done = done, .data = data};
    http_client_send(
        client->http,
        &(struct http_call){"POST", sending->path, json_headers, sending->text, strlen(sending->text), .timeout_ms = timeout_s * 1000},
        on_sent, sending);
}

/* ---- blobs ---- */

static char *blob_path(const char *sha256)
{
    return g_strconcat("/api/worker/blobs/", sha256, NULL);
}

static bool add_part(const void *data, size_t length, gpointer user_data)
{
    GByteArray *bytes = user_data;

    if (bytes->len + length > FILE_READ_LIMIT)
        return false;
    g_byte_array_append(bytes, data, (guint)length);
    return true;
}

static bool unpack(GByteArray *bytes)
{
    g_autoptr(GByteArray) plain = gzip_unpack(bytes->data, bytes->len, FILE_READ_LIMIT);

    g_byte_array_set_size(bytes, 0);
    if (plain)
        g_byte_array_append(bytes, plain->data, plain->len);
    return plain != NULL;
}

/* True once everything is there; what has come stays for the next try, unless it is packed. */
static bool fetch_rest(struct api_client *client, const char *sha256, bool is_packed, GByteArray *bytes, GError **error)
{
    g_autofree char *path = blob_path(sha256), *range = g_strdup_printf("bytes=%u-", bytes->len);
    const struct http_header ranged[] = {{"Range", range}, {NULL, NULL}}, packed[] = {{"Accept-Encoding", "gzip"}, {NULL, NULL}};
    struct http_call call = {
        "GET", path, is_packed ? packed : bytes->len ? ranged : NULL, .timeout_ms = BLOB_TIMEOUT_MS, .part = add_part, .data = bytes};
    g_autoptr(http_reply_owner) reply = http_client_call(client->http, &call, error);

    if (!reply && is_packed)
        g_byte_array_set_size(bytes, 0);
    if (!reply)
        return false;
    if (reply->status / 100 == 2)
        return g_strcmp0(http_reply_header(reply, "content-encoding"), "gzip") != 0 || unpack(bytes);
    g_set_error(error, CLX_ERROR, CLX_ERROR_NOT_FOUND, "blob %s: status %u", sha256, reply->status);
    return false;
}

bool api_client_fetch(struct api_client *client, const char *sha256, const char *path, GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_autoptr(GError) problem = NULL;
    g_autofree char *hash = NULL;
    bool is_complete = false;

    for (int i = 0; i < TRIES && !is_complete; i++) {
        g_clear_error(&problem);
        is_complete = fetch_rest(client, sha256, client->is_packing && i == 0, bytes, &problem);
        if (g_error_matches(problem, CLX_ERROR, CLX_ERROR_NOT_FOUND))
            break;
    }
    if (!is_complete) {
        if (!problem)
            g_set_error(&problem, CLX_ERROR, CLX_ERROR_INFRASTRUCTURE, "blob %s came damaged", sha256);
        g_propagate_error(error, g_steal_pointer(&problem));
        return false;
    }
    hash = hash_sha256_hex(bytes->data, bytes->len);
    if (g_str_equal(hash, sha256))
        return file_write_atomic(path, bytes->len ? (const char *)bytes->data : "", bytes->len, error);
    g_set_error(error, CLX_ERROR, CLX_ERROR_INFRASTRUCTURE, "%s changed while it was fetched", path);
    return false;
}

/* How much is there already; G_MAXSIZE: all. */
static bool ask_received(struct api_client *client, const char *sha256, gsize *ret_received, GError **error)
{
    g_autofree char *path = blob_path(sha256);
    g_autoptr(http_reply_owner) reply =
        http_client_call(client->http, &(struct http_call){"HEAD", path, .timeout_ms = CALL_TIMEOUT_MS}, error);

    if (!reply)
        return false;
    const char *received = http_reply_header(reply, "x-received");
    *ret_received = reply->status == 200 ? G_MAXSIZE : received ? g_ascii_strtoull(received, NULL, 10) : 0;
    return true;
}

static bool send_part(struct api_client *client, const char *sha256, const char *data, gsize first, gsize length, GError **error)
{
    g_autofree char *path = blob_path(sha256);
    gsize n = MIN(PART, length - first);
    g_autofree char *range =
        g_strdup_printf("bytes %" G_GSIZE_FORMAT "-%" G_GSIZE_FORMAT "/%" G_GSIZE_FORMAT, first, first + n - 1, length);
    g_autoptr(GByteArray) packed = client->is_packing && n > 0 ? gzip_pack(data + first, n) : NULL;
    bool is_packed = packed && packed->len < n;
    const struct http_header headers[] = {{"Content-Type", "application/octet-stream"},
                                          {"Content-Range", range},
                                          {is_packed ? "Content-Encoding" : NULL, "gzip"},
                                          {NULL, NULL}};
    struct http_call call = {"PUT",
                             path,
                             length ? headers : NULL,
                             is_packed ? (const void *)packed->data : data + first,
                             is_packed ? packed->len : n,
                             .timeout_ms = BLOB_TIMEOUT_MS};
    g_autoptr(http_reply_owner) reply = http_client_call(client->http, &call, error);
    g_autoptr(json_t) answer = reply ? read_answer(reply, path, error) : NULL;

    return answer != NULL;
}

static bool deliver_rest(struct api_client *client, const char *sha256, const char *data, gsize length, GError **error)
{
    gsize received;

    if (!ask_received(client, sha256, &received, error))
        return false;
    if (received == G_MAXSIZE)
        return true;
    if (length == 0)
        return send_part(client, sha256, "", 0, 0, error);
    for (gsize first = received; first < length; first += MIN(PART, length - first))
        if (!send_part(client, sha256, data, first, length, error))
            return false;
    return true;
}

bool api_client_deliver(struct api_client *client, const char *sha256, const void *data, gsize length, GError **error)
{
    g_autoptr(GError) problem = NULL;

    for (int i = 0; i < TRIES; i++) {
        g_clear_error(&problem);
        if (deliver_rest(client, sha256, data, length, &problem))
            return true;
    }
    g_propagate_error(error, g_steal_pointer(&problem));
    return false;
}
