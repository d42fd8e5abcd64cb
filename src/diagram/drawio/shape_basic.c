/* The shapes that nearly every diagram is made of. */
#include <string.h>

#include "diagram/drawio/image.h"
#include "diagram/drawio/shape.h"

#define LARGEST_LID 40 /* of a cylinder */

static void paint_rectangle(struct canvas *c, const struct shape *s)
{
    shape_rectangle(c, s, 0, 0, s->width, s->height);
}

static void paint_ellipse(struct canvas *c, const struct shape *s)
{
    canvas_ellipse(c, s->x, s->y, s->width, s->height);
    canvas_fill_and_stroke(c);
}

static double double_ellipse_inset(const struct shape *s)
{
    double inset = fmin(3 + style_line_width(s->style), fmin(s->width / 5, s->height / 5));
    return shape_length(s, "margin", inset, fmin(s->width, s->height) / 2);
}

struct rect shape_ellipse_margins(const struct shape *s)
{
    double inset = double_ellipse_inset(s);
    return (struct rect){inset, inset, inset, inset};
}

static void paint_double_ellipse(struct canvas *c, const struct shape *s)
{
    double inset = double_ellipse_inset(s);
    paint_ellipse(c, s);
    c->state.has_shadow = false;
    canvas_ellipse(c, s->x + inset, s->y + inset, s->width - 2 * inset, s->height - 2 * inset);
    canvas_stroke(c);
}

static void paint_rhombus(struct canvas *c, const struct shape *s)
{
    double w = s->width, h = s->height;
    shape_polygon(c, s, (struct point[]){{w / 2, 0}, {w, h / 2}, {w / 2, h}, {0, h / 2}}, 4);
}

static void paint_triangle(struct canvas *c, const struct shape *s)
{
    shape_polygon(c, s, (struct point[]){{0, 0}, {s->width, s->height / 2}, {0, s->height}}, 3);
}

static void paint_hexagon(struct canvas *c, const struct shape *s)
{
    double w = s->width, h = s->height, d = shape_size(s, 0.25, 20, w, style_flag(s->style, "fixedSize", false) ? 0.5 : 1);
    shape_polygon(c, s, (struct point[]){{d, 0}, {w - d, 0}, {w, h / 2}, {w - d, h}, {d, h}, {0, h / 2}}, 6);
}

static void paint_line(struct canvas *c, const struct shape *s)
{
    shape_shadowed_line(c, s, 0, s->height / 2, s->width, s->height / 2);
}

static void paint_cloud(struct canvas *c, const struct shape *s)
{
    static const double curves[][6] = {
        {.05, .25, 0, .5, .16, .55}, {0, .66, .18, .9, .31, .8}, {.4, 1, .7, 1, .8, .8},
        {1, .8, 1, .6, .875, .5},    {1, .3, .8, .1, .625, .2},  {.5, .05, .3, .05, .25, .25},
    };
    double x = s->x, y = s->y, w = s->width, h = s->height;
    canvas_begin(c);
    canvas_move(c, x + .25 * w, y + .25 * h);
    for (unsigned i = 0; i < G_N_ELEMENTS(curves); i++) {
        const double *p = curves[i];
        canvas_curve(c, x + p[0] * w, y + p[1] * h, x + p[2] * w, y + p[3] * h, x + p[4] * w, y + p[5] * h);
    }
    canvas_close(c);
    canvas_fill_and_stroke(c);
}

static void paint_actor(struct canvas *c, const struct shape *s)
{
    double x = s->x, y = s->y, w = s->width, h = s->height, half = w / 2, third = w / 3, neck = h * 2 / 5;
    canvas_begin(c);
    canvas_move(c, x, y + h);
    canvas_curve(c, x, y + 3 * h / 5, x, y + neck, x + half, y + neck);
    canvas_curve(c, x + half - third, y + neck, x + half - third, y, x + half, y);
    canvas_curve(c, x + half + third, y, x + half + third, y + neck, x + half, y + neck);
    canvas_curve(c, x + w, y + neck, x + w, y + 3 * h / 5, x + w, y + h);
    canvas_close(c);
    canvas_fill_and_stroke(c);
}

