#include "supervisor/pool_manager.h"

#include <glib-unix.h>
#include <string.h>
#include <sys/wait.h>

#include "base/error.h"
#include "config/fit.h"
#include "store/doorbell.h"
#include "supervisor/pool_private.h"
#include "supervisor/worker_log.h"

#define DEATH_WINDOW_US (60 * G_USEC_PER_SEC)
#define BACKOFF_FIRST_MS 100
#define END_DEADLINE_MS 2000 /* of a faulty worker, between TERM and KILL */
#define KILL_WAIT_MS 1000
#define BURIAL_TRIES 5 /* one at once, then one a second */

/* The diagram in the header, as a table. */
static const bool place_changes[N_PLACE_STATES][N_PLACE_STATES] = {
    [PLACE_EMPTY] = {[PLACE_STARTING] = true, [PLACE_SHARED] = true, [PLACE_WAITING] = true},
    [PLACE_STARTING] = {[PLACE_READY] = true, [PLACE_EMPTY] = true},
    [PLACE_READY] = {[PLACE_EMPTY] = true},
    [PLACE_WAITING] = {[PLACE_EMPTY] = true},
    [PLACE_SHARED] = {[PLACE_EMPTY] = true},
};

static const char *type_name(const struct pool *pool)
{
    return job_type_names[pool->options.type];
}

static const struct executor_class *class_of(const struct pool *pool)
{
    return pool->options.executor->class;
}

/* The one setter: refuses what the table does not list, and drops the timer, which belongs to the old state. */
static void set_state(struct place *place, enum place_state state)
{
    g_assert(place_changes[place->state][state]);
    place->state = state;
    if (place->timer)
        g_source_remove(place->timer);
    place->timer = 0;
}

static void drop_sources(struct place *place)
{
    if (place->watch)
        g_source_remove(place->watch);
    if (place->timer)
        g_source_remove(place->timer);
    place->watch = place->timer = 0;
}

static void clear_place(struct place *place)
{
    drop_sources(place);
    executor_worker_clear(&place->worker);
    g_clear_pointer(&place->heard, g_free);
    g_clear_pointer(&place->doing, g_free);
    place->silence = place->same = 0;
    place->looked_at = 0;
    place->memory = 0;
    place->is_unburied = false;
    place->n_tries = 0;
    if (place->state != PLACE_EMPTY)
        set_state(place, PLACE_EMPTY);
    place->worker_id = place->lost_job = 0;
    place->fault = NULL;
}

void pool_report(const GError *error)
{
    if (error)
        g_printerr("clx: %s\n", error->message);
}

void pool_ring(const struct pool *pool)
{
    g_autofree char *channel = g_strconcat("build-", pool->options.session_id, NULL);

    doorbell_ring(pool->options.executor->options.jobs_db, type_name(pool));
    doorbell_ring(pool->options.executor->options.jobs_db, channel);
}

/* ---- starting ---- */

static void start_place(struct place *place);

static int count_places(const struct pool *pool, enum place_state state)
{
    int n = 0;

    for (int i = 0; i < pool->options.n_workers; i++)
        n += pool->places[i].state == state;
    return n;
}

static void stop_for_good(struct pool *pool, const char *message)
{
    event_logger_add(pool->options.logger, "worker_failed", pool->options.type, 0, NULL, "%s", message);
    pool->is_stopping = true;
    for (int i = 0; i < pool->options.n_workers; i++)
        if (pool->places[i].timer) {
            g_source_remove(pool->places[i].timer);
            pool->places[i].timer = 0;
        }
    pool->options.failed(pool->options.type, message, pool->options.data);
}

static gboolean on_next_start(gpointer data)
{
    struct place *place = data;

    place->timer = 0;
    set_state(place, PLACE_EMPTY);
    start_place(place);
    return G_SOURCE_REMOVE;
}

static int count_recent_deaths(const struct pool *pool)
{
    gint64 now = g_get_monotonic_time();
    int n = 0;

    for (int i = 0; i < POOL_DEATH_LIMIT; i++)
        n += pool->deaths[i] && now - pool->deaths[i] < DEATH_WINDOW_US;
    return n;
}

