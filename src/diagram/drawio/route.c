#include "diagram/drawio/route.h"

#include <stdlib.h>
#include <string.h>

#define LOOP_SEGMENT 10
#define ENTITY_SEGMENT 30
#define TOLERANCE 1

static double round_tenth(double value)
{
    return round(value * 10) / 10;
}

static void push(GArray *points, double x, double y)
{
    struct point point = {x, y};
    g_array_append_val(points, point);
}

/* The box of a terminal, or the fixed point as a box without extent. */
static struct rect end_box(const struct route_end *end, bool prefers_point)
{
    if (end->has_point && (prefers_point || !end->has_box))
        return (struct rect){end->point.x, end->point.y, 0, 0};
    return end->box;
}

static void append_waypoints(const struct route *route, GArray *points)
{
    for (unsigned i = 0; i < route->n_waypoints; i++) {
        struct point point = route_waypoint(route, i);
        g_array_append_val(points, point);
    }
}

/* A segment-wise route: waypoints give in turn the y of a horizontal and the x of a vertical segment. */
struct segments {
    const struct route *route;
    GArray *hints, *points;
    guint first; /* of `points`: what was there before */
    struct point last_pushed;
    bool has_pushed, is_horizontal;
};

static void push_segment(struct segments *segments, struct point point)
{
    point = (struct point){round_tenth(point.x), round_tenth(point.y)};
    if (segments->has_pushed && fabs(segments->last_pushed.x - point.x) < TOLERANCE && fabs(segments->last_pushed.y - point.y) < TOLERANCE)
        return;
    g_array_append_val(segments->points, point);
    segments->last_pushed = point;
    segments->has_pushed = true;
}

static struct point *hint_at(const struct segments *segments, guint i)
{
    return &g_array_index(segments->hints, struct point, i);
}

static void snap(struct point *hint, const struct route_end *end)
{
    if (!end->has_point)
        return;
    if (fabs(hint->x - end->point.x) < TOLERANCE)
        hint->x = end->point.x;
    if (fabs(hint->y - end->point.y) < TOLERANCE)
        hint->y = end->point.y;
}

/* Whether the first segment is horizontal, found out at the source, or else at the target working backwards. */
static bool find_first_orientation(struct segments *segments)
{
    const struct route_end *ends[2] = {&segments->route->source, &segments->route->target};
    struct point hint = *hint_at(segments, 0);
    for (int i = 0; i < 2; i++) {
        const struct route_end *end = ends[i];
        bool has_box = end->has_box && !end->has_point;
        bool at_x = end->has_point && end->point.x == hint.x, at_y = end->has_point && end->point.y == hint.y;
        bool in_row = has_box && hint.y >= end->box.y && hint.y <= end->box.y + end->box.height;
        bool in_column = has_box && hint.x >= end->box.x && hint.x <= end->box.x + end->box.width;
        bool is_row = at_y || in_row, is_column = at_x || in_column;
        if (!(i == 0 && ((is_row && is_column) || (at_x && at_y))) && (is_row || is_column))
            return i == 0 ? is_row : segments->hints->len % 2 == 0 ? is_row : is_column;
        if (i == 0 && at_x && at_y && segments->hints->len > 1)
            g_array_remove_index(segments->hints, 0);
        hint = *hint_at(segments, segments->hints->len - 1);
    }
    return true;
}

/* Whether a segment at `hint` misses the end, so that one more bend is needed. */
static bool misses(const struct route_end *end, struct point hint, bool is_horizontal)
{
    struct rect box = end_box(end, true);
    if (is_horizontal)
        return hint.y < box.y || hint.y > box.y + box.height;
    return hint.x < box.x || hint.x > box.x + box.width;
}

static struct point end_center(const struct route_end *end)
{
    return end->has_point ? end->point : rect_center(end->box);
}