static void paint_cylinder(struct canvas *c, const struct shape *s)
{
    double x = s->x, y = s->y, w = s->width, h = s->height, lid = fmin(LARGEST_LID, round(h / 5));
    if (style_get(s->style, "size") != NULL)
        lid = h * shape_length(s, "size", 0, 1);
    canvas_begin(c);
    canvas_move(c, x, y + lid);
    canvas_curve(c, x, y - lid / 3, x + w, y - lid / 3, x + w, y + lid);
    canvas_line(c, x + w, y + h - lid);
    canvas_curve(c, x + w, y + h + lid / 3, x, y + h + lid / 3, x, y + h - lid);
    canvas_close(c);
    canvas_fill_and_stroke(c);
    c->state.has_shadow = false;
    canvas_begin(c);
    canvas_move(c, x, y + lid);
    canvas_curve(c, x, y + 2 * lid, x + w, y + 2 * lid, x + w, y + lid);
    canvas_stroke(c);
}

struct rect shape_lid_margins(const struct shape *s)
{
    double lid = style_flag(s->style, "boundedLbl", false) ? fmin(LARGEST_LID, s->height * 2 * style_number(s->style, "size", 0.15)) : 0;
    return (struct rect){0, lid, 0, 0};
}

static void paint_image(struct canvas *c, const struct shape *s)
{
    struct rect box = {s->x, s->y, s->width, s->height};
    struct color color;
    canvas_save(c);
    c->state.fill = (struct fill){0};
    c->state.stroke.is_set = false;
    canvas_rect(c, s->x, s->y, s->width, s->height);
    if (style_color(s->style, "imageBackground", &color))
        c->state.fill = (struct fill){.is_set = true, .from = color};
    if (style_color(s->style, "imageBorder", &color)) {
        c->state.stroke.is_set = true;
        c->state.stroke.color = color;
    }
    canvas_fill_and_stroke(c);
    canvas_restore(c);
    const char *source = style_get(s->style, "image");
    struct picture_image *image =
        source != NULL ? picture_image_new(source, style_flag(s->style, "imageAspect", true), s->page->stencils, NULL) : NULL;
    if (image != NULL)
        canvas_image(c, image, box);
}

/* A rectangle with a picture in it, beside its text. */
static void paint_label(struct canvas *c, const struct shape *s)
{
    paint_rectangle(c, s);
    const char *source = style_get(s->style, "image"), *align = style_get(s->style, "imageAlign");
    const char *valign = style_get(s->style, "imageVerticalAlign");
    struct picture_image *image = source != NULL ? picture_image_new(source, false, s->page->stencils, NULL) : NULL;
    if (image == NULL)
        return;
    double w = style_number(s->style, "imageWidth", 24), h = style_number(s->style, "imageHeight", 24);
    double space = style_number(s->style, "spacing", 2) + 5;
    struct rect box = {s->x + space, s->y + (s->height - h) / 2, fmax(w, 0), fmax(h, 0)};
    if (align != NULL && strcmp(align, "center") == 0)
        box.x = s->x + (s->width - w) / 2;
    else if (align != NULL && strcmp(align, "right") == 0)
        box.x = s->x + s->width - w - space;
    if (valign != NULL && strcmp(valign, "top") == 0)
        box.y = s->y + space;
    else if (valign != NULL && strcmp(valign, "bottom") == 0)
        box.y = s->y + s->height - h - space;
    canvas_image(c, image, box);
}

