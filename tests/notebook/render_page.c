/* Writes the page of an .ipynb file to standard output, for looking at it and for the browser tests: render_page FILE LANGUAGE KIND. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "notebook/html.h"
#include "notebook/mime.h"

static struct cell *read_cell(const json_t *object)
{
    struct cell *cell = g_new0(struct cell, 1);
    const char *type = json_get_text(object, "cell_type", "raw");
    cell->type = strcmp(type, "code") == 0 ? CELL_CODE : strcmp(type, "markdown") == 0 ? CELL_MARKDOWN : CELL_RAW;
    cell->source = mime_get_text(json_object_get(object, "source"));
    cell->metadata = json_object_get(object, "metadata");
    cell->attachments = json_object_get(object, "attachments");
    cell->outputs = json_object_get(object, "outputs");
    cell->execution_count = json_get_int(object, "execution_count", 0);
    return cell;
}

static void cell_release(gpointer data)
{
    struct cell *cell = data;
    g_free(cell->source);
    g_free(cell);
}

int main(int argc, char **argv)
{
    g_autofree char *text = NULL;
    gsize length;
    if (argc != 4 || !g_file_get_contents(argv[1], &text, &length, NULL))
        return EXIT_FAILURE;
    g_autoptr(json_t) json = json_parse(text, length, NULL);
    g_autoptr(GPtrArray) cells = g_ptr_array_new_with_free_func(cell_release);
    const json_t *list = json_object_get(json, "cells");
    for (size_t i = 0; i < json_array_size(list); i++)
        g_ptr_array_add(cells, read_cell(json_array_get(list, i)));
    struct notebook notebook = {.cells = cells, .prog_lang = PROG_LANG_PYTHON};
    struct html_options options = {.title = "A page",
                                   .language = argv[2],
                                   .kind = MAX(glossary_find(kind_names, argv[3]), 0),
                                   .author = "Ada Lovelace",
                                   .organization = "Example Academy",
                                   .course_name = "A Course"};
    g_autofree char *page = html_render(&notebook, &options);
    fputs(page, stdout);
    return EXIT_SUCCESS;
}
