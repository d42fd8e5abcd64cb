#include "build/session.h"

#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "config/fit.h"
#include "os/signals.h"
#include "store/doorbell.h"
#include "supervisor/discovery.h"
#include "supervisor/lifecycle_manager.h"

#define SAFETY_POLL_S 2
#define HEARTBEAT_LIMIT_S 30 /* a worker of somebody else that has been silent for longer is no worker */

static const int stop_signals[] = {SIGINT, SIGTERM, SIGHUP, 0};

/* A job that has not ended. */
struct waiting {
    struct session_job *item; /* borrowed */
    enum job_type type;
    char *key;
};

struct session {
    const struct session_options *options;
    struct store *store;
    GPtrArray *managers; /* struct lifecycle_manager *: one for the types of the first jobs, others for types that come later */
    bool has_workers[N_JOB_TYPES];
    int n_taken[N_JOB_TYPES]; /* jobs of the last call that had been completed before: no worker is needed for them */
    guint giving_up;          /* source */
    GMainLoop *loop;
    char *id, *fit;
    const char *jobs_db;
    GHashTable *waiting; /* job id -> struct waiting * */
    GPtrArray *unlucky;  /* struct session_job *: failed or cancelled, and may be tried again; not when it stays */
    gint64 ended_cursor, free_cursor;
    int doorbell;
    char *doorbell_path;
    GArray *sources; /* guint */
    enum session_end end;
    unsigned signals;
    bool is_idle;  /* and has said so */
    GError *error; /* of a callback */
};

static void waiting_free(gpointer data)
{
    struct waiting *waiting = data;
    g_free(waiting->key);
    g_free(waiting);
}

static void leave(struct session *session, enum session_end end)
{
    if (session->end == SESSION_FINISHED)
        session->end = end;
    g_main_loop_quit(session->loop);
}

static void on_ended(const struct job *row, gpointer data)
{
    struct session *session = data;
    const struct waiting *waiting = g_hash_table_lookup(session->waiting, &row->id);
    if (waiting == NULL)
        return;
    struct session_job *job = waiting->item;
    g_hash_table_remove(session->waiting, &row->id);
    if (session->end != SESSION_FINISHED)
        return;
    if (row->status != JOB_COMPLETED && !session->options->stays)
        g_ptr_array_add(session->unlucky, job);
    if (!session->options->ended(job, row, session->options->data))
        leave(session, SESSION_STOPPED);
}

static void wait_for(struct session *session, struct session_job *item, gint64 job_id)
{
    gint64 *id = g_new(gint64, 1);
    *id = job_id;
    struct waiting *waiting = g_new(struct waiting, 1);
    *waiting = (struct waiting){item, item->job->type, g_strdup(item->key)};
    g_hash_table_insert(session->waiting, id, waiting);
}

/* 1 taken, 0 it is not to be had, -1 error. */
static int take_over(struct session *session, struct session_job *item, const struct job *row, GError **error)
{
    if (!session->options->may_take(item, row, session->options->data))
        return 0;
    int taken = job_take_over(session->store, row->id, session->id, error);
    if (taken > 0)
        wait_for(session, item, row->id);
    return taken;
}

/* Workers of this build may have it as soon as it belongs to it. */
static void take_back(struct session *session, struct session_job *item, const struct job *row)
{
    g_autoptr(GError) error = NULL;
    int taken = take_over(session, item, row, &error);
    if (taken <= 0)
        return;
    g_ptr_array_remove(session->unlucky, item);
    session->options->retried(item, row, session->options->data);
    doorbell_ring(session->jobs_db, job_type_names[row->type]);
}

static void on_free(const struct job *row, gpointer data)
{
    struct session *session = data;
    if (session->options->stays)
        session->options->retried(NULL, row, session->options->data);
    for (unsigned i = 0; i < session->unlucky->len; i++) {
        struct session_job *item = session->unlucky->pdata[i];
        if (item->job->type != row->type || strcmp(item->key, row->content_hash) != 0 || !json_equal(item->payload, row->payload))
            continue;
        take_back(session, item, row);
        return;
    }
}

