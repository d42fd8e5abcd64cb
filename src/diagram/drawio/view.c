#include "diagram/drawio/view.h"

#include <stdlib.h>
#include <string.h>

#include "diagram/drawio/perimeter.h"
#include "diagram/drawio/route.h"

#define MAX_WAITING 500 /* edges that end at edges that end at edges … */

static void place_cell(struct view *view, int index);

static struct state *get_state(struct view *view, int index)
{
    return &view->states[index];
}

static void G_GNUC_PRINTF(3, 4) tell(struct view *view, int index, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    if (view->problems != NULL)
        g_ptr_array_add(view->problems, g_strdup_printf("cell '%.60s': %s", page_cell(view->page, index)->id, text));
}

/* Lengths of a route up to each of its points; the caller frees them. */
static double *measure_route(const GArray *points)
{
    double *lengths = g_new0(double, points->len);
    for (guint i = 1; i < points->len; i++)
        lengths[i] = lengths[i - 1] + point_distance(g_array_index(points, struct point, i - 1), g_array_index(points, struct point, i));
    return lengths;
}

/* The first point of a route behind `wanted` units of it, or the last one. */
static guint find_point_behind(const struct state *edge, double wanted)
{
    guint low = 1, high = edge->points->len - 1;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        if (wanted < round(edge->lengths[middle]))
            high = middle;
        else
            low = middle + 1;
    }
    return high;
}

/* The place of a label on an edge: `along` its route from -1 to 1, `across` to the left of the direction; then the offset. */
static struct point point_on_route(const struct state *edge, const struct geometry *geometry)
{
    double along = geometry != NULL && geometry->is_relative ? geometry->rect.x / 2 + 0.5 : 0.5;
    double across = geometry != NULL && geometry->is_relative ? geometry->rect.y : 0;
    struct point offset = geometry != NULL ? geometry->offset : (struct point){0, 0};
    double wanted = round(along * edge->lengths[edge->points->len - 1]);
    guint i = find_point_behind(edge, wanted);
    struct point a = g_array_index(edge->points, struct point, i - 1), b = g_array_index(edge->points, struct point, i);
    double length = point_distance(a, b), share = length > 0 ? (wanted - edge->lengths[i - 1]) / length : 0;
    double nx = length > 0 ? (b.y - a.y) / length : 0, ny = length > 0 ? (b.x - a.x) / length : 0;
    return (struct point){a.x + (b.x - a.x) * share + nx * across + offset.x, a.y + (b.y - a.y) * share - ny * across + offset.y};
}

/* The cell that stands for an edge's end: itself, or the nearest ancestor that is seen when it is hidden in a collapsed group. */
static int find_visible_terminal(const struct page *page, int index)
{
    int best = index;
    for (int i = index; i != NO_CELL; i = page_cell(page, i)->parent) {
        const struct cell *cell = page_cell(page, i);
        if (!page_cell(page, best)->is_visible || (i != index && cell->is_collapsed))
            best = i;
        if (!cell->is_reached)
            return NO_CELL;
    }
    return best != NO_CELL && page_cell(page, best)->parent != page->root && best != page->root ? best : NO_CELL;
}

/* A fixed place of connection: fractions of the terminal's box and an offset. */
struct anchor {
    bool is_set, is_on_outline;
    struct point at, offset;
};

static struct anchor read_anchor(const struct style *style, bool is_source)
{
    const char *x = style_get(style, is_source ? "exitX" : "entryX"), *y = style_get(style, is_source ? "exitY" : "entryY");
    struct anchor anchor = {.is_set = x != NULL && y != NULL};
    anchor.at =
        (struct point){style_number(style, is_source ? "exitX" : "entryX", 0), style_number(style, is_source ? "exitY" : "entryY", 0)};
    anchor.offset =
        (struct point){style_number(style, is_source ? "exitDx" : "entryDx", 0), style_number(style, is_source ? "exitDy" : "entryDy", 0)};
    anchor.is_on_outline = style_flag(style, is_source ? "exitPerimeter" : "entryPerimeter", true);
    return anchor;
}

