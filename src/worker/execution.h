/* Running a notebook's code once per set of inputs (spec: notebooks.md, section 6). */
#pragma once

#include <stdbool.h>

#include "base/json.h"
#include "notebook/notebook.h"
#include "worker/worker.h"

/* Fills the outputs of the code cells that the kind speaker shows in `language`, from the cache of raw executions or by a kernel in a
 * private copy of the topic's files. `payload`: kernel, inputs_hash, topic_files, skip_errors, cell_timeout, name. Errors as kernel_run(); the
 * outputs up to a failure are filled in then. Counts into n_executed and n_saved of the context. */
bool execution_run(struct notebook *notebook, const char *language, const json_t *payload, struct worker_context *context, GError **error);
