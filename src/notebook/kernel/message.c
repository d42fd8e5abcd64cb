#include "notebook/kernel/message.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>
#include <zmq.h>

#include "base/error.h"

#define DELIMITER "<IDS|MSG>"
#define N_SIGNED 4 /* header, parent header, metadata, content */
#define MAX_FRAMES 256
#define SIGNATURE_LENGTH 64

void message_free(struct message *message)
{
    if (message == NULL)
        return;
    g_free(message->type);
    g_free(message->parent_id);
    json_decref(message->content);
    g_free(message);
}

/* The signature of the four parts as hex digits; the caller frees it. */
static char *sign(const char *key, GBytes *const parts[N_SIGNED])
{
    g_autoptr(GByteArray) all = g_byte_array_new();
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    if (*key == '\0')
        return g_strdup("");
    for (unsigned i = 0; i < N_SIGNED; i++)
        g_byte_array_append(all, g_bytes_get_data(parts[i], NULL), (guint)g_bytes_get_size(parts[i]));
    const unsigned char *data = all->len > 0 ? all->data : (const unsigned char *)"";
    HMAC(EVP_sha256(), key, (int)strlen(key), data, all->len, digest, &length);
    GString *hex = g_string_sized_new(SIGNATURE_LENGTH);
    for (unsigned i = 0; i < length; i++)
        g_string_append_printf(hex, "%02x", digest[i]);
    return g_string_free(hex, FALSE);
}

static char *format_now(void)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    return g_date_time_format(now, "%Y-%m-%dT%H:%M:%S.%fZ");
}

static GBytes *make_header(const char *session, const char *type, const char *id)
{
    g_autofree char *date = format_now();
    g_autoptr(json_t) header = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s}", "msg_id", id, "session", session, "username", "clx", "date", date,
                                         "msg_type", type, "version", "5.3");
    char *text = json_to_text(header);
    return g_bytes_new_take(text, strlen(text));
}

static bool send_frame(void *socket, const void *data, size_t length, bool more)
{
    return zmq_send(socket, data, length, ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0)) >= 0;
}

static bool send_frames(void *socket, const char *signature, GBytes *const parts[N_SIGNED])
{
    bool sent = send_frame(socket, DELIMITER, strlen(DELIMITER), true) && send_frame(socket, signature, strlen(signature), true);
    for (unsigned i = 0; sent && i < N_SIGNED; i++)
        sent = send_frame(socket, g_bytes_get_data(parts[i], NULL), g_bytes_get_size(parts[i]), i + 1 < N_SIGNED);
    return sent;
}

char *message_send(void *socket, const char *key, const char *session, const char *type, json_t *content, GError **error)
{
    g_autofree char *id = g_uuid_string_random();
    char *body = json_to_text(content);
    g_autoptr(GBytes) header = make_header(session, type, id);
    g_autoptr(GBytes) empty = g_bytes_new_static("{}", 2);
    g_autoptr(GBytes) content_bytes = g_bytes_new_take(body, strlen(body));
    GBytes *const parts[N_SIGNED] = {header, empty, empty, content_bytes};
    g_autofree char *signature = sign(key, parts);
    if (!send_frames(socket, signature, parts)) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_INFRASTRUCTURE, "cannot send '%s' to the kernel: %s", type, zmq_strerror(zmq_errno()));
        return NULL;
    }
    return g_steal_pointer(&id);
}

/* All frames of the next message, or NULL when there is none. */
static GPtrArray *receive_frames(void *socket)
{
    g_autoptr(GPtrArray) frames = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    zmq_msg_t frame;
    bool more = true;
    while (more) {
        zmq_msg_init(&frame);
        if (zmq_msg_recv(&frame, socket, ZMQ_DONTWAIT) < 0) {
            zmq_msg_close(&frame);
            return NULL;
        }
        more = zmq_msg_more(&frame);
        if (frames->len < MAX_FRAMES)
            g_ptr_array_add(frames, g_bytes_new(zmq_msg_data(&frame), zmq_msg_size(&frame)));
        zmq_msg_close(&frame);
    }
    return g_steal_pointer(&frames);
}

static bool frame_equals(GBytes *frame, const char *text)
{
    gsize length;
    const void *data = g_bytes_get_data(frame, &length);
    return length == strlen(text) && (length == 0 || memcmp(data, text, length) == 0);
}

/* The object in a frame; bytes that are no UTF-8 (a program may print any) are replaced first. */
static json_t *parse_object(GBytes *frame)
{
    gsize length;
    const char *data = g_bytes_get_data(frame, &length);
    if (data == NULL)
        return NULL;
    json_t *value = json_parse(data, length, NULL);
    if (value == NULL) {
        g_autofree char *valid = g_utf8_make_valid(data, (gssize)length);
        value = json_parse(valid, strlen(valid), NULL);
    }
    if (json_is_object(value))
        return value;
    json_decref(value);
    return NULL;
}

static struct message *decode(GBytes *const parts[N_SIGNED])
{
    g_autoptr(json_t) header = parse_object(parts[0]);
    g_autoptr(json_t) parent = parse_object(parts[1]);
    g_autoptr(json_t) content = parse_object(parts[3]);
    if (header == NULL || content == NULL)
        return NULL;
    struct message *message = g_new0(struct message, 1);
    message->type = g_strdup(json_get_text(header, "msg_type", ""));
    message->parent_id = g_strdup(json_get_text(parent, "msg_id", ""));
    message->content = g_steal_pointer(&content);
    return message;
}

int message_parse(const GPtrArray *frames, const char *key, struct message **ret_message)
{
    unsigned i = 0;
    while (i < frames->len && !frame_equals(frames->pdata[i], DELIMITER))
        i++;
    if (i + 2 + N_SIGNED > frames->len)
        return -1;
    GBytes *const *parts = (GBytes *const *)&frames->pdata[i + 2];
    g_autofree char *signature = sign(key, parts);
    if (!frame_equals(frames->pdata[i + 1], signature))
        return -1;
    struct message *message = decode(parts);
    if (message == NULL)
        return -1;
    *ret_message = message;
    return 1;
}

int message_receive(void *socket, const char *key, struct message **ret_message)
{
    g_autoptr(GPtrArray) frames = receive_frames(socket);
    return frames != NULL ? message_parse(frames, key, ret_message) : 0;
}
