#include "course/diagram_names.h"

#include <stdbool.h>
#include <string.h>

#define NAME_LIMIT 1000 /* diagrams of a source */

static void name_free(gpointer data)
{
    struct diagram_name *name = data;
    g_free(name->name);
    g_free(name);
}

static const struct diagram_name *find(const GPtrArray *names, const char *text)
{
    for (unsigned i = 0; i < names->len; i++)
        if (strcmp(((const struct diagram_name *)names->pdata[i])->name, text) == 0)
            return names->pdata[i];
    return NULL;
}

/* Takes `text`. */
static void add(GPtrArray *names, int at, char *text, unsigned block)
{
    struct diagram_name *name = g_new0(struct diagram_name, 1);
    *name = (struct diagram_name){text, block};
    g_ptr_array_insert(names, at, name);
}

/* "name", "\"name\"" or "folder/name.png" behind "@startuml "; NULL when there is none. The caller frees it. */
static char *read_name(const char *line, size_t length)
{
    static const char *const suffixes[] = {".png", ".svg", ".pdf", ".puml", ".pu"};
    size_t word = strcspn(line, " \t\r\n({");
    if (word >= length || (line[word] != ' ' && line[word] != '\t'))
        return NULL;
    g_autofree char *text = g_strstrip(g_strndup(line + word, length - word));
    size_t n = strlen(text);
    bool is_quoted = n >= 2 && text[0] == '"' && text[n - 1] == '"';
    g_autofree char *path = is_quoted ? g_strndup(text + 1, n - 2) : g_strdup(text);
    char *name = strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path;
    for (unsigned i = 0; i < G_N_ELEMENTS(suffixes); i++)
        if (g_str_has_suffix(name, suffixes[i]))
            name[strlen(name) - strlen(suffixes[i])] = '\0';
    bool is_name = *name != '\0' && *name != '.' && strchr("({!$%", *name) == NULL && g_utf8_validate(name, -1, NULL);
    return is_name ? g_strdup(name) : NULL;
}

static void add_block(GPtrArray *names, const char *line, size_t length, const char *stem, unsigned block, unsigned *n_unnamed)
{
    g_autofree char *name = read_name(line, length);
    if (name == NULL) {
        name = *n_unnamed == 0 ? g_strdup(stem) : g_strdup_printf("%s_%03u", stem, *n_unnamed);
        ++*n_unnamed;
    }
    if (find(names, name) == NULL)
        add(names, -1, g_steal_pointer(&name), block);
}

/* The picture that is called like the source comes first. */
static void put_first(GPtrArray *names, const char *stem)
{
    struct diagram_name *own = (struct diagram_name *)find(names, stem);
    if (own == NULL) {
        add(names, 0, g_strdup(stem), 0);
        return;
    }
    unsigned block = own->block;
    g_ptr_array_remove(names, own);
    add(names, 0, g_strdup(stem), block);
}

GPtrArray *diagram_names(const char *text, const char *stem)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(name_free);
    unsigned n_blocks = 0, n_unnamed = 0;
    for (const char *line = text; *line != '\0' && n_blocks < NAME_LIMIT;) {
        size_t length = strcspn(line, "\n"), indent = MIN(strspn(line, " \t"), length);
        if (g_str_has_prefix(line + indent, "@start"))
            add_block(names, line + indent, length - indent, stem, n_blocks++, &n_unnamed);
        line += length + (line[length] == '\n');
    }
    put_first(names, stem);
    return names;
}
