#include "diagram/fonts.h"

#include <glib.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "os/file.h"

static bool add_file(const char *relative, const struct stat *info, gpointer hasher)
{
    g_autofree char *text = g_strdup_printf("%s %lld", relative, (long long)info->st_size);
    hasher_add_field(hasher, "file", text);
    return true;
}

char *fonts_fingerprint(void)
{
    g_autofree char *own = g_build_filename(g_get_user_data_dir(), "fonts", NULL),
                    *old = g_build_filename(g_get_home_dir(), ".fonts", NULL);
    g_autofree char *settings = g_build_filename(g_get_user_config_dir(), "fontconfig", NULL);
    const char *const folders[] = {"/etc/fonts", "/usr/share/fonts", "/usr/local/share/fonts", own, old, settings};
    struct hasher *hasher = hasher_new();
    for (unsigned i = 0; i < G_N_ELEMENTS(folders); i++)
        file_walk(folders[i], NULL, add_file, hasher, NULL);
    return hasher_finish(hasher);
}
