#include "notebook/kernel/kernel_process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "os/file.h"

#define MAX_IPC_NAME 107
#define LOG_TAIL_BYTES 2000

enum port { PORT_SHELL, PORT_IOPUB, PORT_STDIN, PORT_CONTROL, PORT_HEARTBEAT, N_PORTS };

static const char *const port_names[N_PORTS] = {"shell_port", "iopub_port", "stdin_port", "control_port", "hb_port"};
static const enum port port_of_channel[N_CHANNELS] = {
    [CHANNEL_IOPUB] = PORT_IOPUB,
    [CHANNEL_SHELL] = PORT_SHELL,
    [CHANNEL_STDIN] = PORT_STDIN,
    [CHANNEL_CONTROL] = PORT_CONTROL,
};

/* ---- the private folder and the connection file ---- */

static char *make_folder(const char *runtime_dir)
{
    g_autofree char *absolute = g_canonicalize_filename(runtime_dir, NULL);
    g_autofree char *pattern = g_build_filename(absolute, "k-XXXXXX", NULL);
    if (strlen(pattern) + strlen("/s-5") <= MAX_IPC_NAME && g_mkdtemp_full(pattern, 0700) != NULL)
        return g_steal_pointer(&pattern);
    g_autofree char *elsewhere = g_strdup("/tmp/clx-k-XXXXXX");
    return g_mkdtemp_full(elsewhere, 0700) != NULL ? g_steal_pointer(&elsewhere) : NULL;
}

/* Kernels that bind "ipc://IP-PORT", which cannot clash. The others get TCP: told of "ipc", Debian's xeus-python aborts and its R kernel
 * never answers. */
static bool speaks_ipc(const struct kernelspec *spec)
{
    static const char *const names[] = {"bash_kernel", "ipykernel", "octave_kernel", NULL};
    g_autofree char *all = g_strjoinv(" ", spec->argv);
    bool found = false;
    for (const char *const *name = names; *name != NULL; name++)
        found |= strstr(all, *name) != NULL;
    return found;
}

static int bind_any_port(int *ret_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0)
        getsockname(fd, (struct sockaddr *)&address, &length);
    *ret_port = ntohs(address.sin_port);
    return fd;
}

/* Ports that are free now; all are held until the last is chosen, so that they differ. */
static void choose_tcp_ports(int ports[N_PORTS])
{
    int fds[N_PORTS];
    for (unsigned i = 0; i < N_PORTS; i++)
        fds[i] = bind_any_port(&ports[i]);
    for (unsigned i = 0; i < N_PORTS; i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

static bool write_connection_file(struct kernel_process *kernel, const struct kernelspec *spec, GError **error)
{
    int ports[N_PORTS] = {1, 2, 3, 4, 5};
    bool is_ipc = speaks_ipc(spec);
    g_autofree char *ip = is_ipc ? g_build_filename(kernel->folder, "s", NULL) : g_strdup("127.0.0.1");
    g_autofree char *path = g_build_filename(kernel->folder, "connection.json", NULL);
    if (!is_ipc)
        choose_tcp_ports(ports);
    g_autoptr(json_t) json = json_pack("{s:s,s:s,s:s,s:s,s:s}", "transport", is_ipc ? "ipc" : "tcp", "ip", ip, "key", kernel->key,
                                       "signature_scheme", "hmac-sha256", "kernel_name", "clx");
    for (unsigned i = 0; i < N_PORTS; i++)
        json_object_set_new(json, port_names[i], json_integer(ports[i]));
    for (unsigned i = 0; i < N_CHANNELS; i++)
        kernel->addresses[i] = g_strdup_printf("%s://%s%c%d", is_ipc ? "ipc" : "tcp", ip, is_ipc ? '-' : ':', ports[port_of_channel[i]]);
    g_autofree char *text = json_to_text(json);
    return file_write_atomic(path, text, strlen(text), error);
}

/* ---- starting ---- */

static GStrv make_argv(const struct kernel_process *kernel, const struct kernelspec *spec)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_autofree char *path = g_build_filename(kernel->folder, "connection.json", NULL);
    bool is_ipykernel = false;
    for (char **argument = spec->argv; *argument != NULL; argument++) {
        g_auto(GStrv) parts = g_strsplit(*argument, "{connection_file}", -1);
        g_autofree char *expanded = g_strjoinv(path, parts);
        g_strv_builder_add(builder, expanded);
        is_ipykernel |= strstr(*argument, "ipykernel") != NULL;
    }
    if (is_ipykernel)
        g_strv_builder_add(builder, KERNEL_NO_HISTORY);
    return g_strv_builder_end(builder);
}

static GStrv make_env(const struct kernel_process *kernel, const struct kernelspec *spec)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_autofree char *temporary = g_strconcat("TMPDIR=", kernel->temporary, NULL);
    g_strv_builder_addv(builder, (const char **)spec->env);
    if (strcmp(spec->language, "python") != 0) /* Python kernels show this folder to readers: their cells are called like files in it */
        g_strv_builder_add(builder, temporary);
    g_strv_builder_add(builder, kernel->mark);
    return g_strv_builder_end(builder);
}

