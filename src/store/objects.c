#include "store/cache_db.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/hash.h"
#include "os/file.h"

static bool is_object_name(const char *sha256)
{
    return strlen(sha256) == SHA256_HEX_LENGTH && strspn(sha256, "0123456789abcdef") == SHA256_HEX_LENGTH;
}

/* Names come from results, which may be damaged: one that is no hash leads nowhere. */
char *cache_object_path(const struct cache *cache, const char *sha256)
{
    if (!is_object_name(sha256))
        return g_build_filename(cache->objects, "no-such-object", NULL);
    return g_strdup_printf("%s/%.2s/%s", cache->objects, sha256, sha256 + 2);
}

bool cache_has_object(const struct cache *cache, const char *sha256, gint64 size)
{
    g_autofree char *path = cache_object_path(cache, sha256);
    struct stat info;

    return stat(path, &info) == 0 && S_ISREG(info.st_mode) && (size < 0 || info.st_size == size);
}

bool cache_put_hashed(struct cache *cache, const char *sha256, const void *data, size_t length, GError **error)
{
    g_autofree char *path = cache_object_path(cache, sha256);

    if (!cache_has_object(cache, sha256, (gint64)length))
        return file_write_atomic(path, data, length, error);
    utimensat(AT_FDCWD, path, NULL, 0); /* in use again: cache_collect() leaves young ones alone */
    return true;
}

char *cache_put_object(struct cache *cache, const void *data, size_t length, GError **error)
{
    g_autofree char *name = hash_sha256_hex(data, length);

    return cache_put_hashed(cache, name, data, length, error) ? g_steal_pointer(&name) : NULL;
}

static bool make_room(struct cache *cache, size_t length)
{
    if (length < cache->object_room)
        return true;
    g_free(cache->object_bytes);
    cache->object_room = length + length / 4 + 1;
    cache->object_bytes = g_try_malloc(cache->object_room);
    if (cache->object_bytes == NULL)
        cache->object_room = 0;
    return cache->object_bytes != NULL;
}

/* One that has grown since it was looked at is damaged in any case. */
static bool read_object(struct cache *cache, const char *path, GError **error)
{
    struct stat info;
    int fd = file_open_regular(path, error);
    if (fd < 0)
        return false;
    ssize_t n = -1;
    errno = EFBIG;
    if (fstat(fd, &info) == 0 && info.st_size <= FILE_READ_LIMIT && make_room(cache, (size_t)info.st_size))
        n = file_read_all(fd, cache->object_bytes, (size_t)info.st_size);
    int saved = errno;
    close(fd);
    if (n < 0)
        g_set_error(error, CLX_ERROR, CLX_ERROR_FAILED, "cannot read '%s': %s", path, g_strerror(saved));
    cache->object_length = n < 0 ? 0 : (size_t)n;
    return n >= 0;
}

const void *cache_read_object(struct cache *cache, const char *sha256, size_t *ret_length, GError **error)
{
    if (g_strcmp0(cache->object, sha256) != 0) {
        g_autofree char *path = cache_object_path(cache, sha256);
        g_clear_pointer(&cache->object, g_free);
        if (!read_object(cache, path, error))
            return NULL;
        g_autofree char *hash = hash_sha256_hex(cache->object_bytes, cache->object_length);
        if (strcmp(hash, sha256) != 0) {
            unlink(path);
            g_set_error(error, CLX_ERROR, CLX_ERROR_NOT_FOUND, "%s: is damaged and was removed; it is made again with the next build",
                        path);
            return NULL;
        }
        cache->object = g_steal_pointer(&hash);
    }
    *ret_length = cache->object_length;
    return cache->object_bytes;
}

GBytes *cache_get_object(struct cache *cache, const char *sha256, GError **error)
{
    size_t length;
    const void *data = cache_read_object(cache, sha256, &length, error);
    return data != NULL ? g_bytes_new(data, length) : NULL;
}
