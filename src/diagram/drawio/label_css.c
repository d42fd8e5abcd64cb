#include "diagram/drawio/label_css.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LARGEST_FONT 1000
#define LARGEST_LENGTH 10000

/* A CSS length in px; `percent_of` for %, `em` for em. Negative when it is none. */
static double read_length(const char *value, double em, double percent_of)
{
    static const struct {
        const char *name;
        double factor;
    } units[] = {{"px", 1}, {"pt", 4.0 / 3}, {"pc", 16}, {"in", 96}, {"cm", 96 / 2.54}, {"mm", 96 / 25.4}, {"rem", 16}};
    char *unit = NULL;
    double number = g_ascii_strtod(value, &unit);
    if (unit == value || !isfinite(number) || number < 0)
        return -1;
    if (strcmp(unit, "em") == 0 || strcmp(unit, "%") == 0)
        return fmin(number * (*unit == '%' ? percent_of / 100 : em), LARGEST_LENGTH);
    for (unsigned i = 0; i < G_N_ELEMENTS(units); i++)
        if (strcmp(unit, units[i].name) == 0)
            return fmin(number * units[i].factor, LARGEST_LENGTH);
    return *unit == '\0' && number == 0 ? 0 : -1;
}

double label_css_read_length(const char *value)
{
    return read_length(value, 1, 1);
}

void label_css_settle_size(struct text_style *style)
{
    static const double sizes[] = {0, 9, 10, 13, 16, 18, 24, 32, 48}, fixed[] = {0, 9, 10, 12, 13, 16, 20, 26, 39};
    if (style->keyword > 0)
        style->size = (strcmp(style->family, "monospace") == 0 ? fixed : sizes)[style->keyword];
}

static double read_font_size(const char *value, double parent, int *ret_keyword)
{
    static const char *const names[] = {"xx-small", "x-small", "small", "medium", "large", "x-large", "xx-large"};
    *ret_keyword = 0;
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++)
        if (strcmp(value, names[i]) == 0)
            *ret_keyword = (int)i + 1;
    if (*ret_keyword > 0)
        return parent;
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

/* What keeps the value of the element around: of the properties that are inherited anyway. */
static bool is_inherited(const char *value)
{
    return strcmp(value, "inherit") == 0;
}

/* What the original takes out of labels before a browser sees it. */
static bool is_dropped(const char *value)
{
    static const char *const words[] = {"break-spaces", "initial", "start", "unset", NULL};
    return g_strv_contains(words, value);
}

static bool apply_font(struct text_style *style, const struct text_style *parent, const char *name, const char *value)
{
    if (strcmp(name, "font-size") == 0)
        style->size = is_inherited(value) ? parent->size : read_font_size(value, parent->size, &style->keyword);
    else if (strcmp(name, "font-family") == 0)
        text_style_set_family(style, is_inherited(value) ? parent->family : value);
    else if (strcmp(name, "font-weight") == 0)
        style->is_bold = is_inherited(value) ? parent->is_bold : g_str_has_prefix(value, "bold") || atoi(value) >= 600;
    else if (strcmp(name, "font-style") == 0)
        style->is_italic = is_inherited(value) ? parent->is_italic : strcmp(value, "italic") == 0 || g_str_has_prefix(value, "oblique");
    else
        return false;
    return true;
}

static void apply_line_height(struct text_style *style, const struct text_style *parent, const char *value)
{
    char *unit = NULL;
    double factor = g_ascii_strtod(value, &unit), length = read_length(value, style->size, style->size);
    bool is_factor = unit != value && *unit == '\0' && isfinite(factor) && factor >= 0;
    if (is_inherited(value)) {
        style->line_height = parent->line_height;
        style->line_length = parent->line_length;
    } else if (is_factor || strcmp(value, "normal") == 0) {
        style->line_height = is_factor ? fmin(factor, 100) : 0;
        style->line_length = 0;
    } else if (length >= 0)
        style->line_length = length;
}

