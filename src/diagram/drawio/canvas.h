/* A display list: paths, texts and images in the order of drawing, without a word about the format they end in. Shapes draw on it; a
 * back end (cairo, SVG) reads it. */
#pragma once

#include "diagram/drawio/geometry.h"

struct label;
struct picture_image;

struct matrix {
    double xx, yx, xy, yy, x0, y0; /* as in cairo: x' = xx*x + xy*y + x0 */
};

enum segment_kind { SEGMENT_MOVE, SEGMENT_LINE, SEGMENT_CURVE, SEGMENT_CLOSE };

struct segment {
    enum segment_kind kind;
    struct point p[3]; /* the last one used is where it ends */
};

enum gradient { GRADIENT_NONE, GRADIENT_SOUTH, GRADIENT_EAST, GRADIENT_NORTH, GRADIENT_WEST, GRADIENT_RADIAL };

struct fill {
    bool is_set;
    enum gradient gradient;
    struct color from, to; /* `to` with a gradient only */
};

#define MAX_DASHES 8
#define CANVAS_SHADOW_X 2 /* where shadows fall */
#define CANVAS_SHADOW_Y 3

struct stroke {
    bool is_set;
    struct color color;
    double width;
    double dashes[MAX_DASHES];
    unsigned n_dashes;
    bool is_round; /* joins and caps */
};

enum op_kind { OP_PATH, OP_LABEL, OP_IMAGE };

struct op {
    enum op_kind kind;
    struct matrix matrix; /* from the coordinates of this primitive to those of the page */
    double opacity;
    struct rect bounds; /* in the primitive's coordinates, without the stroke */
    guint first, n;     /* of a path: segments */
    struct fill fill;
    struct stroke stroke;
    struct label *label; /* owned by the canvas */
    bool is_clipped;
    struct rect clip;                  /* of a label */
    const struct picture_image *image; /* owned by the canvas */
};

struct canvas_state {
    struct matrix matrix;
    struct fill fill;
    struct stroke stroke;
    double opacity, fill_opacity, stroke_opacity;
    bool has_shadow;
};

struct canvas {
    GArray *ops;      /* struct op */
    GArray *segments; /* struct segment */
    GPtrArray *labels, *images;
    GArray *saved; /* struct canvas_state */
    struct canvas_state state;
    guint path_start; /* first segment of the path under construction */
    struct point current;
    struct rect path_bounds;
    struct rect bounds; /* of everything drawn since canvas_start_bounds(), in
                         page coordinates, with strokes */
};

struct canvas *canvas_new(void);
void canvas_free(struct canvas *canvas);
typedef struct canvas canvas;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(canvas, canvas_free)

/* The graphics state; restore undoes what was set since its save. */
void canvas_save(struct canvas *canvas);
void canvas_restore(struct canvas *canvas);
void canvas_reset(struct canvas *canvas); /* black strokes, no fill, identity */

/* Turns (clockwise, degrees) and mirrors what follows around a centre. */
void canvas_turn(struct canvas *canvas, double degrees, bool flip_h, bool flip_v, struct point center);
void canvas_translate(struct canvas *canvas, double x, double y);
void canvas_set_dashes(struct canvas *canvas, const double *dashes, unsigned n, double factor); /* n 0: solid */

/* A path: begin, any number of these, then one that paints. */
void canvas_begin(struct canvas *canvas);
void canvas_move(struct canvas *canvas, double x, double y);
void canvas_line(struct canvas *canvas, double x, double y);
void canvas_quad(struct canvas *canvas, double x1, double y1, double x, double y);
void canvas_curve(struct canvas *canvas, double x1, double y1, double x2, double y2, double x, double y);
/* An elliptical arc as in SVG. */
void canvas_arc(struct canvas *canvas, double rx, double ry, double degrees, bool is_large, bool is_clockwise, double x, double y);
void canvas_close(struct canvas *canvas);

/* Whole figures; they begin a path themselves. */
void canvas_rect(struct canvas *canvas, double x, double y, double width, double height);
void canvas_round_rect(struct canvas *canvas, double x, double y, double width, double height, double rx, double ry);
void canvas_ellipse(struct canvas *canvas, double x, double y, double width, double height);

/* A polygon (closed) or polyline with corners rounded by `arc` (0: sharp). Begins no path. */
void canvas_polyline(struct canvas *canvas, const struct point *points, unsigned n, double arc, bool is_closed);

/* The same, but for one corner that stays sharp. */
void canvas_polyline_but(struct canvas *canvas, const struct point *points, unsigned n, double arc, bool is_closed, unsigned sharp);

void canvas_fill(struct canvas *canvas);
void canvas_stroke(struct canvas *canvas);
void canvas_fill_and_stroke(struct canvas *canvas);

/* A label with its upper left corner at x, y; takes it over. `clip` may be NULL. */
void canvas_label(struct canvas *canvas, struct label *label, double x, double y, const struct rect *clip);

/* An image fitted into a rectangle; takes it over. */
void canvas_image(struct canvas *canvas, struct picture_image *image, struct rect rect);

/* Box of what is drawn from now on (see `bounds`). */
void canvas_start_bounds(struct canvas *canvas);

struct point matrix_apply(const struct matrix *matrix, struct point point);
struct rect matrix_apply_rect(const struct matrix *matrix, struct rect rect);
