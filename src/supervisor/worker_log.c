#include "supervisor/worker_log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "os/file.h"
#include "os/runtime.h"

char *worker_log_path(const char *jobs_db, const char *executor_id)
{
    g_autofree char *folder = runtime_log_folder(jobs_db), *name = g_strconcat(executor_id, ".log", NULL);

    return g_build_filename(folder, name, NULL);
}

int worker_log_open(const char *jobs_db, const char *executor_id, GError **error)
{
    g_autofree char *path = worker_log_path(jobs_db, executor_id), *folder = runtime_log_folder(jobs_db);
    int fd;

    if (!file_make_folders(folder, error))
        return -1;
    fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd < 0)
        g_set_error(error, CLX_ERROR, CLX_ERROR_INFRASTRUCTURE, "%s: cannot write the log: %s", path, g_strerror(errno));
    return fd;
}

void worker_log_note(const char *jobs_db, const char *executor_id, const char *text)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *time = g_date_time_format(now, "%F %T"), *line = g_strdup_printf("%s supervisor: %s\n", time, text);
    int fd = worker_log_open(jobs_db, executor_id, NULL);

    if (fd < 0)
        return;
    if (write(fd, line, strlen(line)) < 0)
        g_debug("the log of %s is not writable", executor_id);
    close(fd);
}

int worker_log_prune(const char *jobs_db, gint64 max_age_s)
{
    g_autofree char *folder = runtime_log_folder(jobs_db);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    gint64 now = g_get_real_time() / G_USEC_PER_SEC;
    int n = 0;

    for (const char *name; dir && (name = g_dir_read_name(dir));) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        struct stat info;

        if (g_str_has_suffix(name, ".log") && lstat(path, &info) == 0 && S_ISREG(info.st_mode) && now - info.st_mtime > max_age_s)
            n += unlink(path) == 0;
    }
    return n;
}
