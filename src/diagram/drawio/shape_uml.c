/* Shapes of UML diagrams. */
#include <string.h>

#include "diagram/drawio/shape.h"

static void paint_uml_actor(struct canvas *c, const struct shape *s)
{
    double x = s->x, y = s->y, w = s->width, h = s->height;
    canvas_ellipse(c, x + w / 4, y, w / 2, h / 4);
    canvas_fill_and_stroke(c);
    canvas_begin(c);
    canvas_move(c, x + w / 2, y + h / 4);
    canvas_line(c, x + w / 2, y + 2 * h / 3);
    canvas_move(c, x + w / 2, y + h / 3);
    canvas_line(c, x, y + h / 3);
    canvas_move(c, x + w / 2, y + h / 3);
    canvas_line(c, x + w, y + h / 3);
    canvas_move(c, x + w / 2, y + 2 * h / 3);
    canvas_line(c, x, y + h);
    canvas_move(c, x + w / 2, y + 2 * h / 3);
    canvas_line(c, x + w, y + h);
    canvas_stroke(c);
}

static void paint_uml_boundary(struct canvas *c, const struct shape *s)
{
    double x = s->x, y = s->y, w = s->width, h = s->height;
    shape_shadowed_line(c, s, 0, h / 4, 0, h * 3 / 4);
    shape_shadowed_line(c, s, 0, h / 2, w / 6, h / 2);
    canvas_ellipse(c, x + w / 6, y, w * 5 / 6, h);
    canvas_fill_and_stroke(c);
}

static struct rect uml_boundary_margins(const struct shape *s)
{
    return (struct rect){s->width / 6, 0, 0, 0};
}

static void paint_uml_entity(struct canvas *c, const struct shape *s)
{
    canvas_ellipse(c, s->x, s->y, s->width, s->height);
    canvas_fill_and_stroke(c);
    shape_shadowed_line(c, s, s->width / 8, s->height, s->width * 7 / 8, s->height);
}

static void paint_uml_destroy(struct canvas *c, const struct shape *s)
{
    shape_shadowed_line(c, s, s->width, 0, 0, s->height);
    shape_shadowed_line(c, s, 0, 0, s->width, s->height);
}

static void paint_uml_control(struct canvas *c, const struct shape *s)
{
    double w = s->width, h = s->height;
    shape_shadowed_line(c, s, w * 3 / 8, h / 8 * 1.1, w * 5 / 8, 0);
    canvas_ellipse(c, s->x, s->y + h / 8, w, h * 7 / 8);
    canvas_fill_and_stroke(c);
    shape_line(c, s, w * 3 / 8, h / 8 * 1.1, w * 5 / 8, h / 4);
}

static struct rect uml_control_margins(const struct shape *s)
{
    return (struct rect){0, s->height / 8, 0, 0};
}

/* A frame with its name in a corner tab; only the tab has the shape's fill. */
static void paint_uml_frame(struct canvas *c, const struct shape *s)
{
    double x = s->x, y = s->y, w = s->width, h = s->height, cut = 10;
    double tab_w = fmin(w, fmax(cut, style_number(s->style, "width", 60)));
    double tab_h = fmin(h, fmax(cut * 1.5, style_number(s->style, "height", 30)));
    struct color color;
    canvas_save(c);
    bool is_filled = style_color(s->style, "swimlaneFillColor", &color);
    c->state.fill = (struct fill){.is_set = is_filled, .from = color};
    c->state.stroke.is_set = false;
    canvas_rect(c, x, y, w, h);
    canvas_fill_and_stroke(c);
    canvas_restore(c);
    struct point tab[] = {
        {x, y}, {x + tab_w, y}, {x + tab_w, y + fmax(0, tab_h - cut * 1.5)}, {x + fmax(0, tab_w - cut), y + tab_h}, {x, y + tab_h}};
    canvas_begin(c);
    canvas_polyline(c, tab, G_N_ELEMENTS(tab), 0, true);
    canvas_fill_and_stroke(c);
    struct point rest[] = {{x + tab_w, y}, {x + w, y}, {x + w, y + h}, {x, y + h}, {x, y + tab_h}};
    canvas_begin(c);
    canvas_polyline(c, rest, G_N_ELEMENTS(rest), 0, false);
    canvas_stroke(c);
}

static struct rect uml_frame_margins(const struct shape *s)
{
    return (struct rect){0, 0, s->width - style_number(s->style, "width", 60), s->height - style_number(s->style, "height", 30)};
}

