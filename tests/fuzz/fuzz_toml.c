/* TOML of any bytes: no crash, one error or a tree whose values have places; then the same bytes as a settings file. */
#include <glib.h>
#include <stdint.h>

#include "config/settings_file.h"
#include "config/toml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_places(const struct toml *value)
{
    g_assert(value->line >= 0 && value->col >= 0);
    for (guint i = 0; value->items != NULL && i < value->items->len; i++)
        check_places(value->items->pdata[i]);
}

static void take_value(const char *key, const char *text, int line, int col, gpointer data)
{
    g_assert(key != NULL && text != NULL && line > 0 && col > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const keys[] = {"a.b", "a.c.d", "worker_management.auto_start", "worker_management.notebook.count", NULL};
    g_autofree char *text = g_memdup2(data, size);
    g_autoptr(diag_list) diags = diag_list_new(), more = diag_list_new();
    g_autoptr(toml) root = toml_parse(text != NULL ? text : "", size, "f.toml", diags);
    g_assert((root == NULL) == diag_has_errors(diags));
    if (root != NULL)
        check_places(root);
    settings_file_parse(text != NULL ? text : "", size, "f.toml", keys, take_value, NULL, more);
    return 0;
}
