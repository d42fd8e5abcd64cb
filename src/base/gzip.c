#include "base/gzip.h"

#include <zlib.h>

#define GZIP_WINDOW (15 + 16) /* zlib's way to ask for the gzip format */
#define CHUNK (64u * 1024)

GByteArray *gzip_pack(const void *data, gsize length)
{
    z_stream stream = {.next_in = (Bytef *)(gintptr)data, .avail_in = (uInt)length};
    GByteArray *packed = g_byte_array_new();

    g_assert(deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    g_byte_array_set_size(packed, (guint)deflateBound(&stream, (uLong)length));
    stream.next_out = packed->data;
    stream.avail_out = packed->len;
    g_assert(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    g_byte_array_set_size(packed, (guint)stream.total_out);
    deflateEnd(&stream);
    return packed;
}

static bool inflate_all(z_stream *stream, GByteArray *plain, gsize limit)
{
    guint8 chunk[CHUNK];
    int status = Z_OK;

    while (status == Z_OK) {
        stream->next_out = chunk;
        stream->avail_out = CHUNK;
        status = inflate(stream, Z_NO_FLUSH);
        if (status == Z_OK || status == Z_STREAM_END)
            g_byte_array_append(plain, chunk, CHUNK - stream->avail_out);
        if (plain->len > limit)
            return false;
    }
    return status == Z_STREAM_END && stream->avail_in == 0;
}

GByteArray *gzip_unpack(const void *data, gsize length, gsize limit)
{
    z_stream stream = {.next_in = (Bytef *)(gintptr)data, .avail_in = (uInt)length};
    GByteArray *plain = g_byte_array_new();
    bool ok = inflateInit2(&stream, GZIP_WINDOW) == Z_OK && inflate_all(&stream, plain, limit);

    inflateEnd(&stream);
    if (ok)
        return plain;
    g_byte_array_unref(plain);
    return NULL;
}
