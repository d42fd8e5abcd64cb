#include "supervisor/fleet.h"

#include "base/error.h"
#include "docker/image.h"
#include "docker/service.h"

#define FAILURE_LIMIT 5      /* tasks that failed while no worker came */
#define SHRINK_AFTER_LOOKS 5 /* with less work */
#define LOOK_MS 50

struct fleet {
    struct fleet_options options;
    struct engine *engine;
    char *name, *image, *service;
    int size, n_smaller; /* n_smaller: looks in a row at which fewer would have been enough */
    gint64 started_at;   /* monotonic, us */
    bool is_told_started, is_given_up, is_stopping;
};

static const char *type_name(const struct fleet *fleet)
{
    return job_type_names[fleet->options.type];
}

static GPtrArray *make_env(const struct fleet *fleet)
{
    const struct executor_options *worker = fleet->options.worker;
    GPtrArray *env = g_ptr_array_new_with_free_func(g_free);

    g_ptr_array_add(env, g_strdup_printf("WORKER_TYPE=%s", type_name(fleet)));
    g_ptr_array_add(env, g_strdup_printf("CLX_API_URL=%s", worker->api_url));
    g_ptr_array_add(env, g_strdup("CLX_API_TOKEN_FILE=" SERVICE_TOKEN_FILE));
    g_ptr_array_add(env, g_strdup("CLX_EXECUTION_MODE=swarm"));
    g_ptr_array_add(env, g_strdup_printf("CLX_STOP_GRACE=%d", fleet->options.max_job_time_s));
    g_ptr_array_add(env, g_strdup("WORKSPACE_PATH=/workspace"));
    g_ptr_array_add(env, g_strdup("HOME=/tmp"));
    g_ptr_array_add(env, g_strdup_printf("LOG_LEVEL=%s", worker->log_level ? worker->log_level : "INFO"));
    g_ptr_array_add(env, NULL);
    return env;
}

static char **split_constraints(const char *text)
{
    char **parts = g_strsplit(text ? text : "", ",", -1);

    for (char **part = parts; *part; part++)
        g_strstrip(*part);
    return parts;
}

static bool create(struct fleet *fleet, GError **error)
{
    const struct executor_options *worker = fleet->options.worker;
    g_autoptr(GPtrArray) env = make_env(fleet);
    g_auto(GStrv) constraints = split_constraints(fleet->options.constraints);

    fleet->service = service_create(fleet->engine,
                                    &(struct service_spec){
                                        .name = fleet->name,
                                        .image = fleet->image,
                                        .network = g_strcmp0(worker->network, "bridge") ? worker->network : NULL,
                                        .env = (const char *const *)env->pdata,
                                        .token = worker->api_token,
                                        .constraints = (const char *const *)constraints,
                                        .session_id = worker->session_id,
                                        .worker_type = type_name(fleet),
                                        .jobs_db = worker->jobs_db,
                                        .memory_limit = worker->memory_limit,
                                        .n_replicas = (unsigned)fleet->size,
                                        .stop_grace_s = (unsigned)fleet->options.max_job_time_s,
                                    },
                                    error);
    return fleet->service != NULL;
}

struct fleet *fleet_start(const struct fleet_options *options, GHashTable *sessions, GError **error)
{
    struct fleet *fleet = g_new0(struct fleet, 1);
    const char *image = options->worker->image;

    fleet->options = *options;
    fleet->size = options->n_least;
    fleet->started_at = g_get_monotonic_time();
    fleet->name = g_strdup_printf("clx-%s-%s", type_name(fleet), options->worker->session_id);
    fleet->image = image && *image ? g_strdup(image) : image_default(type_name(fleet));
    event_logger_add(options->logger, "pool_starting", options->type, 0, NULL, "a swarm service of %d to %d %s worker(s)", options->n_least,
                     options->n_most, type_name(fleet));
    fleet->engine = engine_open(error);
    if (fleet->engine && service_remove_leftovers(fleet->engine, options->worker->jobs_db, sessions, error) >= 0 && create(fleet, error))
        return fleet;
    fleet_free(fleet);
    return NULL;
}

void fleet_free(struct fleet *fleet)
{
    if (!fleet)
        return;
    engine_close(fleet->engine);
    g_free(fleet->name);
    g_free(fleet->image);
    g_free(fleet->service);
    g_free(fleet);
}

/* ---- how many ---- */

struct counting {
    const struct fleet *fleet;
    int n;
};

static void count_one(const struct worker_row *row, gpointer data)
{
    struct counting *counting = data;

    counting->n += row->status != WORKER_DEAD && !g_strcmp0(row->worker_type, type_name(counting->fleet)) &&
                   !g_strcmp0(row->execution_mode, "swarm") && !g_strcmp0(row->session_id, counting->fleet->options.worker->session_id);
}

