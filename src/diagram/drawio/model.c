#include "diagram/drawio/model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define LARGEST 1e6
#define MAX_PROBLEMS 100

struct reader {
    struct page *page;
    GHashTable *index_of_id; /* borrowed id to index + 1 */
    GPtrArray *links;        /* three ids per cell: parent, source, target; NULL where
                       there is none */
};

char *model_attribute(const xmlNode *node, const char *name)
{
    xmlChar *value = xmlGetNoNsProp((xmlNode *)node, (const xmlChar *)name);
    char *copy = value != NULL ? g_strdup((const char *)value) : NULL;
    if (value != NULL)
        xmlFree(value);
    return copy;
}

static bool is_element(const xmlNode *node, const char *name)
{
    return node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0;
}

static bool has_value(const xmlNode *node, const char *name, const char *expected)
{
    g_autofree char *value = model_attribute(node, name);
    return value != NULL && strcmp(value, expected) == 0;
}

static void G_GNUC_PRINTF(3, 4) add_problem(struct page *page, const struct cell *cell, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    if (page->problems->len < MAX_PROBLEMS)
        g_ptr_array_add(page->problems, g_strdup_printf("cell '%.60s': %s", cell->id, text));
}

/* A number of a geometry; what is none, or beyond all measure, is told and taken for 0. */
static double read_number(struct page *page, const struct cell *cell, const xmlNode *node, const char *name)
{
    g_autofree char *text = model_attribute(node, name);
    char *end = NULL;
    if (text == NULL || text[0] == '\0')
        return 0;
    double number = g_ascii_strtod(text, &end);
    if (end != text && isfinite(number) && fabs(number) <= LARGEST)
        return number;
    add_problem(page, cell, "the geometry's %s is '%.40s', which is no usable number; taken for 0", name, text);
    return 0;
}

static struct point read_point(struct page *page, const struct cell *cell, const xmlNode *node)
{
    return (struct point){read_number(page, cell, node, "x"), read_number(page, cell, node, "y")};
}

static void read_waypoints(struct page *page, struct cell *cell, const xmlNode *array)
{
    g_autoptr(GArray) points = g_array_new(FALSE, FALSE, sizeof(struct point));
    for (const xmlNode *node = array->children; node != NULL; node = node->next) {
        if (!is_element(node, "mxPoint"))
            continue;
        if (points->len == MODEL_MAX_POINTS) {
            add_problem(page, cell, "has more than %d waypoints; the rest is left out", MODEL_MAX_POINTS);
            break;
        }
        struct point point = read_point(page, cell, node);
        g_array_append_val(points, point);
    }
    g_free(cell->geometry.points);
    cell->geometry.n_points = points->len;
    cell->geometry.points = (struct point *)g_array_free(g_steal_pointer(&points), FALSE);
}

static void read_geometry_child(struct page *page, struct cell *cell, const xmlNode *node)
{
    struct geometry *geometry = &cell->geometry;
    if (is_element(node, "Array") && has_value(node, "as", "points"))
        read_waypoints(page, cell, node);
    else if (is_element(node, "mxPoint") && has_value(node, "as", "offset"))
        geometry->offset = read_point(page, cell, node);
    else if (is_element(node, "mxPoint") && has_value(node, "as", "sourcePoint")) {
        geometry->source_point = read_point(page, cell, node);
        geometry->has_source_point = true;
    } else if (is_element(node, "mxPoint") && has_value(node, "as", "targetPoint")) {
        geometry->target_point = read_point(page, cell, node);
        geometry->has_target_point = true;
    }
}

static void read_geometry(struct page *page, struct cell *cell, const xmlNode *node)
{
    struct geometry *geometry = &cell->geometry;
    cell->has_geometry = true;
    geometry->rect = (struct rect){read_number(page, cell, node, "x"), read_number(page, cell, node, "y"),
                                   read_number(page, cell, node, "width"), read_number(page, cell, node, "height")};
    geometry->rect.width = MAX(geometry->rect.width, 0);
    geometry->rect.height = MAX(geometry->rect.height, 0);
    geometry->is_relative = has_value(node, "relative", "1");
    for (const xmlNode *child = node->children; child != NULL; child = child->next)
        read_geometry_child(page, cell, child);
}

