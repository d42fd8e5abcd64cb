/* Shapes of flow charts and general diagrams. */
#include <string.h>

#include "diagram/drawio/shape.h"

static void paint_parallelogram(struct canvas *c, const struct shape *s)
{
    double w = s->width, h = s->height, d = shape_size(s, 0.2, 20, w, 1);
    shape_polygon(c, s, (struct point[]){{0, h}, {d, 0}, {w, 0}, {w - d, h}}, 4);
}

static void paint_trapezoid(struct canvas *c, const struct shape *s)
{
    double w = s->width, h = s->height, d = shape_size(s, 0.2, 20, w, 0.5);
    shape_polygon(c, s, (struct point[]){{0, h}, {d, 0}, {w - d, 0}, {w, h}}, 4);
}

static void paint_step(struct canvas *c, const struct shape *s)
{
    double w = s->width, h = s->height, d = shape_size(s, 0.2, 20, w, 1);
    shape_polygon(c, s, (struct point[]){{0, 0}, {w - d, 0}, {w, h / 2}, {w - d, h}, {0, h}, {d, h / 2}}, 6);
}

static void paint_card(struct canvas *c, const struct shape *s)
{
    double w = s->width, h = s->height, d = shape_length(s, "size", 30, fmin(w, h));
    shape_polygon(c, s, (struct point[]){{d, 0}, {w, 0}, {w, h}, {0, h}, {0, d}}, 5);
}

static void paint_manual_input(struct canvas *c, const struct shape *s)
{
    double w = s->width, h = s->height, d = shape_length(s, "size", 30, h);
    shape_polygon(c, s, (struct point[]){{0, h}, {0, d}, {w, 0}, {w, h}}, 4);
}

static void paint_loop_limit(struct canvas *c, const struct shape *s)
{
    double w = s->width, h = s->height, d = shape_length(s, "size", 20, fmin(w / 2, h));
    shape_polygon(c, s, (struct point[]){{d, 0}, {w - d, 0}, {w, d * 0.8}, {w, h}, {0, h}, {0, d * 0.8}}, 6);
}

static void paint_off_page_connector(struct canvas *c, const struct shape *s)
{
    double w = s->width, h = s->height, d = h * shape_length(s, "size", 0.375, 1);
    shape_polygon(c, s, (struct point[]){{0, 0}, {w, 0}, {w, h - d}, {w / 2, h}, {0, h - d}}, 5);
}

static void paint_callout(struct canvas *c, const struct shape *s)
{
    double w = s->width, h = s->height, d = shape_length(s, "size", 30, h), base = shape_length(s, "base", 20, w);
    double from = w * shape_length(s, "position", 0.5, 1), tip = w * shape_length(s, "position2", 0.5, 1);
    double x = s->x, y = s->y;
    struct point corners[] = {
        {x, y},        {x + w, y}, {x + w, y + h - d}, {x + fmin(w, from + base), y + h - d}, {x + tip, y + h}, {x + from, y + h - d},
        {x, y + h - d}};
    canvas_begin(c);
    canvas_polyline_but(c, corners, G_N_ELEMENTS(corners), shape_arc(s), true, 4);
    canvas_fill_and_stroke(c);
}

static struct rect callout_margins(const struct shape *s)
{
    return (struct rect){0, 0, 0, shape_length(s, "size", 30, s->height)};
}

static void paint_single_arrow(struct canvas *c, const struct shape *s)
{
    double w = s->width, h = s->height, shaft = h * shape_length(s, "arrowWidth", 0.3, 1), head = w * shape_length(s, "arrowSize", 0.2, 1);
    double top = (h - shaft) / 2, bottom = top + shaft;
    shape_polygon(
        c, s, (struct point[]){{0, top}, {w - head, top}, {w - head, 0}, {w, h / 2}, {w - head, h}, {w - head, bottom}, {0, bottom}}, 7);
}

static void paint_double_arrow(struct canvas *c, const struct shape *s)
{
    double w = s->width, h = s->height, shaft = h * shape_length(s, "arrowWidth", 0.3, 1), d = w * shape_length(s, "arrowSize", 0.2, 0.5);
    double top = (h - shaft) / 2, bottom = top + shaft;
    struct point corners[] = {{0, h / 2}, {d, 0},     {d, top},        {w - d, top}, {w - d, 0},
                              {w, h / 2}, {w - d, h}, {w - d, bottom}, {d, bottom},  {d, h}};
    shape_polygon(c, s, corners, G_N_ELEMENTS(corners));
}

