#include <string.h>

#include "base/error.h"
#include "build/session_private.h"
#include "os/signals.h"
#include "supervisor/discovery.h"
#include "supervisor/lifecycle_manager.h"

#define HEARTBEAT_LIMIT_S 30 /* a worker of somebody else that has been silent for longer is no worker */

void session_stop_workers(struct session *session)
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
    session_stop_workers(session);
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
        session_leave(session, SESSION_BROKEN);
    else if (session->giving_up == 0) /* not from within the manager that is to be stopped */
        session->giving_up = g_idle_add(give_up, session);
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
    if (what != NULL && session->options->waits != NULL)
        session->options->waits(what, current, total, session->options->data);
    if (signals_have_arrived(session_signals))
        session->end = SESSION_INTERRUPTED;
    return session->end != SESSION_INTERRUPTED;
}

bool session_start_workers(struct session *session, const int counts[N_JOB_TYPES], GError **error)
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
