/* The XML form of a spec. No entities, no network, no huge documents; an unknown element or attribute is a warning. */
#include "course/spec.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <string.h>

#include "base/text.h"

#define MAX_NAMES 24
#define COLUMN_BITS 12

struct reader {
    const char *name;
    void (*read)(struct spec *spec, xmlNode *node, struct place at, void *object);
};

/* An element's place is kept in its _private field: line and column of its '<'. */
static struct place place_of(const xmlNode *node)
{
    gsize packed = (gsize)node->_private;
    return (struct place){(int)(packed >> COLUMN_BITS), (int)(packed & ((1u << COLUMN_BITS) - 1))};
}

static gsize pack_place(const xmlParserInput *input)
{
    const xmlChar *tag = input->cur;
    int line = input->line;
    while (tag > input->base && *tag != '<') {
        tag--;
        line -= *tag == '\n';
    }
    gsize col = 1;
    while (tag > input->base && tag[-1] != '\n') {
        tag--;
        col += (*tag & 0xc0) != 0x80;
    }
    return (gsize)MAX(line, 1) << COLUMN_BITS | MIN(col, (1u << COLUMN_BITS) - 1);
}

static void start_element(void *data, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int n_namespaces,
                          const xmlChar **namespaces, int n_attributes, int n_defaulted, const xmlChar **attributes)
{
    xmlParserCtxt *context = data;
    gsize packed = context->input != NULL ? pack_place(context->input) : 0;
    xmlSAX2StartElementNs(data, name, prefix, uri, n_namespaces, namespaces, n_attributes, n_defaulted, attributes);
    if (context->node != NULL)
        context->node->_private = (void *)packed;
}

/* The text directly inside an element, trimmed; the caller frees it. */
static char *own_text(const xmlNode *node)
{
    GString *text = g_string_new(NULL);
    for (const xmlNode *child = node->children; child != NULL; child = child->next)
        if ((child->type == XML_TEXT_NODE || child->type == XML_CDATA_SECTION_NODE) && child->content != NULL)
            g_string_append(text, (const char *)child->content);
    return g_strstrip(g_string_free(text, FALSE));
}

/* An attribute's value or NULL; the caller frees it. */
static char *get_attribute(xmlNode *node, const char *name)
{
    xmlChar *value = xmlGetNoNsProp(node, (const xmlChar *)name);
    char *copy = value != NULL ? g_strstrip(g_strdup((const char *)value)) : NULL;
    xmlFree(value);
    return copy;
}

static void check_attributes(struct spec *spec, xmlNode *node, const char *const *known)
{
    for (const xmlAttr *attribute = node->properties; attribute != NULL; attribute = attribute->next) {
        const char *name = (const char *)attribute->name;
        if (g_strv_contains(known, name))
            continue;
        g_autofree char *hint = text_did_you_mean(name, known);
        spec_warning(spec, place_of(node), hint, "unknown attribute '%.100s' of <%s>", name, (const char *)node->name);
    }
}

static bool get_flag(struct spec *spec, xmlNode *node, const char *name, bool fallback)
{
    static const char *const yes[] = {"yes", "true", "1", NULL}, *const no[] = {"no", "false", "0", NULL};
    g_autofree char *text = get_attribute(node, name);
    if (text == NULL || g_strv_contains(yes, text) || g_strv_contains(no, text))
        return text == NULL ? fallback : g_strv_contains(yes, text);
    spec_error(spec, place_of(node), "write yes or no", "the attribute '%s' has the value '%.100s'", name, text);
    return fallback;
}

static void report_unknown(struct spec *spec, const xmlNode *node, const xmlNode *parent, const struct reader *readers)
{
    const char *names[MAX_NAMES + 1] = {NULL};
    for (int i = 0; readers[i].name != NULL && i < MAX_NAMES; i++)
        names[i] = readers[i].name;
    g_autofree char *hint = text_did_you_mean((const char *)node->name, names);
    spec_warning(spec, place_of(node), hint, "unknown element <%.100s> in <%s>", (const char *)node->name, (const char *)parent->name);
}

