#include "store/cache_db.h"

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

char *cache_put_object(struct cache *cache, const void *data, size_t length, GError **error)
{
    g_autofree char *name = hash_sha256_hex(data, length);
    g_autofree char *path = cache_object_path(cache, name);

    if (cache_has_object(cache, name, (gint64)length))
        utimensat(AT_FDCWD, path, NULL, 0); /* in use again: cache_collect() leaves young ones alone */
    else if (!file_write_atomic(path, data, length, error))
        return NULL;
    return g_steal_pointer(&name);
}

GBytes *cache_get_object(struct cache *cache, const char *sha256, GError **error)
{
    g_autofree char *path = cache_object_path(cache, sha256);
    g_autoptr(GBytes) bytes = file_read(path, FILE_READ_LIMIT, error);
    g_autofree char *hash = NULL;

    if (!bytes)
        return NULL;
    hash = hash_sha256_hex(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    if (g_str_equal(hash, sha256))
        return g_steal_pointer(&bytes);
    unlink(path);
    g_set_error(error, CLX_ERROR, CLX_ERROR_NOT_FOUND, "%s: is damaged and was removed; it is made again with the next build", path);
    return NULL;
}
