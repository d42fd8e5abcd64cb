#include "notebook/kernel/kernel_pool.h"

#include <string.h>

#include "notebook/kernel/kernel_server.h"

#define MAX_WAITING 2 /* kernels of different kinds; a course seldom uses more at a time */

struct entry {
    char *key;
    struct kernel_process *kernel; /* of `waiting` */
    struct kernel_server *server;  /* of `servers` */
};

struct kernel_pool {
    const char *runtime_dir;
    GPtrArray *servers, *waiting; /* struct entry *; `waiting`: the oldest first */
};

static void entry_free(gpointer data)
{
    struct entry *entry = data;
    kernel_process_end(entry->kernel);
    kernel_server_end(entry->server);
    g_free(entry->key);
    g_free(entry);
}

struct kernel_pool *kernel_pool_new(const char *runtime_dir)
{
    struct kernel_pool *pool = g_new0(struct kernel_pool, 1);
    pool->runtime_dir = runtime_dir;
    pool->servers = g_ptr_array_new_with_free_func(entry_free);
    pool->waiting = g_ptr_array_new_with_free_func(entry_free);
    return pool;
}

void kernel_pool_free(struct kernel_pool *pool)
{
    if (pool == NULL)
        return;
    g_ptr_array_unref(pool->waiting); /* before the servers that started them */
    g_ptr_array_unref(pool->servers);
    g_free(pool);
}

void kernel_pool_drop_waiting(struct kernel_pool *pool)
{
    g_ptr_array_set_size(pool->waiting, 0);
}

/* What makes two kernels the same kind. */
static char *make_key(const struct kernelspec *spec, const char *preload)
{
    g_autofree char *argv = g_strjoinv("\n", spec->argv);
    g_autofree char *env = g_strjoinv("\n", spec->env);
    return g_strjoin("\n\n", argv, env, preload != NULL ? preload : "", NULL);
}

static struct entry *find(const GPtrArray *entries, const char *key, unsigned *ret_index)
{
    for (unsigned i = 0; i < entries->len; i++) {
        struct entry *entry = entries->pdata[i];
        if (strcmp(entry->key, key) == 0) {
            *ret_index = i;
            return entry;
        }
    }
    return NULL;
}

static void add(GPtrArray *entries, const char *key, struct kernel_process *kernel, struct kernel_server *server)
{
    struct entry *entry = g_new0(struct entry, 1);
    *entry = (struct entry){.key = g_strdup(key), .kernel = kernel, .server = server};
    g_ptr_array_add(entries, entry);
}

/* The server of this kind, started if there is none; NULL if there cannot be one. */
static struct kernel_server *get_server(struct kernel_pool *pool, const struct kernelspec *spec, const char *preload, const char *key)
{
    unsigned i;
    struct entry *entry = find(pool->servers, key, &i);
    if (entry != NULL && kernel_server_is_alive(entry->server))
        return entry->server;
    if (entry != NULL)
        g_ptr_array_remove_index(pool->servers, i);
    struct kernel_server *server = kernel_server_fits(spec) ? kernel_server_start(spec, preload, pool->runtime_dir, NULL) : NULL;
    if (server != NULL)
        add(pool->servers, key, NULL, server);
    return server;
}

static struct kernel_process *start(struct kernel_pool *pool, const struct kernelspec *spec, const char *preload, const char *key,
                                    GError **error)
{
    struct kernel_server *server = get_server(pool, spec, preload, key);
    struct kernel_process *kernel = server != NULL ? kernel_process_fork(server, spec, pool->runtime_dir, NULL) : NULL;
    return kernel != NULL ? kernel : kernel_process_start(spec, pool->runtime_dir, NULL, NULL, error);
}

void kernel_pool_prepare(struct kernel_pool *pool, const struct kernelspec *spec, const char *preload)
{
    unsigned i;
    g_autofree char *key = make_key(spec, preload);
    if (find(pool->waiting, key, &i) != NULL)
        return;
    struct kernel_process *kernel = start(pool, spec, preload, key, NULL);
    if (kernel == NULL)
        return;
    if (pool->waiting->len == MAX_WAITING)
        g_ptr_array_remove_index(pool->waiting, 0);
    add(pool->waiting, key, kernel, NULL);
}

/* The waiting kernel of this kind, if it is still there. */
static struct kernel_process *take_waiting(struct kernel_pool *pool, const char *key)
{
    unsigned i;
    struct entry *entry = find(pool->waiting, key, &i);
    if (entry == NULL)
        return NULL;
    struct kernel_process *kernel = g_steal_pointer(&entry->kernel);
    g_ptr_array_remove_index(pool->waiting, i);
    if (!kernel_process_is_alive(kernel))
        g_clear_pointer(&kernel, kernel_process_end);
    return kernel;
}

struct kernel_process *kernel_pool_take(struct kernel_pool *pool, const struct kernelspec *spec, const char *preload, GError **error)
{
    g_autofree char *key = make_key(spec, preload);
    struct kernel_process *kernel = take_waiting(pool, key);
    if (kernel == NULL)
        kernel = start(pool, spec, preload, key, error);
    if (kernel == NULL || kernel_process_is_alive(kernel))
        return kernel;
    kernel_process_end(kernel); /* the server failed: it tells nothing about the kernel itself */
    return kernel_process_start(spec, pool->runtime_dir, NULL, NULL, error);
}
