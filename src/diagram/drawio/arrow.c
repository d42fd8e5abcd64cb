/* Edges with a breadth: links (two parallel lines), fat arrows, and the old arrow of one straight piece. The outline of a fat one goes
 * along its left side to the end and comes back along its right side, whose pieces are kept until then. */
#include "diagram/drawio/arrow.h"

#include <string.h>

#define LINK_WIDTH 4
#define ARROW_WIDTH 10
#define HEAD_WIDTH 20     /* by which a head is broader than its arrow */
#define OLD_WIDTH 30      /* of the old arrow, and the length of its head */
#define LEAST_COSINE 0.06 /* of half the angle at a corner: sharper ones are cut off */
#define LEAST_ROUND_COSINE 0.1

struct piece {
    bool is_curve;
    struct point control, to;
};

struct outline {
    struct canvas *canvas;
    const struct style *style;
    const struct point *points;
    guint n;
    double width, line; /* of the arrow, of its outline */
    bool is_open, is_rounded;
    GArray *back; /* struct piece: the right side, from the start to the end */
};

static struct point unit(struct point from, struct point to)
{
    double length = point_distance(from, to);
    return length > 0 ? (struct point){(to.x - from.x) / length, (to.y - from.y) / length} : (struct point){0, 0};
}

/* A point `along` a direction and `side` to its left. */
static struct point beside(struct point at, struct point direction, double along, double side)
{
    return (struct point){at.x + along * direction.x + side * direction.y, at.y + along * direction.y - side * direction.x};
}

static void line_to(const struct outline *o, struct point to)
{
    canvas_line(o->canvas, to.x, to.y);
}

static void come_back(struct outline *o, bool is_curve, struct point control, struct point to)
{
    struct piece piece = {is_curve, control, to};
    g_array_append_val(o->back, piece);
}

static double head_length(const struct outline *o, bool is_source)
{
    return 3 * fmax(0, style_number(o->style, is_source ? "startSize" : "endSize", 6)) + o->line;
}

static bool has_head(const struct outline *o, bool is_source)
{
    return !o->is_open && style_get(o->style, is_source ? "startArrow" : "endArrow") != NULL;
}

/* The head at a tip, `inwards` being the direction of the arrow's body: five corners from its right to its left. */
static void list_head(const struct outline *o, bool is_source, struct point tip, struct point inwards, struct point corners[5])
{
    double breadth = o->width + style_number(o->style, is_source ? "startWidth" : "endWidth", HEAD_WIDTH) + o->line;
    double base = o->line / 2 + head_length(o, is_source);
    corners[0] = beside(tip, inwards, base, -o->width / 2);
    corners[1] = beside(tip, inwards, base, -breadth / 2);
    corners[2] = beside(tip, inwards, o->line / 2, 0);
    corners[3] = beside(tip, inwards, base, breadth / 2);
    corners[4] = beside(tip, inwards, base, o->width / 2);
}

static void begin_outline(struct outline *o, struct point direction)
{
    struct point tip = o->points[0], corners[5];
    double inset = o->is_open ? 0 : o->line / 2;
    struct point left = beside(tip, direction, inset, o->width / 2), right = beside(tip, direction, inset, -o->width / 2);
    if (has_head(o, true)) {
        list_head(o, true, tip, direction, corners);
        canvas_move(o->canvas, corners[0].x, corners[0].y);
        for (int i = 1; i < 5; i++)
            line_to(o, corners[i]);
    } else if (o->is_open) {
        canvas_move(o->canvas, left.x, left.y);
        come_back(o, false, right, right);
    } else {
        canvas_move(o->canvas, right.x, right.y);
        line_to(o, left);
    }
}

/* Both sides of a corner; `before` and `after` are the directions there. */
static void turn(struct outline *o, struct point corner, struct point before, struct point after)
{
    struct point middle = unit((struct point){0, 0}, (struct point){before.x + after.x, before.y + after.y});
    double cosine = sqrt(fmax(0, (before.x * after.x + before.y * after.y + 1) / 2)), cross = before.x * after.y - before.y * after.x;
    bool is_round = o->is_rounded && cross != 0;
    double half = o->width / 2 / fmax(cosine, is_round ? LEAST_ROUND_COSINE : LEAST_COSINE);
    struct point left = beside(corner, middle, 0, half), right = beside(corner, middle, 0, -half);
    if (is_round && cross > 0) { /* to the right: the left side is the long one */
        line_to(o, beside(right, before, 0, o->width));
        struct point to = beside(right, after, 0, o->width);
        canvas_quad(o->canvas, left.x, left.y, to.x, to.y);
        come_back(o, false, right, right);
    } else if (is_round) {
        line_to(o, left);
        come_back(o, true, right, beside(left, before, 0, -o->width));
        come_back(o, false, right, beside(left, after, 0, -o->width));
    } else {
        line_to(o, left);
        come_back(o, false, right, right);
    }
}

