/* A kernel's process, its private folder (connection file, sockets, log) and its end. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "notebook/kernel/channels.h"
#include "notebook/kernel/kernel_server.h"
#include "notebook/kernel/kernelspec.h"
#include "os/process.h"

struct kernel_process {
    struct process process;
    struct kernel_server *server; /* that forks it and has not answered yet, borrowed; NULL: `process` is known */
    char *folder;                 /* private, removed at the end */
    char *work;                   /* its working directory, in `folder`, empty at first */
    char *temporary;              /* its TMPDIR unless it is a Python kernel, in `folder`, so that what a killed one leaves goes too */
    char *log_path;               /* what the kernel writes to its standard output and error */
    goffset log_start;            /* where what it says of its start ends */
    char *key;                    /* of the signatures */
    char *mark;                   /* "CLX_KERNEL_RUN=..." in the environment of the kernel and all that it starts */
    char *addresses[N_CHANNELS];
};

/* Puts files into a kernel's working directory. */
typedef bool kernel_fill(const char *folder, gpointer data, GError **error);

/* Starts a kernel by its kernelspec; its private folder is made in `runtime_dir`. `fill` (may be NULL) is called before it starts.
 * NULL with INFRASTRUCTURE or NOT_FOUND, or the error of `fill`. */
struct kernel_process *kernel_process_start(const struct kernelspec *spec, const char *runtime_dir, kernel_fill *fill, gpointer data,
                                            GError **error);

/* Lets a server fork the kernel and does not wait for it. The server must live until kernel_process_is_alive() or kernel_process_end() of
 * this kernel was called. NULL with INFRASTRUCTURE. */
struct kernel_process *kernel_process_fork(struct kernel_server *server, const struct kernelspec *spec, const char *runtime_dir,
                                           GError **error);

/* False when the kernel has ended or its server failed. Waits for the server, with the default GMainContext running. */
bool kernel_process_is_alive(struct kernel_process *kernel);

/* Kills the kernel and every process that it started, waits for it, removes its folder; takes NULL. */
void kernel_process_end(struct kernel_process *kernel);

/* The kernel has started: what it has written to its log so far, a greeting, says nothing of later troubles. */
void kernel_process_pass_log(struct kernel_process *kernel);

/* The last lines that the kernel wrote to its log behind that, indented, or ""; the caller frees it. */
char *kernel_process_read_log(const struct kernel_process *kernel);
