#include "diagram/plantuml_includes.h"

#include <string.h>

#include "os/file.h"

#define INCLUDE_SIZE_LIMIT (4u * 1024 * 1024)

/* The file that "!theme NAME from FOLDER" names; NULL for a theme of PlantUML's own. */
static char *find_theme(const char *text, gsize *ret_at)
{
    g_autoptr(GRegex) regex = g_regex_new("^!theme[ \\t]+(\\S+)[ \\t]+from[ \\t]+(\\S.*)$", G_REGEX_RAW, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    int at = 0;
    if (!g_regex_match(regex, text, 0, &match))
        return NULL;
    g_match_info_fetch_pos(match, 2, &at, NULL);
    *ret_at = (gsize)at;
    g_autofree char *name = g_match_info_fetch(match, 1);
    return g_strdup_printf("%s/puml-theme-%s.puml", text + at, name);
}

bool plantuml_is_theme(const char *line)
{
    return g_str_has_prefix(line + strspn(line, " \t"), "!theme");
}

char *plantuml_find_include(const char *line, gsize length, gsize *ret_at)
{
    static const char *const words[] = {"!include_once", "!include_many", "!includesub", "!includeurl", "!include", "!import"};
    gsize indent = MIN(strspn(line, " \t"), length);
    g_autofree char *text = g_strchomp(g_strndup(line + indent, length - indent));
    if (plantuml_is_theme(text)) {
        gsize at = 0;
        char *theme = find_theme(text, &at);
        if (ret_at != NULL)
            *ret_at = indent + at;
        return theme;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(words); i++) {
        const char *rest = text + strlen(words[i]);
        if (!g_str_has_prefix(text, words[i]) || (*rest != ' ' && *rest != '\t'))
            continue;
        rest += strspn(rest, " \t");
        if (ret_at != NULL)
            *ret_at = indent + (gsize)(rest - text);
        g_autofree char *target = g_strndup(rest, strcspn(rest, "!"));
        g_strstrip(target);
        size_t n = strlen(target);
        bool is_quoted = n >= 2 && target[0] == '"' && target[n - 1] == '"';
        return is_quoted ? g_strndup(target + 1, n - 2) : g_steal_pointer(&target);
    }
    return NULL;
}

bool plantuml_is_included_file(const char *target)
{
    return target[0] != '\0' && target[0] != '<' && target[0] != '$' && target[0] != '%' && strstr(target, "://") == NULL &&
           g_utf8_validate(target, -1, NULL);
}

/* `base`: the folder of the including file, relative to the source's; "" for the source itself. */
static void add_from(GPtrArray *found, const char *text, const char *base)
{
    for (const char *line = text; *line != '\0' && found->len < PLANTUML_INCLUDE_LIMIT;) {
        size_t length = strcspn(line, "\n");
        g_autofree char *target = plantuml_find_include(line, length, NULL);
        line += length + (line[length] == '\n');
        if (target == NULL || !plantuml_is_included_file(target))
            continue;
        char *name = g_path_is_absolute(target) || base[0] == '\0' ? g_strdup(target) : g_build_filename(base, target, NULL);
        if (g_ptr_array_find_with_equal_func(found, name, g_str_equal, NULL))
            g_free(name);
        else
            g_ptr_array_add(found, name);
    }
}

GPtrArray *plantuml_find_includes(const char *text, const char *folder)
{
    GPtrArray *found = g_ptr_array_new_with_free_func(g_free);
    add_from(found, text, "");
    for (unsigned i = 0; i < found->len; i++) {
        const char *name = found->pdata[i];
        g_autofree char *path = g_path_is_absolute(name) ? g_strdup(name) : g_build_filename(folder, name, NULL);
        g_autoptr(GBytes) bytes = file_read(path, INCLUDE_SIZE_LIMIT, NULL);
        g_autofree char *above = g_path_get_dirname(name);
        if (bytes != NULL)
            add_from(found, g_bytes_get_data(bytes, NULL), strcmp(above, ".") == 0 ? "" : above);
    }
    return found;
}