static void end_outline(struct outline *o, struct point direction)
{
    struct point tip = o->points[o->n - 1], corners[5];
    double inset = o->is_open ? 0 : -o->line / 2;
    struct point left = beside(tip, direction, inset, o->width / 2), right = beside(tip, direction, inset, -o->width / 2);
    if (has_head(o, false)) {
        list_head(o, false, tip, (struct point){-direction.x, -direction.y}, corners);
        for (int i = 0; i < 5; i++)
            line_to(o, corners[i]);
        return;
    }
    line_to(o, left);
    if (o->is_open)
        canvas_move(o->canvas, right.x, right.y);
    else
        line_to(o, right);
}

static void paint_outline(struct outline *o)
{
    struct point direction = unit(o->points[0], o->points[1]);
    if (direction.x == 0 && direction.y == 0)
        return;
    canvas_begin(o->canvas);
    begin_outline(o, direction);
    for (guint i = 1; i + 1 < o->n; i++) {
        struct point after = unit(o->points[i], o->points[i + 1]);
        if ((after.x == 0 && after.y == 0) || (after.x == -direction.x && after.y == -direction.y))
            continue;
        turn(o, o->points[i], direction, after);
        direction = after;
    }
    end_outline(o, direction);
    for (guint i = o->back->len; i-- > 0;) {
        const struct piece *piece = &g_array_index(o->back, struct piece, i);
        if (piece->is_curve)
            canvas_quad(o->canvas, piece->control.x, piece->control.y, piece->to.x, piece->to.y);
        else
            line_to(o, piece->to);
    }
    if (o->is_open)
        canvas_stroke(o->canvas);
    else {
        canvas_close(o->canvas);
        canvas_fill_and_stroke(o->canvas);
    }
}

/* One straight piece from end to end, whatever lies between. */
static void paint_old_arrow(struct canvas *canvas, const struct point *points, guint n)
{
    struct point from = points[0], to = points[n - 1], d = unit(from, to);
    double half = OLD_WIDTH / 6.0, neck = point_distance(from, to) - OLD_WIDTH;
    struct point corners[] = {
        beside(from, d, 0, -half),        beside(from, d, 0, half),    beside(from, d, neck, half), beside(from, d, neck, 3 * half), to,
        beside(from, d, neck, -3 * half), beside(from, d, neck, -half)};
    canvas_begin(canvas);
    canvas_polyline(canvas, corners, G_N_ELEMENTS(corners), 0, true);
    canvas_fill_and_stroke(canvas);
}

bool arrow_is_known(const struct style *style)
{
    return style_is(style, "shape", "arrow") || style_is(style, "shape", "flexArrow") || style_is(style, "shape", "link");
}

void arrow_paint(struct canvas *canvas, const struct style *style, const GArray *points)
{
    double line = canvas->state.stroke.width;
    bool is_link = style_is(style, "shape", "link"), is_rounded = style_flag(style, "rounded", false);
    struct outline outline = {.canvas = canvas,
                              .style = style,
                              .points = (const struct point *)points->data,
                              .n = points->len,
                              .width = fmax(0, style_number(style, "width", is_link ? LINK_WIDTH : ARROW_WIDTH)) + fmax(0, line - 1),
                              .line = line,
                              .is_open = is_link,
                              .is_rounded = is_rounded};
    if (style_is(style, "shape", "arrow")) {
        paint_old_arrow(canvas, outline.points, outline.n);
        return;
    }
    outline.back = g_array_new(FALSE, FALSE, sizeof(struct piece));
    canvas->state.stroke.is_round = is_rounded;
    paint_outline(&outline);
    g_array_unref(outline.back);
}

double arrow_reach(const struct style *style)
{
    double line = fmax(0, style_line_width(style));
    return style_is(style, "shape", "arrow") ? OLD_WIDTH / 2.0 + line : -1;
}
