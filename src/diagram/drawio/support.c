#include "diagram/drawio/support.h"

#include <math.h>
#include <string.h>

#include "diagram/drawio/arrow.h"
#include "diagram/drawio/cell_text.h"
#include "diagram/drawio/connector.h"
#include "diagram/drawio/image.h"
#include "diagram/drawio/label_check.h"
#include "diagram/drawio/perimeter.h"
#include "diagram/drawio/route.h"
#include "diagram/drawio/shape.h"
#include "diagram/drawio/stencil.h"

/* Style keys whose mere presence (with this value; NULL: any but none, empty and 0) changes the picture in ways that are not drawn here. */
static const struct unknown_key {
    const char *key, *value, *what;
} unknown_keys[] = {
    {"comic", "1", "hand-drawn lines (comic)"},
    {"glass", "1", "the glass effect"},
    {"instNum", NULL, "a number of instances (instNum)"},
    {"jumpStyle", NULL, "line jumps"},
    {"prType", NULL, "a type of instance (prType)"},
    {"sketch", "1", "hand-drawn lines (sketch)"},
    {"snapToPoint", "1", "edges that snap to points (snapToPoint)"},
    {"symbol0", NULL, "symbols in a corner (symbol0)"},
    {"textDirection", "rtl", "text from right to left"},
    {"textDirection", "vertical-lr", "vertical text"},
    {"textDirection", "vertical-rl", "vertical text"},
    {"textShadow", "1", "shadows of text"},
};

static char *find_unknown_key(const struct style *style)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(unknown_keys); i++) {
        const struct unknown_key *unknown = &unknown_keys[i];
        const char *value = style_get(style, unknown->key);
        if (value != NULL && (unknown->value != NULL ? strcmp(value, unknown->value) == 0 : strcmp(value, "0") != 0))
            return g_strdup(unknown->what);
    }
    return NULL;
}

/* "default" is a colour of newer versions of the original; older ones leave such lines out and fill black. For labels it is none: text is
 * black, and what lies behind it is seen. */
static bool is_harmless(const char *key, const char *value)
{
    if (strcmp(key, "fontColor") == 0)
        return strcmp(value, "default") == 0 || strcmp(value, "inherit") == 0;
    return strcmp(key, "labelBackgroundColor") == 0 && strcmp(value, "default") == 0;
}

/* Colours that are none here. */
static char *find_unknown_color(const struct style *style)
{
    static const char *const keys[] = {
        "fillColor",        "fontColor",      "gradientColor", "imageBackground",  "imageBorder", "labelBackgroundColor",
        "labelBorderColor", "separatorColor", "strokeColor",   "swimlaneFillColor"};
    struct color color;
    for (unsigned i = 0; i < G_N_ELEMENTS(keys); i++) {
        const char *value = style_get(style, keys[i]);
        if (value == NULL || color_parse(value, &color) || is_harmless(keys[i], value))
            continue;
        return g_strdup_printf("the colour '%.40s' (%s), which versions of the original draw in different ways", value, keys[i]);
    }
    return NULL;
}

static char *find_excess_width(const struct style *style)
{
    double width = style_number(style, "strokeWidth", 1);
    return width > LINE_LIMIT ? g_strdup_printf("a line %.10g units wide (at most %d)", width, LINE_LIMIT) : NULL;
}

/* Half a unit up or down decides what the original makes of it. */
static bool is_flat_elbow(const struct cell *edge)
{
    const struct geometry *geometry = &edge->geometry;
    const struct point *from = &geometry->source_point, *to = &geometry->target_point;
    bool is_loose = edge->source == NO_CELL && edge->target == NO_CELL && geometry->n_points == 0;
    return is_loose && style_is(&edge->style, "edgeStyle", "elbowEdgeStyle") && (fabs(to->x - from->x) < 1 || fabs(to->y - from->y) < 1);
}

