/* Where an edge that is not fixed to a point of a shape meets its outline. */
#pragma once

#include "diagram/drawio/geometry.h"

/* The point of the outline seen from `next`. `is_orthogonal`: keep the edge's last segment horizontal or vertical where that meets the
 * outline. */
struct point perimeter_point(struct rect bounds, const struct style *style, struct point next, bool is_orthogonal);

/* Whether the outline that the style names is known here. */
bool perimeter_is_known(const struct style *style);
