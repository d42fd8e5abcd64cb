/* Draws Draw.io files with the resident Draw.io, all by one browser: draw FORMAT SCALE BORDER FILE OUT [FILE OUT]... */
#include <stdio.h>
#include <stdlib.h>

#include "base/glossary.h"
#include "diagram/drawio_browser.h"
#include "os/file.h"

int main(int argc, char **argv)
{
    struct drawio_browser_options browser_options = {0};
    struct drawio_browser *browser = drawio_browser_new(&browser_options);
    int status = 0;
    for (int i = 4; i + 1 < argc; i += 2) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
        struct picture_options options = {
            .format = (enum picture_format)glossary_find(picture_format_names, argv[1]), .scale = atof(argv[2]), .border = atof(argv[3])};
        g_autoptr(GBytes) file = file_read(argv[i], FILE_READ_LIMIT, &error);
        gint64 start = g_get_monotonic_time();
        g_autoptr(GBytes) picture = file != NULL ? drawio_browser_draw(browser, file, &options, warnings, &error) : NULL;
        printf("%s %.3f s%s%s\n", argv[i], (double)(g_get_monotonic_time() - start) / 1e6, error != NULL ? ": " : "",
               error != NULL ? error->message : "");
        for (unsigned k = 0; k < warnings->len; k++)
            printf("    %s\n", (const char *)warnings->pdata[k]);
        gsize length = 0;
        const void *data = picture != NULL ? g_bytes_get_data(picture, &length) : NULL;
        status |= data == NULL || !file_write_atomic(argv[i + 1], data, length, NULL);
    }
    drawio_browser_free(browser);
    return status;
}
