/* Shapes of vertices: a table from the name in a style to the function that draws it. */
#pragma once

#include "diagram/drawio/canvas.h"
#include "diagram/drawio/view.h"

struct shape {
    const struct page *page;
    const struct view *view;
    int index; /* of the cell */
    const struct style *style;
    double x, y, width, height; /* before the shape's direction, flips and rotation are applied */
};

struct shape_kind {
    const char *name;
    void (*paint)(struct canvas *canvas, const struct shape *shape);
    /* How far the label keeps away from the left, top, right and bottom of the box (x, y, width, height), NULL: not at all. The shape it
     * gets has the box as it lies on the page, whatever the shape's direction; the result is turned and mirrored like the shape. */
    struct rect (*margins)(const struct shape *shape);
    bool has_fixed_margins; /* not turned and not mirrored */
    /* The name of the stencil that is drawn inside, NULL: none; the caller frees it. NULL: the shape has never one. */
    char *(*icon)(const struct style *style);
};

/* NULL for a shape that is not known here. */
const struct shape_kind *shape_find(const char *name);

/* The same for the shape that a style names. */
const struct shape_kind *shape_kind_of(const struct style *style);

/* The shape of a vertex in its own frame: as if it pointed east. */
struct shape shape_frame(const struct view *view, int index);

/* The tables, sorted by name, ended by a NULL name. */
extern const struct shape_kind shape_basic_kinds[], shape_cloud_kinds[], shape_core_kinds[], shape_logic_kinds[], shape_uml_kinds[];

/* "size" of a style as a length: a fraction of `whole` (at most `most` of it), or, with fixedSize=1, units. */
double shape_size(const struct shape *shape, double share, double fixed, double whole, double most);

/* The way that the style's gradient goes; south unless it says another. */
enum gradient shape_gradient(const struct style *style);

/* A number of the style, kept within 0 and `most`. */
double shape_length(const struct shape *shape, const char *key, double fallback, double most);

/* Margins of labels: below the lid of cylinders and what the original makes of the same outline (boundedLbl=1), inside of the second
 * ring of a double ellipse. */
struct rect shape_lid_margins(const struct shape *shape);
struct rect shape_ellipse_margins(const struct shape *shape);

/* The radius of rounded corners of polygons, 0 when the style does not round. */
double shape_arc(const struct shape *shape);

/* A closed polygon within the shape's box, filled and stroked, corners rounded if the style says so. Corners relative to the box. */
void shape_polygon(struct canvas *canvas, const struct shape *shape, const struct point *corners, unsigned n);

/* A rectangle as the style wants it (rounded or not), filled and stroked. */
void shape_rectangle(struct canvas *canvas, const struct shape *shape, double x, double y, double width, double height);

/* A line from one point to another, relative to the shape's box, stroked without shadow. */
void shape_line(struct canvas *canvas, const struct shape *shape, double x1, double y1, double x2, double y2);

/* The same; the line throws a shadow if the shape does. */
void shape_shadowed_line(struct canvas *canvas, const struct shape *shape, double x1, double y1, double x2, double y2);

/* The title bar of a swimlane or table. */
double shape_title_size(const struct shape *shape);
