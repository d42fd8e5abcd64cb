#include "supervisor/discovery.h"

#include <string.h>

#include "os/process.h"
#include "store/doorbell.h"
#include "supervisor/executor.h"

#define CREATED_LIMIT_S 30
#define HEARTBEAT_LIMIT_S 15
#define REMOTE_CREATED_LIMIT_S 120
#define KILL_WAIT_MS 1000

struct tidying {
    struct store *store;
    GHashTable *dead_sessions;
    int n_rows;
    GError *error;
    bool is_all; /* of a search */
    discovery_each *each;
    gpointer data;
};

static bool is_direct(const struct worker_row *row)
{
    return !g_strcmp0(row->execution_mode, "direct");
}

bool discovery_is_alive(const struct worker_row *row)
{
    const struct executor_class *class = executor_find(row->execution_mode);

    if (row->status == WORKER_DEAD)
        return false;
    if (class)
        return class->is_alive(row);
    return row->heartbeat_age_s < (row->status == WORKER_CREATED ? REMOTE_CREATED_LIMIT_S : HEARTBEAT_LIMIT_S);
}

static bool has_parent(const struct worker_row *row)
{
    return process_is_alive_since((pid_t)row->parent_pid, row->parent_start_time, row->boot_id);
}

/* Why a row has no worker any more; NULL if it has one or still may get one. */
static const char *find_fault(const struct tidying *tidying, const struct worker_row *row)
{
    if (row->status == WORKER_DEAD)
        return NULL;
    if (row->boot_id && strcmp(row->boot_id, process_boot_id()) != 0)
        return "the machine was restarted";
    if (row->session_id && g_hash_table_contains(tidying->dead_sessions, row->session_id))
        return "its build died";
    if (row->status == WORKER_CREATED && is_direct(row)) {
        if (!has_parent(row) && !(row->pid && discovery_is_alive(row)))
            return "its parent died before it was ready";
        return row->age_s > CREATED_LIMIT_S ? "not ready within 30 s" : NULL;
    }
    return discovery_is_alive(row) ? NULL : "its process is gone";
}

static void clean_up(const struct worker_row *row)
{
    const struct executor_class *class = executor_find(row->execution_mode);

    if (class)
        class->clean_up(row->executor_id);
}

/* In one transaction, and only once: others may tidy at the same time. */
static bool mark_dead(struct store *store, const struct worker_row *row, const char *fault, GError **error)
{
    g_autoptr(worker_row) now = NULL;
    int found;

    if (!store_begin(store, error))
        return false;
    found = worker_find(store, row->id, &now, error);
    if (found == 1 && now->status != WORKER_DEAD &&
        (job_release_worker(store, row->id, fault, error) < 0 || !worker_set_status(store, row->id, WORKER_DEAD, error) ||
         !event_add(store, "worker_failed", row->id, row->worker_type, row->execution_mode, row->session_id, fault, NULL, error)))
        found = -1;
    if (found >= 0)
        return store_commit(store, error);
    store_rollback(store);
    return false;
}

static void tidy_row(const struct worker_row *row, gpointer data)
{
    struct tidying *tidying = data;
    const char *fault = find_fault(tidying, row);

    if (!fault || tidying->error)
        return;
    clean_up(row);
    if (mark_dead(tidying->store, row, fault, &tidying->error))
        tidying->n_rows++;
}

static void tidy_session(const struct session_row *row, gpointer data)
{
    struct tidying *tidying = data;

    if (tidying->error || process_is_alive_since((pid_t)row->pid, row->start_time, row->boot_id))
        return;
    g_hash_table_add(tidying->dead_sessions, g_strdup(row->session_id));
    job_cancel_session(tidying->store, row->session_id, "the build died", &tidying->error);
}

/* The session's row goes last: whoever dies in here leaves the rest to the next one. */
static bool close_session(struct store *store, const char *session_id, GError **error)
{
    return event_close_session(store, session_id, "the build died", error) && session_remove(store, session_id, error);
}

static void release_orphans(struct tidying *tidying)
{
    if (job_release_orphans(tidying->store, "its worker is not registered any more", &tidying->error) >= 0)
        job_cancel_orphans(tidying->store, "its build is gone", &tidying->error);
}

