#include "diagram/drawio/unpack.h"

#include <string.h>
#include <zlib.h>

#include "base/error.h"

#define RAW_DEFLATE (-MAX_WBITS)
#define PNG_SIGNATURE "\x89PNG\r\n\x1a\n"
#define PNG_SIGNATURE_LENGTH 8
#define CHUNK_FRAME 12 /* length, type, checksum */
#define FIRST_OUTPUT 65536

static void fail(GError **error, const char *text)
{
    g_set_error_literal(error, CLX_ERROR, CLX_ERROR_SOURCE, text);
}

/* Inflates into a NUL-terminated buffer, at most UNPACK_LIMIT bytes of it. */
static GByteArray *inflate_all(const guint8 *data, gsize length, int window_bits, GError **error)
{
    z_stream stream = {.next_in = (Bytef *)data, .avail_in = (uInt)MIN(length, G_MAXUINT)};
    g_autoptr(GByteArray) out = g_byte_array_new();
    int status = inflateInit2(&stream, window_bits);
    for (guint room = FIRST_OUTPUT; status == Z_OK && out->len <= UNPACK_LIMIT; room = MIN(room * 2, UNPACK_LIMIT + 1 - out->len)) {
        guint old = out->len;
        g_byte_array_set_size(out, old + room);
        stream.next_out = out->data + old;
        stream.avail_out = room;
        status = inflate(&stream, Z_NO_FLUSH);
        g_byte_array_set_size(out, old + room - stream.avail_out);
        if (status == Z_OK && stream.avail_out != 0) /* asks for more input than there is */
            status = Z_DATA_ERROR;
    }
    inflateEnd(&stream);
    if (status != Z_STREAM_END) {
        fail(error, status == Z_OK ? "the compressed diagram is larger than 64 MiB" : "the compressed diagram is damaged (deflate)");
        return NULL;
    }
    g_byte_array_append(out, (const guint8 *)"", 1);
    return g_steal_pointer(&out);
}

/* Undoes percent encoding in place; false when an escape is no hexadecimal number. */
static gboolean decode_percent(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0'; from++) {
        if (*from != '%') {
            *to++ = *from;
            continue;
        }
        int high = g_ascii_xdigit_value(from[1]);
        int low = high >= 0 ? g_ascii_xdigit_value(from[2]) : -1;
        if (low < 0 || (high == 0 && low == 0))
            return FALSE;
        *to++ = (char)(high * 16 + low);
        from += 2;
    }
    *to = '\0';
    return TRUE;
}

char *unpack_page(const char *text, GError **error)
{
    gsize length = 0;
    g_autofree guchar *packed = g_base64_decode(text, &length);
    if (length == 0) {
        fail(error, "the diagram is neither XML nor base64");
        return NULL;
    }
    g_autoptr(GByteArray) xml = inflate_all(packed, length, RAW_DEFLATE, error);
    if (xml == NULL)
        return NULL;
    if (memchr(xml->data, '\0', xml->len - 1) != NULL || !decode_percent((char *)xml->data)) {
        fail(error, "the compressed diagram is damaged (percent encoding)");
        return NULL;
    }
    return (char *)g_byte_array_free(g_steal_pointer(&xml), FALSE);
}

gboolean unpack_is_png(const guint8 *data, gsize length)
{
    return length >= PNG_SIGNATURE_LENGTH && memcmp(data, PNG_SIGNATURE, PNG_SIGNATURE_LENGTH) == 0;
}

static guint32 read_big_endian(const guint8 *bytes)
{
    return (guint32)bytes[0] << 24 | (guint32)bytes[1] << 16 | (guint32)bytes[2] << 8 | bytes[3];
}

/* The text of a tEXt or zTXt chunk whose keyword was found; NULL: the chunk is damaged. */
static char *read_text_chunk(gboolean is_compressed, const guint8 *text, gsize length, GError **error)
{
    g_autofree char *plain = NULL;
    if (!is_compressed)
        plain = g_strndup((const char *)text, length);
    else if (length > 1) {
        g_autoptr(GByteArray) inflated = inflate_all(text + 1, length - 1, MAX_WBITS, error);
        plain = inflated != NULL ? (char *)g_byte_array_free(g_steal_pointer(&inflated), FALSE) : NULL;
    }
    if (plain != NULL && plain[0] == '%' && !decode_percent(plain)) {
        fail(error, "the diagram in the PNG is damaged (percent encoding)");
        return NULL;
    }
    if (plain == NULL && (error == NULL || *error == NULL))
        fail(error, "the diagram in the PNG is damaged");
    return g_steal_pointer(&plain);
}

char *unpack_png(const guint8 *data, gsize length, GError **error)
{
    static const char *const keywords[] = {"mxfile", "mxGraphModel", NULL};
    gsize at = PNG_SIGNATURE_LENGTH;
    while (at + CHUNK_FRAME <= length) {
        gsize size = read_big_endian(data + at);
        const guint8 *chunk = data + at + 8;
        if (size > length - at - CHUNK_FRAME)
            break;
        gboolean is_compressed = memcmp(data + at + 4, "zTXt", 4) == 0;
        const guint8 *end = is_compressed || memcmp(data + at + 4, "tEXt", 4) == 0 ? memchr(chunk, '\0', size) : NULL;
        if (end != NULL && g_strv_contains(keywords, (const char *)chunk))
            return read_text_chunk(is_compressed, end + 1, size - (gsize)(end + 1 - chunk), error);
        at += size + CHUNK_FRAME;
    }
    fail(error, "the PNG holds no diagram: export it with 'include a copy of my "
                "diagram'");
    return NULL;
}
