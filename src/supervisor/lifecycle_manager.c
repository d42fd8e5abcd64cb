#include "supervisor/lifecycle_manager.h"

#include <glib-unix.h>
#include <unistd.h>

#include "base/error.h"
#include "config/fit.h"
#include "store/doorbell.h"
#include "supervisor/discovery.h"
#include "supervisor/executor.h"
#include "supervisor/fleet.h"
#include "supervisor/pool_manager.h"
#include "supervisor/worker_log.h"

#define STOP_DEADLINE_MS 3000
#define LIMITS_INTERVAL_MS 1000
#define DAY_S 86400
#define SWARM_MODE "swarm" /* the execution mode without an executor: fleet.h */

struct lifecycle_manager {
    struct lifecycle_options options;
    char *session_id, *jobs_db, *cache_db, *workspace, *program, *bell;
    char *fit;
    struct event_logger logger;
    struct executor executors[N_JOB_TYPES];
    bool stays;
    struct pool *pools[N_JOB_TYPES];
    struct fleet *fleets[N_JOB_TYPES]; /* of types in swarm mode; those have no pool */
    int bell_fd;
    char *bell_path;
    guint bell_watch, limits_timer;
    bool is_stopped, has_api;
};

static bool get_flag(const struct lifecycle_manager *manager, const char *name)
{
    g_autofree char *key = g_strconcat("worker_management.", name, NULL);

    return settings_get_bool(manager->options.settings, key);
}

static int get_number(const struct lifecycle_manager *manager, const char *name)
{
    g_autofree char *key = g_strconcat("worker_management.", name, NULL);

    return (int)settings_get_int(manager->options.settings, key);
}

static int count_workers(const struct lifecycle_manager *manager, enum job_type type)
{
    int n = settings_worker_count(manager->options.settings, job_type_names[type]);

    if (manager->options.max_useful[type] > 0)
        n = MIN(n, manager->options.max_useful[type]);
    return MAX(n, 1);
}

static char *type_key(enum job_type type, const char *name)
{
    return g_strdup_printf("worker_management.%s.%s", job_type_names[type], name);
}

static guint64 get_size(const struct lifecycle_manager *manager, enum job_type type, const char *name)
{
    g_autofree char *key = type_key(type, name);

    return settings_get_size(manager->options.settings, key);
}

static int get_type_number(const struct lifecycle_manager *manager, enum job_type type, const char *name)
{
    g_autofree char *key = type_key(type, name);

    return (int)settings_get_int(manager->options.settings, key);
}

static const char *get_type_text(const struct lifecycle_manager *manager, enum job_type type, const char *name)
{
    g_autofree char *key = type_key(type, name);

    return settings_get_text(manager->options.settings, key);
}

static struct pool *make_pool(struct lifecycle_manager *manager, enum job_type type)
{
    g_autofree char *memory = type_key(type, "memory_limit");

    return pool_new(&(struct pool_options){
        .type = type,
        .n_workers = count_workers(manager, type),
        .store = manager->options.store,
        .logger = &manager->logger,
        .executor = &manager->executors[type],
        .session_id = manager->session_id,
        .stays = manager->stays,
        .startup_timeout_s = get_number(manager, "startup_timeout"),
        .startup_parallel = get_number(manager, "startup_parallel"),
        .heartbeat_limit_s = get_number(manager, "heartbeat_timeout"),
        .max_job_time_s = get_type_number(manager, type, "max_job_time"),
        .memory_limit = manager->executors[type].options.memory_limit,
        .memory_limit_text = settings_get_text(manager->options.settings, memory),
        .failed = manager->options.failed,
        .data = manager->options.data,
    });
}

struct lifecycle_manager *lifecycle_manager_new(const struct lifecycle_options *options)
{
    struct lifecycle_manager *manager = g_new0(struct lifecycle_manager, 1);