/* A failed job has its end told before somebody can have it tried again. */
static bool poll_jobs(struct session *session, GError **error)
{
    return job_poll_ended(session->store, session->id, &session->ended_cursor, on_ended, session, error) &&
           (session->options->retried == NULL || job_poll_free(session->store, &session->free_cursor, on_free, session, error));
}

static void become_idle(struct session *session)
{
    if (!session->options->stays)
        g_main_loop_quit(session->loop);
    else if (!session->is_idle) {
        session->is_idle = true;
        session->options->idle(session->options->data);
    }
}

static void look(struct session *session)
{
    if (!poll_jobs(session, session->error == NULL ? &session->error : NULL))
        leave(session, SESSION_BROKEN);
    else if (g_hash_table_size(session->waiting) == 0)
        become_idle(session);
}

static gboolean on_doorbell(gint fd, GIOCondition condition, gpointer data)
{
    struct session *session = data;
    doorbell_drain(fd);
    look(session);
    return G_SOURCE_CONTINUE;
}

static gboolean on_safety_poll(gpointer data)
{
    look(data);
    return G_SOURCE_CONTINUE;
}

static void on_signal(int signal_number, gpointer data)
{
    struct session *session = data;
    session->signals++;
    for (unsigned i = 0; session->signals > 1 && i < session->managers->len; i++)
        lifecycle_manager_kill(session->managers->pdata[i]);
    leave(session, SESSION_INTERRUPTED);
}

static void stop_workers(struct session *session)
{
    for (unsigned i = 0; i < session->managers->len; i++)
        lifecycle_manager_stop(session->managers->pdata[i]);
    g_ptr_array_set_size(session->managers, 0);
    memset(session->has_workers, 0, sizeof session->has_workers);
}

/* Gives up the jobs of a session that stays; those that are given later have workers started for them anew. */
static gboolean give_up(gpointer data)
{
    struct session *session = data;
    g_autoptr(GError) error = g_steal_pointer(&session->error);
    session->giving_up = 0;
    job_cancel_session(session->store, session->id, "build", NULL);
    g_hash_table_remove_all(session->waiting);
    stop_workers(session);
    session_add(session->store, session->id, NULL); /* it went with its workers */
    session->options->failed(error != NULL ? error->message : "the workers failed", session->options->data);
    return G_SOURCE_REMOVE;
}

static void on_pool_failed(enum job_type type, const char *message, gpointer data)
{
    struct session *session = data;
    if (session->error == NULL)
        g_set_error(&session->error, CLX_ERROR, CLX_ERROR_INFRASTRUCTURE, "%s workers cannot do their jobs: %s", job_type_names[type],
                    message);
    if (!session->options->stays)
        leave(session, SESSION_BROKEN);
    else if (session->giving_up == 0) /* not from within the manager that is to be stopped */
        session->giving_up = g_idle_add(give_up, session);
}

struct running {
    const struct session *session;
    GArray *jobs; /* struct running_job */
    GPtrArray *texts;
    gint64 now;
};

static void add_running(const struct worker_row *row, gpointer data)
{
    struct running *running = data;
    const struct waiting *waiting = g_hash_table_lookup(running->session->waiting, &row->current_job);
    struct session_job *item = waiting != NULL ? waiting->item : NULL;
    if (item == NULL)
        return;
    if (item->seen_at == 0)
        item->seen_at = running->now;
    struct running_job job = {.job = item->job, .seconds = (double)(running->now - item->seen_at) / 1e6};
    if (row->progress != NULL) {
        g_ptr_array_add(running->texts, g_strdup(row->progress));
        job.progress = running->texts->pdata[running->texts->len - 1];
    }
    g_array_append_val(running->jobs, job);
}

static gboolean on_progress(gpointer data)
{
    struct session *session = data;
    g_autoptr(GArray) jobs = g_array_new(FALSE, FALSE, sizeof(struct running_job));
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    struct running running = {session, jobs, texts, g_get_monotonic_time()};
    worker_list(session->store, add_running, &running, NULL);
    session->options->progress((const struct running_job *)(void *)jobs->data, jobs->len, session->options->data);
    return G_SOURCE_CONTINUE;
}

