/* Whether a worker lives, told to those who cannot ask it: the health check of a container. A beat is a file that is touched. */
#pragma once

#include <stdbool.h>

#include "base/glossary.h"

/* The loop of the worker with this runtime folder has come round. */
void health_beat(const char *runtime_dir);

/* The name of a new runtime folder of a worker, by which health_check() finds it; the caller frees it. */
char *health_folder_name(enum job_type type);

/* True if a worker of this type and user has given a beat within the last 15 seconds. */
bool health_check(enum job_type type);
