/* The HTML of labels: paragraphs of styled text. A small part of HTML and CSS, read with the tolerance of a browser. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "diagram/drawio/style.h"

enum text_align { ALIGN_LEFT, ALIGN_CENTER, ALIGN_RIGHT };

struct text_style {
    const char *family; /* interned */
    double size;        /* px */
    bool is_bold, is_italic, is_underlined, is_struck, has_background, keeps_spaces;
    struct color color, background;
    double rise;        /* px above the baseline */
    double line_height; /* factor of the size; 0: as the font wants it */
};

struct text_span {
    guint end; /* byte of the text where the span ends; it begins where the one
                before ends */
    struct text_style style;
};

struct text_block {
    GString *text;           /* UTF-8; "\n" breaks the line */
    GArray *spans;           /* struct text_span */
    struct text_style style; /* of the block itself */
    enum text_align align;
    double space_above, left, right; /* px */
    bool is_rule;
    double rule_height;
    char *marker; /* of a list item, or NULL */
};

/* Blocks (struct text_block *) of a label, `style` and `align` being those around it; `ret_space_below` px below the last one. The
 * caller frees the array. */
GPtrArray *label_html_parse(const char *html, const struct text_style *style, enum text_align align, double *ret_space_below);

/* Plain text as one block. */
GPtrArray *label_text_parse(const char *text, const struct text_style *style, enum text_align align);

/* The label without its markup, for messages and for plain text; the caller frees it. */
char *label_html_to_text(const char *html);
