#include "diagram/plantuml_fonts.h"

#include <stdbool.h>
#include <string.h>

#include "diagram/drawio/font.h"

#define FONT_LIMIT 50 /* of a source */

/* Java's own names for fonts that are always there. */
static const char *const logical[] = {"Dialog", "DialogInput", "Monospaced", "SansSerif", "Serif", NULL};

/* The name that begins at `text`: in quotes, or up to the end of the line, a semicolon or a closing bracket; the caller frees it. */
static char *read_name(const char *text)
{
    text += strspn(text, " \t:=");
    bool is_quoted = *text == '"' || *text == '\'';
    const char end[] = {is_quoted ? *text : '\n', '\n', '\0'};
    char *name = is_quoted ? g_strndup(text + 1, strcspn(text + 1, end)) : g_strndup(text, strcspn(text, "\n\r;>}{,"));
    return g_strstrip(name);
}

static bool is_installed(const char *name)
{
    g_autoptr(fonts) fonts = fonts_new();
    return font_is_installed(fonts, name);
}

static void check(const char *name, GHashTable *seen, GPtrArray *warnings)
{
    bool is_name = *name != '\0' && strchr("$%!<", *name) == NULL && g_utf8_validate(name, -1, NULL);
    if (!is_name || g_hash_table_size(seen) >= FONT_LIMIT || g_strv_contains(logical, name) || !g_hash_table_add(seen, g_strdup(name)))
        return;
    if (!is_installed(name))
        g_ptr_array_add(warnings, g_strdup_printf("the font '%s' is not installed: another one is drawn", name));
}

void plantuml_warn_of_fonts(const char *text, GPtrArray *warnings)
{
    static const char *const words[] = {"FontName", "<font:"};
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(words); i++)
        for (const char *at = text; (at = strcasestr(at, words[i])) != NULL;) {
            at += strlen(words[i]);
            g_autofree char *name = read_name(at);
            check(name, seen, warnings);
        }
}
