/* The YAML form of a spec. Each mapping has a table of its keys; an unknown key is an error. Aliases are followed, but every node
 * that is read counts, so that a small file cannot become a large model. */
#include "course/spec.h"

#include <string.h>

#include "base/text.h"
#include "base/yaml.h"

#define MAX_KEYS 24

struct field {
    const char *key;
    void (*read)(struct spec *spec, struct fy_node *node, struct place at, void *object);
};

static struct place place_of_token(struct fy_token *token, struct place fallback)
{
    const struct fy_mark *mark = token != NULL ? fy_token_start_mark(token) : NULL;
    return mark != NULL ? (struct place){mark->line + 1, mark->column + 1} : fallback;
}

/* Where a node starts; collections have no mark of their own, so the first scalar inside stands for them. */
static struct place place_of(struct fy_node *node, struct place fallback)
{
    for (int depth = 0; node != NULL && depth < 8; depth++) {
        void *iter = NULL;
        if (fy_node_is_scalar(node))
            return place_of_token(fy_node_get_scalar_token(node), fallback);
        if (fy_node_is_sequence(node)) {
            node = fy_node_sequence_iterate(node, &iter);
            continue;
        }
        struct fy_node_pair *pair = fy_node_mapping_iterate(node, &iter);
        node = pair != NULL ? fy_node_pair_key(pair) : NULL;
    }
    return fallback;
}

static struct fy_node *follow(struct fy_node *node)
{
    return node != NULL && fy_node_is_alias(node) ? fy_node_resolve_alias(node) : node;
}

static bool is_plain(struct fy_node *node)
{
    return fy_node_get_style(node) == FYNS_PLAIN;
}

static bool is_null(struct fy_node *node)
{
    static const char *const words[] = {"", "~", "null", "Null", "NULL", NULL};
    if (node == NULL)
        return true;
    const char *text = fy_node_is_scalar(node) ? fy_node_get_scalar0(node) : "x";
    return fy_node_is_scalar(node) && is_plain(node) && (text == NULL || g_strv_contains(words, text));
}

/* A text, or NULL with an error. The caller frees it. */
static char *get_text(struct spec *spec, struct fy_node *node, struct place at, const char *what)
{
    node = follow(node);
    size_t length = 0;
    const char *text = node != NULL && fy_node_is_scalar(node) ? fy_node_get_scalar(node, &length) : NULL;
    if (text == NULL || is_null(node)) {
        spec_error(spec, place_of(node, at), NULL, "%s must be a text", what);
        return NULL;
    }
    if (memchr(text, '\0', length) != NULL) {
        spec_error(spec, place_of(node, at), NULL, "%s holds a NUL character", what);
        return NULL;
    }
    char *copy = g_strndup(text, length);
    return g_strstrip(copy);
}

static bool get_bool(struct spec *spec, struct fy_node *node, struct place at, const char *what, bool fallback)
{
    static const char *const words[] = {"false", "true", NULL};
    node = follow(node);
    const char *text = node != NULL && fy_node_is_scalar(node) && is_plain(node) ? fy_node_get_scalar0(node) : NULL;
    int index = text != NULL ? glossary_find(words, text) : -1;
    if (index < 0)
        spec_error(spec, place_of(node, at), "write true or false", "%s must be true or false", what);
    return index < 0 ? fallback : index == 1;
}

static void set_text(struct spec *spec, struct fy_node *node, struct place at, const char *what, char **text)
{
    g_free(*text);
    *text = get_text(spec, node, at, what);
}

static void report_unknown(struct spec *spec, struct place at, const char *what, const struct field *fields, const char *key)
{
    const char *names[MAX_KEYS + 1] = {NULL};
    for (int i = 0; fields[i].key != NULL && i < MAX_KEYS; i++)
        names[i] = fields[i].key;
    g_autofree char *hint = text_did_you_mean(key, names);
    g_autofree char *all = g_strjoinv(", ", (char **)names);
    g_autofree char *choices = g_strdup_printf("%s may have: %s", what, all);
    spec_error(spec, at, hint != NULL ? hint : choices, "unknown key '%.100s' in %s", key, what);
}

