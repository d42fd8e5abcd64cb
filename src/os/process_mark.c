/* Processes found by what stands in their environment: whatever a worker or kernel starts inherits its mark, however deep, in whatever
 * session or group, and whoever adopted it. */
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os/process.h"

#define ENVIRON_LIMIT (256 * 1024)
#define KILL_ROUNDS 64 /* passes, of which one is enough unless processes are just being started */

/* The length of what was read; -1 when it may not be read. */
static ssize_t read_environ(pid_t pid, char *buffer)
{
    char path[40];
    g_snprintf(path, sizeof path, "/proc/%d/environ", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t length = 0;
    for (ssize_t n; length < ENVIRON_LIMIT && (n = read(fd, buffer + length, (size_t)(ENVIRON_LIMIT - length))) > 0;)
        length += n;
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
    ssize_t length = pid > 1 && process_is_alive(pid, 0) ? read_environ(pid, buffer) : 0;
    return length > 0 && holds_mark(buffer, (size_t)length, mark);
}

/* True while a process is within execve(): it has left the old environment and the new one is not there to be read. Fields 9 and 51 of
 * proc(5)'s stat: flags, which tell kernel threads, and env_end. */
static bool is_in_exec(pid_t pid)
{
    enum { STATE = 0, FLAGS = 6, ENV_END = 48, KERNEL_THREAD = 0x200000 }; /* places behind the name */
    g_autofree char *path = g_strdup_printf("/proc/%d/stat", (int)pid), *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL) || strrchr(text, ')') == NULL)
        return false;
    g_auto(GStrv) fields = g_strsplit(strrchr(text, ')') + 2, " ", -1);
    return g_strv_length(fields) > ENV_END && strchr("ZX", *fields[STATE]) == NULL && strcmp(fields[ENV_END], "0") == 0 &&
           (strtoul(fields[FLAGS], NULL, 10) & KERNEL_THREAD) == 0;
}

/* One pass over /proc; false when there was nothing to kill and nothing that may become such. */
static bool kill_once(const char *mark, char *buffer)
{
    DIR *dir = opendir("/proc");
    bool is_any = false;
    for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (pid <= 1 || pid == getpid())
            continue;
        ssize_t length = read_environ(pid, buffer);
        if (length > 0 && holds_mark(buffer, (size_t)length, mark))
            is_any |= process_kill_now(pid);
        is_any |= length == 0 && is_in_exec(pid);
    }
    if (dir != NULL)
        closedir(dir);
    return is_any;
}

void process_kill_marked(const char *mark)
{
    g_autofree char *buffer = g_malloc(ENVIRON_LIMIT);
    for (unsigned round = 0; round < KILL_ROUNDS && kill_once(mark, buffer); round++)
        sched_yield(); /* let those in execve() come out of it */
}
