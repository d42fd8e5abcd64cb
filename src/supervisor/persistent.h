/* Workers that belong to no build: `clx workers start|stop|cleanup` stand on these. They serve every build that they fit (config/fit.h),
 * one after another and several at once, and end on command or after worker_management.idle_timeout. */
#pragma once

#include "supervisor/lifecycle_manager.h"

/* Starts the workers that are missing of the needed types' configured numbers, and waits until all are ready (at most startup_timeout for
 * each start). Uses store, settings, paths, program, needed and max_useful of `options`. The number of workers that were there already goes
 * to `ret_n_present`. Returns how many were started, -1 with the reason when they could not: those that are ready stay. */
int persistent_start(const struct lifecycle_options *options, int *ret_n_present, GError **error);

/* Ends the workers that belong to no build, of one type or of all (NULL): TERM to all, KILL after `deadline_ms`. What they were doing goes
 * back to the queue. Returns how many, -1 error. */
int persistent_stop(struct store *store, const char *worker_type, int deadline_ms, GError **error);