/* Calls the reader of each key that the mapping has. */
static void read_mapping(struct spec *spec, struct fy_node *node, struct place at, const char *what, const struct field *fields,
                         void *object)
{
    node = follow(node);
    if (node == NULL || !fy_node_is_mapping(node)) {
        spec_error(spec, place_of(node, at), NULL, "%s must be a mapping (key: value)", what);
        return;
    }
    void *iter = NULL;
    for (struct fy_node_pair *pair; (pair = fy_node_mapping_iterate(node, &iter)) != NULL;) {
        struct fy_node *key_node = fy_node_pair_key(pair), *value = follow(fy_node_pair_value(pair));
        struct place place = place_of(key_node, at);
        g_autofree char *key = get_text(spec, key_node, place, "a key");
        const struct field *field = fields;
        while (key != NULL && field->key != NULL && strcmp(field->key, key) != 0)
            field++;
        if (key == NULL || !spec_count(spec, place))
            continue;
        if (field->key == NULL)
            report_unknown(spec, place, what, fields, key);
        else
            field->read(spec, value, place_of(value, place), object);
    }
}

typedef void read_item(struct spec *spec, struct fy_node *node, struct place at, void *object);

static void read_list(struct spec *spec, struct fy_node *node, struct place at, const char *what, read_item *read, void *object)
{
    node = follow(node);
    if (node == NULL || !fy_node_is_sequence(node)) {
        spec_error(spec, place_of(node, at), "write [a, b] or one '- item' a line", "%s must be a list", what);
        return;
    }
    void *iter = NULL;
    for (struct fy_node *item; (item = fy_node_sequence_iterate(node, &iter)) != NULL;) {
        struct place place = place_of(item, at);
        if (!spec_count(spec, place))
            return;
        read(spec, follow(item), place, object);
    }
}

struct words {
    const char *what;
    GPtrArray *texts;
};

static void read_word(struct spec *spec, struct fy_node *node, struct place at, void *object)
{
    struct words *words = object;
    char *text = get_text(spec, node, at, words->what);
    if (text != NULL)
        g_ptr_array_add(words->texts, text);
}

/* A list of texts as a NULL-terminated array; the caller frees it. */
static char **get_words(struct spec *spec, struct fy_node *node, struct place at, const char *list, const char *item)
{
    struct words words = {item, g_ptr_array_new()};
    read_list(spec, node, at, list, read_word, &words);
    g_ptr_array_add(words.texts, NULL);
    return (char **)g_ptr_array_free(words.texts, FALSE);
}

static void read_language(struct spec *spec, struct fy_node *node, struct place at, void *object)
{
    g_autofree char *code = get_text(spec, node, at, "a language");
    if (code == NULL || !spec_check_language(spec, at, code))
        return;
    GPtrArray *codes = object;
    for (unsigned i = 0; i < codes->len; i++)
        if (strcmp(codes->pdata[i], code) == 0)
            return;
    g_ptr_array_add(codes, g_steal_pointer(&code));
}

/* NULL when none is valid. */
static char **get_languages(struct spec *spec, struct fy_node *node, struct place at)
{
    g_autoptr(GPtrArray) codes = g_ptr_array_new_with_free_func(g_free);
    read_list(spec, node, at, "languages", read_language, codes);
    if (codes->len == 0)
        return NULL;
    g_ptr_array_add(codes, NULL);
    return (char **)g_ptr_array_steal(codes, NULL);
}

/* A text for all languages, or one per language. */
static void read_text_map(struct spec *spec, struct fy_node *node, struct place at, void *object)
{
    text_map *map = object;
    if (node == NULL || !fy_node_is_mapping(node)) {
        char *text = get_text(spec, node, at, "the value");
        if (text != NULL)
            g_hash_table_replace(map, g_strdup(""), text);
        return;
    }
    void *iter = NULL;
    for (struct fy_node_pair *pair; (pair = fy_node_mapping_iterate(node, &iter)) != NULL;) {
        struct place place = place_of(fy_node_pair_key(pair), at);
        g_autofree char *code = get_text(spec, fy_node_pair_key(pair), place, "a language");
        if (code == NULL || !spec_count(spec, place) || !spec_check_language(spec, place, code))
            continue;
        char *text = get_text(spec, fy_node_pair_value(pair), place, "the value");
        if (text != NULL)
            g_hash_table_replace(map, g_steal_pointer(&code), text);
    }
}

