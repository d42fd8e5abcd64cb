/* Draws the cells of a page on a canvas, and says beforehand what it cannot. */
#pragma once

#include "diagram/drawio/canvas.h"
#include "diagram/drawio/view.h"

/* What of a cell cannot be drawn as the original does, or NULL; the caller
 * frees it. */
char *draw_find_unknown(const struct page *page, const struct cell *cell);

struct drawing {
    const struct page *page;
    struct view *view;
    struct canvas *canvas;
    GPtrArray *warnings; /* may be NULL */
    GPtrArray *families; /* font families met so far, while drawing */
    struct rect bounds;  /* of all that was drawn, grown as the original does */
};

/* Draws all cells of the view. */
void draw_page(struct drawing *drawing);