static void paint_cross(struct canvas *c, const struct shape *s)
{
    double w = s->width, h = s->height, d = fmin(w, h) * shape_length(s, "size", 0.2, 1);
    double t = (h - d) / 2, b = t + d, l = (w - d) / 2, r = l + d;
    struct point corners[] = {{0, t}, {l, t}, {l, 0}, {r, 0}, {r, t}, {w, t}, {w, b}, {r, b}, {r, h}, {l, h}, {l, b}, {0, b}};
    for (unsigned i = 0; i < G_N_ELEMENTS(corners); i++)
        corners[i] = (struct point){s->x + corners[i].x, s->y + corners[i].y};
    canvas_begin(c);
    canvas_polyline(c, corners, G_N_ELEMENTS(corners), 0, true); /* never rounded */
    canvas_fill_and_stroke(c);
}

static void paint_corner(struct canvas *c, const struct shape *s)
{
    double w = s->width, h = s->height, dx = shape_length(s, "dx", 20, w), dy = shape_length(s, "dy", 20, h);
    shape_polygon(c, s, (struct point[]){{0, 0}, {w, 0}, {w, dy}, {dx, dy}, {dx, h}, {0, h}}, 6);
}

static void paint_tee(struct canvas *c, const struct shape *s)
{
    double w = s->width, h = s->height, dx = shape_length(s, "dx", 20, w), dy = shape_length(s, "dy", 20, h);
    double l = (w - dx) / 2, r = l + dx;
    shape_polygon(c, s, (struct point[]){{0, 0}, {w, 0}, {w, dy}, {r, dy}, {r, h}, {l, h}, {l, dy}, {0, dy}}, 8);
}

/* A sheet with a folded corner; darkOpacity shades the fold. */
static void paint_note(struct canvas *c, const struct shape *s)
{
    double x = s->x, y = s->y, w = s->width, h = s->height, d = shape_length(s, "size", 30, fmin(w, h));
    double dark = style_number(s->style, "darkOpacity", 0);
    canvas_begin(c);
    canvas_polyline(c, (struct point[]){{x, y}, {x + w - d, y}, {x + w, y + d}, {x + w, y + h}, {x, y + h}}, 5, 0, true);
    canvas_fill_and_stroke(c);
    c->state.has_shadow = false;
    struct point fold[] = {{x + w - d, y}, {x + w - d, y + d}, {x + w, y + d}};
    if (dark != 0) {
        double shade = dark < 0 ? 1 : 0;
        canvas_save(c);
        c->state.fill = (struct fill){.is_set = true, .from = {shade, shade, shade, fmin(fabs(dark), 1)}};
        canvas_begin(c);
        canvas_polyline(c, fold, 3, 0, true);
        canvas_fill(c);
        canvas_restore(c);
    }
    canvas_begin(c);
    canvas_polyline(c, fold, 3, 0, false);
    canvas_stroke(c);
}

static struct rect note2_margins(const struct shape *s)
{
    double size = style_flag(s->style, "boundedLbl", false) ? fmax(0, style_number(s->style, "size", 15)) : 0;
    return (struct rect){0, fmin(size, s->height), 0, size};
}

/* Upright tube; `lid` draws its top as a disc. */
static void paint_tube(struct canvas *c, const struct shape *s, double d, bool has_lid)
{
    double x = s->x, y = s->y, w = s->width, h = s->height, r = w / 2;
    canvas_begin(c);
    canvas_move(c, x, has_lid ? y + d : y);
    canvas_arc(c, r, d, 0, false, has_lid, x + r, has_lid ? y : y + d);
    canvas_arc(c, r, d, 0, false, has_lid, x + w, has_lid ? y + d : y);
    canvas_line(c, x + w, y + h - d);
    canvas_arc(c, r, d, 0, false, true, x + r, y + h);
    canvas_arc(c, r, d, 0, false, true, x, y + h - d);
    canvas_close(c);
    canvas_fill_and_stroke(c);
    c->state.has_shadow = false;
    if (!has_lid)
        return;
    canvas_begin(c);
    canvas_move(c, x + w, y + d);
    canvas_arc(c, r, d, 0, false, true, x + r, y + 2 * d);
    canvas_arc(c, r, d, 0, false, true, x, y + d);
    canvas_stroke(c);
}

static void paint_cylinder3(struct canvas *c, const struct shape *s)
{
    paint_tube(c, s, shape_length(s, "size", 15, s->height / 2), style_flag(s->style, "lid", true));
}

