/* Remedies in messages: the nearest of the names that could have been meant. All texts begin with a line break, or are empty. */
#include "notebook/jinja/engine.h"

#include <string.h>

#include "base/text.h"

#define MIN_WORD 3 /* characters; to shorter ones everything short is near */

static const char *in_arena(engine *e, char *text)
{
    const char *copy = j_copy(e, text, strlen(text));
    g_free(text);
    return copy;
}

const char *hint_nearest(engine *e, const char *word, const char *const *names)
{
    const char *found = strlen(word) >= MIN_WORD ? text_nearest(word, names) : NULL;
    return found && strcmp(found, word) != 0 ? in_arena(e, g_strdup_printf("\ndid you mean '%s'?", found)) : "";
}

/* Takes the list of names over. */
static const char *nearest(engine *e, const char *word, GPtrArray *names)
{
    g_ptr_array_add(names, NULL);
    const char *hint = hint_nearest(e, word, (const char *const *)names->pdata);
    g_ptr_array_unref(names);
    return hint;
}

static void add_keys(GPtrArray *names, const value *dict)
{
    for (gsize i = 0; i < dict->n; i++)
        if (dict->keys[i]->type == V_STR)
            g_ptr_array_add(names, (gpointer)dict->keys[i]->s);
}

static void add_table(GPtrArray *names, const struct func *table)
{
    for (; table && table->name; table++)
        g_ptr_array_add(names, (gpointer)table->name);
}

const char *hint_func(engine *e, const char *word, const struct func *const *tables)
{
    GPtrArray *names = g_ptr_array_new();
    for (; *tables; tables++)
        add_table(names, *tables);
    return nearest(e, word, names);
}

const char *hint_undefined(engine *e, const value *v)
{
    if (!v->self || v->self->type != V_STR)
        return "";
    GPtrArray *names = g_ptr_array_new();
    for (const struct frame *f = v->frame; f; f = f->parent)
        add_keys(names, f->vars);
    if (v->object && (v->object->type == V_DICT || v->object->type == V_NAMESPACE || v->object->type == V_MODULE))
        add_keys(names, v->object);
    if (v->object)
        add_table(names, method_table(v->object));
    return nearest(e, v->self->s, names);
}

const char *hint_uncalled(engine *e, const value *v)
{
    const char *hint = hint_undefined(e, v);
    if (*hint || !v->frame)
        return hint;
    return in_arena(e, g_strdup_printf("\na macro is imported before it is called: {%% from 'macros.j2' import %s %%}", v->self->s));
}

const char *hint_folders(engine *e, const char *name)
{
    const char *const *folders = e->options->folders;
    if (*name == '/' || strstr(name, ".."))
        return "\nnames of templates are relative to the template folders and do not lead out of them";
    g_autofree char *list = folders && folders[0] ? g_strjoinv(", ", (char **)folders) : g_strdup("no folder");
    return in_arena(e, g_strconcat("\nlooked in ", list, NULL));
}
