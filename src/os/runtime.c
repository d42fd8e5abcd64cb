#include "os/runtime.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

/* A folder ".clx" would make any working directory the root of a project. */
char *runtime_log_folder(const char *jobs_db)
{
    g_autofree char *stem = g_strndup(jobs_db, strlen(jobs_db) - (g_str_has_suffix(jobs_db, ".db") ? strlen(".db") : 0));
    return g_strconcat(stem, ".logs", NULL);
}

char *runtime_staging_folder(const char *jobs_db, const char *session_id)
{
    g_autofree char *stem = g_strndup(jobs_db, strlen(jobs_db) - (g_str_has_suffix(jobs_db, ".db") ? strlen(".db") : 0));
    return session_id != NULL ? g_strconcat(stem, ".staging/", session_id, NULL) : g_strconcat(stem, ".staging", NULL);
}

char *runtime_base_path(void)
{
    return g_strdup_printf("/tmp/clx-%u", (unsigned)geteuid());
}

#define MAX_TRIES 100

bool runtime_make_private_folder(const char *path, GError **error)
{
    struct stat info = {0};
    bool is_there = false;

    for (int i = 0; i < MAX_TRIES && !is_there; i++) { /* one that was there may be removed before it is looked at */
        if (mkdir(path, 0700) < 0 && errno != EEXIST) {
            g_set_error(error, CLX_ERROR, CLX_ERROR_FAILED, "%s: cannot make the folder: %s", path, g_strerror(errno));
            return false;
        }
        is_there = lstat(path, &info) == 0;
    }
    if (is_there && S_ISDIR(info.st_mode) && info.st_uid == geteuid() && (info.st_mode & 077) == 0)
        return true;
    g_set_error(error, CLX_ERROR, CLX_ERROR_FAILED, "%s: is not a private folder of this user; remove it", path);
    return false;
}

char *runtime_make_folder(const char *name, GError **error)
{
    g_autofree char *base = runtime_base_path();
    g_autofree char *path = g_build_filename(base, name, NULL);

    if (!runtime_make_private_folder(base, error) || !runtime_make_private_folder(path, error))
        return NULL;
    return g_steal_pointer(&path);
}

bool runtime_keep_temporary_files(const char *folder, GError **error)
{
    g_autofree char *path = g_build_filename(folder, "tmp", NULL);

    return runtime_make_private_folder(path, error) && g_setenv("TMPDIR", path, TRUE);
}
