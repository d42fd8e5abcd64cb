#include "diagram/drawio/shape.h"

#include <stdlib.h>
#include <string.h>

#define LINE_ARC 20
#define RECTANGLE_ARC 15 /* percent */

static const struct shape_kind *const tables[] = {shape_basic_kinds, shape_cloud_kinds, shape_core_kinds, shape_logic_kinds,
                                                  shape_uml_kinds};

const struct shape_kind *shape_find(const char *name)
{
    for (unsigned t = 0; t < G_N_ELEMENTS(tables); t++)
        for (const struct shape_kind *kind = tables[t]; kind->name != NULL; kind++)
            if (strcmp(kind->name, name) == 0)
                return kind;
    return NULL;
}

const struct shape_kind *shape_kind_of(const struct style *style)
{
    const char *name = style_get(style, "shape");
    return name != NULL ? shape_find(name) : NULL;
}

struct shape shape_frame(const struct view *view, int index)
{
    const struct style *style = &page_cell(view->page, index)->style;
    struct rect box = view->states[index].bounds;
    double turn = style_turn(style);
    struct shape shape = {view->page, view, index, style, box.x, box.y, box.width, box.height};
    if (turn == 90 || turn == 270) {
        shape.x += (box.width - box.height) / 2;
        shape.y += (box.height - box.width) / 2;
        shape.width = box.height;
        shape.height = box.width;
    }
    return shape;
}

enum gradient shape_gradient(const struct style *style)
{
    static const struct {
        const char *name;
        enum gradient gradient;
    } directions[] = {{"east", GRADIENT_EAST}, {"north", GRADIENT_NORTH}, {"radial", GRADIENT_RADIAL}, {"west", GRADIENT_WEST}};
    for (unsigned i = 0; i < G_N_ELEMENTS(directions); i++)
        if (style_is(style, "gradientDirection", directions[i].name))
            return directions[i].gradient;
    return GRADIENT_SOUTH;
}

double shape_length(const struct shape *shape, const char *key, double fallback, double most)
{
    return fmax(0, fmin(most, style_number(shape->style, key, fallback)));
}

double shape_size(const struct shape *shape, double share, double fixed, double whole, double most)
{
    if (style_flag(shape->style, "fixedSize", false))
        return shape_length(shape, "size", fixed, whole * most);
    return whole * shape_length(shape, "size", share, most);
}

double shape_arc(const struct shape *shape)
{
    return style_flag(shape->style, "rounded", false) ? fmax(0, style_number(shape->style, "arcSize", LINE_ARC) / 2) : 0;
}

void shape_polygon(struct canvas *canvas, const struct shape *shape, const struct point *corners, unsigned n)
{
    g_autofree struct point *moved = g_new(struct point, n);
    for (unsigned i = 0; i < n; i++)
        moved[i] = (struct point){shape->x + corners[i].x, shape->y + corners[i].y};
    canvas_begin(canvas);
    canvas_polyline(canvas, moved, n, shape_arc(shape), true);
    canvas_fill_and_stroke(canvas);
}

static double rectangle_arc(const struct shape *shape, double width, double height)
{
    double arc = style_number(shape->style, "arcSize", style_flag(shape->style, "absoluteArcSize", false) ? LINE_ARC : RECTANGLE_ARC);
    if (style_flag(shape->style, "absoluteArcSize", false))
        return fmax(0, fmin(fmin(width, height) / 2, arc / 2));
    return fmax(0, fmin(width, height) * fmin(arc, 100) / 100);
}

void shape_rectangle(struct canvas *canvas, const struct shape *shape, double x, double y, double width, double height)
{
    double arc = style_flag(shape->style, "rounded", false) ? rectangle_arc(shape, width, height) : 0;
    if (arc > 0)
        canvas_round_rect(canvas, shape->x + x, shape->y + y, width, height, arc, arc);
    else
        canvas_rect(canvas, shape->x + x, shape->y + y, width, height);
    canvas_fill_and_stroke(canvas);
}

void shape_shadowed_line(struct canvas *canvas, const struct shape *shape, double x1, double y1, double x2, double y2)
{
    canvas_begin(canvas);
    canvas_move(canvas, shape->x + x1, shape->y + y1);
    canvas_line(canvas, shape->x + x2, shape->y + y2);
    canvas_stroke(canvas);
}

void shape_line(struct canvas *canvas, const struct shape *shape, double x1, double y1, double x2, double y2)
{
    canvas->state.has_shadow = false;
    shape_shadowed_line(canvas, shape, x1, y1, x2, y2);
}

double shape_title_size(const struct shape *shape)
{
    bool is_horizontal = style_flag(shape->style, "horizontal", true);
    return shape_length(shape, "startSize", 40, is_horizontal ? shape->height : shape->width);
}
