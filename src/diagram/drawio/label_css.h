/* What the attributes and styles of an HTML element do to the text in it. */
#pragma once

#include "diagram/drawio/html_reader.h"
#include "diagram/drawio/label_html.h"

struct label_element {
    const struct html_tag *tag;
    struct text_style style;
    enum text_align align;
    double left, right, space_below;
    int n_items;
    double rule_height;
};

/* Applies one attribute ("style", "color", "align", …) to an element; `parent_size` is the font size around it. A margin above goes to
 * `space_above`. What is not understood is ignored. */
void label_css_apply_attribute(struct label_element *element, const char *name, const char *value, double parent_size, double *space_above);