/* The attributes of an <object> or <UserObject>, for placeholders in its label. */
static GHashTable *read_attributes(const xmlNode *object)
{
    GHashTable *attributes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    for (const xmlAttr *attribute = object->properties; attribute != NULL; attribute = attribute->next)
        g_hash_table_replace(attributes, g_strdup((const char *)attribute->name), model_attribute(object, (const char *)attribute->name));
    return attributes;
}

static char *read_or_empty(const xmlNode *node, const char *name)
{
    char *value = model_attribute(node, name);
    return value != NULL ? value : g_strdup("");
}

/* One <mxCell>; `object` is the element around it, or NULL. */
static void read_cell(struct reader *reader, const xmlNode *node, const xmlNode *object)
{
    struct cell cell = {
        .parent = NO_CELL, .source = NO_CELL, .target = NO_CELL, .first_child = NO_CELL, .last_child = NO_CELL, .next_sibling = NO_CELL};
    cell.id = read_or_empty(object != NULL ? object : node, "id");
    cell.label = object != NULL ? read_or_empty(object, "label") : read_or_empty(node, "value");
    cell.style_text = read_or_empty(node, "style");
    cell.attributes = object != NULL ? read_attributes(object) : NULL;
    cell.is_edge = has_value(node, "edge", "1");
    cell.is_vertex = !cell.is_edge && has_value(node, "vertex", "1");
    cell.is_visible = !has_value(node, "visible", "0");
    cell.is_collapsed = has_value(node, "collapsed", "1");
    style_init(&cell.style, cell.style_text, cell.is_edge);
    for (const xmlNode *child = node->children; child != NULL; child = child->next)
        if (is_element(child, "mxGeometry") && !cell.has_geometry)
            read_geometry(reader->page, &cell, child);
    g_array_append_val(reader->page->cells, cell);
    g_ptr_array_add(reader->links, model_attribute(node, "parent"));
    g_ptr_array_add(reader->links, model_attribute(node, "source"));
    g_ptr_array_add(reader->links, model_attribute(node, "target"));
    g_hash_table_insert(reader->index_of_id, cell.id, GUINT_TO_POINTER(reader->page->cells->len));
}

static bool read_cells(struct reader *reader, const xmlNode *root, GError **error)
{
    for (const xmlNode *node = root->children; node != NULL; node = node->next) {
        if (node->type != XML_ELEMENT_NODE)
            continue;
        if (reader->page->cells->len == MODEL_MAX_CELLS) {
            g_set_error(error, CLX_ERROR, CLX_ERROR_SOURCE, "has more than %d cells", MODEL_MAX_CELLS);
            return false;
        }
        if (is_element(node, "mxCell")) {
            read_cell(reader, node, NULL);
            continue;
        }
        for (const xmlNode *child = node->children; child != NULL; child = child->next)
            if (is_element(child, "mxCell")) {
                read_cell(reader, child, node);
                break;
            }
    }
    return true;
}

static int find_cell(struct reader *reader, const char *id)
{
    return id != NULL ? (int)GPOINTER_TO_UINT(g_hash_table_lookup(reader->index_of_id, id)) - 1 : NO_CELL;
}

static void add_child(struct page *page, int parent, int child)
{
    struct cell *above = page_cell(page, parent);
    if (above->first_child == NO_CELL)
        above->first_child = child;
    else
        page_cell(page, above->last_child)->next_sibling = child;
    above->last_child = child;
}

static void link_cells(struct reader *reader)
{
    struct page *page = reader->page;
    for (guint i = 0; i < page->cells->len; i++) {
        struct cell *cell = page_cell(page, (int)i);
        const char *const *ids = (const char *const *)&reader->links->pdata[3 * (gsize)i];
        cell->parent = find_cell(reader, ids[0]);
        cell->source = find_cell(reader, ids[1]);
        cell->target = find_cell(reader, ids[2]);
        cell->has_lost_source = ids[1] != NULL && cell->source == NO_CELL;
        cell->has_lost_target = ids[2] != NULL && cell->target == NO_CELL;
        if (cell->parent != NO_CELL && cell->parent != (int)i)
            add_child(page, cell->parent, (int)i);
        else if (ids[0] == NULL && page->root == NO_CELL)
            page->root = (int)i;
        else if (ids[0] != NULL)
            add_problem(page, cell, cell->parent == (int)i ? "is its own parent; left out" : "its parent '%.60s' is not there; left out",
                        ids[0]);
    }
}