static void push_hints(struct segments *segments)
{
    struct point at = end_center(&segments->route->source), hint = *hint_at(segments, 0);
    bool is_horizontal = segments->is_horizontal;
    if (misses(&segments->route->source, hint, is_horizontal))
        push_segment(segments, is_horizontal ? (struct point){at.x, hint.y} : (struct point){hint.x, at.y});
    if (is_horizontal)
        at.y = hint.y;
    else
        at.x = hint.x;
    for (guint i = 0; i < segments->hints->len; i++) {
        is_horizontal = !is_horizontal;
        if (is_horizontal)
            at.y = hint_at(segments, i)->y;
        else
            at.x = hint_at(segments, i)->x;
        push_segment(segments, at);
    }
    segments->is_horizontal = is_horizontal;
}

/* Bends inside of a terminal whose end floats are no bends. */
static void drop_hidden_bends(struct segments *segments)
{
    const struct route *route = segments->route;
    GArray *points = segments->points;
    guint first = segments->first;
    if (!route->source.has_point && route->source.has_box)
        while (points->len > first && rect_contains(route->source.box, g_array_index(points, struct point, first)))
            g_array_remove_index(points, first);
    if (!route->target.has_point && route->target.has_box)
        while (points->len > first && rect_contains(route->target.box, g_array_index(points, struct point, points->len - 1)))
            g_array_remove_index(points, points->len - 1);
}

/* A last bend that falls on the fixed end is that end; the one before it is lined up with it. */
static void join_end(struct segments *segments)
{
    const struct route_end *target = &segments->route->target;
    GArray *points = segments->points;
    if (!target->has_point || points->len == segments->first)
        return;
    struct point last = g_array_index(points, struct point, points->len - 1);
    if (fabs(last.x - target->point.x) > TOLERANCE || fabs(last.y - target->point.y) > TOLERANCE)
        return;
    g_array_remove_index(points, points->len - 1);
    if (points->len > segments->first)
        snap(&g_array_index(points, struct point, points->len - 1), target);
}

static void append_segments(const struct route *route, GArray *points)
{
    struct segments segments = {route, g_array_new(FALSE, FALSE, sizeof(struct point)), points, points->len, .is_horizontal = true};
    struct point hint = end_center(&route->source), target = end_center(&route->target);
    segments.has_pushed = route->source.has_point;
    segments.last_pushed = route->source.point;
    append_waypoints(route, segments.hints);
    if (segments.hints->len > 0) {
        snap(hint_at(&segments, 0), &route->source);
        snap(hint_at(&segments, segments.hints->len - 1), &route->target);
        segments.is_horizontal = find_first_orientation(&segments);
        push_hints(&segments);
        hint = *hint_at(&segments, segments.hints->len - 1);
    }
    if (misses(&route->target, hint, segments.is_horizontal))
        push_segment(&segments, segments.is_horizontal ? (struct point){target.x, hint.y} : (struct point){hint.x, target.y});
    drop_hidden_bends(&segments);
    join_end(&segments);
    g_array_unref(segments.hints);
}

static void append_orthogonal(const struct route *route, GArray *points)
{
    bool ends_at_edge =
        (route->source.cell != NULL && route->source.cell->is_edge) || (route->target.cell != NULL && route->target.cell->is_edge);
    if (route->n_waypoints > 0 || ends_at_edge || !route_append_orthogonal(route, points))
        append_segments(route, points);
}

/* Elbows are computed for one axis: `along` is the axis of the first and last segments. */
struct elbow {
    struct rect source, target;
    bool is_vertical; /* top to bottom: x and y change places */
    GArray *points;
};

static struct rect swap_axes(struct rect r)
{
    return (struct rect){r.y, r.x, r.height, r.width};
}

static void push_elbow(struct elbow *elbow, double x, double y)
{
    struct point point = {x, y};
    if (rect_contains(elbow->source, point) || rect_contains(elbow->target, point))
        return;
    push(elbow->points, elbow->is_vertical ? y : x, elbow->is_vertical ? x : y);
}

