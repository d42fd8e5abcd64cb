/* Spawning goes through vfork-free clone semantics of fork(): the child only calls async-signal-safe functions, reports an exec
 * failure through a CLOEXEC pipe, and checks after PR_SET_PDEATHSIG that its parent is still the one that started it. */
#include "os/process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <dirent.h>

#include "base/error.h"
#include "os/sandbox.h"

#define KILL_ROUNDS 16
#define REAP_WAIT_MS 1000
#define TREE_DEPTH 64 /* of processes whose memory counts */

extern char **environ;

static int open_pidfd(pid_t pid)
{
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

/* ---- the child's side ---- */

static void redirect(int from, int to, int null_fd)
{
    int fd = from >= 0 ? from : null_fd;
    if (fd != to)
        dup2(fd, to);
    else
        fcntl(fd, F_SETFD, 0);
}

static void reset_signals(void)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    for (int i = 1; i < NSIG; i++)
        sigaction(i, &action, NULL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Moves descriptors out of the way of those that are set up, so that redirecting one does not overwrite the next. */
static int out_of_the_way(int fd)
{
    return fd >= 0 && fd < 3 + PROCESS_MORE_FDS ? fcntl(fd, F_DUPFD_CLOEXEC, 3 + PROCESS_MORE_FDS) : fd;
}

static void redirect_all(const struct process_options *options)
{
    int null_fd = out_of_the_way(open("/dev/null", O_RDWR | O_CLOEXEC)), more[PROCESS_MORE_FDS];
    int in = out_of_the_way(options->stdin_fd), out = out_of_the_way(options->stdout_fd), err = out_of_the_way(options->stderr_fd);
    for (unsigned i = 0; i < options->n_more_fds; i++)
        more[i] = out_of_the_way(options->more_fds[i]);
    redirect(in, 0, null_fd);
    redirect(out, 1, null_fd);
    redirect(err, 2, null_fd);
    for (unsigned i = 0; i < options->n_more_fds; i++)
        redirect(more[i], 3 + (int)i, null_fd);
    close_range(3 + options->n_more_fds, ~0U, CLOSE_RANGE_CLOEXEC);
}

static void write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd >= 0 && write(fd, text, strlen(text)) >= 0)
        close(fd);
}

