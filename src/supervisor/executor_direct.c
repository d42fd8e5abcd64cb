#include "supervisor/executor_direct.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "os/file.h"
#include "os/runtime.h"

/* Beside the database, named after it: a folder ".clx" would make any working directory the root of a project. */
static char *log_path(const char *jobs_db, const char *executor_id)
{
    g_autofree char *stem = g_strndup(jobs_db, strlen(jobs_db) - (g_str_has_suffix(jobs_db, ".db") ? strlen(".db") : 0));

    return g_strdup_printf("%s.logs/%s.log", stem, executor_id);
}

static int open_log(const char *jobs_db, const char *executor_id, GError **error)
{
    g_autofree char *path = log_path(jobs_db, executor_id);
    g_autofree char *folder = g_path_get_dirname(path);
    int fd;

    if (!file_make_folders(folder, error))
        return -1;
    fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd < 0)
        g_set_error(error, CLX_ERROR, CLX_ERROR_INFRASTRUCTURE, "%s: cannot write the log: %s", path, g_strerror(errno));
    return fd;
}

static char **make_env(const struct executor_options *options, enum job_type type, gint64 worker_id, const char *executor_id)
{
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
    g_ptr_array_add(texts, g_strdup_printf("CLX_SPAWNED_AT=%" G_GINT64_FORMAT, g_get_monotonic_time()));
    g_ptr_array_add(texts, g_strdup_printf("CLX_READY_BELL=%s", options->ready_bell));
    for (guint i = 0; i < texts->len; i++)
        g_strv_builder_add(builder, texts->pdata[i]);
    return g_strv_builder_end(builder);
}

bool executor_direct_start(const struct executor_options *options, enum job_type type, gint64 worker_id, const char *executor_id,
                           struct process *ret_process, GError **error)
{
    g_auto(GStrv) env = make_env(options, type, worker_id, executor_id);
    const char *const argv[] = {options->program, "worker", job_type_names[type], NULL};
    int log = open_log(options->jobs_db, executor_id, error);
    bool is_started;

    if (log < 0)
        return false;
    is_started = process_spawn(
        &(struct process_options){
            .argv = argv,
            .env = (const char *const *)env,
            .stdin_fd = -1,
            .stdout_fd = log,
            .stderr_fd = log,
            .death_signal = options->stays ? 0 : SIGTERM,
            .new_group = true,
        },
        ret_process, error);
    close(log);
    return is_started;
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

void executor_direct_kill_leftovers(const char *executor_id)
{
    g_autofree char *mark = make_mark(executor_id);
    process_kill_marked(mark);
}

void executor_direct_remove_runtime(const char *executor_id)
{
    g_autofree char *base = runtime_base_path();
    g_autofree char *path = g_build_filename(base, executor_id, NULL);

    if (!strchr(executor_id, '/'))
        file_remove_tree(path, NULL);
}