/* The first start after a death follows at once, the next after a delay that doubles; an end in order is no death. */
static void plan_next_start(struct place *place, const char *message, bool is_death)
{
    struct pool *pool = place->pool;
    int n_recent = 0;

    if (pool->is_stopping)
        return;
    if (is_death)
        pool->deaths[pool->n_deaths++ % POOL_DEATH_LIMIT] = g_get_monotonic_time();
    n_recent = is_death ? count_recent_deaths(pool) : 0;
    if (n_recent >= POOL_DEATH_LIMIT) {
        g_autofree char *text =
            g_strdup_printf("%s workers died %d times within a minute; the last: %s", type_name(pool), n_recent, message);

        stop_for_good(pool, text);
        return;
    }
    set_state(place, PLACE_WAITING);
    place->timer =
        n_recent <= 1 ? g_idle_add(on_next_start, place) : g_timeout_add(BACKOFF_FIRST_MS << (n_recent - 2), on_next_start, place);
}

static char *name_end(const struct place *place)
{
    int status = place->status;

    if (place->fault)
        return g_strdup_printf("worker %s: %s", place->worker.id, place->fault);
    if (WIFSIGNALED(status))
        return g_strdup_printf("worker %s was killed by signal %d (%s)", place->worker.id, WTERMSIG(status), strsignal(WTERMSIG(status)));
    return g_strdup_printf("worker %s ended with exit status %d", place->worker.id, WEXITSTATUS(status));
}

char *pool_describe_end(const struct place *place)
{
    const struct executor_class *class = place->worker.class;
    g_autofree char *end = name_end(place), *words = class->last_words && place->status != 0 ? class->last_words(&place->worker) : NULL;

    return words && *words ? g_strdup_printf("%s; its last words:\n%s", end, g_strchomp(words)) : g_steal_pointer(&end);
}

double pool_peak_memory(const struct place *place)
{
    const struct executor_class *class = place->worker.class;
    guint64 peak = class->peak_memory ? class->peak_memory(&place->worker) : 0;

    return (double)MAX(peak, place->memory) / 1048576.0;
}

/* How it ended, how long it lived, and what it was doing; `row` may be NULL: somebody deleted it. */
static json_t *describe_death(const struct place *place, const struct worker_row *row)
{
    gint64 job = row && row->current_job ? row->current_job : place->lost_job;
    int status = place->status;

    return json_pack("{s:i, s:i, s:f, s:f, s:o, s:s?}", "exit_status", WIFEXITED(status) ? WEXITSTATUS(status) : -1, "signal",
                     WIFSIGNALED(status) ? WTERMSIG(status) : 0, "duration_s",
                     (double)(g_get_monotonic_time() - place->started_at) / G_USEC_PER_SEC, "peak_memory_mib",
                     MAX(row ? row->peak_memory : 0, pool_peak_memory(place)), "job", job ? json_integer(job) : json_null(), "progress",
                     row ? row->progress : NULL);
}

/* Whether the end of a worker has been told: 1, 0 or -1 (error). A row that is not dead says no, whatever retention has left of the events. */
static int has_told_end(const struct place *place, const struct worker_row *row, GError **error)
{
    return row && row->status != WORKER_DEAD ? 0 : event_has_end(place->pool->options.store, place->worker_id, error);
}

/* Job, row and event in one transaction. A worker that ended in order has taken its row along and told its end; one whose row was deleted may have
 * told nothing. True and whether it died, or an error. */
static bool write_end(const struct place *place, const char *message, bool *ret_is_death, GError **error)
{
    const struct pool_options *options = &place->pool->options;
    g_autoptr(worker_row) row = NULL;
    int has_end = -1;

    if (!store_begin(options->store, error))
        return false;
    if (worker_find(options->store, place->worker_id, &row, error) >= 0 &&
        job_release_worker(options->store, place->worker_id, message, error) >= 0 &&
        (!row || worker_set_status(options->store, place->worker_id, WORKER_DEAD, error)))
        has_end = has_told_end(place, row, error);
    if (has_end == 0)
        event_logger_add(options->logger, "worker_failed", options->type, place->worker_id, describe_death(place, row), "%s", message);
    if (has_end < 0 || !store_commit(options->store, error)) {
        store_rollback(options->store);
        return false;
    }
    *ret_is_death = row || place->status != 0;
    return true;
}

