/* Version 2 (https://docs.kernel.org/admin-guide/cgroup-v2.html) lets only groups without processes give the memory controller to groups
 * below them, so that the parent is the group beside this process as a rule: a user's slice that systemd has delegated. */
#include "os/cgroup.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define EMPTY_WAIT_MS 1000

static const struct version {
    const char *limit, *swap_limit, *kills, *peak;
    bool is_swap_extra; /* its limit counts beside that of the memory, not with it */
} versions[] = {
    {"memory.max", "memory.swap.max", "memory.events", "memory.peak", true},
    {"memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "memory.oom_control", "memory.max_usage_in_bytes", false},
};

static char *read_file(const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    char *text = NULL;
    return g_file_get_contents(path, &text, NULL, NULL) ? text : NULL;
}

static bool write_file(const char *folder, const char *name, guint64 value)
{
    g_autofree char *path = g_build_filename(folder, name, NULL), *text = g_strdup_printf("%" G_GUINT64_FORMAT, value);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0)
        close(fd);
    return ok;
}

static bool has_file(const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    return access(path, F_OK) == 0;
}

/* ---- where ---- */

/* The path in "4:memory:/a/b" or, for version 2, in "0::/a/b". */
static char *find_own_path(const char *groups, bool is_v2)
{
    g_auto(GStrv) lines = g_strsplit(groups, "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        g_auto(GStrv) fields = g_strsplit(*line, ":", 3);
        if (g_strv_length(fields) != 3)
            continue;
        g_auto(GStrv) controllers = g_strsplit(fields[1], ",", -1);
        if (is_v2 ? g_str_has_prefix(*line, "0::") : g_strv_contains((const char *const *)controllers, "memory"))
            return g_strdup(fields[2]);
    }
    return NULL;
}

/* Of "40 30 0:37 /root /mount/point rw,relatime - cgroup2 cgroup2 rw". */
static bool is_mount(char **fields, bool is_v2)
{
    unsigned n = g_strv_length(fields), dash = 6;
    while (dash < n && strcmp(fields[dash], "-") != 0)
        dash++;
    if (dash + 3 >= n)
        return false;
    g_auto(GStrv) options = g_strsplit(fields[dash + 3], ",", -1);
    return is_v2 ? strcmp(fields[dash + 1], "cgroup2") == 0
                 : strcmp(fields[dash + 1], "cgroup") == 0 && g_strv_contains((const char *const *)options, "memory");
}

/* The mount shows the tree from its root on; a group outside of it is not to be had. */
static char *place_in_mount(const char *root, const char *mount_point, const char *own)
{
    const char *rest = strcmp(root, "/") == 0 ? own : g_str_has_prefix(own, root) ? own + strlen(root) : NULL;
    if (rest == NULL || strstr(rest, "/..") != NULL)
        return NULL;
    return strcmp(rest, "/") == 0 || *rest == '\0' ? g_strdup(mount_point) : g_strconcat(mount_point, rest, NULL);
}

static void add_parents(GStrvBuilder *parents, const char *mounts, const char *own, bool is_v2)
{
    g_auto(GStrv) lines = g_strsplit(mounts, "\n", -1);
    for (char **line = lines; own != NULL && *line != NULL; line++) {
        g_auto(GStrv) fields = g_strsplit(*line, " ", -1);
        if (!is_mount(fields, is_v2))
            continue;
        g_autofree char *folder = place_in_mount(fields[3], fields[4], own);
        if (folder == NULL)
            continue;
        g_strv_builder_add(parents, folder);
        if (is_v2 && strcmp(folder, fields[4]) != 0) {
            g_autofree char *above = g_path_get_dirname(folder);
            g_strv_builder_add(parents, above);
        }
    }
}

char **cgroup_list_parents(const char *mounts, const char *groups)
{
    g_autoptr(GStrvBuilder) parents = g_strv_builder_new();
    g_autofree char *v2 = find_own_path(groups, true), *v1 = find_own_path(groups, false);
    add_parents(parents, mounts, v2, true);
    add_parents(parents, mounts, v1, false);
    return g_strv_builder_end(parents);
}

/* The groups that a process is in, and those beside it. */
static char **list_parents_of(pid_t pid)
{
    g_autofree char *folder = g_strdup_printf("/proc/%d", (int)pid);
    g_autofree char *mounts = read_file("/proc/self", "mountinfo"), *groups = read_file(folder, "cgroup");
    return cgroup_list_parents(mounts != NULL ? mounts : "", groups != NULL ? groups : "");
}

/* ---- groups ---- */

