/* Back ends: a display list becomes a picture. */
#pragma once

#include "diagram/drawio/canvas.h"
#include "diagram/picture.h"

struct paint_options {
    struct rect view; /* the part of the page's coordinates that is shown */
    double scale;     /* pixels per unit, PNG only */
    bool is_transparent;
    struct color background; /* when it is not transparent */
    GPtrArray *warnings;     /* of images that cannot be read; may be NULL */
};

/* The picture's bytes; CLX_ERROR_SOURCE when it would be too large. */
GBytes *paint_png(const struct canvas *canvas, const struct paint_options *options, GError **error);
GBytes *paint_pdf(const struct canvas *canvas, const struct paint_options *options, GError **error);
GBytes *paint_svg(const struct canvas *canvas, const struct paint_options *options);

/* A PNG of pixels as cairo keeps them (premultiplied ARGB in native order). */
GBytes *png_encode(const unsigned char *pixels, unsigned width, unsigned height, unsigned stride, bool has_alpha);
