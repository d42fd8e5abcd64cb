/* Takes from a process that is about to run a program all files but some (Landlock, no privileges needed). */
#pragma once

#include <stdbool.h>

/* From here on this process and what it starts can read and execute only what is at or below the paths of `readable` (NULL-terminated, absolute;
 * those that do not exist are skipped), and write only at or below `writable` (or NULL). /dev/null and the like stay. Only async-signal-safe calls: for the
 * child between fork and exec. False where the kernel has no Landlock: nothing is taken then. */
bool sandbox_enter(const char *const *readable, const char *writable);

/* Whether programs that are started here can confine their own children by user namespaces: often not in a container. Starts a process to see. */
bool sandbox_has_user_namespaces(void);
