/* Processes by handle (pidfd), never by number alone. Process groups, parent-death signals, kill ladder. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

struct process {
    pid_t pid;
    int pidfd;          /* readable once the process has ended; closed by process_clear() */
    guint64 start_time; /* clock ticks since boot, field 22 of /proc/PID/stat: identifies the process with its pid */
};

#define PROCESS_MORE_FDS 4

struct process_options {
    const char *const *argv;            /* NULL-terminated; argv[0] is searched in PATH */
    const char *const *env;             /* NULL-terminated "NAME=value" added to the environment, or NULL */
    const char *folder;                 /* working directory, or NULL */
    int stdin_fd, stdout_fd, stderr_fd; /* -1: /dev/null */
    int death_signal;                   /* sent to the child when this process dies; 0: none */
    bool new_group;                     /* leader of its own process group */
    bool is_offline;                    /* in a network of its own without any interface, where the kernel allows that */
    const char *control_group;          /* its folder (os/cgroup.h): joined before the program runs, if that can be; NULL: none */
    const char *const *readable;        /* the only files that it may read (see sandbox_enter()), and nothing is preloaded; NULL: all */
    const char *writable;               /* with `readable`: the only folder that it may write to, or NULL */
    const int *more_fds;                /* become the child's descriptors 3, 4, ... */
    unsigned n_more_fds;                /* at most PROCESS_MORE_FDS */
};

/* Starts a process; every other descriptor is closed in it and its signal mask is empty. */
bool process_spawn(const struct process_options *options, struct process *ret_process, GError **error);

/* Takes hold of a process that something else started; false if there is none. The caller knows that `pid` still is that process: an
 * adopted child, which stays until it is reaped. */
bool process_adopt(pid_t pid, struct process *ret_process);

/* Closes the handle; the process is left alone. */
void process_clear(struct process *process);

/* Sends a signal through the handle; false if the process has ended. */
bool process_signal(const struct process *process, int signal_number);

/* Sends a signal to the whole group of a process that leads one; false if nothing is left. */
bool process_signal_group(const struct process *process, int signal_number);

/* Reaps an ended child without blocking: 1 and its wait status, 0 while it runs, -1 when it is no child. */
int process_reap(const struct process *process, int *ret_status);

/* TERM to the process; after `deadline_ms` KILL to it, to every descendant, and to the group that it leads, which all have ended then;
 * reaps. Blocks in poll, the deadline and at most 1 s for each of them. */
void process_end(struct process *process, int deadline_ms);

/* Start time of a process, or 0 if there is none with this pid. */
guint64 process_start_time(pid_t pid);

/* True if `pid` runs and started at `start_time` (0: any). A zombie does not run. */
bool process_is_alive(pid_t pid, guint64 start_time);

/* True if a signal (SIGSTOP) has stopped it. */
bool process_is_stopped(pid_t pid);

/* What identifies this run of the machine ("0f3c…"): start times of another one mean nothing. Borrowed; "" when it is not known. */
const char *process_boot_id(void);

/* True if the process that was started under `boot_id` (NULL: not known) still runs. */
bool process_is_alive_since(pid_t pid, guint64 start_time, const char *boot_id);

/* Kills every descendant of `pid` (not itself), found through /proc, until none is left (at most a few rounds). */
void process_kill_descendants(pid_t pid);

/* SIGKILL to one process; waits until it has ended (at most 1 s) and reaps it when it is a child. False if there was none. */
bool process_kill_now(pid_t pid);

/* True if a running process has "NAME=value" in the environment it was started with. */
bool process_has_mark(pid_t pid, const char *mark);

/* Kills every process with "NAME=value" in its environment, wherever it was adopted, except this one. */
void process_kill_marked(const char *mark);

/* Becomes the reaper of orphaned descendants, so that none is lost. */
void process_become_subreaper(void);

/* Sum over a process and its descendants: the resident bytes that they share with no file or other process, and processor time in ms. What is shared
 * would count once for each of them: a browser of ten processes would seem five times as large as it is. */
void process_tree_usage(pid_t pid, guint64 *ret_memory_bytes, guint64 *ret_cpu_ms);
