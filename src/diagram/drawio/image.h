/* Images inside of a diagram: data URIs of PNG, JPEG, GIF, WebP and SVG, and the original's own pictures. Nothing is fetched from anywhere. */
#pragma once

#include <glib.h>
#include <stdbool.h>

struct picture_image {
    GBytes *data;
    char *media_type; /* image/png */
    bool keeps_aspect;
};

struct stencils;

/* From the value of a style's "image"; `stencils` are those of the application whose pictures may be used, or NULL. NULL with
 * CLX_ERROR_SOURCE for what is neither embedded nor such a picture (an address on the web), or is broken. */
struct picture_image *picture_image_new(const char *source, bool keeps_aspect, const struct stencils *stencils, GError **error);
void picture_image_free(struct picture_image *image);
