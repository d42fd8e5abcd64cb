/* Draw.io's desktop program, started for each picture (under xvfb-run when there is no display). */
#pragma once

#include <glib.h>

#include "diagram/picture.h"

/* Draws a page of a file; errors as those of drawio_render(). */
GBytes *drawio_desktop_draw(const char *executable, const char *source_path, const char *name, const struct picture_options *options,
                            GError **error);

/* The program: `given`, else DRAWIO_EXECUTABLE, else drawio in PATH; NULL when it is not there. The caller frees it. */
char *drawio_desktop_find(const char *given);

/* Identifies the program for cache keys; never NULL: "none" when it is not there. The caller frees it. */
char *drawio_desktop_fingerprint(const char *executable);
