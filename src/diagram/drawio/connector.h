/* Draws the lines of edges and the markers at their ends. */
#pragma once

#include "diagram/drawio/canvas.h"

/* Draws a route with the canvas's stroke. At least two points. */
void connector_paint(struct canvas *canvas, const struct style *style, const GArray *points);

/* Whether a marker ("classic", "ERmany", …) is known here; NULL and "none" are. */
bool connector_knows_marker(const char *name);
