/* HTTP/1.1 client (libcurl): TCP, TLS and unix sockets, connections kept. Calls either block, or run in the main loop. No proxies, no
 * redirections, no other protocols. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "net/http_server.h"

struct http_client;

struct http_client_options {
    const char *base_url;                       /* "http://host:port", "https://…"; paths are appended */
    const char *unix_path;                      /* connects to this socket, whatever the URL says; or NULL */
    const char *token;                          /* sent as "Authorization: Bearer …"; or NULL */
    const char *ca_file, *cert_file, *key_file; /* of TLS; or NULL */
    bool is_unverified;                         /* TLS without checking the server's certificate */
};

/* Makes a client; nothing is sent yet. */
struct http_client *http_client_new(const struct http_client_options *options);

/* Gives up all calls that run; their `done` is not called. */
void http_client_free(struct http_client *client);
typedef struct http_client http_client;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(http_client, http_client_free)

/* Gets a part of a reply's body as it comes; false gives the call up. */
typedef bool http_part(const void *data, size_t length, gpointer user_data);

struct http_call {
    const char *method, *path;         /* the path with its query, percent-encoded */
    const struct http_header *headers; /* ends with a name NULL; or NULL */
    const void *body;                  /* borrowed until the end of the call */
    size_t body_length;
    unsigned timeout_ms;            /* of everything; 0: none */
    size_t reply_limit;             /* bytes of the reply's body; 0: 64 MiB */
    http_part *part;                /* instead of a body in the reply, for replies of status 2xx; or NULL */
    bool (*goes_on)(gpointer data); /* asked at least once a second while a call blocks; false gives it up. Or NULL */
    gpointer data;                  /* of `part` and `goes_on` */
};

struct http_reply {
    unsigned status;
    GByteArray *body;    /* NUL-terminated behind its length */
    GHashTable *headers; /* names in lower case -> values */
};
void http_reply_free(struct http_reply *reply);
typedef struct http_reply http_reply_owner;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(http_reply_owner, http_reply_free)

/* The value of a reply's header (name in lower case), NULL when absent. */
const char *http_reply_header(const struct http_reply *reply, const char *name);

/* Sends and waits; NULL with INFRASTRUCTURE when there was no complete reply. Every status is a reply. */
struct http_reply *http_client_call(struct http_client *client, const struct http_call *call, GError **error);

/* Sends and returns at once; `done` is called from the main loop with the reply, which it may keep (it is NULL with `error` as above). Not called
 * after http_client_cancel(). It may cancel and send other calls, but not free the client. */
struct http_pending;
typedef void http_done(struct http_reply *reply, const GError *error, gpointer data);
struct http_pending *http_client_send(struct http_client *client, const struct http_call *call, http_done *done, gpointer data);
void http_client_cancel(struct http_pending *pending);
