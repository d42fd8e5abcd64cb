/* The process that forks IPython kernels (data/kernel-server.py): it has imported what a kernel needs once, a fork of it is ready in
 * milliseconds and begins with the same state as a kernel that is started by its kernelspec. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "notebook/kernel/kernelspec.h"
#include "os/process.h"

#define KERNEL_MARK "CLX_KERNEL_RUN"

/* An argument of every ipykernel: a history shared with all other kernels of the user only gives lock conflicts. */
#define KERNEL_NO_HISTORY "--HistoryManager.hist_file=:memory:"

struct kernel_server;

/* True if kernels of this kind can be forked: those that an interpreter runs as the module ipykernel_launcher or ipykernel. */
bool kernel_server_fits(const struct kernelspec *spec);

/* Starts a server with the interpreter of the kernelspec, which must fit; `preload`: modules, separated by commas or blanks, or NULL.
 * Its log is written into `runtime_dir`. Does not wait for it. NULL with INFRASTRUCTURE or NOT_FOUND. */
struct kernel_server *kernel_server_start(const struct kernelspec *spec, const char *preload, const char *runtime_dir, GError **error);

/* Ends the server; kernels that it forked stay. Takes NULL. */
void kernel_server_end(struct kernel_server *server);

/* False once the server has ended. */
bool kernel_server_is_alive(const struct kernel_server *server);

/* Asks for a kernel: `argv` as the kernelspec has it with `connection_file` put in, `mark` the value of KERNEL_MARK (a UUID).
 * Answers come in the order of the requests. False with INFRASTRUCTURE. */
bool kernel_server_ask(struct kernel_server *server, char **argv, const char *connection_file, const char *mark, const char *folder,
                       const char *log, GError **error);

/* Waits for the next answer while the default GMainContext runs: the kernel, a child of this process if that is a subreaper; the
 * caller's. False with INFRASTRUCTURE when the server ended or did not answer. */
bool kernel_server_wait(struct kernel_server *server, struct process *ret_kernel, GError **error);
