/* A bucket of requests for each worker: it fills steadily and holds a burst. Who empties it is told to come back later, and disturbs nobody else. */
#include "web/api_private.h"

#define REQUESTS_PER_S 500
#define BURST 1000
#define REGISTRATION_BURST 4096 /* a whole fleet may come at once */

struct bucket {
    gint64 id, filled_at; /* monotonic, us */
    double n, size;
};

GHashTable *api_rate_new(void)
{
    return g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
}

static struct bucket *get_bucket(GHashTable *buckets, gint64 id)
{
    struct bucket *bucket = g_hash_table_lookup(buckets, &id);

    if (!bucket) {
        bucket = g_new(struct bucket, 1);
        double size = id ? BURST : REGISTRATION_BURST;
        *bucket = (struct bucket){id, g_get_monotonic_time(), size, size};
        g_hash_table_insert(buckets, &bucket->id, bucket);
    }
    return bucket;
}

bool api_rate_allows(struct worker_api *api, gint64 worker_id)
{
    struct bucket *bucket = get_bucket(api->buckets, worker_id);
    gint64 now = g_get_monotonic_time();

    bucket->n = MIN(bucket->n + (double)(now - bucket->filled_at) * REQUESTS_PER_S / G_USEC_PER_SEC, bucket->size);
    bucket->filled_at = now;
    if (bucket->n < 1)
        return false;
    bucket->n -= 1;
    return true;
}