/* Fill without a border, then the sides that are not switched off. */
static void paint_partial_rectangle(struct canvas *c, const struct shape *s)
{
    static const char *const sides[] = {"top", "right", "bottom", "left"};
    double x = s->x, y = s->y, w = s->width, h = s->height;
    struct point corners[] = {{x, y}, {x + w, y}, {x + w, y + h}, {x, y + h}, {x, y}};
    canvas_rect(c, x, y, w, h);
    canvas_fill(c);
    canvas_begin(c);
    canvas_move(c, x, y);
    for (int i = 0; i < 4; i++) {
        if (style_flag(s->style, sides[i], true))
            canvas_line(c, corners[i + 1].x, corners[i + 1].y);
        else
            canvas_move(c, corners[i + 1].x, corners[i + 1].y);
    }
    canvas_stroke(c);
}

/* A swimlane is drawn as if it were horizontal; this exchanges the axes of a vertical one. */
struct lane {
    struct canvas *canvas;
    const struct shape *shape;
    bool is_horizontal;
};

static void lane_move(const struct lane *lane, double along, double down)
{
    const struct shape *s = lane->shape;
    canvas_move(lane->canvas, s->x + (lane->is_horizontal ? along : down), s->y + (lane->is_horizontal ? down : along));
}

static void lane_line(const struct lane *lane, double along, double down)
{
    const struct shape *s = lane->shape;
    canvas_line(lane->canvas, s->x + (lane->is_horizontal ? along : down), s->y + (lane->is_horizontal ? down : along));
}

static void lane_corner(const struct lane *lane, double along1, double down1, double along, double down)
{
    const struct shape *s = lane->shape;
    bool h = lane->is_horizontal;
    canvas_quad(lane->canvas, s->x + (h ? along1 : down1), s->y + (h ? down1 : along1), s->x + (h ? along : down),
                s->y + (h ? down : along));
}

static double lane_arc(const struct shape *s, double title, double depth)
{
    if (!style_flag(s->style, "rounded", false))
        return 0;
    double arc = style_flag(s->style, "absoluteArcSize", false)
                     ? fmin(fmin(s->width, s->height) / 2, style_number(s->style, "arcSize", 20) / 2)
                     : title * style_number(s->style, "arcSize", 15) / 100 * 3;
    return fmax(0, fmin(fmin(arc, title), depth - title));
}

static void paint_lane_title(const struct lane *lane, double width, double title, double arc)
{
    canvas_begin(lane->canvas);
    lane_move(lane, 0, title);
    lane_line(lane, 0, arc);
    if (arc > 0)
        lane_corner(lane, 0, 0, fmin(width / 2, arc), 0);
    lane_line(lane, width - fmin(width / 2, arc), 0);
    if (arc > 0)
        lane_corner(lane, width, 0, width, arc);
    lane_line(lane, width, title);
    canvas_fill_and_stroke(lane->canvas);
}

static void paint_lane_body(const struct lane *lane, double width, double depth, double title, double arc)
{
    struct color color;
    bool is_filled = style_color(lane->shape->style, "swimlaneFillColor", &color);
    canvas_save(lane->canvas);
    lane->canvas->state.fill = (struct fill){.is_set = is_filled, .from = color};
    canvas_begin(lane->canvas);
    lane_move(lane, 0, title);
    lane_line(lane, 0, depth - arc);
    if (arc > 0)
        lane_corner(lane, 0, depth, fmin(width / 2, arc), depth);
    lane_line(lane, width - fmin(width / 2, arc), depth);
    if (arc > 0)
        lane_corner(lane, width, depth, width, depth - arc);
    lane_line(lane, width, title);
    canvas_fill_and_stroke(lane->canvas);
    canvas_restore(lane->canvas);
}

