#include "diagram/drawio/font.h"

#include <math.h>
#include <string.h>

#define NO_FAMILY "no family has this name"
#define BROWSER_STANDARD "Times New Roman"

/* Draws the glyph for missing characters of a font (see label.c). */
static void draw_missing(cairo_t *cairo, PangoAttrShape *shape, gboolean is_path, gpointer data)
{
    PangoGlyphString *glyphs = pango_glyph_string_new();
    pango_glyph_string_set_size(glyphs, 1);
    glyphs->glyphs[0] = (PangoGlyphInfo){.glyph = 0, .geometry = {.width = shape->logical_rect.width}};
    glyphs->log_clusters[0] = 0;
    if (!is_path)
        pango_cairo_show_glyph_string(cairo, shape->data, glyphs);
    pango_glyph_string_free(glyphs);
}

PangoContext *font_context(void)
{
    static PangoContext *context;
    if (context == NULL) {
        context = pango_font_map_create_context(pango_cairo_font_map_get_default());
        cairo_font_options_t *options = cairo_font_options_create();
        cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
        cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
        cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
        pango_cairo_context_set_font_options(context, options);
        pango_cairo_context_set_resolution(context, 72);
        pango_context_set_round_glyph_positions(context, FALSE);
        pango_cairo_context_set_shape_renderer(context, draw_missing, NULL, NULL);
        cairo_font_options_destroy(options);
    }
    return context;
}

/* What fontconfig finds for one name; the caller frees it. */
static char *resolve(const char *family)
{
    PangoFontDescription *font = pango_font_description_new();
    pango_font_description_set_family(font, family);
    pango_font_description_set_absolute_size(font, 12 * PANGO_SCALE);
    PangoFont *loaded = pango_context_load_font(font_context(), font);
    char *name = NULL;
    if (loaded != NULL) {
        PangoFontDescription *real = pango_font_describe(loaded);
        name = g_strdup(pango_font_description_get_family(real));
        pango_font_description_free(real);
        g_object_unref(loaded);
    }
    pango_font_description_free(font);
    return name != NULL ? name : g_strdup("");
}

/* Whether fontconfig knows better than what it gives for any name. */
static bool is_known(const char *family)
{
    static const char *const generic[] = {"cursive", "fantasy", "monospace", "sans-serif", "serif", "system-ui", NULL};
    g_autofree char *lower = g_ascii_strdown(family, -1), *found = resolve(family), *last_resort = resolve(NO_FAMILY);
    return g_strv_contains(generic, lower) || g_ascii_strcasecmp(found, family) == 0 || strcmp(found, last_resort) != 0;
}

static const char *find_known(const char *families)
{
    g_auto(GStrv) names = g_strsplit(families, ",", 20);
    for (char **name = names; *name != NULL; name++)
        if (g_strstrip(*name)[0] != '\0' && is_known(*name))
            return g_intern_string(*name);
    return NULL;
}

static const char *choose(const char *families)
{
    const char *known = find_known(families);
    bool is_sans = g_ascii_strncasecmp(families, "Helvetica", 9) == 0 || g_ascii_strncasecmp(families, "Arial", 5) == 0;
    if (known != NULL)
        return known;
    return is_sans ? "sans-serif" : is_known(BROWSER_STANDARD) ? BROWSER_STANDARD : "serif";
}

const char *font_choose(const char *families)
{
    static GHashTable *chosen; /* of interned names: asking fontconfig is slow */
    const char *key = g_intern_string(families);
    if (chosen == NULL)
        chosen = g_hash_table_new(g_direct_hash, g_direct_equal);
    const char *family = g_hash_table_lookup(chosen, key);
    if (family == NULL) {
        family = choose(families);
        g_hash_table_insert(chosen, (char *)key, (char *)family);
    }
    return family;
}

bool font_is_installed(const char *families)
{
    return find_known(families) != NULL;
}

PangoFontDescription *font_describe(const struct text_style *style)
{
    PangoFontDescription *font = pango_font_description_new();
    pango_font_description_set_family(font, font_choose(style->family));
    pango_font_description_set_absolute_size(font, style->size * PANGO_SCALE);
    pango_font_description_set_weight(font, style->is_bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
    pango_font_description_set_style(font, style->is_italic ? PANGO_STYLE_ITALIC : PANGO_STYLE_NORMAL);
    return font;
}

PangoFont *font_load(const struct text_style *style)
{
    PangoFontDescription *font = font_describe(style);
    PangoFont *loaded = pango_context_load_font(font_context(), font);
    pango_font_description_free(font);
    return loaded;
}

void font_measure(const struct text_style *style, double *ret_ascent, double *ret_descent)
{
    PangoFontDescription *font = font_describe(style);
    PangoFontMetrics *metrics = pango_context_get_metrics(font_context(), font, NULL);
    *ret_ascent = round((double)pango_font_metrics_get_ascent(metrics) / PANGO_SCALE);
    *ret_descent = round((double)pango_font_metrics_get_descent(metrics) / PANGO_SCALE);
    pango_font_metrics_unref(metrics);
    pango_font_description_free(font);
}
