/* Notebook sources of any bytes in every form: no crash, and all kinds can be written. */
#include <glib.h>
#include <stdint.h>

#include "notebook/notebook.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_all(const struct notebook *notebook)
{
    for (enum kind kind = 0; kind < N_KINDS; kind++) {
        g_autoptr(notebook) derived = notebook_derive(notebook, "en", kind, FORMAT_NOTEBOOK);
        g_autofree char *ipynb = notebook_to_ipynb(derived), *code = notebook_to_code(derived);
        g_assert(g_utf8_validate(ipynb, -1, NULL));
        g_assert(code != NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"a.py", "a.md", "a.ipynb", "a.cs", "a.rs", "a.cpp"};
    if (size == 0 || size > 20000)
        return 0;
    g_autofree char *text = g_strndup((const char *)data + 1, size - 1);
    const char *name = names[data[0] % G_N_ELEMENTS(names)];
    g_autoptr(diag_list) diags = diag_list_new();
    g_autoptr(notebook) notebook = notebook_read(text, name, MAX(prog_lang_of_suffix(name), 0), NULL, diags);
    g_autofree char *german = notebook_find_title(text, "#", "de"), *english = notebook_find_title(text, "//", "en");
    g_assert(notebook != NULL || diag_has_errors(diags));
    if (notebook != NULL)
        write_all(notebook);
    return 0;
}
