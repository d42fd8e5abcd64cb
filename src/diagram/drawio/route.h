/* Routes of edges: through waypoints, orthogonal, elbow, entity relation, loops. */
#pragma once

#include "diagram/drawio/geometry.h"

struct route_end {
    bool has_point, has_box;
    struct point point;      /* where the end is fixed */
    struct rect box;         /* of the terminal */
    const struct cell *cell; /* the terminal, or NULL */
};

/* The pixels of the picture, to which the original rounds elbows: a coordinate v lies at scale * (v + x). */
struct grid {
    double scale, x, y;
};

struct route {
    const struct style *style;
    const struct point *waypoints; /* relative to `origin` */
    unsigned n_waypoints;
    struct point origin;
    struct route_end source, target;
    struct grid grid;
    bool is_loop; /* both ends at the same terminal */
};

/* The points of the route (struct point), at least two: the first and the last are the fixed ends, or undefined for ends that are not
 * fixed. */
GArray *route_find(const struct route *route);

/* Whether the segments of this style are horizontal and vertical. */
bool route_is_orthogonal(const struct style *style);

/* Whether routes of this style depend on the grid. */
bool route_uses_grid(const struct style *style);

/* Whether the style's way of routing is known here. */
bool route_is_known(const struct style *style);

/* For the orthogonal style without waypoints; appends to `points`. False when the ends are too near to each other. */
bool route_append_orthogonal(const struct route *route, GArray *points);

enum { SIDE_WEST = 1, SIDE_NORTH = 2, SIDE_SOUTH = 4, SIDE_EAST = 8, SIDE_ANY = 15 };

/* The sides of a terminal that an edge may use: of the terminal's style, else of the edge's; `fallback` when neither says so. */
unsigned route_allowed_sides(const struct route *route, bool is_source, unsigned fallback);

static inline struct point route_waypoint(const struct route *route, unsigned i)
{
    return (struct point){route->waypoints[i].x + route->origin.x, route->waypoints[i].y + route->origin.y};
}
