/* The job types plantuml and drawio: one source to one picture (docs/contracts.md). */
#pragma once

#include "worker/worker.h"

/* Job handlers. The worker keeps one PlantUML process for all its jobs, in `context->plantuml`. */
json_t *job_plantuml_run(const json_t *payload, struct worker_context *context, GError **error);
json_t *job_drawio_run(const json_t *payload, struct worker_context *context, GError **error);
