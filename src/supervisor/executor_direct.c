#include "supervisor/executor_direct.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/cgroup.h"
#include "os/file.h"
#include "os/runtime.h"
#include "os/scratch.h"
#include "supervisor/worker_log.h"

/* Of a worker that was started here with a limit: the control group that holds it. */
struct limit {
    char *group;     /* its folder */
    guint64 n_kills; /* that the worker has outlived: of what it started */
    guint64 n_seen;  /* at the last look; one may be the worker's own, which takes a moment to die of it */
};

#define GROUP_PREFIX "clx-"
#define GROUP_LEAST_AGE_S 60 /* of one that may be swept away: its worker has joined it long since */

static char *group_name(const char *executor_id)
{
    return g_strconcat(GROUP_PREFIX, executor_id, NULL);
}

static struct limit *make_limit(const struct executor_options *options, const char *executor_id)
{
    g_autofree char *name = group_name(executor_id);
    char *group = options->memory_limit && options->has_control_groups ? cgroup_make(name, options->memory_limit) : NULL;
    struct limit *limit;

    if (!group)
        return NULL;
    limit = g_new0(struct limit, 1);
    limit->group = group;
    return limit;
}

static void free_limit(struct limit *limit)
{
    if (limit)
        g_free(limit->group);
    g_free(limit);
}

/* A process that could not join its group is measured like one without; of one that was not started nothing is left. */
static void check_limit(struct executor_worker *worker)
{
    g_autofree char *name = group_name(worker->id), *group = NULL;

    if (!worker->state)
        return;
    if (worker->process.pid > 0)
        group = cgroup_find(worker->process.pid, name);
    if (group)
        return;
    cgroup_remove(name);
    free_limit(worker->state);
    worker->state = NULL;
}

static char **make_env(const struct executor_options *options, enum job_type type, gint64 worker_id, const char *executor_id,
                       const struct limit *limit)
{
    g_autofree char *group = limit ? group_name(executor_id) : g_strdup("");
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);

    g_ptr_array_add(texts, g_strdup_printf("WORKER_TYPE=%s", job_type_names[type]));
    g_ptr_array_add(texts, g_strdup_printf("WORKER_ID=%s", executor_id));
    g_ptr_array_add(texts, g_strdup_printf("CLX_WORKER_ID=%" G_GINT64_FORMAT, worker_id));
    g_ptr_array_add(texts, g_strdup_printf("DB_PATH=%s", options->jobs_db));
    g_ptr_array_add(texts, g_strdup_printf("CACHE_DB_PATH=%s", options->cache_db));
    g_ptr_array_add(texts, g_strdup_printf("WORKSPACE_PATH=%s", options->workspace));
    g_ptr_array_add(texts, g_strdup_printf("LOG_LEVEL=%s", options->log_level ? options->log_level : "INFO"));
    g_ptr_array_add(texts, g_strdup_printf("CLX_IDLE_LIMIT=%d", options->stays ? options->idle_limit_s : 0));
    g_ptr_array_add(texts, g_strdup_printf("CLX_MAX_JOBS=%d", options->max_jobs));
    g_ptr_array_add(texts, g_strdup_printf("CLX_RECYCLE_MEMORY=%" G_GUINT64_FORMAT, options->recycle_memory));
    g_ptr_array_add(texts, g_strdup_printf("CLX_MEMORY_LIMIT=%" G_GUINT64_FORMAT, options->memory_limit));
    g_ptr_array_add(texts, g_strdup_printf("CLX_SPAWNED_AT=%" G_GINT64_FORMAT, g_get_monotonic_time()));
    g_ptr_array_add(texts, g_strdup_printf("CLX_READY_BELL=%s", options->ready_bell));
    g_ptr_array_add(texts, g_strdup_printf("CLX_CONTROL_GROUP=%s", group));
    for (guint i = 0; i < texts->len; i++)
        g_strv_builder_add(builder, texts->pdata[i]);
    return g_strv_builder_end(builder);
}

static char *make_id(const struct executor *executor, enum job_type type, int index)
{
    return g_strdup_printf("direct-%s-%d-%08x", job_type_names[type], index, g_random_int());
}