/* The head of a lifeline may be another shape of this file. */
static void paint_head(struct canvas *c, const struct shape *s, double size)
{
    const char *participant = style_get(s->style, "participant");
    const struct shape_kind *kind = participant != NULL ? shape_find(participant) : NULL;
    struct shape head = *s;
    head.height = size;
    if (kind != NULL && strcmp(participant, "umlLifeline") != 0)
        kind->paint(c, &head);
    else
        shape_rectangle(c, &head, 0, 0, s->width, size);
}

static void paint_uml_lifeline(struct canvas *c, const struct shape *s)
{
    static const double dashes[] = {3, 3};
    double size = shape_length(s, "size", 40, s->height);
    canvas_save(c);
    paint_head(c, s, size);
    canvas_restore(c);
    if (size >= s->height)
        return;
    canvas_save(c);
    if (style_flag(s->style, "lifelineDashed", true))
        canvas_set_dashes(c, dashes, G_N_ELEMENTS(dashes), c->state.stroke.width);
    shape_shadowed_line(c, s, s->width / 2, size, s->width / 2, s->height);
    canvas_restore(c);
}

static struct rect uml_lifeline_margins(const struct shape *s)
{
    return (struct rect){0, 0, 0, fmax(0, s->height - style_number(s->style, "size", 40))};
}

static double folder_arc(const struct shape *s, double tab_height)
{
    double arc = style_number(s->style, "arcSize", 0.1);
    if (!style_flag(s->style, "rounded", false))
        return 0;
    if (!style_flag(s->style, "absoluteArcSize", false))
        arc *= fmin(s->width, s->height);
    return fmax(0, fmin(arc, fmin(s->width / 2, (s->height - tab_height) / 2)));
}

static void paint_folder(struct canvas *c, const struct shape *s)
{
    double x = s->x, y = s->y, w = s->width, h = s->height;
    double tab_h = shape_length(s, "tabHeight", 20, h), arc = folder_arc(s, tab_h), top = y + tab_h;
    double tab_w = fmin(w - arc, fmax(arc, shape_length(s, "tabWidth", 60, w)));
    bool is_left = style_is(s->style, "tabPosition", "left");
    double left = is_left ? x + arc : x + w - tab_w, right = is_left ? x + tab_w : x + w - arc;
    canvas_begin(c);
    canvas_move(c, left, top);
    canvas_line(c, left, y);
    canvas_line(c, right, y);
    canvas_line(c, right, top);
    canvas_move(c, x, top + arc);
    canvas_arc(c, arc, arc, 0, false, true, x + arc, top);
    canvas_line(c, x + w - arc, top);
    canvas_arc(c, arc, arc, 0, false, true, x + w, top + arc);
    canvas_line(c, x + w, y + h - arc);
    canvas_arc(c, arc, arc, 0, false, true, x + w - arc, y + h);
    canvas_line(c, x + arc, y + h);
    canvas_arc(c, arc, arc, 0, false, true, x, y + h - arc);
    canvas_close(c);
    canvas_fill_and_stroke(c);
    if (!style_is(s->style, "folderSymbol", "triangle"))
        return;
    c->state.has_shadow = false;
    canvas_begin(c);
    canvas_polyline(c, (struct point[]){{x + w - 30, top + 20}, {x + w - 20, top + 10}, {x + w - 10, top + 20}}, 3, 0, true);
    canvas_stroke(c);
}

static struct rect folder_margins(const struct shape *s)
{
    double tab_w = style_number(s->style, "tabWidth", 15), tab_h = style_number(s->style, "tabHeight", 15);
    double side = fmax(0, s->width - tab_w), below = fmax(0, s->height - tab_h);
    if (!style_flag(s->style, "boundedLbl", false))
        return (struct rect){0, 0, 0, 0};
    if (!style_flag(s->style, "labelInHeader", false))
        return (struct rect){0, fmin(s->height, tab_h), 0, 0};
    return style_is(s->style, "tabPosition", "left") ? (struct rect){0, 0, side, below} : (struct rect){side, 0, 0, below};
}

/* A box with two small boxes over its left border, filled as one. */
static void paint_jetty_box(struct canvas *c, const struct shape *s, double jetty_w, double jetty_h, double first, double second)
{
    double x = s->x, y = s->y, w = s->width, h = s->height, half = jetty_w / 2, tops[] = {first, second};
    struct point outline[] = {{x + half, y},
                              {x + w, y},
                              {x + w, y + h},
                              {x + half, y + h},
                              {x + half, y + second + jetty_h},
                              {x, y + second + jetty_h},
                              {x, y + second},
                              {x + half, y + second},
                              {x + half, y + first + jetty_h},
                              {x, y + first + jetty_h},
                              {x, y + first},
                              {x + half, y + first}};
    canvas_begin(c);
    canvas_polyline(c, outline, G_N_ELEMENTS(outline), 0, true);
    canvas_fill_and_stroke(c);
    c->state.has_shadow = false;
    canvas_begin(c);
    for (int i = 0; i < 2; i++) {
        canvas_move(c, x + half, y + tops[i]);
        canvas_line(c, x + jetty_w, y + tops[i]);
        canvas_line(c, x + jetty_w, y + tops[i] + jetty_h);
        canvas_line(c, x + half, y + tops[i] + jetty_h);
    }
    canvas_stroke(c);
}

