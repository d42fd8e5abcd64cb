#include "course/spec.h"

#include <string.h>

#include "base/error.h"
#include "course/discover.h"
#include "course/targets.h"
#include "os/file.h"

text_map *text_map_new(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

const char *text_map_get(const text_map *map, const char *language)
{
    text_map *table = (text_map *)map; /* GLib's look-ups take no const */
    const char *text = g_hash_table_lookup(table, language);
    if (text == NULL)
        text = g_hash_table_lookup(table, "");
    if (text == NULL)
        text = g_hash_table_lookup(table, "en");
    GHashTableIter iter;
    gpointer key, value;
    const char *least = NULL;
    g_hash_table_iter_init(&iter, table);
    while (text == NULL && g_hash_table_iter_next(&iter, &key, &value))
        if (least == NULL || strcmp(key, least) < 0)
            least = key;
    return text == NULL && least != NULL ? g_hash_table_lookup(table, least) : text;
}

struct dir_group *dir_group_new(void)
{
    struct dir_group *group = g_new0(struct dir_group, 1);
    group->is_recursive = true;
    return group;
}

void dir_group_free(struct dir_group *group)
{
    if (group == NULL)
        return;
    g_free(group->name);
    g_free(group->path);
    g_strfreev(group->subdirs);
    g_free(group);
}

static void topic_file_free(gpointer data)
{
    struct topic_file *file = data;
    g_free(file->path);
    g_free(file->relative);
    g_strfreev(file->titles);
    g_strfreev(file->more_pictures);
    g_free(file);
}

struct topic *topic_new(void)
{
    struct topic *topic = g_new0(struct topic, 1);
    topic->has_html = topic->is_evaluated = true;
    topic->prog_lang = -1;
    topic->files = g_ptr_array_new_with_free_func(topic_file_free);
    topic->dir_groups = g_ptr_array_new_with_free_func((GDestroyNotify)dir_group_free);
    return topic;
}

void topic_free(struct topic *topic)
{
    if (topic == NULL)
        return;
    g_free(topic->id);
    g_free(topic->folder);
    g_free(topic->module);
    g_strfreev(topic->explicit_files);
    g_ptr_array_unref(topic->files);
    g_ptr_array_unref(topic->dir_groups);
    g_free(topic);
}

struct section *section_new(void)
{
    struct section *section = g_new0(struct section, 1);
    section->name = text_map_new();
    section->topics = g_ptr_array_new_with_free_func((GDestroyNotify)topic_free);
    return section;
}

void section_free(struct section *section)
{
    if (section == NULL)
        return;
    g_hash_table_unref(section->name);
    g_free(section->dir);
    g_ptr_array_unref(section->topics);
    g_free(section);
}

bool section_has_name(const struct section *section, const char *name)
{
    GHashTableIter iter;
    gpointer text;
    g_hash_table_iter_init(&iter, section->name);
    while (g_hash_table_iter_next(&iter, NULL, &text))
        if (strcmp(text, name) == 0)
            return true;
    return false;
}

struct output_target *output_target_new(void)
{
    struct output_target *target = g_new0(struct output_target, 1);
    for (int i = 0; i < N_KINDS; i++)
        target->kinds[i] = true;
    for (int i = 0; i < N_FORMATS; i++)
        target->formats[i] = true;
    return target;
}

void output_target_free(struct output_target *target)
{
    if (target == NULL)
        return;
    g_free(target->name);
    g_free(target->root);
    g_strfreev(target->languages);
    g_free(target);
}

struct course *course_new(void)
{
    struct course *course = g_new0(struct course, 1);
    course->name = text_map_new();
    course->description = text_map_new();
    course->certificate = text_map_new();
    course->sections = g_ptr_array_new_with_free_func((GDestroyNotify)section_free);
    course->dir_groups = g_ptr_array_new_with_free_func((GDestroyNotify)dir_group_free);
    course->targets = g_ptr_array_new_with_free_func((GDestroyNotify)output_target_free);
    return course;
}

void course_free(struct course *course)
{
    if (course == NULL)
        return;
    g_free(course->spec_path);
    g_free(course->root);
    g_hash_table_unref(course->name);
    g_hash_table_unref(course->description);
    g_hash_table_unref(course->certificate);
    g_free(course->author);
    g_free(course->organization);
    g_strfreev(course->languages);
    g_ptr_array_unref(course->sections);
    g_ptr_array_unref(course->dir_groups);
    g_ptr_array_unref(course->targets);
    g_free(course->template_dir);
    g_free(course->github_project_slug);
    g_free(course->github_repository_base);
    g_free(course);
}

/* XML begins with a tag; a YAML mapping cannot, but for a merge key. A UTF-16 mark is left to the XML parser as well. */
static bool is_xml(const char *text, size_t length)
{
    if (length >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0))
        return true;
    size_t i = length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    while (i < length && g_ascii_isspace(text[i]))
        i++;
    return i + 1 < length && text[i] == '<' && text[i + 1] != '<';
}

