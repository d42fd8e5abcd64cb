/* Why a file would be built again, or why not, without building anything (clx cache explain). */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "base/json.h"
#include "build/build.h"

/* Called for each job that has to do with the file. `reason` NULL: nothing would run, its result is known. `inputs`: what goes into the job
 * today (inputs.h), `result`: what is known (may be NULL; `error` in it is a mistake in the source). */
typedef void explain_each(const struct plan_job *job, const char *reason, const json_t *inputs, const json_t *result, gpointer data);

/* Looks for jobs of which `path` is the source, an output, another file of the topic, a template or an include; returns how many there are,
 * -1 with `error`. */
int explain_file(const struct build_options *options, const char *path, explain_each *each, gpointer data, GError **error);
