/* Fonts as a browser chooses them, measured without hinting, so that a picture is the same at each scale. */
#pragma once

#include <pango/pangocairo.h>

#include "diagram/drawio/label_html.h"

/* What labels of one drawing are set with. */
struct fonts {
    PangoContext *context;
    GHashTable *chosen; /* lists of families to what was chosen for them: asking fontconfig is slow */
};

struct fonts *fonts_new(void);
void fonts_free(struct fonts *fonts); /* not before the labels that were made with them */
typedef struct fonts fonts;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(fonts, fonts_free)

/* The description of a style's font; the caller frees it. */
PangoFontDescription *font_describe(const struct fonts *fonts, const struct text_style *style);

/* The font of a style; the caller gives it back with g_object_unref(). */
PangoFont *font_load(const struct fonts *fonts, const struct text_style *style);

/* Ascent and descent in whole pixels, as browsers round them. */
void font_measure(const struct fonts *fonts, const struct text_style *style, double *ret_ascent, double *ret_descent, double *ret_gap);

/* The family that text of a CSS list of families is set in: the first one that is installed, or has a substitute of the same widths; a
 * browser takes its standard serif font when there is none. Owned by `fonts`. */
const char *font_choose(const struct fonts *fonts, const char *families);

/* Whether any family of a list is installed, or has a substitute of the same widths. */
bool font_is_installed(const struct fonts *fonts, const char *families);
