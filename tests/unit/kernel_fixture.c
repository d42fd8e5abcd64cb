#include "kernel_fixture.h"

#include <check.h>
#include <string.h>

#include "os/file.h"
#include "os/process.h"

char *fixture_folder;

void fixture_make_folder(void)
{
    fixture_folder = g_strdup("/tmp/clx-kernel-XXXXXX");
    ck_assert_ptr_nonnull(g_mkdtemp(fixture_folder));
    process_become_subreaper();
}

void fixture_remove_folder(void)
{
    file_remove_tree(fixture_folder, NULL);
    g_free(fixture_folder);
}

void fixture_write_spec(const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(fixture_folder, "kernels", name, "kernel.json", NULL);
    ck_assert(file_write_atomic(path, text, strlen(text), NULL));
    g_setenv("JUPYTER_PATH", fixture_folder, TRUE);
}

static void free_cell(gpointer data)
{
    struct cell *cell = data;
    g_free(cell->source);
    json_decref(cell->metadata);
    json_decref(cell->outputs);
    g_free(cell);
}

GPtrArray *fixture_make_cells(void)
{
    return g_ptr_array_new_with_free_func(free_cell);
}

void fixture_add_cell(struct notebook *notebook, const char *source, const char *tag)
{
    struct cell *cell = g_new0(struct cell, 1);
    cell->type = CELL_CODE;
    cell->source = g_strdup(source);
    cell->metadata = tag != NULL ? json_pack("{s:[s]}", "tags", tag) : json_object();
    cell->index = (int)notebook->cells->len;
    cell->line = 10 * (cell->index + 1);
    g_ptr_array_add(notebook->cells, cell);
}
