/* A PDF of an SVG that has no HTML in it, as PlantUML's are. */
#pragma once

#include <glib.h>

/* By librsvg's rsvg-convert; the same bytes each time. NULL with NOT_FOUND and the remedy without that program, INFRASTRUCTURE when it
 * failed. Runs the default GMainContext while it waits. */
GBytes *svg_to_pdf(GBytes *svg, const char *name, GError **error);
