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

/* A blob on its way here: plain bytes go to the disk and into the hash as they come, packed ones are kept until they can be unpacked. */
struct fetching {
    struct file_draft *draft;
    struct hasher *hasher;
    guint64 length;
    GByteArray *packed; /* NULL: plain */
    GError *error;
};

static bool write_plain(struct fetching *fetching, const void *data, size_t length)
{
    if (fetching->length + length > FILE_READ_LIMIT || !file_draft_write(fetching->draft, data, length, &fetching->error))
        return false;
    hasher_update(fetching->hasher, data, length);
    fetching->length += length;
    return true;
}

static bool add_part(const void *data, size_t length, gpointer user_data)
{
    struct fetching *fetching = user_data;

    if (!fetching->packed)
        return write_plain(fetching, data, length);
    if (fetching->packed->len + length > FILE_READ_LIMIT)
        return false;
    g_byte_array_append(fetching->packed, data, (guint)length);
    return true;
}

static bool unpack(struct fetching *fetching, const GByteArray *packed, bool is_packed)
{
    g_autoptr(GByteArray) plain = is_packed ? gzip_unpack(packed->data, packed->len, FILE_READ_LIMIT) : NULL;

    if (is_packed)
        return plain && write_plain(fetching, plain->data, plain->len);
    return write_plain(fetching, packed->data, packed->len);
}

/* True once everything is there; what has come stays for the next try, unless it is packed. */
static bool fetch_rest(struct api_client *client, const char *sha256, bool is_packed, struct fetching *fetching, GError **error)
{
    g_autofree char *path = blob_path(sha256), *range = g_strdup_printf("bytes=%" G_GUINT64_FORMAT "-", fetching->length);
    const struct http_header ranged[] = {{"Range", range}, {NULL, NULL}}, packed[] = {{"Accept-Encoding", "gzip"}, {NULL, NULL}};
    struct http_call call = {
        "GET",           path, is_packed ? packed : fetching->length ? ranged : NULL, .timeout_ms = BLOB_TIMEOUT_MS, .part = add_part,
        .data = fetching};
    g_autoptr(GByteArray) kept = is_packed ? g_byte_array_new() : NULL;
    g_autoptr(http_reply_owner) reply = NULL;

    fetching->packed = kept;
    reply = http_client_call(client->http, &call, error);
    fetching->packed = NULL;
    if (!reply)
        return false;
    if (reply->status / 100 == 2)
        return !kept || unpack(fetching, kept, !g_strcmp0(http_reply_header(reply, "content-encoding"), "gzip"));
    g_set_error(error, CLX_ERROR, CLX_ERROR_NOT_FOUND, "blob %s: status %u", sha256, reply->status);
    return false;
}

static bool fetch_all(struct api_client *client, const char *sha256, struct fetching *fetching, GError **error)
{
    g_autoptr(GError) problem = NULL;

    for (int i = 0; i < TRIES; i++) {
        g_clear_error(&problem);
        if (fetch_rest(client, sha256, client->is_packing && i == 0, fetching, &problem))
            return true;
        if (fetching->error || g_error_matches(problem, CLX_ERROR, CLX_ERROR_NOT_FOUND))
            break;
    }
    if (fetching->error)
        g_propagate_error(error, g_steal_pointer(&fetching->error));
    else if (problem)
        g_propagate_error(error, g_steal_pointer(&problem));
    else
        g_set_error(error, CLX_ERROR, CLX_ERROR_INFRASTRUCTURE, "blob %s came damaged", sha256);
    return false;
}

bool api_client_fetch(struct api_client *client, const char *sha256, const char *path, GError **error)
{
    struct fetching fetching = {.draft = file_draft_new(path, error)};
    g_autofree char *hash = NULL;

    if (!fetching.draft)
        return false;
    fetching.hasher = hasher_new();
    bool ok = fetch_all(client, sha256, &fetching, error);
    hash = hasher_finish(fetching.hasher);
    if (ok && g_str_equal(hash, sha256))
        return file_draft_publish(fetching.draft, error);
    file_draft_free(fetching.draft);
    g_clear_error(&fetching.error);
    if (ok)
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
