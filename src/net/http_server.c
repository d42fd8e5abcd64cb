/* libmicrohttpd runs in this process's main loop: its epoll descriptor is a source of ours. A second epoll descriptor watches the sockets of
 * sleeping connections for a hang-up, which the library does not see; both cost the loop the same with one connection and with a thousand. */
#include <errno.h>
#include <string.h>
#include <glib-unix.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "net/http_request.h"

#define HEAD_LIMIT (32u * 1024)
#define BODY_LIMIT (1024u * 1024)
#define BODIES_LIMIT (256u * 1024 * 1024)
#define CONNECTION_LIMIT 1024
#define GROUP_LIMIT 64 /* what a group of requests locks is locked for about so many times 0.1 ms */
#define RESERVED_LEAST (64u * 1024)
#define HEAD_TIME_US (60 * G_USEC_PER_SEC)      /* from the connection, or the last reply, to the end of a head */
#define TRANSFER_TIME_US (300 * G_USEC_PER_SEC) /* of a body; of a reply */

enum phase { PHASE_HEAD, PHASE_TRANSFER, N_PHASES, PHASE_NONE = N_PHASES };
static const gint64 phase_time_us[N_PHASES] = {HEAD_TIME_US, TRANSFER_TIME_US};

/* A connection between and during requests. */
struct link {
    struct http_server *server;
    int fd;
    enum phase phase;
    gint64 deadline;
    GList node; /* in the queue of its phase */
};

struct http_server {
    struct http_server_options options;
    struct MHD_Daemon *daemon;
    GSource *source, *gone_source, *timer;
    gpointer poll_tag;
    int gone_fd;             /* epoll over the sockets of sleeping connections */
    GQueue asleep;           /* requests */
    GQueue held;             /* requests of the group to come */
    GQueue phases[N_PHASES]; /* links; all in a queue have the same time, so the first is the next to be late */
    size_t n_body_bytes;
    unsigned n_links;
    bool is_due; /* a connection was woken: the library does not say so by its descriptor */
};

/* ---- time limits ---- */

static void set_phase(struct link *link, enum phase phase)
{
    struct http_server *server = link->server;

    if (link->phase != PHASE_NONE)
        g_queue_unlink(&server->phases[link->phase], &link->node);
    link->phase = phase;
    if (phase == PHASE_NONE)
        return;
    link->deadline = g_get_monotonic_time() + phase_time_us[phase];
    g_queue_push_tail_link(&server->phases[phase], &link->node);
    if (g_source_get_ready_time(server->timer) < 0 || g_source_get_ready_time(server->timer) > link->deadline)
        g_source_set_ready_time(server->timer, link->deadline);
}

static gboolean on_timer(gpointer data)
{
    struct http_server *server = data;
    gint64 now = g_get_monotonic_time(), next = -1;

    for (int phase = 0; phase < N_PHASES; phase++) {
        while (server->phases[phase].head && ((struct link *)server->phases[phase].head->data)->deadline <= now) {
            struct link *late = server->phases[phase].head->data;
            shutdown(late->fd, SHUT_RDWR);
            set_phase(late, PHASE_NONE);
        }
        if (server->phases[phase].head) {
            gint64 deadline = ((struct link *)server->phases[phase].head->data)->deadline;
            next = next < 0 ? deadline : MIN(next, deadline);
        }
    }
    g_source_set_ready_time(server->timer, next);
    return G_SOURCE_CONTINUE;
}

static struct link *link_of(const struct http_request *request)
{
    return MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

/* ---- sleeping ---- */

static void watch_for_hang_up(struct http_request *request)
{
    struct epoll_event event = {.events = EPOLLRDHUP, .data.ptr = request};

    request->is_asleep = true;
    set_phase(link_of(request), PHASE_NONE);
    g_queue_push_tail_link(&request->server->asleep, &request->link);
    epoll_ctl(request->server->gone_fd, EPOLL_CTL_ADD, request->fd, &event);
}

void request_sleep(struct http_request *request)
{
    if (request->is_asleep || request->is_held)
        return;
    MHD_suspend_connection(request->connection);
    watch_for_hang_up(request);
}

void request_wake(struct http_request *request)
{
    if (!request->is_asleep)
        return;
    epoll_ctl(request->server->gone_fd, EPOLL_CTL_DEL, request->fd, NULL);
    g_queue_unlink(&request->server->asleep, &request->link);
    request->is_asleep = false;
    set_phase(link_of(request), PHASE_TRANSFER);
    MHD_resume_connection(request->connection);
    request->server->is_due = true;
}

void request_cut(struct http_request *request)
{
    request->is_cut = true;
    shutdown(request->fd, SHUT_RDWR);
    request_wake(request);
}

static gboolean on_hang_up(gint fd, GIOCondition condition, gpointer data)
{
    struct epoll_event event;

    while (epoll_wait(fd, &event, 1, 0) == 1)
        request_cut(event.data.ptr);
    return G_SOURCE_CONTINUE;
}

/* ---- requests ---- */

static void count_body(struct http_request *request, size_t length)
{
    request->n_counted += length;
    request->server->n_body_bytes += length;
}

static struct http_request *request_new(struct http_server *server, struct MHD_Connection *connection, const char *method, const char *path)
{
    struct http_request *request = g_new0(struct http_request, 1);

