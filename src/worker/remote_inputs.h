/* The inputs of a job on a machine that does not share the build's disk. */
#pragma once

#include "worker/api_client.h"

#define SOURCE_MOUNT "/source"

/* The payload with every path as it is here: below /source when the folder `host_data_dir` (or NULL) of the build's machine is mounted there and
 * holds all inputs unchanged, else below `folder`, where they are fetched to. NULL with `error`. */
json_t *remote_inputs_prepare(struct api_client *client, const json_t *job, const char *host_data_dir, const char *folder, GError **error);
