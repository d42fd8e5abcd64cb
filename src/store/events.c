#include "store/schema.h"

bool event_add(struct store *store, const char *event_type, gint64 worker_id, const char *worker_type, const char *execution_mode,
               const char *session_id, const char *message, const json_t *metadata, GError **error)
{
    g_autofree char *text = metadata ? json_to_text(metadata) : NULL;

    if (!db_run(&store->db, NULL, error,
                "INSERT INTO worker_events (event_type, worker_id, worker_type, execution_mode, session_id, message, metadata)"
                " VALUES (?1, nullif(?2, 0), ?3, ?4, ?5, ?6, ?7)",
                "sisssss", event_type, worker_id, worker_type, execution_mode, session_id, message, text))
        return false;
    store->has_event = true;
    store_ring_events(store);
    return true;
}

bool event_close_session(struct store *store, const char *session_id, const char *message, GError **error)
{
    return db_run(&store->db, NULL, error,
                  "INSERT INTO worker_events (event_type, worker_id, worker_type, execution_mode, message, session_id)"
                  " SELECT 'worker_failed', worker_id, worker_type, execution_mode, ?2, ?1 FROM worker_events"
                  " WHERE session_id = ?1 AND worker_id IS NOT NULL"
                  " GROUP BY worker_id HAVING sum(event_type IN ('worker_stopped', 'worker_failed')) = 0",
                  "ss", session_id, message) &&
           db_run(
               &store->db, NULL, error,
               "INSERT INTO worker_events (event_type, worker_type, execution_mode, message, session_id)"
               " SELECT 'pool_stopped', worker_type, execution_mode, ?2, ?1 FROM worker_events WHERE session_id = ?1 AND worker_id IS NULL"
               " GROUP BY worker_type HAVING sum(event_type = 'pool_starting') > sum(event_type = 'pool_stopped')",
               "ss", session_id, message);
}

int event_has_end(struct store *store, gint64 worker_id, GError **error)
{
    sqlite3_stmt *statement = db_query(&store->db, error,
                                       "SELECT coalesce((SELECT event_type IN ('worker_stopped', 'worker_failed') FROM worker_events"
                                       " WHERE worker_id = ?1 ORDER BY id DESC LIMIT 1), 1)",
                                       "i", worker_id);
    int has_end;

    if (!statement || db_step(&store->db, statement, error) < 0)
        return -1;
    has_end = sqlite3_column_int(statement, 0);
    sqlite3_reset(statement);
    return has_end;
}

static void free_event(struct event_row *row)
{
    g_free((char *)row->event_type);
    g_free((char *)row->worker_type);
    g_free((char *)row->execution_mode);
    g_free((char *)row->message);
    g_free((char *)row->metadata);
    g_free((char *)row->created_at);
    g_free((char *)row->session_id);
    g_free(row);
}

static struct event_row *read_event(sqlite3_stmt *statement)
{
    struct event_row *row = g_new0(struct event_row, 1);

    row->id = sqlite3_column_int64(statement, 0);
    row->worker_id = sqlite3_column_int64(statement, 1);
    row->event_type = db_column_text(statement, 2);
    row->worker_type = db_column_text(statement, 3);
    row->execution_mode = db_column_text(statement, 4);
    row->message = db_column_text(statement, 5);
    row->metadata = db_column_text(statement, 6);
    row->created_at = db_column_text(statement, 7);
    row->session_id = db_column_text(statement, 8);
    return row;
}

bool event_list(struct store *store, gint64 after, const char *type, const char *session_id, const char *since, event_each *each,
                gpointer data, GError **error)
{
    g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func((GDestroyNotify)free_event);
    sqlite3_stmt *statement =
        db_query(&store->db, error,
                 "SELECT id, worker_id, event_type, worker_type, execution_mode, message, metadata, created_at, session_id"
                 " FROM worker_events WHERE id > ?1 AND (?2 IS NULL OR event_type = ?2)"
                 " AND (?3 IS NULL OR session_id = ?3) AND (?4 IS NULL OR created_at >= ?4) ORDER BY id",
                 "isss", after, type, session_id, since);
    int got = -1;

    while (statement && (got = db_step(&store->db, statement, error)) == 1)
        g_ptr_array_add(rows, read_event(statement));
    if (got < 0)
        return false;
    for (guint i = 0; i < rows->len; i++)
        each(rows->pdata[i], data);
    return true;
}