    request->server = server;
    request->connection = connection;
    request->fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    request->method = g_strdup(method);
    request->path = g_strdup(path);
    request->body = g_byte_array_new();
    request->link.data = request;
    return request;
}

static void request_free(struct http_request *request)
{
    request->server->n_body_bytes -= request->n_counted;
    if (request->response)
        MHD_destroy_response(request->response);
    if (request->unsent)
        g_byte_array_unref(request->unsent);
    if (request->free_taker)
        request->free_taker(request->taker);
    g_byte_array_unref(request->body);
    g_free(request->method);
    g_free(request->path);
    g_free(request);
}

static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned status)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    enum MHD_Result result;

    MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    if (status == MHD_HTTP_UNAUTHORIZED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
    if (status == MHD_HTTP_SERVICE_UNAVAILABLE)
        MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "1");
    result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

/* 0, or the status that says why the announced body is not read. */
static unsigned check_length(const struct http_request *request)
{
    const char *text = http_request_header(request, MHD_HTTP_HEADER_CONTENT_LENGTH);
    guint64 length = text ? g_ascii_strtoull(text, NULL, 10) : 0;

    if (length > request->server->options.body_limit)
        return MHD_HTTP_CONTENT_TOO_LARGE;
    return length + request->server->n_body_bytes > request->server->options.bodies_limit ? MHD_HTTP_SERVICE_UNAVAILABLE : 0;
}

/* A body that is announced gets its room at once; one byte more is the NUL behind it. */
static void reserve_body(struct http_request *request)
{
    const char *text = http_request_header(request, MHD_HTTP_HEADER_CONTENT_LENGTH);
    guint64 length = text ? g_ascii_strtoull(text, NULL, 10) : 0;

    if (length > RESERVED_LEAST && !request->take) {
        g_byte_array_unref(request->body);
        request->body = g_byte_array_sized_new((guint)length + 1);
    }
}

static enum MHD_Result begin_request(struct http_request *request)
{
    const struct http_server_options *options = &request->server->options;
    unsigned status = options->admit ? options->admit(request, options->data) : 0;

    set_phase(link_of(request), PHASE_TRANSFER);
    if (status == 0)
        status = check_length(request);
    if (status == 0)
        reserve_body(request);
    return status == 0 ? MHD_YES : refuse(request->connection, status);
}

static enum MHD_Result take_part(struct http_request *request, const char *data, size_t *length)
{
    if (request->n_taken + *length > request->server->options.body_limit)
        return MHD_NO;
    request->take(data, *length, request->taker);
    request->n_taken += *length;
    *length = 0;
    return MHD_YES;
}

static enum MHD_Result add_body(struct http_request *request, const char *data, size_t *length)
{
    const struct http_server_options *options = &request->server->options;

    if (request->take)
        return take_part(request, data, length);
    if (request->body->len + *length > options->body_limit || request->server->n_body_bytes + *length > options->bodies_limit)
        return MHD_NO;
    g_byte_array_append(request->body, (const guint8 *)data, (guint)*length);
    count_body(request, *length);
    *length = 0;
    return MHD_YES;
}

static enum MHD_Result queue_response(struct http_request *request)
{
    if (request->is_cut)
        return MHD_NO;
    return MHD_queue_response(request->connection, request->status, request->response);
}

static void hold(struct http_request *request)
{
    MHD_suspend_connection(request->connection);
    request->is_held = true;
    g_queue_push_tail_link(&request->server->held, &request->link);
}

static void hand_out(struct http_request *request)
{
    const struct http_server_options *options = &request->server->options;

    g_byte_array_append(request->body, (const guint8 *)"", 1);
    request->state = REQUEST_HANDED_OUT;
    if (options->grouping && options->grouping->belongs(request, options->data)) {
        hold(request);
        return;
    }
    options->handle(request, options->data);
    if (!request->response)
        request_sleep(request);
}

/* ---- groups ---- */

static void replace_response(struct http_request *request)
{
    MHD_destroy_response(request->response);
    request->response = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    request->status = MHD_HTTP_INTERNAL_SERVER_ERROR;
}

