/* Draws one page of a Draw.io file with the renderer in C, for the comparison with pictures of the original.
 * usage: native_draw FILE OUT.(png|svg|pdf) [SCALE [BORDER [PAGE [TIMES]]]]; exit status 3: some of it cannot be drawn, and standard error says what.
 * Stencils are those of the application that is installed, or of the folder CLX_STENCILS (empty: none). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diagram/drawio/drawio_native.h"
#include "diagram/drawio_browser.h"

static void print_all(const char *what, const GPtrArray *texts)
{
    for (guint i = 0; i < texts->len; i++)
        fprintf(stderr, "%s: %s\n", what, (const char *)texts->pdata[i]);
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *data = NULL;
    gsize length = 0;
    if (argc < 3 || !g_file_get_contents(argv[1], &data, &length, &error)) {
        fprintf(stderr, "%s\n", error != NULL ? error->message : "usage: draw FILE OUT [SCALE [BORDER [PAGE [TIMES]]]]");
        return 2;
    }
    struct picture_options options = {.format = g_str_has_suffix(argv[2], ".svg")   ? PICTURE_SVG
                                                : g_str_has_suffix(argv[2], ".pdf") ? PICTURE_PDF
                                                                                    : PICTURE_PNG,
                                      .scale = argc > 3 ? g_ascii_strtod(argv[3], NULL) : 3,
                                      .border = argc > 4 ? g_ascii_strtod(argv[4], NULL) : 0,
                                      .page = argc > 5 ? (unsigned)atoi(argv[5]) : 1};
    const char *application = g_getenv("CLX_STENCILS");
    g_autofree char *found = application == NULL ? drawio_browser_find_application(NULL) : NULL;
    g_autofree char *stencils = found != NULL ? g_build_filename(found, "stencils", NULL) : g_strdup(application);
    bool can_draw = true;
    for (int times = argc > 6 ? atoi(argv[6]) : 1; times > 0; times--) {
        g_autoptr(GPtrArray) reasons = g_ptr_array_new_with_free_func(g_free), warnings = g_ptr_array_new_with_free_func(g_free);
        g_autoptr(drawio_file) file = drawio_file_load(data, length, &error);
        if (file != NULL)
            drawio_file_set_stencils(file, stencils);
        can_draw = file != NULL && drawio_can_draw(file, &options, reasons);
        g_autoptr(GBytes) picture = file != NULL ? drawio_draw(file, &options, warnings, &error) : NULL;
        if (picture == NULL) {
            fprintf(stderr, "%s\n", error->message);
            return 1;
        }
        if (times == 1) {
            print_all("cannot draw", reasons);
            print_all("warning", warnings);
            if (!g_file_set_contents(argv[2], g_bytes_get_data(picture, NULL), (gssize)g_bytes_get_size(picture), NULL))
                return 2;
        }
    }
    return can_draw ? 0 : 3;
}