static bool tidy(struct tidying *tidying, GError **error)
{
    GHashTableIter iter;
    gpointer session_id;

    if (!session_list(tidying->store, tidy_session, tidying, error))
        return false;
    if (!tidying->error && !worker_list(tidying->store, tidy_row, tidying, error))
        return false;
    if (!tidying->error)
        release_orphans(tidying);
    g_hash_table_iter_init(&iter, tidying->dead_sessions);
    while (!tidying->error && g_hash_table_iter_next(&iter, &session_id, NULL))
        close_session(tidying->store, session_id, &tidying->error);
    if (!tidying->error)
        return true;
    g_propagate_error(error, g_steal_pointer(&tidying->error));
    return false;
}

int discovery_tidy(struct store *store, GError **error)
{
    g_autoptr(GHashTable) dead = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    struct tidying tidying = {.store = store, .dead_sessions = dead};

    doorbell_sweep(store_path(store));
    executor_sweep();
    return tidy(&tidying, error) ? tidying.n_rows : -1;
}

static void find_session(const struct session_row *row, gpointer data)
{
    struct tidying *search = data;

    if (!process_is_alive_since((pid_t)row->pid, row->start_time, row->boot_id))
        g_hash_table_add(search->dead_sessions, g_strdup(row->session_id));
}

/* Why a worker that lives is of no use; NULL if it is healthy. */
static const char *find_silence(const struct worker_row *row, double limit_s)
{
    if (is_direct(row) && process_is_stopped((pid_t)row->pid))
        return "its process is stopped";
    return worker_is_silent(row, limit_s) ? "gives no sign of life" : NULL;
}

bool discovery_is_healthy(const struct worker_row *row, double limit_s)
{
    return (row->status == WORKER_IDLE || row->status == WORKER_BUSY) && discovery_is_alive(row) && !find_silence(row, limit_s);
}

static const char *examine(const struct tidying *search, const struct worker_row *row)
{
    const char *reason = find_fault(search, row);

    if (row->status == WORKER_DEAD || row->status == WORKER_HUNG)
        return worker_status_names[row->status];
    return reason ? reason : find_silence(row, HEARTBEAT_LIMIT_S);
}

static void examine_row(const struct worker_row *row, gpointer data)
{
    struct tidying *search = data;

    search->each(row, examine(search, row), search->data);
}

static void find_row(const struct worker_row *row, gpointer data)
{
    struct tidying *search = data;
    const char *reason = examine(search, row);

    if (reason || search->is_all)
        search->each(row, reason ? reason : "healthy", search->data);
}

bool discovery_find_faulty(struct store *store, bool is_all, discovery_each *each, gpointer data, GError **error)
{
    g_autoptr(GHashTable) dead = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    struct tidying search = {.store = store, .dead_sessions = dead, .is_all = is_all, .each = each, .data = data};

    return session_list(store, find_session, &search, error) && worker_list(store, find_row, &search, error);
}

bool discovery_examine(struct store *store, discovery_each *each, gpointer data, GError **error)
{
    g_autoptr(GHashTable) dead = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    struct tidying search = {.store = store, .dead_sessions = dead, .each = each, .data = data};

    return session_list(store, find_session, &search, error) && worker_list(store, examine_row, &search, error);
}

static bool adopt(const struct worker_row *row, struct executor_worker *worker)
{
    *worker = (struct executor_worker){.class = executor_find(row->execution_mode), .end_fd = -1, .process.pidfd = -1};
    return worker->class && worker->class->adopt(row, worker);
}

void discovery_ask_to_end(const struct worker_row *row)
{
    struct executor_worker worker;

    if (!adopt(row, &worker))
        return;
    worker.class->ask_to_end(&worker);
    executor_worker_clear(&worker);
}

static void end_worker(const struct worker_row *row, int deadline_ms)
{
    struct executor_worker worker;

    if (!adopt(row, &worker))
        return;
    worker.class->ask_to_end(&worker);
    if (!executor_worker_wait(&worker, g_get_monotonic_time() + (gint64)deadline_ms * 1000)) {
        worker.class->kill(&worker);
        executor_worker_wait(&worker, g_get_monotonic_time() + KILL_WAIT_MS * 1000);
    }
    executor_worker_clear(&worker);
}

bool discovery_end_worker(struct store *store, const struct worker_row *row, int deadline_ms, GError **error)
{
    g_autoptr(worker_row) left = NULL;
    int found;

    end_worker(row, deadline_ms);
    clean_up(row);
    found = worker_find(store, row->id, &left, error);
    if (found <= 0) /* it has said goodbye itself */
        return found == 0;
    return job_release_worker(store, row->id, "its worker was ended by a user", error) >= 0 && worker_remove(store, row->id, error) &&
           event_add(store, "worker_stopped", row->id, row->worker_type, row->execution_mode, row->session_id, "ended by a user", NULL,
                     error);
}