static bool set_limit(const char *folder, guint64 memory_limit)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(versions); i++) {
        const struct version *version = &versions[i];
        if (!write_file(folder, version->limit, memory_limit))
            continue;
        write_file(folder, version->swap_limit, version->is_swap_extra ? 0 : memory_limit); /* not there without swap accounting */
        return true;
    }
    return false;
}

/* A group whose memory is not controlled is of no use. */
static char *make_below(const char *parent, const char *name, guint64 memory_limit)
{
    g_autofree char *folder = g_build_filename(parent, name, NULL);
    if (mkdir(folder, 0755) != 0)
        return NULL;
    if (set_limit(folder, memory_limit))
        return g_steal_pointer(&folder);
    rmdir(folder);
    return NULL;
}

char *cgroup_make(const char *name, guint64 memory_limit)
{
    g_auto(GStrv) parents = list_parents_of(getpid());
    char *folder = NULL;
    for (char **parent = parents; *parent != NULL && folder == NULL; parent++)
        folder = make_below(*parent, name, memory_limit);
    return folder;
}

/* Where this process could have made it, if it is still there. */
static char *find_made(const char *name)
{
    g_auto(GStrv) parents = list_parents_of(getpid());
    for (char **parent = parents; *parent != NULL; parent++)
        if (has_file(*parent, name))
            return g_build_filename(*parent, name, NULL);
    return NULL;
}

char *cgroup_find(pid_t pid, const char *name)
{
    g_auto(GStrv) folders = list_parents_of(pid);
    for (char **folder = folders; *folder != NULL; folder++) {
        g_autofree char *own_name = g_path_get_basename(*folder);
        if (strcmp(own_name, name) == 0)
            return g_strdup(*folder);
    }
    return NULL;
}

/* The number behind a key, or the first one (NULL). */
static guint64 read_number(const char *folder, const char *name, const char *key)
{
    g_autofree char *text = read_file(folder, name);
    const char *number = text != NULL ? text : "";
    if (key != NULL)
        number = strstr(number, key) != NULL ? strstr(number, key) + strlen(key) : "";
    return g_ascii_strtoull(number, NULL, 10);
}

struct cgroup_memory cgroup_read_memory(const char *folder)
{
    const struct version *version = has_file(folder, versions[0].limit) ? &versions[0] : &versions[1];
    return (struct cgroup_memory){read_number(folder, version->kills, "oom_kill "), read_number(folder, version->peak, NULL)};
}

/* Read through the descriptor that is waited at, so that it tells of the next change. */
static bool is_populated(int fd)
{
    char text[128];
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    text[MAX(n, 0)] = '\0';
    return strstr(text, "populated 1") != NULL;
}

/* Processes that are killed leave a group a moment later; the kernel tells when the last has. */
static void wait_until_empty(const char *folder)
{
    g_autofree char *path = g_build_filename(folder, "cgroup.events", NULL);
    gint64 end = g_get_monotonic_time() + EMPTY_WAIT_MS * 1000, left_ms = EMPTY_WAIT_MS;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct pollfd item = {.fd = fd, .events = POLLPRI};
    while (fd >= 0 && left_ms > 0 && is_populated(fd)) {
        poll(&item, 1, (int)left_ms);
        left_ms = (end - g_get_monotonic_time()) / 1000;
    }
    if (fd >= 0)
        close(fd);
}

void cgroup_remove(const char *name)
{
    g_autofree char *folder = find_made(name);
    if (folder != NULL && rmdir(folder) != 0 && write_file(folder, "cgroup.kill", 1)) { /* of version 2 only */
        wait_until_empty(folder);
        rmdir(folder);
    }
}

void cgroup_leave(const char *folder)
{
    g_autofree char *above = g_path_get_dirname(folder);
    if (write_file(above, "cgroup.procs", 0)) /* 0: whoever writes it */
        rmdir(folder);
}

/* The kernel removes no group with processes in it. */
static void sweep_below(const char *parent, const char *prefix, int least_age_s)
{
    g_autoptr(GDir) dir = g_dir_open(parent, 0, NULL);
    struct stat info;
    for (const char *name; dir != NULL && (name = g_dir_read_name(dir)) != NULL;) {
        if (!g_str_has_prefix(name, prefix))
            continue;
        g_autofree char *folder = g_build_filename(parent, name, NULL);
        if (stat(folder, &info) == 0 && time(NULL) - info.st_ctime >= least_age_s)
            rmdir(folder);
    }
}

void cgroup_sweep(char *const *parents, const char *prefix, int least_age_s)
{
    g_auto(GStrv) own = parents == NULL ? list_parents_of(getpid()) : NULL;
    for (char *const *parent = parents != NULL ? parents : own; *parent != NULL; parent++)
        sweep_below(*parent, prefix, least_age_s);
}
