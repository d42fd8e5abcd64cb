/* What the attributes and styles of an HTML element do to the text in it. */
#pragma once

#include "diagram/drawio/html_reader.h"
#include "diagram/drawio/label_html.h"

struct label_element {
    const struct html_tag *tag;
    struct text_style style;
    enum text_align align;
    double left, right;           /* of what is inside, from the sides of the label */
    double margin[4], padding[4]; /* above, right, below, left; NAN: the tag's own, in units of the font size */
    int n_items;
    guint start; /* of an inline one: the byte of the block where it begins */
    double rule_height;
};

/* Applies one attribute ("style", "color", "align", …) to an element within `parent`. What is not understood is ignored. */
void label_css_apply_attribute(struct label_element *element, const struct label_element *parent, const char *name, const char *value);

/* Sets the size that a word stands for: a smaller one where the family is "monospace" alone. */
void label_css_settle_size(struct text_style *style);

/* A length that needs no context, in px, and with a positive result those that do; negative when it is none. */
double label_css_read_length(const char *value);