/* Where an anchor lies on a vertex, with the vertex's direction, flips and rotation. */
static struct point anchor_point(const struct cell *cell, const struct state *state, const struct anchor *anchor)
{
    const struct style *style = &cell->style;
    struct rect box = state->bounds;
    struct point center = rect_center(box);
    double turn = style_flag(style, "anchorPointDirection", true) ? style_turn(style) : 0;
    if (turn == 90 || turn == 270)
        box = (struct rect){center.x - box.height / 2, center.y - box.width / 2, box.height, box.width};
    struct point point = {box.x + anchor->at.x * box.width + anchor->offset.x, box.y + anchor->at.y * box.height + anchor->offset.y};
    double rotation = style_number(style, "rotation", 0);
    if (anchor->is_on_outline) {
        point = perimeter_point(state->bounds, style, point_rotate(point, turn, center), false);
    } else {
        bool flip_h = style_flag(style, "flipH", false), flip_v = style_flag(style, "flipV", false);
        if (turn == 90 || turn == 270) {
            bool swap = flip_h;
            flip_h = flip_v;
            flip_v = swap;
        }
        point.x = flip_h ? 2 * center.x - point.x : point.x;
        point.y = flip_v ? 2 * center.y - point.y : point.y;
        rotation += turn;
    }
    return rotation != 0 ? point_rotate(point, rotation, center) : point;
}

/* What one end of an edge is fixed to. */
struct end {
    int cell; /* or NO_CELL */
    struct point point;
    bool is_fixed;
};

static struct end find_end(struct view *view, int index, bool is_source)
{
    const struct cell *edge = page_cell(view->page, index);
    struct end end = {.cell = is_source ? edge->source : edge->target};
    if (end.cell != NO_CELL)
        end.cell = find_visible_terminal(view->page, end.cell);
    if (end.cell != NO_CELL)
        place_cell(view, end.cell);
    if (end.cell != NO_CELL && view->states[end.cell].progress != STATE_DONE)
        end.cell = NO_CELL; /* edges that end at each other */
    struct anchor anchor = read_anchor(&edge->style, is_source);
    bool has_point = is_source ? edge->geometry.has_source_point : edge->geometry.has_target_point;
    struct point free_point = is_source ? edge->geometry.source_point : edge->geometry.target_point;
    struct point origin = get_state(view, index)->origin;
    if (end.cell != NO_CELL && style_is(&page_cell(view->page, end.cell)->style, "perimeter", "centerPerimeter")) {
        end.is_fixed = true;
        end.point = rect_center(get_state(view, end.cell)->bounds);
    } else if (end.cell != NO_CELL && anchor.is_set && page_cell(view->page, end.cell)->is_vertex) {
        end.is_fixed = true;
        end.point = anchor_point(page_cell(view->page, end.cell), get_state(view, end.cell), &anchor);
    } else if (end.cell == NO_CELL && has_point) {
        end.is_fixed = true;
        end.point = (struct point){free_point.x + origin.x, free_point.y + origin.y};
    }
    return end;
}

/* The place where an end that is not fixed meets its terminal, seen from the next point of the route. */
static struct point float_end(struct view *view, const struct cell *edge, int terminal, struct point next, bool is_source)
{
    const struct cell *cell = page_cell(view->page, terminal);
    const struct state *state = get_state(view, terminal);
    if (cell->is_edge)
        return state->lengths != NULL ? point_on_route(state, NULL) : rect_center(state->bounds);
    double rotation = style_number(&cell->style, "rotation", 0);
    struct point center = rect_center(state->bounds);
    double border = style_number(&cell->style, "perimeterSpacing", 0) + style_number(&edge->style, "perimeterSpacing", 0) +
                    style_number(&edge->style, is_source ? "sourcePerimeterSpacing" : "targetPerimeterSpacing", 0);
    next = point_rotate(next, -rotation, center);
    struct point hit =
        perimeter_point(rect_grow(state->bounds, border), &cell->style, next, rotation == 0 && route_is_orthogonal(&edge->style));
    return point_rotate(hit, rotation, center);
}

