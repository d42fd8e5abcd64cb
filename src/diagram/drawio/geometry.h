/* Points and rectangles in the units of a diagram, y downwards. */
#pragma once

#include <math.h>
#include <stdbool.h>

#include "diagram/drawio/model.h"

static inline struct point rect_center(struct rect rect)
{
    return (struct point){rect.x + rect.width / 2, rect.y + rect.height / 2};
}

static inline bool rect_contains(struct rect rect, struct point point)
{
    return rect.x <= point.x && point.x <= rect.x + rect.width && rect.y <= point.y && point.y <= rect.y + rect.height;
}

/* The smallest rectangle that holds both; an empty one (negative width) holds nothing. */
static inline struct rect rect_join(struct rect a, struct rect b)
{
    if (a.width < 0 || b.width < 0)
        return a.width < 0 ? b : a;
    double x = fmin(a.x, b.x), y = fmin(a.y, b.y);
    return (struct rect){x, y, fmax(a.x + a.width, b.x + b.width) - x, fmax(a.y + a.height, b.y + b.height) - y};
}

static inline struct rect rect_grow(struct rect rect, double by)
{
    return (struct rect){rect.x - by, rect.y - by, rect.width + 2 * by, rect.height + 2 * by};
}

#define RECT_EMPTY ((struct rect){0, 0, -1, -1})

/* Turned clockwise (on the screen) around a centre. */
static inline struct point point_rotate(struct point point, double degrees, struct point center)
{
    double c = cos(degrees * G_PI / 180), s = sin(degrees * G_PI / 180);
    double x = point.x - center.x, y = point.y - center.y;
    return (struct point){x * c - y * s + center.x, y * c + x * s + center.y};
}

static inline double point_distance(struct point a, struct point b)
{
    return hypot(a.x - b.x, a.y - b.y);
}

/* The bounding box of a rectangle turned around its centre. */
static inline struct rect rect_rotate(struct rect rect, double degrees)
{
    double c = fabs(cos(degrees * G_PI / 180)), s = fabs(sin(degrees * G_PI / 180));
    struct point center = rect_center(rect);
    double width = rect.width * c + rect.height * s, height = rect.width * s + rect.height * c;
    return (struct rect){center.x - width / 2, center.y - height / 2, width, height};
}
