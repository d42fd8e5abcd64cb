/* What goes into a result, as a JSON object that is hashed for its key and kept to explain later what changed:
 *
 *   program   version of the parts of clx that decide what a result looks like
 *   source    hash of the source as a text (line endings do not matter)
 *   files     notebooks: relative path -> hash of every other file of the topic; executable ones end in "+x"
 *   settings  the job's (plan.h)
 *   tool      what runs or draws it, and what goes into its pages
 *
 * Templates and includes are not in it: they are known after the job has run (`deps` of its result). Absolute paths are no part of it: a
 * course that moved is still cached, and another machine can use the results. */
#pragma once

#include <glib.h>

#include "base/json.h"
#include "build/plan.h"

/* The hash of the inputs of a job of this type; the caller frees it. */
char *inputs_key(const struct plan_job *job, const json_t *inputs);

/* What differs, in words: "source changed (1f2e3d4c -> 5a6b7c8d); file 'data.csv' is new"; the caller frees it. NULL when nothing does. */
char *inputs_explain(const json_t *before, const json_t *now);

/* One value, short enough for a line: hashes by their first digits; the caller frees it. */
char *inputs_show(const json_t *value);