/* Calls the reader of each child element. */
static void read_children(struct spec *spec, xmlNode *parent, const struct reader *readers, void *object)
{
    for (xmlNode *node = parent->children; node != NULL; node = node->next) {
        if (node->type != XML_ELEMENT_NODE)
            continue;
        if (!spec_count(spec, place_of(node)))
            return;
        const struct reader *reader = readers;
        while (reader->name != NULL && strcmp(reader->name, (const char *)node->name) != 0)
            reader++;
        if (reader->name != NULL)
            reader->read(spec, node, place_of(node), object);
        else
            report_unknown(spec, node, parent, readers);
    }
}

#define READER(name) static void name(struct spec *spec, xmlNode *node, struct place at, void *object)

static void set_text(xmlNode *node, char **text)
{
    g_free(*text);
    *text = own_text(node);
}

/* One child element per language; a text without them is for all languages. */
READER(read_text_map)
{
    text_map *map = object;
    bool has_children = false;
    for (xmlNode *child = node->children; child != NULL; child = child->next) {
        if (child->type != XML_ELEMENT_NODE)
            continue;
        has_children = true;
        if (!spec_count(spec, place_of(child)))
            return;
        if (spec_check_language(spec, place_of(child), (const char *)child->name))
            g_hash_table_replace(map, g_strdup((const char *)child->name), own_text(child));
    }
    g_autofree char *text = own_text(node);
    if (!has_children && text[0] != '\0')
        g_hash_table_replace(map, g_strdup(""), g_steal_pointer(&text));
}

/* The texts of all child elements; the caller frees the array. */
static char **child_texts(struct spec *spec, xmlNode *node)
{
    GPtrArray *texts = g_ptr_array_new();
    for (xmlNode *child = node->children; child != NULL; child = child->next)
        if (child->type == XML_ELEMENT_NODE && spec_count(spec, place_of(child)))
            g_ptr_array_add(texts, own_text(child));
    g_ptr_array_add(texts, NULL);
    return (char **)g_ptr_array_free(texts, FALSE);
}

READER(read_group_name)
{
    set_text(node, &((struct dir_group *)object)->name);
}

READER(read_group_path)
{
    set_text(node, &((struct dir_group *)object)->path);
}

READER(read_group_subdirs)
{
    struct dir_group *group = object;
    g_strfreev(group->subdirs);
    group->subdirs = child_texts(spec, node);
}

/* `object` is the list that the group goes to. */
READER(read_dir_group)
{
    static const char *const attributes[] = {"include-root-files", "recursive", NULL};
    static const struct reader readers[] = {
        {"name", read_group_name},
        {"path", read_group_path},
        {"subdirs", read_group_subdirs},
        {NULL, NULL},
    };
    struct dir_group *group = dir_group_new();
    check_attributes(spec, node, attributes);
    group->include_root_files = get_flag(spec, node, "include-root-files", false);
    group->is_recursive = get_flag(spec, node, "recursive", true);
    read_children(spec, node, readers, group);
    spec_add_dir_group(spec, at, group, object);
}

READER(read_dir_groups)
{
    static const struct reader readers[] = {{"dir-group", read_dir_group}, {NULL, NULL}};
    read_children(spec, node, readers, object);
}

static void read_topic_attributes(struct spec *spec, xmlNode *node, struct topic *topic)
{
    static const char *const attributes[] = {"evaluate", "html", "module", "prog-lang", "skip-errors", NULL};
    check_attributes(spec, node, attributes);
    topic->has_html = xmlHasProp(node, (const xmlChar *)"html") == NULL;
    topic->is_evaluated = get_flag(spec, node, "evaluate", true);
    topic->skips_errors = get_flag(spec, node, "skip-errors", false);
    topic->module = get_attribute(node, "module");
    g_autofree char *prog_lang = get_attribute(node, "prog-lang");
    if (prog_lang != NULL)
        topic->prog_lang = spec_find_word(spec, place_of(node), "programming language", prog_lang_names, prog_lang);
}

READER(read_topic)
{
    static const struct reader readers[] = {{"dir-group", read_dir_group}, {"dir-groups", read_dir_groups}, {NULL, NULL}};
    struct topic *topic = topic_new();
    topic->id = own_text(node);
    read_topic_attributes(spec, node, topic);
    read_children(spec, node, readers, topic->dir_groups);
    spec_add_topic(spec, at, topic, object);
}

/* A dir-group that stands between topics or sections belongs to the course. */
READER(read_course_dir_group)
{
    read_dir_group(spec, node, at, spec->course->dir_groups);
}

READER(read_course_dir_groups)
{
    read_dir_groups(spec, node, at, spec->course->dir_groups);
}

