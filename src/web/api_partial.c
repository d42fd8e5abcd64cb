/* Blobs on their way: each is a file without a name in the folder of the cache, and a hash that goes along, so that the bytes are looked at once. Several
 * workers may deliver the same blob at once; what is there already is passed over. Who takes up too much of the disk, or stands longest, gives way. */
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "os/file.h"
#include "web/api_private.h"

#define PARTIALS_LIMIT 128                      /* each has a descriptor */
#define PARTIAL_BYTES_LIMIT (512 * 1024 * 1024) /* of all of them */

struct partial {
    struct file_draft *draft;
    struct hasher *hasher;
    guint64 length;
    gint64 written_at; /* monotonic, us */
};

static void partial_free(gpointer data)
{
    struct partial *partial = data;

    file_draft_free(partial->draft);
    hasher_free(partial->hasher);
    g_free(partial);
}

GHashTable *api_partial_new_table(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, partial_free);
}

guint64 api_partial_length(const struct worker_api *api, const char *sha256)
{
    const struct partial *partial = g_hash_table_lookup(api->partial, sha256);

    return partial ? partial->length : 0;
}

void api_partial_forget(struct worker_api *api, const char *sha256)
{
    const struct partial *partial = g_hash_table_lookup(api->partial, sha256);

    if (partial)
        api->n_partial_bytes -= partial->length;
    g_hash_table_remove(api->partial, sha256);
}

static bool forget_oldest(struct worker_api *api, const char *but)
{
    const char *name, *oldest = NULL;
    struct partial *partial;
    gint64 oldest_at = G_MAXINT64;
    GHashTableIter iter;

    g_hash_table_iter_init(&iter, api->partial);
    while (g_hash_table_iter_next(&iter, (gpointer *)&name, (gpointer *)&partial))
        if (partial->written_at < oldest_at && !g_str_equal(name, but)) {
            oldest = name;
            oldest_at = partial->written_at;
        }
    if (!oldest)
        return false;
    g_autofree char *copy = g_strdup(oldest);
    api_partial_forget(api, copy);
    return true;
}

static struct partial *get_partial(struct worker_api *api, const char *sha256, GError **error)
{
    struct partial *partial = g_hash_table_lookup(api->partial, sha256);
    g_autofree char *path = cache_object_path(api->cache, sha256);

    if (partial)
        return partial;
    while (g_hash_table_size(api->partial) >= PARTIALS_LIMIT)
        forget_oldest(api, "");
    struct file_draft *draft = file_draft_new(path, error);
    if (!draft)
        return NULL;
    partial = g_new(struct partial, 1);
    *partial = (struct partial){draft, hasher_new(), 0, g_get_monotonic_time()};
    g_hash_table_insert(api->partial, g_strdup(sha256), partial);
    return partial;
}

bool api_partial_add(struct worker_api *api, const char *sha256, guint64 position, const void *data, gsize length, GError **error)
{
    struct partial *partial = get_partial(api, sha256, error);
    guint64 n_known = partial && partial->length > position ? partial->length - position : 0;

    if (!partial)
        return false;
    if (position > partial->length) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_STALE,
                    "%" G_GUINT64_FORMAT " bytes of it are here (unfinished blobs give way to others); send it from there on",
                    partial->length);
        return false;
    }
    if (n_known >= length)
        return true;
    data = (const char *)data + n_known;
    length -= n_known;
    while (api->n_partial_bytes + length > PARTIAL_BYTES_LIMIT && forget_oldest(api, sha256))
        continue;
    if (!file_draft_write(partial->draft, data, length, error)) {
        api_partial_forget(api, sha256);
        return false;
    }
    hasher_update(partial->hasher, data, length);
    partial->length += length;
    partial->written_at = g_get_monotonic_time();
    api->n_partial_bytes += length;
    return true;
}

bool api_partial_finish(struct worker_api *api, const char *sha256, GError **error)
{
    struct partial *partial = g_hash_table_lookup(api->partial, sha256);
    g_autofree char *hash = hasher_finish(g_steal_pointer(&partial->hasher));
    bool ok = g_str_equal(hash, sha256);

    if (!ok)
        g_set_error(error, CLX_ERROR, CLX_ERROR_USAGE, "the bytes have another hash: %s", hash);
    else
        ok = file_draft_publish(g_steal_pointer(&partial->draft), error);
    api_partial_forget(api, sha256);
    return ok;
}
