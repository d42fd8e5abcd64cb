/* The HTML of labels: paragraphs of styled text. A small part of HTML and CSS, read with the tolerance of a browser. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "diagram/drawio/style.h"

enum text_align { ALIGN_LEFT, ALIGN_CENTER, ALIGN_RIGHT };

#define MAX_FAMILY 200 /* bytes of a list of font families */

/* Always made by an initialiser or as a copy, so that equal ones have equal bytes. */
struct text_style {
    char family[MAX_FAMILY]; /* a CSS list of families, without quotes */
    double size;             /* px */
    int keyword;             /* the size as a number from 1 to 8, where it was given as a word like "medium" (4); 0: else */
    bool is_bold, is_italic, is_underlined, is_struck, has_background, keeps_spaces, is_unbroken;
    struct color color, background;
    double rise;        /* px above the baseline */
    double line_height; /* factor of the size; 0: as the font wants it */
    double line_length; /* px, instead of line_height; 0: not set */
};

struct text_span {
    guint end; /* byte of the text where the span ends; it begins where the one
                before ends */
    struct text_style style;
};

/* What an inline element covers of a block: each line that it is on is at least as high as its own text would be. */
struct text_box {
    guint start, end; /* bytes */
    struct text_style style;
};

struct text_block {
    GString *text;           /* UTF-8; "\n" breaks the line */
    GArray *spans;           /* struct text_span */
    GArray *boxes;           /* struct text_box */
    struct text_style style; /* of the block itself */
    enum text_align align;
    double space_above, left, right; /* px */
    bool is_rule;
    double rule_height;
    char *marker;                    /* of a list item, or NULL */
    struct text_style *marker_style; /* of the item, where it has a marker */
};

/* Blocks (struct text_block *) of a label, `style` and `align` being those around it; `ret_space_below` px below the last one. The
 * caller frees the array. */
GPtrArray *label_html_parse(const char *html, const struct text_style *style, enum text_align align, double *ret_space_below);

/* Sets the list of families; what is too long for it is cut off, quotes are left out. */
void text_style_set_family(struct text_style *style, const char *families);

/* Plain text as one block. */
GPtrArray *label_text_parse(const char *text, const struct text_style *style, enum text_align align);

/* The label without its markup, for messages and for plain text; the caller frees it. */
char *label_html_to_text(const char *html);