static double routing_center(const struct route_end *end, struct rect box, bool is_vertical)
{
    const char *key = is_vertical ? "routingCenterX" : "routingCenterY";
    return box.y + box.height * (0.5 + (end->cell != NULL ? style_number(&end->cell->style, key, 0) : 0));
}

static double round_to_grid(double value, double scale, double origin)
{
    return floor((value + origin) * scale + 0.5) / scale - origin;
}

static void append_elbow_on(const struct route *route, bool is_vertical, GArray *points)
{
    struct elbow elbow = {end_box(&route->source, true), end_box(&route->target, true), is_vertical, points};
    bool has_hint = route->n_waypoints > 0;
    struct point hint = has_hint ? route_waypoint(route, 0) : (struct point){0, 0};
    guint before = points->len;
    if (is_vertical) {
        elbow.source = swap_axes(elbow.source);
        elbow.target = swap_axes(elbow.target);
        hint = (struct point){hint.y, hint.x};
    }
    struct rect s = elbow.source, t = elbow.target;
    double left = fmax(s.x, t.x), right = fmin(s.x + s.width, t.x + t.width);
    double x =
        has_hint ? hint.x : round_to_grid(right + (left - right) / 2, route->grid.scale, is_vertical ? route->grid.y : route->grid.x);
    double y1 = routing_center(&route->source, s, is_vertical), y2 = routing_center(&route->target, t, is_vertical);
    if (has_hint && hint.y >= s.y && hint.y <= s.y + s.height)
        y1 = hint.y;
    if (has_hint && hint.y >= t.y && hint.y <= t.y + t.height)
        y2 = hint.y;
    push_elbow(&elbow, x, y1);
    push_elbow(&elbow, x, y2);
    if (points->len != before)
        return;
    double top = fmax(s.y, t.y), bottom = fmin(s.y + s.height, t.y + t.height);
    if (has_hint)
        push_elbow(&elbow, x, hint.y);
    else
        push(points, is_vertical ? top + (bottom - top) / 2 : x, is_vertical ? x : top + (bottom - top) / 2);
}

static void append_side_to_side(const struct route *route, GArray *points)
{
    append_elbow_on(route, false, points);
}

static void append_top_to_bottom(const struct route *route, GArray *points)
{
    append_elbow_on(route, true, points);
}

static void append_elbow(const struct route *route, GArray *points)
{
    struct rect s = end_box(&route->source, false), t = end_box(&route->target, false);
    bool is_vertical = false, is_horizontal = false;
    if (route->source.has_box && route->target.has_box && route->n_waypoints > 0) {
        struct point hint = route_waypoint(route, 0);
        struct rect both = rect_join(s, t);
        is_vertical = hint.y < both.y || hint.y > both.y + both.height;
        is_horizontal = hint.x < both.x || hint.x > both.x + both.width;
    } else if (route->source.has_box && route->target.has_box) {
        is_vertical = fmax(s.x, t.x) == fmin(s.x + s.width, t.x + t.width);
        is_horizontal = !is_vertical && fmax(s.y, t.y) == fmin(s.y + s.height, t.y + t.height);
    }
    append_elbow_on(route, !is_horizontal && (is_vertical || style_is(route->style, "elbow", "vertical")), points);
}

/* Which side of a terminal an entity relation leaves from. */
static bool leaves_left(const struct route *route, bool is_source)
{
    const struct route_end *end = is_source ? &route->source : &route->target, *other = is_source ? &route->target : &route->source;
    unsigned sides = end->cell != NULL ? route_allowed_sides(route, is_source, 0) : 0;
    if (!end->has_point && sides != 0 && sides != (SIDE_WEST | SIDE_EAST))
        return sides == SIDE_WEST;
    if (end->cell == NULL || (is_source && other->cell == NULL && !end->cell->geometry.is_relative))
        return !is_source;
    if (end->cell->geometry.is_relative)
        return end->cell->geometry.rect.x <= 0.5;
    struct rect own = end_box(end, true), far = end_box(other, true);
    return far.x + far.width < own.x;
}

