#include "supervisor/executor_docker.h"

#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/error.h"
#include "docker/container.h"
#include "docker/image.h"
#include "supervisor/worker_log.h"

#define LOG_LINES 20
#define UNKNOWN_STATUS 255

/* What an executor knows of its engine. */
struct docker {
    struct engine *engine;
    char *image;
};

/* A container that runs; its end is heard from the engine in the main loop and told by end_fd. */
struct running {
    struct engine *engine; /* its own connections: a worker may outlive its executor */
    struct http_pending *wait;
    char *container, *jobs_db;
    int end_fd, status;             /* status as of waitpid() */
    bool is_out_of_memory, is_lost; /* is_lost: the engine went before it told */
};

static char *choose_image(const struct executor *executor, enum job_type type)
{
    return executor->options.image && *executor->options.image ? g_strdup(executor->options.image) : image_default(job_type_names[type]);
}

static bool tell_pull(const char *text, gint64 current, gint64 total, gpointer data)
{
    const struct executor *executor = data;
    g_autofree char *what = g_strconcat("pulling ", ((const struct docker *)executor->state)->image, NULL);

    return !executor->options.waits || executor->options.waits(what, current, total, executor->options.waits_data);
}

static bool provide_image(struct executor *executor, enum job_type type, GError **error)
{
    const struct docker *docker = executor->state;
    int got = image_inspect(docker->engine, docker->image, NULL, error);

    if (got != 0)
        return got == 1;
    if (g_str_has_prefix(docker->image, "localhost/")) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_NOT_FOUND,
                    "there is no image '%s'\nrun 'clx docker build %s', or name another one in worker_management.%s.image", docker->image,
                    job_type_names[type], job_type_names[type]);
        return false;
    }
    if (image_pull(docker->engine, docker->image, tell_pull, executor, error))
        return true;
    g_prefix_error(error, "image '%s' is not here and cannot be pulled: ", docker->image);
    return false;
}

static void close_docker(struct executor *executor)
{
    struct docker *docker = executor->state;

    if (!docker)
        return;
    engine_close(docker->engine);
    g_free(docker->image);
    g_free(docker);
    executor->state = NULL;
}

static bool goes_on(gpointer data)
{
    const struct executor *executor = data;

    return !executor->options.waits || executor->options.waits(NULL, 0, 0, executor->options.waits_data);
}

static bool open_docker(struct executor *executor, enum job_type type, GError **error)
{
    struct docker *docker = g_new0(struct docker, 1);

    executor->state = docker;
    docker->engine = engine_open(error);
    docker->image = choose_image(executor, type);
    if (docker->engine)
        engine_set_goes_on(docker->engine, goes_on, executor);
    if (docker->engine && provide_image(executor, type, error))
        return true;
    close_docker(executor);
    return false;
}

static char *make_id(const struct executor *executor, enum job_type type, int index)
{
    return g_strdup_printf("clx-%s-%s-%d", job_type_names[type], executor->options.session_id, index);
}

static void add(GPtrArray *env, char *text)
{
    g_ptr_array_add(env, text);
}

static GPtrArray *make_env(const struct executor_options *options, enum job_type type, gint64 worker_id, const char *name)
{
    GPtrArray *env = g_ptr_array_new_with_free_func(g_free);

    add(env, g_strdup_printf("WORKER_TYPE=%s", job_type_names[type]));
    add(env, g_strdup_printf("WORKER_ID=%s", name));
    add(env, g_strdup_printf("CLX_WORKER_ID=%" G_GINT64_FORMAT, worker_id));
    add(env, g_strdup_printf("CLX_API_URL=%s", options->api_url));
    add(env, g_strdup_printf("CLX_API_TOKEN=%s", options->api_token));
    add(env, g_strdup_printf("CLX_HOST_WORKSPACE=%s", options->workspace));
    add(env, g_strdup_printf("CLX_HOST_DATA_DIR=%s", options->data_dir));
    add(env, g_strdup("CLX_API_COMPRESS=0")); /* the same machine */
    add(env, g_strdup("WORKSPACE_PATH=/workspace"));
    add(env, g_strdup("HOME=/tmp"));
    add(env, g_strdup_printf("LOG_LEVEL=%s", options->log_level ? options->log_level : "INFO"));
    g_ptr_array_add(env, NULL);
    return env;
}

/* ---- the end of a container ---- */

static char *last_words(const struct executor_worker *worker)
{
    const struct running *running = worker->state;

    if (running->is_lost)
        return g_strdup_printf("(the container engine at %s does not answer any more)", engine_address(running->engine));
    return container_logs(running->engine, running->container, LOG_LINES);
}

static void keep_log(const struct executor_worker *worker)
{
    g_autofree char *text = last_words(worker);

    if (*text)
        worker_log_note(((const struct running *)worker->state)->jobs_db, worker->id, text);
}

/* Exit statuses above 128 are signals, as a shell has them. */
static int wait_status(int exit_status)
{
    return exit_status > 128 && exit_status < 128 + 65 ? exit_status - 128 : (exit_status & 0xff) << 8;
}

/* Of a container that somebody has removed the engine tells this only. */
static int read_status(const struct http_reply *reply)
{
    g_autoptr(json_t) answer = reply ? json_parse((const char *)reply->body->data, reply->body->len, NULL) : NULL;

    return (int)json_get_int(answer, "StatusCode", UNKNOWN_STATUS);
}

