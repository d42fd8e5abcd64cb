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

struct session {
    const struct session_options *options;
    struct store *store;
    struct lifecycle_manager *manager;
    GMainLoop *loop;
    char *id, *fit;
    const char *jobs_db;
    GHashTable *waiting; /* job id -> struct session_job *, borrowed */
    gint64 cursor;
    int doorbell;
    char *doorbell_path;
    GArray *sources; /* guint */
    enum session_end end;
    unsigned signals;
    GError *error; /* of a callback */
};

static void leave(struct session *session, enum session_end end)
{
    if (session->end == SESSION_FINISHED)
        session->end = end;
    g_main_loop_quit(session->loop);
}

static void on_ended(const struct job *row, gpointer data)
{
    struct session *session = data;
    struct session_job *job = g_hash_table_lookup(session->waiting, &row->id);
    if (job == NULL)
        return;
    g_hash_table_remove(session->waiting, &row->id);
    if (session->end == SESSION_FINISHED && !session->options->ended(job, row, session->options->data))
        leave(session, SESSION_STOPPED);
}

static void look(struct session *session)
{
    if (!job_poll_ended(session->store, session->id, &session->cursor, on_ended, session, session->error == NULL ? &session->error : NULL))
        leave(session, SESSION_BROKEN);
    else if (g_hash_table_size(session->waiting) == 0)
        g_main_loop_quit(session->loop);
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
    if (session->signals > 1 && session->manager != NULL)
        lifecycle_manager_kill(session->manager);
    leave(session, SESSION_INTERRUPTED);
}

static void on_pool_failed(enum job_type type, const char *message, gpointer data)
{
    struct session *session = data;
    if (session->error == NULL)
        g_set_error(&session->error, CLX_ERROR, CLX_ERROR_INFRASTRUCTURE, "%s workers cannot do their jobs: %s", job_type_names[type],
                    message);
    leave(session, SESSION_BROKEN);
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
    struct session_job *item = g_hash_table_lookup(running->session->waiting, &row->current_job);
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

static bool submit_one(struct session *session, struct session_job *item, GError **error)
{
    const struct plan_output *first = item->job->outputs->pdata[0];
    struct job row = {
        .type = item->job->type,
        .input_file = item->job->source,
        .output_file = first->path,
        .content_hash = item->key,
        .session_id = session->id,
        .payload = item->job->payload,
        .fit = session->fit,
    };
    if (!job_submit(session->store, &row, error))
        return false;
    gint64 *id = g_new(gint64, 1);
    *id = row.id;
    g_hash_table_insert(session->waiting, id, item);
    return true;
}

static bool submit(struct session *session, GPtrArray *jobs, GError **error)
{
    if (!store_begin(session->store, error))
        return false;
    for (unsigned i = 0; i < jobs->len; i++) {
        if (submit_one(session, jobs->pdata[i], error))
            continue;
        store_rollback(session->store);
        return false;
    }
    return store_commit(session->store, error);
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
    bool is_alive = (row->status == WORKER_IDLE || row->status == WORKER_BUSY) && row->heartbeat_age_s < HEARTBEAT_LIMIT_S;
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
                    "let the build start its workers: leave out --no-auto-start and set worker_management.auto_start = true",
                    job_type_names[type]);
        return false;
    }
    return true;
}

static bool start_workers(struct session *session, const int counts[N_JOB_TYPES], GError **error)
{
    if (!session->options->is_auto_start)
        return check_present(session, counts, error);
    struct lifecycle_options options = {
        .store = session->store,
        .settings = session->options->settings,
        .session_id = session->id,
        .jobs_db = session->jobs_db,
        .cache_db = settings_cache_db(session->options->settings),
        .workspace = session->options->workspace,
        .program = session->options->program,
        .failed = on_pool_failed,
        .data = session,
    };
    for (int type = 0; type < N_JOB_TYPES; type++) {
        options.needed[type] = counts[type] > 0;
        options.max_useful[type] = counts[type];
    }
    session->manager = lifecycle_manager_new(&options);
    return lifecycle_manager_start(session->manager, error);
}

static void add_source(struct session *session, guint id)
{
    g_array_append_val(session->sources, id);
}

static bool listen_for_ends(struct session *session, GError **error)
{
    static const int stop_signals[] = {SIGINT, SIGTERM, SIGHUP, 0};
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

static bool begin(struct session *session, GPtrArray *jobs, GError **error)
{
    int counts[N_JOB_TYPES];
    count_jobs(jobs, counts);
    session->store = store_open(session->jobs_db, error);
    if (session->store == NULL || !session_add(session->store, session->id, error) || !listen_for_ends(session, error) ||
        !submit(session, jobs, error) || !start_workers(session, counts, error))
        return false;
    for (int type = 0; type < N_JOB_TYPES; type++)
        if (counts[type] > 0)
            doorbell_ring(session->jobs_db, job_type_names[type]);
    return true;
}

/* Tells of the jobs that the end of the session has cancelled. */
static void tell_cancelled(struct session *session)
{
    GHashTableIter iter;
    gpointer job;
    g_hash_table_iter_init(&iter, session->waiting);
    while (g_hash_table_iter_next(&iter, NULL, &job))
        session->options->ended(job, NULL, session->options->data);
}

static void finish(struct session *session)
{
    if (session->store != NULL && g_hash_table_size(session->waiting) > 0)
        job_cancel_session(session->store, session->id, "build", NULL);
    if (session->manager != NULL)
        lifecycle_manager_stop(session->manager);
    tell_cancelled(session);
    for (unsigned i = 0; i < session->sources->len; i++)
        g_source_remove(g_array_index(session->sources, guint, i));
    if (session->doorbell >= 0)
        close(session->doorbell);
    if (session->doorbell_path != NULL)
        unlink(session->doorbell_path);
    if (session->store != NULL && session->manager == NULL)
        session_remove(session->store, session->id, NULL);
}

static void session_clear(struct session *session)
{
    lifecycle_manager_free(session->manager);
    store_close(session->store);
    g_main_loop_unref(session->loop);
    g_hash_table_unref(session->waiting);
    g_array_unref(session->sources);
    g_free(session->doorbell_path);
    g_free(session->id);
    g_free(session->fit);
    g_clear_error(&session->error);
}

/* Without leave to reuse workers the jobs are for the workers of this build only. */
static char *make_fit(const struct session_options *options)
{
    return settings_get_bool(options->settings, "worker_management.reuse_workers")
               ? fit_hash(options->program, settings_cache_db(options->settings))
               : g_strdup(FIT_NONE);
}

enum session_end session_run(const struct session_options *options, GPtrArray *jobs, GError **error)
{
    struct session session = {
        .options = options,
        .loop = g_main_loop_new(NULL, FALSE),
        .id = g_strdup_printf("%d-%08x", (int)getpid(), g_random_int()),
        .fit = make_fit(options),
        .jobs_db = settings_jobs_db(options->settings),
        .waiting = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL),
        .doorbell = -1,
        .sources = g_array_new(FALSE, FALSE, sizeof(guint)),
    };
    if (!begin(&session, jobs, &session.error))
        session.end = SESSION_BROKEN;
    else if (session.end == SESSION_FINISHED) /* a pool may have failed while it was started */
        g_main_loop_run(session.loop);
    finish(&session);
    if (session.end == SESSION_BROKEN && session.error != NULL)
        g_propagate_error(error, g_steal_pointer(&session.error));
    enum session_end end = session.end;
    session_clear(&session);
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
