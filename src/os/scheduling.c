#include "os/scheduling.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NS_PER_US 1000

static bool read_text(pid_t pid, const char *name, char *text, size_t size)
{
    char path[48];
    g_snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, size - 1) : -1;
    if (fd >= 0)
        close(fd);
    text[MAX(n, 0)] = '\0';
    return n > 0;
}

bool scheduling_read(pid_t pid, struct scheduling *ret_scheduling)
{
    char text[1024];
    unsigned long long ran_ns = 0, waited_ns = 0;
    const char *rest = read_text(pid, "stat", text, sizeof text) ? strrchr(text, ')') : NULL;
    if (rest == NULL || rest[1] != ' ')
        return false;
    char state = rest[2];
    if (!read_text(pid, "schedstat", text, sizeof text) || sscanf(text, "%llu %llu", &ran_ns, &waited_ns) != 2)
        ran_ns = waited_ns = 0;
    *ret_scheduling = (struct scheduling){state, (gint64)(ran_ns / NS_PER_US), (gint64)(waited_ns / NS_PER_US)};
    return true;
}

/* The kernel adds a wait up only when it is over: of one that goes on, only the time on a processor is known. */
double scheduling_awake_share(const struct scheduling *before, const struct scheduling *now, gint64 interval_us)
{
    bool is_told = now->ran_us > 0 || now->waited_us > 0;
    gint64 awake_us = now->state == 'D' || (now->state == 'R' && is_told) ? now->ran_us - before->ran_us
                                                                          : interval_us - (now->waited_us - before->waited_us);
    return CLAMP((double)awake_us / (double)MAX(interval_us, 1), 0.0, 1.0);
}
