#include "net/http_client.h"

#include <glib-unix.h>
#include <string.h>

#include "base/error.h"
#include "net/curl_api.h"

#define REPLY_LIMIT (64u * 1024 * 1024)
#define CONNECT_TIMEOUT_MS 5000L
#define BUFFER (256L * 1024)

struct http_client {
    char *base_url, *unix_path, *authorization, *ca_file, *cert_file, *key_file;
    bool is_unverified;
    CURL *easy;   /* of blocking calls */
    CURLM *multi; /* of the others; made with the first one */
    guint timer;
    GHashTable *watches; /* socket -> source id */
    GQueue pending;
};

/* One call on its way, blocking or not. */
struct transfer {
    struct http_reply *reply;
    struct curl_slist *headers;
    http_part *part;
    bool (*goes_on)(gpointer data);
    gpointer data;
    size_t limit;
    CURL *easy;
    bool is_too_large;
    char message[CURL_ERROR_SIZE];
};

struct http_pending {
    struct transfer transfer;
    struct http_client *client;
    http_done *done;
    gpointer data;
    GList link;
};

void http_reply_free(struct http_reply *reply)
{
    if (!reply)
        return;
    g_byte_array_unref(reply->body);
    g_hash_table_unref(reply->headers);
    g_free(reply);
}

const char *http_reply_header(const struct http_reply *reply, const char *name)
{
    return g_hash_table_lookup(reply->headers, name);
}

struct http_client *http_client_new(const struct http_client_options *options)
{
    struct http_client *client = g_new0(struct http_client, 1);

    client->base_url = g_strdup(options->base_url);
    client->unix_path = g_strdup(options->unix_path);
    client->authorization = options->token ? g_strconcat("Authorization: Bearer ", options->token, NULL) : NULL;
    client->ca_file = g_strdup(options->ca_file);
    client->cert_file = g_strdup(options->cert_file);
    client->key_file = g_strdup(options->key_file);
    client->is_unverified = options->is_unverified;
    client->watches = g_hash_table_new(NULL, NULL);
    return client;
}

/* ---- a transfer ---- */

static size_t on_body(char *data, size_t size, size_t n, void *user_data)
{
    struct transfer *transfer = user_data;
    size_t length = size * n;
    long status = 0;

    curl_api()->easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    if (transfer->part && status / 100 == 2)
        return transfer->part(data, length, transfer->data) ? length : 0;
    if (transfer->reply->body->len + length > transfer->limit) {
        transfer->is_too_large = true;
        return 0;
    }
    g_byte_array_append(transfer->reply->body, (const guint8 *)data, (guint)length);
    return length;
}

static size_t on_header(char *data, size_t size, size_t n, void *user_data)
{
    struct transfer *transfer = user_data;
    g_autofree char *line = g_strndup(data, size * n);
    char *colon = strchr(line, ':');

    if (colon) {
        *colon = '\0';
        g_hash_table_replace(transfer->reply->headers, g_ascii_strdown(g_strstrip(line), -1), g_strdup(g_strstrip(colon + 1)));
    }
    return size * n;
}

static int on_moment(void *user_data, curl_off_t download_total, curl_off_t downloaded, curl_off_t upload_total, curl_off_t uploaded)
{
    const struct transfer *transfer = user_data;

    return transfer->goes_on(transfer->data) ? 0 : 1;
}

static void set_headers(const struct http_client *client, struct transfer *transfer, const struct http_header *headers)
{
    const struct curl_api *curl = curl_api();

    transfer->headers = curl->slist_append(NULL, "Expect:"); /* bodies are sent at once */
    if (client->authorization)
        transfer->headers = curl->slist_append(transfer->headers, client->authorization);
    for (; headers && headers->name; headers++) {
        g_autofree char *line = g_strconcat(headers->name, ": ", headers->value, NULL);
        transfer->headers = curl->slist_append(transfer->headers, line);
    }
    curl->easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers);
}

static void set_connection(const struct http_client *client, CURL *easy)
{
    const struct curl_api *curl = curl_api();

    curl->easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl->easy_setopt(easy, CURLOPT_PROXY, "");
    curl->easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl->easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl->easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
    curl->easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    curl->easy_setopt(easy, CURLOPT_BUFFERSIZE, BUFFER);
    if (client->unix_path)
        curl->easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, client->unix_path);
    if (client->ca_file)
        curl->easy_setopt(easy, CURLOPT_CAINFO, client->ca_file);
    if (client->cert_file)
        curl->easy_setopt(easy, CURLOPT_SSLCERT, client->cert_file);
    if (client->key_file)
        curl->easy_setopt(easy, CURLOPT_SSLKEY, client->key_file);
    if (client->is_unverified) {
        curl->easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
        curl->easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    }
}

