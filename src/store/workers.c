#include <unistd.h>

#include "base/error.h"
#include "os/process.h"
#include "store/schema.h"

static bool check_changed(int n_changes, gint64 id, const char *what, GError **error)
{
    if (n_changes == 1)
        return true;
    g_set_error(error, CLX_ERROR, CLX_ERROR_STALE, "worker %" G_GINT64_FORMAT ": %s", id, what);
    return false;
}

void worker_row_free(struct worker_row *row)
{
    if (!row)
        return;
    g_free(row->worker_type);
    g_free(row->executor_id);
    g_free(row->started_at);
    g_free(row->last_heartbeat);
    g_free(row->execution_mode);
    g_free(row->session_id);
    g_free(row->managed_by);
    g_free(row->progress);
    g_free(row->progress_at);
    g_free(row->fit);
    g_free(row->boot_id);
    g_free(row);
}

#define AGE(column) "(julianday('now') - julianday(" column ")) * 86400.0"

#define SELECT_ROWS                                                                                                                        \
    "SELECT id, worker_type, container_id, started_at, last_heartbeat, execution_mode, session_id, managed_by, status,"                    \
    " jobs_processed, jobs_failed, parent_pid, pid, pid_start_time, cpu_usage, memory_usage,"                                              \
    " " AGE("started_at") ", " AGE(                                                                                                        \
        "last_heartbeat") ", current_job, progress, parent_start_time,"                                                                    \
                          " " AGE("coalesce(progress_at, started_at)") ", progress_at, json_extract(config, '$.fit'),"                     \
                                                                       " peak_memory, avg_processing_time, boot_id FROM workers"

static struct worker_row *read_row(sqlite3_stmt *statement)
{
    struct worker_row *row = g_new0(struct worker_row, 1);

    row->id = sqlite3_column_int64(statement, 0);
    row->worker_type = db_column_text(statement, 1);
    row->executor_id = db_column_text(statement, 2);
    row->started_at = db_column_text(statement, 3);
    row->last_heartbeat = db_column_text(statement, 4);
    row->execution_mode = db_column_text(statement, 5);
    row->session_id = db_column_text(statement, 6);
    row->managed_by = db_column_text(statement, 7);
    row->status = glossary_find(worker_status_names, (const char *)sqlite3_column_text(statement, 8));
    row->jobs_processed = sqlite3_column_int64(statement, 9);
    row->jobs_failed = sqlite3_column_int64(statement, 10);
    row->parent_pid = sqlite3_column_int64(statement, 11);
    row->pid = sqlite3_column_int64(statement, 12);
    row->pid_start_time = (guint64)sqlite3_column_int64(statement, 13);
    row->cpu_usage = sqlite3_column_double(statement, 14);
    row->memory_usage = sqlite3_column_double(statement, 15);
    row->age_s = sqlite3_column_double(statement, 16);
    row->heartbeat_age_s = sqlite3_column_double(statement, 17);
    row->current_job = sqlite3_column_int64(statement, 18);
    row->progress = db_column_text(statement, 19);
    row->parent_start_time = (guint64)sqlite3_column_int64(statement, 20);
    row->progress_age_s = sqlite3_column_double(statement, 21);
    row->progress_at = db_column_text(statement, 22);
    row->fit = db_column_text(statement, 23);
    row->peak_memory = sqlite3_column_double(statement, 24);
    row->avg_processing_time = sqlite3_column_double(statement, 25);
    row->boot_id = db_column_text(statement, 26);
    return row;
}

bool worker_list(struct store *store, worker_each *each, gpointer data, GError **error)
{
    g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func((GDestroyNotify)worker_row_free);
    sqlite3_stmt *statement = db_query(&store->db, error, SELECT_ROWS " ORDER BY id", "");
    int got = -1;

    while (statement && (got = db_step(&store->db, statement, error)) == 1)
        g_ptr_array_add(rows, read_row(statement));
    if (got < 0)
        return false;
    for (guint i = 0; i < rows->len; i++)
        each(rows->pdata[i], data);
    return true;
}

int worker_find(struct store *store, gint64 id, struct worker_row **ret_row, GError **error)
{
    sqlite3_stmt *statement = db_query(&store->db, error, SELECT_ROWS " WHERE id = ?1", "i", id);
    int got = statement ? db_step(&store->db, statement, error) : -1;

    if (got == 1) {
        *ret_row = read_row(statement);
        sqlite3_reset(statement);
    }
    return got;
}

gint64 worker_preregister(struct store *store, enum job_type type, const char *executor_id, const char *session_id,
                          const char *execution_mode, const json_t *config, GError **error)
{
    g_autofree char *text = config ? json_to_text(config) : NULL;

    if (!db_run(
            &store->db, NULL, error,
            "INSERT INTO workers (worker_type, container_id, session_id, execution_mode, config, managed_by, parent_pid, parent_start_time,"
            " boot_id) VALUES (?1, ?2, ?3, ?4, ?5, CASE WHEN ?3 IS NULL THEN 'user' ELSE 'build' END, ?6, ?7, ?8)",
            "sssssiis", job_type_names[type], executor_id, session_id, execution_mode, text, (gint64)getpid(),
            (gint64)process_start_time(getpid()), process_boot_id()))
        return -1;
    return sqlite3_last_insert_rowid(store->db.handle);
}

