/* Control groups that hold a process and all that it starts to a limit of memory: version 2, else 1, where this process may make one. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

/* Makes the group `name` with a limit in bytes, below or beside the group of this process. Its folder, for process_options.control_group;
 * NULL when this process may make none. The caller frees it. */
char *cgroup_make(const char *name, guint64 memory_limit);

/* The folder of the group `name` if the process is in it, else NULL; the caller frees it. */
char *cgroup_find(pid_t pid, const char *name);

struct cgroup_memory {
    guint64 n_kills; /* processes that were killed because of the limit */
    guint64 peak;    /* bytes; 0 where the kernel does not tell */
};

/* What the kernel tells about a group with this folder; zeros when it is gone. */
struct cgroup_memory cgroup_read_memory(const char *folder);

/* Removes the group `name`, if cgroup_make() of this user could have made it, with all processes that are left in it. */
void cgroup_remove(const char *name);

/* This process leaves the group with this folder for the one above it, and the group goes if nothing else is in it. */
void cgroup_leave(const char *folder);

/* Removes the groups without processes whose names begin with `prefix` and that were made at least `least_age_s` seconds ago: a younger one may
 * be about to be joined. `parents` as cgroup_list_parents() gives them; NULL: those of this process. */
void cgroup_sweep(char *const *parents, const char *prefix, int least_age_s);

/* The folders in which groups may be made, best first, as /proc/PID/mountinfo and /proc/PID/cgroup tell it. NULL-terminated; the caller frees
 * it. */
char **cgroup_list_parents(const char *mounts, const char *groups);
