#include "diagram/plantuml_source.h"

#include <stdbool.h>
#include <string.h>

#include "base/error.h"

void plantuml_source_clear(struct plantuml_source *source)
{
    g_free(source->text);
    source->text = NULL;
}

static const char *skip_space(const char *text)
{
    return text + strspn(text, " \t");
}

/* "!include part.iuml" becomes absolute where that file is there, since the resident program has a working directory of its own. */
static char *make_include_absolute(const char *line, const char *folder)
{
    static const char *const words[] = {"!include_once", "!include_many", "!includesub", "!include"};
    const char *start = skip_space(line);
    for (unsigned i = 0; i < G_N_ELEMENTS(words); i++) {
        const char *target = start + strlen(words[i]);
        if (!g_str_has_prefix(start, words[i]) || (*target != ' ' && *target != '\t'))
            continue;
        target = skip_space(target);
        g_autofree char *file = g_strndup(target, strcspn(target, "!"));
        g_strchomp(file);
        g_autofree char *path = g_canonicalize_filename(file, folder);
        if (*file == '\0' || *file == '/' || !g_file_test(path, G_FILE_TEST_IS_REGULAR))
            break;
        return g_strconcat(words[i], " ", path, target + strcspn(target, "!"), NULL);
    }
    return g_strdup(line);
}

static bool fail(const char *name, int line, const char *message, GError **error)
{
    g_set_error(error, CLX_ERROR, CLX_ERROR_SOURCE, "%s:%d: %s", name, line, message);
    return false;
}

static int find_start(char *const *lines)
{
    for (int i = 0; lines[i] != NULL; i++)
        if (g_str_has_prefix(skip_space(lines[i]), "@start"))
            return i;
    return -1;
}

gboolean plantuml_source_read(const char *text, const char *name, const char *folder, gboolean is_png, struct plantuml_source *ret_source,
                              GError **error)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    int start = find_start(lines);
    if (start < 0)
        return fail(name, 1, "no diagram: there is no line '@startuml'", error);
    GString *result = g_string_new(NULL);
    bool is_uml = g_str_has_prefix(skip_space(lines[start]), "@startuml"), ended = false;
    int i = start;
    for (; lines[i] != NULL && !ended && (i == start || !g_str_has_prefix(skip_space(lines[i]), "@start")); i++) {
        g_autofree char *line = make_include_absolute(lines[i], folder);
        g_string_append_printf(result, "%s\n", line);
        if (i == start && is_uml && is_png)
            g_string_append(result, "skinparam dpi 200\n");
        ended = g_str_has_prefix(skip_space(lines[i]), "@end");
    }
    if (!ended) {
        g_string_free(result, TRUE);
        return fail(name, start + 1, "the diagram has no '@end...' line before the next one or the end of the file", error);
    }
    *ret_source = (struct plantuml_source){.text = g_string_free(result, FALSE), .line = start + 1, .n_injected = is_uml && is_png};
    return true;
}
