/* The job type notebook: one source to all its languages, kinds and formats (docs/contracts.md; spec: notebooks.md). */
#pragma once

#include "worker/worker.h"

/* A job_handler. Code runs at most once per set of inputs: raw executions are cached by kernel, code cells and topic files. */
json_t *job_notebook_run(const json_t *payload, struct worker_context *context, GError **error);
