#include "course/topic_files.h"

#include <string.h>

#include "course/classify.h"
#include "course/facts.h"
#include "os/file.h"

#define PATH_LIMIT 4096 /* bytes of the path of a picture */

static bool has_file(const struct topic *topic, const char *relative)
{
    for (unsigned i = 0; i < topic->files->len; i++)
        if (strcmp(((const struct topic_file *)topic->files->pdata[i])->relative, relative) == 0)
            return true;
    return false;
}

static char *stem_of(const char *path)
{
    char *stem = g_path_get_basename(path);
    char *dot = strrchr(stem, '.');
    if (dot != NULL && dot != stem)
        *dot = '\0';
    return stem;
}

static const char *comment_of(const struct topic_file *file)
{
    bool is_markdown = g_str_has_suffix(file->path, ".md") || file->prog_lang < 0;
    return is_markdown ? "#" : prog_langs[file->prog_lang].comment;
}

static void read_titles(const struct course *course, struct topic_file *file)
{
    g_autoptr(json_t) facts = facts_of_source(course, file->path, comment_of(file));
    const json_t *titles = json_object_get(facts, "titles");
    g_autofree char *stem = stem_of(file->path);
    unsigned n = g_strv_length(course->languages);
    file->titles = g_new0(char *, n + 1);
    for (unsigned i = 0; i < n; i++)
        file->titles[i] = g_strdup(json_get_text(titles, course->languages[i], stem));
}

static void read_pictures(const struct course *course, struct topic_file *file)
{
    g_autofree char *stem = stem_of(file->path);
    g_autoptr(json_t) facts = facts_of_diagram(course, file->path, stem);
    const json_t *pictures = json_object_get(facts, "pictures");
    size_t n = json_array_size(pictures);
    file->more_pictures = n > 0 ? g_new0(char *, n + 1) : NULL;
    for (size_t i = 0; i < n; i++)
        file->more_pictures[i] = g_strdup(json_string_value(json_array_get(pictures, i)));
}

static int prog_lang_for(const struct course *course, const struct topic *topic, const char *path)
{
    if (topic->prog_lang >= 0)
        return topic->prog_lang;
    int prog_lang = prog_lang_of_suffix(path);
    return prog_lang >= 0 ? prog_lang : (int)course->prog_lang;
}

static void add_file(const struct course *course, struct topic *topic, const char *relative, bool is_any_name)
{
    struct topic_file *file = g_new0(struct topic_file, 1);
    file->path = g_build_filename(topic->folder, relative, NULL);
    file->relative = g_strdup(relative);
    file->file_class = classify_file(relative, is_any_name);
    file->prog_lang = -1;
    g_ptr_array_add(topic->files, file);
    if (file->file_class == FILE_PLANTUML)
        read_pictures(course, file);
    if (file->file_class != FILE_NOTEBOOK)
        return;
    file->prog_lang = prog_lang_for(course, topic, file->path);
    read_titles(course, file);
}

struct listing {
    GPtrArray *own, *below;
};

static bool list_file(const char *relative, const struct stat *info, gpointer data)
{
    struct listing *listing = data;
    if (classify_is_ignored_file(relative))
        return true;
    g_ptr_array_add(strchr(relative, '/') != NULL ? listing->below : listing->own, g_strdup(relative));
    return listing->own->len + listing->below->len <= TOPIC_FILE_LIMIT;
}

/* The folders of diagram sources are not copied. */
static bool is_left_behind(const char *relative)
{
    enum file_class file_class = classify_file(relative, false);
    bool is_diagram = file_class == FILE_PLANTUML || file_class == FILE_DRAWIO;
    return !is_diagram && (classify_is_below(relative, "pu") || classify_is_below(relative, "drawio"));
}

static void add_all(const struct course *course, struct topic *topic, const GPtrArray *names)
{
    for (unsigned i = 0; i < names->len; i++)
        if (!is_left_behind(names->pdata[i]))
            add_file(course, topic, names->pdata[i], false);
}

void topic_files_add_folder(struct spec *spec, struct topic *topic)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) own = g_ptr_array_new_with_free_func(g_free), below = g_ptr_array_new_with_free_func(g_free);
    struct listing listing = {own, below};
    struct place at = {topic->line, topic->col};
    if (!file_walk(topic->folder, classify_enter, list_file, &listing, &error))
        spec_error(spec, at, NULL, "%s", error->message);
    if (own->len + below->len > TOPIC_FILE_LIMIT) {
        spec_error(spec, at, NULL, "the topic '%s' has more than %d files", topic->id, TOPIC_FILE_LIMIT);
        return;
    }
    add_all(spec->course, topic, own);
    add_all(spec->course, topic, below);
}

static bool is_regular(const struct topic *topic, const char *relative)
{
    g_autofree char *path = g_build_filename(topic->folder, relative, NULL);
    return g_file_test(path, G_FILE_TEST_IS_REGULAR);
}

/* A local path below the topic's folder from what stands in `src`, without "." parts; NULL for any other. The caller frees it. */
static char *local_path(const char *source)
{
    g_autofree char *plain = g_strndup(source, strcspn(source, "?#"));
    g_autofree char *path = g_uri_unescape_string(plain, NULL);
    if (path == NULL || path[0] == '\0' || path[0] == '/' || strchr(path, ':') != NULL || strlen(path) > PATH_LIMIT)
        return NULL;
    g_auto(GStrv) parts = g_strsplit(path, "/", -1);
    g_autoptr(GPtrArray) kept = g_ptr_array_new();
    for (char **part = parts; *part != NULL; part++) {
        if (strcmp(*part, "..") == 0)
            return NULL;
        if (**part != '\0' && strcmp(*part, ".") != 0)
            g_ptr_array_add(kept, *part);
    }
    g_ptr_array_add(kept, NULL);
    return g_strjoinv("/", (char **)kept->pdata);
}

