/* What docker keeps for registries: `auths` in ~/.docker/config.json (DOCKER_CONFIG), as `docker login` writes them. */
#pragma once

#include <glib.h>

/* The value of X-Registry-Auth for the registry of an image: base64 of a JSON object, which is empty when nothing is kept for it. The caller frees
 * it. NULL with `error` when the credentials are kept by a program (credsStore, credHelpers), which is not asked. */
char *credentials_find(const char *image, GError **error);