READER(read_topics)
{
    static const struct reader readers[] = {{"dir-group", read_course_dir_group}, {"topic", read_topic}, {NULL, NULL}};
    read_children(spec, node, readers, object);
}

READER(read_section_name)
{
    read_text_map(spec, node, at, ((struct section *)object)->name);
}

READER(read_section)
{
    static const struct reader readers[] = {
        {"dir-group", read_course_dir_group},
        {"dir-groups", read_course_dir_groups},
        {"name", read_section_name},
        {"topics", read_topics},
        {NULL, NULL},
    };
    struct section *section = section_new();
    read_children(spec, node, readers, section);
    spec_add_section(spec, at, section);
}

READER(read_sections)
{
    static const struct reader readers[] = {{"dir-group", read_course_dir_group}, {"section", read_section}, {NULL, NULL}};
    spec->has_sections = true;
    read_children(spec, node, readers, NULL);
}

static void read_flags(struct spec *spec, xmlNode *node, const char *what, const char *const *names, bool *flags)
{
    for (int i = 0; names[i] != NULL; i++)
        flags[i] = false;
    for (xmlNode *child = node->children; child != NULL; child = child->next) {
        g_autofree char *word = child->type == XML_ELEMENT_NODE ? own_text(child) : NULL;
        int index = word != NULL ? spec_find_word(spec, place_of(child), what, names, word) : -1;
        if (index >= 0)
            flags[index] = true;
    }
}

READER(read_target_path)
{
    struct output_target *target = object;
    g_autofree char *path = own_text(node);
    g_free(target->root);
    target->root = path[0] != '\0' ? spec_resolve(spec, path) : NULL;
}

READER(read_target_kinds)
{
    read_flags(spec, node, "kind", kind_names, ((struct output_target *)object)->kinds);
}

READER(read_target_formats)
{
    read_flags(spec, node, "format", format_names, ((struct output_target *)object)->formats);
}

/* The valid codes among the children; NULL if there is none. The caller frees it. */
static char **get_languages(struct spec *spec, xmlNode *node)
{
    GPtrArray *codes = g_ptr_array_new();
    for (xmlNode *child = node->children; child != NULL; child = child->next) {
        g_autofree char *code = child->type == XML_ELEMENT_NODE ? own_text(child) : NULL;
        if (code != NULL && spec_check_language(spec, place_of(child), code))
            g_ptr_array_add(codes, g_steal_pointer(&code));
    }
    bool is_empty = codes->len == 0;
    g_ptr_array_add(codes, NULL);
    char **all = (char **)g_ptr_array_free(codes, FALSE);
    if (is_empty)
        g_clear_pointer(&all, g_strfreev);
    return all;
}

READER(read_target_languages)
{
    struct output_target *target = object;
    g_strfreev(target->languages);
    target->languages = get_languages(spec, node);
}

READER(read_target)
{
    static const char *const attributes[] = {"name", NULL};
    static const struct reader readers[] = {
        {"formats", read_target_formats},
        {"kinds", read_target_kinds},
        {"languages", read_target_languages},
        {"path", read_target_path},
        {NULL, NULL},
    };
    struct output_target *target = output_target_new();
    check_attributes(spec, node, attributes);
    target->name = get_attribute(node, "name");
    read_children(spec, node, readers, target);
    spec_add_target(spec, at, target);
}

READER(read_targets)
{
    static const struct reader readers[] = {{"output-target", read_target}, {NULL, NULL}};
    read_children(spec, node, readers, NULL);
}

/* The languages of the name, in the order of the file, are those of the course. */
READER(read_name)
{
    spec->has_name = true;
    read_text_map(spec, node, at, spec->course->name);
    GPtrArray *codes = g_ptr_array_new();
    for (xmlNode *child = node->children; child != NULL; child = child->next)
        if (child->type == XML_ELEMENT_NODE && g_hash_table_contains(spec->course->name, child->name))
            g_ptr_array_add(codes, g_strdup((const char *)child->name));
    g_ptr_array_add(codes, NULL);
    bool is_empty = codes->len == 1 || spec->course->languages != NULL;
    char **languages = (char **)g_ptr_array_free(codes, FALSE);
    if (is_empty)
        g_strfreev(languages);
    else
        spec->course->languages = languages;
}

READER(read_description)
{
    read_text_map(spec, node, at, spec->course->description);
}

