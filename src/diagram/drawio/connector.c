#include "diagram/drawio/connector.h"

#include <stdlib.h>
#include <string.h>

#define MARKER_SIZE 6
/* How far the tip of an arrow at 45 degrees is ahead of its outline, in stroke widths. */
#define MITER 1.118

/* A marker at `tip`, looking along the unit vector (ux, uy); `end` is where the line must stop. */
struct marker {
    struct canvas *canvas;
    struct point tip, end;
    double ux, uy, size, width;
    bool is_filled, is_source;
};

static void paint(struct marker *m)
{
    if (m->is_filled)
        canvas_fill_and_stroke(m->canvas);
    else
        canvas_stroke(m->canvas);
}

/* A point behind the tip: `back` along the line, `side` to its left, in units of the reach. */
static struct point behind(struct point tip, double nx, double ny, double back, double side)
{
    return (struct point){tip.x - back * nx - side * ny, tip.y - back * ny + side * nx};
}

static void go(struct marker *m, bool is_move, struct point p)
{
    if (is_move)
        canvas_move(m->canvas, p.x, p.y);
    else
        canvas_line(m->canvas, p.x, p.y);
}

static void paint_points(struct marker *m, const struct point *points, unsigned n, bool is_closed)
{
    canvas_begin(m->canvas);
    for (unsigned i = 0; i < n; i++)
        go(m, i == 0, points[i]);
    if (is_closed) {
        canvas_close(m->canvas);
        paint(m);
    } else
        canvas_stroke(m->canvas);
}

/* The tip moved back so that the outline's mitred corner ends where the edge ends. */
static struct point outline_tip(const struct marker *m, double factor)
{
    return (struct point){m->tip.x - m->ux * m->width * factor, m->tip.y - m->uy * m->width * factor};
}

static void paint_arrow(struct marker *m, double slenderness, double notch)
{
    struct point tip = outline_tip(m, MITER);
    double nx = m->ux * (m->size + m->width), ny = m->uy * (m->size + m->width);
    struct point points[] = {tip, behind(tip, nx, ny, 1, 1 / slenderness), behind(tip, nx, ny, notch, 0),
                             behind(tip, nx, ny, 1, -1 / slenderness)};
    m->end = behind(tip, nx, ny, notch, 0);
    paint_points(m, points, G_N_ELEMENTS(points), true);
}

static void paint_classic(struct marker *m)
{
    paint_arrow(m, 2, 0.75);
}

static void paint_classic_thin(struct marker *m)
{
    paint_arrow(m, 3, 0.75);
}

static void paint_block(struct marker *m)
{
    paint_arrow(m, 2, 1);
}

static void paint_block_thin(struct marker *m)
{
    paint_arrow(m, 3, 1);
}

static void paint_open_arrow(struct marker *m, double slenderness)
{
    struct point tip = outline_tip(m, MITER);
    double nx = m->ux * (m->size + m->width), ny = m->uy * (m->size + m->width);
    struct point points[] = {behind(tip, nx, ny, 1, 1 / slenderness), tip, behind(tip, nx, ny, 1, -1 / slenderness)};
    m->end = outline_tip(m, 2 * MITER);
    paint_points(m, points, G_N_ELEMENTS(points), false);
}

static void paint_open(struct marker *m)
{
    paint_open_arrow(m, 2);
}

static void paint_open_thin(struct marker *m)
{
    paint_open_arrow(m, 3);
}

static void paint_async_arrow(struct marker *m, bool is_open)
{
    struct point tip = outline_tip(m, MITER);
    double nx = m->ux * (m->size + m->width), ny = m->uy * (m->size + m->width), side = m->is_source ? 0.5 : -0.5;
    struct point points[] = {tip, behind(tip, nx, ny, 1, side), behind(tip, nx, ny, 1, 0)};
    if (is_open) {
        struct point half[] = {behind(m->tip, nx, ny, 1, side), m->tip};
        paint_points(m, half, G_N_ELEMENTS(half), false);
        return;
    }
    m->end = behind(tip, nx, ny, 1, 0);
    paint_points(m, points, G_N_ELEMENTS(points), true);
}

static void paint_async(struct marker *m)
{
    paint_async_arrow(m, false);
}

static void paint_open_async(struct marker *m)
{
    paint_async_arrow(m, true);
}

static void paint_circle(struct marker *m, struct point center, double radius, bool is_filled)
{
    canvas_ellipse(m->canvas, center.x - radius, center.y - radius, 2 * radius, 2 * radius);
    if (is_filled)
        canvas_fill_and_stroke(m->canvas);
    else
        canvas_stroke(m->canvas);
}

static void paint_oval(struct marker *m)
{
    m->end = (struct point){m->tip.x - m->ux * m->size / 2, m->tip.y - m->uy * m->size / 2};
    paint_circle(m, m->tip, m->size / 2, m->is_filled);
}

