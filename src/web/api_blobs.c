/* Blobs are sent in parts: a PUT with "Content-Range: bytes A-B/SIZE" continues where the last one ended, and HEAD tells how much is there
 * (X-Received), so that a delivery goes on after a lost connection. A part may be packed (Content-Encoding:
 * gzip); A, B and SIZE count plain bytes. GET packs for those who accept it, but never a part. Nothing is kept of bytes whose hash is not their name. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/gzip.h"
#include "base/hash.h"
#include "os/file.h"
#include "web/api_private.h"

#define BLOB_LIMIT (256u * 1024 * 1024) /* as the cache reads objects */
#define BLOBS "/api/worker/blobs/"
#define PACK_LEAST 1024u              /* less is not worth packing, */
#define PACK_MOST (64u * 1024 * 1024) /* and more would hold up the others */

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
    g_autofree char *received = g_strdup_printf("%" G_GUINT64_FORMAT, api_partial_length(api, sha256));
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

/* ---- what is delivered ---- */

/* Bytes first to first + length - 1 of a blob of `size` bytes. */
struct part {
    guint64 first, length, size;
};

/* A body on its way to the disk. */
struct upload {
    struct worker_api *api;
    char *sha256;
    guint64 position;
    GError *error;
};

/* false: the range does not fit the length. Without one it is the whole blob. */
static bool parse_part(const char *range, guint64 length, struct part *ret_part)
{
    guint64 first, last, size;

    *ret_part = (struct part){0, length, length};
    if (!range)
        return true;
    if (sscanf(range, "bytes %" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT "/%" G_GUINT64_FORMAT, &first, &last, &size) != 3 || last < first ||
        last - first + 1 != length || last >= size)
        return false;
    *ret_part = (struct part){first, length, size};
    return true;
}

static void take_part(const void *data, size_t length, gpointer user_data)
{
    struct upload *upload = user_data;

    if (!upload->error && api_partial_add(upload->api, upload->sha256, upload->position, data, length, &upload->error))
        upload->position += length;
}

static void upload_free(gpointer data)
{
    struct upload *upload = data;

    g_clear_error(&upload->error);
    g_free(upload->sha256);
    g_free(upload);
}

void api_blob_admit(struct worker_api *api, struct http_request *request)
{
    const char *path = http_request_path(request), *length = http_request_header(request, "Content-Length");
    struct part part;

    if (!g_str_equal(http_request_method(request), "PUT") || !g_str_has_prefix(path, BLOBS) || !is_name(path + strlen(BLOBS)) || !length ||
        http_request_header(request, "Content-Encoding") ||
        !parse_part(http_request_header(request, "Content-Range"), g_ascii_strtoull(length, NULL, 10), &part) || part.length == 0 ||
        part.length > API_BODY_LIMIT || part.size > BLOB_LIMIT || part.first > api_partial_length(api, path + strlen(BLOBS)))
        return; /* the whole body is looked at, and refused, in memory */
    struct upload *upload = g_new0(struct upload, 1);
    *upload = (struct upload){.api = api, .sha256 = g_strdup(path + strlen(BLOBS)), .position = part.first};
    http_request_take_body(request, take_part, upload, upload_free);
}

static void reply_failure(struct http_request *request, const GError *error)
{
    unsigned status = g_error_matches(error, CLX_ERROR, CLX_ERROR_STALE)   ? 416
                      : g_error_matches(error, CLX_ERROR, CLX_ERROR_USAGE) ? 400
                                                                           : 507;

    api_reply_error(request, status, "%s", error->message);
}

static void reply_stored(struct worker_api *api, struct http_request *request, const char *sha256, guint64 size)
{
    g_hash_table_add(api->delivered, g_strdup(sha256));
    api_reply(request, 201, json_pack("{s:b, s:I}", "acknowledged", 1, "size", (json_int_t)size));
}

/* A part has been added: the last one makes the blob. Another worker may have brought that meanwhile. */
static void end_part(struct worker_api *api, struct http_request *request, const char *sha256, const struct part *part)
{
    guint64 received = api_partial_length(api, sha256);
    g_autoptr(GError) error = NULL;

    if (received >= part->size && api_partial_finish(api, sha256, &error))
        reply_stored(api, request, sha256, part->size);
    else if (error)
        reply_failure(request, error);
    else if (g_hash_table_contains(api->delivered, sha256))
        reply_stored(api, request, sha256, part->size);
    else if (received < part->first + part->length)
        api_reply_error(request, 416, "%" G_GUINT64_FORMAT " bytes are here, the next one is expected", received);
    else
        api_reply(request, 202, json_pack("{s:b, s:I}", "acknowledged", 1, "received", (json_int_t)received));
}

static void store_empty(struct worker_api *api, struct http_request *request, const char *sha256)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *name = cache_put_object(api->cache, "", 0, &error);

    if (!name)
        reply_failure(request, error);
    else if (!g_str_equal(name, sha256))
        api_reply_error(request, 400, "the bytes have another hash: %s", name);
    else
        reply_stored(api, request, sha256, 0);
}

static void put_part(struct worker_api *api, struct http_request *request, const char *sha256, const void *data, gsize length)
{
    const char *range = http_request_header(request, "Content-Range");
    g_autoptr(GError) error = NULL;
    struct part part;

    if (!parse_part(range, length, &part))
        api_reply_error(request, 400, "Content-Range '%s' does not fit %" G_GSIZE_FORMAT " bytes", range, length);
    else if (part.size > BLOB_LIMIT)
        api_reply_error(request, 413, "blobs may have at most %u bytes", BLOB_LIMIT);
    else if (part.size == 0)
        store_empty(api, request, sha256);
    else if (!api_partial_add(api, sha256, part.first, data, length, &error))
        reply_failure(request, error);
    else
        end_part(api, request, sha256, &part);
}

static void end_upload(struct worker_api *api, struct http_request *request, const struct upload *upload)
{
    guint64 length = g_ascii_strtoull(http_request_header(request, "Content-Length"), NULL, 10);
    struct part part;

    parse_part(http_request_header(request, "Content-Range"), length, &part);
    if (upload->error)
        reply_failure(request, upload->error);
    else
        end_part(api, request, upload->sha256, &part);
}

static void put_blob(struct worker_api *api, struct http_request *request, const char *sha256)
{
    const char *encoding = http_request_header(request, "Content-Encoding");
    const struct upload *upload = http_request_taker(request);
    size_t length;
    const void *data = http_request_body(request, &length);
    g_autoptr(GByteArray) plain = NULL;

    if (upload) {
        end_upload(api, request, upload);
        return;
    }
    if (encoding && !g_str_equal(encoding, "identity")) {
        plain = g_str_equal(encoding, "gzip") ? gzip_unpack(data, length, API_BODY_LIMIT) : NULL;
        if (!plain) {
            api_reply_error(request, 400, "the bytes are not gzip, or too many");
            return;
        }
        data = plain->data;
        length = plain->len;
    }
    put_part(api, request, sha256, data, length);
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
