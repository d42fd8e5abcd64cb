/* PNG files of drawings: large areas of one colour, the same bytes each time. Each row says how it differs from the one above (filter
 * "up"), so that equal rows are zeros, which deflate packs fastest. */
#include <string.h>
#include <zlib.h>

#include "diagram/drawio/paint.h"

#define FILTER_SUB 1
#define FILTER_UP 2

static void put32(guint8 *to, guint32 value)
{
    to[0] = (guint8)(value >> 24);
    to[1] = (guint8)(value >> 16);
    to[2] = (guint8)(value >> 8);
    to[3] = (guint8)value;
}

static void add_chunk(GByteArray *out, const char *type, const guint8 *data, guint length)
{
    guint8 word[4];
    put32(word, length);
    g_byte_array_append(out, word, 4);
    guint start = out->len;
    g_byte_array_append(out, (const guint8 *)type, 4);
    if (length > 0)
        g_byte_array_append(out, data, length);
    put32(word, (guint32)crc32(0, out->data + start, length + 4));
    g_byte_array_append(out, word, 4);
}

static void unpack_row(guint8 *to, const guint32 *from, unsigned width, bool has_alpha)
{
    for (unsigned x = 0; x < width; x++) {
        guint32 pixel = from[x], alpha = pixel >> 24;
        guint32 red = pixel >> 16 & 255, green = pixel >> 8 & 255, blue = pixel & 255;
        if (has_alpha && alpha != 0 && alpha != 255) {
            red = (red * 255 + alpha / 2) / alpha;
            green = (green * 255 + alpha / 2) / alpha;
            blue = (blue * 255 + alpha / 2) / alpha;
        }
        *to++ = (guint8)MIN(red, 255);
        *to++ = (guint8)MIN(green, 255);
        *to++ = (guint8)MIN(blue, 255);
        if (has_alpha)
            *to++ = (guint8)alpha;
    }
}

/* Feeds deflate and collects what it gives. */
static void feed(z_stream *stream, GByteArray *out, const guint8 *data, guint length, int flush)
{
    guint8 room[16384];
    stream->next_in = (Bytef *)data;
    stream->avail_in = length;
    do {
        stream->next_out = room;
        stream->avail_out = sizeof room;
        deflate(stream, flush);
        g_byte_array_append(out, room, (guint)(sizeof room - stream->avail_out));
    } while (stream->avail_out == 0);
}

static void pack_rows(z_stream *stream, GByteArray *packed, const unsigned char *pixels, unsigned width, unsigned height, unsigned stride,
                      bool has_alpha)
{
    guint length = width * (has_alpha ? 4 : 3);
    g_autofree guint8 *above = g_malloc0(length + 1), *row = g_malloc0(length + 1), *filtered = g_malloc0(length + 1);
    for (unsigned y = 0; y < height; y++) {
        const unsigned char *from = pixels + (gsize)y * stride;
        filtered[0] = FILTER_UP;
        if (y > 0 && memcmp(from, from - stride, (gsize)width * 4) == 0) {
            memset(filtered + 1, 0, length);
        } else {
            unpack_row(row, (const guint32 *)(const void *)from, width, has_alpha);
            for (guint i = 0; i < length; i++)
                filtered[i + 1] = (guint8)(row[i] - above[i]);
            memcpy(above, row, length);
        }
        feed(stream, packed, filtered, length + 1, Z_NO_FLUSH);
    }
    feed(stream, packed, NULL, 0, Z_FINISH);
}

GBytes *png_encode(const unsigned char *pixels, unsigned width, unsigned height, unsigned stride, bool has_alpha)
{
    static const guint8 signature[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    guint8 header[13] = {[8] = 8, [9] = has_alpha ? 6 : 2};
    g_autoptr(GByteArray) packed = g_byte_array_new();
    GByteArray *out = g_byte_array_new();
    z_stream stream = {0};
    if (deflateInit2(&stream, 1, Z_DEFLATED, MAX_WBITS, MAX_MEM_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
        g_error("out of memory");
    pack_rows(&stream, packed, pixels, width, height, stride, has_alpha);
    deflateEnd(&stream);
    put32(header, width);
    put32(header + 4, height);
    g_byte_array_append(out, signature, sizeof signature);
    add_chunk(out, "IHDR", header, sizeof header);
    add_chunk(out, "IDAT", packed->data, packed->len);
    add_chunk(out, "IEND", NULL, 0);
    return g_byte_array_free_to_bytes(out);
}
