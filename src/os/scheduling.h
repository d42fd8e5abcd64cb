/* What the kernel's scheduler tells about a process: whether it could have acted at all. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

struct scheduling {
    char state;               /* as in /proc/PID/stat: R runnable, S sleeping, D waiting for a disk, T stopped, ... */
    gint64 ran_us, waited_us; /* since its start: on a processor, and runnable without getting one; 0 where the kernel does not tell */
};

/* Reads it for the main thread of a process; false if there is none with this pid. */
bool scheduling_read(pid_t pid, struct scheduling *ret_scheduling);

/* The share, 0 to 1, of the time between two looks in which the process could have acted: that in which it waited for a processor or for a
 * disk does not count. One that is stopped or sleeps could have. */
double scheduling_awake_share(const struct scheduling *before, const struct scheduling *now, gint64 interval_us);