/* The diagram beside a missing picture: img/x.png comes from pu/x.pu or drawio/x.drawio. */
static void add_diagram_of(const struct course *course, struct topic *topic, const char *picture)
{
    static const struct {
        const char *folder, *suffix;
    } places[] = {{"pu", ".pu"}, {"pu", ".puml"}, {"pu", ".plantuml"}, {"drawio", ".drawio"}};
    g_autofree char *folder = g_path_get_dirname(picture);
    g_autofree char *parent = g_path_get_dirname(folder);
    g_autofree char *stem = stem_of(picture);
    if (!g_str_has_suffix(folder, "img"))
        return;
    for (unsigned i = 0; i < G_N_ELEMENTS(places); i++) {
        g_autofree char *name = g_strconcat(stem, places[i].suffix, NULL);
        g_autofree char *relative = strcmp(parent, ".") == 0 ? g_build_filename(places[i].folder, name, NULL)
                                                             : g_build_filename(parent, places[i].folder, name, NULL);
        if (is_regular(topic, relative) && !has_file(topic, relative))
            add_file(course, topic, relative, false);
    }
}

static void add_image(const struct course *course, struct topic *topic, const char *source)
{
    g_autofree char *relative = local_path(source);
    if (relative == NULL || classify_is_ignored_file(relative) || has_file(topic, relative))
        return;
    if (is_regular(topic, relative))
        add_file(course, topic, relative, false);
    else
        add_diagram_of(course, topic, relative);
}

static size_t identifier_length(const char *p)
{
    size_t n = 0;
    while (g_ascii_isalnum(p[n]) || p[n] == '_' || (p[n] & 0x80) != 0)
        n++;
    return n < 200 ? n : 0;
}

static const char *skip_blanks(const char *p)
{
    return p + strspn(p, " \t");
}

/* "a.b as c, d": the first part of each. */
static void add_import_list(GPtrArray *names, const char *p)
{
    for (;;) {
        p = skip_blanks(p);
        size_t n = identifier_length(p);
        if (n == 0)
            return;
        g_ptr_array_add(names, g_strndup(p, n));
        p += strcspn(p, ",\n;#");
        if (*p != ',')
            return;
        p++;
    }
}

GPtrArray *topic_files_find_imports(const char *text)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    for (const char *line = text; line != NULL && names->len < TOPIC_FILE_LIMIT; line = strchr(line, '\n')) {
        line += *line == '\n';
        const char *p = skip_blanks(line);
        if (g_str_has_prefix(p, "import ") || g_str_has_prefix(p, "import\t")) {
            add_import_list(names, p + 7);
        } else if (g_str_has_prefix(p, "from ") || g_str_has_prefix(p, "from\t")) {
            p = skip_blanks(p + 5);
            size_t n = identifier_length(p);
            if (n > 0)
                g_ptr_array_add(names, g_strndup(p, n));
        }
    }
    return names;
}

struct package {
    const struct course *course;
    struct topic *topic;
    const char *name;
};

static bool add_package_file(const char *relative, const struct stat *info, gpointer data)
{
    struct package *package = data;
    g_autofree char *path = g_build_filename(package->name, relative, NULL);
    if (!classify_is_ignored_file(path) && !has_file(package->topic, path))
        add_file(package->course, package->topic, path, false);
    return package->topic->files->len < TOPIC_FILE_LIMIT;
}

/* `import x` means x.py or the package x beside the file. A sibling that is a notebook goes with it as a module. */
static void add_module(const struct course *course, struct topic *topic, const char *name)
{
    g_autofree char *file = g_strconcat(name, ".py", NULL);
    g_autofree char *init = g_build_filename(name, "__init__.py", NULL);
    if (is_regular(topic, file)) {
        if (has_file(topic, file))
            return;
        add_file(course, topic, file, false);
        struct topic_file *added = topic->files->pdata[topic->files->len - 1];
        g_clear_pointer(&added->titles, g_strfreev);
        added->file_class = FILE_DATA;
        added->prog_lang = -1;
    } else if (is_regular(topic, init)) {
        g_autofree char *folder = g_build_filename(topic->folder, name, NULL);
        struct package package = {course, topic, name};
        file_walk(folder, classify_enter, add_package_file, &package, NULL);
    }
}

/* Follows the files from `first` on: what is found is appended, and looked at in its turn. */
static void follow_references(const struct course *course, struct topic *topic, unsigned first)
{
    for (unsigned i = first; i < topic->files->len && topic->files->len < TOPIC_FILE_LIMIT; i++) {
        const struct topic_file *file = topic->files->pdata[i];
        bool is_python = g_str_has_suffix(file->path, ".py"), is_notebook = file->file_class == FILE_NOTEBOOK;
        g_autoptr(json_t) facts = is_python || is_notebook ? facts_of_source(course, file->path, comment_of(file)) : NULL;
        size_t k;
        json_t *name;
        if (is_notebook)
            json_array_foreach(json_object_get(facts, "images"), k, name) add_image(course, topic, json_string_value(name));
        json_array_foreach(json_object_get(facts, "imports"), k, name) add_module(course, topic, json_string_value(name));
    }
}

void topic_files_add_file(struct spec *spec, struct topic *topic, const char *relative)
{
    if (has_file(topic, relative))
        return;
    add_file(spec->course, topic, relative, true);
    follow_references(spec->course, topic, topic->files->len - 1);
}
