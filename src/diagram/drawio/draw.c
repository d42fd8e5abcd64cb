#include "diagram/drawio/draw.h"

#include "diagram/drawio/arrow.h"
#include "diagram/drawio/connector.h"
#include "diagram/drawio/draw_label.h"
#include "diagram/drawio/shape.h"
#include "diagram/drawio/stencil.h"
#include "diagram/drawio/support.h"

static void set_dashes(struct canvas *canvas, const struct style *style)
{
    const char *pattern = style_get(style, "dashPattern");
    double dashes[MAX_DASHES] = {3, 3};
    unsigned n = 2;
    if (!style_flag(style, "dashed", false))
        return;
    if (pattern != NULL) {
        g_auto(GStrv) parts = g_strsplit_set(pattern, " ,", MAX_DASHES + 1);
        n = 0;
        for (char **part = parts; *part != NULL && n < MAX_DASHES; part++)
            if (**part != '\0')
                dashes[n++] = g_ascii_strtod(*part, NULL);
    }
    canvas_set_dashes(canvas, dashes, n, style_flag(style, "fixDash", false) ? 1 : canvas->state.stroke.width);
}

/* Sets up colours, lines and effects as the style wants them. */
static void configure(struct canvas *canvas, const struct page *page, const struct style *style)
{
    struct color color;
    struct canvas_state *state = &canvas->state;
    canvas_reset(canvas);
    state->stroke.width = fmax(0, style_line_width(style));
    state->stroke.is_set = style_color(style, "strokeColor", &color);
    state->stroke.color = color;
    state->fill.is_set = style_color(style, "fillColor", &state->fill.from);
    if (state->fill.is_set && style_color(style, "gradientColor", &state->fill.to))
        state->fill.gradient = shape_gradient(style);
    state->opacity = style_share(style, "opacity");
    state->fill_opacity = style_share(style, "fillOpacity");
    state->stroke_opacity = style_share(style, "strokeOpacity");
    state->has_shadow = style_flag(style, "shadow", page->has_shadow);
    set_dashes(canvas, style);
}

void draw_add_bounds(struct drawing *drawing, double by)
{
    if (drawing->canvas->bounds.width >= 0)
        drawing->bounds = rect_join(drawing->bounds, rect_grow(drawing->canvas->bounds, by));
}

/* A vertex counts with its box, turned, whatever its shape does. */
static void bound_vertex(struct drawing *drawing, int index)
{
    const struct style *style = &page_cell(drawing->page, index)->style;
    struct rect box = rect_rotate(drawing->view->states[index].bounds, style_number(style, "rotation", 0));
    if (drawing->canvas->state.has_shadow) {
        box.width += CANVAS_SHADOW_X;
        box.height += CANVAS_SHADOW_Y;
    }
    drawing->canvas->bounds = box;
    draw_add_bounds(drawing, fmax(0, style_line_width(style)) / 2);
}

static void draw_vertex(struct drawing *drawing, int index)
{
    const struct style *style = &page_cell(drawing->page, index)->style;
    struct canvas *canvas = drawing->canvas;
    const struct shape_kind *kind = shape_kind_of(style);
    struct shape shape = shape_frame(drawing->view, index);
    bool flip_h = style_flag(style, "flipH", false), flip_v = style_flag(style, "flipV", false);
    double turn = style_turn(style);
    configure(canvas, drawing->page, style);
    bool is_turned = turn == 90 || turn == 270;
    canvas_turn(canvas, style_number(style, "rotation", 0) + turn, is_turned ? flip_v : flip_h, is_turned ? flip_h : flip_v,
                rect_center(drawing->view->states[index].bounds));
    bound_vertex(drawing, index);
    const char *name = style_get(style, "shape");
    const xmlNode *stencil = kind == NULL && name != NULL ? stencils_find(drawing->page->stencils, name) : NULL;
    if (shape.width <= 0 || shape.height <= 0)
        return; /* the original shows the label only */
    if (kind != NULL)
        kind->paint(canvas, &shape);
    else if (stencil != NULL)
        stencil_paint(canvas, stencil, &shape);
    else
        shape_rectangle(canvas, &shape, 0, 0, shape.width, shape.height);
}

static void add_edge_bounds(struct drawing *drawing, double grow)
{
    if (drawing->canvas->state.has_shadow) {
        drawing->canvas->bounds.width += CANVAS_SHADOW_X;
        drawing->canvas->bounds.height += CANVAS_SHADOW_Y;
    }
    draw_add_bounds(drawing, grow);
}

static void draw_edge(struct drawing *drawing, int index)
{
    const struct style *style = &page_cell(drawing->page, index)->style;
    configure(drawing->canvas, drawing->page, style);
    canvas_start_bounds(drawing->canvas);
    double grow = drawing->canvas->state.stroke.width / 2;
    if (arrow_is_known(style)) {
        arrow_paint(drawing->canvas, style, drawing->view->states[index].points);
        if (arrow_reach(style) >= 0) {
            drawing->canvas->bounds = drawing->view->states[index].bounds;
            grow += arrow_reach(style);
        }
        add_edge_bounds(drawing, grow);
        return;
    }
    connector_paint(drawing->canvas, style, drawing->view->states[index].points);
    if (!style_flag(style, "curved", false)) { /* the original measures the points and makes room for the markers */
        double marker = fmax(style_get(style, "startArrow") != NULL ? style_number(style, "startSize", 6) + 1 : 0,
                             style_get(style, "endArrow") != NULL ? style_number(style, "endSize", 6) + 1 : 0);
        drawing->canvas->bounds = drawing->view->states[index].bounds;
        grow += marker;
    }
    add_edge_bounds(drawing, grow);
}

void draw_page(struct drawing *drawing)
{
    drawing->bounds = RECT_EMPTY;
    drawing->label_bytes = 0;
    drawing->families = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < drawing->view->order->len; i++) {
        int index = g_array_index(drawing->view->order, int, i);
        const struct cell *cell = page_cell(drawing->page, index);
        if (cell->is_edge)
            draw_edge(drawing, index);
        else
            draw_vertex(drawing, index);
        draw_label(drawing, index);
    }
    g_hash_table_unref(drawing->families);
}
