/* A kernel's process, its private folder (connection file, sockets, log) and its end. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "notebook/kernel/channels.h"
#include "notebook/kernel/kernelspec.h"
#include "os/process.h"

struct kernel_process {
    struct process process;
    char *folder;   /* private, removed at the end */
    char *log_path; /* what the kernel writes to its standard output and error */
    char *key;      /* of the signatures */
    char *mark;     /* "CLX_KERNEL_RUN=..." in the environment of the kernel and all that it starts */
    char *addresses[N_CHANNELS];
};

/* Starts the kernel in `folder`; its private folder is made in `runtime_dir`. NULL with INFRASTRUCTURE or NOT_FOUND. */
struct kernel_process *kernel_process_start(const struct kernelspec *spec, const char *folder, const char *runtime_dir, GError **error);

/* Kills the kernel and every process that it started, waits for it, removes its folder; takes NULL. */
void kernel_process_end(struct kernel_process *kernel);

/* The last lines that the kernel wrote to its log, indented, or ""; the caller frees it. */
char *kernel_process_read_log(const struct kernel_process *kernel);
