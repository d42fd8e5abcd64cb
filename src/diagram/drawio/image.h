/* Images inside of a diagram: data URIs of PNG, JPEG, GIF, WebP and SVG. Nothing is fetched from anywhere. */
#pragma once

#include <glib.h>
#include <stdbool.h>

struct picture_image {
    GBytes *data;
    char *media_type; /* image/png */
    bool keeps_aspect;
};

/* From the value of a style's "image" or of an <img>'s "src". NULL with CLX_ERROR_SOURCE for what is no embedded image (an address on
 * the web, a file of the application) or is broken. */
struct picture_image *picture_image_new(const char *source, bool keeps_aspect, GError **error);
void picture_image_free(struct picture_image *image);
