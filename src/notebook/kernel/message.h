/* Messages of the Jupyter protocol 5.3 on a ZeroMQ socket, signed with HMAC-SHA256. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "base/json.h"

struct message {
    char *type;      /* "execute_reply" */
    char *parent_id; /* msg_id of the request that it answers, or "" */
    json_t *content; /* object */
};

void message_free(struct message *message);

typedef struct message message;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(message, message_free)

/* Sends a request of `session` and returns its msg_id, which the caller frees; NULL with INFRASTRUCTURE when the socket refuses it. */
char *message_send(void *socket, const char *key, const char *session, const char *type, json_t *content, GError **error);

/* The message in the frames (GBytes *) of one multipart message: 1 and the message (the caller's), or -1 when it is malformed or its
 * signature is wrong. An empty key means that messages are not signed. */
int message_parse(const GPtrArray *frames, const char *key, struct message **ret_message);

/* Takes the next message without blocking: 1 and the message (the caller's), 0 when there is none, -1 when one was dropped because it
 * was malformed or its signature was wrong. */
int message_receive(void *socket, const char *key, struct message **ret_message);