/* Marks what hangs below the root; cells in a cycle of parents never do. */
static void mark_reached(struct page *page, int index, int depth)
{
    struct cell *cell = page_cell(page, index);
    if (depth > MODEL_MAX_DEPTH) {
        add_problem(page, cell, "is nested more than %d deep; left out", MODEL_MAX_DEPTH);
        return;
    }
    cell->is_reached = true;
    style_inherit(&cell->style, cell->parent != NO_CELL ? &page_cell(page, cell->parent)->style : NULL);
    for (int child = cell->first_child; child != NO_CELL; child = page_cell(page, child)->next_sibling)
        mark_reached(page, child, depth + 1);
}

/* Tells of cells whose ancestors go round in a circle: walking up n steps never leaves it. */
static void report_cycles(struct page *page)
{
    for (guint i = 0; i < page->cells->len; i++) {
        const struct cell *cell = page_cell(page, (int)i);
        int above = cell->parent;
        for (int steps = 0; !cell->is_reached && above != NO_CELL && above != (int)i && steps <= MODEL_MAX_DEPTH; steps++)
            above = page_cell(page, above)->parent;
        if (!cell->is_reached && above == (int)i && cell->parent != (int)i)
            add_problem(page, cell, "is an ancestor of itself; left out");
    }
}

static void clear_cell(gpointer data)
{
    struct cell *cell = data;
    g_free(cell->id);
    g_free(cell->label);
    g_free(cell->style_text);
    g_free(cell->geometry.points);
    if (cell->attributes != NULL)
        g_hash_table_unref(cell->attributes);
    style_clear(&cell->style);
}

static const xmlNode *find_root(const xmlNode *model)
{
    for (const xmlNode *node = model->children; node != NULL; node = node->next)
        if (is_element(node, "root"))
            return node;
    return NULL;
}

static void read_page_attributes(struct page *page, const xmlNode *model)
{
    page->background = model_attribute(model, "background");
    if (page->background != NULL && (strcmp(page->background, "none") == 0 || page->background[0] == '\0'))
        g_clear_pointer(&page->background, g_free);
    page->has_math = has_value(model, "math", "1");
    page->has_shadow = has_value(model, "shadow", "1");
    g_autofree char *image = model_attribute(model, "backgroundImage");
    page->has_background_image = image != NULL && image[0] != '\0';
}

struct page *page_new(const xmlNode *model, GError **error)
{
    const xmlNode *root = find_root(model);
    if (root == NULL) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_SOURCE, "holds no cells (<root> is missing)");
        return NULL;
    }
    g_autoptr(page) page = g_new0(struct page, 1);
    page->cells = g_array_new(FALSE, FALSE, sizeof(struct cell));
    g_array_set_clear_func(page->cells, clear_cell);
    page->problems = g_ptr_array_new_with_free_func(g_free);
    page->root = NO_CELL;
    read_page_attributes(page, model);
    struct reader reader = {page, g_hash_table_new(g_str_hash, g_str_equal), g_ptr_array_new_with_free_func(g_free)};
    bool is_good = read_cells(&reader, root, error);
    if (is_good)
        link_cells(&reader);
    g_hash_table_unref(reader.index_of_id);
    g_ptr_array_unref(reader.links);
    if (is_good && page->root != NO_CELL) {
        mark_reached(page, page->root, 0);
        report_cycles(page);
    }
    return is_good ? g_steal_pointer(&page) : NULL;
}

void page_free(struct page *page)
{
    if (page == NULL)
        return;
    g_array_unref(page->cells);
    g_ptr_array_unref(page->problems);
    g_free(page->background);
    g_free(page);
}
