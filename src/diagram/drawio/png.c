/* PNG files of drawings: large areas of one colour, the same bytes each time. Each row says how its pixels differ from the ones above (filter "up")
 * or before (filter "sub"), whichever leaves more zeros, which deflate packs fastest. Stretches of equal rows
 * are packed once and copied; so the checksum of the unpacked bytes is ours to write. */
#include <string.h>
#include <zlib.h>

#include "diagram/drawio/paint.h"

#define FILTER_SUB 1
#define FILTER_UP 2
#define WINDOW_BITS 15
#define MEM_LEVEL 6       /* a small hash table: it is moved for every window of zeros */
#define LEAST_COPIES 8    /* rows that are worth a full flush, which forgets what was packed before */
#define ADLER_BASE 65521u /* RFC 1950 */

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

/* Colours that are not multiplied with their alpha, as PNG wants them. */
static void unmultiply(guint32 *to, const guint32 *from, unsigned width)
{
    for (unsigned x = 0; x < width; x++) {
        guint32 alpha = from[x] >> 24;
        to[x] = from[x];
        if (alpha == 0 || alpha == 255)
            continue;
        to[x] = alpha << 24;
        for (unsigned shift = 0; shift < 24; shift += 8)
            to[x] |= MIN(((from[x] >> shift & 255) * 255 + alpha / 2) / alpha, 255) << shift;
    }
}

/* How many pixels differ from their neighbours. */
static unsigned count_changes(const guint32 *row, const guint32 *neighbours, unsigned n)
{
    unsigned n_changes = 0;
    for (unsigned x = 0; x < n; x++)
        n_changes += row[x] != neighbours[x];
    return n_changes;
}

/* Writes each byte of the pixels less its neighbour's, in PNG's order: three or four bytes a pixel, and up to one behind them. */
static guint8 *write_differences(guint8 *to, const guint32 *row, const guint32 *neighbours, unsigned n, bool has_alpha)
{
    const guint32 high = 0x80808080;
    for (unsigned x = 0; x < n; x++, to += has_alpha ? 4 : 3) {
        guint32 a = row[x], b = neighbours[x], difference = ((a | high) - (b & ~high)) ^ ((a ^ ~b) & high);
        guint32 bytes = GUINT32_TO_BE(difference << 8 | difference >> 24);
        memcpy(to, &bytes, sizeof bytes);
    }
    return to;
}

/* Deflates rows. */
struct packer {
    z_stream stream;
    GByteArray *packed;
    guint length;            /* bytes of a row in the file */
    guint8 *same;            /* a row that is like the one above */
    GByteArray *same_packed; /* that row alone, packed so that it may stand anywhere between full flushes */
    uLong sum;               /* Adler-32 of all rows */
};

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

static void packer_init(struct packer *packer, guint length)
{
    *packer = (struct packer){.packed = g_byte_array_new(), .length = length, .same_packed = g_byte_array_new()};
    if (deflateInit2(&packer->stream, 1, Z_DEFLATED, -WINDOW_BITS, MEM_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
        g_error("out of memory");
    packer->same = g_malloc0(length);
    packer->same[0] = FILTER_UP;
    feed(&packer->stream, packer->same_packed, packer->same, length, Z_FULL_FLUSH);
    packer->sum = adler32(0, NULL, 0);
}

static void packer_clear(struct packer *packer)
{
    deflateEnd(&packer->stream);
    g_byte_array_unref(packer->packed);
    g_byte_array_unref(packer->same_packed);
    g_free(packer->same);
}

static void add_row(struct packer *packer, const guint8 *row)
{
    packer->sum = adler32(packer->sum, row, packer->length);
    feed(&packer->stream, packer->packed, row, packer->length, Z_NO_FLUSH);
}

/* Only the first byte of such a row is not zero: the sum is known, and many of them are copies of one. */
static void add_same_rows(struct packer *packer, unsigned n)
{
    bool are_copied = n >= LEAST_COPIES;
    if (are_copied)
        feed(&packer->stream, packer->packed, NULL, 0, Z_FULL_FLUSH);
    for (unsigned i = 0; i < n; i++) {
        uLong low = ((packer->sum & 0xffff) + FILTER_UP) % ADLER_BASE,
              high = ((packer->sum >> 16) + (uLong)packer->length % ADLER_BASE * low) % ADLER_BASE;
        packer->sum = high << 16 | low;
        if (are_copied)
            g_byte_array_append(packer->packed, packer->same_packed->data, packer->same_packed->len);
        else
            feed(&packer->stream, packer->packed, packer->same, packer->length, Z_NO_FLUSH);
    }
}

/* A row as it stands in the file; the filter is the one that leaves fewer pixels to pack. */
static void filter_row(guint8 *to, const guint32 *row, const guint32 *above, unsigned width, unsigned n_up, bool has_alpha)
{
    static const guint32 nothing = 0;
    bool is_up = n_up <= count_changes(row + 1, row, width - 1);
    *to++ = is_up ? FILTER_UP : FILTER_SUB;
    to = write_differences(to, row, is_up ? above : &nothing, 1, has_alpha);
    write_differences(to, row + 1, is_up ? above + 1 : row, width - 1, has_alpha);
}

static void pack_rows(struct packer *packer, const unsigned char *pixels, unsigned width, unsigned height, unsigned stride, bool has_alpha)
{
    g_autofree guint8 *filtered = g_malloc(packer->length + 1);
    g_autofree guint32 *unmultiplied = g_new0(guint32, 2 * (gsize)width), *nothing = g_new0(guint32, width);
    const guint32 *above = nothing;
    unsigned n_same = 0;
    for (unsigned y = 0; y < height; y++) {
        const guint32 *row = (const guint32 *)(const void *)(pixels + (gsize)y * stride);
        if (has_alpha) {
            guint32 *straight = unmultiplied + (y % 2) * (gsize)width;
            unmultiply(straight, row, width);
            row = straight;
        }
        unsigned n_up = count_changes(row, above, width);
        if (n_up > 0) {
            add_same_rows(packer, n_same);
            filter_row(filtered, row, above, width, n_up, has_alpha);
            add_row(packer, filtered);
        }
        n_same = n_up > 0 ? 0 : n_same + 1;
        above = row;
    }
    add_same_rows(packer, n_same);
    feed(&packer->stream, packer->packed, NULL, 0, Z_FINISH);
}

GBytes *png_encode(const unsigned char *pixels, unsigned width, unsigned height, unsigned stride, bool has_alpha)
{
    static const guint8 signature[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    static const guint8 zlib_header[] = {0x78, 0x01}; /* RFC 1950: window of 32 KiB, fastest packing */
    guint8 word[4], header[13] = {[8] = 8, [9] = has_alpha ? 6 : 2};
    GByteArray *out = g_byte_array_new();
    struct packer packer;
    packer_init(&packer, 1 + width * (has_alpha ? 4 : 3));
    g_byte_array_append(packer.packed, zlib_header, sizeof zlib_header);
    pack_rows(&packer, pixels, width, height, stride, has_alpha);
    put32(word, (guint32)packer.sum);
    g_byte_array_append(packer.packed, word, sizeof word);
    put32(header, width);
    put32(header + 4, height);
    g_byte_array_append(out, signature, sizeof signature);
    add_chunk(out, "IHDR", header, sizeof header);
    add_chunk(out, "IDAT", packer.packed->data, packer.packed->len);
    add_chunk(out, "IEND", NULL, 0);
    packer_clear(&packer);
    return g_byte_array_free_to_bytes(out);
}
