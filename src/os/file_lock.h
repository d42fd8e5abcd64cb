/* Who holds a lock of a file. */
#pragma once

#include <glib.h>
#include <sys/types.h>

/* The process that holds the POSIX write lock of the byte at `offset`; 0 when none does or it is not known. Opens nothing: closing a
 * descriptor of a file would give up all locks that this process has on it. */
pid_t file_lock_writer(const char *path, gint64 offset);