/* A circle that ends at the tip, line and all. */
static void paint_round(struct marker *m)
{
    double radius = m->size + m->width, reach = radius + m->width;
    m->end = (struct point){m->tip.x - m->ux * (2 * radius + m->width), m->tip.y - m->uy * (2 * radius + m->width)};
    paint_circle(m, (struct point){m->tip.x - m->ux * reach, m->tip.y - m->uy * reach}, radius, m->is_filled);
}

static void paint_round_plus(struct marker *m)
{
    double radius = m->size + m->width, reach = radius + m->width, nx = m->ux * radius, ny = m->uy * radius;
    struct point center = {m->tip.x - m->ux * reach, m->tip.y - m->uy * reach};
    paint_round(m);
    paint_points(m, (struct point[]){{center.x - nx, center.y - ny}, {center.x + nx, center.y + ny}}, 2, false);
    paint_points(m, (struct point[]){{center.x - ny, center.y + nx}, {center.x + ny, center.y - nx}}, 2, false);
}

static void paint_diamond_of(struct marker *m, double slenderness, double factor)
{
    struct point tip = outline_tip(m, factor);
    double nx = m->ux * (m->size + m->width), ny = m->uy * (m->size + m->width);
    struct point points[] = {tip, behind(tip, nx, ny, 0.5, 1 / slenderness), behind(tip, nx, ny, 1, 0),
                             behind(tip, nx, ny, 0.5, -1 / slenderness)};
    m->end = behind(tip, nx, ny, 1, 0);
    paint_points(m, points, G_N_ELEMENTS(points), true);
}

static void paint_diamond(struct marker *m)
{
    paint_diamond_of(m, 2, 0.7071);
}

static void paint_diamond_thin(struct marker *m)
{
    paint_diamond_of(m, 3.4, 0.9862);
}

/* The markers below are made of lines and circles at fractions of this reach. */
static double reach_of(const struct marker *m)
{
    return m->size + m->width + 1;
}

static struct point spot(const struct marker *m, double back, double side)
{
    return behind(m->tip, m->ux * reach_of(m), m->uy * reach_of(m), back, side);
}

static void paint_stroke_between(struct marker *m, struct point a, struct point b)
{
    paint_points(m, (struct point[]){a, b}, 2, false);
}

static void paint_dash(struct marker *m)
{
    paint_stroke_between(m, spot(m, 0.5, 0.5), spot(m, 1.5, -0.5));
}

static void paint_cross(struct marker *m)
{
    paint_dash(m);
    paint_stroke_between(m, spot(m, 0.5, -0.5), spot(m, 1.5, 0.5));
}

static void paint_box(struct marker *m)
{
    struct point points[] = {spot(m, 0, 0.5), spot(m, 0, -0.5), spot(m, 1, -0.5), spot(m, 1, 0.5)};
    m->end = spot(m, 1, 0);
    paint_points(m, points, G_N_ELEMENTS(points), true);
}

/* A bow around the tip, open towards it. */
static void paint_half_circle(struct marker *m)
{
    struct point from = spot(m, 0, 1), to = spot(m, 0, -1), left = spot(m, 1, 1), right = spot(m, 1, -1);
    m->end = spot(m, 1, 0);
    canvas_begin(m->canvas);
    canvas_move(m->canvas, from.x, from.y);
    canvas_quad(m->canvas, left.x, left.y, m->end.x, m->end.y);
    canvas_quad(m->canvas, right.x, right.y, to.x, to.y);
    canvas_stroke(m->canvas);
}

static void paint_er_one(struct marker *m)
{
    paint_stroke_between(m, spot(m, 0.5, 0.5), spot(m, 0.5, -0.5));
}

static void paint_er_mandatory_one(struct marker *m)
{
    paint_er_one(m);
    paint_stroke_between(m, spot(m, 1, 0.5), spot(m, 1, -0.5));
}

static void paint_er_many(struct marker *m)
{
    paint_points(m, (struct point[]){spot(m, 0, -0.5), spot(m, 1, 0), spot(m, 0, 0.5)}, 3, false);
}

static void paint_er_one_to_many(struct marker *m)
{
    paint_er_many(m);
    paint_stroke_between(m, spot(m, 1, 0.5), spot(m, 1, -0.5));
}

static void paint_er_zero(struct marker *m)
{
    struct color old = m->canvas->state.fill.from;
    bool was_set = m->canvas->state.fill.is_set;
    m->canvas->state.fill.is_set = m->is_filled;
    m->canvas->state.fill.from = (struct color){1, 1, 1, 1};
    paint_circle(m, spot(m, 1.5, 0), m->size / 2, true);
    m->canvas->state.fill.from = old;
    m->canvas->state.fill.is_set = was_set;
}

static void paint_er_zero_to_one(struct marker *m)
{
    paint_er_zero(m);
    paint_er_one(m);
}

static void paint_er_zero_to_many(struct marker *m)
{
    paint_er_zero(m);
    paint_er_many(m);
}

