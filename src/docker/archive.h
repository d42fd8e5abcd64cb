/* Archives in the ustar format, in memory: what an engine gets as the context of a build. The same files give the same bytes: owner root, no times. */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Adds a file; `path` is relative, with "/" between folders. False for a path that the format cannot hold. */
bool archive_add(GByteArray *archive, const char *path, const void *data, gsize length, bool is_executable, GError **error);

/* Adds a regular file of this machine under another name; its executable bit is kept. */
bool archive_add_file(GByteArray *archive, const char *path, const char *from, GError **error);

/* Adds every file below a folder of this machine, in the order of their names, below `prefix` (without a slash at its end; "": none). */
bool archive_add_folder(GByteArray *archive, const char *prefix, const char *folder, GError **error);

/* Writes the end; the archive is complete then. */
void archive_finish(GByteArray *archive);