static bool start(struct executor *executor, enum job_type type, gint64 worker_id, struct executor_worker *worker, GError **error)
{
    const struct executor_options *options = &executor->options;
    struct limit *limit = worker->state = make_limit(options, worker->id);
    g_auto(GStrv) env = make_env(options, type, worker_id, worker->id, limit);
    const char *const argv[] = {options->program, "worker", job_type_names[type], NULL};
    int log = worker_log_open(options->jobs_db, worker->id, error);
    bool is_started;

    if (log < 0) {
        check_limit(worker);
        return false;
    }
    is_started = process_spawn(
        &(struct process_options){
            .argv = argv,
            .env = (const char *const *)env,
            .stdin_fd = -1,
            .stdout_fd = log,
            .stderr_fd = log,
            .death_signal = options->stays ? 0 : SIGTERM,
            .new_group = true,
            .control_group = limit ? limit->group : NULL,
        },
        &worker->process, error);
    close(log);
    worker->end_fd = worker->process.pidfd;
    check_limit(worker);
    return is_started;
}

/* The handle is taken before the process is looked at, so that the number cannot come to mean another one in between. */
static bool adopt(const struct worker_row *row, struct executor_worker *worker)
{
    int fd = row->pid > 1 ? (int)syscall(SYS_pidfd_open, (pid_t)row->pid, 0) : -1;

    if (fd < 0)
        return false;
    if (!row->pid_start_time || !process_is_alive_since((pid_t)row->pid, row->pid_start_time, row->boot_id)) {
        close(fd);
        return false;
    }
    worker->id = g_strdup(row->executor_id);
    worker->process = (struct process){.pid = (pid_t)row->pid, .pidfd = fd, .start_time = row->pid_start_time};
    worker->end_fd = fd;
    return true;
}

static bool is_alive(const struct worker_row *row)
{
    return row->pid > 0 && process_is_alive_since((pid_t)row->pid, row->pid_start_time, row->boot_id);
}

/* One that was stopped goes on, to hear of it. */
static void ask_to_end(const struct executor_worker *worker)
{
    process_signal(&worker->process, SIGTERM);
    process_signal(&worker->process, SIGCONT);
}

static void kill_all(const struct executor_worker *worker)
{
    process_kill_descendants(worker->process.pid);
    process_signal_group(&worker->process, SIGKILL);
    process_signal(&worker->process, SIGKILL);
}

static int reap(const struct executor_worker *worker)
{
    int status = 0;

    process_reap(&worker->process, &status);
    return status;
}

/* Kills in the group while the worker lives are for the worker to tell. */
static guint64 measure_memory(const struct executor_worker *worker)
{
    guint64 memory = 0, cpu_ms = 0;
    struct limit *limit = worker->state;

    if (limit) {
        limit->n_kills = limit->n_seen;
        limit->n_seen = cgroup_read_memory(limit->group).n_kills;
        return 0;
    }

    process_tree_usage(worker->process.pid, &memory, &cpu_ms);
    return memory;
}

static bool is_out_of_memory(const struct executor_worker *worker)
{
    const struct limit *limit = worker->state;

    return limit && cgroup_read_memory(limit->group).n_kills > limit->n_kills;
}

static guint64 peak_memory(const struct executor_worker *worker)
{
    const struct limit *limit = worker->state;

    return limit ? cgroup_read_memory(limit->group).peak : 0;
}

static void clear(struct executor_worker *worker)
{
    free_limit(worker->state);
    process_clear(&worker->process);
}

static char *make_mark(const char *executor_id)
{
    return g_strconcat("WORKER_ID=", executor_id, NULL);
}

bool executor_direct_is_worker(gint64 pid, const char *executor_id)
{
    g_autofree char *mark = make_mark(executor_id);
    return process_has_mark((pid_t)pid, mark);
}

/* Whatever carries this id in its environment is killed; what fell to this process is reaped. */
static void clean_up(const char *executor_id)
{
    g_autofree char *mark = make_mark(executor_id);
    g_autofree char *base = runtime_base_path();
    g_autofree char *path = g_build_filename(base, executor_id, NULL), *group = group_name(executor_id);

    process_kill_marked(mark);
    if (strchr(executor_id, '/'))
        return;
    file_remove_tree(path, NULL);
    cgroup_remove(group);
}

static void sweep(void)
{
    scratch_sweep();
    /* Of workers that ended when nobody watched them, and could not remove it themselves. */
    cgroup_sweep(NULL, GROUP_PREFIX "direct-", GROUP_LEAST_AGE_S);
}

const struct executor_class executor_direct = {
    .mode = "direct",
    .make_id = make_id,
    .start = start,
    .adopt = adopt,
    .is_alive = is_alive,
    .ask_to_end = ask_to_end,
    .kill = kill_all,
    .reap = reap,
    .is_out_of_memory = is_out_of_memory,
    .measure_memory = measure_memory,
    .peak_memory = peak_memory,
    .clear = clear,
    .clean_up = clean_up,
    .sweep = sweep,
};
