#include "diagram/drawio/stencil.h"

#include <stdlib.h>
#include <string.h>

#include "diagram/drawio/file.h"

#define PREFIX "mxgraph."
#define MAX_LIBRARY (32u * 1024 * 1024)
#define MAX_OPERATIONS 20000

struct stencils {
    char *folder;
    GHashTable *documents; /* path to xmlDoc; NULL: not there or broken */
};

static void free_document(gpointer document)
{
    if (document != NULL)
        xmlFreeDoc(document);
}

struct stencils *stencils_new(const char *folder)
{
    struct stencils *stencils = g_new0(struct stencils, 1);
    g_autofree char *inner = g_build_filename(folder, "stencils", NULL);
    stencils->folder = g_file_test(inner, G_FILE_TEST_IS_DIR) ? g_steal_pointer(&inner) : g_strdup(folder);
    stencils->documents = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_document);
    return stencils;
}

void stencils_free(struct stencils *stencils)
{
    if (stencils == NULL)
        return;
    g_hash_table_unref(stencils->documents);
    g_free(stencils->folder);
    g_free(stencils);
}

static xmlDoc *get_library(struct stencils *stencils, const char *path)
{
    gpointer known = NULL;
    if (g_hash_table_lookup_extended(stencils->documents, path, NULL, &known))
        return known;
    g_autofree char *text = NULL;
    gsize length = 0;
    xmlDoc *document = NULL;
    if (g_file_get_contents(path, &text, &length, NULL) && length <= MAX_LIBRARY)
        document = file_parse_xml(text, length, NULL);
    g_hash_table_insert(stencils->documents, g_strdup(path), document);
    return document;
}

static bool is_element(const xmlNode *node, const char *name)
{
    return node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0;
}

/* Names are compared as the original writes them in styles: lower case, underscores for spaces. */
static bool has_name(const xmlNode *shape, const char *wanted)
{
    g_autofree char *name = model_attribute(shape, "name"), *lower = name != NULL ? g_ascii_strdown(name, -1) : NULL;
    return lower != NULL && g_ascii_strcasecmp(g_strdelimit(lower, " ", '_'), wanted) == 0;
}

/* Elements that paint what is not drawn here. */
static bool is_drawable(const xmlNode *node, int *budget)
{
    for (; node != NULL; node = node->next) {
        if (node->type != XML_ELEMENT_NODE)
            continue;
        if (--*budget < 0 || is_element(node, "text") || is_element(node, "image") || is_element(node, "include-shape"))
            return false;
        if (!is_element(node, "connections") && !is_drawable(node->children, budget))
            return false;
    }
    return true;
}

static bool is_plain_name(const char *name)
{
    return strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123"
                        "456789_-.") == strlen(name) &&
           strstr(name, "..") == NULL;
}

const xmlNode *stencils_find(struct stencils *stencils, const char *name)
{
    const char *last = strrchr(name, '.');
    if (stencils == NULL || !g_str_has_prefix(name, PREFIX) || !is_plain_name(name) || last < name + strlen(PREFIX))
        return NULL;
    g_autofree char *library = g_strndup(name + strlen(PREFIX), (gsize)(last - name) - strlen(PREFIX));
    g_autofree char *file = g_strconcat(g_strdelimit(library, ".", '/'), ".xml", NULL),
                    *path = g_build_filename(stencils->folder, file, NULL);
    xmlDoc *document = get_library(stencils, path);
    const xmlNode *root = document != NULL ? xmlDocGetRootElement(document) : NULL;
    for (const xmlNode *shape = root != NULL ? root->children : NULL; shape != NULL; shape = shape->next) {
        int budget = MAX_OPERATIONS;
        if (is_element(shape, "shape") && has_name(shape, last + 1))
            return is_drawable(shape->children, &budget) ? shape : NULL;
    }
    return NULL;
}

