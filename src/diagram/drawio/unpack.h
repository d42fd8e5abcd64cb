/* The wrappings of a Draw.io file: compressed pages, and diagrams inside of PNG and SVG pictures. Everything is bounded. */
#pragma once

#include <glib.h>

#define UNPACK_LIMIT (64u * 1024 * 1024) /* bytes of one unwrapped page or chunk */

/* The XML of a compressed page: base64, raw deflate, percent encoding. The caller frees it; CLX_ERROR_SOURCE says which layer is broken. */
char *unpack_page(const char *text, GError **error);

/* The diagram inside of a .drawio.png: the text chunk "mxfile" or "mxGraphModel". The caller frees it; CLX_ERROR_SOURCE when there is
 * none. */
char *unpack_png(const guint8 *data, gsize length, GError **error);

/* Whether the bytes begin like a PNG. */
gboolean unpack_is_png(const guint8 *data, gsize length);
