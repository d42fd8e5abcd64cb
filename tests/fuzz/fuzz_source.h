/* What the fuzz targets of notebook sources share: a source of any bytes in one form is read, and all kinds are written. */
#pragma once

#include <glib.h>
#include <stdint.h>

#include "notebook/notebook.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_write_all(const struct notebook *notebook)
{
    for (enum kind kind = 0; kind < N_KINDS; kind++) {
        g_autoptr(notebook) derived = notebook_derive(notebook, "en", kind, FORMAT_NOTEBOOK);
        g_autofree char *ipynb = notebook_to_ipynb(derived), *code = notebook_to_code(derived);
        g_assert(g_utf8_validate(ipynb, -1, NULL));
        g_assert(code != NULL);
    }
}

/* What is written as .ipynb is read again as the same. */
static void fuzz_read_back(const struct notebook *notebook)
{
    g_autofree char *ipynb = notebook_to_ipynb(notebook);
    g_autoptr(diag_list) diags = diag_list_new();
    g_autoptr(notebook) again = notebook_read(ipynb, "again.ipynb", notebook->prog_lang, NULL, diags);
    g_assert(again != NULL);
    g_autofree char *same = notebook_to_ipynb(again);
    g_assert_cmpstr(ipynb, ==, same);
}

static void fuzz_source(const char *text, const char *name)
{
    g_autoptr(diag_list) diags = diag_list_new();
    g_autoptr(notebook) notebook = notebook_read(text, name, MAX(prog_lang_of_suffix(name), 0), NULL, diags);
    g_autofree char *german = notebook_find_title(text, "#", "de"), *english = notebook_find_title(text, "//", "en");
    g_assert(notebook != NULL || diag_has_errors(diags));
    for (guint i = 0; i < diags->items->len; i++) {
        const struct diag *diag = g_ptr_array_index(diags->items, i);
        g_assert(diag->line > 0 && diag->col > 0);
    }
    if (notebook == NULL)
        return;
    fuzz_write_all(notebook);
    fuzz_read_back(notebook);
}