static void fill_route_end(struct view *view, const struct cell *edge, struct route_end *to, const struct end *end)
{
    to->has_point = end->is_fixed;
    to->point = end->point;
    to->has_box = end->cell != NO_CELL;
    if (end->cell == NO_CELL)
        return;
    to->box = get_state(view, end->cell)->bounds;
    to->cell = page_cell(view->page, end->cell);
}

static void place_label_of_edge(struct state *state, const struct cell *cell)
{
    if (cell->has_geometry && cell->geometry.is_relative) {
        state->label = point_on_route(state, &cell->geometry);
        return;
    }
    struct point a = g_array_index(state->points, struct point, 0), b = g_array_index(state->points, struct point, state->points->len - 1);
    state->label = (struct point){(a.x + b.x) / 2 + cell->geometry.offset.x, (a.y + b.y) / 2 + cell->geometry.offset.y};
}

static void bound_edge(struct state *state)
{
    state->bounds = RECT_EMPTY;
    for (guint i = 0; i < state->points->len; i++) {
        struct point p = g_array_index(state->points, struct point, i);
        state->bounds = rect_join(state->bounds, (struct rect){p.x, p.y, 0, 0});
    }
}

static void place_edge(struct view *view, int index)
{
    const struct cell *cell = page_cell(view->page, index);
    struct state *state = get_state(view, index);
    struct end source = find_end(view, index, true), target = find_end(view, index, false);
    if ((source.cell == NO_CELL && !source.is_fixed) || (target.cell == NO_CELL && !target.is_fixed)) {
        state->is_shown = false;
        if (cell->has_lost_source || cell->has_lost_target || (cell->source == NO_CELL && cell->target == NO_CELL))
            tell(view, index, "the edge's %s is not there; left out", source.cell == NO_CELL && !source.is_fixed ? "source" : "target");
        return;
    }
    struct route route = {.style = &cell->style,
                          .waypoints = cell->geometry.points,
                          .n_waypoints = cell->geometry.n_points,
                          .origin = state->origin,
                          .grid = view->grid,
                          .is_loop = source.cell != NO_CELL && source.cell == target.cell};
    view->uses_grid |= route_uses_grid(&cell->style);
    fill_route_end(view, cell, &route.source, &source);
    fill_route_end(view, cell, &route.target, &target);
    state->points = route_find(&route);
    struct point *points = (struct point *)state->points->data;
    guint last = state->points->len - 1;
    if (!target.is_fixed) {
        struct point seen_from = last > 1 || source.is_fixed ? points[last - 1] : rect_center(route.source.box);
        points[last] = float_end(view, cell, target.cell, seen_from, false);
    }
    if (!source.is_fixed)
        points[0] = float_end(view, cell, source.cell, points[1], true);
    state->lengths = measure_route(state->points);
    bound_edge(state);
    place_label_of_edge(state, cell);
}

static void place_label_of_vertex(struct state *state, const struct style *style)
{
    const char *h = style_get(style, "labelPosition"), *v = style_get(style, "verticalLabelPosition");
    double width = style_number(style, "labelWidth", state->bounds.width);
    if (h != NULL && strcmp(h, "left") == 0)
        state->label.x -= width;
    else if (h != NULL && strcmp(h, "right") == 0)
        state->label.x += state->bounds.width;
    else if (style_get(style, "labelWidth") != NULL) {
        const char *align = style_get(style, "align");
        double share = align == NULL || strcmp(align, "center") == 0 ? 0.5 : strcmp(align, "right") == 0 ? 1 : 0;
        state->label.x -= (width - state->bounds.width) * share;
    }
    if (v != NULL && strcmp(v, "top") == 0)
        state->label.y -= state->bounds.height;
    else if (v != NULL && strcmp(v, "bottom") == 0)
        state->label.y += state->bounds.height;
}