char *stencils_find_image(const struct stencils *stencils, const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./";
    if (stencils == NULL || !g_str_has_prefix(name, "img/") || strspn(name, letters) != strlen(name) || strstr(name, "..") != NULL)
        return NULL;
    g_autofree char *application = g_path_get_dirname(stencils->folder), *path = g_build_filename(application, name, NULL);
    return g_file_test(path, G_FILE_TEST_IS_REGULAR) ? g_steal_pointer(&path) : NULL;
}

/* Maps the stencil's own units to the shape's box. */
struct drawer {
    struct canvas *canvas;
    double x, y, sx, sy;
};

static double number(const xmlNode *node, const char *name, double fallback)
{
    g_autofree char *text = model_attribute(node, name);
    double value = text != NULL ? g_ascii_strtod(text, NULL) : fallback;
    return isfinite(value) ? CLAMP(value, -1e6, 1e6) : fallback;
}

static double get_x(const struct drawer *drawer, const xmlNode *node, const char *name)
{
    return drawer->x + number(node, name, 0) * drawer->sx;
}

static double get_y(const struct drawer *drawer, const xmlNode *node, const char *name)
{
    return drawer->y + number(node, name, 0) * drawer->sy;
}

static void draw_segment(struct drawer *d, const xmlNode *node)
{
    struct canvas *c = d->canvas;
    if (is_element(node, "move"))
        canvas_move(c, get_x(d, node, "x"), get_y(d, node, "y"));
    else if (is_element(node, "line"))
        canvas_line(c, get_x(d, node, "x"), get_y(d, node, "y"));
    else if (is_element(node, "quad"))
        canvas_quad(c, get_x(d, node, "x1"), get_y(d, node, "y1"), get_x(d, node, "x2"), get_y(d, node, "y2"));
    else if (is_element(node, "curve"))
        canvas_curve(c, get_x(d, node, "x1"), get_y(d, node, "y1"), get_x(d, node, "x2"), get_y(d, node, "y2"), get_x(d, node, "x3"),
                     get_y(d, node, "y3"));
    else if (is_element(node, "arc"))
        canvas_arc(c, number(node, "rx", 0) * d->sx, number(node, "ry", 0) * d->sy, number(node, "x-axis-rotation", 0),
                   number(node, "large-arc-flag", 0) != 0, number(node, "sweep-flag", 0) != 0, get_x(d, node, "x"), get_y(d, node, "y"));
    else if (is_element(node, "close"))
        canvas_close(c);
}

static void draw_figure(struct drawer *d, const xmlNode *node)
{
    double x = get_x(d, node, "x"), y = get_y(d, node, "y");
    double w = fmax(0, number(node, "w", 0) * d->sx), h = fmax(0, number(node, "h", 0) * d->sy), arc = number(node, "arcsize", 0);
    if (is_element(node, "rect"))
        canvas_rect(d->canvas, x, y, w, h);
    else if (is_element(node, "ellipse"))
        canvas_ellipse(d->canvas, x, y, w, h);
    else {
        double radius = fmin(w, h) * (arc > 0 ? arc : 15) / 100;
        canvas_round_rect(d->canvas, x, y, w, h, radius, radius);
    }
}

static void set_color(const xmlNode *node, bool *ret_is_set, struct color *ret_color)
{
    g_autofree char *text = model_attribute(node, "color");
    if (text != NULL)
        *ret_is_set = color_parse(text, ret_color);
}

static void set_dashes(struct drawer *d, const xmlNode *node)
{
    g_autofree char *pattern = model_attribute(node, "pattern");
    double dashes[MAX_DASHES];
    unsigned n = 0;
    g_auto(GStrv) parts = g_strsplit(pattern != NULL ? pattern : "", " ", MAX_DASHES + 1);
    for (char **part = parts; *part != NULL && n < MAX_DASHES; part++)
        if (**part != '\0')
            dashes[n++] = g_ascii_strtod(*part, NULL);
    canvas_set_dashes(d->canvas, dashes, n, fmin(d->sx, d->sy));
}