/* A job that was tried again outside of a build is this one: its end is told like that of any other. 1 taken, 0 there is none, -1 error. */
static int find_and_take(struct session *session, struct session_job *item, const struct job *wanted, GError **error)
{
    g_autoptr(job) found = NULL;
    int got = session->options->may_take != NULL ? job_find_free(session->store, wanted, &found, error) : 0;
    int taken = got > 0 ? take_over(session, item, found, error) : got;
    session->n_taken[wanted->type] += taken > 0 && found->status == JOB_COMPLETED;
    return taken;
}

static bool submit_one(struct session *session, struct session_job *item, GError **error)
{
    const struct plan_output *first = item->job->outputs->pdata[0];
    struct job row = {
        .type = item->job->type,
        .input_file = item->job->source,
        .output_file = first->path,
        .content_hash = item->key,
        .session_id = session->id,
        .payload = item->payload,
        .fit = session->fit,
    };
    int taken = find_and_take(session, item, &row, error);
    if (taken != 0)
        return taken == 1;
    if (!job_submit(session->store, &row, error))
        return false;
    wait_for(session, item, row.id);
    return true;
}

static bool is_same_job(const struct waiting *waiting, const struct session_job *item)
{
    return waiting->type == item->job->type && strcmp(waiting->key, item->key) == 0;
}

/* The item takes the place of one that was given earlier and is the same job; false if there is none. */
static bool adopt(struct session *session, struct session_job *item)
{
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, session->waiting);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        struct waiting *waiting = value;
        if (waiting->item != NULL || !is_same_job(waiting, item))
            continue;
        waiting->item = item;
        return true;
    }
    return false;
}

static bool submit(struct session *session, GPtrArray *jobs, GError **error)
{
    if (!store_begin(session->store, error))
        return false;
    bool ok = true;
    for (unsigned i = 0; i < jobs->len && ok; i++)
        ok = adopt(session, jobs->pdata[i]) || submit_one(session, jobs->pdata[i], error);
    return store_commit(session->store, ok ? error : NULL) && ok;
}

/* Lets go of the items of the build before: their jobs are adopted by this one, or cancelled. */
static void release_items(struct session *session)
{
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, session->waiting);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        ((struct waiting *)value)->item = NULL;
}

static void cancel_released(struct session *session)
{
    bool is_cancelled[N_JOB_TYPES] = {false};
    GHashTableIter iter;
    gpointer id, value;
    g_hash_table_iter_init(&iter, session->waiting);
    while (g_hash_table_iter_next(&iter, &id, &value)) {
        const struct waiting *waiting = value;
        if (waiting->item != NULL)
            continue;
        job_cancel(session->store, *(const gint64 *)id, "build", NULL);
        is_cancelled[waiting->type] = true;
        g_hash_table_iter_remove(&iter);
    }
    for (int type = 0; type < N_JOB_TYPES; type++)
        if (is_cancelled[type])
            doorbell_ring(session->jobs_db, job_type_names[type]);
}

static void count_jobs(GPtrArray *jobs, int ret_counts[N_JOB_TYPES])
{
    memset(ret_counts, 0, N_JOB_TYPES * sizeof *ret_counts);
    for (unsigned i = 0; i < jobs->len; i++)
        ret_counts[((const struct session_job *)jobs->pdata[i])->job->type]++;
}

struct presence {
    const struct session *session;
    bool is_present[N_JOB_TYPES];
};

static void mark_present(const struct worker_row *row, gpointer data)
{
    struct presence *presence = data;
    int type = glossary_find(job_type_names, row->worker_type);
    bool is_alive = discovery_is_healthy(row, HEARTBEAT_LIMIT_S);
    if (type >= 0 && is_alive && row->session_id == NULL && g_strcmp0(row->fit, presence->session->fit) == 0)
        presence->is_present[type] = true;
}