    manager->options = *options;
    manager->session_id = g_strdup(options->session_id);
    manager->jobs_db = g_strdup(options->jobs_db);
    manager->cache_db = g_strdup(options->cache_db);
    manager->workspace = g_strdup(options->workspace);
    manager->program = g_strdup(options->program);
    manager->fit = fit_hash(options->program, options->cache_db);
    manager->bell = g_strconcat("pool-", manager->session_id, NULL);
    manager->logger = (struct event_logger){.store = options->store, .session_id = manager->session_id};
    manager->stays = options->stays || !settings_get_bool(options->settings, "worker_management.auto_stop");
    manager->bell_fd = -1;
    return manager;
}

static gboolean on_bell(gint fd, GIOCondition condition, gpointer data)
{
    struct lifecycle_manager *manager = data;

    doorbell_drain(fd);
    for (int type = 0; type < N_JOB_TYPES; type++)
        if (manager->pools[type])
            pool_look(manager->pools[type]);
    return G_SOURCE_CONTINUE;
}

static gboolean on_limits(gpointer data)
{
    struct lifecycle_manager *manager = data;

    for (int type = 0; type < N_JOB_TYPES; type++)
        if (manager->fleets[type])
            fleet_look(manager->fleets[type]);
        else if (manager->pools[type])
            pool_check_limits(manager->pools[type]);
    return G_SOURCE_CONTINUE;
}

static bool listen_for_workers(struct lifecycle_manager *manager, GError **error)
{
    manager->bell_fd = doorbell_listen(manager->jobs_db, manager->bell, &manager->bell_path, error);
    if (manager->bell_fd < 0)
        return false;
    manager->bell_watch = g_unix_fd_add(manager->bell_fd, G_IO_IN, on_bell, manager);
    manager->limits_timer = g_timeout_add(LIMITS_INTERVAL_MS, on_limits, manager);
    return true;
}

struct adoption {
    struct lifecycle_manager *manager;
    int n_adopted[N_JOB_TYPES];
};

/* Healthy, and of this type, mode, version and configuration. Workers that belong to a build are never taken from it. */
static bool is_usable(const struct lifecycle_manager *manager, const struct worker_row *row, int type)
{
    const char *mode = type >= 0 ? settings_execution_mode(manager->options.settings, job_type_names[type]) : NULL;

    return type >= 0 && manager->pools[type] && !row->session_id && row->pid > 0 && !g_strcmp0(row->execution_mode, mode) &&
           !g_strcmp0(row->fit, manager->fit) && discovery_is_healthy(row, get_number(manager, "heartbeat_timeout"));
}

static void adopt(const struct worker_row *row, gpointer data)
{
    struct adoption *adoption = data;
    int type = glossary_find(job_type_names, row->worker_type);

    if (!is_usable(adoption->manager, row, type))
        return;
    if (pool_adopt(adoption->manager->pools[type], row))
        adoption->n_adopted[type]++;
}

static void add_session(const struct session_row *row, gpointer data)
{
    g_hash_table_add(data, g_strdup(row->session_id));
}

/* The sessions of dead builds are gone already: discovery_tidy() was first. */
static void remove_leftovers(const struct lifecycle_manager *manager, const struct executor_class *class, struct executor *executor)
{
    g_autoptr(GHashTable) sessions = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    if (session_list(manager->options.store, add_session, sessions, NULL))
        class->remove_leftovers(executor, sessions);
}

/* Swarm mode: the cluster starts the workers. */
static bool start_fleet(struct lifecycle_manager *manager, enum job_type type, GError **error)
{
    g_autoptr(GHashTable) sessions = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    int n_most = count_workers(manager, type);

    manager->logger.modes[type] = SWARM_MODE;
    if (!session_list(manager->options.store, add_session, sessions, error))
        return false;
    manager->fleets[type] = fleet_start(
        &(struct fleet_options){
            .type = type,
            .n_least = MIN(get_type_number(manager, type, "min_count"), n_most),
            .n_most = n_most,
            .store = manager->options.store,
            .logger = &manager->logger,
            .worker = &manager->executors[type].options,
            .constraints = settings_get_text(manager->options.settings, "worker_management.swarm_constraints"),
            .startup_timeout_s = get_number(manager, "startup_timeout"),
            .max_job_time_s = get_type_number(manager, type, "max_job_time"),
            .failed = manager->options.failed,
            .data = manager->options.data,
        },
        sessions, error);
    return manager->fleets[type] != NULL;
}

