/* A page of a Draw.io file: cells in the order of drawing, with their geometry. */
#pragma once

#include <glib.h>
#include <libxml/tree.h>
#include <stdbool.h>

#include "diagram/drawio/style.h"

#define MODEL_MAX_CELLS 100000
#define MODEL_MAX_POINTS 5000 /* of one edge */
#define MODEL_MAX_DEPTH 200   /* groups in groups */
#define NO_CELL (-1)

struct point {
    double x, y;
};

struct rect {
    double x, y, width, height;
};

struct geometry {
    struct rect rect;
    bool is_relative; /* x, y are fractions of the parent, or a place along an
                       edge */
    bool has_source_point, has_target_point;
    struct point offset, source_point, target_point;
    struct point *points; /* waypoints of an edge */
    unsigned n_points;
};

struct cell {
    char *id;    /* never NULL */
    char *label; /* text or HTML, never NULL */
    char *style_text;
    struct style style;
    struct geometry geometry;
    GHashTable *attributes;     /* of an <object>; NULL without */
    int parent, source, target; /* indices of cells, or NO_CELL */
    int first_child, last_child, next_sibling;
    bool is_vertex, is_edge, is_visible, is_collapsed, has_geometry;
    bool has_lost_source, has_lost_target; /* names a cell that is not there */
    bool is_reached;                       /* below the root, not in a cycle of parents */
};

struct stencils;

struct page {
    GArray *cells;       /* struct cell */
    GPtrArray *problems; /* texts with the cell in them: what was left out while
                          reading */
    char *background;    /* colour or NULL */
    bool has_math, has_shadow, has_background_image;
    int root;
    const char *name;          /* of the file; borrowed */
    unsigned number;           /* from 1 */
    struct stencils *stencils; /* of the file, or NULL; borrowed */
};

/* Reads a <mxGraphModel>. Never NULL unless `error` is set: CLX_ERROR_SOURCE for a page without cells or beyond the bounds. */
struct page *page_new(const xmlNode *model, GError **error);
void page_free(struct page *page);
typedef struct page page;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(page, page_free)

static inline struct cell *page_cell(const struct page *page, int index)
{
    return &g_array_index(page->cells, struct cell, index);
}

/* An attribute of an XML element, or NULL; the caller frees it with g_free(). */
char *model_attribute(const xmlNode *node, const char *name);
