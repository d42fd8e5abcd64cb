#include <string.h>

#include "base/error.h"
#include "store/job_status.h"
#include "store/schema.h"

#define JOB_COLUMNS                                                                                                                        \
    "id, job_type, status, input_file, output_file, content_hash, session_id, payload, result, error, attempts, max_attempts, worker_id, " \
    "priority, fit"

void job_free(struct job *job)
{
    if (!job)
        return;
    g_free(job->input_file);
    g_free(job->output_file);
    g_free(job->content_hash);
    g_free(job->session_id);
    g_free(job->fit);
    json_decref(job->payload);
    json_decref(job->result);
    json_decref(job->error);
    g_free(job);
}

static json_t *column_json(sqlite3_stmt *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);

    return text ? json_parse(text, strlen(text), NULL) : NULL;
}

static struct job *read_job(sqlite3_stmt *statement)
{
    struct job *job = g_new0(struct job, 1);

    job->id = sqlite3_column_int64(statement, 0);
    job->type = glossary_find(job_type_names, (const char *)sqlite3_column_text(statement, 1));
    job->status = glossary_find(job_status_names, (const char *)sqlite3_column_text(statement, 2));
    job->input_file = db_column_text(statement, 3);
    job->output_file = db_column_text(statement, 4);
    job->content_hash = db_column_text(statement, 5);
    job->session_id = db_column_text(statement, 6);
    job->payload = column_json(statement, 7);
    job->result = column_json(statement, 8);
    job->error = column_json(statement, 9);
    job->attempts = sqlite3_column_int(statement, 10);
    job->max_attempts = sqlite3_column_int(statement, 11);
    job->worker_id = sqlite3_column_int64(statement, 12);
    job->priority = sqlite3_column_int(statement, 13);
    job->fit = db_column_text(statement, 14);
    return job;
}

bool job_submit(struct store *store, struct job *job, GError **error)
{
    g_autofree char *payload = json_to_text(job->payload);

    if (!db_run(&store->db, NULL, error,
                "INSERT INTO jobs (job_type, input_file, output_file, content_hash, session_id, payload, priority, fit)"
                " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                "ssssssis", job_type_names[job->type], job->input_file ? job->input_file : "", job->output_file ? job->output_file : "",
                job->content_hash ? job->content_hash : "", job->session_id, payload, (gint64)job->priority, job->fit))
        return false;
    job->id = sqlite3_last_insert_rowid(store->db.handle);
    job->status = JOB_PENDING;
    return true;
}

/* A worker's session and fit never change, so that one look is enough. */
static bool remember_claimer(struct store *store, gint64 worker_id, GError **error)
{
    sqlite3_stmt *statement;
    int got;

    if (store->claimer == worker_id)
        return true;
    statement = db_query(&store->db, error, "SELECT session_id, json_extract(config, '$.fit') FROM workers WHERE id = ?1", "i", worker_id);
    got = statement ? db_step(&store->db, statement, error) : -1;
    if (got == 0)
        g_set_error(error, CLX_ERROR, CLX_ERROR_NOT_FOUND, "worker %" G_GINT64_FORMAT " is not registered", worker_id);
    if (got <= 0)
        return false;
    g_free(store->claimer_session);
    g_free(store->claimer_fit);
    store->claimer_session = db_column_text(statement, 0);
    store->claimer_fit = db_column_text(statement, 1);
    store->claimer = worker_id;
    sqlite3_reset(statement);
    return true;
}

#define CLAIM                                                                                                                              \
    "UPDATE jobs SET status = 'processing', worker_id = ?1, attempts = attempts + 1, started_at = CURRENT_TIMESTAMP"                       \
    " WHERE id = (SELECT id FROM jobs WHERE job_type = ?2 AND status = 'pending'"
#define CLAIM_END                                                                                                                          \
    " ORDER BY priority DESC, id LIMIT 1) AND EXISTS (SELECT 1 FROM workers WHERE id = ?1 AND status = 'idle') RETURNING " JOB_COLUMNS

int job_claim(struct store *store, gint64 worker_id, enum job_type type, struct job **ret_job, GError **error)
{
    sqlite3_stmt *statement;
    struct job *job;
    int got;

    if (!remember_claimer(store, worker_id, error))
        return -1;
    if (store->claimer_session)
        statement = db_query(&store->db, error, CLAIM " AND session_id = ?3" CLAIM_END, "iss", worker_id, job_type_names[type],
                             store->claimer_session);
    else
        statement =
            db_query(&store->db, error, CLAIM " AND fit IS ?3" CLAIM_END, "iss", worker_id, job_type_names[type], store->claimer_fit);
    got = statement ? db_step(&store->db, statement, error) : -1;
    if (got <= 0)
        return got;
    job = read_job(statement);
    if (db_step(&store->db, statement, error) < 0) { /* the statement, and with it the claim, ends here */
        job_free(job);
        return -1;
    }
    *ret_job = job;
    return 1;
}

