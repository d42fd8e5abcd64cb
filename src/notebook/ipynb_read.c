/* Notebooks as sources: nbformat 4. */
#include <string.h>

#include "base/error.h"
#include "notebook/source.h"

/* A text or a list of texts; NULL if it is neither. The caller frees it. */
static char *read_text(const json_t *value)
{
    if (json_is_string(value))
        return g_strdup(json_string_value(value));
    if (!json_is_array(value))
        return 0;
    g_autoptr(GString) text = g_string_new(0);
    for (size_t i = 0; i < json_array_size(value); i++) {
        const char *part = json_string_value(json_array_get(value, i));
        if (part == 0)
            return 0;
        g_string_append(text, part);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static bool read_type(const char *name, enum cell_type *ret_type)
{
    static const char *const names[] = {"code", "markdown", "raw", 0};
    int i = glossary_find(names, name);
    *ret_type = (enum cell_type)MAX(i, 0);
    return i >= 0;
}

static bool read_cell(struct notebook *notebook, const json_t *json, const char **ret_mistake)
{
    enum cell_type type;
    g_autofree char *source = read_text(json_object_get(json, "source"));
    *ret_mistake = !read_type(json_get_text(json, "cell_type", ""), &type) ? "has an unknown cell type" : "has no source";
    if (source == 0 || !read_type(json_get_text(json, "cell_type", ""), &type))
        return false;
    struct cell *cell = cell_new(type, source, 1);
    json_t *metadata = json_object_get(json, "metadata");
    if (json_is_object(metadata))
        json_object_update(cell->metadata, metadata);
    g_ptr_array_add(notebook->cells, cell);
    return true;
}

static bool read_cells(struct notebook *notebook, const json_t *cells, const char *name, struct diag_list *diags)
{
    for (size_t i = 0; i < json_array_size(cells); i++) {
        const char *mistake = 0;
        if (read_cell(notebook, json_array_get(cells, i), &mistake))
            continue;
        diag_add(diags, DIAG_ERROR, name, 1, 1, 0, "cell %zu of the notebook %s", i + 1, mistake);
        return false;
    }
    return true;
}

struct notebook *notebook_read_ipynb(const char *text, const char *name, enum prog_lang prog_lang, struct diag_list *diags)
{
    g_autoptr(GError) error = 0;
    g_autoptr(json_t) json = json_parse(text, strlen(text), &error);
    json_t *cells = json_object_get(json, "cells");
    if (!json_is_array(cells)) {
        diag_add(diags, DIAG_ERROR, name, 1, 1, "save it as a notebook of format 4", "the notebook cannot be read: %s",
                 error != 0 ? error->message : "it has no list of cells");
        return 0;
    }
    g_autoptr(notebook) notebook = notebook_new(prog_lang);
    json_t *metadata = json_object_get(json, "metadata");
    if (json_is_object(metadata))
        json_object_update(notebook->metadata, metadata);
    if (!read_cells(notebook, cells, name, diags))
        return 0;
    notebook_set_language(notebook);
    notebook_give_ids(notebook);
    tags_check(notebook, name, diags);
    return g_steal_pointer(&notebook);
}
