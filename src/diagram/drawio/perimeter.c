#include "diagram/drawio/perimeter.h"

#include <stdlib.h>
#include <string.h>

#define MAX_CORNERS 8

struct view_point {
    struct rect bounds;
    const struct style *style;
    struct point next;
    bool is_orthogonal;
};

typedef struct point outline(const struct view_point *view);

static struct point around_rectangle(const struct view_point *view)
{
    struct rect b = view->bounds;
    struct point center = rect_center(b), next = view->next, hit;
    double angle = atan2(next.y - center.y, next.x - center.x), corner = atan2(b.height, b.width);
    if (angle < -G_PI + corner || angle > G_PI - corner)
        hit = (struct point){b.x, center.y - b.width * tan(angle) / 2};
    else if (angle < -corner)
        hit = (struct point){center.x - b.height * tan(G_PI / 2 - angle) / 2, b.y};
    else if (angle < corner)
        hit = (struct point){b.x + b.width, center.y + b.width * tan(angle) / 2};
    else
        hit = (struct point){center.x + b.height * tan(G_PI / 2 - angle) / 2, b.y + b.height};
    if (!view->is_orthogonal)
        return hit;
    if (next.x >= b.x && next.x <= b.x + b.width)
        hit.x = next.x;
    else if (next.y >= b.y && next.y <= b.y + b.height)
        hit.y = next.y;
    if (next.x < b.x || next.x > b.x + b.width)
        hit.x = next.x < b.x ? b.x : b.x + b.width;
    if (next.y < b.y || next.y > b.y + b.height)
        hit.y = next.y < b.y ? b.y : b.y + b.height;
    return hit;
}

/* Half the extent of an ellipse at an offset from its centre along the other axis. */
static double half_chord(double half, double other_half, double offset)
{
    double share = other_half > 0 ? offset / other_half : 1;
    return share * share < 1 ? half * sqrt(1 - share * share) : 0;
}

static struct point around_ellipse(const struct view_point *view)
{
    struct rect b = view->bounds;
    struct point center = rect_center(b), next = view->next;
    double a = b.width / 2, h = b.height / 2;
    double dx = trunc(next.x - center.x), dy = trunc(next.y - center.y);
    if (dx == 0)
        return dy == 0 ? next : (struct point){center.x, center.y + copysign(h, dy)};
    if (view->is_orthogonal && next.y >= b.y && next.y <= b.y + b.height)
        return (struct point){center.x + copysign(half_chord(a, h, next.y - center.y), next.x <= b.x ? -1 : 1), next.y};
    if (view->is_orthogonal && next.x >= b.x && next.x <= b.x + b.width)
        return (struct point){next.x, center.y + copysign(half_chord(h, a, next.x - center.x), next.y <= b.y ? -1 : 1)};
    double reach = a > 0 && h > 0 ? 1 / hypot(dx / a, dy / h) : 0;
    return (struct point){center.x + dx * reach, center.y + dy * reach};
}

/* Where the segments ab and cd meet. */
static bool intersect(struct point a, struct point b, struct point c, struct point d, struct point *ret_point)
{
    double across = (d.y - c.y) * (b.x - a.x) - (d.x - c.x) * (b.y - a.y);
    if (across == 0)
        return false;
    double on_ab = ((d.x - c.x) * (a.y - c.y) - (d.y - c.y) * (a.x - c.x)) / across;
    double on_cd = ((b.x - a.x) * (a.y - c.y) - (b.y - a.y) * (a.x - c.x)) / across;
    if (on_ab < 0 || on_ab > 1 || on_cd < 0 || on_cd > 1)
        return false;
    *ret_point = (struct point){a.x + on_ab * (b.x - a.x), a.y + on_ab * (b.y - a.y)};
    return true;
}

/* Where the line from inside to `next` leaves a polygon: of several places the one nearest to `next`; the centre when there is none. */
static struct point around_polygon(const struct view_point *view, const struct point *corners, unsigned n)
{
    struct point center = rect_center(view->bounds), from = center, best = center, hit;
    double nearest = G_MAXDOUBLE;
    if (view->is_orthogonal && (view->next.x < view->bounds.x || view->next.x > view->bounds.x + view->bounds.width))
        from.y = view->next.y;
    else if (view->is_orthogonal)
        from.x = view->next.x;
    for (unsigned i = 0; i < n; i++)
        if (intersect(corners[i], corners[(i + 1) % n], from, view->next, &hit) && point_distance(hit, view->next) < nearest) {
            nearest = point_distance(hit, view->next);
            best = hit;
        }
    return best;
}

