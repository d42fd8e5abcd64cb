/* A Draw.io file: finds the diagram in whatever it is wrapped, and its pages. Each page is unpacked when it is asked for. */
#include "diagram/drawio/file.h"

#include <libxml/parser.h>
#include <string.h>

#include "base/error.h"
#include "diagram/drawio/stencil.h"
#include "diagram/drawio/unpack.h"

#define MAX_BYTES (64u * 1024 * 1024)
#define MAX_PAGES 10000
#define PARSE_OPTIONS (XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOBLANKS | XML_PARSE_COMPACT)

struct piece {
    const char *text;
    gsize length;
};

/* Handed over in pieces: libxml2 refuses more than 10 MB in one. */
static int read_piece(void *data, char *buffer, int room)
{
    struct piece *left = data;
    int n = (int)MIN(left->length, (gsize)room);
    memcpy(buffer, left->text, (gsize)n);
    left->text += n;
    left->length -= (gsize)n;
    return n;
}

xmlDoc *file_parse_xml(const char *text, gsize length, GError **error)
{
    xmlParserCtxt *context = xmlNewParserCtxt();
    if (context == NULL)
        g_error("out of memory");
    struct piece left = {text, length};
    xmlDoc *document = xmlCtxtReadIO(context, read_piece, NULL, &left, NULL, NULL, PARSE_OPTIONS);
    if (document == NULL || !context->wellFormed || xmlDocGetRootElement(document) == NULL) {
        g_autofree char *message = g_strchomp(g_strdup(context->lastError.message != NULL ? context->lastError.message : "it is empty"));
        g_set_error(error, CLX_ERROR, CLX_ERROR_SOURCE, "broken XML in line %d: %.200s", MAX(context->lastError.line, 1), message);
        if (document != NULL)
            xmlFreeDoc(document);
        document = NULL;
    }
    xmlFreeParserCtxt(context);
    return document;
}

static bool is_named(const xmlNode *node, const char *name)
{
    return node != NULL && node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0;
}

static const xmlNode *find_model(const xmlNode *diagram)
{
    for (const xmlNode *node = diagram->children; node != NULL; node = node->next)
        if (is_named(node, "mxGraphModel"))
            return node;
    return NULL;
}

static char *own_text(const xmlNode *node)
{
    GString *text = g_string_new(NULL);
    for (const xmlNode *child = node->children; child != NULL; child = child->next)
        if ((child->type == XML_TEXT_NODE || child->type == XML_CDATA_SECTION_NODE) && child->content != NULL)
            g_string_append(text, (const char *)child->content);
    return g_strstrip(g_string_free(text, FALSE));
}

static void free_page_source(gpointer data)
{
    struct page_source *source = data;
    g_free(source->name);
    g_free(source);
}

static void add_page(struct drawio_file *file, const xmlNode *node)
{
    struct page_source *source = g_new0(struct page_source, 1);
    source->name = model_attribute(node, "name");
    if (source->name == NULL)
        source->name = g_strdup_printf("Page-%u", file->pages->len + 1);
    source->node = node;
    g_ptr_array_add(file->pages, source);
}

static bool find_pages(struct drawio_file *file, const xmlNode *root, GError **error)
{
    if (is_named(root, "mxGraphModel") || is_named(root, "diagram"))
        add_page(file, root);
    for (const xmlNode *node = is_named(root, "mxfile") ? root->children : NULL; node != NULL; node = node->next) {
        if (is_named(node, "diagram") && file->pages->len < MAX_PAGES)
            add_page(file, node);
        else if (is_named(node, "diagram")) {
            g_set_error(error, CLX_ERROR, CLX_ERROR_SOURCE, "more than %d pages", MAX_PAGES);
            return false;
        }
    }
    if (file->pages->len > 0)
        return true;
    g_set_error(error, CLX_ERROR, CLX_ERROR_SOURCE,
                is_named(root, "mxfile") ? "the file holds no page" : "no Draw.io file: the root element is <%.60s>",
                (const char *)root->name);
    return false;
}

