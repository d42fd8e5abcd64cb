#include "os/file_lock.h"
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

const char *store_path(const struct store *store)
{
    return store->db.path;
}

/* Of the -shm file: SQLite's "WAL_WRITE_LOCK", https://sqlite.org/walformat.html#locking_matrix */
#define WRITE_LOCK_OFFSET 120

gint64 store_find_writer(const struct store *store)
{
    g_autofree char *path = g_strconcat(store->db.path, "-shm", NULL);

    return file_lock_writer(path, WRITE_LOCK_OFFSET);
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

/* Numbers grow with time: the look for the first row that is young enough ends at once where nothing is to be removed. */
static const char *const prunings[] = {
    ("DELETE FROM worker_events WHERE id < coalesce((SELECT id FROM worker_events"
     " WHERE created_at >= datetime('now', ?1) ORDER BY id LIMIT 1), 9223372036854775807)"),
    ("DELETE FROM jobs WHERE status IN ('completed', 'failed', 'cancelled') AND id < coalesce((SELECT id FROM jobs"
     " WHERE created_at >= datetime('now', ?1) ORDER BY id LIMIT 1), 9223372036854775807)"),
    "DELETE FROM workers WHERE status = 'dead' AND started_at < datetime('now', ?1)",
};

int store_prune(struct store *store, int days, GError **error)
{
    g_autofree char *age = g_strdup_printf("-%d days", days);
    int total = 0;

    for (gsize i = 0; i < G_N_ELEMENTS(prunings); i++) {
        int n_changes = 0;

        if (!db_run(&store->db, &n_changes, error, prunings[i], "s", age))
            return -1;
        total += n_changes;
    }
    return total;
}
