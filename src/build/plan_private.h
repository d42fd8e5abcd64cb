/* Private to the plan. */
#pragma once

#include "build/plan.h"

/* Fills in what of a job's payload counts for its result, and where its templates are looked for. */
void plan_settle_job(const struct plan *plan, struct plan_job *job);