static struct rect cylinder3_margins(const struct shape *s)
{
    double d = style_number(s->style, "size", 15) * (style_flag(s->style, "lid", true) ? 1 : 0.5);
    if (!style_flag(s->style, "boundedLbl", false))
        return (struct rect){0, 0, 0, 0};
    return (struct rect){0, fmin(s->height, d * 2), 0, fmax(0, d * 0.3)};
}

static double process_inset(const struct shape *s)
{
    double inset = shape_size(s, 0.1, 15, s->width, 0.5);
    if (style_flag(s->style, "rounded", false))
        inset = fmax(inset, fmin(s->width, s->height) * style_number(s->style, "arcSize", 15) / 100);
    return round(inset);
}

static void paint_process(struct canvas *c, const struct shape *s)
{
    double inset = process_inset(s);
    shape_rectangle(c, s, 0, 0, s->width, s->height);
    shape_line(c, s, inset, 0, inset, s->height);
    shape_line(c, s, s->width - inset, 0, s->width - inset, s->height);
}

/* The label keeps off the inner lines only where they run along its lines. */
static struct rect process_margins(const struct shape *s)
{
    double turn = style_turn(s->style);
    bool is_turned = turn == 90 || turn == 270, is_sideways = !style_flag(s->style, "horizontal", true);
    if (is_turned != is_sideways)
        return (struct rect){0, 0, 0, 0};
    struct shape seen = *s;
    seen.width = is_sideways ? s->height : s->width;
    seen.height = is_sideways ? s->width : s->height;
    double inset = round(seen.width * shape_length(s, "size", 0.1, 1));
    if (style_flag(s->style, "rounded", false))
        inset = fmax(inset, round(fmin(s->width, s->height) * style_number(s->style, "arcSize", 15) / 100));
    return is_sideways ? (struct rect){0, inset, 0, inset} : (struct rect){inset, 0, inset, 0};
}

static void paint_internal_storage(struct canvas *c, const struct shape *s)
{
    double dx = shape_length(s, "dx", 20, s->width), dy = shape_length(s, "dy", 20, s->height);
    shape_rectangle(c, s, 0, 0, s->width, s->height);
    shape_line(c, s, 0, dy, s->width, dy);
    shape_line(c, s, dx, 0, dx, s->height);
}

static void paint_tape(struct canvas *c, const struct shape *s)
{
    double x = s->x, y = s->y, w = s->width, h = s->height, d = h * shape_length(s, "size", 0.4, 1);
    canvas_begin(c);
    canvas_move(c, x, y + d / 2);
    canvas_quad(c, x + w / 4, y + d * 1.4, x + w / 2, y + d / 2);
    canvas_quad(c, x + w * 3 / 4, y - d * 0.4, x + w, y + d / 2);
    canvas_line(c, x + w, y + h - d / 2);
    canvas_quad(c, x + w * 3 / 4, y + h - d * 1.4, x + w / 2, y + h - d / 2);
    canvas_quad(c, x + w / 4, y + h + d * 0.4, x, y + h - d / 2);
    canvas_close(c);
    canvas_fill_and_stroke(c);
}

static struct rect tape_margins(const struct shape *s)
{
    double turn = style_turn(s->style), size = shape_length(s, "size", 0.4, 1);
    if (!style_flag(s->style, "boundedLbl", false))
        return (struct rect){0, 0, 0, 0};
    if (turn == 90 || turn == 270)
        return (struct rect){s->width * size, 0, s->width * size, 0};
    return (struct rect){0, s->height * size, 0, s->height * size};
}

static void paint_document(struct canvas *c, const struct shape *s)
{
    double x = s->x, y = s->y, w = s->width, h = s->height, d = h * shape_length(s, "size", 0.3, 1);
    canvas_begin(c);
    canvas_move(c, x, y);
    canvas_line(c, x + w, y);
    canvas_line(c, x + w, y + h - d / 2);
    canvas_quad(c, x + w * 3 / 4, y + h - d * 1.4, x + w / 2, y + h - d / 2);
    canvas_quad(c, x + w / 4, y + h + d * 0.4, x, y + h - d / 2);
    canvas_close(c);
    canvas_fill_and_stroke(c);
}

static struct rect document_margins(const struct shape *s)
{
    return (struct rect){0, 0, 0, style_flag(s->style, "boundedLbl", false) ? s->height * shape_length(s, "size", 0.3, 1) : 0};
}

