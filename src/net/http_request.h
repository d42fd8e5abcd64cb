/* What a request is inside of the server. Private to net/. */
#pragma once

#include <microhttpd.h>

#include "net/http_server.h"

enum request_state { REQUEST_READING, REQUEST_HANDED_OUT, REQUEST_REPLYING, REQUEST_STREAMING };

struct http_request {
    struct http_server *server;
    struct MHD_Connection *connection;
    int fd;
    enum request_state state;
    char *method, *path;
    GByteArray *body;
    size_t n_counted; /* of the sum of all bodies */
    size_t n_taken;
    http_take *take; /* NULL: the body is kept */
    gpointer taker;
    GDestroyNotify free_taker;
    bool is_asleep;  /* its connection is suspended, and watched for a hang-up */
    bool is_held;    /* its connection is suspended until its group has ended */
    GList link;      /* in the list of those that sleep, or are held */
    bool is_cut;     /* the client went, or was too slow */
    unsigned status; /* of `response` */
    struct MHD_Response *response;
    http_gone *gone;
    gpointer gone_data;
    GByteArray *unsent; /* of a stream */
    size_t n_sent;      /* how much of its front has gone */
    bool is_ended;
};

/* Suspends the connection until request_wake(); meanwhile only a hang-up is noticed. */
void request_sleep(struct http_request *request);
void request_wake(struct http_request *request);

/* Shuts the socket down; the end of the request follows from the main loop. */
void request_cut(struct http_request *request);

/* Hands the response over, at once or when the connection wakes up. Takes over `response`. */
void request_respond(struct http_request *request, unsigned status, const struct http_header *headers, struct MHD_Response *response);
