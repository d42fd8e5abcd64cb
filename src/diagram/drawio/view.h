/* Where everything of a page comes to lie: absolute boxes of the vertices, routes of the edges. */
#pragma once

#include "diagram/drawio/geometry.h"
#include "diagram/drawio/route.h"

struct state {
    struct rect bounds;  /* of a vertex; of an edge's points */
    struct point origin; /* where the geometry of its children begins */
    GArray *points;      /* struct point: route of an edge, NULL for vertices */
    double *lengths;     /* of the route up to each of its points */
    struct point label;  /* of an edge: where its label lies; of a vertex: how far
                          its label is moved */
    bool is_shown;
    enum { STATE_NEW, STATE_BUSY, STATE_DONE } progress;
};

struct view {
    const struct page *page;
    struct state *states; /* one per cell */
    GArray *order;        /* int: indices of the cells to draw, back to front */
    GPtrArray *problems;  /* texts; borrowed, may be NULL */
    struct grid grid;
    bool uses_grid; /* some route depends on the grid */
    int depth;      /* of cells that wait for others */
};

/* Lays the page out. `grid` NULL: whole units. `layers` as in struct picture_options. What cannot be placed is told in `problems` and
 * not shown. */
struct view *view_new(const struct page *page, const char *const *layers, GPtrArray *problems, const struct grid *grid);
void view_free(struct view *view);
typedef struct view view;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(view, view_free)