static void paint_delay(struct canvas *c, const struct shape *s)
{
    double x = s->x, y = s->y, w = s->width, h = s->height, d = fmin(w, h / 2);
    canvas_begin(c);
    canvas_move(c, x, y);
    canvas_line(c, x + w - d, y);
    canvas_quad(c, x + w, y, x + w, y + h / 2);
    canvas_quad(c, x + w, y + h, x + w - d, y + h);
    canvas_line(c, x, y + h);
    canvas_close(c);
    canvas_fill_and_stroke(c);
}

static void paint_data_storage(struct canvas *c, const struct shape *s)
{
    double x = s->x, y = s->y, w = s->width, h = s->height, d = shape_size(s, 0.1, 20, w, 1);
    canvas_begin(c);
    canvas_move(c, x + d, y);
    canvas_line(c, x + w, y);
    canvas_quad(c, x + w - 2 * d, y + h / 2, x + w, y + h);
    canvas_line(c, x + d, y + h);
    canvas_quad(c, x - d, y + h / 2, x + d, y);
    canvas_close(c);
    canvas_fill_and_stroke(c);
}

static void paint_display(struct canvas *c, const struct shape *s)
{
    double x = s->x, y = s->y, w = s->width, h = s->height, d = fmin(w, h / 2), tip = fmin(w - d, w * shape_length(s, "size", 0.25, 1));
    canvas_begin(c);
    canvas_move(c, x, y + h / 2);
    canvas_line(c, x + tip, y);
    canvas_line(c, x + w - d, y);
    canvas_quad(c, x + w, y, x + w, y + h / 2);
    canvas_quad(c, x + w, y + h, x + w - d, y + h);
    canvas_line(c, x + tip, y + h);
    canvas_close(c);
    canvas_fill_and_stroke(c);
}

static void paint_cube(struct canvas *c, const struct shape *s)
{
    double x = s->x, y = s->y, w = s->width, h = s->height, d = shape_length(s, "size", 20, fmin(w, h));
    static const char *const keys[] = {"darkOpacity", "darkOpacity2"};
    struct point faces[2][4] = {{{x, y}, {x + w - d, y}, {x + w, y + d}, {x + d, y + d}},
                                {{x, y}, {x + d, y + d}, {x + d, y + h}, {x, y + h - d}}};
    struct point outline[] = {{x, y}, {x + w - d, y}, {x + w, y + d}, {x + w, y + h}, {x + d, y + h}, {x, y + h - d}};
    canvas_begin(c);
    canvas_polyline(c, outline, G_N_ELEMENTS(outline), 0, true);
    canvas_fill_and_stroke(c);
    c->state.has_shadow = false;
    for (int i = 0; i < 2; i++) {
        double dark = CLAMP(style_number(s->style, keys[i], 0), -1, 1), shade = dark < 0 ? 1 : 0;
        if (dark == 0)
            continue;
        canvas_save(c);
        c->state.fill = (struct fill){.is_set = true, .from = {shade, shade, shade, fabs(dark)}};
        canvas_begin(c);
        canvas_polyline(c, faces[i], 4, 0, true);
        canvas_fill(c);
        canvas_restore(c);
    }
    canvas_begin(c);
    canvas_move(c, x + d, y + h);
    canvas_line(c, x + d, y + d);
    canvas_line(c, x, y);
    canvas_move(c, x + d, y + d);
    canvas_line(c, x + w, y + d);
    canvas_stroke(c);
}

static struct rect cube_margins(const struct shape *s)
{
    double d = style_flag(s->style, "boundedLbl", false) ? style_number(s->style, "size", 20) : 0;
    return (struct rect){d, d, 0, 0};
}

static void paint_or_ellipse(struct canvas *c, const struct shape *s)
{
    canvas_ellipse(c, s->x, s->y, s->width, s->height);
    canvas_fill_and_stroke(c);
    shape_line(c, s, 0, s->height / 2, s->width, s->height / 2);
    shape_line(c, s, s->width / 2, 0, s->width / 2, s->height);
}

static void paint_sum_ellipse(struct canvas *c, const struct shape *s)
{
    double near = 0.145, far = 1 - near, w = s->width, h = s->height;
    canvas_ellipse(c, s->x, s->y, w, h);
    canvas_fill_and_stroke(c);
    shape_line(c, s, w * near, h * near, w * far, h * far);
    shape_line(c, s, w * far, h * near, w * near, h * far);
}

static void paint_line_ellipse(struct canvas *c, const struct shape *s)
{
    canvas_ellipse(c, s->x, s->y, s->width, s->height);
    canvas_fill_and_stroke(c);
    if (style_is(s->style, "line", "vertical"))
        shape_line(c, s, s->width / 2, 0, s->width / 2, s->height);
    else
        shape_line(c, s, 0, s->height / 2, s->width, s->height / 2);
}