static void append_entity_relation(const struct route *route, GArray *points)
{
    double segment = style_number(route->style, "segment", ENTITY_SEGMENT);
    struct rect s = end_box(&route->source, true), t = end_box(&route->target, true);
    bool source_left = leaves_left(route, true), target_left = leaves_left(route, false);
    double x0 = source_left ? s.x : s.x + s.width, y0 = rect_center(s).y;
    double x1 = target_left ? t.x : t.x + t.width, y1 = rect_center(t).y;
    double leave = x0 + (source_left ? -segment : segment), arrive = x1 + (target_left ? -segment : segment);
    if (source_left == target_left) {
        double x = source_left ? fmin(x0, x1) - segment : fmax(x0, x1) + segment;
        push(points, x, y0);
        push(points, x, y1);
        return;
    }
    push(points, leave, y0);
    if ((leave < arrive) == source_left) {
        push(points, leave, y0 + (y1 - y0) / 2);
        push(points, arrive, y0 + (y1 - y0) / 2);
    }
    push(points, arrive, y1);
}

/* A loop beside (or above, below) its only terminal. */
static void append_loop(const struct route *route, GArray *points)
{
    struct rect box = end_box(&route->source, false);
    struct point center = rect_center(box);
    double segment = style_number(route->style, "segment", LOOP_SEGMENT);
    const char *direction = style_get(route->style, "direction");
    bool has_hint = route->n_waypoints > 0;
    struct point hint = has_hint ? route_waypoint(route, 0) : center;
    if (route->source.has_point && route->target.has_point) {
        append_waypoints(route, points);
        return;
    }
    has_hint = has_hint && !rect_contains(box, hint);
    bool is_north = direction != NULL && strcmp(direction, "north") == 0, is_south = direction != NULL && strcmp(direction, "south") == 0;
    double x = center.x, y = center.y, dx = 0, dy = 0;
    if (has_hint && hint.x >= box.x && hint.x <= box.x + box.width) {
        dx = fmax(fabs(x - hint.x), segment);
        y = hint.y;
    } else if (has_hint) {
        x = hint.x;
        dy = fmax(fabs(y - hint.y), segment);
    } else if (is_north || is_south) {
        dx = segment;
        y = is_north ? box.y - 2 * dx : box.y + box.height + 2 * dx;
    } else {
        dy = segment;
        x = direction != NULL && strcmp(direction, "east") == 0 ? box.x - 2 * dy : box.x + box.width + 2 * dy;
    }
    push(points, x - dx, y - dy);
    push(points, x + dx, y + dy);
}

/* Isometric edges go along two axes, 30 degrees above the x axis and 30 above its other direction. From one point towards another along one of them,
 * as far as the other axis leads on from there. */
static struct point follow_axis(struct point from, struct point to, bool is_first_axis)
{
    static const double cosine = 0.86602540378443865, sine = 0.5;
    double dx = to.x - from.x, dy = to.y - from.y, towards = is_first_axis ? 1 : -1;
    double length = (towards * sine * dx - cosine * dy) / (2 * cosine * sine);
    return (struct point){from.x + towards * cosine * length, from.y - sine * length};
}

static void append_isometric(const struct route *route, GArray *points)
{
    struct point from = rect_center(end_box(&route->source, true)), to = rect_center(end_box(&route->target, true));
    struct point middle = route->n_waypoints > 0 ? route_waypoint(route, 0) : (struct point){(from.x + to.x) / 2, (from.y + to.y) / 2};
    const char *elbow = style_get(route->style, "elbow");
    bool is_first_axis = elbow == NULL || strcmp(elbow, "horizontal") == 0;
    struct point bend = follow_axis(from, middle, is_first_axis), last = follow_axis(middle, to, !is_first_axis);
    push(points, bend.x, bend.y);
    push(points, middle.x, middle.y);
    push(points, last.x, last.y);
}

