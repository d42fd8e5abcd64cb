/* Notebooks as sources: nbformat 4. */
#include <string.h>

#include "notebook/ipynb_places.h"
#include "notebook/python_json.h"
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

static bool read_cell(struct notebook *notebook, const json_t *json, struct ipynb_place place, const char **ret_mistake)
{
    int type = glossary_find(cell_type_names, json_get_text(json, "cell_type", ""));
    g_autofree char *source = read_text(json_object_get(json, "source"));
    *ret_mistake = type < 0 ? "has an unknown cell type" : "has no source";
    if (source == 0 || type < 0)
        return false;
    struct cell *cell = cell_new((enum cell_type)type, source, place.line);
    cell->text_line = place.source_line;
    json_t *metadata = json_object_get(json, "metadata");
    if (json_is_object(metadata))
        json_object_update(cell->metadata, metadata);
    if (json_is_object(json_object_get(json, "attachments")))
        cell->attachments = json_incref(json_object_get(json, "attachments"));
    g_ptr_array_add(notebook->cells, cell);
    return true;
}

static bool read_cells(struct notebook *notebook, const json_t *cells, const char *text, const char *name, struct diag_list *diags)
{
    g_autoptr(GArray) places = ipynb_find_places(text);
    bool is_good = true;
    for (size_t i = 0; i < json_array_size(cells); i++) {
        const char *mistake = 0, *type = json_get_text(json_array_get(cells, i), "cell_type", "");
        struct ipynb_place place = i < places->len ? g_array_index(places, struct ipynb_place, i) : (struct ipynb_place){1, 1, 1};
        if (read_cell(notebook, json_array_get(cells, i), place, &mistake))
            continue;
        diag_add(diags, DIAG_ERROR, name, place.line, place.col,
                 "the types are code, markdown and raw; the source is a text or a list of texts", "cell %zu %s%s%s", i + 1, mistake,
                 *type != 0 ? ": " : "", type);
        is_good = false;
    }
    return is_good;
}

/* The notebook as JSON, of format 4; NULL with a diagnostic. */
static json_t *parse(const char *text, const char *name, struct diag_list *diags)
{
    json_error_t problem;
    g_autoptr(json_t) json = python_json_parse(text, 0, &problem);
    gint64 version = json_get_int(json, "nbformat", 4);
    if (json == 0)
        diag_add(diags, DIAG_ERROR, name, MAX(problem.line, 1), MAX(problem.column, 1),
                 "a notebook is JSON; save it from Jupyter once more", "the notebook cannot be read: %s", problem.text);
    else if (version != 4)
        diag_add(diags, DIAG_ERROR, name, 1, 1, "save it as a notebook of format 4", "the notebook has format %" G_GINT64_FORMAT, version);
    else if (!json_is_array(json_object_get(json, "cells")))
        diag_add(diags, DIAG_ERROR, name, 1, 1, "save it as a notebook of format 4", "the notebook has no list of cells");
    else
        return g_steal_pointer(&json);
    return 0;
}

struct notebook *notebook_read_ipynb(const char *text, const char *name, enum prog_lang prog_lang, struct diag_list *diags)
{
    g_autoptr(json_t) json = parse(text, name, diags);
    if (json == 0)
        return 0;
    g_autoptr(notebook) notebook = notebook_new(prog_lang);
    json_t *metadata = json_object_get(json, "metadata");
    if (json_is_object(metadata))
        json_object_update(notebook->metadata, metadata);
    if (!read_cells(notebook, json_object_get(json, "cells"), text, name, diags))
        return 0;
    notebook_set_language(notebook);
    notebook_give_ids(notebook);
    tags_check(notebook, name, diags);
    return g_steal_pointer(&notebook);
}