/* Where the lines from a to b and from c to d meet; false when they do not. */
static bool cross_segments(struct point a, struct point b, struct point c, struct point d, struct point *ret_point)
{
    double across = (d.y - c.y) * (b.x - a.x) - (d.x - c.x) * (b.y - a.y);
    double along = ((d.x - c.x) * (a.y - c.y) - (d.y - c.y) * (a.x - c.x)) / across;
    double along_other = ((b.x - a.x) * (a.y - c.y) - (b.y - a.y) * (a.x - c.x)) / across;
    *ret_point = (struct point){a.x + along * (b.x - a.x), a.y + along * (b.y - a.y)};
    return across != 0 && along >= 0 && along <= 1 && along_other >= 0 && along_other <= 1;
}

static struct point around_rhombus(const struct view_point *view)
{
    struct rect b = view->bounds;
    struct point center = rect_center(b), next = view->next, to = center;
    if (next.x == center.x)
        return (struct point){center.x, center.y > next.y ? b.y : b.y + b.height};
    if (next.y == center.y)
        return (struct point){center.x > next.x ? b.x : b.x + b.width, center.y};
    if (view->is_orthogonal && next.x >= b.x && next.x <= b.x + b.width)
        to.x = next.x;
    else if (view->is_orthogonal && next.y >= b.y && next.y <= b.y + b.height)
        to.y = next.y;
    struct point tip = {center.x, next.y < center.y ? b.y : b.y + b.height};
    struct point side = {next.x < center.x ? b.x : b.x + b.width, center.y};
    struct point crossing;
    return cross_segments(next, to, tip, side, &crossing) ? crossing : center; /* from within there is none */
}

/* A polygon drawn in a unit square pointing east, turned to the style's direction. */
static struct point around_turned(const struct view_point *view, const struct point *unit, unsigned n)
{
    const char *direction = style_get(view->style, "direction");
    struct point corners[MAX_CORNERS];
    struct rect b = view->bounds;
    for (unsigned i = 0; i < n; i++) {
        struct point p = unit[i];
        if (direction != NULL && strcmp(direction, "west") == 0)
            p = (struct point){1 - p.x, 1 - p.y};
        else if (direction != NULL && strcmp(direction, "south") == 0)
            p = (struct point){1 - p.y, p.x};
        else if (direction != NULL && strcmp(direction, "north") == 0)
            p = (struct point){p.y, 1 - p.x};
        corners[i] = (struct point){b.x + p.x * b.width, b.y + p.y * b.height};
    }
    return around_polygon(view, corners, n);
}

/* Where the line from `from` to `next` meets a side; where it does not, `from`. */
static struct point meet_side(struct point from, struct point next, struct point a, struct point b)
{
    struct point hit = from;
    intersect(next, from, a, b, &hit);
    return hit;
}

/* A triangle seen as if it pointed east: its base on the left. */
static struct point around_east_triangle(struct rect b, struct point next, bool is_orthogonal)
{
    struct point center = rect_center(b), from = center, tip = {b.x + b.width, center.y};
    double angle = atan2(next.y - center.y, next.x - center.x), corner = atan2(b.height, b.width);
    bool is_beside = next.y >= b.y && next.y <= b.y + b.height;
    if (angle < -G_PI + corner || angle > G_PI - corner)
        return (struct point){b.x, is_orthogonal && is_beside ? next.y : center.y - b.width * tan(angle) / 2};
    if (is_orthogonal && is_beside)
        from = (struct point){b.x, next.y};
    else if (is_orthogonal && next.x >= b.x && next.x <= b.x + b.width)
        from = (struct point){next.x, center.y};
    bool is_upper = next.y <= center.y;
    return is_upper ? meet_side(from, next, (struct point){b.x, b.y}, tip)
                    : meet_side(from, next, tip, (struct point){b.x, b.y + b.height});
}

/* Turns the style's direction to the east and back: by mirroring at the centre and at the diagonal. */
static struct point around_triangle(const struct view_point *view)
{
    struct rect b = view->bounds;
    struct point center = rect_center(b), next = view->next;
    double turn = style_turn(view->style);
    bool is_vertical = turn == 90 || turn == 270, is_mirrored = turn == 180 || turn == 270;
    if (is_vertical) {
        b = (struct rect){b.y, b.x, b.height, b.width};
        center = (struct point){center.y, center.x};
        next = (struct point){next.y, next.x};
    }
    if (is_mirrored)
        next.x = 2 * center.x - next.x;
    struct point hit = around_east_triangle(b, next, view->is_orthogonal);
    if (is_mirrored)
        hit.x = 2 * center.x - hit.x;
    return is_vertical ? (struct point){hit.y, hit.x} : hit;
}

/* The style's "size" as a fraction of the width (in the shape's own direction), at most `most`. */
static double size_share(const struct view_point *view, double share, double fixed, double most)
{
    const char *direction = style_get(view->style, "direction");
    bool is_turned = direction != NULL && (strcmp(direction, "north") == 0 || strcmp(direction, "south") == 0);
    double width = is_turned ? view->bounds.height : view->bounds.width;
    bool is_fixed = style_flag(view->style, "fixedSize", false);
    double size = style_number(view->style, "size", is_fixed ? fixed : share);
    return CLAMP(is_fixed ? (width > 0 ? size / width : 0) : size, 0, most);
}

