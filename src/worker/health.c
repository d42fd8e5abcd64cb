#include "worker/health.h"

#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "os/runtime.h"

#define BEAT_FILE "beat"
#define SILENCE_LIMIT_S 15

void health_beat(const char *runtime_dir)
{
    g_autofree char *path = g_build_filename(runtime_dir, BEAT_FILE, NULL);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        return; /* a full disk: the check will say so */
    futimens(fd, NULL);
    close(fd);
}

static char *make_prefix(enum job_type type)
{
    return g_strdup_printf("remote-%s-", job_type_names[type]);
}

char *health_folder_name(enum job_type type)
{
    g_autofree char *prefix = make_prefix(type);

    return g_strdup_printf("%s%08x", prefix, g_random_int());
}

static bool is_fresh(const char *base, const char *name)
{
    g_autofree char *path = g_build_filename(base, name, BEAT_FILE, NULL);
    struct stat info;

    return stat(path, &info) == 0 && time(NULL) - info.st_mtime < SILENCE_LIMIT_S;
}

bool health_check(enum job_type type)
{
    g_autofree char *base = runtime_base_path(), *prefix = make_prefix(type);
    g_autoptr(GDir) folder = g_dir_open(base, 0, NULL);
    const char *name;

    while (folder && (name = g_dir_read_name(folder)))
        if (g_str_has_prefix(name, prefix) && is_fresh(base, name))
            return true;
    return false;
}
