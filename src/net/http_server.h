/* HTTP/1.1 server in the main loop of the process (libmicrohttpd, no threads). It knows requests and replies, no routes and no meaning.
 *
 * A request passes through these states; only HANDED_OUT and STREAMING belong to the user of this module:
 *
 *   READING -> HANDED_OUT -> REPLYING -> (gone)         admit() may refuse before the body is read: READING -> REPLYING
 *              HANDED_OUT -> STREAMING -> (gone)        a client that hangs up: any -> (gone)
 *
 * Everything is bounded: head (32 KiB), body, sum of all bodies, connections, time to send a head (60 s), time of a body or a reply (300 s),
 * bytes that a stream may lag behind (1 MiB; then the client is cut off). A request that was handed out may wait for its reply as long as
 * its user likes: long polls cost a descriptor and no time. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

struct http_server;
struct http_request;

struct http_header {
    const char *name, *value; /* an array of these ends with a name NULL */
};

/* Looks at the head of a request before its body is read: 0 to go on, or the status to refuse it with (401, 413 …). */
typedef unsigned http_admit(struct http_request *request, gpointer data);

/* Gets a complete request. It must be replied to once, now or later, or become a stream; a pointer to it is invalid from the reply on. */
typedef void http_handle(struct http_request *request, gpointer data);

/* Requests for which `belongs` is true, and that come in one turn of the main loop, are handled as a group: begin(), handle() for each, end().
 * Their replies are sent after end(); when that returns false, what they did came to nothing, and all are told so (500), but for those that
 * have been told of a failure of the server already. */
struct http_grouping {
    bool (*belongs)(const struct http_request *request, gpointer data);
    void (*begin)(gpointer data);
    bool (*end)(gpointer data);
};

struct http_server_options {
    http_admit *admit; /* NULL: admits all */
    http_handle *handle;
    const struct http_grouping *grouping; /* NULL: each request by itself */
    gpointer data;
    size_t body_limit;         /* of one request; 0: 1 MiB */
    size_t bodies_limit;       /* of all requests that are being read or handled; 0: 256 MiB */
    unsigned connection_limit; /* 0: 1024 */
};

/* Serves a listening socket (net/http_listen.h), which it takes over; NULL with `error`. */
struct http_server *http_server_new(int listen_fd, const struct http_server_options *options, GError **error);

/* Closes all connections; requests that wait are gone. May not be called from within admit() or handle(). */
void http_server_free(struct http_server *server);

/* How many connections are open. */
unsigned http_server_count_connections(const struct http_server *server);

/* ---- a request; all texts are borrowed and live as long as it does ---- */
const char *http_request_method(const struct http_request *request);
const char *http_request_path(const struct http_request *request);                     /* decoded, without the query */
const char *http_request_header(const struct http_request *request, const char *name); /* NULL when absent */
const char *http_request_query(const struct http_request *request, const char *name);  /* decoded; "" without a value, NULL when absent */
const char *http_request_body(const struct http_request *request, size_t *ret_length); /* NUL-terminated */

/* From within admit(): the body is not kept, `take` gets its parts as they come, and http_request_body() is empty. `destroy` frees `data` with the
 * request. */
typedef void http_take(const void *data, size_t length, gpointer user_data);
void http_request_take_body(struct http_request *request, http_take *take, gpointer user_data, GDestroyNotify destroy);
/* The `user_data` of the above, or NULL. */
gpointer http_request_taker(const struct http_request *request);

/* Called once when the client hangs up before the reply, or a stream ends; the request is invalid afterwards. */
typedef void http_gone(gpointer data);
void http_request_on_gone(struct http_request *request, http_gone *gone, gpointer data);

/* ---- its reply; `headers` may be NULL ---- */
void http_reply(struct http_request *request, unsigned status, const struct http_header *headers, GBytes *body);
void http_reply_text(struct http_request *request, unsigned status, const char *content_type, const char *text);
/* `length` bytes from `offset` of a file, whose descriptor it takes over. */
void http_reply_file(struct http_request *request, unsigned status, const struct http_header *headers, int fd, guint64 offset,
                     guint64 length);

/* ---- or a stream (server-sent events): the reply stays open until http_stream_end() or the client goes ---- */
void http_stream_begin(struct http_request *request, const struct http_header *headers);
void http_stream_send(struct http_request *request, const void *data, size_t length);
/* One server-sent event; `event` NULL: "message". Each line of `text` becomes a line of data. */
void http_stream_send_event(struct http_request *request, const char *event, const char *text);
void http_stream_end(struct http_request *request);
