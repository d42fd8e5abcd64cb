#include "supervisor/executor.h"

#include <errno.h>
#include <glib-unix.h>
#include <poll.h>

#include "supervisor/executor_direct.h"
#include "supervisor/executor_docker.h"

static const struct executor_class *const classes[] = {&executor_direct, &executor_docker};

const struct executor_class *executor_find(const char *mode)
{
    for (gsize i = 0; i < G_N_ELEMENTS(classes); i++)
        if (!g_strcmp0(classes[i]->mode, mode))
            return classes[i];
    return NULL;
}

void executor_sweep(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(classes); i++)
        if (classes[i]->sweep)
            classes[i]->sweep();
}

void executor_worker_clear(struct executor_worker *worker)
{
    if (worker->class)
        worker->class->clear(worker);
    g_free(worker->id);
    *worker = (struct executor_worker){.end_fd = -1, .process.pidfd = -1};
}

struct waiting {
    bool has_ended, is_late;
};

static gboolean on_end(gint fd, GIOCondition condition, gpointer data)
{
    ((struct waiting *)data)->has_ended = true;
    return G_SOURCE_CONTINUE;
}

static gboolean on_late(gpointer data)
{
    ((struct waiting *)data)->is_late = true;
    return G_SOURCE_CONTINUE;
}

/* Whatever has no process here is heard of in the main loop, which also answers its last requests. */
static bool wait_in_loop(const struct executor_worker *worker, gint64 deadline)
{
    struct waiting waiting = {0};
    guint watch = g_unix_fd_add(worker->end_fd, G_IO_IN, on_end, &waiting);
    guint timer = g_timeout_add((guint)MAX((deadline - g_get_monotonic_time()) / 1000, 0), on_late, &waiting);

    while (!waiting.has_ended && !waiting.is_late)
        g_main_context_iteration(NULL, TRUE);
    g_source_remove(watch);
    g_source_remove(timer);
    return waiting.has_ended;
}

bool executor_worker_wait(const struct executor_worker *worker, gint64 deadline)
{
    struct pollfd item = {.fd = worker->end_fd, .events = POLLIN};
    int n;

    if (item.fd < 0)
        return true;
    if (worker->process.pid == 0)
        return wait_in_loop(worker, deadline);
    do {
        gint64 left_ms = (deadline - g_get_monotonic_time() + 999) / 1000;

        n = poll(&item, 1, (int)MAX(left_ms, 0));
    } while (n < 0 && errno == EINTR);
    return n == 1;
}
