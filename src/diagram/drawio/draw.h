/* Draws the cells of a page on a canvas. */
#pragma once

#include "diagram/drawio/canvas.h"
#include "diagram/drawio/view.h"

struct fonts;

struct drawing {
    const struct page *page;
    struct view *view;
    struct canvas *canvas;
    const struct fonts *fonts;
    GPtrArray *warnings;  /* may be NULL */
    GHashTable *families; /* font families met so far, while drawing */
    size_t label_bytes;   /* of the labels drawn so far */
    struct rect bounds;   /* of all that was drawn, grown as the original does */
};

/* Draws all cells of the view. */
void draw_page(struct drawing *drawing);

/* Adds what the canvas has drawn since canvas_start_bounds(), grown by `by`, to the bounds of the drawing. */
void draw_add_bounds(struct drawing *drawing, double by);
