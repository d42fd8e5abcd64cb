/* Edges that are shapes: links, fat arrows, and the old arrow of one piece. */
#pragma once

#include "diagram/drawio/canvas.h"

/* Whether the style makes an edge such a shape. */
bool arrow_is_known(const struct style *style);

/* Draws the shape along a route of at least two points, with the canvas's stroke and fill. */
void arrow_paint(struct canvas *canvas, const struct style *style, const GArray *points);

/* How far around its points such an edge counts for the size of the picture; negative: as far as it is drawn. */
double arrow_reach(const struct style *style);
