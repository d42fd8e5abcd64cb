/* Blobs are sent in parts: a PUT with "Content-Range: bytes A-B/SIZE" continues where the last one ended, and HEAD tells how much is there
 * (X-Received), so that a delivery goes on after a lost connection. A part may be packed (Content-Encoding:
 * gzip); A, B and SIZE count plain bytes. GET packs for those who accept it, but never a part. Nothing is kept of bytes whose hash is not their name. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/gzip.h"
#include "base/hash.h"
#include "os/file.h"
#include "web/api_private.h"

#define BLOB_LIMIT (256u * 1024 * 1024)    /* as the cache reads objects */
#define PACK_LEAST 1024u                   /* less is not worth packing, */
#define PACK_MOST (64u * 1024 * 1024)      /* and more would hold up the others */
#define PARTIAL_LIMIT (512u * 1024 * 1024) /* of all that are on their way */

static bool is_name(const char *sha256)
{
    return strlen(sha256) == SHA256_HEX_LENGTH && strspn(sha256, "0123456789abcdef") == SHA256_HEX_LENGTH;
}

/* The file behind a blob of this session, or NULL; the caller frees it. Who asks by HEAD is about to deliver: that an input has the same bytes does
 * not bring them into the cache. */
static char *find_file(const struct worker_api *api, const char *sha256, bool is_delivery)
{
    const char *input = g_hash_table_lookup(api->inputs, sha256);

    if (input && !is_delivery)
        return g_strdup(input);
    return g_hash_table_contains(api->delivered, sha256) ? cache_object_path(api->cache, sha256) : NULL;
}

static void reply_partial(const struct worker_api *api, struct http_request *request, const char *sha256)
{
    const GByteArray *partial = g_hash_table_lookup(api->partial, sha256);
    g_autofree char *received = g_strdup_printf("%u", partial ? partial->len : 0);
    const struct http_header headers[] = {{"X-Received", received}, {NULL, NULL}};
    g_autoptr(GBytes) nothing = g_bytes_new(NULL, 0);

    http_reply(request, 404, headers, nothing);
}

/* "bytes=N-": from there to the end. */
static guint64 parse_start(const char *range)
{
    return range && g_str_has_prefix(range, "bytes=") ? g_ascii_strtoull(range + strlen("bytes="), NULL, 10) : 0;
}

/* Packed, when that is wanted and worth it: true when the reply has been given. */
static bool reply_packed(struct http_request *request, int fd, guint64 size)
{
    static const struct http_header headers[] = {{"Content-Type", "application/octet-stream"}, {"Content-Encoding", "gzip"}, {NULL, NULL}};
    const char *accepted = http_request_header(request, "Accept-Encoding");
    g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);
    g_autoptr(GBytes) bytes = NULL;

    if (!accepted || !strstr(accepted, "gzip") || size < PACK_LEAST || size > PACK_MOST || !(bytes = file_read(path, PACK_MOST, NULL)))
        return false;
    g_autoptr(GBytes) packed = g_byte_array_free_to_bytes(gzip_pack(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes)));
    if (g_bytes_get_size(packed) > size - size / 8)
        return false;
    close(fd);
    http_reply(request, 200, headers, packed);
    return true;
}

static void get_blob(struct worker_api *api, struct http_request *request, const char *sha256)
{
    static const struct http_header headers[] = {{"Content-Type", "application/octet-stream"}, {NULL, NULL}};
    guint64 start = parse_start(http_request_header(request, "Range"));
    g_autofree char *path = find_file(api, sha256, g_str_equal(http_request_method(request), "HEAD"));
    struct stat info;
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY) : -1;

    if (fd < 0 || fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        if (fd >= 0)
            close(fd);
        reply_partial(api, request, sha256);
        return;
    }
    start = MIN(start, (guint64)info.st_size);
    if (start == 0 && reply_packed(request, fd, (guint64)info.st_size))
        return;
    http_reply_file(request, start ? 206 : 200, headers, fd, start, (guint64)info.st_size - start);
}

