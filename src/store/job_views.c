#include "store/job_views.h"

#include "store/schema.h"

#define SELECT_VIEWS                                                                                                                       \
    "SELECT id, job_type, status, input_file, output_file, session_id, worker_id, attempts, max_attempts, kills, created_at, started_at,"  \
    " completed_at, cancelled_by, payload, result, error, (julianday(coalesce(completed_at, 'now')) - julianday(started_at)) * 86400.0,"   \
    " (julianday('now') - julianday(created_at)) * 86400.0, content_hash FROM jobs"

static struct job_view *read_view(sqlite3_stmt *statement)
{
    struct job_view *view = g_new0(struct job_view, 1);

    view->id = sqlite3_column_int64(statement, 0);
    view->type = db_column_text(statement, 1);
    view->status = (enum job_status)glossary_find(job_status_names, (const char *)sqlite3_column_text(statement, 2));
    view->input_file = db_column_text(statement, 3);
    view->output_file = db_column_text(statement, 4);
    view->session_id = db_column_text(statement, 5);
    view->worker_id = sqlite3_column_int64(statement, 6);
    view->attempts = sqlite3_column_int(statement, 7);
    view->max_attempts = sqlite3_column_int(statement, 8);
    view->kills = sqlite3_column_int(statement, 9);
    view->created_at = db_column_text(statement, 10);
    view->started_at = db_column_text(statement, 11);
    view->completed_at = db_column_text(statement, 12);
    view->cancelled_by = db_column_text(statement, 13);
    view->payload = db_column_text(statement, 14);
    view->result = db_column_text(statement, 15);
    view->error = db_column_text(statement, 16);
    view->run_s = sqlite3_column_double(statement, 17);
    view->age_s = sqlite3_column_double(statement, 18);
    view->content_hash = db_column_text(statement, 19);
    return view;
}

void job_view_free(struct job_view *view)
{
    if (!view)
        return;
    g_free(view->type);
    g_free(view->input_file);
    g_free(view->output_file);
    g_free(view->content_hash);
    g_free(view->session_id);
    g_free(view->created_at);
    g_free(view->started_at);
    g_free(view->completed_at);
    g_free(view->cancelled_by);
    g_free(view->payload);
    g_free(view->result);
    g_free(view->error);
    g_free(view);
}

int job_view_find(struct store *store, gint64 id, struct job_view **ret_view, GError **error)
{
    sqlite3_stmt *statement = db_query(&store->db, error, SELECT_VIEWS " WHERE id = ?1", "i", id);
    int got = statement ? db_step(&store->db, statement, error) : -1;

    if (got == 1) {
        *ret_view = read_view(statement);
        sqlite3_reset(statement);
    }
    return got;
}

bool job_view_list(struct store *store, const struct job_filter *filter, job_view_each *each, gpointer data, GError **error)
{
    g_autoptr(GPtrArray) views = g_ptr_array_new_with_free_func((GDestroyNotify)job_view_free);
    sqlite3_stmt *statement = db_query(&store->db, error,
                                       SELECT_VIEWS " WHERE (?1 IS NULL OR session_id = ?1)"
                                                    " AND (?2 IS NULL OR instr(',' || ?2 || ',', ',' || status || ','))"
                                                    " AND (?3 IS NULL OR instr(',' || ?3 || ',', ',' || job_type || ','))"
                                                    " ORDER BY id DESC LIMIT ?4",
                                       "sssi", filter->session_id, filter->statuses, filter->types, filter->limit);
    int got = -1;

    while (statement && (got = db_step(&store->db, statement, error)) == 1)
        g_ptr_array_add(views, read_view(statement));
    if (got < 0)
        return false;
    for (guint i = views->len; i-- > 0;)
        each(views->pdata[i], data);
    return true;
}

/* Rows of workers that stopped in order are gone: the event of their start still knows their name. */
bool job_list_executors(struct store *store, gint64 id, executor_each *each, gpointer data, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    sqlite3_stmt *statement =
        db_query(&store->db, error,
                 "WITH had (id) AS (SELECT worker_id FROM jobs WHERE id = ?1 UNION SELECT worker_id FROM worker_events"
                 "  WHERE event_type = 'worker_failed' AND json_extract(metadata, '$.job') = ?1)"
                 " SELECT coalesce((SELECT container_id FROM workers WHERE id = had.id), (SELECT json_extract(metadata, '$.executor_id')"
                 "  FROM worker_events WHERE event_type = 'worker_starting' AND worker_id = had.id)) AS name"
                 " FROM had WHERE name IS NOT NULL ORDER BY id",
                 "i", id);
    int got = -1;

    while (statement && (got = db_step(&store->db, statement, error)) == 1)
        g_ptr_array_add(names, db_column_text(statement, 0));
    if (got < 0)
        return false;
    for (guint i = 0; i < names->len; i++)
        each(names->pdata[i], data);
    return true;
}

gint64 job_retry(struct store *store, gint64 id, const char *fit, GError **error)
{
    int n_changes = 0;

    if (!db_run(&store->db, &n_changes, error,
                "INSERT INTO jobs (job_type, input_file, output_file, content_hash, payload, priority, fit)"
                " SELECT job_type, input_file, output_file, content_hash, payload, priority, ?2 FROM jobs"
                " WHERE id = ?1 AND status IN ('failed', 'cancelled')",
                "is", id, fit))
        return -1;
    return n_changes > 0 ? sqlite3_last_insert_rowid(store->db.handle) : 0;
}