static bool apply_text(struct text_style *style, const struct text_style *parent, const char *name, const char *value)
{
    struct color color;
    if (strcmp(name, "color") == 0) {
        if (is_inherited(value) || strcmp(value, "currentcolor") == 0)
            style->color = parent->color;
        else if (color_parse(value, &color))
            style->color = color;
    } else if (strcmp(name, "background-color") == 0 || strcmp(name, "background") == 0) {
        if (color_parse(value, &color) && color.alpha > 0) {
            style->has_background = true;
            style->background = color;
        }
    } else if (strcmp(name, "text-decoration") == 0 || strcmp(name, "text-decoration-line") == 0) {
        style->is_underlined |= strstr(value, "underline") != NULL;
        style->is_struck |= strstr(value, "line-through") != NULL;
    } else if (strcmp(name, "line-height") == 0)
        apply_line_height(style, parent, value);
    else if (strcmp(name, "white-space") == 0) {
        style->keeps_spaces = is_inherited(value) ? parent->keeps_spaces : g_str_has_prefix(value, "pre");
        style->is_unbroken = is_inherited(value) ? parent->is_unbroken : strcmp(value, "nowrap") == 0 || strcmp(value, "pre") == 0;
    } else
        return false;
    return true;
}

static void apply_align(struct label_element *element, const struct label_element *parent, const char *value)
{
    if (is_inherited(value))
        element->align = parent->align;
    else
        element->align = strcmp(value, "center") == 0 || strcmp(value, "middle") == 0 ? ALIGN_CENTER
                         : strcmp(value, "right") == 0                                ? ALIGN_RIGHT
                                                                                      : ALIGN_LEFT;
}

/* "margin", "padding-left", …: of the shorthand one length for all sides. */
static void apply_sides(struct label_element *element, const char *name, const char *value)
{
    static const char *const sides[] = {"-top", "-right", "-bottom", "-left"};
    bool is_margin = g_str_has_prefix(name, "margin");
    double *of = is_margin ? element->margin : element->padding;
    const char *side = name + strlen(is_margin ? "margin" : "padding");
    double length = read_length(value, element->style.size, 0);
    for (int i = 0; i < 4; i++)
        if (*side == '\0' || strcmp(side, sides[i]) == 0)
            of[i] = fmax(length, 0);
}

static void apply_css(struct label_element *element, const struct label_element *parent, const char *name, const char *value)
{
    bool is_block = element->tag->role != ROLE_INLINE;
    if (is_dropped(value))
        return;
    if (apply_font(&element->style, &parent->style, name, value) || apply_text(&element->style, &parent->style, name, value) || !is_block)
        return;
    if (strcmp(name, "text-align") == 0)
        apply_align(element, parent, value);
    else if (g_str_has_prefix(name, "margin") || g_str_has_prefix(name, "padding"))
        apply_sides(element, name, value);
}

/* The size comes first: other lengths may be in its units. */
static void apply_declarations(struct label_element *element, const struct label_element *parent, const char *css)
{
    g_auto(GStrv) declarations = g_strsplit(css, ";", 100);
    for (int pass = 0; pass < 2; pass++)
        for (char **declaration = declarations; *declaration != NULL; declaration++) {
            const char *colon = strchr(*declaration, ':');
            if (colon == NULL)
                continue;
            g_autofree char *name = g_strndup(*declaration, (gsize)(colon - *declaration)), *value = g_ascii_strdown(colon + 1, -1);
            char *important = strstr(value, "!important");
            if (important != NULL)
                *important = '\0';
            g_autofree char *lower = g_ascii_strdown(g_strstrip(name), -1);
            if ((strcmp(lower, "font-size") == 0) == (pass == 0))
                apply_css(element, parent, lower, g_strstrip(value));
        }
}

void label_css_apply_attribute(struct label_element *element, const struct label_element *parent, const char *name, const char *value)
{
    bool is_font = strcmp(element->tag->name, "font") == 0;
    if (strcmp(name, "style") == 0)
        apply_declarations(element, parent, value);
    else if (strcmp(name, "align") == 0) {
        g_autofree char *lower = g_ascii_strdown(value, -1);
        apply_css(element, parent, "text-align", lower);
    } else if (element->tag->role == ROLE_RULE && strcmp(name, "size") == 0)
        element->rule_height = CLAMP(atoi(value), 1, 100);
    else if (strcmp(name, "href") == 0 && strcmp(element->tag->name, "a") == 0) {
        element->style.color = (struct color){0, 0, 238 / 255.0, 1};
        element->style.is_underlined = true;
    } else if (is_font && strcmp(name, "color") == 0)
        apply_css(element, parent, "color", value);
    else if (is_font && strcmp(name, "face") == 0)
        text_style_set_family(&element->style, value);
    else if (is_font && strcmp(name, "size") == 0)
        element->style.keyword = 1 + CLAMP(value[0] == '+' || value[0] == '-' ? 3 + atoi(value) : atoi(value), 1, 7);
}