/* Root leaves the network directly; others by a user namespace in which they keep their ids. */
static void leave_network(void)
{
    char uid_map[64], gid_map[64];
    snprintf(uid_map, sizeof uid_map, "%d %d 1", (int)geteuid(), (int)geteuid());
    snprintf(gid_map, sizeof gid_map, "%d %d 1", (int)getegid(), (int)getegid());
    if (unshare(CLONE_NEWNET) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
        return;
    write_file("/proc/self/setgroups", "deny");
    write_file("/proc/self/uid_map", uid_map);
    write_file("/proc/self/gid_map", gid_map);
}

G_NORETURN static void run_child(const struct process_options *options, const char *program, char **env, pid_t parent, int report_fd,
                                 int group_fd)
{
    if (options->new_group)
        setpgid(0, 0);
    if (options->death_signal != 0) {
        prctl(PR_SET_PDEATHSIG, options->death_signal);
        if (getppid() != parent)
            _exit(127);
    }
    if (group_fd >= 0 && write(group_fd, "0", 1) != 1)
        group_fd = -1; /* whoever made the group looks whether it holds the process */
    if (options->is_offline)
        leave_network();
    report_fd = out_of_the_way(report_fd);
    redirect_all(options);
    reset_signals();
    bool is_placed = options->folder == NULL || chdir(options->folder) == 0;
    if (is_placed && options->readable != NULL)
        sandbox_enter(options->readable, options->writable);
    if (is_placed)
        execve(program, (char *const *)options->argv, env);
    int problem = errno;
    if (write(report_fd, &problem, sizeof problem) < 0)
        _exit(126);
    _exit(127);
}

/* ---- the parent's side ---- */

/* What is preloaded wants files that a confined process may not read, and would end it. */
static char **make_env(const char *const *extra, bool is_confined)
{
    char **env = g_strdupv(environ);
    if (is_confined)
        env = g_environ_unsetenv(g_environ_unsetenv(env, "LD_PRELOAD"), "LD_AUDIT");
    for (; extra != NULL && *extra != NULL; extra++) {
        g_autofree char *name = g_strndup(*extra, strcspn(*extra, "="));
        env = g_environ_setenv(env, name, strchr(*extra, '=') + 1, TRUE);
    }
    return env;
}

static int wait_for_exec(int fd)
{
    int problem = 0;
    ssize_t n;
    do
        n = read(fd, &problem, sizeof problem);
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof problem ? problem : 0;
}

static bool cannot_start(const char *program, int problem, GError **error)
{
    int code = problem == ENOENT ? CLX_ERROR_NOT_FOUND : CLX_ERROR_INFRASTRUCTURE;
    g_set_error(error, CLX_ERROR, code, "cannot start '%s': %s", program, g_strerror(problem));
    return false;
}

static int open_group(const char *folder)
{
    g_autofree char *path = folder != NULL ? g_build_filename(folder, "cgroup.procs", NULL) : NULL;
    return path != NULL ? open(path, O_WRONLY | O_CLOEXEC) : -1;
}

bool process_spawn(const struct process_options *options, struct process *ret_process, GError **error)
{
    g_assert(options->n_more_fds <= PROCESS_MORE_FDS);
    g_autofree char *program = g_find_program_in_path(options->argv[0]);
    int report[2];
    if (program == NULL)
        return cannot_start(options->argv[0], ENOENT, error);
    if (pipe2(report, O_CLOEXEC) != 0)
        return cannot_start(program, errno, error);
    g_auto(GStrv) env = make_env(options->env, options->readable != NULL);
    int group_fd = open_group(options->control_group);
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0)
        run_child(options, program, env, parent, report[1], group_fd);
    int problem = pid < 0 ? errno : 0;
    if (group_fd >= 0)
        close(group_fd);
    close(report[1]);
    if (problem == 0)
        problem = wait_for_exec(report[0]);
    close(report[0]);
    if (problem != 0) {
        if (pid > 0)
            waitpid(pid, NULL, 0);
        return cannot_start(program, problem, error);
    }
    *ret_process = (struct process){.pid = pid, .pidfd = open_pidfd(pid), .start_time = process_start_time(pid)};
    return true;
}

bool process_adopt(pid_t pid, struct process *ret_process)
{
    int pidfd = open_pidfd(pid);
    if (pidfd < 0)
        return false;
    *ret_process = (struct process){.pid = pid, .pidfd = pidfd, .start_time = process_start_time(pid)};
    return true;
}

void process_clear(struct process *process)
{
    if (process->pidfd >= 0)
        close(process->pidfd);
    process->pidfd = -1;
    process->pid = 0;
}

bool process_signal(const struct process *process, int signal_number)
{
    return process->pidfd >= 0 && syscall(SYS_pidfd_send_signal, process->pidfd, signal_number, NULL, 0) == 0;
}

bool process_signal_group(const struct process *process, int signal_number)
{
    return process->pid > 1 && kill(-process->pid, signal_number) == 0;
}

int process_reap(const struct process *process, int *ret_status)
{
    int status = 0;
    pid_t pid = waitpid(process->pid, &status, WNOHANG);
    if (pid == process->pid && ret_status != NULL)
        *ret_status = status;
    return pid == process->pid ? 1 : pid == 0 ? 0 : -1;
}

static void wait_for_end(const struct process *process, int deadline_ms)
{
    gint64 end = g_get_monotonic_time() + (gint64)deadline_ms * 1000;
    struct pollfd poll_fd = {.fd = process->pidfd, .events = POLLIN};
    for (;;) {
        gint64 left_ms = (end - g_get_monotonic_time()) / 1000;
        int n = poll(&poll_fd, 1, (int)MAX(left_ms, 0));
        if (n > 0 || (n == 0 && left_ms <= 0) || (n < 0 && errno != EINTR))
            return;
    }
}