/* Where nothing can be written down (a full disk), no job comes to an end: the build must not wait for ever. */
static void give_up_if_hopeless(struct place *place, const GError *error)
{
    g_autofree char *text = NULL;

    if (++place->n_tries != BURIAL_TRIES || place->pool->is_stopping)
        return;
    text = g_strdup_printf("the end of a worker cannot be written down: %s", error->message);
    stop_for_good(place->pool, text);
}

/* The job goes back first, so that another worker has it while the rest is tidied up. */
static void bury(struct place *place)
{
    struct pool *pool = place->pool;
    g_autofree char *message =
        place->state == PLACE_SHARED && !place->fault ? g_strdup_printf("worker %s ended", place->worker.id) : pool_describe_end(place);
    g_autoptr(GError) error = NULL;
    bool is_death, was_unburied = place->is_unburied;

    place->is_unburied = !write_end(place, message, &is_death, &error);
    if (place->is_unburied) {
        if (!was_unburied)
            pool_report(error);
        give_up_if_hopeless(place, error);
        return;
    }
    pool_ring(pool);
    if (is_death)
        worker_log_note(pool->options.executor->options.jobs_db, place->worker.id, message);
    class_of(pool)->clean_up(place->worker.id);
    clear_place(place);
    plan_next_start(place, message, is_death);
}

void pool_bury_again(struct place *place)
{
    if (place->is_unburied)
        bury(place);
}

/* A class that holds the limit itself tells only afterwards. */
static void note_memory(struct place *place)
{
    const struct executor_class *class = place->worker.class;

    if (place->fault || !class->is_out_of_memory || !class->is_out_of_memory(&place->worker))
        return;
    place->fault = "memory limit exceeded";
    pool_fail_job(place, "memory limit %s exceeded", place->pool->options.memory_limit_text);
}

static gboolean on_end(gint fd, GIOCondition condition, gpointer data)
{
    struct place *place = data;

    place->watch = 0;
    drop_sources(place);
    place->status = place->worker.class->reap(&place->worker);
    note_memory(place);
    bury(place);
    return G_SOURCE_REMOVE;
}

void pool_kill_place(struct place *place, const char *fault)
{
    place->fault = fault;
    place->worker.class->kill(&place->worker);
}

static gboolean on_end_deadline(gpointer data)
{
    struct place *place = data;

    place->timer = 0;
    place->worker.class->kill(&place->worker);
    return G_SOURCE_REMOVE;
}

void pool_end_place(struct place *place, const char *fault)
{
    place->fault = fault;
    place->worker.class->ask_to_end(&place->worker);
    if (place->timer)
        g_source_remove(place->timer);
    place->timer = g_timeout_add(END_DEADLINE_MS, on_end_deadline, place);
}

static gboolean on_start_limit(gpointer data)
{
    struct place *place = data;

    place->timer = 0;
    pool_end_place(place, "not ready within startup_timeout");
    return G_SOURCE_REMOVE;
}

static bool preregister(struct place *place, GError **error)
{
    struct pool *pool = place->pool;
    const struct pool_options *options = &pool->options;
    g_autoptr(json_t) config = fit_describe(options->executor->options.program, options->executor->options.cache_db);

    place->worker.id = class_of(pool)->make_id(options->executor, options->type, place->index);
    if (!store_begin(options->store, error))
        return false;
    place->worker_id = worker_preregister(options->store, options->type, place->worker.id, options->stays ? NULL : options->session_id,
                                          class_of(pool)->mode, config, error);
    if (place->worker_id < 0) {
        place->worker_id = 0;
        store_rollback(options->store);
        return false;
    }
    event_logger_add(options->logger, "worker_starting", options->type, place->worker_id,
                     json_pack("{s:s}", "executor_id", place->worker.id), "starting %s", place->worker.id);
    event_logger_add(options->logger, "worker_registered", options->type, place->worker_id, NULL, "registered as %s", place->worker.id);
    return store_commit(options->store, error);
}

