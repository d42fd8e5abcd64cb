/* Kernels that are ready before they are needed: while a notebook runs, the next kernel of the same kind is started. A kernel serves one
 * notebook and is then ended, so each begins with a fresh state. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "notebook/kernel/kernel_process.h"
#include "notebook/kernel/kernelspec.h"

struct kernel_pool;

/* `runtime_dir` is a private folder; borrowed, as long as the pool lives. */
struct kernel_pool *kernel_pool_new(const char *runtime_dir);

/* Ends all servers and all kernels that were not taken; takes NULL. */
void kernel_pool_free(struct kernel_pool *pool);

/* Starts the next kernel of this kind unless one is waiting, without waiting for it; does nothing if it cannot be started.
 * `preload`: modules that a Python kernel has imported already, as for kernel_server_start(), or NULL. */
void kernel_pool_prepare(struct kernel_pool *pool, const struct kernelspec *spec, const char *preload);

/* Ends the kernels that wait; their servers stay. */
void kernel_pool_drop_waiting(struct kernel_pool *pool);

/* Gives the kernel that waits, or a new one: forked if that is possible, else started by its kernelspec. The caller ends it with
 * kernel_process_end(). NULL with INFRASTRUCTURE or NOT_FOUND. */
struct kernel_process *kernel_pool_take(struct kernel_pool *pool, const struct kernelspec *spec, const char *preload, GError **error);