READER(read_certificate)
{
    read_text_map(spec, node, at, spec->course->certificate);
}

READER(read_prog_lang)
{
    g_autofree char *name = own_text(node);
    int prog_lang = spec_find_word(spec, at, "programming language", prog_lang_names, name);
    spec->has_prog_lang = true;
    if (prog_lang >= 0)
        spec->course->prog_lang = (enum prog_lang)prog_lang;
}

READER(ignore)
{
}

READER(read_slug)
{
    set_text(node, &spec->course->github_project_slug);
}

READER(read_repository_base)
{
    set_text(node, &spec->course->github_repository_base);
}

READER(read_include_speaker)
{
    g_autofree char *text = own_text(node);
    spec->course->github_include_speaker = strcmp(text, "true") == 0 || strcmp(text, "yes") == 0;
}

READER(read_github)
{
    static const struct reader readers[] = {
        {"de", ignore}, /* older files: URLs per language */
        {"en", ignore}, {"include-speaker", read_include_speaker}, {"project-slug", read_slug}, {"repository-base", read_repository_base},
        {NULL, NULL},
    };
    read_children(spec, node, readers, NULL);
}

READER(read_author)
{
    set_text(node, &spec->course->author);
}

READER(read_organization)
{
    set_text(node, &spec->course->organization);
}

READER(read_output_dir)
{
    g_autofree char *path = own_text(node);
    g_free(spec->output_dir);
    spec->output_dir = spec_resolve(spec, path);
}

READER(read_template_dir)
{
    g_autofree char *path = own_text(node);
    g_free(spec->course->template_dir);
    spec->course->template_dir = spec_resolve(spec, path);
    if (!g_file_test(spec->course->template_dir, G_FILE_TEST_IS_DIR))
        spec_error(spec, at, "the path is relative to the course root", "there is no template folder '%s'", path);
}

static const struct reader course_readers[] = {
    {"author", read_author},
    {"certificate", read_certificate},
    {"description", read_description},
    {"dir-group", read_course_dir_group},
    {"dir-groups", read_course_dir_groups},
    {"github", read_github},
    {"name", read_name},
    {"organization", read_organization},
    {"output-dir", read_output_dir},
    {"output-targets", read_targets},
    {"prog-lang", read_prog_lang},
    {"sections", read_sections},
    {"template-dir", read_template_dir},
    {NULL, NULL},
};

static void on_error(void *data, xmlErrorPtr error)
{
    const xmlParserCtxt *context = data;
    struct spec *spec = context->_private;
    g_autofree char *message = g_strstrip(g_strdup(error->message != NULL ? error->message : "XML error"));
    struct place at = {error->line, error->int2};
    if (error->level >= XML_ERR_ERROR)
        spec_error(spec, at, NULL, "%s", message);
    else
        spec_warning(spec, at, NULL, "%s", message);
}

static void read_document(struct spec *spec, xmlDoc *document)
{
    xmlNode *root = xmlDocGetRootElement(document);
    struct place at = root != NULL ? place_of(root) : (struct place){1, 1};
    if (document->intSubset != NULL)
        spec_error(spec, at, "remove the <!DOCTYPE> declaration", "a spec may not declare a document type or entities");
    else if (root == NULL || strcmp((const char *)root->name, "course") != 0)
        spec_error(spec, at, NULL, "the root element must be <course>");
    else
        read_children(spec, root, course_readers, NULL);
    if (!diag_has_errors(spec->diags) || spec->has_name)
        spec_finish(spec, at);
}

void spec_read_xml(struct spec *spec, const char *text, size_t length)
{
    xmlParserCtxt *context = xmlNewParserCtxt();
    if (context == NULL)
        g_error("out of memory");
    context->_private = spec;
    context->sax->serror = on_error;
    context->sax->startElementNs = start_element;
    /* The text is known to be UTF-8; whatever else its declaration says would have it converted, and mistakes printed. */
    xmlDoc *document = xmlCtxtReadMemory(context, text, (int)length, NULL, "UTF-8", XML_PARSE_NONET | XML_PARSE_IGNORE_ENC);
    if (document != NULL && context->wellFormed)
        read_document(spec, document);
    else if (!diag_has_errors(spec->diags))
        spec_error(spec, ((struct place){1, 1}), NULL, "the spec is no well-formed XML");
    xmlFreeDoc(document);
    xmlFreeParserCtxt(context);
}