/* The row learns the process, and the executor id where that is known only now. */
static bool tell_process(const struct place *place, const char *first_id, GError **error)
{
    const struct executor_worker *worker = &place->worker;
    struct store *store = place->pool->options.store;

    if (g_strcmp0(first_id, worker->id) && !worker_set_executor_id(store, place->worker_id, worker->id, error))
        return false;
    return worker->process.pid == 0 || worker_set_process(store, place->worker_id, worker->process.pid, worker->process.start_time, error);
}

static bool try_start(struct place *place, GError **error)
{
    struct pool *pool = place->pool;
    g_autofree char *first_id = NULL;
    g_autoptr(GError) problem = NULL;

    if (!preregister(place, error))
        return false;
    place->worker.class = class_of(pool);
    first_id = g_strdup(place->worker.id);
    if (!class_of(pool)->start(pool->options.executor, pool->options.type, place->worker_id, &place->worker, error))
        return false;
    if (!tell_process(place, first_id, &problem))
        pool_report(problem);
    return true;
}

static void start_place(struct place *place)
{
    struct pool *pool = place->pool;
    g_autoptr(GError) error = NULL;

    if (!try_start(place, &error)) {
        g_autofree char *text = g_strdup_printf("cannot start a %s worker: %s", type_name(pool), error->message);

        if (place->worker_id > 0 && worker_set_status(pool->options.store, place->worker_id, WORKER_DEAD, NULL))
            event_logger_add(pool->options.logger, "worker_failed", pool->options.type, place->worker_id, NULL, "%s", text);
        clear_place(place);
        stop_for_good(pool, text);
        return;
    }
    set_state(place, PLACE_STARTING);
    place->started_at = g_get_monotonic_time();
    place->watch = g_unix_fd_add(place->worker.end_fd, G_IO_IN, on_end, place);
    place->timer = g_timeout_add_seconds((guint)pool->options.startup_timeout_s, on_start_limit, place);
}

void pool_start(struct pool *pool)
{
    if (!pool->is_announced)
        event_logger_add(pool->options.logger, "pool_starting", pool->options.type, 0, NULL, "%d %s worker(s)", pool->options.n_workers,
                         type_name(pool));
    pool->is_announced = true;
    for (int i = 0; i < pool->options.n_workers && !pool->is_stopping; i++)
        if (pool->places[i].state == PLACE_EMPTY && count_places(pool, PLACE_STARTING) < pool->options.startup_parallel)
            start_place(&pool->places[i]);
    pool_look(pool);
}

static void look_at(struct place *place)
{
    g_autoptr(worker_row) row = NULL;

    if (place->state != PLACE_STARTING || worker_find(place->pool->options.store, place->worker_id, &row, NULL) != 1 ||
        row->status == WORKER_CREATED)
        return;
    set_state(place, PLACE_READY);
}

bool pool_is_ready(const struct pool *pool)
{
    return count_places(pool, PLACE_READY) + count_places(pool, PLACE_SHARED) == pool->options.n_workers;
}

int pool_count_workers(const struct pool *pool, int *n_reused)
{
    *n_reused += count_places(pool, PLACE_SHARED);
    return count_places(pool, PLACE_READY);
}

void pool_look(struct pool *pool)
{
    for (int i = 0; i < pool->options.n_workers; i++)
        look_at(&pool->places[i]);
    if (pool->is_stopping || pool->is_told_started)
        return;
    if (pool_is_ready(pool)) {
        pool->is_told_started = true;
        event_logger_add(pool->options.logger, "pool_started", pool->options.type, 0, NULL, "%d %s worker(s) ready",
                         pool->options.n_workers, type_name(pool));
    } else if (count_places(pool, PLACE_EMPTY) > 0 && count_places(pool, PLACE_STARTING) < pool->options.startup_parallel) {
        pool_start(pool);
    }
}

/* ---- the end ---- */

static bool is_ours(const struct place *place)
{
    return !place->pool->options.stays && (place->state == PLACE_STARTING || place->state == PLACE_READY);
}