static bool open_executor(struct lifecycle_manager *manager, enum job_type type, GError **error)
{
    const char *mode = settings_execution_mode(manager->options.settings, job_type_names[type]);
    struct executor *executor = &manager->executors[type];
    const struct executor_class *class = executor_find(mode);

    if ((!class || class->needs_api) && !manager->options.api) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_USAGE,
                    "%s workers: execution mode '%s' works within a build only\nset execution_mode = \"direct\" for workers that stay",
                    job_type_names[type], mode);
        return false;
    }
    executor->options = (struct executor_options){
        .program = manager->program,
        .jobs_db = manager->jobs_db,
        .cache_db = manager->cache_db,
        .workspace = manager->workspace,
        .ready_bell = manager->bell,
        .session_id = manager->session_id,
        .log_level = settings_get_text(manager->options.settings, "logging.level"),
        .idle_limit_s = get_number(manager, "idle_timeout"),
        .stays = manager->stays,
        .max_jobs = get_type_number(manager, type, "max_jobs"),
        .recycle_memory = get_size(manager, type, "recycle_memory"),
        .memory_limit = get_size(manager, type, "memory_limit"),
        .memory_limit_text = get_type_text(manager, type, "memory_limit"),
        .has_control_groups = get_flag(manager, "control_groups"),
        .data_dir = manager->workspace,
        .image = get_type_text(manager, type, "image"),
        .network = settings_get_text(manager->options.settings, "worker_management.docker_network"),
        .api_url = !manager->options.api ? NULL
                   : class               ? manager->options.api->url
                                         : manager->options.api->swarm_url,
        .api_token = manager->options.api ? manager->options.api->token : NULL,
        .waits = manager->options.waits,
        .waits_data = manager->options.data,
    };
    if (!class)
        return start_fleet(manager, type, error);
    if (class->open && !class->open(executor, type, error))
        return false;
    if (class->remove_leftovers)
        remove_leftovers(manager, class, executor);
    executor->class = class;
    manager->logger.modes[type] = class->mode;
    return true;
}

/* The Worker API is served when workers of a needed type cannot do without it, or the user wants workers of other machines. */
static bool open_api(struct lifecycle_manager *manager, GError **error)
{
    bool is_needed = settings_get_bool(manager->options.settings, "worker_api.enabled");

    for (int type = 0; type < N_JOB_TYPES; type++) {
        const struct executor_class *class = executor_find(settings_execution_mode(manager->options.settings, job_type_names[type]));
        is_needed |= manager->options.needed[type] && (!class || class->needs_api);
    }
    if (!manager->options.api || !is_needed)
        return true;
    manager->has_api = manager->options.api->open(manager->options.api, manager->options.store, manager->session_id, manager->bell, error);
    return manager->has_api;
}

/* Nothing is started here: what comes by the Worker API, or works for this database already, does the jobs. */
static bool only_serves(const struct lifecycle_manager *manager)
{
    return manager->has_api && !manager->options.stays && !get_flag(manager, "auto_start");
}

static bool make_pools(struct lifecycle_manager *manager, GError **error)
{
    if (!open_api(manager, error))
        return false;
    for (int type = 0; type < N_JOB_TYPES; type++) {
        if (!manager->options.needed[type] || only_serves(manager))
            continue;
        if (!open_executor(manager, (enum job_type)type, error))
            return false;
        if (!manager->fleets[type])
            manager->pools[type] = make_pool(manager, (enum job_type)type);
    }
    return true;
}

static bool start_pools(struct lifecycle_manager *manager, const struct adoption *adoption, GError **error)
{
    for (int type = 0; type < N_JOB_TYPES; type++) {
        if (!manager->pools[type])
            continue;
        if (manager->options.stays || get_flag(manager, "auto_start")) {
            pool_start(manager->pools[type]);
        } else if (adoption->n_adopted[type] == 0) {
            g_set_error(error, CLX_ERROR, CLX_ERROR_FAILED,
                        "no %s worker runs and auto_start is off; start one or leave out --no-auto-start", job_type_names[type]);
            return false;
        }
    }
    return true;
}