static bool spawn(struct kernel_process *kernel, const struct kernelspec *spec, GError **error)
{
    g_auto(GStrv) argv = make_argv(kernel, spec);
    g_auto(GStrv) env = make_env(kernel, spec);
    int log = open(kernel->log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    struct process_options options = {
        .argv = (const char *const *)argv,
        .env = (const char *const *)env,
        .folder = kernel->work,
        .stdin_fd = -1,
        .stdout_fd = log,
        .stderr_fd = log,
        .death_signal = SIGKILL,
    };
    bool started = process_spawn(&options, &kernel->process, error);
    if (log >= 0)
        close(log);
    return started;
}

/* All but the process. */
static struct kernel_process *prepare(const struct kernelspec *spec, const char *runtime_dir, GError **error)
{
    struct kernel_process *kernel = g_new0(struct kernel_process, 1);
    g_autofree char *id = g_uuid_string_random();
    kernel->process.pidfd = -1;
    kernel->key = g_uuid_string_random();
    kernel->mark = g_strdup_printf("%s=%s", KERNEL_MARK, id);
    kernel->folder = make_folder(runtime_dir);
    if (kernel->folder == NULL) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_INFRASTRUCTURE, "cannot make a folder for the kernel in '%s'", runtime_dir);
        g_clear_pointer(&kernel, kernel_process_end);
        return NULL;
    }
    kernel->log_path = g_build_filename(kernel->folder, "log", NULL);
    kernel->work = g_build_filename(kernel->folder, "work", NULL);
    kernel->temporary = g_build_filename(kernel->folder, "tmp", NULL);
    if (!file_make_folders(kernel->work, error) || !file_make_folders(kernel->temporary, error) ||
        !write_connection_file(kernel, spec, error))
        g_clear_pointer(&kernel, kernel_process_end);
    return kernel;
}

struct kernel_process *kernel_process_start(const struct kernelspec *spec, const char *runtime_dir, kernel_fill *fill, gpointer data,
                                            GError **error)
{
    struct kernel_process *kernel = prepare(spec, runtime_dir, error);
    if (kernel != NULL && ((fill != NULL && !fill(kernel->work, data, error)) || !spawn(kernel, spec, error)))
        g_clear_pointer(&kernel, kernel_process_end);
    return kernel;
}

struct kernel_process *kernel_process_fork(struct kernel_server *server, const struct kernelspec *spec, const char *runtime_dir,
                                           GError **error)
{
    struct kernel_process *kernel = prepare(spec, runtime_dir, error);
    if (kernel == NULL)
        return NULL;
    g_auto(GStrv) argv = make_argv(kernel, spec);
    g_autofree char *connection_file = g_build_filename(kernel->folder, "connection.json", NULL);
    if (kernel_server_ask(server, argv, connection_file, strchr(kernel->mark, '=') + 1, kernel->work, kernel->log_path, error))
        kernel->server = server;
    else
        g_clear_pointer(&kernel, kernel_process_end);
    return kernel;
}

static void wait_for_server(struct kernel_process *kernel)
{
    if (kernel->server != NULL)
        kernel_server_wait(g_steal_pointer(&kernel->server), &kernel->process, NULL);
}

bool kernel_process_is_alive(struct kernel_process *kernel)
{
    wait_for_server(kernel);
    return kernel->process.pid > 0 && process_is_alive(kernel->process.pid, kernel->process.start_time);
}

/* ---- the end ---- */

void kernel_process_end(struct kernel_process *kernel)
{
    if (kernel == NULL)
        return;
    bool is_started = kernel->process.pid > 0 || kernel->server != NULL;
    wait_for_server(kernel);
    if (kernel->process.pid > 0) {
        process_kill_descendants(kernel->process.pid);
        process_end(&kernel->process, 0);
    }
    if (is_started)
        process_kill_marked(kernel->mark);
    if (kernel->folder != NULL)
        file_remove_tree(kernel->folder, NULL);
    for (unsigned i = 0; i < N_CHANNELS; i++)
        g_free(kernel->addresses[i]);
    g_free(kernel->folder);
    g_free(kernel->log_path);
    g_free(kernel->work);
    g_free(kernel->temporary);
    g_free(kernel->key);
    g_free(kernel->mark);
    g_free(kernel);
}

void kernel_process_pass_log(struct kernel_process *kernel)
{
    struct stat info;
    if (stat(kernel->log_path, &info) == 0)
        kernel->log_start = info.st_size;
}

char *kernel_process_read_log(const struct kernel_process *kernel)
{
    char buffer[LOG_TAIL_BYTES + 1];
    int fd = open(kernel->log_path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return g_strdup("");
    off_t end = lseek(fd, 0, SEEK_END);
    ssize_t n = pread(fd, buffer, LOG_TAIL_BYTES, MAX(end - LOG_TAIL_BYTES, kernel->log_start));
    close(fd);
    g_autofree char *valid = g_utf8_make_valid(buffer, MAX(n, 0));
    g_strchomp(valid);
    if (*valid == '\0')
        return g_strdup("");
    g_auto(GStrv) lines = g_strsplit(valid, "\n", -1);
    g_autofree char *joined = g_strjoinv("\n    ", lines);
    return g_strconcat("\n    ", joined, NULL);
}