void pool_request_stop(struct pool *pool)
{
    pool->is_stopping = true;
    if (pool->is_announced && !pool->options.stays)
        event_logger_add(pool->options.logger, "pool_stopping", pool->options.type, 0, NULL, "stopping %s workers", type_name(pool));
    for (int i = 0; i < pool->options.n_workers; i++) {
        drop_sources(&pool->places[i]);
        if (is_ours(&pool->places[i]))
            pool->places[i].worker.class->ask_to_end(&pool->places[i].worker);
    }
}

/* A worker that did not tell its end did not stop by itself. */
static bool write_stop(const struct place *place, GError **error)
{
    const struct pool_options *options = &place->pool->options;
    g_autoptr(worker_row) row = NULL;
    int has_end = -1;

    if (!store_begin(options->store, error))
        return false;
    if (worker_find(options->store, place->worker_id, &row, error) >= 0)
        has_end = has_told_end(place, row, error);
    if (has_end == 0) {
        event_logger_add(options->logger, "worker_stopping", options->type, place->worker_id, NULL, "told to stop");
        event_logger_add(options->logger, "worker_stopped", options->type, place->worker_id, describe_death(place, row),
                         "ended without an answer");
    }
    if (has_end >= 0 && job_release_worker(options->store, place->worker_id, "the build stopped its worker", error) >= 0 &&
        worker_remove(options->store, place->worker_id, error) && !options->logger->has_complained)
        return store_commit(options->store, error);
    store_rollback(options->store);
    return false;
}

/* A container whose end is not told is left to the next build: an engine that hangs would hold up the end of this one. */
static void account_for(struct place *place, bool has_ended)
{
    g_autoptr(GError) error = NULL;

    if (!write_stop(place, &error))
        pool_report(error);
    if (has_ended || place->worker.process.pid > 0)
        class_of(place->pool)->clean_up(place->worker.id);
}

static void finish_place(struct place *place, gint64 deadline)
{
    bool has_ended = executor_worker_wait(&place->worker, deadline);

    if (!has_ended) {
        pool_kill_place(place, "did not stop in time");
        has_ended = executor_worker_wait(&place->worker, g_get_monotonic_time() + KILL_WAIT_MS * 1000);
    }
    if (!place->is_unburied)
        place->status = place->worker.class->reap(&place->worker);
    account_for(place, has_ended);
}

void pool_finish_stop(struct pool *pool, gint64 deadline)
{
    for (int i = 0; i < pool->options.n_workers; i++) {
        if (is_ours(&pool->places[i]))
            finish_place(&pool->places[i], deadline);
        clear_place(&pool->places[i]);
    }
    if (pool->is_announced && !pool->options.stays)
        event_logger_add(pool->options.logger, "pool_stopped", pool->options.type, 0, NULL, "%s workers stopped", type_name(pool));
    pool->is_announced = false;
}

/* ---- made and freed ---- */

struct pool *pool_new(const struct pool_options *options)
{
    struct pool *pool = g_new0(struct pool, 1);

    pool->options = *options;
    pool->places = g_new0(struct place, (gsize)MAX(options->n_workers, 1));
    for (int i = 0; i < options->n_workers; i++) {
        pool->places[i].pool = pool;
        pool->places[i].index = i;
        pool->places[i].worker = (struct executor_worker){.end_fd = -1, .process.pidfd = -1};
    }
    return pool;
}

bool pool_adopt(struct pool *pool, const struct worker_row *row)
{
    for (int i = 0; i < pool->options.n_workers; i++) {
        struct place *place = &pool->places[i];

        if (place->state != PLACE_EMPTY)
            continue;
        place->worker.class = class_of(pool);
        if (!place->worker.class->adopt(row, &place->worker))
            return false;
        set_state(place, PLACE_SHARED);
        place->started_at = g_get_monotonic_time() - (gint64)(row->age_s * G_USEC_PER_SEC);
        place->worker_id = row->id;
        place->watch = g_unix_fd_add(place->worker.end_fd, G_IO_IN, on_end, place);
        return true;
    }
    return false;
}

void pool_free(struct pool *pool)
{
    if (!pool)
        return;
    for (int i = 0; i < pool->options.n_workers; i++)
        clear_place(&pool->places[i]);
    g_free(pool->places);
    g_free(pool);
}