static void read_prog_lang(struct spec *spec, struct fy_node *node, struct place at, int *prog_lang)
{
    g_autofree char *name = get_text(spec, node, at, "prog_lang");
    if (name != NULL)
        *prog_lang = spec_find_word(spec, at, "programming language", prog_lang_names, name);
}

#define READER(name, type) static void name(struct spec *spec, struct fy_node *node, struct place at, void *object)
#define TEXT_FIELD(type, field, what)                                                                                                      \
    READER(read_##type##_##field, type)                                                                                                    \
    {                                                                                                                                      \
        set_text(spec, node, at, what, &((struct type *)object)->field);                                                                   \
    }
#define BOOL_FIELD(type, field, what)                                                                                                      \
    READER(read_##type##_##field, type)                                                                                                    \
    {                                                                                                                                      \
        struct type *it = object;                                                                                                          \
        it->field = get_bool(spec, node, at, what, it->field);                                                                             \
    }

TEXT_FIELD(dir_group, name, "the name of a directory group")
TEXT_FIELD(dir_group, path, "the path of a directory group")
BOOL_FIELD(dir_group, include_root_files, "include_root_files")
BOOL_FIELD(dir_group, is_recursive, "recursive")

READER(read_dir_group_subdirs, dir_group)
{
    struct dir_group *group = object;
    g_strfreev(group->subdirs);
    group->subdirs = get_words(spec, node, at, "subdirs", "a subdir");
}

static const struct field dir_group_fields[] = {
    {"include_root_files", read_dir_group_include_root_files},
    {"name", read_dir_group_name},
    {"path", read_dir_group_path},
    {"recursive", read_dir_group_is_recursive},
    {"subdirs", read_dir_group_subdirs},
    {NULL, NULL},
};

static void read_dir_group(struct spec *spec, struct fy_node *node, struct place at, void *groups)
{
    struct dir_group *group = dir_group_new();
    read_mapping(spec, node, at, "a directory group", dir_group_fields, group);
    spec_add_dir_group(spec, at, group, groups);
}

TEXT_FIELD(topic, id, "the id of a topic")
TEXT_FIELD(topic, module, "module")
BOOL_FIELD(topic, has_html, "html")
BOOL_FIELD(topic, is_evaluated, "evaluate")
BOOL_FIELD(topic, skips_errors, "skip_errors")

READER(read_topic_name, topic)
{
    struct topic *topic = object;
    g_autoptr(GHashTable) name = text_map_new();
    read_text_map(spec, node, at, name);
    if (topic->id == NULL)
        topic->id = g_strdup(text_map_get(name, "en"));
}

READER(read_topic_files, topic)
{
    struct topic *topic = object;
    g_strfreev(topic->explicit_files);
    topic->explicit_files = get_words(spec, node, at, "files", "a file");
    if (topic->explicit_files[0] == NULL)
        spec_error(spec, at, NULL, "files is empty");
}

READER(read_topic_prog_lang, topic)
{
    read_prog_lang(spec, node, at, &((struct topic *)object)->prog_lang);
}

READER(read_topic_dir_groups, topic)
{
    read_list(spec, node, at, "dir_groups", read_dir_group, ((struct topic *)object)->dir_groups);
}

static const struct field topic_fields[] = {
    {"dir_groups", read_topic_dir_groups},
    {"evaluate", read_topic_is_evaluated},
    {"files", read_topic_files},
    {"html", read_topic_has_html},
    {"id", read_topic_id},
    {"module", read_topic_module},
    {"name", read_topic_name},
    {"prog_lang", read_topic_prog_lang},
    {"skip_errors", read_topic_skips_errors},
    {NULL, NULL},
};

static void read_topic(struct spec *spec, struct fy_node *node, struct place at, void *object)
{
    struct topic *topic = topic_new();
    if (node != NULL && fy_node_is_mapping(node))
        read_mapping(spec, node, at, "a topic", topic_fields, topic);
    else
        topic->id = get_text(spec, node, at, "a topic");
    if (topic->id == NULL && topic->explicit_files != NULL)
        topic->id = g_strdup(topic->explicit_files[0]);
    spec_add_topic(spec, at, topic, object);
}

TEXT_FIELD(section, dir, "dir")

READER(read_section_name, section)
{
    read_text_map(spec, node, at, ((struct section *)object)->name);
}

READER(read_section_topics, section)
{
    read_list(spec, node, at, "topics", read_topic, object);
}

static const struct field section_fields[] = {
    {"dir", read_section_dir},
    {"name", read_section_name},
    {"topics", read_section_topics},
    {NULL, NULL},
};

static void read_section(struct spec *spec, struct fy_node *node, struct place at, void *object)
{
    struct section *section = section_new();
    read_mapping(spec, node, at, "a section", section_fields, section);
    spec_add_section(spec, at, section);
}

TEXT_FIELD(output_target, name, "the name of an output target")

READER(read_target_path, output_target)
{
    g_autofree char *path = get_text(spec, node, at, "the path of an output target");
    struct output_target *target = object;
    g_free(target->root);
    target->root = path != NULL ? spec_resolve(spec, path) : NULL;
}

static void read_flags(struct spec *spec, struct fy_node *node, struct place at, const char *what, const char *const *names, bool *flags)
{
    g_auto(GStrv) words = get_words(spec, node, at, what, what);
    for (int i = 0; names[i] != NULL; i++)
        flags[i] = false;
    for (char **word = words; *word != NULL; word++) {
        int index = spec_find_word(spec, at, what, names, *word);
        if (index >= 0)
            flags[index] = true;
    }
    if (words[0] == NULL)
        spec_error(spec, at, "leave it out to mean all", "the list of each %s is empty", what);
}

READER(read_target_kinds, output_target)
{
    read_flags(spec, node, at, "kind", kind_names, ((struct output_target *)object)->kinds);
}

READER(read_target_formats, output_target)
{
    read_flags(spec, node, at, "format", format_names, ((struct output_target *)object)->formats);
}

READER(read_target_languages, output_target)
{
    struct output_target *target = object;
    g_strfreev(target->languages);
    target->languages = get_languages(spec, node, at);
}

static const struct field target_fields[] = {
    {"formats", read_target_formats},  {"kinds", read_target_kinds}, {"languages", read_target_languages},
    {"name", read_output_target_name}, {"path", read_target_path},   {NULL, NULL},
};

static void read_target(struct spec *spec, struct fy_node *node, struct place at, void *object)
{
    struct output_target *target = output_target_new();
    read_mapping(spec, node, at, "an output target", target_fields, target);
    spec_add_target(spec, at, target);
}

TEXT_FIELD(course, author, "author")
TEXT_FIELD(course, organization, "organization")
TEXT_FIELD(course, github_project_slug, "project_slug")
TEXT_FIELD(course, github_repository_base, "repository_base")
BOOL_FIELD(course, github_include_speaker, "include_speaker")

static const struct field github_fields[] = {
    {"include_speaker", read_course_github_include_speaker},
    {"project_slug", read_course_github_project_slug},
    {"repository_base", read_course_github_repository_base},
    {NULL, NULL},
};

READER(read_github, course)
{
    read_mapping(spec, node, at, "github", github_fields, object);
}

READER(read_name, course)
{
    spec->has_name = true;
    read_text_map(spec, node, at, spec->course->name);
}

READER(read_description, course)
{
    read_text_map(spec, node, at, spec->course->description);
}

READER(read_certificate, course)
{
    read_text_map(spec, node, at, spec->course->certificate);
}

READER(read_course_prog_lang, course)
{
    int prog_lang = -1;
    spec->has_prog_lang = true;
    read_prog_lang(spec, node, at, &prog_lang);
    if (prog_lang >= 0)
        spec->course->prog_lang = (enum prog_lang)prog_lang;
}

READER(read_course_language, course)
{
    g_autoptr(GPtrArray) codes = g_ptr_array_new_with_free_func(g_free);
    read_language(spec, node, at, codes);
    if (spec->course->languages != NULL)
        spec_error(spec, at, "'language: en' is short for 'languages: [en]'; remove one", "both 'language' and 'languages' are given");
    else if (codes->len > 0)
        spec->course->languages = g_strdupv((char *[]){codes->pdata[0], NULL});
}

READER(read_course_languages, course)
{
    if (spec->course->languages != NULL) {
        spec_error(spec, at, "'language: en' is short for 'languages: [en]'; remove one", "both 'language' and 'languages' are given");
        return;
    }
    spec->course->languages = get_languages(spec, node, at);
}

READER(read_sections, course)
{
    spec->has_sections = true;
    read_list(spec, node, at, "sections", read_section, NULL);
}

READER(read_dir_groups, course)
{
    read_list(spec, node, at, "dir_groups", read_dir_group, spec->course->dir_groups);
}

READER(read_output_targets, course)
{
    read_list(spec, node, at, "output_targets", read_target, NULL);
}

READER(read_outputs_speaker, course)
{
    spec->default_kinds[KIND_SPEAKER] = get_bool(spec, node, at, "speaker", true);
}

READER(read_outputs_participant, course)
{
    bool is_wanted = get_bool(spec, node, at, "participant", true);
    spec->default_kinds[KIND_CODE_ALONG] = spec->default_kinds[KIND_COMPLETED] = is_wanted;
}

static const struct field outputs_fields[] = {
    {"participant", read_outputs_participant},
    {"speaker", read_outputs_speaker},
    {NULL, NULL},
};

READER(read_outputs, course)
{
    spec->has_outputs = true;
    read_mapping(spec, node, at, "outputs", outputs_fields, object);
}

static void set_path(struct spec *spec, struct fy_node *node, struct place at, const char *what, char **path)
{
    g_autofree char *text = get_text(spec, node, at, what);
    g_free(*path);
    *path = text != NULL ? spec_resolve(spec, text) : NULL;
}

READER(read_output_dir, course)
{
    set_path(spec, node, at, "output_dir", &spec->output_dir);
}

READER(read_template_dir, course)
{
    set_path(spec, node, at, "template_dir", &spec->course->template_dir);
    const char *path = spec->course->template_dir;
    if (path != NULL && !g_file_test(path, G_FILE_TEST_IS_DIR))
        spec_error(spec, at, "the path is relative to the course root", "there is no template folder '%s'", path);
}

static const struct field course_fields[] = {
    {"author", read_course_author},
    {"certificate", read_certificate},
    {"description", read_description},
    {"dir_groups", read_dir_groups},
    {"github", read_github},
    {"language", read_course_language},
    {"languages", read_course_languages},
    {"name", read_name},
    {"organization", read_course_organization},
    {"output_dir", read_output_dir},
    {"output_targets", read_output_targets},
    {"outputs", read_outputs},
    {"prog_lang", read_course_prog_lang},
    {"sections", read_sections},
    {"template_dir", read_template_dir},
    {NULL, NULL},
};

static void report_syntax(struct spec *spec, struct fy_diag *diag)
{
    void *iter = NULL;
    unsigned n = 0;
    for (struct fy_diag_error *error; (error = fy_diag_errors_iterate(diag, &iter)) != NULL; n++) {
        struct place at = {error->line, error->column};
        spec_error(spec, at, NULL, "%s", error->msg);
    }
    if (n == 0)
        spec_error(spec, ((struct place){0, 0}), NULL, "the spec holds no YAML document");
}

void spec_read_yaml(struct spec *spec, const char *text, size_t length)
{
    struct fy_diag *diag = yaml_diag_new();
    struct fy_parse_cfg config = {.flags = FYPCF_QUIET | FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE, .diag = diag};
    struct fy_document *document = fy_document_build_from_string(&config, text, length);
    struct fy_node *root = document != NULL ? fy_document_root(document) : NULL;
    if (root == NULL) {
        report_syntax(spec, diag);
    } else {
        struct place at = place_of(root, (struct place){1, 1});
        read_mapping(spec, root, at, "the spec", course_fields, spec->course);
        spec_finish(spec, at);
    }
    fy_document_destroy(document);
    fy_diag_destroy(diag);
}
