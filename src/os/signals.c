#include "os/signals.h"

#include <glib-unix.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

struct watch {
    int fd;
    signal_callback *callback;
    gpointer data;
};

static void watch_free(gpointer data)
{
    struct watch *watch = data;
    close(watch->fd);
    g_free(watch);
}

static gboolean on_readable(gint fd, GIOCondition condition, gpointer data)
{
    struct watch *watch = data;
    struct signalfd_siginfo info;
    while (read(fd, &info, sizeof info) == (ssize_t)sizeof info)
        watch->callback((int)info.ssi_signo, watch->data);
    return G_SOURCE_CONTINUE;
}

guint signals_watch(const int *signal_numbers, signal_callback *callback, gpointer data)
{
    sigset_t set;
    sigemptyset(&set);
    for (; *signal_numbers != 0; signal_numbers++)
        sigaddset(&set, *signal_numbers);
    sigprocmask(SIG_BLOCK, &set, NULL);
    struct watch *watch = g_new0(struct watch, 1);
    watch->fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    watch->callback = callback;
    watch->data = data;
    g_assert(watch->fd >= 0);
    return g_unix_fd_add_full(G_PRIORITY_HIGH, watch->fd, G_IO_IN, on_readable, watch, watch_free);
}

bool signals_have_arrived(const int *signal_numbers)
{
    sigset_t pending;
    bool have = false;
    sigpending(&pending);
    for (; *signal_numbers != 0; signal_numbers++)
        have |= sigismember(&pending, *signal_numbers) == 1;
    return have;
}
