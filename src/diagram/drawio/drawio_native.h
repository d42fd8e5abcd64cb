/* Draw.io files, read and drawn without the original. The caller loads a file, asks whether all of a page can be drawn, and draws it.
 * Nothing here starts a process, opens the network or reads another file than the ones named here.
 *
 * Messages name the place as a reader of the file finds it: "page 2 'Overview', cell 'k3-14': …"; the name of the file is the caller's
 * to add. Lists of messages are arrays of texts that the caller makes with g_ptr_array_new_with_free_func(g_free). */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "diagram/picture.h"

struct drawio_file;

/* Reads a .drawio file, plain or compressed, or the diagram inside of a .drawio.svg or .drawio.png. NULL with CLX_ERROR_SOURCE when it
 * is broken or exceeds a bound (size, pages, cells, inflated bytes). A single broken page is an error only when that page is asked for. */
struct drawio_file *drawio_file_load(const void *data, gsize length, GError **error);
void drawio_file_free(struct drawio_file *file);
typedef struct drawio_file drawio_file;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(drawio_file, drawio_file_free)

unsigned drawio_file_count_pages(const struct drawio_file *file);

/* The name of a page (from 1), never NULL; owned by the file. */
const char *drawio_file_page_name(const struct drawio_file *file, unsigned page);

/* Whether everything that these options show can be drawn as the original draws it, decided before anything is drawn. When not, each
 * cell that cannot is added to `reasons` (may be NULL), at most 20 of them. A page that does not exist or is broken is true here and an
 * error in drawio_draw(), since no other renderer could draw it either. */
bool drawio_can_draw(struct drawio_file *file, const struct picture_options *options, GPtrArray *reasons);

/* Draws one page: the bytes of the picture, the same ones each time. What drawio_can_draw() refuses is drawn as a box with the cell's
 * label and a warning; so is whatever is broken in a single cell (geometry that is no number, a missing image, an edge to nowhere is
 * left out). NULL with CLX_ERROR_SOURCE for a page that is not there, is broken, or would exceed the bounds of a picture. */
GBytes *drawio_draw(struct drawio_file *file, const struct picture_options *options, GPtrArray *warnings, GError **error);

/* Folder with the original's stencils (stencils/basic.xml, ...), looked into for shapes of stencil libraries; NULL: none. Owned by the
 * file. */
void drawio_file_set_stencils(struct drawio_file *file, const char *folder);

/* Identifies the renderer, for cache keys, without a look at the fonts (see fonts_fingerprint()); the caller frees it. */
char *drawio_native_fingerprint(void);