static void kill_group(pid_t leader);

void process_end(struct process *process, int deadline_ms)
{
    if (process->pid <= 0)
        return;
    process_signal(process, SIGTERM);
    wait_for_end(process, deadline_ms);
    process_kill_descendants(process->pid);
    process_signal(process, SIGKILL);
    wait_for_end(process, REAP_WAIT_MS);
    if (process_signal_group(process, SIGKILL))
        kill_group(process->pid);
    process_reap(process, NULL);
    process_clear(process);
}

bool process_kill_now(pid_t pid)
{
    struct process process = {.pid = pid, .pidfd = open_pidfd(pid)};
    bool is_killed = process_signal(&process, SIGKILL);
    if (is_killed)
        wait_for_end(&process, REAP_WAIT_MS);
    process_reap(&process, NULL);
    process_clear(&process);
    return is_killed;
}

/* ---- /proc ---- */

struct proc_stat {
    char state;
    pid_t parent, group;
    guint64 cpu_ticks, start_time;
};

static bool read_stat(pid_t pid, struct proc_stat *ret_stat)
{
    char path[32], text[1024];
    g_snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    if (n <= 0)
        return false;
    text[n] = '\0';
    const char *rest = strrchr(text, ')'); /* the name may hold anything, parentheses too */
    unsigned long utime, stime, start;
    int parent, group;
    if (rest == NULL || sscanf(rest + 2, "%c %d %d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %*d %*d %*d %*d %*d %*d %lu", &ret_stat->state,
                               &parent, &group, &utime, &stime, &start) != 6)
        return false;
    ret_stat->parent = parent;
    ret_stat->group = group;
    ret_stat->cpu_ticks = utime + stime;
    ret_stat->start_time = start;
    return true;
}

guint64 process_start_time(pid_t pid)
{
    struct proc_stat stat;
    return read_stat(pid, &stat) ? stat.start_time : 0;
}

bool process_is_alive(pid_t pid, guint64 start_time)
{
    struct proc_stat stat;
    return pid > 0 && read_stat(pid, &stat) && stat.state != 'Z' && stat.state != 'X' && (start_time == 0 || stat.start_time == start_time);
}

bool process_is_stopped(pid_t pid)
{
    struct proc_stat stat;
    return pid > 0 && read_stat(pid, &stat) && stat.state == 'T';
}

static char *read_boot_id(void)
{
    g_autofree char *text = NULL;

    if (!g_file_get_contents("/proc/sys/kernel/random/boot_id", &text, NULL, NULL))
        return g_strdup("");
    return g_strdup(g_strstrip(text));
}

const char *process_boot_id(void)
{
    static gsize once;

    if (g_once_init_enter(&once)) {
        g_autofree char *id = read_boot_id();
        g_once_init_leave(&once, (gsize)g_intern_string(id));
    }
    return (const char *)once;
}

bool process_is_alive_since(pid_t pid, guint64 start_time, const char *boot_id)
{
    return (boot_id == NULL || strcmp(boot_id, process_boot_id()) == 0) && process_is_alive(pid, start_time);
}

/* Every process as pid -> parent, from one pass over /proc. */
static GHashTable *read_parents(void)
{
    GHashTable *parents = g_hash_table_new(NULL, NULL);
    DIR *dir = opendir("/proc");
    struct proc_stat stat;
    for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (pid > 0 && read_stat(pid, &stat) && stat.state != 'Z')
            g_hash_table_insert(parents, GINT_TO_POINTER(pid), GINT_TO_POINTER(stat.parent));
    }
    if (dir != NULL)
        closedir(dir);
    return parents;
}

static bool descends_from(GHashTable *parents, pid_t pid, pid_t ancestor)
{
    for (unsigned depth = 0; pid > 1 && depth < 4096; depth++) {
        pid = GPOINTER_TO_INT(g_hash_table_lookup(parents, GINT_TO_POINTER(pid)));
        if (pid == ancestor)
            return true;
    }
    return false;
}

