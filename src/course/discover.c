#include "course/discover.h"

#include <string.h>

#include "base/text.h"
#include "course/classify.h"
#include "course/facts.h"
#include "course/topic_files.h"

#define ENTRY_LIMIT 100000 /* topics of a course's sources */
#define NEAREST_COUNT 3
#define NEAREST_LIMIT 100 /* ids for which the nearest are looked for: it costs */

/* A topic in slides/. */
struct entry {
    char *id;
    char *module, *name; /* folder names */
    bool is_file;
};

struct index {
    struct spec *spec;
    char *slides;
    GPtrArray *entries; /* in name order of module and topic */
    GHashTable *by_id;  /* id -> first entry */
    unsigned n_unresolved;
    GHashTable *reported; /* ids whose duplicates are reported or do not matter */
};

static void entry_free(gpointer data)
{
    struct entry *entry = data;
    g_free(entry->id);
    g_free(entry->module);
    g_free(entry->name);
    g_free(entry);
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names in a folder in name order; none when it cannot be read. */
static GPtrArray *list_names(const char *folder)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    for (const char *name; dir != NULL && names->len < ENTRY_LIMIT && (name = g_dir_read_name(dir)) != NULL;)
        g_ptr_array_add(names, g_strdup(name));
    g_ptr_array_sort(names, compare_names);
    return names;
}

static bool is_folder(const char *parent, const char *name)
{
    g_autofree char *path = g_build_filename(parent, name, NULL);
    return g_file_test(path, G_FILE_TEST_IS_DIR);
}

char *discover_topic_id(const char *name)
{
    const char *first = strchr(name, '_');
    const char *second = first != NULL ? strchr(first + 1, '_') : NULL;
    if (second == NULL)
        return NULL;
    const char *dot = strrchr(second, '.');
    size_t length = dot != NULL ? (size_t)(dot - second - 1) : strlen(second + 1);
    return length > 0 ? g_strndup(second + 1, length) : NULL;
}

