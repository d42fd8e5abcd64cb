/* The descriptor that ZeroMQ offers for a socket tells only that the socket's state may have changed: it must be asked for ZMQ_EVENTS
 * after every operation. The source therefore asks before each poll (prepare) and after it (check). */
#include "notebook/kernel/channels.h"

#include <string.h>
#include <zmq.h>

#include "base/error.h"

#define RECONNECT_MS 2
#define MAX_MESSAGE_BYTES (64ll * 1024 * 1024) /* what json_parse() takes; a frame that is larger ends the connection */
#define MONITOR "inproc://iopub-monitor"
#define BATCH 64 /* messages per dispatch, so that timers get their turn */

struct channels {
    void *context;
    void *sockets[N_CHANNELS];
    void *monitor; /* tells when the connection of iopub breaks */
    char *key, *session;
    GSource *source;
    channels_receive *receive;
    channels_lost *lost;
    gpointer data;
};

struct zmq_source {
    GSource base;
    struct channels *channels;
};

static bool is_readable(void *socket)
{
    int events = 0;
    size_t length = sizeof events;
    return zmq_getsockopt(socket, ZMQ_EVENTS, &events, &length) == 0 && (events & ZMQ_POLLIN) != 0;
}

static gboolean any_readable(GSource *source)
{
    const struct channels *channels = ((struct zmq_source *)source)->channels;
    bool any = is_readable(channels->monitor);
    for (unsigned i = 0; i < N_CHANNELS; i++)
        any |= is_readable(channels->sockets[i]);
    return any;
}

static gboolean prepare(GSource *source, gint *timeout)
{
    *timeout = -1;
    return any_readable(source);
}

/* The only event that the monitor was asked for; its two frames say nothing more. */
static bool take_disconnection(void *monitor)
{
    bool is_disconnected = false;
    zmq_msg_t frame;
    zmq_msg_init(&frame);
    while (zmq_msg_recv(&frame, monitor, ZMQ_DONTWAIT) >= 0)
        is_disconnected = true;
    zmq_msg_close(&frame);
    return is_disconnected;
}

static gboolean dispatch(GSource *source, GSourceFunc callback, gpointer data)
{
    struct channels *channels = ((struct zmq_source *)source)->channels;
    for (unsigned i = 0; i < N_CHANNELS; i++) {
        for (unsigned n = 0; n < BATCH; n++) {
            g_autoptr(message) message = NULL;
            int got = message_receive(channels->sockets[i], channels->key, &message);
            if (got == 0)
                break;
            if (got > 0)
                channels->receive(i, message, channels->data);
        }
    }
    if (take_disconnection(channels->monitor))
        channels->lost(channels->data);
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs source_funcs = {.prepare = prepare, .check = any_readable, .dispatch = dispatch};

static void *open_socket(struct channels *channels, enum channel channel, const char *address)
{
    int linger = 0, reconnect = RECONNECT_MS, unlimited = 0;
    int64_t max = MAX_MESSAGE_BYTES;
    void *socket = zmq_socket(channels->context, channel == CHANNEL_IOPUB ? ZMQ_SUB : ZMQ_DEALER);
    if (socket == NULL)
        return NULL;
    zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof linger);
    zmq_setsockopt(socket, ZMQ_RECONNECT_IVL, &reconnect, sizeof reconnect);
    zmq_setsockopt(socket, ZMQ_RCVHWM, &unlimited, sizeof unlimited);
    zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &max, sizeof max);
    if (channel == CHANNEL_IOPUB)
        zmq_setsockopt(socket, ZMQ_SUBSCRIBE, "", 0);
    else
        zmq_setsockopt(socket, ZMQ_ROUTING_ID, channels->session, strlen(channels->session));
    if (zmq_connect(socket, address) == 0)
        return socket;
    zmq_close(socket);
    return NULL;
}

static bool watch(struct channels *channels, void *socket)
{
    int fd;
    size_t length = sizeof fd;
    if (socket == NULL || zmq_getsockopt(socket, ZMQ_FD, &fd, &length) != 0)
        return false;
    g_source_add_unix_fd(channels->source, fd, G_IO_IN);
    return true;
}

static bool open_sockets(struct channels *channels, const char *const addresses[N_CHANNELS])
{
    for (unsigned i = 0; i < N_CHANNELS; i++) {
        channels->sockets[i] = open_socket(channels, i, addresses[i]);
        if (!watch(channels, channels->sockets[i]))
            return false;
    }
    if (zmq_socket_monitor(channels->sockets[CHANNEL_IOPUB], MONITOR, ZMQ_EVENT_DISCONNECTED) != 0)
        return false;
    channels->monitor = zmq_socket(channels->context, ZMQ_PAIR);
    return watch(channels, channels->monitor) && zmq_connect(channels->monitor, MONITOR) == 0;
}

struct channels *channels_open(const char *const addresses[N_CHANNELS], const char *key, channels_receive *receive, channels_lost *lost,
                               gpointer data, GError **error)
{
    struct channels *channels = g_new0(struct channels, 1);
    *channels = (struct channels){.context = zmq_ctx_new(), .key = g_strdup(key), .session = g_uuid_string_random()};
    channels->receive = receive;
    channels->lost = lost;
    channels->data = data;
    channels->source = g_source_new(&source_funcs, sizeof(struct zmq_source));
    ((struct zmq_source *)channels->source)->channels = channels;
    if (channels->context == NULL || !open_sockets(channels, addresses)) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_INFRASTRUCTURE, "cannot connect to the kernel: %s", zmq_strerror(zmq_errno()));
        channels_close(channels);
        return NULL;
    }
    g_source_attach(channels->source, NULL);
    return channels;
}

void channels_close(struct channels *channels)
{
    if (channels == NULL)
        return;
    g_source_destroy(channels->source);
    g_source_unref(channels->source);
    for (unsigned i = 0; i < N_CHANNELS; i++)
        if (channels->sockets[i] != NULL)
            zmq_close(channels->sockets[i]);
    if (channels->monitor != NULL)
        zmq_close(channels->monitor);
    if (channels->context != NULL)
        zmq_ctx_term(channels->context);
    g_free(channels->key);
    g_free(channels->session);
    g_free(channels);
}

char *channels_send(struct channels *channels, enum channel channel, const char *type, json_t *content, GError **error)
{
    g_autoptr(json_t) owned = content;
    return message_send(channels->sockets[channel], channels->key, channels->session, type, owned, error);
}