static bool check_present(struct session *session, const int counts[N_JOB_TYPES], GError **error)
{
    struct presence presence = {.session = session};
    if (!worker_list(session->store, mark_present, &presence, error))
        return false;
    for (int type = 0; type < N_JOB_TYPES; type++) {
        if (counts[type] == 0 || presence.is_present[type])
            continue;
        g_set_error(error, CLX_ERROR, CLX_ERROR_INFRASTRUCTURE,
                    "no %s worker is running, and none is started\n"
                    "start some with 'clx workers start', or let the build do it: leave out --no-auto-start and set"
                    " worker_management.auto_start = true",
                    job_type_names[type]);
        return false;
    }
    return true;
}

/* Blocks the main loop: signals are not heard otherwise. */
static bool on_waits(const char *what, gint64 current, gint64 total, gpointer data)
{
    struct session *session = data;
    if (session->options->waits != NULL)
        session->options->waits(what, current, total, session->options->data);
    if (signals_have_arrived(stop_signals))
        session->end = SESSION_INTERRUPTED;
    return session->end != SESSION_INTERRUPTED;
}

static bool start_workers(struct session *session, const int counts[N_JOB_TYPES], GError **error)
{
    bool is_served = settings_get_bool(session->options->settings, "worker_api.enabled"); /* workers of other machines may come */
    if (!session->options->is_auto_start && !is_served)
        return check_present(session, counts, error);
    struct lifecycle_options options = {
        .store = session->store,
        .settings = session->options->settings,
        .session_id = session->id,
        .jobs_db = session->jobs_db,
        .cache_db = settings_cache_db(session->options->settings),
        .workspace = session->options->workspace,
        .program = session->options->program,
        .api = session->options->api,
        .failed = on_pool_failed,
        .waits = on_waits,
        .data = session,
    };
    bool is_any_needed = false;
    for (int type = 0; type < N_JOB_TYPES; type++) {
        options.needed[type] = counts[type] > 0 && !session->has_workers[type];
        options.max_useful[type] = session->options->stays ? 0 : counts[type];
        session->has_workers[type] |= options.needed[type];
        is_any_needed |= options.needed[type];
    }
    if (!is_any_needed)
        return true;
    struct lifecycle_manager *manager = lifecycle_manager_new(&options);
    g_ptr_array_add(session->managers, manager);
    return lifecycle_manager_start(manager, error);
}

static void add_source(struct session *session, guint id)
{
    g_array_append_val(session->sources, id);
}

static bool listen_for_ends(struct session *session, GError **error)
{
    g_autofree char *channel = g_strconcat("build-", session->id, NULL);
    add_source(session, signals_watch(stop_signals, on_signal, session));
    session->doorbell = doorbell_listen(session->jobs_db, channel, &session->doorbell_path, error);
    if (session->doorbell < 0)
        return false;
    add_source(session, g_unix_fd_add(session->doorbell, G_IO_IN, on_doorbell, session));
    add_source(session, g_timeout_add_seconds(SAFETY_POLL_S, on_safety_poll, session));
    if (session->options->progress_period_s > 0)
        add_source(session, g_timeout_add((guint)(session->options->progress_period_s * 1000), on_progress, session));
    return true;
}

bool session_give(struct session *session, GPtrArray *jobs, GError **error)
{
    int counts[N_JOB_TYPES];
    count_jobs(jobs, counts);
    session->is_idle = jobs->len == 0;
    release_items(session);
    g_ptr_array_set_size(session->unlucky, 0);
    memset(session->n_taken, 0, sizeof session->n_taken);
    if (!submit(session, jobs, error))
        return false;
    cancel_released(session);
    for (int type = 0; type < N_JOB_TYPES; type++)
        counts[type] -= session->n_taken[type];
    if (!start_workers(session, counts, error))
        return false;
    for (int type = 0; type < N_JOB_TYPES; type++)
        if (counts[type] > 0)
            doorbell_ring(session->jobs_db, job_type_names[type]);
    g_autofree char *own_channel = g_strconcat("build-", session->id, NULL);
    doorbell_ring(session->jobs_db, own_channel); /* for jobs that have ended already */
    return true;
}

/* Tells of the jobs that the end of the session has cancelled. */
static void tell_cancelled(struct session *session)
{
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, session->waiting);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        if (((const struct waiting *)value)->item != NULL)
            session->options->ended(((const struct waiting *)value)->item, NULL, session->options->data);
}

