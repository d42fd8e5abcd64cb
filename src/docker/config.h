/* The configuration of the docker command: the folder that DOCKER_CONFIG names, else ~/.docker. */
#pragma once

#include "base/json.h"

/* Its path; the caller frees it. */
char *docker_config_folder(void);

/* Its config.json, NULL when there is none that can be read. */
json_t *docker_config_read(void);

/* Any small JSON file, NULL when there is none that can be read. */
json_t *docker_config_read_file(const char *path);
