/* A label laid out: lines of text with their places. Widths and line breaks by pango, the heights of lines as a browser computes them. */
#pragma once

#include <pango/pangocairo.h>

#include "diagram/drawio/geometry.h"
#include "diagram/drawio/label_html.h"

struct fonts;

struct label_options {
    const struct fonts *fonts; /* borrowed */
    struct text_style style;
    enum text_align align;
    bool is_html;      /* else plain text with lines at whole distances, as SVG text */
    double width;      /* wrap at this width what may be broken (style.is_unbroken) */
    double full_width; /* lay out within exactly this width; 0: as wide as the text */
    bool has_background, has_border;
    struct color background, border;
};

struct label_line {
    PangoLayout *layout; /* borrowed from the label */
    PangoLayoutLine *line;
    const struct text_block *block;
    double x, baseline;             /* from the label's upper left corner */
    const struct text_style *style; /* of all of it, where it is no text of the block; else NULL */
};

enum box_shape { BOX_FILLED, BOX_DISC, BOX_CIRCLE };

struct label_box {
    struct rect rect;
    struct color color;
    enum box_shape shape;
};

struct label {
    struct label_options options;
    GPtrArray *blocks;  /* struct text_block */
    GPtrArray *layouts; /* PangoLayout, one per block; NULL for rules */
    GArray *lines;      /* struct label_line */
    GArray *boxes;      /* struct label_box: rules and bullets */
    double width, height;
    bool may_break; /* some of the text */
    int n_unknown;  /* characters that no installed font has */
};

struct label *label_new(const char *text, const struct label_options *options);
void label_free(struct label *label);

/* The label's box, its corner at 0, 0. */
struct rect label_bounds(const struct label *label);
