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

struct fonts *fonts_new(void)
{
    struct fonts *fonts = g_new0(struct fonts, 1);
    cairo_font_options_t *options = cairo_font_options_create();
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
    fonts->context = pango_font_map_create_context(pango_cairo_font_map_get_default());
    pango_cairo_context_set_font_options(fonts->context, options);
    pango_cairo_context_set_resolution(fonts->context, 72);
    pango_context_set_round_glyph_positions(fonts->context, FALSE);
    pango_cairo_context_set_shape_renderer(fonts->context, draw_missing, NULL, NULL);
    cairo_font_options_destroy(options);
    fonts->chosen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return fonts;
}

void fonts_free(struct fonts *fonts)
{
    if (fonts == NULL)
        return;
    g_hash_table_unref(fonts->chosen);
    g_object_unref(fonts->context);
    g_free(fonts);
}

/* What fontconfig finds for one name; the caller frees it. */
static char *resolve(const struct fonts *fonts, const char *family)
{
    PangoFontDescription *font = pango_font_description_new();
    pango_font_description_set_family(font, family);
    pango_font_description_set_absolute_size(font, 12 * PANGO_SCALE);
    PangoFont *loaded = pango_context_load_font(fonts->context, font);
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

/* Whether a family is there, or has a substitute that is more than the one for all families of its kind: browsers take no other. */
static bool is_known(const struct fonts *fonts, const char *family)
{
    static const char *const generic[] = {"cursive", "fantasy", "monospace", "sans-serif", "serif", "system-ui", NULL};
    static const char *const measured[] = {"arial", "courier", "courier new", "helvetica", "times", "times new roman", NULL};
    g_autofree char *lower = g_ascii_strdown(family, -1), *found = resolve(fonts, family), *last_resort = resolve(fonts, NO_FAMILY);
    if (g_strv_contains(generic, lower) || g_ascii_strcasecmp(found, family) == 0 ||
        (g_strv_contains(measured, lower) && g_str_has_prefix(found, "Liberation")))
        return true;
    bool is_better = strcmp(found, last_resort) != 0;
    for (unsigned i = 0; is_better && generic[i] != NULL; i++) {
        g_autofree char *of_kind = resolve(fonts, generic[i]);
        is_better = strcmp(found, of_kind) != 0;
    }
    return is_better;
}

/* The family that browsers have for a kind unless their user chose another; it, where it is there, else the kind. */
static char *find_of_kind(const struct fonts *fonts, const char *name)
{
    static const char *const kinds[][2] = {{"monospace", "Courier New"}, {"sans-serif", "Arial"}, {"serif", BROWSER_STANDARD}};
    for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (g_ascii_strcasecmp(name, kinds[i][0]) == 0 && is_known(fonts, kinds[i][1]))
            return g_strdup(kinds[i][1]);
    return g_strdup(name);
}

static char *find_known(const struct fonts *fonts, const char *families)
{
    g_auto(GStrv) names = g_strsplit(families, ",", 20);
    for (char **name = names; *name != NULL; name++)
        if (g_strstrip(*name)[0] != '\0' && is_known(fonts, *name))
            return find_of_kind(fonts, *name);
    return NULL;
}

static char *choose(const struct fonts *fonts, const char *families)
{
    char *known = find_known(fonts, families);
    bool is_sans = g_ascii_strncasecmp(families, "Helvetica", 9) == 0 || g_ascii_strncasecmp(families, "Arial", 5) == 0;
    if (known != NULL)
        return known;
    return g_strdup(is_sans ? "sans-serif" : is_known(fonts, BROWSER_STANDARD) ? BROWSER_STANDARD : "serif");
}

const char *font_choose(const struct fonts *fonts, const char *families)
{
    char *family = g_hash_table_lookup(fonts->chosen, families);
    if (family == NULL) {
        family = choose(fonts, families);
        g_hash_table_insert(fonts->chosen, g_strdup(families), family);
    }
    return family;
}

bool font_is_installed(const struct fonts *fonts, const char *families)
{
    g_autofree char *known = find_known(fonts, families);
    return known != NULL;
}

PangoFontDescription *font_describe(const struct fonts *fonts, const struct text_style *style)
{
    PangoFontDescription *font = pango_font_description_new();
    pango_font_description_set_family(font, font_choose(fonts, style->family));
    pango_font_description_set_absolute_size(font, style->size * PANGO_SCALE);
    pango_font_description_set_weight(font, style->is_bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
    pango_font_description_set_style(font, style->is_italic ? PANGO_STYLE_ITALIC : PANGO_STYLE_NORMAL);
    return font;
}

PangoFont *font_load(const struct fonts *fonts, const struct text_style *style)
{
    PangoFontDescription *font = font_describe(fonts, style);
    PangoFont *loaded = pango_context_load_font(fonts->context, font);
    pango_font_description_free(font);
    return loaded;
}

void font_measure(const struct fonts *fonts, const struct text_style *style, double *ret_ascent, double *ret_descent, double *ret_gap)
{
    PangoFontDescription *font = font_describe(fonts, style);
    PangoFontMetrics *metrics = pango_context_get_metrics(fonts->context, font, NULL);
    *ret_ascent = round((double)pango_font_metrics_get_ascent(metrics) / PANGO_SCALE);
    *ret_descent = round((double)pango_font_metrics_get_descent(metrics) / PANGO_SCALE);
    int height = pango_font_metrics_get_height(metrics),
        filled = pango_font_metrics_get_ascent(metrics) + pango_font_metrics_get_descent(metrics);
    *ret_gap = fmax(0, round((double)(height - filled) / PANGO_SCALE));
    pango_font_metrics_unref(metrics);
    pango_font_description_free(font);
}