static void on_container_end(struct http_reply *reply, const GError *error, gpointer data)
{
    struct running *running = data;
    g_autoptr(http_reply_owner) owned = reply;
    struct container_state state = {.exit_status = read_status(reply)};

    running->wait = NULL;
    running->is_lost = container_inspect(running->engine, running->container, &state, NULL) < 0;
    running->status = wait_status(state.exit_status);
    running->is_out_of_memory = state.is_out_of_memory;
    g_assert(write(running->end_fd, &(guint64){1}, sizeof(guint64)) == sizeof(guint64));
}

static bool watch_container(struct executor_worker *worker, struct engine *engine, const char *container, const char *jobs_db)
{
    struct running *running = g_new0(struct running, 1);
    g_autofree char *path = g_strdup_printf("/containers/%s/wait", container);

    running->engine = engine;
    running->container = g_strdup(container);
    running->jobs_db = g_strdup(jobs_db);
    running->end_fd = worker->end_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    running->wait = engine_send(engine, "POST", path, on_container_end, running);
    worker->state = running;
    worker->process = (struct process){.pidfd = -1};
    return true;
}

static void clear(struct executor_worker *worker)
{
    struct running *running = worker->state;

    if (!running)
        return;
    engine_close(running->engine);
    close(running->end_fd);
    g_free(running->container);
    g_free(running->jobs_db);
    g_free(running);
    worker->state = NULL;
}

/* ---- starting ---- */

static char *create(struct docker *docker, const struct executor_options *options, enum job_type type, gint64 worker_id, const char *name,
                    GError **error)
{
    g_autoptr(GPtrArray) env = make_env(options, type, worker_id, name);

    return container_create(docker->engine,
                            &(struct container_spec){
                                .name = name,
                                .image = docker->image,
                                .network = options->network,
                                .env = (const char *const *)env->pdata,
                                .source = options->data_dir,
                                .session_id = options->session_id,
                                .worker_type = job_type_names[type],
                                .jobs_db = options->jobs_db,
                                .memory_limit = options->memory_limit,
                            },
                            error);
}

static bool start(struct executor *executor, enum job_type type, gint64 worker_id, struct executor_worker *worker, GError **error)
{
    struct docker *docker = executor->state;
    g_autofree char *container = create(docker, &executor->options, type, worker_id, worker->id, error);
    struct engine *engine = container ? engine_open(error) : NULL;

    if (!engine || !container_start(docker->engine, container, error)) {
        if (container)
            container_remove(docker->engine, container);
        engine_close(engine);
        return false;
    }
    g_free(worker->id);
    worker->id = g_steal_pointer(&container);
    return watch_container(worker, engine, worker->id, executor->options.jobs_db);
}

/* Containers belong to the build that started them: none is ever reused, but `workers cleanup` ends those of dead builds. */
static bool adopt(const struct worker_row *row, struct executor_worker *worker)
{
    struct engine *engine = engine_open(NULL);
    struct container_state state;

    if (!engine || container_inspect(engine, row->executor_id, &state, NULL) != 1 || !state.is_ours || !state.is_running) {
        engine_close(engine);
        return false;
    }
    worker->id = g_strdup(row->executor_id);
    return watch_container(worker, engine, row->executor_id, "");
}

/* Without an engine nobody knows; then the heartbeat decides. */
static bool is_alive(const struct worker_row *row)
{
    g_autoptr(engine) engine = engine_open(NULL);
    struct container_state state;
    int got = engine ? container_inspect(engine, row->executor_id, &state, NULL) : -1;

    return got == 1 ? state.is_running || row->status == WORKER_CREATED : got < 0 && row->heartbeat_age_s < 15;
}

static void ask_to_end(const struct executor_worker *worker)
{
    const struct running *running = worker->state;

    container_signal(running->engine, running->container, "TERM");
}

static void kill_container(const struct executor_worker *worker)
{
    const struct running *running = worker->state;

    container_signal(running->engine, running->container, "KILL");
}

static int reap(const struct executor_worker *worker)
{
    const struct running *running = worker->state;

    if (running->status != 0)
        keep_log(worker);
    return running->status;
}

/* The engine holds it to its limit; what it uses comes with its heartbeat. */
static guint64 measure_memory(const struct executor_worker *worker)
{
    return 0;
}

static bool is_out_of_memory(const struct executor_worker *worker)
{
    return ((const struct running *)worker->state)->is_out_of_memory;
}

static void clean_up(const char *executor_id)
{
    g_autoptr(engine) engine = engine_open(NULL);

    if (engine && !strchr(executor_id, '/'))
        container_remove(engine, executor_id);
}

static void remove_leftovers(struct executor *executor, GHashTable *sessions)
{
    const struct docker *docker = executor->state;

    container_remove_leftovers(docker->engine, executor->options.jobs_db, sessions, NULL);
}

const struct executor_class executor_docker = {
    .mode = "docker",
    .needs_api = true,
    .open = open_docker,
    .close = close_docker,
    .make_id = make_id,
    .start = start,
    .adopt = adopt,
    .is_alive = is_alive,
    .ask_to_end = ask_to_end,
    .kill = kill_container,
    .reap = reap,
    .last_words = last_words,
    .measure_memory = measure_memory,
    .is_out_of_memory = is_out_of_memory,
    .clear = clear,
    .clean_up = clean_up,
    .remove_leftovers = remove_leftovers,
};