static bool forget_old(const struct lifecycle_manager *manager, GError **error)
{
    int days = get_number(manager, "retention_days");

    worker_log_prune(manager->jobs_db, (gint64)days * DAY_S);
    return store_prune(manager->options.store, days, error) >= 0;
}

bool lifecycle_manager_start(struct lifecycle_manager *manager, GError **error)
{
    struct adoption adoption = {.manager = manager};

    process_become_subreaper();
    if (!session_add(manager->options.store, manager->session_id, error) || discovery_tidy(manager->options.store, error) < 0 ||
        !forget_old(manager, error) || !listen_for_workers(manager, error) || !make_pools(manager, error))
        return false;
    if (get_flag(manager, "reuse_workers") && !worker_list(manager->options.store, adopt, &adoption, error))
        return false;
    return start_pools(manager, &adoption, error);
}

bool lifecycle_manager_is_ready(const struct lifecycle_manager *manager)
{
    for (int type = 0; type < N_JOB_TYPES; type++)
        if ((manager->pools[type] && !pool_is_ready(manager->pools[type])) ||
            (manager->fleets[type] && !fleet_is_ready(manager->fleets[type])))
            return false;
    return true;
}

int lifecycle_manager_count_workers(const struct lifecycle_manager *manager, int *ret_n_reused)
{
    int n = 0;

    *ret_n_reused = 0;
    for (int type = 0; type < N_JOB_TYPES; type++)
        if (manager->fleets[type])
            n += fleet_count_workers(manager->fleets[type]);
        else if (manager->pools[type])
            n += pool_count_workers(manager->pools[type], ret_n_reused);
    return n;
}

static void stop_listening(struct lifecycle_manager *manager)
{
    if (manager->bell_watch)
        g_source_remove(manager->bell_watch);
    if (manager->limits_timer)
        g_source_remove(manager->limits_timer);
    manager->bell_watch = manager->limits_timer = 0;
    if (manager->bell_fd >= 0)
        close(manager->bell_fd);
    manager->bell_fd = -1;
    if (manager->bell_path)
        doorbell_close(manager->bell_path);
    g_clear_pointer(&manager->bell_path, g_free);
}

static void stop_within(struct lifecycle_manager *manager, int deadline_ms)
{
    gint64 deadline = g_get_monotonic_time() + (gint64)deadline_ms * 1000;

    if (manager->is_stopped)
        return;
    manager->is_stopped = true;
    stop_listening(manager);
    for (int type = 0; type < N_JOB_TYPES; type++)
        if (manager->fleets[type])
            fleet_request_stop(manager->fleets[type]);
        else if (manager->pools[type])
            pool_request_stop(manager->pools[type]);
    for (int type = 0; type < N_JOB_TYPES; type++)
        if (manager->fleets[type])
            fleet_finish_stop(manager->fleets[type], deadline);
        else if (manager->pools[type])
            pool_finish_stop(manager->pools[type], deadline);
    if (manager->has_api)
        manager->options.api->close(manager->options.api);
    if (!manager->logger.has_complained) /* else the next one who tidies up closes the trail of this session */
        session_remove(manager->options.store, manager->session_id, NULL);
}

void lifecycle_manager_stop(struct lifecycle_manager *manager)
{
    stop_within(manager, STOP_DEADLINE_MS);
}

void lifecycle_manager_kill(struct lifecycle_manager *manager)
{
    stop_within(manager, 0);
}

void lifecycle_manager_free(struct lifecycle_manager *manager)
{
    if (!manager)
        return;
    stop_within(manager, 0);
    for (int type = 0; type < N_JOB_TYPES; type++) {
        struct executor *executor = &manager->executors[type];

        pool_free(manager->pools[type]);
        fleet_free(manager->fleets[type]);
        if (executor->class && executor->class->close)
            executor->class->close(executor);
    }
    g_free(manager->session_id);
    g_free(manager->jobs_db);
    g_free(manager->cache_db);
    g_free(manager->workspace);
    g_free(manager->program);
    g_free(manager->bell);
    g_free(manager->fit);
    g_free(manager);
}