/* Changes of the graphics state. */
static void set_state(struct drawer *d, const xmlNode *node)
{
    static const double dashes[] = {3, 3};
    struct canvas_state *state = &d->canvas->state;
    if (is_element(node, "strokecolor"))
        set_color(node, &state->stroke.is_set, &state->stroke.color);
    else if (is_element(node, "fillcolor")) {
        state->fill.gradient = GRADIENT_NONE;
        set_color(node, &state->fill.is_set, &state->fill.from);
    } else if (is_element(node, "strokewidth"))
        state->stroke.width = fmax(0, number(node, "width", 1)) * (number(node, "fixed", 0) == 1 ? 1 : fmin(d->sx, d->sy));
    else if (is_element(node, "linejoin")) {
        g_autofree char *join = model_attribute(node, "join");
        state->stroke.is_round = join != NULL && strcmp(join, "round") == 0;
    } else if (is_element(node, "dashed"))
        canvas_set_dashes(d->canvas, dashes, number(node, "dashed", 0) == 1 ? 2 : 0, state->stroke.width);
    else if (is_element(node, "dashpattern"))
        set_dashes(d, node);
    else if (is_element(node, "alpha"))
        state->opacity = CLAMP(number(node, "alpha", 1), 0, 1);
    else if (is_element(node, "fillalpha"))
        state->fill_opacity = CLAMP(number(node, "alpha", 1), 0, 1);
    else if (is_element(node, "strokealpha"))
        state->stroke_opacity = CLAMP(number(node, "alpha", 1), 0, 1);
}

static void draw_operation(struct drawer *d, const xmlNode *node)
{
    struct canvas *c = d->canvas;
    bool is_fill = is_element(node, "fill"), is_stroke = is_element(node, "stroke"), is_both = is_element(node, "fillstroke");
    if (is_element(node, "save"))
        canvas_save(c);
    else if (is_element(node, "restore"))
        canvas_restore(c);
    else if (is_element(node, "path")) {
        canvas_begin(c);
        for (const xmlNode *segment = node->children; segment != NULL; segment = segment->next)
            draw_segment(d, segment);
    } else if (is_element(node, "rect") || is_element(node, "roundrect") || is_element(node, "ellipse"))
        draw_figure(d, node);
    else if (is_fill)
        canvas_fill(c);
    else if (is_stroke)
        canvas_stroke(c);
    else if (is_both)
        canvas_fill_and_stroke(c);
    else
        set_state(d, node);
    if (is_fill || is_stroke || is_both)
        c->state.has_shadow = false; /* of the first figure only */
}

static void draw_part(struct drawer *drawer, const xmlNode *stencil, const char *part)
{
    for (const xmlNode *group = stencil->children; group != NULL; group = group->next)
        for (const xmlNode *node = is_element(group, part) ? group->children : NULL; node != NULL; node = node->next)
            if (node->type == XML_ELEMENT_NODE)
                draw_operation(drawer, node);
}

void stencil_paint(struct canvas *canvas, const xmlNode *stencil, const struct shape *shape)
{
    double w = fmax(number(stencil, "w", 100), 0.001), h = fmax(number(stencil, "h", 100), 0.001);
    struct drawer drawer = {canvas, shape->x, shape->y, shape->width / w, shape->height / h};
    g_autofree char *aspect = model_attribute(stencil, "aspect"), *width = model_attribute(stencil, "strokewidth");
    if (aspect != NULL && strcmp(aspect, "fixed") == 0) {
        drawer.sx = drawer.sy = fmin(drawer.sx, drawer.sy);
        drawer.x += (shape->width - w * drawer.sx) / 2;
        drawer.y += (shape->height - h * drawer.sy) / 2;
    }
    guint n_saved = canvas->saved->len;
    canvas_save(canvas);
    if (width != NULL && strcmp(width, "inherit") != 0)
        canvas->state.stroke.width = fmax(0, number(stencil, "strokewidth", 1)) * fmin(drawer.sx, drawer.sy);
    canvas_begin(canvas);
    draw_part(&drawer, stencil, "background");
    draw_part(&drawer, stencil, "foreground");
    while (canvas->saved->len > n_saved)
        canvas_restore(canvas);
}
