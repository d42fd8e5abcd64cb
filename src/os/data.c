#include "os/data.h"

#include <glib.h>

#include "clx-config.h"

/* An installation that was moved still finds its files: they are looked for beside the program first. */
static char *find_folder(void)
{
    g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
    if (program != NULL) {
        g_autofree char *programs = g_path_get_dirname(program);
        g_autofree char *prefix = g_path_get_dirname(programs);
        g_autofree char *folder = g_build_filename(prefix, "share", "clx", NULL);
        if (g_file_test(folder, G_FILE_TEST_IS_DIR))
            return g_steal_pointer(&folder);
    }
    return g_strdup(g_file_test(CLX_DATA_DIR_SOURCE, G_FILE_TEST_IS_DIR) ? CLX_DATA_DIR_SOURCE : CLX_DATA_DIR_INSTALLED);
}

char *data_path(const char *relative)
{
    g_autofree char *folder = find_folder();
    return g_build_filename(folder, relative, NULL);
}
