#include "diagram/drawio/canvas.h"

#include <string.h>

#include "diagram/drawio/image.h"
#include "diagram/drawio/label.h"

#define MAX_OPS 500000
#define MAX_SEGMENTS 5000000
#define CIRCLE 0.5522847498 /* length of the handles of a quarter circle of radius 1 */

static const struct matrix identity = {1, 0, 0, 1, 0, 0};
#define SHADOW_OPACITY 0.25
static const struct color shadow_color = {0, 0, 0, 1};

struct point matrix_apply(const struct matrix *m, struct point p)
{
    return (struct point){m->xx * p.x + m->xy * p.y + m->x0, m->yx * p.x + m->yy * p.y + m->y0};
}

struct rect matrix_apply_rect(const struct matrix *m, struct rect r)
{
    struct rect joined = RECT_EMPTY;
    if (r.width < 0)
        return r;
    for (int i = 0; i < 4; i++) {
        struct point p = matrix_apply(m, (struct point){r.x + (i & 1) * r.width, r.y + (i >> 1) * r.height});
        joined = rect_join(joined, (struct rect){p.x, p.y, 0, 0});
    }
    return joined;
}

/* First `first`, then `then`. */
static struct matrix multiply(const struct matrix *first, const struct matrix *then)
{
    return (struct matrix){
        then->xx * first->xx + then->xy * first->yx,
        then->yx * first->xx + then->yy * first->yx,
        then->xx * first->xy + then->xy * first->yy,
        then->yx * first->xy + then->yy * first->yy,
        then->xx * first->x0 + then->xy * first->y0 + then->x0,
        then->yx * first->x0 + then->yy * first->y0 + then->y0,
    };
}

struct canvas *canvas_new(void)
{
    struct canvas *canvas = g_new0(struct canvas, 1);
    canvas->ops = g_array_new(FALSE, TRUE, sizeof(struct op));
    canvas->segments = g_array_new(FALSE, FALSE, sizeof(struct segment));
    canvas->labels = g_ptr_array_new_with_free_func((GDestroyNotify)label_free);
    canvas->images = g_ptr_array_new_with_free_func((GDestroyNotify)picture_image_free);
    canvas->saved = g_array_new(FALSE, FALSE, sizeof(struct canvas_state));
    canvas_reset(canvas);
    canvas_start_bounds(canvas);
    return canvas;
}

void canvas_free(struct canvas *canvas)
{
    if (canvas == NULL)
        return;
    g_array_unref(canvas->ops);
    g_array_unref(canvas->segments);
    g_ptr_array_unref(canvas->labels);
    g_ptr_array_unref(canvas->images);
    g_array_unref(canvas->saved);
    g_free(canvas);
}

void canvas_save(struct canvas *canvas)
{
    g_array_append_val(canvas->saved, canvas->state);
}

void canvas_restore(struct canvas *canvas)
{
    if (canvas->saved->len == 0)
        return;
    canvas->state = g_array_index(canvas->saved, struct canvas_state, canvas->saved->len - 1);
    g_array_set_size(canvas->saved, canvas->saved->len - 1);
}

void canvas_reset(struct canvas *canvas)
{
    canvas->state = (struct canvas_state){.matrix = identity, .opacity = 1, .fill_opacity = 1, .stroke_opacity = 1};
    canvas->state.stroke = (struct stroke){.is_set = true, .color = {0, 0, 0, 1}, .width = 1};
}

void canvas_translate(struct canvas *canvas, double x, double y)
{
    struct matrix move = {1, 0, 0, 1, x, y};
    canvas->state.matrix = multiply(&move, &canvas->state.matrix);
}

void canvas_turn(struct canvas *canvas, double degrees, bool flip_h, bool flip_v, struct point center)
{
    double c = cos(degrees * G_PI / 180), s = sin(degrees * G_PI / 180);
    struct matrix turn = {c, s, -s, c, 0, 0}, flip = {flip_h ? -1 : 1, 0, 0, flip_v ? -1 : 1, 0, 0};
    if (degrees == 0 && !flip_h && !flip_v)
        return;
    canvas_translate(canvas, center.x, center.y);
    canvas->state.matrix = multiply(&turn, &canvas->state.matrix);
    canvas->state.matrix = multiply(&flip, &canvas->state.matrix);
    canvas_translate(canvas, -center.x, -center.y);
}

