/* Draws PlantUML files, all by one JVM: draw FORMAT FILE OUT [FILE OUT]...; the first diagram of each. Tells of mistakes and goes on. */
#include <stdio.h>

#include "base/glossary.h"
#include "diagram/diagram.h"
#include "os/file.h"

int main(int argc, char **argv)
{
    struct plantuml_settings settings = {0};
    g_autoptr(plantuml) plantuml = plantuml_new(&settings);
    int format = argc > 1 ? glossary_find(picture_format_names, argv[1]) : -1;
    if (format < 0)
        return 2;
    for (int i = 2; i + 1 < argc; i += 2) {
        struct plantuml_request request = {.path = argv[i], .name = argv[i], .format = (enum picture_format)format, .number = 1};
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) pictures = plantuml_render(plantuml, &request, NULL, &error);
        gsize length = 0;
        const void *data = pictures != NULL ? g_bytes_get_data(pictures->pdata[0], &length) : NULL;
        if (data == NULL)
            printf("%s\n", error->message);
        else if (!file_write_atomic(argv[i + 1], data, length, NULL))
            return 2;
    }
    return 0;
}