/* Sorted by name. */
static const struct router {
    const char *name;
    void (*append)(const struct route *route, GArray *points);
    bool is_orthogonal;
} routers[] = {
    {"elbowEdgeStyle", append_elbow, true},
    {"entityRelationEdgeStyle", append_entity_relation, true},
    {"isometricEdgeStyle", append_isometric, false},
    {"loopEdgeStyle", append_loop, false},
    {"orthogonalEdgeStyle", append_orthogonal, true},
    {"segmentEdgeStyle", append_segments, true},
    {"sideToSideEdgeStyle", append_side_to_side, true},
    {"topToBottomEdgeStyle", append_top_to_bottom, true},
};

static int compare(const void *name, const void *item)
{
    return strcmp(name, ((const struct router *)item)->name);
}

static const struct router *find_router(const struct style *style)
{
    const char *name = style_get(style, "edgeStyle");
    if (name == NULL || style_flag(style, "noEdgeStyle", false))
        return NULL;
    return bsearch(name, routers, G_N_ELEMENTS(routers), sizeof routers[0], compare);
}

bool route_is_known(const struct style *style)
{
    return style_get(style, "edgeStyle") == NULL || style_flag(style, "noEdgeStyle", false) || find_router(style) != NULL;
}

bool route_is_orthogonal(const struct style *style)
{
    const struct router *router = find_router(style);
    return style_get(style, "orthogonal") != NULL ? style_flag(style, "orthogonal", false) : router != NULL && router->is_orthogonal;
}

/* The side after a quarter turn clockwise, as often as the terminal's rotation says. */
static unsigned turn_side(unsigned side, int quarters)
{
    static const unsigned clockwise[] = {SIDE_NORTH, SIDE_EAST, SIDE_SOUTH, SIDE_WEST};
    for (unsigned i = 0; i < 4; i++)
        if (clockwise[i] == side)
            return clockwise[(i + (unsigned)quarters) % 4];
    return side;
}

unsigned route_allowed_sides(const struct route *route, bool is_source, unsigned fallback)
{
    static const struct {
        const char *name;
        unsigned side;
    } names[] = {{"north", SIDE_NORTH}, {"east", SIDE_EAST}, {"south", SIDE_SOUTH}, {"west", SIDE_WEST}};
    const struct cell *cell = is_source ? route->source.cell : route->target.cell;
    const char *own = cell != NULL ? style_get(&cell->style, "portConstraint") : NULL;
    const char *text = own != NULL ? own : style_get(route->style, is_source ? "sourcePortConstraint" : "targetPortConstraint");
    unsigned sides = 0;
    if (text == NULL || cell == NULL)
        return fallback;
    double rotation = style_flag(&cell->style, "portConstraintRotation", false) ? style_number(&cell->style, "rotation", 0) : 0;
    int quarters = fabs(rotation) >= 135 ? 2 : rotation > 45 ? 1 : rotation < -45 ? 3 : 0;
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++)
        if (strstr(text, names[i].name) != NULL)
            sides |= turn_side(names[i].side, quarters);
    return sides;
}

static bool is_drawn_as_loop(const struct route *route)
{
    bool is_orthogonal = style_flag(route->style, "orthogonalLoop", false) && (route->source.has_point || route->target.has_point);
    return route->is_loop && route->n_waypoints < 2 && !is_orthogonal;
}

GArray *route_find(const struct route *route)
{
    GArray *points = g_array_new(FALSE, TRUE, sizeof(struct point));
    const struct router *router = find_router(route->style);
    g_array_append_val(points, route->source.point);
    if (is_drawn_as_loop(route))
        append_loop(route, points);
    else if (router != NULL)
        router->append(route, points);
    else
        append_waypoints(route, points);
    g_array_append_val(points, route->target.point);
    return points;
}

bool route_uses_grid(const struct style *style)
{
    const struct router *router = find_router(style);
    return router != NULL &&
           (router->append == append_elbow || router->append == append_side_to_side || router->append == append_top_to_bottom);
}
