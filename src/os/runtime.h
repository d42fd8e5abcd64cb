/* The runtime folder of a user, /tmp/clx-<uid>: short enough for sockets, and not taken from the environment, because all processes of the
 * user must find the same one. */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Its path, whether it exists or not; the caller frees it. */
char *runtime_base_path(void);

/* The folder for logs beside a jobs database, named after it: DIR/clx_jobs.db has DIR/clx_jobs.logs. The caller frees it. */
char *runtime_log_folder(const char *jobs_db);

/* Where workers of the earlier implementation write what they make, beside the jobs database; one folder for each session (NULL: that of all
 * sessions). The caller frees it. */
char *runtime_staging_folder(const char *jobs_db, const char *session_id);

/* Makes a folder that only this user can enter; one that somebody else owns or can enter is refused. */
bool runtime_make_private_folder(const char *path, GError **error);

/* Makes the folder and a private one of this name in it; the caller frees the path. */
char *runtime_make_folder(const char *name, GError **error);

/* Makes the folder `tmp` in a folder of this process and lets TMPDIR name it, for all that the process starts from now on: what they leave
 * behind goes with the folder. */
bool runtime_keep_temporary_files(const char *folder, GError **error);
