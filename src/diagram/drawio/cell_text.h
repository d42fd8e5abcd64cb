/* The text of a cell's label, with the values of its placeholders. */
#pragma once

#include "diagram/drawio/model.h"

#define LABEL_LIMIT 32768u /* bytes of a label that is drawn: laying out a paragraph takes time as its length squared */

/* The label as it is to be set: HTML for cells whose labels are, else plain text; empty for none. The caller frees it. */
char *cell_text_new(const struct page *page, const struct cell *cell);

/* Whether labels of this style are set as HTML. */
bool cell_text_is_html(const struct style *style);

/* A placeholder in the label whose value is no part of the file (date, time, …), or NULL; the caller frees it. */
char *cell_text_find_volatile(const struct page *page, const struct cell *cell);
