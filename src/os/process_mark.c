/* Processes found by what stands in their environment: whatever a worker or kernel starts inherits its mark, however deep, in whatever
 * session or group, and whoever adopted it. */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os/process.h"

#define ENVIRON_LIMIT (256 * 1024)
#define KILL_ROUNDS 8

static size_t read_environ(pid_t pid, char *buffer)
{
    char path[40];
    g_snprintf(path, sizeof path, "/proc/%d/environ", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    size_t length = 0;
    for (ssize_t n; length < ENVIRON_LIMIT && (n = read(fd, buffer + length, ENVIRON_LIMIT - length)) > 0;)
        length += (size_t)n;
    close(fd);
    return length;
}

/* True if one of the NUL-ended entries is exactly `mark`. */
static bool holds_mark(const char *entries, size_t length, const char *mark)
{
    size_t mark_length = strlen(mark) + 1; /* with its NUL */
    const char *found = memmem(entries, length, mark, mark_length);
    while (found != NULL && found != entries && found[-1] != '\0')
        found = memmem(found + 1, length - (size_t)(found + 1 - entries), mark, mark_length);
    return found != NULL;
}

bool process_has_mark(pid_t pid, const char *mark)
{
    g_autofree char *buffer = g_malloc(ENVIRON_LIMIT);
    return pid > 1 && process_is_alive(pid, 0) && holds_mark(buffer, read_environ(pid, buffer), mark);
}

/* One pass over /proc; false when there was nothing to kill. */
static bool kill_once(const char *mark, char *buffer)
{
    DIR *dir = opendir("/proc");
    bool is_any = false;
    for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (pid <= 1 || pid == getpid() || !holds_mark(buffer, read_environ(pid, buffer), mark))
            continue;
        is_any |= process_kill_now(pid);
    }
    if (dir != NULL)
        closedir(dir);
    return is_any;
}

void process_kill_marked(const char *mark)
{
    g_autofree char *buffer = g_malloc(ENVIRON_LIMIT);
    for (unsigned round = 0; round < KILL_ROUNDS && kill_once(mark, buffer); round++)
        continue;
}
