#include "notebook/kernel/kernel_server.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/json.h"
#include "os/data.h"
#include "os/file.h"

#define ANSWER_TIMEOUT_MS 60000 /* the first answer comes after all imports */
#define MARK_PLACE "00000000-0000-0000-0000-000000000000"
#define MAX_ANSWER 32

struct kernel_server {
    struct process process;
    int fd; /* our end of its standard input */
    char answer[MAX_ANSWER];
    size_t n_answer;
    bool is_answered, has_ended, is_late; /* while one waits */
};

bool kernel_server_fits(const struct kernelspec *spec)
{
    for (char **argument = spec->argv + 1; argument[0] != NULL && argument[1] != NULL; argument++)
        if (strcmp(argument[0], "-m") == 0)
            return strcmp(argument[1], "ipykernel_launcher") == 0 || strcmp(argument[1], "ipykernel") == 0;
    return false;
}

/* The interpreter and its options, the program, the modules, "--", the kernel's arguments. */
static GStrv make_argv(const struct kernelspec *spec, const char *preload)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_autofree char *program = data_path("kernel-server.py");
    g_auto(GStrv) modules = g_strsplit_set(preload != NULL ? preload : "", ", ", -1);
    char **argument = spec->argv;
    for (; strcmp(*argument, "-m") != 0; argument++)
        g_strv_builder_add(builder, *argument);
    g_strv_builder_add(builder, program);
    for (char **module = modules; *module != NULL; module++)
        if (**module != '\0')
            g_strv_builder_add(builder, *module);
    g_strv_builder_add(builder, "--");
    g_strv_builder_addv(builder, (const char **)argument + 2);
    g_strv_builder_add(builder, KERNEL_NO_HISTORY);
    return g_strv_builder_end(builder);
}

static bool spawn(struct kernel_server *server, const struct kernelspec *spec, const char *preload, const char *runtime_dir, int fd,
                  GError **error)
{
    g_auto(GStrv) argv = make_argv(spec, preload);
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_autofree char *log_path = g_build_filename(runtime_dir, "kernel-server.log", NULL);
    int log = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    g_strv_builder_addv(builder, (const char **)spec->env);
    g_strv_builder_add(builder, KERNEL_MARK "=" MARK_PLACE);
    g_auto(GStrv) env = g_strv_builder_end(builder);
    struct process_options options = {
        .argv = (const char *const *)argv,
        .env = (const char *const *)env,
        .folder = runtime_dir,
        .stdin_fd = fd,
        .stdout_fd = log,
        .stderr_fd = log,
        .death_signal = SIGKILL,
    };
    bool started = process_spawn(&options, &server->process, error);
    if (log >= 0)
        close(log);
    return started;
}

struct kernel_server *kernel_server_start(const struct kernelspec *spec, const char *preload, const char *runtime_dir, GError **error)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_INFRASTRUCTURE, "cannot make a socket for the kernel server: %s", g_strerror(errno));
        return NULL;
    }
    struct kernel_server *server = g_new0(struct kernel_server, 1);
    *server = (struct kernel_server){.process.pidfd = -1, .fd = pair[0]};
    bool started = spawn(server, spec, preload, runtime_dir, pair[1], error);
    close(pair[1]);
    if (!started)
        g_clear_pointer(&server, kernel_server_end);
    return server;
}

void kernel_server_end(struct kernel_server *server)
{
    if (server == NULL)
        return;
    close(server->fd);
    if (server->process.pid > 0) {
        process_signal(&server->process, SIGKILL);
        process_end(&server->process, 0);
    }
    g_free(server);
}

bool kernel_server_is_alive(const struct kernel_server *server)
{
    return !server->has_ended && process_is_alive(server->process.pid, server->process.start_time);
}

bool kernel_server_ask(struct kernel_server *server, char **argv, const char *connection_file, const char *mark, const char *folder,
                       const char *log, GError **error)
{
    g_autoptr(json_t) list = json_array();
    for (; *argv != NULL; argv++)
        json_array_append_new(list, json_string(*argv));
    g_autoptr(json_t) request = json_pack("{s:s, s:O, s:s, s:s, s:s}", "mark", mark, "argv", list, "connection_file", connection_file,
                                          "folder", folder, "log", log);
    g_autofree char *text = request != NULL ? json_to_text(request) : NULL;
    g_autofree char *line = text != NULL ? g_strconcat(text, "\n", NULL) : NULL;
    size_t length = line != NULL ? strlen(line) : 0;
    if (length > 0 && send(server->fd, line, length, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)length)
        return true;
    g_set_error(error, CLX_ERROR, CLX_ERROR_INFRASTRUCTURE, "cannot ask the kernel server for a kernel");
    return false;
}

static gboolean on_answer(gint fd, GIOCondition condition, gpointer data)
{
    struct kernel_server *server = data;
    char c;
    ssize_t n = 0;
    while (!server->is_answered && (n = recv(fd, &c, 1, MSG_DONTWAIT)) == 1) {
        if (c == '\n' || server->n_answer + 1 == MAX_ANSWER)
            server->is_answered = true;
        else
            server->answer[server->n_answer++] = c;
    }
    server->has_ended |= n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
    return server->has_ended ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

static gboolean on_late(gpointer data)
{
    ((struct kernel_server *)data)->is_late = true;
    return G_SOURCE_CONTINUE;
}

static pid_t wait_for_answer(struct kernel_server *server)
{
    server->n_answer = 0;
    server->is_answered = server->is_late = false;
    guint source = g_unix_fd_add(server->fd, G_IO_IN | G_IO_HUP, on_answer, server),
          timer = g_timeout_add(ANSWER_TIMEOUT_MS, on_late, server);
    while (!server->is_answered && !server->has_ended && !server->is_late)
        g_main_context_iteration(NULL, TRUE);
    g_source_remove(timer);
    if (!server->has_ended)
        g_source_remove(source);
    server->answer[server->n_answer] = '\0';
    return server->is_answered ? (pid_t)strtol(server->answer, NULL, 10) : 0;
}

bool kernel_server_wait(struct kernel_server *server, struct process *ret_kernel, GError **error)
{
    pid_t pid = server->has_ended ? 0 : wait_for_answer(server);
    if (pid > 1 && process_adopt(pid, ret_kernel))
        return true;
    g_set_error(error, CLX_ERROR, CLX_ERROR_INFRASTRUCTURE, "the kernel server %s",
                pid > 1           ? "started a kernel that ended at once"
                : server->is_late ? "did not answer"
                                  : "ended");
    return false;
}
