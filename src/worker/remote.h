/* A worker that cannot open the database: in a container or on another machine. It registers over the Worker API, fetches the inputs of each job,
 * delivers the outputs, survives a lost connection, and stops when it is told to. Environment: CLX_API_URL, CLX_API_TOKEN or CLX_API_TOKEN_FILE,
 * CLX_WORKER_ID (of a registered row; else it registers itself and waits for one build after another), CLX_HOST_DATA_DIR (mounted at /source). */
#pragma once

#include "base/glossary.h"

/* Runs until it is told to stop; returns the exit status. */
int remote_worker_run(enum job_type type);
