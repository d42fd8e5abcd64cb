#include "os/file_lock.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* "1: POSIX  ADVISORY  WRITE 4173 fe:00:10953048 120 120"; those that wait have "->" instead of POSIX. The device is not compared: some file
 * systems (btrfs) tell another one by stat. */
static pid_t match(const char *line, guint64 inode, gint64 offset)
{
    int pid;
    unsigned long long held_inode;
    long long first, last;
    if (sscanf(line, "%*d: POSIX %*s WRITE %d %*x:%*x:%llu %lld %lld", &pid, &held_inode, &first, &last) != 4)
        return 0;
    return held_inode == inode && first <= offset && offset <= last ? (pid_t)pid : 0;
}

pid_t file_lock_writer(const char *path, gint64 offset)
{
    g_autofree char *text = NULL;
    struct stat info;
    if (stat(path, &info) != 0 || !g_file_get_contents("/proc/locks", &text, NULL, NULL))
        return 0;
    for (const char *line = text; line != NULL && *line != '\0'; line = strchr(line, '\n') != NULL ? strchr(line, '\n') + 1 : NULL) {
        pid_t pid = match(line, info.st_ino, offset);
        if (pid > 0)
            return pid;
    }
    return 0;
}
