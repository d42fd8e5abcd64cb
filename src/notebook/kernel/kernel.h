/* Running a notebook's code on a Jupyter kernel (messaging protocol 5.3 over ZeroMQ, ipc transport, HMAC-SHA256 signed). */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "notebook/kernel/kernel_pool.h"
#include "notebook/kernel/kernel_process.h"
#include "notebook/notebook.h"

struct kernel_options {
    const char *kernel;                                     /* kernelspec name: "python3" */
    struct kernel_pool *pool;                               /* where kernels wait; NULL: start one by its kernelspec */
    const char *preload;                                    /* modules that a Python kernel of the pool has imported already, or NULL */
    kernel_fill *fill;                                      /* copies the topic's files into the working directory; may be NULL */
    bool starts_in_files;                                   /* files that a kernel reads when it starts are among them: starts one anew */
    const char *runtime_dir;                                /* private folder for the kernels' own folders (short path) */
    const char *source_name;                                /* for messages: the file the author knows */
    int cell_timeout_s;                                     /* deadline of one cell; 0: 300 */
    int interrupt_grace_ms;                                 /* what a cell has to react to an interrupt before it is given up; 0: 5000 */
    bool skips_errors;                                      /* a raising cell does not end the run */
    void (*progress)(int cell, int n_cells, gpointer data); /* cell from 1; may be NULL; called before each cell */
    gpointer data;                                          /* of `fill` and `progress` */
};

/* Runs all code cells of `notebook` in order on a fresh kernel and fills their `outputs` and `execution_count`; runs the default
 * GMainContext while it waits, so heartbeats go on. A cell that raises ends the run (CLX_ERROR_SOURCE, message with file, source line, cell
 * number, first lines, exception) unless tagged raises-exception or skips_errors. A kernel that dies, does not start or hangs is
 * CLX_ERROR_INFRASTRUCTURE; one that is not installed CLX_ERROR_NOT_FOUND with the remedy. The kernel and its children are gone on return. */
bool kernel_run(struct notebook *notebook, const struct kernel_options *options, GError **error);

/* Identifies a kernel for cache keys: a hash of its kernelspec (path, argv, mtime of its interpreter, kernel_version.h); NULL with NOT_FOUND. */
char *kernel_fingerprint(const char *kernel, GError **error);
