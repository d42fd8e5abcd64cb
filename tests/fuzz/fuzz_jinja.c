/* Templates of any bytes: text or an error with a place, within the bounds of the engine. */
#include <glib.h>
#include <stdint.h>
#include <string.h>

#include "notebook/jinja/jinja.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const folders[] = {NULL};
    if (size > 4000)
        return 0;
    g_autoptr(json_t) globals = json_pack("{s:b, s:s}", "is_notebook", 1, "lang", "de");
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) lines = g_array_new(FALSE, FALSE, sizeof(guint));
    struct jinja_options options = {.line_comment = "#", .folders = folders, .globals = globals};
    g_autoptr(GBytes) result = jinja_render_bytes((const char *)data, size, "main.py", &options, NULL, lines, &error);
    g_assert((result == NULL) == (error != NULL));
    if (error != NULL)
        g_assert(g_str_has_prefix(error->message, "main.py:"));
    else
        g_assert(g_utf8_validate_len(g_bytes_get_data(result, NULL), (gssize)g_bytes_get_size(result), NULL) ||
                 g_bytes_get_size(result) == 0);
    return 0;
}