static void forget_partial(struct worker_api *api, const char *sha256)
{
    const GByteArray *partial = g_hash_table_lookup(api->partial, sha256);

    if (partial)
        api->n_partial_bytes -= partial->len;
    g_hash_table_remove(api->partial, sha256);
}

static void store_blob(struct worker_api *api, struct http_request *request, const char *sha256, const void *data, gsize length)
{
    g_autofree char *name = hash_sha256_hex(data, length);
    bool is_stored;
    g_autoptr(GError) error = NULL;

    if (!g_str_equal(name, sha256)) {
        forget_partial(api, sha256);
        api_reply_error(request, 400, "the bytes have another hash: %s", name);
        return;
    }
    is_stored = cache_put_hashed(api->cache, sha256, data, length, &error);
    forget_partial(api, sha256);
    if (!is_stored) {
        api_reply_error(request, 507, "%s", error->message);
        return;
    }
    g_hash_table_add(api->delivered, g_strdup(sha256));
    api_reply(request, 201, json_pack("{s:b, s:I}", "acknowledged", 1, "size", (json_int_t)length));
}

static GByteArray *get_partial(struct worker_api *api, const char *sha256, guint64 size)
{
    GByteArray *partial = g_hash_table_lookup(api->partial, sha256);

    if (!partial) {
        partial = g_byte_array_sized_new((guint)size);
        g_hash_table_insert(api->partial, g_strdup(sha256), partial);
    }
    return partial;
}

static void put_part(struct worker_api *api, struct http_request *request, const char *sha256, const char *range, const void *data,
                     gsize length)
{
    guint64 first, last, size;

    if (sscanf(range, "bytes %" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT "/%" G_GUINT64_FORMAT, &first, &last, &size) != 3 || last < first ||
        last - first + 1 != length || last >= size) {
        api_reply_error(request, 400, "Content-Range '%s' does not fit %" G_GSIZE_FORMAT " bytes", range, length);
        return;
    }
    if (size > BLOB_LIMIT || api->n_partial_bytes + length > PARTIAL_LIMIT) {
        api_reply_error(request, 413, "blobs may have at most %u bytes", BLOB_LIMIT);
        return;
    }
    GByteArray *partial = get_partial(api, sha256, size);
    if (first != partial->len) {
        api_reply_error(request, 416, "%u bytes are here, the next one is expected", partial->len);
        return;
    }
    g_byte_array_append(partial, data, (guint)length);
    api->n_partial_bytes += length;
    if (partial->len < size)
        api_reply(request, 202, json_pack("{s:b, s:I}", "acknowledged", 1, "received", (json_int_t)partial->len));
    else
        store_blob(api, request, sha256, partial->data, partial->len);
}

static void put_blob(struct worker_api *api, struct http_request *request, const char *sha256)
{
    const char *range = http_request_header(request, "Content-Range"), *encoding = http_request_header(request, "Content-Encoding");
    size_t length;
    const void *data = http_request_body(request, &length);
    g_autoptr(GByteArray) plain = NULL;

    if (encoding && !g_str_equal(encoding, "identity")) {
        plain = g_str_equal(encoding, "gzip") ? gzip_unpack(data, length, API_BODY_LIMIT) : NULL;
        if (!plain) {
            api_reply_error(request, 400, "the bytes are not gzip, or too many");
            return;
        }
        data = plain->data;
        length = plain->len;
    }
    if (range)
        put_part(api, request, sha256, range, data, length);
    else
        store_blob(api, request, sha256, data, length);
}

void api_handle_blob(struct worker_api *api, struct http_request *request, const char *sha256)
{
    const char *method = http_request_method(request);

    if (!is_name(sha256))
        api_reply_error(request, 400, "a blob is named by 64 lower-case hex digits");
    else if (g_str_equal(method, "PUT"))
        put_blob(api, request, sha256);
    else if (g_str_equal(method, "GET") || g_str_equal(method, "HEAD"))
        get_blob(api, request, sha256);
    else
        api_reply_error(request, 405, "blobs know GET, HEAD and PUT");
}
