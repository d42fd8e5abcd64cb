/* A program that draws one picture and ends. */
#pragma once

#include <glib.h>

#define TOOL_RUN_LATE (-1)

/* Runs a program in a folder with its output in the file `log_path`, and gives its wait status, or TOOL_RUN_LATE when it was not done after
 * `deadline_ms`; then, as in every case, nothing that it started is left. `env` as in struct process_options. False when it did not start. Runs
 * the default GMainContext while it waits. */
gboolean tool_run(const char *const *argv, const char *const *env, const char *folder, const char *log_path, int deadline_ms,
                  int *ret_status, GError **error);

/* "took longer than 120 s", "was killed by signal 9", "ended with exit status 3", "wrote no picture" and the first words of the log; the caller
 * frees it. */
char *tool_run_describe(int status, int deadline_ms, const char *log_path);