static void finish(struct session *session)
{
    if (session->store != NULL && g_hash_table_size(session->waiting) > 0)
        job_cancel_session(session->store, session->id, "build", NULL);
    bool had_managers = session->managers->len > 0;
    stop_workers(session);
    tell_cancelled(session);
    for (unsigned i = 0; i < session->sources->len; i++)
        g_source_remove(g_array_index(session->sources, guint, i));
    g_clear_handle_id(&session->giving_up, g_source_remove);
    if (session->doorbell >= 0)
        close(session->doorbell);
    if (session->doorbell_path != NULL)
        doorbell_close(session->doorbell_path);
    if (session->store != NULL && !had_managers) /* else they have removed it, in one go with their last event */
        session_remove(session->store, session->id, NULL);
}

void session_close(struct session *session)
{
    finish(session);
    g_ptr_array_unref(session->managers);
    store_close(session->store);
    g_main_loop_unref(session->loop);
    g_hash_table_unref(session->waiting);
    g_ptr_array_unref(session->unlucky);
    g_array_unref(session->sources);
    g_free(session->doorbell_path);
    g_free(session->id);
    g_free(session->fit);
    g_clear_error(&session->error);
    g_free(session);
}

/* Without leave to reuse workers the jobs are for the workers of this build only. */
static char *make_fit(const struct session_options *options)
{
    return settings_get_bool(options->settings, "worker_management.reuse_workers")
               ? fit_hash(options->program, settings_cache_db(options->settings))
               : g_strdup(FIT_NONE);
}

static void ignore(const struct job *row, gpointer data)
{
}

/* The jobs of no build that are there already are found when the same ones are given. */
static bool pass_free_jobs(struct session *session, GError **error)
{
    return job_poll_free(session->store, &session->free_cursor, ignore, NULL, error);
}

static void free_manager(gpointer manager)
{
    lifecycle_manager_free(manager);
}

struct session *session_open(const struct session_options *options, GError **error)
{
    struct session *session = g_new0(struct session, 1);
    *session = (struct session){
        .options = options,
        .managers = g_ptr_array_new_with_free_func(free_manager),
        .loop = g_main_loop_new(NULL, FALSE),
        .id = g_strdup_printf("%d-%08x", (int)getpid(), g_random_int()),
        .fit = make_fit(options),
        .jobs_db = settings_jobs_db(options->settings),
        .waiting = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, waiting_free),
        .unlucky = g_ptr_array_new(),
        .doorbell = -1,
        .sources = g_array_new(FALSE, FALSE, sizeof(guint)),
    };
    session->store = store_open(session->jobs_db, error);
    if (session->store != NULL && session_add(session->store, session->id, error) && pass_free_jobs(session, error) &&
        listen_for_ends(session, error))
        return session;
    session_close(session);
    return NULL;
}

enum session_end session_wait(struct session *session, GError **error)
{
    bool has_to_wait = session->options->stays || g_hash_table_size(session->waiting) > 0;
    if (session->end == SESSION_FINISHED && has_to_wait) /* a pool may have failed while it was started */
        g_main_loop_run(session->loop);
    if (session->end == SESSION_BROKEN && session->error != NULL)
        g_propagate_error(error, g_steal_pointer(&session->error));
    return session->end;
}

enum session_end session_run(const struct session_options *options, GPtrArray *jobs, GError **error)
{
    struct session *session = session_open(options, error);
    if (session == NULL)
        return SESSION_BROKEN;
    enum session_end end = session_give(session, jobs, error) ? session_wait(session, error) : SESSION_BROKEN;
    if (session->end == SESSION_INTERRUPTED) { /* while it waited for what workers need */
        g_clear_error(error);
        end = SESSION_INTERRUPTED;
    }
    session_close(session);
    return end;
}

bool session_tidy(const struct settings *settings, GError **error)
{
    const char *path = settings_jobs_db(settings);
    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return true;
    g_autoptr(store) store = store_open(path, error);
    return store != NULL && discovery_tidy(store, error) >= 0;
}
