/* The four channels to a kernel as a source of the default GMainContext. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "notebook/kernel/message.h"

enum channel { CHANNEL_IOPUB, CHANNEL_SHELL, CHANNEL_STDIN, CHANNEL_CONTROL, N_CHANNELS };

struct channels;
typedef void channels_receive(enum channel channel, const struct message *message, gpointer data);

/* The connection of iopub broke: by a message beyond the bounds, or by the kernel's death. What it said meanwhile is lost. */
typedef void channels_lost(gpointer data);

/* Connects to the addresses (one per channel). `receive` is called from the main context for every message with a good signature. */
struct channels *channels_open(const char *const addresses[N_CHANNELS], const char *key, channels_receive *receive, channels_lost *lost,
                               gpointer data, GError **error);

/* Closes all without waiting for anything unsent; takes NULL. */
void channels_close(struct channels *channels);

/* Sends a request; its msg_id, which the caller frees, or NULL with INFRASTRUCTURE. Takes `content`. */
char *channels_send(struct channels *channels, enum channel channel, const char *type, json_t *content, GError **error);