static void paint_module(struct canvas *c, const struct shape *s)
{
    double w = style_number(s->style, "jettyWidth", 20), h = style_number(s->style, "jettyHeight", 10);
    paint_jetty_box(c, s, w, h, fmin(h, s->height - h), fmin(3 * h, s->height - h));
}

static void paint_component(struct canvas *c, const struct shape *s)
{
    double w = style_number(s->style, "jettyWidth", 32), h = style_number(s->style, "jettyHeight", 12);
    paint_jetty_box(c, s, w, h, 0.3 * s->height - h / 2, 0.7 * s->height - h / 2);
}

static void paint_lollipop(struct canvas *c, const struct shape *s)
{
    double size = fmax(0, style_number(s->style, "size", 10)), w = s->width;
    canvas_ellipse(c, s->x + (w - size) / 2, s->y, size, size);
    canvas_fill_and_stroke(c);
    shape_shadowed_line(c, s, w / 2, size, w / 2, s->height);
}

/* The socket for a lollipop, on a stalk. */
static void paint_requires(struct canvas *c, const struct shape *s)
{
    double size = fmax(0, style_number(s->style, "size", 10)), inset = style_number(s->style, "inset", 2) + c->state.stroke.width;
    double middle = s->x + s->width / 2, reach = size / 2 + inset, bottom = s->y + size + inset;
    shape_shadowed_line(c, s, s->width / 2, size + inset, s->width / 2, s->height);
    canvas_begin(c);
    canvas_move(c, middle - reach, s->y + size / 2);
    canvas_quad(c, middle - reach, bottom, middle, bottom);
    canvas_quad(c, middle + reach, bottom, middle + reach, s->y + size / 2);
    canvas_stroke(c);
}

static void paint_socket(struct canvas *c, const struct shape *s, double from)
{
    double x = s->x, y = s->y, w = s->width, h = s->height;
    canvas_begin(c);
    canvas_move(c, x + from, y);
    canvas_quad(c, x + w, y, x + w, y + h / 2);
    canvas_quad(c, x + w, y + h, x + from, y + h);
    canvas_stroke(c);
}

static void paint_required_interface(struct canvas *c, const struct shape *s)
{
    paint_socket(c, s, 0);
}

static void paint_provided_required_interface(struct canvas *c, const struct shape *s)
{
    double inset = style_number(s->style, "inset", 2) + c->state.stroke.width;
    canvas_ellipse(c, s->x, s->y + inset, fmax(0, s->width - 2 * inset), fmax(0, s->height - 2 * inset));
    canvas_fill_and_stroke(c);
    paint_socket(c, s, s->width / 2);
}

static void paint_start_state(struct canvas *c, const struct shape *s)
{
    double inset = fmin(4, fmin(s->width / 5, s->height / 5));
    canvas_ellipse(c, s->x + inset, s->y + inset, s->width - 2 * inset, s->height - 2 * inset);
    canvas_fill_and_stroke(c);
}

static void paint_end_state(struct canvas *c, const struct shape *s)
{
    paint_start_state(c, s);
    c->state.has_shadow = false;
    canvas_ellipse(c, s->x, s->y, s->width, s->height);
    canvas_stroke(c);
}

const struct shape_kind shape_uml_kinds[] = {
    {"component", paint_component, shape_lid_margins},
    {"endState", paint_end_state, shape_ellipse_margins},
    {"folder", paint_folder, folder_margins},
    {"lollipop", paint_lollipop, NULL},
    {"module", paint_module, shape_lid_margins},
    {"providedRequiredInterface", paint_provided_required_interface, NULL},
    {"requiredInterface", paint_required_interface, NULL},
    {"requires", paint_requires, NULL},
    {"startState", paint_start_state, shape_ellipse_margins},
    {"umlActor", paint_uml_actor, NULL},
    {"umlBoundary", paint_uml_boundary, uml_boundary_margins},
    {"umlControl", paint_uml_control, uml_control_margins, true},
    {"umlDestroy", paint_uml_destroy, NULL},
    {"umlEntity", paint_uml_entity, NULL},
    {"umlFrame", paint_uml_frame, uml_frame_margins},
    {"umlLifeline", paint_uml_lifeline, uml_lifeline_margins, true},
    {NULL, NULL, NULL},
};
