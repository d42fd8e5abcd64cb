#include "store/doorbell.h"
#include "store/schema.h"

struct store *store_open(const char *path, GError **error)
{
    g_autofree struct store *store = g_new0(struct store, 1);

    if (!db_open(&store->db, path, &jobs_schema, error))
        return NULL;
    return g_steal_pointer(&store);
}

struct store *store_open_readonly(const char *path, GError **error)
{
    g_autofree struct store *store = g_new0(struct store, 1);

    if (!db_open_readonly(&store->db, path, &jobs_schema, error))
        return NULL;
    return g_steal_pointer(&store);
}

void store_close(struct store *store)
{
    if (!store)
        return;
    db_close(&store->db);
    g_free(store->claimer_session);
    g_free(store->claimer_fit);
    g_free(store);
}

void store_ring_events(struct store *store)
{
    if (!store->has_event || !sqlite3_get_autocommit(store->db.handle))
        return;
    store->has_event = false;
    doorbell_ring(store->db.path, EVENTS_BELL);
}

bool store_begin(struct store *store, GError **error)
{
    return db_exec(&store->db, "BEGIN IMMEDIATE", error);
}

void store_rollback(struct store *store)
{
    if (!sqlite3_get_autocommit(store->db.handle))
        sqlite3_exec(store->db.handle, "ROLLBACK", NULL, NULL, NULL);
}

bool store_commit(struct store *store, GError **error)
{
    if (db_exec(&store->db, "COMMIT", error)) {
        store_ring_events(store);
        return true;
    }
    store_rollback(store);
    return false;
}