static void release(struct http_request *request, bool is_kept)
{
    request->is_held = false;
    if (!request->response) {
        watch_for_hang_up(request);
        return;
    }
    if (!is_kept && request->status < MHD_HTTP_INTERNAL_SERVER_ERROR)
        replace_response(request);
    MHD_resume_connection(request->connection);
    request->server->is_due = true;
}

static void handle_group(struct http_server *server)
{
    const struct http_server_options *options = &server->options;
    GQueue group = G_QUEUE_INIT;

    options->grouping->begin(options->data);
    while (server->held.head && group.length < GROUP_LIMIT) {
        GList *link = g_queue_pop_head_link(&server->held);
        g_queue_push_tail_link(&group, link);
        options->handle(link->data, options->data);
    }
    bool is_kept = options->grouping->end(options->data);
    while (group.head)
        release(g_queue_pop_head_link(&group)->data, is_kept);
}

/* The library's access handler: for the head, for each part of the body, at the end, and again when a connection wakes up. */
static enum MHD_Result on_access(void *data, struct MHD_Connection *connection, const char *url, const char *method, const char *version,
                                 const char *upload, size_t *upload_length, void **context)
{
    struct http_request *request = *context;

    if (!request) {
        *context = request = request_new(data, connection, method, url);
        return begin_request(request);
    }
    if (*upload_length > 0)
        return add_body(request, upload, upload_length);
    if (request->state == REQUEST_READING)
        hand_out(request);
    if (request->is_asleep || request->is_held)
        return MHD_YES;
    return queue_response(request);
}

static void on_completed(void *data, struct MHD_Connection *connection, void **context, enum MHD_RequestTerminationCode code)
{
    struct http_request *request = *context;

    if (!request)
        return;
    *context = NULL;
    set_phase(link_of(request), PHASE_HEAD);
    if (request->gone && (request->state == REQUEST_HANDED_OUT || request->state == REQUEST_STREAMING))
        request->gone(request->gone_data);
    request_free(request);
}

static void on_connection(void *data, struct MHD_Connection *connection, void **context, enum MHD_ConnectionNotificationCode code)
{
    struct link *link = *context;

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *context = link = g_new0(struct link, 1);
        link->server = data;
        link->phase = PHASE_NONE;
        link->fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
        link->node.data = link;
        link->server->n_links++;
        set_phase(link, PHASE_HEAD);
        return;
    }
    set_phase(link, PHASE_NONE);
    link->server->n_links--;
    g_free(link);
}

const char *http_request_method(const struct http_request *request)
{
    return request->method;
}

const char *http_request_path(const struct http_request *request)
{
    return request->path;
}