/* Sorted by name. */
static const struct marker_kind {
    const char *name;
    void (*paint)(struct marker *marker);
} marker_kinds[] = {
    {"ERmandOne", paint_er_mandatory_one},
    {"ERmany", paint_er_many},
    {"ERone", paint_er_one},
    {"ERoneToMany", paint_er_one_to_many},
    {"ERzeroToMany", paint_er_zero_to_many},
    {"ERzeroToOne", paint_er_zero_to_one},
    {"async", paint_async},
    {"block", paint_block},
    {"blockThin", paint_block_thin},
    {"box", paint_box},
    {"circle", paint_round},
    {"circlePlus", paint_round_plus},
    {"classic", paint_classic},
    {"classicThin", paint_classic_thin},
    {"cross", paint_cross},
    {"dash", paint_dash},
    {"diamond", paint_diamond},
    {"diamondThin", paint_diamond_thin},
    {"halfCircle", paint_half_circle},
    {"open", paint_open},
    {"openAsync", paint_open_async},
    {"openThin", paint_open_thin},
    {"oval", paint_oval},
};

static int compare(const void *name, const void *item)
{
    return strcmp(name, ((const struct marker_kind *)item)->name);
}

static const struct marker_kind *find_marker(const char *name)
{
    return name != NULL ? bsearch(name, marker_kinds, G_N_ELEMENTS(marker_kinds), sizeof marker_kinds[0], compare) : NULL;
}

bool connector_knows_marker(const char *name)
{
    return name == NULL || strcmp(name, "none") == 0 || find_marker(name) != NULL;
}

/* Paints the marker of one end and moves that end of the line to where the marker begins. */
static void paint_marker(struct canvas *canvas, const struct style *style, const GArray *points, bool is_source, struct point *end)
{
    const struct marker_kind *kind = find_marker(style_get(style, is_source ? "startArrow" : "endArrow"));
    guint n = points->len;
    struct point tip = g_array_index(points, struct point, is_source ? 0 : n - 1), from = tip;
    for (guint i = 1; i < n && round(from.x - tip.x) == 0 && round(from.y - tip.y) == 0; i++)
        from = g_array_index(points, struct point, is_source ? i : n - 1 - i);
    double length = fmax(1, point_distance(from, tip));
    struct marker marker = {.canvas = canvas,
                            .tip = tip,
                            .end = tip,
                            .ux = (tip.x - from.x) / length,
                            .uy = (tip.y - from.y) / length,
                            .is_source = is_source,
                            .width = canvas->state.stroke.width};
    marker.size = fmax(0, style_number(style, is_source ? "startSize" : "endSize", MARKER_SIZE));
    marker.is_filled = style_flag(style, is_source ? "startFill" : "endFill", true);
    if (kind != NULL)
        kind->paint(&marker);
    *end = marker.end;
}

static void paint_curve(struct canvas *canvas, const struct point *points, guint n)
{
    canvas_move(canvas, points[0].x, points[0].y);
    for (guint i = 1; i + 2 < n; i++)
        canvas_quad(canvas, points[i].x, points[i].y, (points[i].x + points[i + 1].x) / 2, (points[i].y + points[i + 1].y) / 2);
    canvas_quad(canvas, points[n - 2].x, points[n - 2].y, points[n - 1].x, points[n - 1].y);
}

/* The line, without markers, between the ends that these left. */
static void paint_line(struct canvas *canvas, const struct style *style, const GArray *points, struct point start, struct point end)
{
    guint n = points->len;
    g_autofree struct point *line = g_memdup2(points->data, n * sizeof *line);
    line[0] = start;
    line[n - 1] = end;
    canvas_begin(canvas);
    if (style_flag(style, "curved", false) && n > 2)
        paint_curve(canvas, line, n);
    else
        canvas_polyline(canvas, line, n, style_flag(style, "rounded", false) ? fmax(0, style_number(style, "arcSize", 20) / 2) : 0, false);
    canvas_stroke(canvas);
}

void connector_paint(struct canvas *canvas, const struct style *style, const GArray *points)
{
    guint before = canvas->ops->len;
    struct point start, end;
    canvas_save(canvas);
    canvas->state.stroke.n_dashes = 0;
    canvas->state.fill = (struct fill){.is_set = true, .from = canvas->state.stroke.color};
    paint_marker(canvas, style, points, true, &start);
    paint_marker(canvas, style, points, false, &end);
    canvas_restore(canvas);
    guint n_markers = canvas->ops->len - before;
    paint_line(canvas, style, points, start, end);
    /* The line lies beneath its markers. */
    guint n_lines = canvas->ops->len - before - n_markers;
    g_autofree struct op *ops = g_memdup2(&g_array_index(canvas->ops, struct op, before), (n_markers + n_lines) * sizeof *ops);
    memcpy(&g_array_index(canvas->ops, struct op, before), ops + n_markers, n_lines * sizeof *ops);
    memcpy(&g_array_index(canvas->ops, struct op, before + n_lines), ops, n_markers * sizeof *ops);
}