static GArray *list_descendants(pid_t ancestor)
{
    GArray *found = g_array_new(FALSE, FALSE, sizeof(pid_t));
    g_autoptr(GHashTable) parents = read_parents();
    GHashTableIter iter;
    gpointer key;
    g_hash_table_iter_init(&iter, parents);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        pid_t pid = GPOINTER_TO_INT(key);
        if (descends_from(parents, pid, ancestor))
            g_array_append_val(found, pid);
    }
    return found;
}

void process_kill_descendants(pid_t pid)
{
    for (unsigned round = 0; round < KILL_ROUNDS; round++) {
        g_autoptr(GArray) found = list_descendants(pid);
        if (found->len == 0)
            return;
        for (unsigned i = 0; i < found->len; i++)
            kill(g_array_index(found, pid_t, i), SIGKILL);
        while (pid == getpid() && waitpid(-1, NULL, WNOHANG) > 0)
            continue;
    }
}

/* Whoever adopted them: the leader, which is a zombie until it is reaped, keeps the number of the group from others. */
static void kill_group(pid_t leader)
{
    DIR *dir = opendir("/proc");
    struct proc_stat stat;
    for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (pid > 1 && pid != leader && read_stat(pid, &stat) && stat.group == leader && stat.state != 'Z')
            process_kill_now(pid);
    }
    if (dir != NULL)
        closedir(dir);
}

void process_become_subreaper(void)
{
    prctl(PR_SET_CHILD_SUBREAPER, 1);
}

struct usage {
    guint64 pages, ticks;
};

static void add_tree(pid_t pid, unsigned depth, struct usage *usage);

/* The children that one thread of a process has. */
static void add_children(pid_t pid, const char *thread, unsigned depth, struct usage *usage)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/task/%s/children", (int)pid, thread), *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL))
        return;
    char *next = text;
    for (long child; (child = strtol(next, &next, 10)) > 0;)
        add_tree((pid_t)child, depth + 1, usage);
}

/* Resident less shared pages, from /proc/PID/statm. */
static guint64 private_pages(pid_t pid)
{
    char path[32], text[256];
    unsigned long resident = 0, shared = 0;
    g_snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    if (fd >= 0)
        close(fd);
    text[MAX(n, 0)] = '\0';
    return sscanf(text, "%*u %lu %lu", &resident, &shared) == 2 && resident > shared ? resident - shared : 0;
}

static void add_process(pid_t pid, struct usage *usage)
{
    struct proc_stat stat;
    if (!read_stat(pid, &stat))
        return;
    usage->pages += private_pages(pid);
    usage->ticks += stat.cpu_ticks;
}

static void add_tree(pid_t pid, unsigned depth, struct usage *usage)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/task", (int)pid);
    g_autoptr(GDir) dir = depth < TREE_DEPTH ? g_dir_open(path, 0, NULL) : NULL;
    add_process(pid, usage);
    for (const char *thread; dir != NULL && (thread = g_dir_read_name(dir)) != NULL;)
        add_children(pid, thread, depth, usage);
}

/* For kernels that do not tell the children of a process: all processes are looked at. */
static void add_tree_by_scan(pid_t pid, struct usage *usage)
{
    g_autoptr(GArray) tree = list_descendants(pid);
    add_process(pid, usage);
    for (unsigned i = 0; i < tree->len; i++)
        add_process(g_array_index(tree, pid_t, i), usage);
}

void process_tree_usage(pid_t pid, guint64 *ret_memory_bytes, guint64 *ret_cpu_ms)
{
    struct usage usage = {0};
    if (access("/proc/thread-self/children", R_OK) == 0)
        add_tree(pid, 0, &usage);
    else
        add_tree_by_scan(pid, &usage);
    *ret_memory_bytes = usage.pages * (guint64)sysconf(_SC_PAGESIZE);
    *ret_cpu_ms = usage.ticks * 1000 / (guint64)sysconf(_SC_CLK_TCK);
}
