#include "diagram/drawio/label_css.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LARGEST_FONT 1000

/* A CSS length in px; `percent_of` for % and em. Negative when it is none. */
static double read_length(const char *value, double em, double percent_of)
{
    char *unit = NULL;
    double number = g_ascii_strtod(value, &unit);
    if (unit == value || !isfinite(number))
        return -1;
    double factor = g_str_has_prefix(unit, "pt")    ? 4.0 / 3
                    : g_str_has_prefix(unit, "em")  ? em
                    : g_str_has_prefix(unit, "rem") ? 16
                    : *unit == '%'                  ? percent_of / 100
                                                    : 1;
    return CLAMP(number * factor, 0, 10000);
}

static double read_font_size(const char *value, double parent)
{
    static const struct {
        const char *name;
        double size;
    } names[] = {{"xx-small", 9}, {"x-small", 10}, {"small", 13}, {"medium", 16}, {"large", 18}, {"x-large", 24}, {"xx-large", 32}};
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++)
        if (strcmp(value, names[i].name) == 0)
            return names[i].size;
    if (strcmp(value, "smaller") == 0 || strcmp(value, "larger") == 0)
        return value[0] == 's' ? parent / 1.2 : parent * 1.2;
    double size = read_length(value, parent, parent);
    return size >= 0 ? fmin(size, LARGEST_FONT) : parent;
}

void text_style_set_family(struct text_style *style, const char *families)
{
    const char *end = NULL;
    size_t n = 0;
    memset(style->family, 0, sizeof style->family);
    for (; *families != '\0' && n < MAX_FAMILY - 1; families++)
        if (*families != '"' && *families != '\'')
            style->family[n++] = *families;
    if (!g_utf8_validate(style->family, -1, &end)) /* a letter that was cut */
        memset(style->family + (end - style->family), 0, sizeof style->family - (size_t)(end - style->family));
}

static void apply_css(struct label_element *element, const char *name, const char *value, double parent_size, double *space_above)
{
    struct text_style *style = &element->style;
    struct color color;
    double length = read_length(value, style->size, 0);
    if (strcmp(name, "color") == 0 && color_parse(value, &color))
        style->color = color;
    else if ((strcmp(name, "background-color") == 0 || strcmp(name, "background") == 0) && color_parse(value, &color)) {
        style->has_background = color.alpha > 0;
        style->background = color;
    } else if (strcmp(name, "font-size") == 0)
        style->size = read_font_size(value, parent_size);
    else if (strcmp(name, "font-family") == 0)
        text_style_set_family(style, value);
    else if (strcmp(name, "font-weight") == 0)
        style->is_bold = g_str_has_prefix(value, "bold") || atoi(value) >= 600;
    else if (strcmp(name, "font-style") == 0)
        style->is_italic = strcmp(value, "italic") == 0 || strcmp(value, "oblique") == 0;
    else if (strcmp(name, "text-decoration") == 0 || strcmp(name, "text-decoration-line") == 0) {
        style->is_underlined |= strstr(value, "underline") != NULL;
        style->is_struck |= strstr(value, "line-through") != NULL;
    } else if (strcmp(name, "text-align") == 0)
        element->align = strcmp(value, "center") == 0                               ? ALIGN_CENTER
                         : strcmp(value, "right") == 0 || strcmp(value, "end") == 0 ? ALIGN_RIGHT
                                                                                    : ALIGN_LEFT;
    else if (strcmp(name, "white-space") == 0)
        style->keeps_spaces = g_str_has_prefix(value, "pre") && strcmp(value, "pre-line") != 0;
    else if (strcmp(name, "line-height") == 0)
        style->line_height = strcmp(value, "normal") == 0 ? 0
                             : strpbrk(value, "pe%") != NULL
                                 ? (length > 0 && style->size > 0 ? read_length(value, style->size, style->size) / style->size : 0)
                                 : fmax(0, fmin(length, 10));
    else if (length >= 0 && element->tag->role == ROLE_BLOCK && strcmp(name, "margin") == 0) {
        *space_above = element->space_below = length;
    } else if (length >= 0 && element->tag->role != ROLE_INLINE && (strcmp(name, "margin-top") == 0 || strcmp(name, "padding-top") == 0))
        *space_above = length;
    else if (length >= 0 && element->tag->role != ROLE_INLINE &&
             (strcmp(name, "margin-bottom") == 0 || strcmp(name, "padding-bottom") == 0))
        element->space_below = length;
    else if (length >= 0 && element->tag->role == ROLE_BLOCK && (strcmp(name, "margin-left") == 0 || strcmp(name, "padding-left") == 0))
        element->left += length;
    else if (length >= 0 && element->tag->role == ROLE_BLOCK && (strcmp(name, "margin-right") == 0 || strcmp(name, "padding-right") == 0))
        element->right += length;
}

static void apply_declarations(struct label_element *element, const char *css, double parent_size, double *space_above)
{
    g_auto(GStrv) declarations = g_strsplit(css, ";", 100);
    for (char **declaration = declarations; *declaration != NULL; declaration++) {
        char *colon = strchr(*declaration, ':');
        if (colon == NULL)
            continue;
        *colon = '\0';
        g_autofree char *name = g_ascii_strdown(g_strstrip(*declaration), -1);
        char *important = strstr(colon + 1, "!important");
        if (important != NULL)
            *important = '\0';
        apply_css(element, name, g_strstrip(colon + 1), parent_size, space_above);
    }
}

void label_css_apply_attribute(struct label_element *element, const char *name, const char *value, double parent_size, double *space_above)
{
    static const double sizes[] = {10, 10, 13, 16, 18, 24, 32, 48};
    bool is_font = strcmp(element->tag->name, "font") == 0;
    if (strcmp(name, "style") == 0)
        apply_declarations(element, value, parent_size, space_above);
    else if (strcmp(name, "align") == 0)
        apply_css(element, "text-align", value, parent_size, space_above);
    else if (element->tag->role == ROLE_RULE && strcmp(name, "size") == 0)
        element->rule_height = CLAMP(atoi(value), 1, 100);
    else if (is_font && strcmp(name, "color") == 0)
        apply_css(element, "color", value, parent_size, space_above);
    else if (is_font && strcmp(name, "face") == 0)
        text_style_set_family(&element->style, value);
    else if (is_font && strcmp(name, "size") == 0)
        element->style.size = sizes[CLAMP(value[0] == '+' || value[0] == '-' ? 3 + atoi(value) : atoi(value), 0, 7)];
}