bool worker_set_process(struct store *store, gint64 id, gint64 pid, guint64 start_time, GError **error)
{
    int n_changes = 0;

    return db_run(&store->db, &n_changes, error, "UPDATE workers SET pid = ?2, pid_start_time = ?3 WHERE id = ?1", "iii", id, pid,
                  (gint64)start_time) &&
           check_changed(n_changes, id, "is not registered", error);
}

bool worker_set_executor_id(struct store *store, gint64 id, const char *executor_id, GError **error)
{
    int n_changes = 0;

    return db_run(&store->db, &n_changes, error, "UPDATE workers SET container_id = ?2 WHERE id = ?1", "is", id, executor_id) &&
           check_changed(n_changes, id, "is not registered", error);
}

/* The one setter; `from` NULL: from any status that states.h allows. */
static bool set_status(struct store *store, gint64 id, const char *from, enum worker_status to, int *ret_changes, GError **error)
{
    return db_run(&store->db, ret_changes, error,
                  "UPDATE workers SET status = ?2,"
                  " last_heartbeat = CASE WHEN ?2 = 'idle' THEN CURRENT_TIMESTAMP ELSE last_heartbeat END"
                  " WHERE id = ?1 AND (?3 IS NULL OR status = ?3)",
                  "iss", id, worker_status_names[to], from);
}

bool worker_set_status(struct store *store, gint64 id, enum worker_status status, GError **error)
{
    int n_changes = 0;

    return set_status(store, id, NULL, status, &n_changes, error) && check_changed(n_changes, id, "is not registered", error);
}

bool worker_activate(struct store *store, gint64 id, GError **error)
{
    int n_changes = 0;

    return set_status(store, id, worker_status_names[WORKER_CREATED], WORKER_IDLE, &n_changes, error) &&
           check_changed(n_changes, id, "cannot be activated: it is not in status 'created'", error);
}

/* The clock of max_job_time starts again only when the progress is another one. */
bool worker_heartbeat(struct store *store, gint64 id, double cpu_percent, double memory_mib, const char *progress, GError **error)
{
    int n_changes = 0;

    return db_run(&store->db, &n_changes, error,
                  "UPDATE workers SET last_heartbeat = CURRENT_TIMESTAMP, cpu_usage = ?2, memory_usage = ?3,"
                  " peak_memory = max(peak_memory, ?3),"
                  " progress_at = CASE WHEN progress IS ?4 THEN progress_at ELSE CURRENT_TIMESTAMP END, progress = ?4"
                  " WHERE id = ?1 AND status <> 'dead'",
                  "idds", id, cpu_percent, memory_mib, progress) &&
           check_changed(n_changes, id, "is not registered any more", error);
}

bool worker_is_silent(const struct worker_row *row, double limit_s)
{
    bool rests = row->status == WORKER_IDLE && !g_strcmp0(row->execution_mode, "direct");

    return row->heartbeat_age_s > (rests ? limit_s + WORKER_IDLE_BEAT_S : limit_s);
}

bool worker_remove(struct store *store, gint64 id, GError **error)
{
    return db_run(&store->db, NULL, error, "DELETE FROM workers WHERE id = ?1", "i", id);
}

bool session_add(struct store *store, const char *session_id, GError **error)
{
    return db_run(&store->db, NULL, error, "INSERT OR REPLACE INTO sessions (session_id, pid, start_time, boot_id) VALUES (?1, ?2, ?3, ?4)",
                  "siis", session_id, (gint64)getpid(), (gint64)process_start_time(getpid()), process_boot_id());
}

bool session_remove(struct store *store, const char *session_id, GError **error)
{
    return db_run(&store->db, NULL, error, "DELETE FROM sessions WHERE session_id = ?1", "s", session_id);
}

bool session_list(struct store *store, session_each *each, gpointer data, GError **error)
{
    g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(struct session_row));
    sqlite3_stmt *statement = db_query(&store->db, error, "SELECT session_id, pid, start_time, boot_id FROM sessions", "");
    int got = -1;

    while (statement && (got = db_step(&store->db, statement, error)) == 1) {
        struct session_row row = {db_column_text(statement, 0), sqlite3_column_int64(statement, 1),
                                  (guint64)sqlite3_column_int64(statement, 2), db_column_text(statement, 3)};

        g_array_append_val(rows, row);
    }
    for (guint i = 0; i < rows->len; i++) {
        struct session_row *row = &g_array_index(rows, struct session_row, i);

        if (got == 0)
            each(row, data);
        g_free(row->session_id);
        g_free(row->boot_id);
    }
    return got == 0;
}
