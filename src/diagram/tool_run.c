#include "diagram/tool_run.h"

#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "os/file.h"
#include "os/process.h"

#define LOG_LIMIT (16u * 1024 * 1024)
#define WORDS_LIMIT 2000

struct run {
    struct process process;
    bool has_ended, is_late;
};

static gboolean on_end(gint fd, GIOCondition condition, gpointer data)
{
    ((struct run *)data)->has_ended = true;
    return G_SOURCE_CONTINUE;
}

static gboolean on_deadline(gpointer data)
{
    ((struct run *)data)->is_late = true;
    return G_SOURCE_CONTINUE;
}

/* Waits for the program and ends all that it started; its wait status, or TOOL_RUN_LATE. */
static int wait_for_end(struct run *run, int deadline_ms)
{
    int status = TOOL_RUN_LATE;
    guint ended = g_unix_fd_add(run->process.pidfd, G_IO_IN, on_end, run);
    guint timer = g_timeout_add((guint)deadline_ms, on_deadline, run);
    while (!run->has_ended && !run->is_late)
        g_main_context_iteration(NULL, TRUE);
    g_source_remove(ended);
    g_source_remove(timer);
    process_kill_descendants(run->process.pid);
    process_signal_group(&run->process, SIGKILL);
    if (run->has_ended)
        process_reap(&run->process, &status);
    process_end(&run->process, 0);
    return status;
}

gboolean tool_run(const char *const *argv, const char *const *env, const char *folder, const char *log_path, int deadline_ms,
                  int *ret_status, GError **error)
{
    struct run run = {0};
    int log = open(log_path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    struct process_options options = {
        .argv = argv, .env = env, .folder = folder, .stdin_fd = -1, .stdout_fd = log, .stderr_fd = log, .death_signal = SIGKILL};
    bool has_started = process_spawn(&options, &run.process, error);
    if (log >= 0)
        close(log);
    if (has_started)
        *ret_status = wait_for_end(&run, deadline_ms);
    return has_started;
}

char *tool_run_describe(int status, int deadline_ms, const char *log_path)
{
    g_autoptr(GBytes) log = file_read(log_path, LOG_LIMIT, NULL);
    g_autofree char *text =
        log != NULL ? g_utf8_make_valid(g_bytes_get_data(log, NULL), (gssize)MIN(g_bytes_get_size(log), WORDS_LIMIT)) : g_strdup("");
    g_autofree char *end = status == TOOL_RUN_LATE    ? g_strdup_printf("took longer than %d s", deadline_ms / 1000)
                           : WIFSIGNALED(status)      ? g_strdup_printf("was killed by signal %d", WTERMSIG(status))
                           : WEXITSTATUS(status) != 0 ? g_strdup_printf("ended with exit status %d", WEXITSTATUS(status))
                                                      : g_strdup("wrote no picture");
    g_strstrip(text);
    return g_strconcat(end, *text != '\0' ? ": " : "", text, NULL);
}
