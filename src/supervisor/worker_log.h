/* A log file for each worker, <executor id>.log in runtime_log_folder(): what it writes, and what its supervisor knows of its end. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "base/glossary.h"

/* Its path, whether it exists or not; the caller frees it. */
char *worker_log_path(const char *jobs_db, const char *executor_id);

/* Opens it for appending; -1 with an error. */
int worker_log_open(const char *jobs_db, const char *executor_id, GError **error);

/* Appends a line of the supervisor, so that the log of a worker that died at once says so. A failure is not worth a word. */
void worker_log_note(const char *jobs_db, const char *executor_id, const char *text);

/* Removes the logs that were last written to more than `max_age_s` ago; returns how many. */
int worker_log_prune(const char *jobs_db, gint64 max_age_s);