static char *find_root(const struct course *course, const struct course_options *options, bool is_yaml)
{
    if (options->data_dir != NULL)
        return g_canonicalize_filename(options->data_dir, NULL);
    g_autofree char *folder = g_path_get_dirname(course->spec_path);
    g_autofree char *slides = g_build_filename(folder, "slides", NULL);
    if (is_yaml || g_file_test(slides, G_FILE_TEST_IS_DIR))
        return g_steal_pointer(&folder);
    return g_path_get_dirname(folder);
}

static struct place place_of_byte(const char *text, const char *end)
{
    struct place at = {1, 1};
    for (; text < end; text++) {
        at.col = *text == '\n' ? 1 : at.col + ((*text & 0xc0) != 0x80);
        at.line += *text == '\n';
    }
    return at;
}

/* Reports a text that is empty or not UTF-8; XML names its own encoding. */
static bool check_text(struct spec *spec, const char *text, size_t length, bool is_yaml)
{
    const char *end = text;
    struct place at = {0, 0};
    if (length == 0) {
        spec_error(spec, at, "write at least a name and a prog_lang", "the spec is empty");
        return false;
    }
    if (!is_yaml || g_utf8_validate(text, (gssize)length, &end))
        return true;
    at = place_of_byte(text, end);
    spec_error(spec, at, "save the file as UTF-8", "the spec is not UTF-8 text (byte 0x%02x)", (unsigned char)*end);
    return false;
}

static void read_spec(struct spec *spec, const struct course_options *options)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = file_read(spec->file, SPEC_SIZE_LIMIT, &error);
    if (bytes == NULL) {
        diag_add(spec->diags, DIAG_ERROR, NULL, 0, 0, NULL, "%s", error->message);
        return;
    }
    gsize length = 0;
    const char *text = g_bytes_get_data(bytes, &length);
    bool is_yaml = !is_xml(text, length);
    if (!check_text(spec, text, length, is_yaml))
        return;
    spec->course->root = find_root(spec->course, options, is_yaml);
    if (is_yaml)
        spec_read_yaml(spec, text, length);
    else
        spec_read_xml(spec, text, length);
}

struct course *course_load(const char *spec_path, const struct course_options *options, struct diag_list *diags)
{
    unsigned n_before = diag_count(diags, DIAG_ERROR);
    g_autoptr(course) course = course_new();
    g_autoptr(GPtrArray) trees = g_ptr_array_new_with_free_func(g_free);
    struct spec spec = {.file = spec_path, .diags = diags, .course = course, .trees = trees, .default_kinds = {true, true, true}};
    course->shares_images = options->shares_images;
    course->image_format = options->image_format;
    course->spec_path = g_canonicalize_filename(spec_path, NULL);
    course->cache = options->cache;
    read_spec(&spec, options);
    bool is_usable = course->languages != NULL;
    if (is_usable)
        targets_select(&spec, options);
    if (is_usable)
        discover_course(&spec);
    course->cache = NULL;
    g_free(spec.output_dir);
    return diag_count(diags, DIAG_ERROR) > n_before ? NULL : g_steal_pointer(&course);
}
