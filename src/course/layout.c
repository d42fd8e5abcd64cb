#include "course/layout.h"

#include <string.h>

#define NAME_LIMIT 200 /* bytes; leaves room for a number and a suffix in NAME_MAX */

static bool is_blank_only(const char *text)
{
    return text[strspn(text, " ")] == '\0';
}

static void append_safe(GString *out, gunichar c)
{
    if (c == '{' || c == '[')
        g_string_append_c(out, '(');
    else if (c == '}' || c == ']')
        g_string_append_c(out, ')');
    else if (c == 0x20ac /* euro */ || c < 0x20 || c == 0x7f || (c < 0x80 && strchr("/\\$#%&<>*=^|", (int)c) != NULL))
        g_string_append_c(out, '_');
    else if (c >= 0x80 || strchr(";!?\"'.:`", (int)c) == NULL)
        g_string_append_unichar(out, c);
}

char *layout_sanitize(const char *name)
{
    g_autofree char *valid = g_utf8_make_valid(name, -1);
    g_strstrip(valid);
    GString *out = g_string_new(NULL);
    for (const char *p = valid; *p != '\0' && out->len < NAME_LIMIT;) {
        if (p[0] == 'C' && p[1] == '#') {
            g_string_append(out, "CSharp");
            p += 2;
            continue;
        }
        append_safe(out, g_utf8_get_char(p));
        p = g_utf8_next_char(p);
    }
    if (is_blank_only(out->str))
        g_string_assign(out, "_");
    return g_string_free(out, FALSE);
}

char *layout_course_folder(const struct course *course, const struct output_target *target, const char *language, enum kind kind)
{
    g_autofree char *name = layout_sanitize(text_map_get(course->name, language));
    g_autofree char *lang = g_strdup(language);
    lang[0] = g_ascii_toupper(lang[0]);
    const char *level = !target->is_default ? "" : kind == KIND_SPEAKER ? "speaker/" : "public/";
    return g_strconcat(level, lang, "/", name, NULL);
}

static const char *format_folder(const struct course *course, enum format format)
{
    switch (format) {
    case FORMAT_HTML:
        return "Html";
    case FORMAT_NOTEBOOK:
        return "Notebooks";
    default:
        return prog_langs[course->prog_lang].folder;
    }
}

char *layout_section_folder(const struct course *course, const struct output_target *target, const struct section *section,
                            const char *language, enum kind kind, enum format format)
{
    g_autofree char *folder = layout_course_folder(course, target, language, kind);
    g_autofree char *name = layout_sanitize(text_map_get(section->name, language));
    const char *slides = strcmp(language, "de") == 0 ? "Folien" : "Slides";
    return g_strjoin("/", folder, slides, format_folder(course, format), kind_folders[kind], name, NULL);
}

static const char *title_for(const struct course *course, const struct topic_file *file, const char *language)
{
    for (unsigned i = 0; course->languages[i] != NULL && file->titles[i] != NULL; i++)
        if (strcmp(course->languages[i], language) == 0)
            return file->titles[i];
    return file->titles[0];
}

static const char *format_suffix(const struct topic_file *file, enum format format)
{
    switch (format) {
    case FORMAT_HTML:
        return ".html";
    case FORMAT_NOTEBOOK:
        return ".ipynb";
    default:
        return prog_langs[file->prog_lang].suffix;
    }
}

char *layout_notebook_name(const struct course *course, const struct topic_file *file, const char *language, enum format format)
{
    g_autofree char *title = layout_sanitize(title_for(course, file, language));
    return g_strdup_printf("%02d %s%s", file->number, title, format_suffix(file, format));
}

/* The folder that holds img/: the parent of pu/ or drawio/, else the diagram's own; "." for none. */
static char *picture_parent(const char *relative)
{
    g_autofree char *folder = g_path_get_dirname(relative);
    g_autofree char *name = g_path_get_basename(folder);
    if (strcmp(name, "pu") == 0 || strcmp(name, "drawio") == 0)
        return g_path_get_dirname(folder);
    return g_steal_pointer(&folder);
}

static char *stem_of(const char *path)
{
    char *stem = g_path_get_basename(path);
    char *dot = strrchr(stem, '.');
    if (dot != NULL)
        *dot = '\0';
    return stem;
}

char *layout_diagram_name(const struct topic_file *file, const char *picture, const char *suffix)
{
    g_autofree char *stem = picture != NULL ? g_strdup(picture) : stem_of(file->relative);
    g_autofree char *name = layout_sanitize(stem);
    g_autofree char *parent = picture_parent(file->relative);
    bool is_top = strcmp(parent, ".") == 0;
    return g_strconcat(is_top ? "" : parent, is_top ? "" : "/", "img/", name, suffix[0] == '.' ? "" : ".", suffix, NULL);
}

static bool is_video(const char *name)
{
    static const char *const suffixes[] = {".mp4", ".webm", ".ogv", ".mov", ".m4v", NULL};
    const char *suffix = strrchr(name, '.');
    g_autofree char *lower = suffix != NULL ? g_ascii_strdown(suffix, -1) : NULL;
    return lower != NULL && g_strv_contains(suffixes, lower);
}

char *layout_shared_name(const struct topic_file *file, const char *picture, const char *suffix)
{
    bool is_diagram = file->file_class == FILE_PLANTUML || file->file_class == FILE_DRAWIO;
    bool is_shown = is_diagram || file->file_class == FILE_IMAGE || (file->file_class == FILE_DATA && is_video(file->relative));
    if (!is_shown)
        return NULL;
    g_autofree char *path = is_diagram ? layout_diagram_name(file, picture, suffix) : g_strdup(file->relative);
    g_autofree char *name = g_path_get_basename(path);
    return g_strconcat("img/", name, NULL);
}