static void place_vertex(struct view *view, int index)
{
    const struct cell *cell = page_cell(view->page, index);
    struct state *state = get_state(view, index);
    const struct geometry *geometry = &cell->geometry;
    const struct cell *parent = cell->parent != NO_CELL ? page_cell(view->page, cell->parent) : NULL;
    const struct state *above = parent != NULL ? get_state(view, cell->parent) : NULL;
    if (geometry->is_relative && parent != NULL && parent->is_edge && above->lengths != NULL)
        state->origin = point_on_route(above, geometry);
    else if (geometry->is_relative && parent != NULL && parent->is_vertex) {
        state->origin.x += geometry->rect.x * above->bounds.width + geometry->offset.x;
        state->origin.y += geometry->rect.y * above->bounds.height + geometry->offset.y;
    } else {
        state->label = geometry->offset;
        state->origin.x += geometry->rect.x;
        state->origin.y += geometry->rect.y;
    }
    state->bounds = (struct rect){state->origin.x, state->origin.y, geometry->rect.width, geometry->rect.height};
    double turn = geometry->is_relative && parent != NULL && parent->is_vertex ? style_number(&parent->style, "rotation", 0) : 0;
    if (turn != 0) {
        struct point center = rect_center(state->bounds), turned = point_rotate(center, turn, rect_center(above->bounds));
        state->bounds.x += turned.x - center.x;
        state->bounds.y += turned.y - center.y;
    }
    place_label_of_vertex(state, &cell->style);
}

static void place_cell(struct view *view, int index)
{
    const struct cell *cell = page_cell(view->page, index);
    struct state *state = get_state(view, index);
    if (state->progress != STATE_NEW || !cell->is_reached || view->depth > MAX_WAITING)
        return;
    view->depth++;
    state->progress = STATE_BUSY;
    state->is_shown = true;
    if (cell->parent != NO_CELL) {
        place_cell(view, cell->parent);
        state->origin = get_state(view, cell->parent)->origin;
    }
    if (cell->is_edge)
        place_edge(view, index);
    else if (cell->is_vertex)
        place_vertex(view, index);
    state->progress = STATE_DONE;
    view->depth--;
}

static void collect(struct view *view, int index)
{
    const struct cell *cell = page_cell(view->page, index);
    struct state *state = get_state(view, index);
    if (!cell->is_visible || !cell->is_reached)
        return;
    place_cell(view, index);
    if (!state->is_shown)
        return;
    if (cell->is_edge || cell->is_vertex)
        g_array_append_val(view->order, index);
    for (int child = cell->first_child; child != NO_CELL && !cell->is_collapsed; child = page_cell(view->page, child)->next_sibling)
        collect(view, child);
}

/* Whether a layer is asked for, by its name or its number from 1. */
static bool is_wanted(const struct cell *layer, unsigned number, const char *const *layers)
{
    char text[16];
    g_snprintf(text, sizeof text, "%u", number);
    return g_strv_contains(layers, text) || g_strv_contains(layers, layer->label) ||
           (number == 1 && layer->label[0] == '\0' && g_strv_contains(layers, "Background"));
}

struct view *view_new(const struct page *page, const char *const *layers, GPtrArray *problems, const struct grid *grid)
{
    struct view *view = g_new0(struct view, 1);
    unsigned number = 0;
    view->page = page;
    view->problems = problems;
    view->grid = grid != NULL ? *grid : (struct grid){1, 0, 0};
    view->states = g_new0(struct state, page->cells->len + 1);
    view->order = g_array_new(FALSE, FALSE, sizeof(int));
    if (page->root == NO_CELL)
        return view;
    for (int layer = page_cell(page, page->root)->first_child; layer != NO_CELL; layer = page_cell(page, layer)->next_sibling) {
        struct cell *cell = page_cell(page, layer);
        number++;
        if (layers == NULL ? cell->is_visible : is_wanted(cell, number, layers)) {
            bool was_visible = cell->is_visible;
            cell->is_visible = true;
            collect(view, layer);
            cell->is_visible = was_visible;
        }
    }
    return view;
}

void view_free(struct view *view)
{
    if (view == NULL)
        return;
    for (guint i = 0; i < view->page->cells->len; i++) {
        if (view->states[i].points != NULL)
            g_array_unref(view->states[i].points);
        g_free(view->states[i].lengths);
    }
    g_free(view->states);
    g_array_unref(view->order);
    g_free(view);
}