/* A change of the job that the token fences: STALE when there is none. */
static bool change_current(struct store *store, struct job_change change, gint64 id, gint64 worker_id, int token, GError **error)
{
    int n_changes;

    change.scope = JOB_OF_TOKEN;
    change.id = id;
    change.worker_id = worker_id;
    change.token = token;
    n_changes = job_set_status(store, &change, error);
    if (n_changes == 0)
        g_set_error(error, CLX_ERROR, CLX_ERROR_STALE, "job %" G_GINT64_FORMAT ": attempt %d is no longer the current one", id, token);
    return n_changes == 1;
}

bool job_complete(struct store *store, gint64 id, gint64 worker_id, int token, const json_t *result, GError **error)
{
    return change_current(store, (struct job_change){.to = JOB_COMPLETED, .result = result}, id, worker_id, token, error);
}

bool job_fail(struct store *store, gint64 id, gint64 worker_id, int token, const json_t *problem, bool is_retryable, GError **error)
{
    struct job_change change = {.to = is_retryable ? JOB_PENDING : JOB_FAILED, .error = problem};

    return change_current(store, change, id, worker_id, token, error);
}

bool job_give_back(struct store *store, gint64 id, gint64 worker_id, int token, GError **error)
{
    return change_current(store, (struct job_change){.to = JOB_PENDING, .is_attempt_free = true}, id, worker_id, token, error);
}

int job_is_current(struct store *store, gint64 id, gint64 worker_id, int token, GError **error)
{
    sqlite3_stmt *statement =
        db_query(&store->db, error, "SELECT 1 FROM jobs WHERE id = ?1 AND worker_id = ?2 AND attempts = ?3 AND status = 'processing'",
                 "iii", id, worker_id, (gint64)token);
    int got = statement ? db_step(&store->db, statement, error) : -1;

    if (got == 1)
        sqlite3_reset(statement);
    return got;
}

bool job_is_waiting(struct store *store, enum job_type type, const char *session_id)
{
    sqlite3_stmt *statement =
        db_query(&store->db, NULL, "SELECT 1 FROM jobs WHERE job_type = ?1 AND session_id = ?2 AND status = 'pending' LIMIT 1", "ss",
                 job_type_names[type], session_id);
    bool is_waiting = statement && db_step(&store->db, statement, NULL) == 1;

    if (is_waiting)
        sqlite3_reset(statement);
    return is_waiting;
}

int job_release_worker(struct store *store, gint64 worker_id, const char *reason, GError **error)
{
    return job_set_status(
        store, &(struct job_change){.scope = JOBS_OF_WORKER, .worker_id = worker_id, .to = JOB_PENDING, .killed_by = reason}, error);
}

int job_release_orphans(struct store *store, const char *reason, GError **error)
{
    return job_set_status(store, &(struct job_change){.scope = JOBS_OF_NOBODY, .to = JOB_PENDING, .killed_by = reason}, error);
}

int job_cancel_orphans(struct store *store, const char *by, GError **error)
{
    return job_set_status(store, &(struct job_change){.scope = JOBS_OF_NO_BUILD, .to = JOB_CANCELLED, .by = by}, error);
}

bool job_fail_worker(struct store *store, gint64 worker_id, const json_t *problem, GError **error)
{
    struct job_change change = {.scope = JOBS_OF_WORKER, .worker_id = worker_id, .to = JOB_FAILED, .error = problem};

    return job_set_status(store, &change, error) >= 0;
}

bool job_cancel_session(struct store *store, const char *session_id, const char *by, GError **error)
{
    struct job_change change = {.scope = JOBS_OF_SESSION, .session_id = session_id, .to = JOB_CANCELLED, .by = by};

    return job_set_status(store, &change, error) >= 0;
}

int job_cancel(struct store *store, gint64 id, const char *by, GError **error)
{
    return job_set_status(store, &(struct job_change){.scope = JOB_OF_ID, .id = id, .to = JOB_CANCELLED, .by = by}, error);
}

int job_find(struct store *store, gint64 id, struct job **ret_job, GError **error)
{
    sqlite3_stmt *statement = db_query(&store->db, error, "SELECT " JOB_COLUMNS " FROM jobs WHERE id = ?1", "i", id);
    int got = statement ? db_step(&store->db, statement, error) : -1;

    if (got == 1) {
        *ret_job = read_job(statement);
        sqlite3_reset(statement);
    }
    return got;
}