static void paint_swimlane(struct canvas *c, const struct shape *s)
{
    struct lane lane = {c, s, style_flag(s->style, "horizontal", true)};
    double width = lane.is_horizontal ? s->width : s->height, depth = lane.is_horizontal ? s->height : s->width;
    double title = shape_title_size(s), arc = lane_arc(s, title, depth);
    paint_lane_title(&lane, width, title, arc);
    if (title < depth)
        paint_lane_body(&lane, width, depth, title, arc);
    c->state.has_shadow = false;
    if (!style_flag(s->style, "swimlaneLine", true))
        return;
    canvas_begin(c);
    lane_move(&lane, 0, title);
    lane_line(&lane, width, title);
    canvas_stroke(c);
}

/* All but the title bar, which lies at the side that the lane's direction and flips bring it to. */
static struct rect swimlane_margins(const struct shape *s)
{
    double turn = style_turn(s->style), title = fmax(0, style_number(s->style, "startSize", 40));
    bool is_turned = turn == 90 || turn == 270, is_horizontal = style_flag(s->style, "horizontal", true);
    bool is_far = style_flag(s->style, is_horizontal != is_turned ? "flipV" : "flipH", false) != (turn == 90 || turn == 180);
    double below = fmax(0, s->height - title), beside = fmax(0, s->width - title);
    if (is_horizontal != is_turned)
        return is_far != (is_turned && !is_horizontal) ? (struct rect){0, below, 0, 0} : (struct rect){0, 0, 0, below};
    return is_far ? (struct rect){beside, 0, 0, 0} : (struct rect){0, 0, beside, 0};
}

static struct rect table_margins(const struct shape *s)
{
    return style_number(s->style, "startSize", 40) > 0 ? swimlane_margins(s) : (struct rect){0, 0, 0, 0};
}

/* Lines between the rows, and within each row between its cells. */
static void paint_table_lines(struct canvas *c, const struct shape *s)
{
    const struct cell *table = page_cell(s->page, s->index);
    for (int row = table->first_child; row != NO_CELL; row = page_cell(s->page, row)->next_sibling) {
        const struct cell *row_cell = page_cell(s->page, row);
        struct rect r = row_cell->geometry.rect;
        if (!row_cell->is_vertex || !row_cell->is_visible)
            continue;
        if (row_cell->next_sibling != NO_CELL && style_flag(s->style, "rowLines", true))
            shape_line(c, s, r.x, r.y + r.height, r.x + r.width, r.y + r.height);
        for (int i = row_cell->first_child; i != NO_CELL && style_flag(s->style, "columnLines", true);
             i = page_cell(s->page, i)->next_sibling) {
            struct rect b = page_cell(s->page, i)->geometry.rect;
            if (page_cell(s->page, i)->next_sibling != NO_CELL && page_cell(s->page, i)->is_visible)
                shape_line(c, s, r.x + b.x + b.width, r.y, r.x + b.x + b.width, r.y + r.height);
        }
    }
}

static void paint_table(struct canvas *c, const struct shape *s)
{
    if (shape_title_size(s) > 0)
        paint_swimlane(c, s);
    else
        paint_rectangle(c, s);
    c->state.has_shadow = false;
    paint_table_lines(c, s);
}

const struct shape_kind shape_basic_kinds[] = {
    {"actor", paint_actor, NULL},
    {"cloud", paint_cloud, NULL},
    {"cylinder", paint_cylinder, shape_lid_margins},
    {"doubleEllipse", paint_double_ellipse, shape_ellipse_margins},
    {"ellipse", paint_ellipse, NULL},
    {"hexagon", paint_hexagon, NULL},
    {"image", paint_image, NULL},
    {"label", paint_label, NULL},
    {"line", paint_line, NULL},
    {"partialRectangle", paint_partial_rectangle, NULL},
    {"rectangle", paint_rectangle, NULL},
    {"rhombus", paint_rhombus, NULL},
    {"swimlane", paint_swimlane, swimlane_margins, true},
    {"table", paint_table, table_margins, true},
    {"tableRow", paint_partial_rectangle, NULL},
    {"text", paint_rectangle, NULL},
    {"triangle", paint_triangle, NULL},
    {NULL, NULL, NULL},
};
