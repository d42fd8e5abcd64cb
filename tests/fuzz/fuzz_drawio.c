/* Draw.io files of any bytes, to their display list as SVG: no crash, bounded time, and what it can draw it does draw. */
#include <glib.h>
#include <stdint.h>

#include "diagram/drawio/drawio_native.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct picture_options options = {.format = PICTURE_SVG, .page = 1, .border = 0};
    g_autoptr(drawio_file) file = size < 200000 ? drawio_file_load(data, size, NULL) : NULL;
    if (file == NULL)
        return 0;
    g_autoptr(GPtrArray) reasons = g_ptr_array_new_with_free_func(g_free), warnings = g_ptr_array_new_with_free_func(g_free);
    drawio_can_draw(file, &options, reasons);
    g_autoptr(GBytes) svg = drawio_draw(file, &options, warnings, NULL);
    return 0;
}
