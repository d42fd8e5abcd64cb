#include "course/facts.h"

#include <string.h>
#include <sys/stat.h>

#include "course/diagram_names.h"
#include "course/title.h"
#include "course/topic_files.h"
#include "os/file.h"
#include "store/cache.h"

#define DIAGRAM_LIMIT (16u * 1024 * 1024)
#define TAG_LIMIT 4096 /* bytes of an <img> tag */

/* The value of `src` in a tag's text; the caller frees it. */
static char *find_src(const char *tag)
{
    for (const char *p = tag; (p = strstr(p, "src")) != NULL; p += 3) {
        const char *value = p + 3 + strspn(p + 3, " \t");
        if (!g_ascii_isspace(p[-1]) || *value != '=')
            continue;
        value += 1 + strspn(value + 1, " \t");
        char quote = *value;
        const char *end = quote == '"' || quote == '\'' ? strchr(value + 1, quote) : NULL;
        return end != NULL ? g_strndup(value + 1, (gsize)(end - value - 1)) : NULL;
    }
    return NULL;
}

static json_t *find_images(const char *text)
{
    json_t *images = json_array();
    for (const char *p = text; (p = strstr(p, "<img")) != NULL && json_array_size(images) < TOPIC_FILE_LIMIT;) {
        p += strlen("<img");
        size_t length = strnlen(p, TAG_LIMIT);
        const char *end = memchr(p, '>', length);
        g_autofree char *tag = g_strndup(p, end != NULL ? (gsize)(end - p) : length);
        g_autofree char *source = find_src(tag);
        json_t *image = source != NULL ? json_string(source) : NULL; /* NULL: not UTF-8 */
        if (image != NULL)
            json_array_append_new(images, image);
    }
    return images;
}

static json_t *find_imports(const char *text)
{
    g_autoptr(GPtrArray) names = topic_files_find_imports(text);
    json_t *imports = json_array();
    for (unsigned i = 0; i < names->len; i++) {
        json_t *name = json_string(names->pdata[i]);
        if (name != NULL)
            json_array_append_new(imports, name);
    }
    return imports;
}

static json_t *find_titles(const struct course *course, const char *text, const char *comment)
{
    json_t *titles = json_object();
    for (char **language = course->languages; language != NULL && *language != NULL; language++) {
        g_autofree char *title = course_find_title(text, comment, *language);
        json_t *value = title != NULL ? json_string(title) : NULL;
        json_object_set_new(titles, *language, value != NULL ? value : json_null());
    }
    return titles;
}

static bool has_titles(const struct course *course, const json_t *facts, const char *comment)
{
    const json_t *titles = json_object_get(facts, "titles");
    if (strcmp(json_get_text(facts, "comment", ""), comment) != 0)
        return false;
    for (char **language = course->languages; language != NULL && *language != NULL; language++)
        if (json_object_get(titles, *language) == NULL)
            return false;
    return true;
}

static json_t *read_facts(const struct course *course, const char *path, const char *comment)
{
    g_autoptr(GBytes) bytes = file_read(path, NOTEBOOK_SIZE_LIMIT, NULL);
    const char *text = bytes != NULL ? g_bytes_get_data(bytes, NULL) : "";
    bool is_python = g_str_has_suffix(path, ".py");
    return json_pack("{s:s, s:o, s:o, s:o}", "comment", comment, "titles", find_titles(course, text, comment), "images", find_images(text),
                     "imports", is_python ? find_imports(text) : json_array());
}

/* What is known of a file as it is now; NULL when nothing is. */
static json_t *recall(const struct course *course, const char *path, const struct stat *info)
{
    g_autofree char *known = course->cache != NULL ? cache_file_facts(course->cache, path, info) : NULL;
    return known != NULL ? json_parse(known, strlen(known), NULL) : NULL;
}

/* `info` is NULL for a file that is not there. */
static void keep(const struct course *course, const char *path, const struct stat *info, const json_t *facts)
{
    g_autofree char *text = json_to_text(facts);
    if (info != NULL && course->cache != NULL)
        cache_keep_file_facts(course->cache, path, info, text);
}

json_t *facts_of_source(const struct course *course, const char *path, const char *comment)
{
    struct stat info;
    bool is_there = stat(path, &info) == 0;
    g_autoptr(json_t) facts = is_there ? recall(course, path, &info) : NULL;
    if (json_is_object(facts) && has_titles(course, facts, comment))
        return g_steal_pointer(&facts);
    json_t *read = read_facts(course, path, comment);
    keep(course, path, is_there ? &info : NULL, read);
    return read;
}

/* Nearly every source has one diagram. */
static json_t *read_pictures(const char *path, const char *stem)
{
    g_autoptr(GBytes) bytes = file_read(path, DIAGRAM_LIMIT, NULL);
    g_autofree char *text = bytes != NULL ? g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes)) : g_strdup("");
    g_autoptr(GPtrArray) names = diagram_names(text, stem);
    json_t *pictures = json_array();
    for (unsigned i = 1; i < names->len; i++)
        json_array_append_new(pictures, json_string(((const struct diagram_name *)names->pdata[i])->name));
    return json_pack("{s:o}", "pictures", pictures);
}

json_t *facts_of_diagram(const struct course *course, const char *path, const char *stem)
{
    struct stat info;
    bool is_there = stat(path, &info) == 0;
    g_autoptr(json_t) facts = is_there ? recall(course, path, &info) : NULL;
    if (json_is_array(json_object_get(facts, "pictures")))
        return g_steal_pointer(&facts);
    json_t *read = read_pictures(path, stem);
    keep(course, path, is_there ? &info : NULL, read);
    return read;
}