char *discover_section_name(const char *folder)
{
    const char *p = folder;
    size_t n_letters = strspn(p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
    if (n_letters > 0 && strchr("_- ", p[n_letters]) != NULL && g_ascii_isdigit(p[n_letters + 1 - (p[n_letters] == '\0')]))
        p += n_letters + 1;
    size_t n_digits = strspn(p, "0123456789");
    p += n_digits;
    p += n_digits > 0 ? strspn(p, "_- .") : 0;
    return g_strdup(n_digits > 0 && *p != '\0' ? p : folder);
}

static void index_topic(struct index *index, const char *module, const char *folder, const char *name)
{
    bool is_file = !is_folder(folder, name);
    if (is_file ? !classify_has_notebook_suffix(name) || classify_is_ignored_file(name) : classify_is_ignored_folder(name))
        return;
    g_autofree char *id = discover_topic_id(name);
    if (id == NULL || !g_utf8_validate(id, -1, NULL) || index->entries->len >= ENTRY_LIMIT)
        return;
    struct entry *entry = g_new0(struct entry, 1);
    entry->id = g_steal_pointer(&id);
    entry->module = g_strdup(module);
    entry->name = g_strdup(name);
    entry->is_file = is_file;
    g_ptr_array_add(index->entries, entry);
    if (!g_hash_table_contains(index->by_id, entry->id))
        g_hash_table_insert(index->by_id, entry->id, entry);
}

static void build_index(struct index *index)
{
    g_autoptr(GPtrArray) modules = list_names(index->slides);
    for (unsigned i = 0; i < modules->len; i++) {
        const char *module = modules->pdata[i];
        if (!is_folder(index->slides, module) || classify_is_ignored_folder(module))
            continue;
        g_autofree char *folder = g_build_filename(index->slides, module, NULL);
        g_autoptr(GPtrArray) names = list_names(folder);
        for (unsigned k = 0; k < names->len; k++)
            index_topic(index, module, folder, names->pdata[k]);
    }
}

/* A module is named by its folder or by the folder's name without prefix and number. */
static bool is_module(const struct entry *entry, const char *module)
{
    g_autofree char *id = discover_topic_id(entry->module);
    return strcmp(entry->module, module) == 0 || (id != NULL && strcmp(id, module) == 0);
}

static const struct entry *find_entry(const struct index *index, const struct topic *topic)
{
    if (topic->module == NULL)
        return g_hash_table_lookup(index->by_id, topic->id);
    for (unsigned i = 0; i < index->entries->len; i++) {
        const struct entry *entry = index->entries->pdata[i];
        if (strcmp(entry->id, topic->id) == 0 && is_module(entry, topic->module))
            return entry;
    }
    return NULL;
}

/* "'a', 'b', 'c'": the ids nearest to a word, the best first; NULL if none is near. The caller frees it. */
static char *nearest_ids(const struct index *index, const char *word)
{
    g_autoptr(GPtrArray) ids = g_ptr_array_new();
    GString *found = g_string_new(NULL);
    for (unsigned i = 0; i < index->entries->len; i++) {
        const struct entry *entry = index->entries->pdata[i];
        if (g_hash_table_lookup(index->by_id, entry->id) == entry)
            g_ptr_array_add(ids, entry->id);
    }
    g_ptr_array_add(ids, NULL);
    for (int i = 0; i < NEAREST_COUNT; i++) {
        const char *near = text_nearest(word, (const char *const *)ids->pdata);
        if (near == NULL)
            break;
        g_string_append_printf(found, "%s'%s'", i > 0 ? ", " : "", near);
        g_ptr_array_remove(ids, (gpointer)near);
    }
    return g_string_free(found, found->len == 0);
}

static void report_unresolved(struct index *index, const struct topic *topic)
{
    struct place at = {topic->line, topic->col};
    g_autofree char *near = index->n_unresolved++ < NEAREST_LIMIT ? nearest_ids(index, topic->id) : NULL;
    g_autofree char *hint = near != NULL ? g_strdup_printf("did you mean %s?", near)
                                         : g_strdup("an id is the name in slides/<module>/ without '<prefix>_<number>_' and suffix");
    if (topic->module != NULL)
        spec_error(index->spec, at, hint, "no topic has the id '%.200s' in the module '%.200s'", topic->id, topic->module);
    else
        spec_error(index->spec, at, hint, "no topic has the id '%.200s'", topic->id);
}

static void load_topic(struct index *index, struct topic *topic, const struct entry *entry)
{
    topic->is_file = entry->is_file;
    if (entry->is_file) {
        topic->folder = g_build_filename(index->slides, entry->module, NULL);
        topic_files_add_file(index->spec, topic, entry->name);
    } else {
        topic->folder = g_build_filename(index->slides, entry->module, entry->name, NULL);
        topic_files_add_folder(index->spec, topic);
    }
}

static void resolve_topic(struct index *index, struct topic *topic)
{
    if (topic->id == NULL)
        return;
    const struct entry *entry = find_entry(index, topic);
    if (entry == NULL) {
        report_unresolved(index, topic);
        return;
    }
    if (topic->module != NULL)
        g_hash_table_add(index->reported, g_strdup(topic->id));
    load_topic(index, topic, entry);
}

/* The path of an explicit file without "." parts; NULL if it leaves the folder. The caller frees it. */
static char *path_below(const char *folder, const char *name)
{
    g_autofree char *path = g_canonicalize_filename(name, folder);
    g_autofree char *prefix = g_strconcat(folder, "/", NULL);
    return g_str_has_prefix(path, prefix) ? g_strdup(path + strlen(prefix)) : NULL;
}

static void load_explicit(struct spec *spec, const struct section *section, struct topic *topic)
{
    struct place at = {topic->line, topic->col};
    topic->is_file = true;
    topic->folder = section->dir != NULL ? spec_resolve(spec, section->dir) : g_strdup(spec->course->root);
    for (char **name = topic->explicit_files; *name != NULL; name++) {
        g_autofree char *relative = path_below(topic->folder, *name);
        g_autofree char *path = relative != NULL ? g_build_filename(topic->folder, relative, NULL) : NULL;
        if (relative == NULL)
            spec_error(spec, at, NULL, "the file '%.200s' is not below '%s'", *name, topic->folder);
        else if (!g_file_test(path, G_FILE_TEST_IS_REGULAR))
            spec_error(spec, at, "files are looked up in the section's dir, else in the course root", "there is no file '%.200s' in '%s'",
                       *name, topic->folder);
        else
            topic_files_add_file(spec, topic, relative);
    }
}

static void resolve_all(struct index *index)
{
    const GPtrArray *sections = index->spec->course->sections;
    for (unsigned i = 0; i < sections->len; i++) {
        const struct section *section = sections->pdata[i];
        for (unsigned k = 0; k < section->topics->len; k++) {
            struct topic *topic = section->topics->pdata[k];
            if (topic->explicit_files != NULL)
                load_explicit(index->spec, section, topic);
            else if (topic->folder == NULL)
                resolve_topic(index, topic);
        }
    }
}

static struct section *new_section(const char *folder)
{
    struct section *section = section_new();
    g_hash_table_replace(section->name, g_strdup(""), discover_section_name(folder));
    return section;
}

static void keep_section(struct spec *spec, struct section *section)
{
    if (section->topics->len > 0)
        g_ptr_array_add(spec->course->sections, section);
    else
        section_free(section);
}

/* Each module of slides/ is a section. */
static void discover_modules(struct index *index)
{
    struct section *section = NULL;
    const char *module = NULL;
    for (unsigned i = 0; i < index->entries->len; i++) {
        const struct entry *entry = index->entries->pdata[i];
        if (module == NULL || strcmp(module, entry->module) != 0) {
            if (section != NULL)
                keep_section(index->spec, section);
            section = new_section(entry->module);
            module = entry->module;
        }
        if (entry->is_file && classify_file(entry->name, false) != FILE_NOTEBOOK)
            continue;
        struct topic *topic = topic_new();
        topic->id = g_strdup(entry->id);
        load_topic(index, topic, entry);
        g_ptr_array_add(section->topics, topic);
    }
    if (section != NULL)
        keep_section(index->spec, section);
}

/* A helper that a neighbour imports is no notebook, unless its name says so. */
static GHashTable *imported_by(const struct course *course, const char *folder, const GPtrArray *names)
{
    GHashTable *imported = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (unsigned i = 0; i < names->len; i++) {
        g_autofree char *path = g_build_filename(folder, names->pdata[i], NULL);
        if (!g_str_has_suffix(path, ".py") || !g_file_test(path, G_FILE_TEST_IS_REGULAR))
            continue;
        g_autoptr(json_t) facts = facts_of_source(course, path, "#");
        size_t k;
        json_t *module;
        json_array_foreach(json_object_get(facts, "imports"), k, module)
            g_hash_table_add(imported, g_strconcat(json_string_value(module), ".py", NULL));
    }
    return imported;
}

static void discover_folder(struct spec *spec, const char *name)
{
    g_autofree char *folder = g_build_filename(spec->course->root, name, NULL);
    g_autoptr(GPtrArray) names = list_names(folder);
    g_autoptr(GHashTable) imported = imported_by(spec->course, folder, names);
    struct section *section = new_section(name);
    for (unsigned i = 0; i < names->len && spec->n_items < SPEC_ITEM_LIMIT; i++) {
        const char *file = names->pdata[i];
        bool is_helper = g_hash_table_contains(imported, file) && classify_file(file, false) != FILE_NOTEBOOK;
        if (file[0] == '.' || is_helper || classify_file(file, true) != FILE_NOTEBOOK || classify_is_ignored_file(file) ||
            is_folder(folder, file))
            continue;
        struct topic *topic = topic_new();
        topic->id = g_strndup(file, (gsize)(strrchr(file, '.') - file));
        topic->folder = g_strdup(folder);
        topic->is_file = true;
        topic_files_add_file(spec, topic, file);
        g_ptr_array_add(section->topics, topic);
        spec->n_items++;
    }
    keep_section(spec, section);
}

/* Output trees, templates and copied folders hold no sources. */
static bool is_reserved(const struct spec *spec, const char *name)
{
    const struct course *course = spec->course;
    g_autofree char *path = g_build_filename(course->root, name, NULL);
    if (course->template_dir != NULL && strcmp(course->template_dir, path) == 0)
        return true;
    if (g_ptr_array_find_with_equal_func(spec->trees, path, g_str_equal, NULL))
        return true;
    for (unsigned i = 0; i < course->dir_groups->len; i++) {
        const char *group = ((const struct dir_group *)course->dir_groups->pdata[i])->path;
        g_autofree char *copied = group != NULL ? g_canonicalize_filename(group, course->root) : NULL;
        if (g_strcmp0(copied, path) == 0)
            return true;
    }
    return strcmp(name, "output") == 0;
}

/* Each folder with sources is a section. */
static void discover_folders(struct spec *spec)
{
    const char *root = spec->course->root;
    g_autoptr(GPtrArray) names = list_names(root);
    for (unsigned i = 0; i < names->len; i++) {
        const char *name = names->pdata[i];
        if (name[0] != '.' && g_utf8_validate(name, -1, NULL) && is_folder(root, name) && !classify_is_ignored_folder(name) &&
            !is_reserved(spec, name))
            discover_folder(spec, name);
    }
}

static void report_duplicates(struct index *index)
{
    for (unsigned i = 0; i < index->entries->len; i++) {
        const struct entry *entry = index->entries->pdata[i], *first = g_hash_table_lookup(index->by_id, entry->id);
        if (first != entry && !g_hash_table_contains(index->reported, entry->id))
            spec_warning(index->spec, ((struct place){0, 0}), "give the topic in the spec a 'module'",
                         "the topic id '%s' exists twice: '%s/%s' is used, '%s/%s' is not", entry->id, first->module, first->name,
                         entry->module, entry->name);
    }
}

/* What only looks like a source is copied with all its solutions. */
static void check_copied_notebook(struct spec *spec, const struct topic_file *file)
{
    if (classify_is_like_notebook(file->relative))
        diag_add(spec->diags, DIAG_WARNING, file->path, 0, 0, "name it in the 'files' of its topic to make it a source",
                 "this notebook is copied as it is, solutions included");
}

static void finish_files(struct spec *spec, const struct section *section)
{
    int number = 0;
    for (unsigned k = 0; k < section->topics->len; k++) {
        const struct topic *topic = section->topics->pdata[k];
        for (unsigned n = 0; n < topic->files->len; n++) {
            struct topic_file *file = topic->files->pdata[n];
            if (file->file_class == FILE_NOTEBOOK)
                file->number = ++number;
            else
                check_copied_notebook(spec, file);
        }
    }
}

void discover_course(struct spec *spec)
{
    g_autofree char *slides = g_build_filename(spec->course->root, "slides", NULL);
    g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func(entry_free);
    g_autoptr(GHashTable) by_id = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) reported = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    struct index index = {.spec = spec, .slides = slides, .entries = entries, .by_id = by_id, .reported = reported};
    build_index(&index);
    if (spec->has_sections)
        resolve_all(&index);
    else if (is_folder(spec->course->root, "slides"))
        discover_modules(&index);
    else
        discover_folders(spec);
    if (spec->course->sections->len == 0 && !diag_has_errors(spec->diags))
        spec_warning(spec, ((struct place){0, 0}), NULL, "the course has no topics");
    report_duplicates(&index);
    for (unsigned i = 0; i < spec->course->sections->len; i++)
        finish_files(spec, spec->course->sections->pdata[i]);
}