void canvas_set_dashes(struct canvas *canvas, const double *dashes, unsigned n, double factor)
{
    struct stroke *stroke = &canvas->state.stroke;
    double sum = 0;
    stroke->n_dashes = MIN(n, MAX_DASHES);
    for (unsigned i = 0; i < stroke->n_dashes; i++) {
        stroke->dashes[i] = fmax(dashes[i] * factor, 0);
        sum += stroke->dashes[i];
    }
    if (sum < 0.01 || !isfinite(sum))
        stroke->n_dashes = 0;
}

void canvas_begin(struct canvas *canvas)
{
    canvas->path_start = canvas->segments->len;
    canvas->path_bounds = RECT_EMPTY;
}

/* The original measures curves by their control points. */
static void cover(struct canvas *canvas, double x, double y)
{
    canvas->path_bounds = rect_join(canvas->path_bounds, (struct rect){x, y, 0, 0});
}

static void add_segment(struct canvas *canvas, struct segment segment, struct point end)
{
    if (segment.kind != SEGMENT_CLOSE)
        cover(canvas, end.x, end.y);
    canvas->current = end;
    if (canvas->segments->len < MAX_SEGMENTS)
        g_array_append_val(canvas->segments, segment);
}

void canvas_move(struct canvas *canvas, double x, double y)
{
    add_segment(canvas, (struct segment){SEGMENT_MOVE, {{x, y}}}, (struct point){x, y});
}

void canvas_line(struct canvas *canvas, double x, double y)
{
    add_segment(canvas, (struct segment){SEGMENT_LINE, {{x, y}}}, (struct point){x, y});
}

static double on_curve(const double v[4], double t)
{
    double s = 1 - t;
    return s * s * s * v[0] + 3 * s * s * t * v[1] + 3 * s * t * t * v[2] + t * t * t * v[3];
}

/* Covers the points of a curve where the coordinate `of` (one of xs, ys) is greatest or least. */
static void cover_extrema(struct canvas *canvas, const double xs[4], const double ys[4], const double of[4])
{
    double a = of[3] - 3 * of[2] + 3 * of[1] - of[0], b = 2 * (of[2] - 2 * of[1] + of[0]), c = of[1] - of[0];
    double root = b * b - 4 * a * c, roots[2];
    if (root < 0 || (fabs(a) < 1e-12 && b == 0))
        return;
    roots[0] = fabs(a) < 1e-12 ? -c / b : (-b + sqrt(root)) / (2 * a);
    roots[1] = fabs(a) < 1e-12 ? -c / b : (-b - sqrt(root)) / (2 * a);
    for (int i = 0; i < 2; i++)
        if (roots[i] > 0 && roots[i] < 1)
            cover(canvas, on_curve(xs, roots[i]), on_curve(ys, roots[i]));
}

void canvas_quad(struct canvas *canvas, double x1, double y1, double x, double y)
{
    struct point from = canvas->current;
    canvas_curve(canvas, from.x + (x1 - from.x) * 2 / 3, from.y + (y1 - from.y) * 2 / 3, x + (x1 - x) * 2 / 3, y + (y1 - y) * 2 / 3, x, y);
}

void canvas_curve(struct canvas *canvas, double x1, double y1, double x2, double y2, double x, double y)
{
    struct point p = canvas->current;
    double xs[] = {p.x, x1, x2, x}, ys[] = {p.y, y1, y2, y};
    cover_extrema(canvas, xs, ys, xs);
    cover_extrema(canvas, xs, ys, ys);
    add_segment(canvas, (struct segment){SEGMENT_CURVE, {{x1, y1}, {x2, y2}, {x, y}}}, (struct point){x, y});
}

/* A piece of at most a quarter of an ellipse, between two angles of its own frame. */
static void arc_piece(struct canvas *canvas, struct point center, double rx, double ry, double tilt, double from, double to)
{
    double handle = 4.0 / 3 * tan((to - from) / 4), c = cos(tilt), s = sin(tilt);
    struct point unit[3] = {{cos(from) - handle * sin(from), sin(from) + handle * cos(from)},
                            {cos(to) + handle * sin(to), sin(to) - handle * cos(to)},
                            {cos(to), sin(to)}};
    struct point p[3];
    for (int i = 0; i < 3; i++) {
        double x = unit[i].x * rx, y = unit[i].y * ry;
        p[i] = (struct point){center.x + x * c - y * s, center.y + x * s + y * c};
    }
    canvas_curve(canvas, p[0].x, p[0].y, p[1].x, p[1].y, p[2].x, p[2].y);
}

