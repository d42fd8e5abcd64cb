#include "build/session.h"

#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "build/session_private.h"
#include "config/fit.h"
#include "os/signals.h"
#include "store/doorbell.h"
#include "supervisor/discovery.h"
#include "supervisor/lifecycle_manager.h"

#define SAFETY_POLL_S 2

const int session_signals[] = {SIGINT, SIGTERM, SIGHUP, 0};

static void waiting_free(gpointer data)
{
    struct waiting *waiting = data;
    g_free(waiting->key);
    g_free(waiting);
}

void session_leave(struct session *session, enum session_end end)
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
        session_leave(session, SESSION_STOPPED);
}

/* Workers of this build may have it as soon as it belongs to it. */
static void take_back(struct session *session, struct session_job *item, const struct job *row)
{
    g_autoptr(GError) error = NULL;
    int taken = session_take_over(session, item, row, &error);
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
        session_leave(session, SESSION_BROKEN);
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
    session_leave(session, SESSION_INTERRUPTED);
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

static void add_source(struct session *session, guint id)
{
    g_array_append_val(session->sources, id);
}

static bool listen_for_ends(struct session *session, GError **error)
{
    g_autofree char *channel = g_strconcat("build-", session->id, NULL);
    add_source(session, signals_watch(session_signals, on_signal, session));
    session->doorbell = doorbell_listen(session->jobs_db, channel, &session->doorbell_path, error);
    if (session->doorbell < 0)
        return false;
    add_source(session, g_unix_fd_add(session->doorbell, G_IO_IN, on_doorbell, session));
    add_source(session, g_timeout_add_seconds(SAFETY_POLL_S, on_safety_poll, session));
    if (session->options->progress_period_s > 0)
        add_source(session, g_timeout_add((guint)(session->options->progress_period_s * 1000), on_progress, session));
    return true;
}

static void count_jobs(GPtrArray *jobs, int ret_counts[N_JOB_TYPES])
{
    memset(ret_counts, 0, N_JOB_TYPES * sizeof *ret_counts);
    for (unsigned i = 0; i < jobs->len; i++)
        ret_counts[((const struct session_job *)jobs->pdata[i])->job->type]++;
}

bool session_give(struct session *session, GPtrArray *jobs, GError **error)
{
    int counts[N_JOB_TYPES];
    count_jobs(jobs, counts);
    session->is_idle = jobs->len == 0;
    session_release_items(session);
    g_ptr_array_set_size(session->unlucky, 0);
    memset(session->n_taken, 0, sizeof session->n_taken);
    if (!session_submit(session, jobs, error))
        return false;
    session_cancel_released(session);
    for (int type = 0; type < N_JOB_TYPES; type++)
        counts[type] -= session->n_taken[type];
    if (!session_start_workers(session, counts, error))
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
    session_stop_workers(session);
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
