/* Which workers fit which build: a worker that belongs to no build takes only jobs of builds that have the same program (path, size, time of
 * its file), version, cache and search paths for tools. Both sides describe themselves; jobs and workers carry the description's hash. */
#pragma once

#include "base/json.h"

/* What a job asks for that only the workers of its own build may do: fits no worker. */
#define FIT_NONE "none"

/* The description: {version, program, cache_db, fit}; "fit" is the hash. The environment counts as it is now. The caller frees it. */
json_t *fit_describe(const char *program, const char *cache_db);

/* The hash alone, 16 hex digits; the caller frees it. */
char *fit_hash(const char *program, const char *cache_db);
