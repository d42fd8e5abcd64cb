#include <string.h>

#include "notebook/notebook.h"
#include "notebook/lines.h"
#include "notebook/python_json.h"

/* The source as a list of lines with their ends, as nbformat writes it. */
static void append_source(GString *text, const char *source)
{
    g_string_append(text, *source != 0 ? "[" : "[]");
    for (const char *p = source; *p != 0;) {
        int length;
        const char *end = line_find_end(p, &length);
        end += length;
        g_string_append(text, p == source ? "\n    " : ",\n    ");
        python_json_append_string(text, p, (gsize)(end - p), false);
        p = end;
    }
    if (*source != 0)
        g_string_append(text, "\n   ]");
}

static void append_cell(GString *text, const struct cell *cell)
{
    g_string_append(text, "  {\n");
    if (cell->attachments != 0) {
        g_string_append(text, "   \"attachments\": ");
        python_json_append(text, cell->attachments, 3);
        g_string_append(text, ",\n");
    }
    g_string_append_printf(text, "   \"cell_type\": \"%s\",\n", cell_type_names[cell->type]);
    if (cell->type == CELL_CODE && cell->execution_count > 0)
        g_string_append_printf(text, "   \"execution_count\": %d,\n", cell->execution_count);
    else if (cell->type == CELL_CODE)
        g_string_append(text, "   \"execution_count\": null,\n");
    g_string_append_printf(text, "   \"id\": \"%s\",\n   \"metadata\": ", cell->id);
    python_json_append(text, cell->metadata, 3);
    if (cell->type == CELL_CODE) {
        g_string_append(text, ",\n   \"outputs\": ");
        if (cell->outputs != 0)
            python_json_append(text, cell->outputs, 3);
        else
            g_string_append(text, "[]");
    }
    g_string_append(text, ",\n   \"source\": ");
    append_source(text, cell->source);
    g_string_append(text, "\n  }");
}

char *notebook_to_ipynb(const struct notebook *notebook)
{
    GString *text = g_string_new("{\n \"cells\": [");
    for (guint i = 0; i < notebook->cells->len; i++) {
        g_string_append(text, i == 0 ? "\n" : ",\n");
        append_cell(text, g_ptr_array_index(notebook->cells, i));
    }
    g_string_append(text, notebook->cells->len > 0 ? "\n ],\n \"metadata\": " : "],\n \"metadata\": ");
    python_json_append(text, notebook->metadata, 1);
    g_string_append(text, ",\n \"nbformat\": 4,\n \"nbformat_minor\": 5\n}\n");
    return g_string_free(text, FALSE);
}