int fleet_count_workers(const struct fleet *fleet)
{
    struct counting counting = {fleet, 0};

    worker_list(fleet->options.store, count_one, &counting, NULL);
    return counting.n;
}

bool fleet_is_ready(const struct fleet *fleet)
{
    return fleet_count_workers(fleet) >= fleet->options.n_least;
}

static void resize(struct fleet *fleet, int size)
{
    g_autoptr(GError) error = NULL;

    fleet->n_smaller = 0;
    if (!service_scale(fleet->engine, fleet->service, (unsigned)size, &error)) {
        event_logger_add(fleet->options.logger, "worker_failed", fleet->options.type, 0, NULL, "cannot scale the service: %s",
                         error->message); /* the next look tries again */
        return;
    }
    event_logger_add(fleet->options.logger, size > fleet->size ? "worker_starting" : "worker_stopping", fleet->options.type, 0,
                     json_pack("{s:i}", "replicas", size), "%s: from %d to %d workers", fleet->name, fleet->size, size);
    fleet->size = size;
}

static void adapt(struct fleet *fleet)
{
    int n_open = job_count_open(fleet->options.store, fleet->options.worker->session_id, fleet->options.type, NULL);
    int size = CLAMP(n_open, fleet->options.n_least, fleet->options.n_most);

    if (n_open < 0)
        return;
    fleet->n_smaller = size < fleet->size ? fleet->n_smaller + 1 : 0;
    if (size > fleet->size || fleet->n_smaller > SHRINK_AFTER_LOOKS)
        resize(fleet, size);
}

/* ---- no worker comes ---- */

static void give_up(struct fleet *fleet, const char *reason)
{
    g_autofree char *message = g_strdup_printf("no %s worker of the swarm comes: %s", type_name(fleet), reason);

    fleet->is_given_up = true;
    event_logger_add(fleet->options.logger, "worker_failed", fleet->options.type, 0, NULL, "%s", message);
    fleet->options.failed(fleet->options.type, message, fleet->options.data);
}

/* While workers come and go, single failures are the cluster's matter; without any, they are ours. */
static void look_for_failures(struct fleet *fleet)
{
    g_autofree char *message = NULL;
    g_autoptr(GError) error = NULL;
    int n = service_count_failures(fleet->engine, fleet->name, &message, &error);
    gint64 age_s = (g_get_monotonic_time() - fleet->started_at) / G_USEC_PER_SEC;

    if (n < 0)
        give_up(fleet, error->message);
    else if (n >= FAILURE_LIMIT || (n > 0 && age_s > fleet->options.startup_timeout_s))
        give_up(fleet, message);
    else if (age_s > 2 * fleet->options.startup_timeout_s)
        give_up(fleet, "no machine of the cluster has room for one, or fits worker_management.swarm_constraints");
}

void fleet_look(struct fleet *fleet)
{
    if (fleet->is_given_up || fleet->is_stopping)
        return;
    int n_workers = fleet_count_workers(fleet);
    if (n_workers == 0) {
        look_for_failures(fleet);
        return;
    }
    fleet->started_at = g_get_monotonic_time(); /* of the time without workers, if it comes */
    if (!fleet->is_told_started && n_workers >= fleet->options.n_least) {
        fleet->is_told_started = true;
        event_logger_add(fleet->options.logger, "pool_started", fleet->options.type, 0, NULL, "%d %s worker(s) ready", n_workers,
                         type_name(fleet));
    }
    adapt(fleet);
}

/* ---- the end ---- */

void fleet_request_stop(struct fleet *fleet)
{
    fleet->is_stopping = true;
    event_logger_add(fleet->options.logger, "pool_stopping", fleet->options.type, 0, NULL, "stopping %s workers", type_name(fleet));
    service_remove(fleet->engine, fleet->name);
}

static gboolean on_tick(gpointer data)
{
    return G_SOURCE_CONTINUE;
}

/* The main loop goes on meanwhile: it hears their goodbyes. Those that say none lose their connection, and end by that. */
void fleet_finish_stop(struct fleet *fleet, gint64 deadline)
{
    guint tick = g_timeout_add(LOOK_MS, on_tick, NULL);

    while (fleet_count_workers(fleet) > 0 && g_get_monotonic_time() < deadline)
        g_main_context_iteration(NULL, TRUE);
    g_source_remove(tick);
    event_logger_add(fleet->options.logger, "pool_stopped", fleet->options.type, 0, NULL, "%s workers stopped", type_name(fleet));
}