/* From end points to the centre, as the implementation notes of SVG 1.1 (F.6.5) describe. */
void canvas_arc(struct canvas *canvas, double rx, double ry, double degrees, bool is_large, bool is_clockwise, double x, double y)
{
    double tilt = degrees * G_PI / 180, c = cos(tilt), s = sin(tilt);
    struct point from = canvas->current;
    double dx = (from.x - x) / 2, dy = (from.y - y) / 2, x1 = c * dx + s * dy, y1 = -s * dx + c * dy;
    rx = fabs(rx);
    ry = fabs(ry);
    if (rx < 1e-9 || ry < 1e-9 || (dx == 0 && dy == 0)) {
        canvas_line(canvas, x, y);
        return;
    }
    double excess = x1 * x1 / (rx * rx) + y1 * y1 / (ry * ry);
    if (excess > 1) {
        rx *= sqrt(excess);
        ry *= sqrt(excess);
    }
    double below = rx * rx * y1 * y1 + ry * ry * x1 * x1;
    double factor = sqrt(fmax(0, (rx * rx * ry * ry - below) / below)) * (is_large == is_clockwise ? -1 : 1);
    double cx1 = factor * rx * y1 / ry, cy1 = -factor * ry * x1 / rx;
    struct point center = {c * cx1 - s * cy1 + (from.x + x) / 2, s * cx1 + c * cy1 + (from.y + y) / 2};
    double start = atan2((y1 - cy1) / ry, (x1 - cx1) / rx), sweep = atan2((-y1 - cy1) / ry, (-x1 - cx1) / rx) - start;
    if (is_clockwise && sweep < 0)
        sweep += 2 * G_PI;
    if (!is_clockwise && sweep > 0)
        sweep -= 2 * G_PI;
    int n = CLAMP((int)ceil(fabs(sweep) / (G_PI / 2) - 1e-9), 1, 4);
    for (int i = 0; i < n; i++)
        arc_piece(canvas, center, rx, ry, tilt, start + sweep * i / n, start + sweep * (i + 1) / n);
}

void canvas_close(struct canvas *canvas)
{
    add_segment(canvas, (struct segment){.kind = SEGMENT_CLOSE}, canvas->current);
}

void canvas_rect(struct canvas *canvas, double x, double y, double width, double height)
{
    canvas_begin(canvas);
    canvas_move(canvas, x, y);
    canvas_line(canvas, x + width, y);
    canvas_line(canvas, x + width, y + height);
    canvas_line(canvas, x, y + height);
    canvas_close(canvas);
}

void canvas_round_rect(struct canvas *canvas, double x, double y, double width, double height, double rx, double ry)
{
    rx = fmin(rx, width / 2);
    ry = fmin(ry, height / 2);
    double hx = rx * (1 - CIRCLE), hy = ry * (1 - CIRCLE), right = x + width, bottom = y + height;
    canvas_begin(canvas);
    canvas_move(canvas, x + rx, y);
    canvas_line(canvas, right - rx, y);
    canvas_curve(canvas, right - hx, y, right, y + hy, right, y + ry);
    canvas_line(canvas, right, bottom - ry);
    canvas_curve(canvas, right, bottom - hy, right - hx, bottom, right - rx, bottom);
    canvas_line(canvas, x + rx, bottom);
    canvas_curve(canvas, x + hx, bottom, x, bottom - hy, x, bottom - ry);
    canvas_line(canvas, x, y + ry);
    canvas_curve(canvas, x, y + hy, x + hx, y, x + rx, y);
    canvas_close(canvas);
}

/* Begins at the right, where SVG says that dashes begin. */
void canvas_ellipse(struct canvas *canvas, double x, double y, double width, double height)
{
    double rx = width / 2, ry = height / 2, cx = x + rx, cy = y + ry, hx = rx * CIRCLE, hy = ry * CIRCLE;
    canvas_begin(canvas);
    canvas_move(canvas, x + width, cy);
    canvas_curve(canvas, x + width, cy + hy, cx + hx, y + height, cx, y + height);
    canvas_curve(canvas, cx - hx, y + height, x, cy + hy, x, cy);
    canvas_curve(canvas, x, cy - hy, cx - hx, y, cx, y);
    canvas_curve(canvas, cx + hx, y, x + width, cy - hy, x + width, cy);
    canvas_close(canvas);
}

static struct point toward(struct point from, struct point to, double distance)
{
    double length = point_distance(from, to);
    double share = length > 0 ? fmin(distance, length / 2) / length : 0;
    return (struct point){from.x + (to.x - from.x) * share, from.y + (to.y - from.y) * share};
}

