#include "notebook/jinja/engine.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define MAX_TEMPLATE ((gsize)8 << 20)

/* True for relative names that do not climb out of their folder. */
static bool is_inside(const char *name)
{
    if (!*name || *name == '/' || strchr(name, '\\'))
        return false;
    for (const char *p = name; p; p = strchr(p, '/') ? strchr(p, '/') + 1 : NULL)
        if (strncmp(p, "..", 2) == 0 && (p[2] == '/' || !p[2]))
            return false;
    return true;
}

/* The real path of `name` below `folder`, or false when there is none (symbolic links out of the folder do not count). */
static bool find_in(const char *folder, const char *name, char path[PATH_MAX])
{
    char root[PATH_MAX];
    g_autofree char *wanted = g_build_filename(folder, name, NULL);
    if (!realpath(folder, root) || !realpath(wanted, path))
        return false;
    gsize n = strlen(root);
    return strncmp(path, root, n) == 0 && (path[n] == '/' || n == 1) && g_file_test(path, G_FILE_TEST_IS_REGULAR);
}

static struct template *read_template(engine *e, const char *name, const char *path)
{
    char *text = NULL;
    gsize length = 0;
    if (!g_file_get_contents(path, &text, &length, NULL))
        j_fail(e, "template '%s' cannot be read", name);
    bool good = length <= MAX_TEMPLATE;
    char *copy = good ? j_copy(e, text, length) : NULL;
    g_free(text);
    if (!good)
        j_fail(e, "template '%s' is too large (more than 8 MiB)", name);
    if (e->files)
        g_ptr_array_add(e->files, g_strdup(path));
    struct template *t = template_parse(e, j_copy(e, name, strlen(name)), copy, length);
    t->lookup = t->name;
    t->next = e->templates;
    e->templates = t;
    return t;
}

struct template *template_load(engine *e, const char *name)
{
    char path[PATH_MAX];
    for (struct template *t = e->templates; t; t = t->next)
        if (strcmp(t->lookup, name) == 0)
            return t;
    if (!is_inside(name))
        return NULL;
    const char *const *folders = e->options->folders;
    for (unsigned i = 0; folders && folders[i]; i++) {
        bool is_found = find_in(folders[i], name, path);
        if (e->options->looked_up)
            e->options->looked_up(i, name, is_found, e->options->data);
        if (is_found)
            return read_template(e, name, path);
    }
    return NULL;
}
