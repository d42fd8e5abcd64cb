#include "base/error.h"
#include "supervisor/pool_private.h"

void pool_fail_job(struct place *place, const char *format, const char *value)
{
    struct pool *pool = place->pool;
    g_autoptr(GString) text = g_string_new(format);
    g_autoptr(json_t) problem = NULL;
    g_autoptr(GError) error = NULL;

    g_string_replace(text, "%s", value, 1);
    problem = json_pack("{s:s, s:s}", "type", "infrastructure", "message", text->str);
    if (!job_fail_worker(pool->options.store, place->worker_id, problem, &error))
        pool_report(error);
    pool_ring(pool);
}

/* Counts how often in a row a text was the same; takes it over. */
static void count_same(char **text, int *n, char *now)
{
    *n = g_strcmp0(*text, now) ? 0 : *n + 1;
    g_free(*text);
    *text = now;
}

static void look_for_signs(struct place *place, const struct worker_row *row)
{
    count_same(&place->heard, &place->n_silent, g_strdup(row->last_heartbeat));
    count_same(&place->doing, &place->n_same,
               g_strdup_printf("%" G_GINT64_FORMAT " %s %s", row->current_job, row->progress_at ? row->progress_at : "",
                               row->progress ? row->progress : ""));
}

/* The limits of this build hold for its own jobs; a shared worker may be at the job of another one. */
static bool is_at_our_job(const struct place *place, const struct worker_row *row)
{
    g_autoptr(job) job = NULL;

    return row->status == WORKER_BUSY && row->current_job && job_find(place->pool->options.store, row->current_job, &job, NULL) == 1 &&
           !g_strcmp0(job->session_id, place->pool->options.session_id);
}

static void end_hung(struct place *place, const struct worker_row *row, const char *fault)
{
    if (row->status == WORKER_BUSY)
        worker_set_status(place->pool->options.store, place->worker_id, WORKER_HUNG, NULL);
    pool_kill_place(place, fault);
}

static void check_memory(struct place *place)
{
    const struct pool_options *options = &place->pool->options;

    if (!options->memory_limit || place->worker.class->measure_memory(&place->worker) <= options->memory_limit)
        return;
    pool_fail_job(place, "memory limit %s exceeded", options->memory_limit_text);
    pool_kill_place(place, "memory limit exceeded");
}

static void check_place(struct place *place)
{
    const struct pool_options *options = &place->pool->options;
    g_autoptr(worker_row) row = NULL;

    if ((place->state != PLACE_READY && place->state != PLACE_SHARED) || place->fault || place->is_unburied ||
        worker_find(options->store, place->worker_id, &row, NULL) != 1)
        return;
    look_for_signs(place, row);
    if (place->n_silent > options->heartbeat_limit_s)
        end_hung(place, row, "no heartbeat: it hangs or was stopped");
    else if (!is_at_our_job(place, row))
        return;
    else if (place->n_same > options->max_job_time_s)
        end_hung(place, row, "no progress within max_job_time");
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