/* The document of a .drawio.svg stands in an attribute of its root. */
static xmlDoc *open_wrapped(xmlDoc *document, GError **error)
{
    const xmlNode *root = xmlDocGetRootElement(document);
    g_autofree char *content = is_named(root, "svg") ? model_attribute(root, "content") : NULL;
    if (!is_named(root, "svg"))
        return document;
    xmlFreeDoc(document);
    if (content == NULL) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_SOURCE,
                    "the SVG holds no diagram: export it with 'include a copy of "
                    "my diagram'");
        return NULL;
    }
    g_autofree char *unpacked = content[0] != '<' ? unpack_page(content, error) : NULL;
    const char *xml = content[0] == '<' ? content : unpacked;
    return xml != NULL ? file_parse_xml(xml, strlen(xml), error) : NULL;
}

static xmlDoc *read_document(const char *data, gsize length, GError **error)
{
    g_autofree char *embedded = NULL;
    if (length > MAX_BYTES) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_SOURCE, "the file is larger than 64 MiB");
        return NULL;
    }
    if (unpack_is_png((const guint8 *)data, length)) {
        embedded = unpack_png((const guint8 *)data, length, error);
        if (embedded == NULL)
            return NULL;
        data = embedded;
        length = strlen(embedded);
    }
    xmlDoc *document = file_parse_xml(data, length, error);
    return document != NULL ? open_wrapped(document, error) : NULL;
}

struct drawio_file *drawio_file_load(const void *data, gsize length, GError **error)
{
    g_autoptr(drawio_file) file = g_new0(struct drawio_file, 1);
    file->pages = g_ptr_array_new_with_free_func(free_page_source);
    file->document = read_document(data, length, error);
    if (file->document == NULL || !find_pages(file, xmlDocGetRootElement(file->document), error))
        return NULL;
    return g_steal_pointer(&file);
}

void drawio_file_free(struct drawio_file *file)
{
    if (file == NULL)
        return;
    page_free(file->page);
    g_clear_error(&file->page_error);
    g_ptr_array_unref(file->pages);
    if (file->document != NULL)
        xmlFreeDoc(file->document);
    stencils_free(file->stencils);
    g_free(file);
}

unsigned drawio_file_count_pages(const struct drawio_file *file)
{
    return file->pages->len;
}

const char *drawio_file_page_name(const struct drawio_file *file, unsigned page)
{
    g_assert(page >= 1 && page <= file->pages->len);
    return ((const struct page_source *)file->pages->pdata[page - 1])->name;
}

void drawio_file_set_stencils(struct drawio_file *file, const char *folder)
{
    stencils_free(file->stencils);
    file->stencils = folder != NULL ? stencils_new(folder) : NULL;
    if (file->page != NULL)
        file->page->stencils = file->stencils;
}

static struct page *unpack_and_read(const xmlNode *node, GError **error)
{
    g_autofree char *text = own_text(node);
    if (text[0] == '\0')
        return page_new(node, error); /* for its message */
    g_autofree char *unpacked = text[0] != '<' ? unpack_page(text, error) : NULL;
    const char *xml = text[0] == '<' ? text : unpacked;
    xmlDoc *document = xml != NULL ? file_parse_xml(xml, strlen(xml), error) : NULL;
    if (document == NULL)
        return NULL;
    struct page *page = page_new(xmlDocGetRootElement(document), error);
    xmlFreeDoc(document);
    return page;
}

static struct page *read_page(const struct page_source *source, GError **error)
{
    const xmlNode *model = is_named(source->node, "mxGraphModel") ? source->node : find_model(source->node);
    return model != NULL ? page_new(model, error) : unpack_and_read(source->node, error);
}

const struct page *drawio_file_get_page(struct drawio_file *file, unsigned number, GError **error)
{
    if (number < 1 || number > file->pages->len) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_SOURCE, "page %u is not there: the file has %u page%s", number, file->pages->len,
                    file->pages->len == 1 ? "" : "s");
        return NULL;
    }
    if (file->page_number != number) {
        page_free(file->page);
        g_clear_error(&file->page_error);
        file->page = read_page(file->pages->pdata[number - 1], &file->page_error);
        file->page_number = number;
        if (file->page != NULL) {
            file->page->stencils = file->stencils;
            file->page->name = drawio_file_page_name(file, number);
            file->page->number = number;
        } else
            g_prefix_error(&file->page_error, "page %u '%.60s': ", number, drawio_file_page_name(file, number));
    }
    if (file->page == NULL && error != NULL)
        *error = g_error_copy(file->page_error);
    return file->page;
}
