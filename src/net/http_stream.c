#include <string.h>

#include "net/http_request.h"

#define LAG_LIMIT (1024u * 1024)
#define BLOCK (32u * 1024)

/* Called by the library when it can write; with nothing to write the connection sleeps. */
static ssize_t read_stream(void *data, uint64_t position, char *buffer, size_t max)
{
    struct http_request *request = data;
    size_t length = MIN(request->unsent->len - request->n_sent, max);

    if (request->is_cut)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    if (length == 0 && request->is_ended)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (length == 0) {
        request_sleep(request);
        return 0;
    }
    memcpy(buffer, request->unsent->data + request->n_sent, length);
    request->n_sent += length;
    if (request->n_sent == request->unsent->len) {
        g_byte_array_set_size(request->unsent, 0);
        request->n_sent = 0;
    }
    return (ssize_t)length;
}

void http_stream_begin(struct http_request *request, const struct http_header *headers)
{
    request->unsent = g_byte_array_new();
    request_respond(request, MHD_HTTP_OK, headers, MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, read_stream, request, NULL));
    request->state = REQUEST_STREAMING;
}

void http_stream_send(struct http_request *request, const void *data, size_t length)
{
    g_assert(request->state == REQUEST_STREAMING);
    if (request->is_cut || request->is_ended)
        return;
    if (request->unsent->len - request->n_sent + length > LAG_LIMIT) {
        request_cut(request);
        return;
    }
    g_byte_array_append(request->unsent, data, (guint)length);
    request_wake(request);
}

void http_stream_send_event(struct http_request *request, const char *event, const char *text)
{
    g_autoptr(GString) message = g_string_new(NULL);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    if (event)
        g_string_append_printf(message, "event: %s\n", event);
    for (char **line = lines; *line; line++)
        g_string_append_printf(message, "data: %s\n", *line);
    g_string_append_c(message, '\n');
    http_stream_send(request, message->str, message->len);
}

void http_stream_end(struct http_request *request)
{
    g_assert(request->state == REQUEST_STREAMING);
    request->is_ended = true;
    request_wake(request);
}
