#include "supervisor/executor.h"

#include <errno.h>
#include <poll.h>

#include "supervisor/executor_direct.h"

static const struct executor_class *const classes[] = {&executor_direct};

const struct executor_class *executor_find(const char *mode)
{
    for (gsize i = 0; i < G_N_ELEMENTS(classes); i++)
        if (!g_strcmp0(classes[i]->mode, mode))
            return classes[i];
    return NULL;
}

void executor_worker_clear(struct executor_worker *worker)
{
    if (worker->class)
        worker->class->clear(worker);
    g_free(worker->id);
    *worker = (struct executor_worker){.end_fd = -1, .process.pidfd = -1};
}

bool executor_worker_wait(const struct executor_worker *worker, gint64 deadline)
{
    struct pollfd item = {.fd = worker->end_fd, .events = POLLIN};
    int n;

    if (item.fd < 0)
        return true;
    do {
        gint64 left_ms = (deadline - g_get_monotonic_time() + 999) / 1000;

        n = poll(&item, 1, (int)MAX(left_ms, 0));
    } while (n < 0 && errno == EINTR);
    return n == 1;
}