static char *find_unknown_of_edge(const struct cell *edge)
{
    const struct style *style = &edge->style;
    static const char *const ends[] = {"startArrow", "endArrow"};
    const char *shape = style_get(style, "shape");
    if (shape != NULL && strcmp(shape, "connector") != 0 && !arrow_is_known(style))
        return g_strdup_printf("edges of the shape '%.60s'", shape);
    if (!style_flag(style, "horizontal", true))
        return g_strdup("an edge with a vertical label");
    if (style_is(style, "edgeStyle", "loopEdgeStyle") && edge->source != edge->target)
        return g_strdup("a loop between two cells");
    const char *edge_style = style_get(style, "edgeStyle");
    if (edge->source != NO_CELL && edge->source == edge->target && style_flag(style, "curved", false) &&
        (edge_style == NULL || strcmp(edge_style, "none") == 0))
        return g_strdup("a curved loop without an edge style");
    if (is_flat_elbow(edge))
        return g_strdup("an elbow between loose ends that lie on one line");
    if (!route_is_known(style))
        return g_strdup_printf("the edge style '%.60s'", style_get(style, "edgeStyle"));
    for (int i = 0; i < 2; i++)
        if (!connector_knows_marker(style_get(style, ends[i])))
            return g_strdup_printf("the arrow '%.60s'", style_get(style, ends[i]));
    return NULL;
}

static char *find_unknown_image(const struct page *page, const struct style *style)
{
    const char *shape = style_get(style, "shape"), *source = style_get(style, "image");
    g_autoptr(GError) error = NULL;
    if (shape == NULL || (strcmp(shape, "image") != 0 && strcmp(shape, "label") != 0) || source == NULL)
        return NULL;
    struct picture_image *image = picture_image_new(source, true, page->stencils, &error);
    picture_image_free(image);
    return image == NULL ? g_strdup(error->message) : NULL;
}

static char *find_unknown_of_vertex(const struct page *page, const struct style *style)
{
    const char *shape = style_get(style, "shape");
    const struct shape_kind *kind = shape_kind_of(style);
    g_autofree char *icon = kind != NULL && kind->icon != NULL ? kind->icon(style) : NULL;
    if (shape != NULL && kind == NULL && stencils_find(page->stencils, shape) == NULL)
        return g_strdup_printf("the shape '%.80s'", shape);
    if (icon != NULL && stencils_find(page->stencils, icon) == NULL)
        return g_strdup_printf("the shape '%.80s' as the icon of '%s'", icon, kind->name);
    if (!perimeter_is_known(style))
        return g_strdup_printf("the outline '%.60s'", style_get(style, "perimeter"));
    return find_unknown_image(page, style);
}

static bool has_maths(const char *label)
{
    return strstr(label, "$$") != NULL || strstr(label, "\\(") != NULL || strstr(label, "`") != NULL;
}

/* How a label fills its box: of HTML in the box of a vertex all is known, of the rest little. */
static char *find_unknown_overflow(const struct cell *cell, bool is_html)
{
    const char *overflow = style_get(&cell->style, "overflow");
    if (overflow == NULL || strcmp(overflow, "visible") == 0 || strcmp(overflow, "hidden") == 0 || (is_html && !cell->is_edge))
        return NULL;
    return g_strdup_printf("a label %s with overflow=%.20s", is_html ? "of an edge" : "without HTML", overflow);
}

static char *find_unknown_in_label(const struct page *page, const struct cell *cell)
{
    g_autofree char *placeholder = cell_text_find_volatile(page, cell);
    if (placeholder != NULL)
        return g_strdup_printf("the placeholder '%s' in its label, which is no part of the file", placeholder);
    g_autofree char *text = cell_text_new(page, cell);
    if (text[0] == '\0')
        return NULL;
    if (strlen(text) > LABEL_LIMIT)
        return g_strdup_printf("a label of %zu bytes", strlen(text));
    bool is_html = cell_text_is_html(&cell->style);
    if (!is_html && style_is(&cell->style, "labelBackgroundColor", "default"))
        return g_strdup("the colour 'default' behind a label without HTML");
    char *overflow = find_unknown_overflow(cell, is_html);
    if (overflow != NULL)
        return overflow;
    g_autofree char *unknown = is_html ? label_check_html(text) : NULL;
    if (unknown != NULL)
        return g_strdup_printf("%s in the HTML of its label", unknown);
    if (page->has_math && has_maths(text))
        return g_strdup("mathematics in its label");
    return NULL;
}

char *support_find_unknown(const struct page *page, const struct cell *cell)
{
    char *unknown = find_unknown_key(&cell->style);
    if (unknown == NULL)
        unknown = find_unknown_color(&cell->style);
    if (unknown == NULL)
        unknown = find_excess_width(&cell->style);
    if (unknown == NULL)
        unknown = cell->is_edge ? find_unknown_of_edge(cell) : find_unknown_of_vertex(page, &cell->style);
    return unknown != NULL ? unknown : find_unknown_in_label(page, cell);
}
