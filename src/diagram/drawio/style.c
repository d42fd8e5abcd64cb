#include "diagram/drawio/style.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_ITEMS 512 /* of one cell; more is no style */
#define LARGEST 1e6

static const struct style_item vertex_defaults[] = {
    {"shape", "label"},       {"perimeter", "rectanglePerimeter"}, {"fontSize", "12"},       {"fontFamily", "Helvetica"},
    {"align", "center"},      {"verticalAlign", "middle"},         {"fillColor", "#ffffff"}, {"strokeColor", "#000000"},
    {"fontColor", "#000000"},
};
static const struct style_item edge_defaults[] = {
    {"shape", "connector"},      {"labelBackgroundColor", "#ffffff"},
    {"endArrow", "classic"},     {"fontSize", "11"},
    {"fontFamily", "Helvetica"}, {"align", "center"},
    {"verticalAlign", "middle"}, {"rounded", "1"},
    {"strokeColor", "#000000"},  {"fontColor", "#000000"},
};

/* Styles that a style string may begin with; each line is one assignment. */
static const struct named_item {
    const char *name, *key, *value;
} named_items[] = {
    {"arrow", "shape", "arrow"},
    {"arrow", "edgeStyle", "none"},
    {"arrow", "fillColor", "#ffffff"},
    {"edgeLabel", "fillColor", "none"},
    {"edgeLabel", "gradientColor", "none"},
    {"edgeLabel", "strokeColor", "none"},
    {"edgeLabel", "align", "left"},
    {"edgeLabel", "verticalAlign", "top"},
    {"edgeLabel", "labelBackgroundColor", "#ffffff"},
    {"edgeLabel", "fontSize", "11"},
    {"ellipse", "shape", "ellipse"},
    {"ellipse", "perimeter", "ellipsePerimeter"},
    {"group", "verticalAlign", "top"},
    {"group", "fillColor", "none"},
    {"group", "strokeColor", "none"},
    {"group", "gradientColor", "none"},
    {"group", "pointerEvents", "0"},
    {"icon", "fontStyle", "0"},
    {"icon", "align", "center"},
    {"icon", "verticalAlign", "top"},
    {"icon", "verticalLabelPosition", "bottom"},
    {"icon", "labelBackgroundColor", "#ffffff"},
    {"icon", "spacing", "0"},
    {"icon", "spacingLeft", "0"},
    {"icon", "spacingTop", "6"},
    {"icon", "imageAlign", "center"},
    {"icon", "imageWidth", "48"},
    {"icon", "imageHeight", "48"},
    {"icon", "rounded", "1"},
    {"image", "shape", "image"},
    {"image", "labelBackgroundColor", "#ffffff"},
    {"image", "verticalAlign", "top"},
    {"image", "verticalLabelPosition", "bottom"},
    {"label", "fontStyle", "1"},
    {"label", "align", "left"},
    {"label", "verticalAlign", "middle"},
    {"label", "spacing", "2"},
    {"label", "spacingLeft", "52"},
    {"label", "imageWidth", "42"},
    {"label", "imageHeight", "42"},
    {"label", "rounded", "1"},
    {"line", "shape", "line"},
    {"line", "strokeWidth", "4"},
    {"line", "labelBackgroundColor", "#ffffff"},
    {"line", "verticalAlign", "top"},
    {"line", "spacingTop", "8"},
    {"rhombus", "shape", "rhombus"},
    {"rhombus", "perimeter", "rhombusPerimeter"},
    {"rhombusImage", "shape", "image"},
    {"rhombusImage", "perimeter", "rhombusPerimeter"},
    {"rhombusImage", "labelBackgroundColor", "#ffffff"},
    {"rhombusImage", "verticalAlign", "top"},
    {"rhombusImage", "verticalLabelPosition", "bottom"},
    {"roundImage", "shape", "image"},
    {"roundImage", "perimeter", "ellipsePerimeter"},
    {"roundImage", "labelBackgroundColor", "#ffffff"},
    {"roundImage", "verticalAlign", "top"},
    {"roundImage", "verticalLabelPosition", "bottom"},
    {"swimlane", "shape", "swimlane"},
    {"swimlane", "fontSize", "12"},
    {"swimlane", "fontStyle", "1"},
    {"swimlane", "startSize", "23"},
    {"text", "fillColor", "none"},
    {"text", "gradientColor", "none"},
    {"text", "strokeColor", "none"},
    {"text", "align", "left"},
    {"text", "verticalAlign", "top"},
    {"triangle", "shape", "triangle"},
    {"triangle", "perimeter", "trianglePerimeter"},
};

