/* Shapes of logic and engineering: gates, isometric boxes, dimensions, and the frames that are drawn over a plain rectangle. */
#include <string.h>

#include "diagram/drawio/shape.h"

#define SLOPE 0.57735026918962576 /* of an isometric edge: the tangent of 30 degrees */
#define ISO_MARGIN ((0.5 - SLOPE) / 2)

/* Draws a path whose corners are given relative to the shape's box. */
static void path_from(struct canvas *c, const struct shape *s, const struct point *points, unsigned n, bool is_closed)
{
    canvas_move(c, s->x + points[0].x, s->y + points[0].y);
    for (unsigned i = 1; i < n; i++)
        canvas_line(c, s->x + points[i].x, s->y + points[i].y);
    if (is_closed)
        canvas_close(c);
}

static void paint_figure(struct canvas *c, const struct shape *s, const struct point *points, unsigned n)
{
    canvas_begin(c);
    path_from(c, s, points, n, true);
    canvas_fill_and_stroke(c);
}

static void paint_crossbar(struct canvas *c, const struct shape *s)
{
    double w = s->width, h = s->height;
    canvas_begin(c);
    path_from(c, s, (struct point[]){{0, 0}, {0, h}}, 2, false);
    path_from(c, s, (struct point[]){{w, 0}, {w, h}}, 2, false);
    path_from(c, s, (struct point[]){{0, h / 2}, {w, h / 2}}, 2, false);
    canvas_fill_and_stroke(c);
}

/* The gates: straight at the left (or), or bent inwards (xor). */
static void paint_gate(struct canvas *c, const struct shape *s, bool is_bent)
{
    double x = s->x, y = s->y, w = s->width, h = s->height;
    canvas_begin(c);
    canvas_move(c, x, y);
    canvas_quad(c, x + w, y, x + w, y + h / 2);
    canvas_quad(c, x + w, y + h, x, y + h);
    if (is_bent)
        canvas_quad(c, x + w / 2, y + h / 2, x, y);
    canvas_close(c);
    canvas_fill_and_stroke(c);
}

static void paint_or(struct canvas *c, const struct shape *s)
{
    paint_gate(c, s, false);
}

static void paint_xor(struct canvas *c, const struct shape *s)
{
    paint_gate(c, s, true);
}

static void paint_switch(struct canvas *c, const struct shape *s)
{
    double x = s->x, y = s->y, w = s->width, h = s->height;
    canvas_begin(c);
    canvas_move(c, x, y);
    canvas_quad(c, x + w / 2, y + h / 2, x + w, y);
    canvas_quad(c, x + w / 2, y + h / 2, x + w, y + h);
    canvas_quad(c, x + w / 2, y + h / 2, x, y + h);
    canvas_quad(c, x + w / 2, y + h / 2, x, y);
    canvas_fill_and_stroke(c);
}

static void paint_sort(struct canvas *c, const struct shape *s)
{
    double w = s->width, h = s->height;
    shape_polygon(c, s, (struct point[]){{w / 2, 0}, {w, h / 2}, {w / 2, h}, {0, h / 2}}, 4);
    shape_line(c, s, 0, h / 2, w, h / 2);
}

static void paint_collate(struct canvas *c, const struct shape *s)
{
    double w = s->width, h = s->height;
    paint_figure(c, s, (struct point[]){{0, 0}, {w, 0}, {w / 2, h / 2}}, 3);
    paint_figure(c, s, (struct point[]){{0, h}, {w, h}, {w / 2, h / 2}}, 3);
}

static void paint_dimension(struct canvas *c, const struct shape *s)
{
    double w = s->width, h = s->height, at = h - 5;
    struct point pairs[][2] = {{{0, 0}, {0, h}}, {{0, at}, {10, at - 5}},     {{0, at}, {10, at + 5}},    {{0, at}, {w, at}},
                               {{w, 0}, {w, h}}, {{w, at}, {w - 10, at - 5}}, {{w, at}, {w - 10, at + 5}}};
    canvas_begin(c);
    for (unsigned i = 0; i < G_N_ELEMENTS(pairs); i++)
        path_from(c, s, pairs[i], 2, false);
    canvas_stroke(c);
}

static void paint_iso_rectangle(struct canvas *c, const struct shape *s)
{
    double side = fmin(s->width, s->height / SLOPE);
    struct shape inner = *s;
    inner.x += (s->width - side) / 2;
    inner.y += (s->height - side) / 2 + side / 4;
    paint_figure(c, &inner,
                 (struct point[]){{0, side / 4}, {side / 2, side * ISO_MARGIN}, {side, side / 4}, {side / 2, side * (0.5 - ISO_MARGIN)}},
                 4);
}

