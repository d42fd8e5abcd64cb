/* Style strings: "rounded=1;fillColor=#fff;html=1", named styles, and the defaults that the original puts beneath them. */
#pragma once

#include <glib.h>
#include <stdbool.h>

struct style_item {
    const char *key, *value;
};

struct style {
    char *text;    /* what the keys and values of the cell point into */
    GArray *items; /* struct style_item; a later one hides an earlier one with the
                    same key */
};

/* Reads the style of a vertex or an edge over the original's defaults; never fails, what is no style is ignored. The caller clears it. */
void style_init(struct style *style, const char *text, bool is_edge);
void style_clear(struct style *style);

/* The value, or NULL when it is absent or "none"; borrowed. */
const char *style_get(const struct style *style, const char *key);

/* The value even if it is "none". */
const char *style_get_raw(const struct style *style, const char *key);

/* The value as a number; `fallback` when it is absent, no number or not finite. Limited to +-1e6. */
double style_number(const struct style *style, const char *key, double fallback);

#define LINE_LIMIT 1000 /* the widest line that is drawn */

/* The width of lines in units, as it stands there; 1 when it is absent or over LINE_LIMIT. */
double style_line_width(const struct style *style);

/* Whether the value is 1 (or true); `fallback` when it is absent. */
bool style_flag(const struct style *style, const char *key, bool fallback);

/* Whether the value is there and equal to `value`. */
bool style_is(const struct style *style, const char *key, const char *value);

/* A percentage as a number from 0 to 1; 1 when it is absent. */
double style_share(const struct style *style, const char *key);

/* Degrees, clockwise, by which the style's direction turns a shape: 0 (east), 90, 180 or 270. */
double style_turn(const struct style *style);

/* A colour of a style or of CSS: #rgb, #rrggbb, rgb(), rgba(), names. False when it is none. */
struct color {
    double red, green, blue, alpha;
};
bool color_parse(const char *text, struct color *ret_color);

/* A colour of the style; "default" is black for lines and text, none behind labels, white for the rest. False when there is none
 * to be seen. */
bool style_color(const struct style *style, const char *key, struct color *ret_color);

/* Replaces the fills and lines that are "inherit" by those of the parent (a layer has the defaults of a vertex), or none without one;
 * borrows from the parent's style. */
void style_inherit(struct style *style, const struct style *parent);
