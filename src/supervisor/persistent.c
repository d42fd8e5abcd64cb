#include "supervisor/persistent.h"

#include <unistd.h>

#include "base/error.h"
#include "supervisor/discovery.h"

/* ---- start ---- */

static void on_failed(enum job_type type, const char *message, gpointer data)
{
    GError **problem = data;

    if (!*problem)
        g_set_error(problem, CLX_ERROR, CLX_ERROR_INFRASTRUCTURE, "%s workers cannot be started: %s", job_type_names[type], message);
}

int persistent_start(const struct lifecycle_options *options, int *ret_n_present, GError **error)
{
    g_autofree char *session_id = g_strdup_printf("start-%d-%08x", (int)getpid(), g_random_int());
    struct lifecycle_options own = *options;
    struct lifecycle_manager *manager;
    GError *problem = NULL;
    int n_started;

    own.session_id = session_id;
    own.stays = true;
    own.failed = on_failed;
    own.data = &problem;
    manager = lifecycle_manager_new(&own);
    if (lifecycle_manager_start(manager, problem ? NULL : &problem))
        while (!problem && !lifecycle_manager_is_ready(manager))
            g_main_context_iteration(NULL, TRUE);
    n_started = lifecycle_manager_count_workers(manager, ret_n_present);
    lifecycle_manager_free(manager);
    if (!problem)
        return n_started;
    g_propagate_error(error, problem);
    return -1;
}

/* ---- stop ---- */

struct stop {
    struct store *store;
    const char *worker_type;
    GPtrArray *asked; /* struct worker_row *: those that were asked to end */
    GError *error;
};

static bool is_meant(const struct stop *stop, const struct worker_row *row)
{
    return !row->session_id && row->status != WORKER_DEAD && (!stop->worker_type || !g_strcmp0(stop->worker_type, row->worker_type));
}

/* Its row is kept: a worker takes it out of the database before its process has ended. */
static void ask_row(const struct worker_row *row, gpointer data)
{
    struct stop *stop = data;
    struct worker_row *own = NULL;

    if (!is_meant(stop, row) || stop->error || worker_find(stop->store, row->id, &own, &stop->error) != 1)
        return;
    g_ptr_array_add(stop->asked, own);
    discovery_ask_to_end(own);
}

static bool end_asked(const struct stop *stop, gint64 deadline, GError **error)
{
    for (guint i = 0; i < stop->asked->len; i++) {
        gint64 left_ms = (deadline - g_get_monotonic_time()) / 1000;

        if (!discovery_end_worker(stop->store, stop->asked->pdata[i], (int)MAX(left_ms, 0), error))
            return false;
    }
    return true;
}

int persistent_stop(struct store *store, const char *worker_type, int deadline_ms, GError **error)
{
    g_autoptr(GPtrArray) asked = g_ptr_array_new_with_free_func((GDestroyNotify)worker_row_free);
    struct stop stop = {store, worker_type, asked, NULL};
    gint64 deadline = g_get_monotonic_time() + (gint64)deadline_ms * 1000;

    if (!worker_list(store, ask_row, &stop, error))
        return -1;
    if (!stop.error)
        return end_asked(&stop, deadline, error) ? (int)asked->len : -1;
    g_propagate_error(error, stop.error);
    return -1;
}