static void set_body(const struct http_call *call, CURL *easy)
{
    const struct curl_api *curl = curl_api();

    if (g_str_equal(call->method, "HEAD"))
        curl->easy_setopt(easy, CURLOPT_NOBODY, 1L);
    else if (call->body || g_str_equal(call->method, "POST") || g_str_equal(call->method, "PUT")) {
        curl->easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body_length);
        curl->easy_setopt(easy, CURLOPT_POSTFIELDS, call->body ? call->body : "");
    }
    if (!g_str_equal(call->method, "HEAD"))
        curl->easy_setopt(easy, CURLOPT_CUSTOMREQUEST, call->method);
}

static void begin_transfer(const struct http_client *client, struct transfer *transfer, const struct http_call *call, CURL *easy)
{
    const struct curl_api *curl = curl_api();
    g_autofree char *url = g_strconcat(client->base_url, call->path, NULL);

    transfer->easy = easy;
    transfer->part = call->part;
    transfer->goes_on = call->goes_on;
    transfer->data = call->data;
    transfer->limit = call->reply_limit ? call->reply_limit : REPLY_LIMIT;
    transfer->reply = g_new0(struct http_reply, 1);
    transfer->reply->body = g_byte_array_new();
    transfer->reply->headers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    set_connection(client, easy);
    set_headers(client, transfer, call->headers);
    set_body(call, easy);
    curl->easy_setopt(easy, CURLOPT_URL, url);
    curl->easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)call->timeout_ms);
    curl->easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->message);
    curl->easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl->easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    curl->easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl->easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
    if (call->goes_on) {
        curl->easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
        curl->easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_moment);
        curl->easy_setopt(easy, CURLOPT_XFERINFODATA, transfer);
    }
}

/* curl's words for a unix socket speak of localhost and a port. */
static const char *find_reason(const struct http_client *client, const struct transfer *transfer, CURLcode code)
{
    long number = 0;

    if (transfer->is_too_large)
        return "the reply is too large";
    if (client->unix_path && code == CURLE_COULDNT_CONNECT)
        curl_api()->easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &number);
    if (number)
        return g_strerror((int)number);
    return transfer->message[0] ? transfer->message : curl_api()->easy_strerror(code);
}

/* Frees what is left of a transfer; its reply, when there is a complete one, is the caller's. */
static struct http_reply *end_transfer(const struct http_client *client, struct transfer *transfer, CURLcode code, GError **error)
{
    struct http_reply *reply = g_steal_pointer(&transfer->reply);
    long status = 0;

    curl_api()->easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_api()->slist_free_all(transfer->headers);
    reply->status = (unsigned)status;
    g_byte_array_append(reply->body, (const guint8 *)"", 1);
    g_byte_array_set_size(reply->body, reply->body->len - 1);
    if (code == CURLE_OK)
        return reply;
    g_set_error(error, CLX_ERROR, CLX_ERROR_INFRASTRUCTURE, "%s: %s", client->unix_path ? client->unix_path : client->base_url,
                find_reason(client, transfer, code));
    http_reply_free(reply);
    return NULL;
}

struct http_reply *http_client_call(struct http_client *client, const struct http_call *call, GError **error)
{
    struct transfer transfer = {0};

    if (!client->easy)
        client->easy = curl_api()->easy_init();
    begin_transfer(client, &transfer, call, client->easy);
    CURLcode code = curl_api()->easy_perform(client->easy);
    struct http_reply *reply = end_transfer(client, &transfer, code, error);
    curl_api()->easy_reset(client->easy); /* keeps the connection */
    return reply;
}

/* ---- in the main loop ---- */

static void drop_pending(struct http_pending *pending)
{
    curl_api()->multi_remove_handle(pending->client->multi, pending->transfer.easy);
    g_queue_unlink(&pending->client->pending, &pending->link);
}