static void paint_message(struct canvas *c, const struct shape *s)
{
    canvas_rect(c, s->x, s->y, s->width, s->height); /* never rounded */
    canvas_fill_and_stroke(c);
    c->state.has_shadow = false;
    canvas_begin(c);
    canvas_move(c, s->x, s->y);
    canvas_line(c, s->x + s->width / 2, s->y + s->height / 2);
    canvas_line(c, s->x + s->width, s->y);
    canvas_stroke(c);
}

static void paint_curly_bracket(struct canvas *c, const struct shape *s)
{
    double x = s->x, y = s->y, w = s->width, h = s->height, d = w * shape_length(s, "size", 0.5, 1);
    struct point points[] = {{x + w, y},         {x + d, y},     {x + d, y + h / 2}, {x, y + h / 2},
                             {x + d, y + h / 2}, {x + d, y + h}, {x + w, y + h}};
    canvas_begin(c);
    canvas_polyline(c, points, G_N_ELEMENTS(points), shape_arc(s), false);
    canvas_stroke(c);
}

static void paint_waypoint(struct canvas *c, const struct shape *s)
{
    double d = fmax(0, style_number(s->style, "size", 6) - 2) + 2 * c->state.stroke.width;
    c->state.fill = (struct fill){.is_set = c->state.stroke.is_set, .from = c->state.stroke.color};
    canvas_ellipse(c, s->x + (s->width - d) / 2, s->y + (s->height - d) / 2, d, d);
    canvas_fill(c);
}

static void paint_datastore(struct canvas *c, const struct shape *s)
{
    double x = s->x, y = s->y, w = s->width, h = s->height, d = fmin(h / 2, round(h / 8) + c->state.stroke.width - 1);
    canvas_begin(c);
    canvas_move(c, x, y + d);
    canvas_curve(c, x, y - d / 3, x + w, y - d / 3, x + w, y + d);
    canvas_line(c, x + w, y + h - d);
    canvas_curve(c, x + w, y + h + d / 3, x, y + h + d / 3, x, y + h - d);
    canvas_close(c);
    canvas_fill_and_stroke(c);
    c->state.has_shadow = false;
    for (int i = 0; i < 3; i++) {
        double at = y + d + i * d / 2;
        canvas_begin(c);
        canvas_move(c, x, at);
        canvas_curve(c, x, at + d, x + w, at + d, x + w, at);
        canvas_stroke(c);
    }
}

static struct rect datastore_margins(const struct shape *s)
{
    double d = fmin(s->height / 2, round(s->height / 8) + style_line_width(s->style) - 1);
    return (struct rect){0, 2.5 * d, 0, 0};
}

const struct shape_kind shape_core_kinds[] = {
    {"callout", paint_callout, callout_margins},
    {"card", paint_card, NULL},
    {"corner", paint_corner, NULL},
    {"cross", paint_cross, NULL},
    {"cube", paint_cube, cube_margins},
    {"curlyBracket", paint_curly_bracket, NULL},
    {"cylinder2", paint_cylinder3, NULL},
    {"cylinder3", paint_cylinder3, cylinder3_margins},
    {"dataStorage", paint_data_storage, NULL},
    {"datastore", paint_datastore, datastore_margins},
    {"delay", paint_delay, NULL},
    {"display", paint_display, NULL},
    {"document", paint_document, document_margins},
    {"doubleArrow", paint_double_arrow, NULL},
    {"internalStorage", paint_internal_storage, NULL},
    {"lineEllipse", paint_line_ellipse, NULL},
    {"loopLimit", paint_loop_limit, NULL},
    {"manualInput", paint_manual_input, NULL},
    {"message", paint_message, shape_lid_margins},
    {"note", paint_note, shape_lid_margins},
    {"note2", paint_note, note2_margins},
    {"offPageConnector", paint_off_page_connector, NULL},
    {"orEllipse", paint_or_ellipse, NULL},
    {"parallelogram", paint_parallelogram, NULL},
    {"process", paint_process, process_margins, true},
    {"process2", paint_process, process_margins, true},
    {"singleArrow", paint_single_arrow, NULL},
    {"step", paint_step, NULL},
    {"sumEllipse", paint_sum_ellipse, NULL},
    {"tape", paint_tape, tape_margins, true},
    {"tee", paint_tee, NULL},
    {"trapezoid", paint_trapezoid, NULL},
    {"waypoint", paint_waypoint, NULL},
    {NULL, NULL, NULL},
};