static void paint_iso_cube(struct canvas *c, const struct shape *s)
{
    double side = fmin(s->width, s->height / (0.5 + SLOPE));
    double top = side * ISO_MARGIN, middle = side * (0.5 - ISO_MARGIN), bottom = side * (1 - ISO_MARGIN);
    struct shape inner = *s;
    inner.x += (s->width - side) / 2;
    inner.y += (s->height - side) / 2;
    struct point outline[] = {{side / 2, top},    {side, side / 4},  {side, side * 3 / 4},
                              {side / 2, bottom}, {0, side * 3 / 4}, {0, side / 4}};
    paint_figure(c, &inner, outline, G_N_ELEMENTS(outline));
    c->state.has_shadow = false;
    canvas_begin(c);
    path_from(c, &inner, (struct point[]){{0, side / 4}, {side / 2, middle}, {side, side / 4}}, 3, false);
    path_from(c, &inner, (struct point[]){{side / 2, middle}, {side / 2, bottom}}, 2, false);
    canvas_stroke(c);
}

static void paint_iso_cube2(struct canvas *c, const struct shape *s)
{
    double w = s->width, h = s->height, angle = CLAMP(style_number(s->style, "isoAngle", 15), 0.01, 94) * G_PI / 200;
    double d = fmin(w * tan(angle), h / 2);
    struct point outline[] = {{w / 2, 0}, {w, d}, {w, h - d}, {w / 2, h}, {0, h - d}, {0, d}};
    paint_figure(c, s, outline, G_N_ELEMENTS(outline));
    c->state.has_shadow = false;
    canvas_begin(c);
    path_from(c, s, (struct point[]){{0, d}, {w / 2, 2 * d}, {w, d}}, 3, false);
    path_from(c, s, (struct point[]){{w / 2, 2 * d}, {w / 2, h}}, 2, false);
    canvas_stroke(c);
}

static void paint_tape_data(struct canvas *c, const struct shape *s)
{
    canvas_ellipse(c, s->x, s->y, s->width, s->height);
    canvas_fill_and_stroke(c);
    shape_shadowed_line(c, s, s->width / 2, s->height, s->width, s->height);
}

static void paint_associative_entity(struct canvas *c, const struct shape *s)
{
    double x = s->x, y = s->y, w = s->width, h = s->height;
    struct point rhombus[] = {{x + w / 2, y}, {x + w, y + h / 2}, {x + w / 2, y + h}, {x, y + h / 2}};
    shape_rectangle(c, s, 0, 0, w, h);
    c->state.has_shadow = false;
    canvas_begin(c);
    canvas_polyline(c, rhombus, G_N_ELEMENTS(rhombus), shape_arc(s), true);
    canvas_stroke(c);
}

static void paint_plus(struct canvas *c, const struct shape *s)
{
    double w = s->width, h = s->height, inset = fmin(w / 5, h / 5) + 1;
    shape_rectangle(c, s, 0, 0, w, h);
    shape_line(c, s, w / 2, inset, w / 2, h - inset);
    shape_line(c, s, inset, h / 2, w - inset, h / 2);
}

static double second_frame(const struct shape *s)
{
    if (!style_flag(s->style, "double", false))
        return 0;
    return fmax(2, style_line_width(s->style) + 1) + style_number(s->style, "margin", 0);
}

/* A rectangle, with a second one inside if the style says so. */
static void paint_ext(struct canvas *c, const struct shape *s)
{
    double inset = second_frame(s), w = s->width - 2 * inset, h = s->height - 2 * inset;
    shape_rectangle(c, s, 0, 0, s->width, s->height);
    if (inset != 0 && w > 0 && h > 0)
        shape_rectangle(c, s, inset, inset, w, h);
}

static struct rect ext_margins(const struct shape *s)
{
    double inset = second_frame(s);
    return (struct rect){inset, inset, inset, inset};
}

static void paint_nothing(struct canvas *c, const struct shape *s)
{
    (void)c;
    (void)s;
}

static void paint_box(struct canvas *c, const struct shape *s)
{
    shape_rectangle(c, s, 0, 0, s->width, s->height);
}

const struct shape_kind shape_logic_kinds[] = {
    {"associativeEntity", paint_associative_entity, NULL},
    {"collate", paint_collate, NULL},
    {"crossbar", paint_crossbar, NULL},
    {"database", paint_box, NULL}, /* a name without a shape: the original draws a rectangle */
    {"dimension", paint_dimension, NULL},
    {"ext", paint_ext, ext_margins},
    {"isoCube", paint_iso_cube, NULL},
    {"isoCube2", paint_iso_cube2, NULL},
    {"isoRectangle", paint_iso_rectangle, NULL},
    {"or", paint_or, NULL},
    {"plus", paint_plus, NULL},
    {"sortShape", paint_sort, NULL},
    {"switch", paint_switch, NULL},
    {"tapeData", paint_tape_data, NULL},
    {"transparent", paint_nothing, NULL},
    {"xor", paint_xor, NULL},
    {NULL, NULL, NULL},
};
