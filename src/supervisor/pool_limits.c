#include "base/error.h"
#include "store/doorbell.h"
#include "supervisor/pool_private.h"

void pool_fail_job(struct place *place, const char *format, const char *value)
{
    struct pool *pool = place->pool;
    g_autoptr(GString) text = g_string_new(format);
    g_autoptr(json_t) problem = NULL;
    g_autoptr(GError) error = NULL;

    g_string_replace(text, "%s", value, 1);
    problem = json_pack("{s:s, s:s, s:f}", "type", "infrastructure", "message", text->str, "peak_memory_mib", pool_peak_memory(place));
    if (!job_fail_worker(pool->options.store, place->worker_id, problem, &error))
        pool_report(error);
    pool_ring(pool);
}

/* How much of the time since the last look counts: nothing while another process holds the database (it may be stopped itself), and of a
 * machine that is overloaded only the time that it left to the worker. */
static double count_look(struct place *place)
{
    const struct pool_options *options = &place->pool->options;
    struct scheduling before = place->scheduling;
    gint64 now = g_get_monotonic_time(), interval = now - place->looked_at;
    bool is_first = place->looked_at == 0;
    pid_t pid = place->worker.process.pid;
    gint64 writer = place->silence > options->heartbeat_limit_s / 2 ? store_find_writer(options->store) : 0;

    if (writer && writer != pid)
        return 0;
    if (!pid || !scheduling_read(pid, &place->scheduling))
        return 1;
    place->looked_at = now;
    return is_first ? 1 : scheduling_awake_share(&before, &place->scheduling, interval);
}

/* Adds up how long a text has been the same; takes it over. */
static void count_same(char **text, double *n, char *now, double look)
{
    *n = g_strcmp0(*text, now) ? 0 : *n + look;
    g_free(*text);
    *text = now;
}

static char *describe_doing(const struct worker_row *row)
{
    return g_strdup_printf("%" G_GINT64_FORMAT " %s %s", row->current_job, row->progress_at ? row->progress_at : "",
                           row->progress ? row->progress : "");
}

/* An idle worker that is held by its handle owes no heartbeat, unless it is stopped or leaves a job waiting: that is rung for again. */
static bool may_be_silent(const struct place *place, const struct worker_row *row)
{
    const struct pool_options *options = &place->pool->options;

    if (row->status != WORKER_IDLE || !place->worker.process.pid || process_is_stopped(place->worker.process.pid))
        return false;
    if (!job_is_waiting(options->store, options->type, options->session_id))
        return true;
    doorbell_ring(options->executor->options.jobs_db, job_type_names[options->type]);
    return false;
}

static void look_for_signs(struct place *place, const struct worker_row *row)
{
    double look = count_look(place);

    count_same(&place->heard, &place->silence, g_strdup(row->last_heartbeat), look);
    count_same(&place->doing, &place->same, describe_doing(row), look);
    if (may_be_silent(place, row))
        place->silence = 0;
}

/* The limits of this build hold for its own jobs; a shared worker may be at the job of another one. */
static bool is_at_our_job(const struct place *place, const struct worker_row *row)
{
    g_autoptr(job) job = NULL;

    return row->status == WORKER_BUSY && row->current_job && job_find(place->pool->options.store, row->current_job, &job, NULL) == 1 &&
           !g_strcmp0(job->session_id, place->pool->options.session_id);
}

/* Job, row and event in one transaction; false when it has given a sign meanwhile (this process may have waited for the database). The job is
 * taken away now, and what the worker still says about it is void: it need not have ended for another one to go on. */
static bool write_hung(struct place *place, GError **error)
{
    const struct pool_options *options = &place->pool->options;
    g_autofree char *message = pool_describe_end(place), *doing = NULL;
    g_autoptr(worker_row) row = NULL;
    bool is_busy;

    if (worker_find(options->store, place->worker_id, &row, error) != 1)
        return false;
    doing = describe_doing(row);
    if (g_strcmp0(place->heard, row->last_heartbeat) || g_strcmp0(place->doing, doing))
        return false;
    place->lost_job = row->current_job;
    is_busy = row->status == WORKER_BUSY;
    event_logger_add(options->logger, "worker_stopping", options->type, place->worker_id, NULL, "%s", message);
    return !is_busy || (worker_set_status(options->store, place->worker_id, WORKER_HUNG, error) &&
                        job_release_worker(options->store, place->worker_id, message, error) >= 0);
}

/* A database that somebody keeps locked does not save a worker: its end is then written down later. */
static void end_hung(struct place *place, const char *fault)
{
    struct store *store = place->pool->options.store;
    g_autoptr(GError) error = NULL;
    bool is_hung = true;

    place->fault = fault;
    if (store_begin(store, &error)) {
        is_hung = write_hung(place, &error) && store_commit(store, &error);
        store_rollback(store);
    }
    pool_report(error);
    if (is_hung || error) {
        pool_end_place(place, fault);
        pool_ring(place->pool);
    } else {
        place->fault = NULL;
        place->lost_job = 0;
    }
}

static void check_memory(struct place *place)
{
    const struct pool_options *options = &place->pool->options;

    if (!options->memory_limit)
        return;
    place->memory = place->worker.class->measure_memory(&place->worker);
    if (place->memory <= options->memory_limit)
        return;
    pool_fail_job(place, "memory limit %s exceeded", options->memory_limit_text);
    pool_kill_place(place, "memory limit exceeded");
}

static void check_place(struct place *place)
{
    const struct pool_options *options = &place->pool->options;
    g_autoptr(worker_row) row = NULL;
    int found;

    if ((place->state != PLACE_READY && place->state != PLACE_SHARED) || place->fault || place->is_unburied)
        return;
    found = worker_find(options->store, place->worker_id, &row, NULL);
    if (found == 0) /* who has deleted it? the worker ends when it looks */
        doorbell_ring(options->executor->options.jobs_db, job_type_names[options->type]);
    if (found != 1)
        return;
    look_for_signs(place, row);
    if (place->silence > options->heartbeat_limit_s)
        end_hung(place, "no heartbeat: it hangs or was stopped");
    else if (!is_at_our_job(place, row))
        return;
    else if (place->same > options->max_job_time_s)
        end_hung(place, "no progress within max_job_time");
    else
        check_memory(place);
}

void pool_check_limits(struct pool *pool)
{
    for (int i = 0; i < pool->options.n_workers; i++) {
        pool_bury_again(&pool->places[i]);
        check_place(&pool->places[i]);
    }
}
