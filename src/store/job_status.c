#include "store/job_status.h"

#include "store/schema.h"

#define KILL_LIMIT "2" /* workers that a job may end before it is quarantined */

#define SET_STATUS                                                                                                                         \
    "UPDATE jobs SET kills = kills + (?6 IS NOT NULL), max_attempts = max_attempts + ?7,"                                                  \
    " status = CASE WHEN ?1 = 'pending' AND (attempts >= max_attempts + ?7 OR ?6 IS NOT NULL AND kills + 1 >= " KILL_LIMIT ")"             \
    "  THEN 'failed' ELSE ?1 END,"                                                                                                         \
    " result = coalesce(?2, result),"                                                                                                      \
    " error = CASE WHEN ?1 = 'completed' THEN NULL WHEN ?6 IS NULL THEN coalesce(?3, error)"                                               \
    "  ELSE json_object('type', 'infrastructure', 'message', CASE WHEN kills + 1 >= " KILL_LIMIT                                           \
    "   THEN 'quarantined: it ended two workers; the last: ' || ?6 ELSE ?6 END) END,"                                                      \
    " cancelled_at = CASE WHEN ?1 = 'cancelled' THEN CURRENT_TIMESTAMP ELSE cancelled_at END, cancelled_by = coalesce(?4, cancelled_by)"

/* A statement takes as many of the parameters as it has. */
static const struct {
    const char *sql, *types;
} statements[] = {
    [JOB_OF_TOKEN] = {SET_STATUS " WHERE id = ?5 AND worker_id = ?8 AND attempts = ?9 AND status = 'processing'", "ssssisiii"},
    [JOB_OF_ID] = {SET_STATUS " WHERE id = ?5 AND status IN ('pending', 'processing')", "ssssisi"},
    [JOBS_OF_WORKER] = {SET_STATUS " WHERE worker_id = ?8 AND status = 'processing'", "ssssisii"},
    [JOBS_OF_NOBODY] = {SET_STATUS " WHERE status = 'processing' AND NOT EXISTS (SELECT 1 FROM workers WHERE id = jobs.worker_id)",
                        "ssssisi"},
    [JOBS_OF_NO_BUILD] = {SET_STATUS " WHERE status = 'pending' AND session_id IS NOT NULL"
                                     " AND NOT EXISTS (SELECT 1 FROM sessions WHERE session_id = jobs.session_id)",
                          "ssssisi"},
    [JOBS_OF_SESSION] = {SET_STATUS " WHERE session_id = ?10 AND status IN ('pending', 'processing')", "ssssisiiis"},
};

int job_set_status(struct store *store, const struct job_change *change, GError **error)
{
    g_autofree char *result = change->result ? json_to_text(change->result) : NULL;
    g_autofree char *problem = change->error ? json_to_text(change->error) : NULL;
    int n_changes = 0;

    if (!db_run(&store->db, &n_changes, error, statements[change->scope].sql, statements[change->scope].types, job_status_names[change->to],
                result, problem, change->by, change->id, change->killed_by, (gint64)change->is_attempt_free, change->worker_id,
                (gint64)change->token, change->session_id))
        return -1;
    return n_changes;
}