/* Cuts each corner at most in the middle between it and where the corner before ended. */
void canvas_polyline_but(struct canvas *canvas, const struct point *points, unsigned n, double arc, bool is_closed, unsigned sharp)
{
    struct point last = points[n - 1], first = points[0];
    bool is_ring = is_closed && arc > 0;
    if (is_ring)
        first = (struct point){(last.x + first.x) / 2, (last.y + first.y) / 2}; /* no corner there */
    canvas_move(canvas, first.x, first.y);
    struct point from = first;
    for (unsigned i = is_ring ? 0 : 1; i < (is_ring ? n : n - 1); i++) {
        struct point corner = points[i];
        if (arc <= 0 || i == sharp || (from.x == corner.x && from.y == corner.y)) {
            canvas_line(canvas, corner.x, corner.y);
            from = corner;
            continue;
        }
        struct point before = toward(corner, from, arc);
        while (i + 2 < n && round(points[i + 1].x - corner.x) == 0 && round(points[i + 1].y - corner.y) == 0)
            i++;
        struct point after = toward(corner, i + 1 < n ? points[i + 1] : first, arc);
        canvas_line(canvas, before.x, before.y);
        canvas_quad(canvas, corner.x, corner.y, after.x, after.y);
        from = after;
    }
    if (is_closed && !is_ring)
        canvas_line(canvas, last.x, last.y);
    if (is_closed)
        canvas_close(canvas);
    else
        canvas_line(canvas, last.x, last.y);
}

void canvas_polyline(struct canvas *canvas, const struct point *points, unsigned n, double arc, bool is_closed)
{
    canvas_polyline_but(canvas, points, n, arc, is_closed, n);
}

static void add_op(struct canvas *canvas, const struct op *op)
{
    canvas->bounds = rect_join(canvas->bounds, matrix_apply_rect(&op->matrix, op->bounds));
    if (canvas->ops->len < MAX_OPS)
        g_array_append_val(canvas->ops, *op);
}

static void add_path(struct canvas *canvas, bool is_filled, bool is_stroked)
{
    struct canvas_state *state = &canvas->state;
    struct op op = {.kind = OP_PATH, .matrix = state->matrix, .opacity = 1};
    op.first = canvas->path_start;
    op.n = canvas->segments->len - canvas->path_start;
    op.bounds = canvas->path_bounds;
    if (is_filled)
        op.fill = state->fill;
    if (is_stroked)
        op.stroke = state->stroke;
    op.fill.from.alpha *= state->opacity * state->fill_opacity;
    op.fill.to.alpha *= state->opacity * state->fill_opacity;
    op.stroke.color.alpha *= state->opacity * state->stroke_opacity;
    if (state->has_shadow && (op.fill.is_set || op.stroke.is_set)) {
        struct op shadow = op;
        shadow.matrix.x0 += CANVAS_SHADOW_X;
        shadow.matrix.y0 += CANVAS_SHADOW_Y;
        shadow.fill.gradient = GRADIENT_NONE;
        shadow.fill.from = shadow.stroke.color = shadow_color;
        shadow.opacity = SHADOW_OPACITY;
        add_op(canvas, &shadow);
    }
    add_op(canvas, &op);
}

void canvas_fill(struct canvas *canvas)
{
    add_path(canvas, true, false);
}

void canvas_stroke(struct canvas *canvas)
{
    add_path(canvas, false, true);
}

void canvas_fill_and_stroke(struct canvas *canvas)
{
    add_path(canvas, true, true);
}

void canvas_label(struct canvas *canvas, struct label *label, double x, double y, const struct rect *clip)
{
    struct op op = {.kind = OP_LABEL, .matrix = canvas->state.matrix, .opacity = canvas->state.opacity, .label = label};
    struct rect box = label_bounds(label);
    op.bounds = (struct rect){x, y, box.width, box.height};
    op.is_clipped = clip != NULL;
    if (clip != NULL)
        op.clip = *clip;
    g_ptr_array_add(canvas->labels, label);
    add_op(canvas, &op);
}

void canvas_image(struct canvas *canvas, struct picture_image *image, struct rect rect)
{
    double opacity = canvas->state.opacity * canvas->state.fill_opacity;
    struct op op = {.kind = OP_IMAGE, .matrix = canvas->state.matrix, .opacity = opacity, .image = image, .bounds = rect};
    g_ptr_array_add(canvas->images, image);
    add_op(canvas, &op);
}

void canvas_start_bounds(struct canvas *canvas)
{
    canvas->bounds = RECT_EMPTY;
}