const char *http_request_header(const struct http_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

static enum MHD_Result find_key(void *data, enum MHD_ValueKind kind, const char *key, const char *value)
{
    const char **found = data;

    if (!g_str_equal(key, found[0]))
        return MHD_YES;
    found[1] = value ? value : "";
    return MHD_NO;
}

const char *http_request_query(const struct http_request *request, const char *name)
{
    const char *found[] = {name, NULL};

    MHD_get_connection_values(request->connection, MHD_GET_ARGUMENT_KIND, find_key, found);
    return found[1];
}

const char *http_request_body(const struct http_request *request, size_t *ret_length)
{
    *ret_length = request->body->len - 1;
    return (const char *)request->body->data;
}

void http_request_take_body(struct http_request *request, http_take *take, gpointer user_data, GDestroyNotify destroy)
{
    request->take = take;
    request->taker = user_data;
    request->free_taker = destroy;
}

gpointer http_request_taker(const struct http_request *request)
{
    return request->taker;
}

void http_request_on_gone(struct http_request *request, http_gone *gone, gpointer data)
{
    request->gone = gone;
    request->gone_data = data;
}

/* ---- replies ---- */

void request_respond(struct http_request *request, unsigned status, const struct http_header *headers, struct MHD_Response *response)
{
    g_assert(request->state == REQUEST_HANDED_OUT && !request->response);
    for (; headers && headers->name; headers++)
        MHD_add_response_header(response, headers->name, headers->value);
    request->status = status;
    request->response = response;
    request->state = REQUEST_REPLYING;
    request_wake(request);
}

static void unref_bytes(void *data)
{
    g_bytes_unref(data);
}

void http_reply(struct http_request *request, unsigned status, const struct http_header *headers, GBytes *body)
{
    size_t length;
    const void *data = g_bytes_get_data(body, &length);
    struct MHD_Response *response =
        MHD_create_response_from_buffer_with_free_callback_cls(length, (void *)(gintptr)data, unref_bytes, g_bytes_ref(body));

    request_respond(request, status, headers, response);
}

void http_reply_text(struct http_request *request, unsigned status, const char *content_type, const char *text)
{
    const struct http_header headers[] = {{MHD_HTTP_HEADER_CONTENT_TYPE, content_type}, {NULL, NULL}};

    request_respond(request, status, headers, MHD_create_response_from_buffer(strlen(text), (void *)(gintptr)text, MHD_RESPMEM_MUST_COPY));
}

void http_reply_file(struct http_request *request, unsigned status, const struct http_header *headers, int fd, guint64 offset,
                     guint64 length)
{
    request_respond(request, status, headers, MHD_create_response_from_fd_at_offset64(length, fd, offset));
}

/* ---- the main loop ---- */

struct server_source {
    GSource source;
    struct http_server *server;
};

static int next_timeout(struct http_server *server)
{
    MHD_UNSIGNED_LONG_LONG timeout;

    if (server->is_due)
        return 0;
    return MHD_get_timeout(server->daemon, &timeout) == MHD_YES ? (int)MIN(timeout, G_MAXINT) : -1;
}

static gboolean prepare(GSource *source, gint *timeout)
{
    *timeout = next_timeout(((struct server_source *)source)->server);
    return *timeout == 0;
}

static gboolean check(GSource *source)
{
    struct http_server *server = ((struct server_source *)source)->server;

    return g_source_query_unix_fd(source, server->poll_tag) != 0 || next_timeout(server) == 0;
}

static gboolean dispatch(GSource *source, GSourceFunc callback, gpointer data)
{
    struct http_server *server = ((struct server_source *)source)->server;

    server->is_due = false;
    MHD_run(server->daemon);
    while (server->held.head)
        handle_group(server);
    return G_SOURCE_CONTINUE;
}

static void add_sources(struct http_server *server)
{
    static GSourceFuncs functions = {.prepare = prepare, .check = check, .dispatch = dispatch};
    int epoll_fd = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;

    server->source = g_source_new(&functions, sizeof(struct server_source));
    ((struct server_source *)server->source)->server = server;
    server->poll_tag = g_source_add_unix_fd(server->source, epoll_fd, G_IO_IN);
    g_source_attach(server->source, NULL);
}

static gboolean dispatch_timer(GSource *source, GSourceFunc callback, gpointer data)
{
    return callback(data);
}

static void add_timer(struct http_server *server)
{
    static GSourceFuncs functions = {.dispatch = dispatch_timer};

    server->timer = g_source_new(&functions, sizeof(GSource));
    g_source_set_callback(server->timer, on_timer, server, NULL);
    g_source_attach(server->timer, NULL);
}

static void watch_hang_ups(struct http_server *server)
{
    server->gone_fd = epoll_create1(EPOLL_CLOEXEC);
    server->gone_source = g_unix_fd_source_new(server->gone_fd, G_IO_IN);
    g_source_set_callback(server->gone_source, G_SOURCE_FUNC(on_hang_up), server, NULL);
    g_source_attach(server->gone_source, NULL);
}

static struct MHD_Daemon *start_daemon(struct http_server *server, int listen_fd)
{
    return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_access, server, MHD_OPTION_LISTEN_SOCKET, listen_fd,
                            MHD_OPTION_CONNECTION_LIMIT, server->options.connection_limit, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                            (size_t)HEAD_LIMIT, MHD_OPTION_NOTIFY_COMPLETED, on_completed, server, MHD_OPTION_NOTIFY_CONNECTION,
                            on_connection, server, MHD_OPTION_END);
}

struct http_server *http_server_new(int listen_fd, const struct http_server_options *options, GError **error)
{
    struct http_server *server = g_new0(struct http_server, 1);

    server->options = *options;
    server->options.body_limit = options->body_limit ? options->body_limit : BODY_LIMIT;
    server->options.bodies_limit = options->bodies_limit ? options->bodies_limit : BODIES_LIMIT;
    server->options.connection_limit = options->connection_limit ? options->connection_limit : CONNECTION_LIMIT;
    server->daemon = start_daemon(server, listen_fd);
    if (!server->daemon) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_FAILED, "cannot start the HTTP server: %s", g_strerror(errno));
        close(listen_fd);
        g_free(server);
        return NULL;
    }
    add_timer(server);
    add_sources(server);
    watch_hang_ups(server);
    return server;
}

static void drop_source(GSource *source)
{
    g_source_destroy(source);
    g_source_unref(source);
}

/* The library can close only connections that are awake. */
void http_server_free(struct http_server *server)
{
    if (!server)
        return;
    while (server->asleep.head)
        request_cut(server->asleep.head->data);
    MHD_stop_daemon(server->daemon);
    drop_source(server->source);
    drop_source(server->timer);
    drop_source(server->gone_source);
    close(server->gone_fd);
    g_free(server);
}

unsigned http_server_count_connections(const struct http_server *server)
{
    return server->n_links;
}