int job_find_free(struct store *store, const struct job *wanted, struct job **ret_job, GError **error)
{
    g_autofree char *payload = json_to_text(wanted->payload);
    sqlite3_stmt *statement = db_query(&store->db, error,
                                       "SELECT " JOB_COLUMNS " FROM jobs WHERE session_id IS NULL AND job_type = ?1 AND content_hash = ?2"
                                       " AND payload = ?3 AND status IN ('pending', 'processing', 'completed') ORDER BY id DESC LIMIT 1",
                                       "sss", job_type_names[wanted->type], wanted->content_hash, payload);
    int got = statement ? db_step(&store->db, statement, error) : -1;

    if (got == 1) {
        *ret_job = read_job(statement);
        sqlite3_reset(statement);
    }
    return got;
}

int job_take_over(struct store *store, gint64 id, const char *session_id, GError **error)
{
    int n_changes = 0;

    if (!db_run(&store->db, &n_changes, error,
                "UPDATE jobs SET session_id = ?2, ended_seq = CASE WHEN ended_seq IS NOT NULL THEN 1 + coalesce((SELECT max(ended_seq)"
                " FROM jobs WHERE session_id = ?2), 0) END WHERE id = ?1 AND session_id IS NULL",
                "is", id, session_id))
        return -1;
    return n_changes;
}

/* Calls `each` for the jobs of a query, whose last column is what the cursor counts. All rows are read before the first call, so that `each`
 * may use the store. */
static bool poll_jobs(struct store *store, sqlite3_stmt *statement, gint64 *cursor, job_each *each, gpointer data, GError **error)
{
    g_autoptr(GPtrArray) jobs = g_ptr_array_new_with_free_func((GDestroyNotify)job_free);
    gint64 last = *cursor;
    int got = -1;

    while (statement && (got = db_step(&store->db, statement, error)) == 1) {
        g_ptr_array_add(jobs, read_job(statement));
        last = sqlite3_column_int64(statement, 15);
    }
    if (got < 0)
        return false;
    *cursor = last;
    for (guint i = 0; i < jobs->len; i++)
        each(jobs->pdata[i], data);
    return true;
}

bool job_poll_ended(struct store *store, const char *session_id, gint64 *cursor, job_each *each, gpointer data, GError **error)
{
    sqlite3_stmt *statement = db_query(&store->db, error,
                                       "SELECT " JOB_COLUMNS ", ended_seq FROM jobs WHERE session_id = ?1 AND ended_seq > ?2"
                                       " ORDER BY ended_seq",
                                       "si", session_id, *cursor);

    return poll_jobs(store, statement, cursor, each, data, error);
}

bool job_poll_free(struct store *store, gint64 *cursor, job_each *each, gpointer data, GError **error)
{
    sqlite3_stmt *statement =
        db_query(&store->db, error, "SELECT " JOB_COLUMNS ", id FROM jobs WHERE session_id IS NULL AND id > ?1 ORDER BY id", "i", *cursor);

    return poll_jobs(store, statement, cursor, each, data, error);
}

bool job_count(struct store *store, const char *session_id, int ret_counts[N_JOB_STATUSES], GError **error)
{
    sqlite3_stmt *statement =
        db_query(&store->db, error, "SELECT status, count(*) FROM jobs WHERE session_id = ?1 GROUP BY status", "s", session_id);
    int counts[N_JOB_STATUSES] = {0};
    int got = -1;

    while (statement && (got = db_step(&store->db, statement, error)) == 1) {
        int status = glossary_find(job_status_names, (const char *)sqlite3_column_text(statement, 0));

        if (status >= 0)
            counts[status] = sqlite3_column_int(statement, 1);
    }
    if (got < 0)
        return false;
    memcpy(ret_counts, counts, sizeof counts);
    return true;
}

int job_count_open(struct store *store, const char *session_id, enum job_type type, GError **error)
{
    sqlite3_stmt *statement = db_query(
        &store->db, error, "SELECT count(*) FROM jobs WHERE session_id = ?1 AND job_type = ?2 AND status IN ('pending', 'processing')",
        "ss", session_id, job_type_names[type]);
    int n = statement && db_step(&store->db, statement, error) == 1 ? sqlite3_column_int(statement, 0) : -1;

    if (n >= 0)
        sqlite3_reset(statement);
    return n;
}

bool results_cache_add(struct store *store, const char *output_file, const char *content_hash, const json_t *metadata, GError **error)
{
    g_autofree char *text = metadata ? json_to_text(metadata) : NULL;

    return db_run(&store->db, NULL, error,
                  "INSERT INTO results_cache (output_file, content_hash, result_metadata) VALUES (?1, ?2, ?3)"
                  " ON CONFLICT (output_file, content_hash) DO UPDATE SET result_metadata = ?3, last_accessed = CURRENT_TIMESTAMP",
                  "sss", output_file, content_hash, text);
}