static void finish_pending(struct http_pending *pending, CURLcode code)
{
    g_autoptr(GError) error = NULL;
    struct http_reply *reply;
    CURL *easy = pending->transfer.easy;

    drop_pending(pending);
    reply = end_transfer(pending->client, &pending->transfer, code, &error);
    curl_api()->easy_cleanup(easy);
    pending->done(reply, error, pending->data);
    g_free(pending);
}

static void collect(struct http_client *client)
{
    CURLMsg *message;
    int n_left;

    while ((message = curl_api()->multi_info_read(client->multi, &n_left))) {
        struct http_pending *pending = NULL;
        CURLcode code = message->data.result;

        curl_api()->easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &pending);
        finish_pending(pending, code);
    }
}

static gboolean on_socket_ready(gint fd, GIOCondition condition, gpointer data)
{
    struct http_client *client = data;
    int events = (condition & G_IO_IN ? CURL_CSELECT_IN : 0) | (condition & G_IO_OUT ? CURL_CSELECT_OUT : 0) |
                 (condition & (G_IO_HUP | G_IO_ERR) ? CURL_CSELECT_IN : 0);
    int n_running;

    curl_api()->multi_socket_action(client->multi, fd, events, &n_running);
    collect(client);
    return G_SOURCE_CONTINUE;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *data, void *socket_data)
{
    struct http_client *client = data;
    guint watch = GPOINTER_TO_UINT(g_hash_table_lookup(client->watches, GINT_TO_POINTER(fd)));
    GIOCondition condition = (what & CURL_POLL_IN ? G_IO_IN : 0) | (what & CURL_POLL_OUT ? G_IO_OUT : 0);

    if (watch)
        g_source_remove(watch);
    g_hash_table_remove(client->watches, GINT_TO_POINTER(fd));
    if (what != CURL_POLL_REMOVE)
        g_hash_table_insert(client->watches, GINT_TO_POINTER(fd), GUINT_TO_POINTER(g_unix_fd_add(fd, condition, on_socket_ready, client)));
    return 0;
}

static gboolean on_timeout(gpointer data)
{
    struct http_client *client = data;
    int n_running;

    client->timer = 0;
    curl_api()->multi_socket_action(client->multi, CURL_SOCKET_TIMEOUT, 0, &n_running);
    collect(client);
    return G_SOURCE_REMOVE;
}

static int on_timer(CURLM *multi, long timeout_ms, void *data)
{
    struct http_client *client = data;

    g_clear_handle_id(&client->timer, g_source_remove);
    if (timeout_ms >= 0)
        client->timer = g_timeout_add((guint)timeout_ms, on_timeout, client);
    return 0;
}

static void make_multi(struct http_client *client)
{
    const struct curl_api *curl = curl_api();

    if (client->multi)
        return;
    client->multi = curl->multi_init();
    curl->multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl->multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
    curl->multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl->multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
}

struct http_pending *http_client_send(struct http_client *client, const struct http_call *call, http_done *done, gpointer data)
{
    struct http_pending *pending = g_new0(struct http_pending, 1);

    make_multi(client);
    pending->client = client;
    pending->done = done;
    pending->data = data;
    pending->link.data = pending;
    begin_transfer(client, &pending->transfer, call, curl_api()->easy_init());
    curl_api()->easy_setopt(pending->transfer.easy, CURLOPT_PRIVATE, pending);
    g_queue_push_tail_link(&client->pending, &pending->link);
    curl_api()->multi_add_handle(client->multi, pending->transfer.easy);
    return pending;
}

void http_client_cancel(struct http_pending *pending)
{
    drop_pending(pending);
    http_reply_free(end_transfer(pending->client, &pending->transfer, CURLE_OK, NULL));
    curl_api()->easy_cleanup(pending->transfer.easy);
    g_free(pending);
}

void http_client_free(struct http_client *client)
{
    if (!client)
        return;
    while (client->pending.head)
        http_client_cancel(client->pending.head->data);
    if (client->multi)
        curl_api()->multi_cleanup(client->multi);
    if (client->easy)
        curl_api()->easy_cleanup(client->easy);
    g_clear_handle_id(&client->timer, g_source_remove);
    g_hash_table_unref(client->watches);
    g_free(client->base_url);
    g_free(client->unix_path);
    g_free(client->authorization);
    g_free(client->ca_file);
    g_free(client->cert_file);
    g_free(client->key_file);
    g_free(client);
}
