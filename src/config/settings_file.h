/* One configuration file: its known keys as text, with their places. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "base/diag.h"

#define SETTINGS_FILE_LIMIT (1024u * 1024)

/* Called for each known key of the file; `key` is the entry of the table, `text` the value as it would stand in the environment. */
typedef void settings_file_each(const char *key, const char *text, int line, int col, gpointer data);

/* Reads TOML text. `keys` (NULL-terminated, dotted) are the known ones: others are warnings with "did you mean"; tables and lists where a
 * value belongs, and text that is not TOML, are errors, all with FILE:LINE:COL. */
void settings_file_parse(const char *text, size_t length, const char *file, const char *const *keys, settings_file_each *each,
                         gpointer data, struct diag_list *diags);

/* Has the user trusted a project's file with just this content? */
bool settings_file_is_trusted(const char *path, const void *data, size_t length);

/* Trusts a file as it is now: a record named by its path and content in the user's state folder. */
bool settings_file_trust(const char *path, GError **error);