static void add_item(struct style *style, const char *key, const char *value)
{
    struct style_item item = {key, value};
    if (style->items->len < MAX_ITEMS)
        g_array_append_val(style->items, item);
}

static void add_named(struct style *style, const char *name)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(named_items); i++)
        if (strcmp(named_items[i].name, name) == 0)
            add_item(style, named_items[i].key, named_items[i].value);
}

static void add_entry(struct style *style, char *entry)
{
    char *equals = strchr(entry, '=');
    if (equals == NULL) {
        add_named(style, g_strstrip(entry));
        return;
    }
    *equals = '\0';
    add_item(style, g_strstrip(entry), g_strchomp(equals + 1));
}

void style_init(struct style *style, const char *text, bool is_edge)
{
    const struct style_item *defaults = is_edge ? edge_defaults : vertex_defaults;
    unsigned n = is_edge ? G_N_ELEMENTS(edge_defaults) : G_N_ELEMENTS(vertex_defaults);
    style->text = g_strdup(text != NULL ? text : "");
    style->items = g_array_sized_new(FALSE, FALSE, sizeof(struct style_item), 32);
    if (style->text[0] != ';') /* a leading semicolon asks for none of the defaults */
        g_array_append_vals(style->items, defaults, n);
    char *rest = style->text;
    while (rest != NULL) {
        char *entry = rest;
        char *end = strchr(rest, ';');
        rest = end != NULL ? end + 1 : NULL;
        if (end != NULL)
            *end = '\0';
        add_entry(style, entry);
    }
}

void style_clear(struct style *style)
{
    if (style->items != NULL)
        g_array_unref(style->items);
    g_free(style->text);
    *style = (struct style){0};
}

const char *style_get_raw(const struct style *style, const char *key)
{
    for (guint i = style->items->len; i-- > 0;) {
        const struct style_item *item = &g_array_index(style->items, struct style_item, i);
        if (strcmp(item->key, key) == 0)
            return item->value;
    }
    return NULL;
}

const char *style_get(const struct style *style, const char *key)
{
    const char *value = style_get_raw(style, key);
    return value != NULL && strcmp(value, "none") != 0 && value[0] != '\0' ? value : NULL;
}

double style_number(const struct style *style, const char *key, double fallback)
{
    const char *value = style_get(style, key);
    char *end = NULL;
    double number = value != NULL ? g_ascii_strtod(value, &end) : fallback;
    if (value != NULL && (end == value || !isfinite(number)))
        return fallback;
    return CLAMP(number, -LARGEST, LARGEST);
}

double style_line_width(const struct style *style)
{
    double width = style_number(style, "strokeWidth", 1);
    return width <= LINE_LIMIT ? width : 1;
}

bool style_flag(const struct style *style, const char *key, bool fallback)
{
    const char *value = style_get_raw(style, key);
    if (value == NULL || value[0] == '\0')
        return fallback;
    return strcmp(value, "1") == 0 || strcmp(value, "true") == 0;
}

bool style_is(const struct style *style, const char *key, const char *value)
{
    const char *own = style_get_raw(style, key);
    return own != NULL && strcmp(own, value) == 0;
}

double style_share(const struct style *style, const char *key)
{
    return CLAMP(style_number(style, key, 100) / 100, 0, 1);
}

double style_turn(const struct style *style)
{
    if (style_is(style, "direction", "north"))
        return 270;
    return style_is(style, "direction", "west") ? 180 : style_is(style, "direction", "south") ? 90 : 0;
}

bool style_color(const struct style *style, const char *key, struct color *ret_color)
{
    const char *text = style_get(style, key);
    if (text != NULL && strcmp(text, "default") == 0 && strcmp(key, "labelBackgroundColor") == 0)
        return false;
    if (text != NULL && strcmp(text, "default") == 0)
        text = strcmp(key, "strokeColor") == 0 || strcmp(key, "fontColor") == 0 ? "#000000" : "#ffffff";
    return text != NULL && color_parse(text, ret_color) && ret_color->alpha > 0;
}

void style_inherit(struct style *style, const struct style *parent)
{
    static const char *const keys[] = {"fillColor", "gradientColor", "strokeColor"};
    for (unsigned i = 0; i < G_N_ELEMENTS(keys); i++) {
        const char *value = parent != NULL ? style_get_raw(parent, keys[i]) : NULL;
        if (style_is(style, keys[i], "inherit"))
            add_item(style, keys[i], value != NULL ? value : "none");
    }
}