static struct point around_hexagon(const struct view_point *view)
{
    double s = size_share(view, 0.25, 25, 1);
    struct point unit[] = {{s, 0}, {1 - s, 0}, {1, 0.5}, {1 - s, 1}, {s, 1}, {0, 0.5}};
    return around_turned(view, unit, G_N_ELEMENTS(unit));
}

static struct point around_parallelogram(const struct view_point *view)
{
    double s = size_share(view, 0.2, 20, 1);
    struct point unit[] = {{s, 0}, {1, 0}, {1 - s, 1}, {0, 1}};
    return around_turned(view, unit, G_N_ELEMENTS(unit));
}

static struct point around_trapezoid(const struct view_point *view)
{
    double s = size_share(view, 0.2, 20, 0.5);
    struct point unit[] = {{s, 0}, {1 - s, 0}, {1, 1}, {0, 1}};
    return around_turned(view, unit, G_N_ELEMENTS(unit));
}

static struct point around_step(const struct view_point *view)
{
    double s = size_share(view, 0.2, 20, 1);
    struct point unit[] = {{0, 0}, {1 - s, 0}, {1, 0.5}, {1 - s, 1}, {0, 1}, {s, 0.5}};
    return around_turned(view, unit, G_N_ELEMENTS(unit));
}

static struct point around_callout(const struct view_point *view)
{
    struct view_point body = *view;
    struct rect *b = &body.bounds;
    double turn = style_turn(view->style), size = CLAMP(style_number(view->style, "size", 30), 0, b->height);
    if (turn == 90 || turn == 270)
        b->width = fmax(0, b->width - size);
    else
        b->height -= size;
    b->x += turn == 90 ? size : 0;
    b->y += turn == 180 ? size : 0;
    return around_rectangle(&body);
}

/* The dashed line below the head of a lifeline. */
static struct point around_lifeline(const struct view_point *view)
{
    struct rect b = view->bounds;
    double center = b.x + b.width / 2, half = style_line_width(view->style) / 2;
    double top = fmin(b.y + style_number(view->style, "size", 40), b.y + b.height);
    return (struct point){center - half, CLAMP(view->next.y, top, b.y + b.height)};
}

static struct point around_orthogonal(const struct view_point *view)
{
    struct view_point orthogonal = *view;
    orthogonal.is_orthogonal = true;
    return around_rectangle(&orthogonal);
}

static struct point at_center(const struct view_point *view)
{
    return rect_center(view->bounds);
}

/* Sorted by name. */
static const struct known_outline {
    const char *name;
    outline *find;
} outlines[] = {
    {"calloutPerimeter", around_callout},
    {"centerPerimeter", at_center},
    {"ellipsePerimeter", around_ellipse},
    {"hexagonPerimeter", around_hexagon},
    {"hexagonPerimeter2", around_hexagon},
    {"lifelinePerimeter", around_lifeline},
    {"orthogonalPerimeter", around_orthogonal},
    {"parallelogramPerimeter", around_parallelogram},
    {"rectanglePerimeter", around_rectangle},
    {"rhombusPerimeter", around_rhombus},
    {"stepPerimeter", around_step},
    {"trapezoidPerimeter", around_trapezoid},
    {"trianglePerimeter", around_triangle},
};

static int compare(const void *name, const void *item)
{
    return strcmp(name, ((const struct known_outline *)item)->name);
}

static const struct known_outline *find_outline(const struct style *style)
{
    const char *name = style_get(style, "perimeter");
    return name != NULL ? bsearch(name, outlines, G_N_ELEMENTS(outlines), sizeof outlines[0], compare) : NULL;
}

bool perimeter_is_known(const struct style *style)
{
    return style_get(style, "perimeter") == NULL || find_outline(style) != NULL;
}

struct point perimeter_point(struct rect bounds, const struct style *style, struct point next, bool is_orthogonal)
{
    struct point center = rect_center(bounds);
    const struct known_outline *known = find_outline(style);
    struct view_point view = {bounds, style, next, is_orthogonal};
    if (style_get(style, "perimeter") == NULL || (bounds.width <= 0 && bounds.height <= 0))
        return center;
    bool is_flipped_h = style_flag(style, "flipH", false), is_flipped_v = style_flag(style, "flipV", false);
    if (is_flipped_h)
        view.next.x = 2 * center.x - view.next.x;
    if (is_flipped_v)
        view.next.y = 2 * center.y - view.next.y;
    struct point hit = known != NULL ? known->find(&view) : around_rectangle(&view);
    if (is_flipped_h)
        hit.x = 2 * center.x - hit.x;
    if (is_flipped_v)
        hit.y = 2 * center.y - hit.y;
    return isfinite(hit.x) && isfinite(hit.y) ? hit : center;
}
