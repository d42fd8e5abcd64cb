#include "os/watch.h"

#include <dirent.h>
#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

#define MASK                                                                                                                               \
    (IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_EXCL_UNLINK)
#define DEPTH_LIMIT 100
#define BUFFER_SIZE 65536

struct folder {
    char *path;
    int wd;
    bool is_tree;      /* everything in it counts */
    GHashTable *files; /* else these names */
};

struct file_watch {
    struct file_watch_options options;
    int fd;
    guint source;
    GHashTable *by_wd;   /* wd -> struct folder * */
    GHashTable *by_path; /* path -> struct folder *, owns */
};

static void folder_free(gpointer data)
{
    struct folder *folder = data;
    g_clear_pointer(&folder->files, g_hash_table_unref);
    g_free(folder->path);
    g_free(folder);
}

static bool fail(GError **error, const char *path)
{
    int code = errno == ENOENT || errno == ENOTDIR ? CLX_ERROR_NOT_FOUND : CLX_ERROR_FAILED;
    const char *remedy = errno == ENOSPC ? "\nallow more: sysctl fs.inotify.max_user_watches=1000000" : "";
    g_set_error(error, CLX_ERROR, code, "cannot watch '%s': %s%s", path, g_strerror(errno), remedy);
    return false;
}

static void tell(struct file_watch *watch, const char *path)
{
    watch->options.changed(path, watch->options.data);
}

/* ---- folders ---- */

static void forget(struct file_watch *watch, struct folder *folder)
{
    inotify_rm_watch(watch->fd, folder->wd);
    if (g_hash_table_lookup(watch->by_wd, GINT_TO_POINTER(folder->wd)) == folder)
        g_hash_table_remove(watch->by_wd, GINT_TO_POINTER(folder->wd));
    g_hash_table_remove(watch->by_path, folder->path);
}

static bool is_at_or_below(const char *path, const char *root)
{
    size_t length = strlen(root);
    return strncmp(path, root, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

/* A folder that went away takes those below it along. */
static void forget_tree(struct file_watch *watch, const char *path)
{
    g_autoptr(GPtrArray) gone = g_ptr_array_new();
    GHashTableIter iter;
    gpointer folder;
    g_hash_table_iter_init(&iter, watch->by_path);
    while (g_hash_table_iter_next(&iter, NULL, &folder))
        if (is_at_or_below(((const struct folder *)folder)->path, path))
            g_ptr_array_add(gone, folder);
    for (unsigned i = 0; i < gone->len; i++)
        forget(watch, gone->pdata[i]);
}

/* The watch of a folder; one inode has one watch, so that a renamed folder takes its old place over. `ret_is_new` may be NULL. */
static struct folder *watch_folder(struct file_watch *watch, const char *path, bool *ret_is_new, GError **error)
{
    int wd = inotify_add_watch(watch->fd, path, MASK | IN_ONLYDIR);
    if (wd < 0) {
        fail(error, path);
        return NULL;
    }
    struct folder *folder = g_hash_table_lookup(watch->by_wd, GINT_TO_POINTER(wd));
    if (ret_is_new != NULL)
        *ret_is_new = folder == NULL || strcmp(folder->path, path) != 0;
    if (folder != NULL && strcmp(folder->path, path) == 0)
        return folder;
    if (folder != NULL)
        g_hash_table_remove(watch->by_path, folder->path);
    folder = g_new0(struct folder, 1);
    *folder = (struct folder){.path = g_strdup(path), .wd = wd};
    struct folder *earlier = g_hash_table_lookup(watch->by_path, path);
    if (earlier != NULL)
        g_hash_table_remove(watch->by_wd, GINT_TO_POINTER(earlier->wd));
    g_hash_table_insert(watch->by_wd, GINT_TO_POINTER(wd), folder);
    g_hash_table_replace(watch->by_path, folder->path, folder);
    return folder;
}

static bool may_enter(struct file_watch *watch, const char *path)
{
    return watch->options.enter == NULL || watch->options.enter(path, watch->options.data);
}

/* Watches a folder before it is listed: what appears meanwhile is told by one or the other. `is_told`: what is in new folders is told. */
static bool add_tree(struct file_watch *watch, const char *path, bool is_told, unsigned depth, GError **error)
{
    bool is_new;
    struct folder *folder = watch_folder(watch, path, &is_new, error);
    if (folder == NULL)
        return false;
    folder->is_tree = true;
    DIR *dir = opendir(path);
    if (dir == NULL)
        return fail(error, path);
    bool ok = true;
    for (struct dirent *entry; ok && (entry = readdir(dir)) != NULL;) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        g_autofree char *below = g_build_filename(path, entry->d_name, NULL);
        struct stat info;
        bool is_folder = entry->d_type == DT_DIR ||
                         ((entry->d_type == DT_LNK || entry->d_type == DT_UNKNOWN) && stat(below, &info) == 0 && S_ISDIR(info.st_mode));
        g_autoptr(GError) problem = NULL;
        if (!is_folder && is_told && is_new)
            tell(watch, below);
        if (!is_folder || depth >= DEPTH_LIMIT || !may_enter(watch, below) || add_tree(watch, below, is_told, depth + 1, &problem) ||
            g_error_matches(problem, CLX_ERROR, CLX_ERROR_NOT_FOUND)) /* gone already */
            continue;
        g_propagate_error(error, g_steal_pointer(&problem));
        ok = false;
    }
    closedir(dir);
    return ok;
}

bool file_watch_add_tree(struct file_watch *watch, const char *path, GError **error)
{
    return add_tree(watch, path, false, 0, error);
}

bool file_watch_add_file(struct file_watch *watch, const char *path, GError **error)
{
    g_autofree char *above = g_path_get_dirname(path);
    struct folder *folder = watch_folder(watch, above, NULL, error);
    if (folder == NULL)
        return false;
    if (folder->files == NULL)
        folder->files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_hash_table_add(folder->files, g_path_get_basename(path));
    return true;
}

int file_watch_removal(const char *path)
{
    int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (fd >= 0 && inotify_add_watch(fd, path, IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF) >= 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* The removal of a name is a change of the file's number of links (IN_ATTRIB); its end takes the watch along (IN_IGNORED). */
bool file_watch_drain(int fd)
{
    _Alignas(struct inotify_event) char buffer[4096];
    bool is_watched = true;
    for (ssize_t n; (n = read(fd, buffer, sizeof buffer)) > 0;)
        for (char *at = buffer; at < buffer + n; at += sizeof(struct inotify_event) + ((struct inotify_event *)at)->len)
            is_watched = is_watched && !(((struct inotify_event *)at)->mask & IN_IGNORED);
    return is_watched;
}

unsigned file_watch_count(const struct file_watch *watch)
{
    return g_hash_table_size(watch->by_path);
}

/* ---- events ---- */

/* A plain file that was just made is told when its writer closes it; links have no writer. */
static bool is_only_begun(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0 && S_ISREG(info.st_mode) && info.st_nlink == 1;
}

static void take_folder_event(struct file_watch *watch, const struct inotify_event *event, const char *path)
{
    if ((event->mask & (IN_DELETE | IN_MOVED_FROM)) != 0) {
        forget_tree(watch, path);
        tell(watch, path);
    } else if ((event->mask & (IN_CREATE | IN_MOVED_TO)) != 0 && may_enter(watch, path)) {
        add_tree(watch, path, true, 0, NULL); /* what fails here is looked for again with the next file_watch_add_tree() */
    }
}

static void take_event(struct file_watch *watch, const struct inotify_event *event)
{
    struct folder *folder = g_hash_table_lookup(watch->by_wd, GINT_TO_POINTER(event->wd));
    if ((event->mask & IN_Q_OVERFLOW) != 0) {
        tell(watch, NULL);
        return;
    }
    if (folder == NULL)
        return;
    if ((event->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED)) != 0) {
        g_autofree char *path = g_strdup(folder->path);
        forget(watch, folder);
        tell(watch, path);
        return;
    }
    if (event->len == 0 || (!folder->is_tree && (folder->files == NULL || !g_hash_table_contains(folder->files, event->name))))
        return;
    g_autofree char *path = g_build_filename(folder->path, event->name, NULL);
    if ((event->mask & IN_ISDIR) != 0)
        take_folder_event(watch, event, path);
    else if ((event->mask & IN_CREATE) == 0 || !is_only_begun(path))
        tell(watch, path);
}

static gboolean on_events(gint fd, GIOCondition condition, gpointer data)
{
    struct file_watch *watch = data;
    g_autofree char *buffer = g_malloc(BUFFER_SIZE);
    ssize_t n;
    while ((n = read(fd, buffer, BUFFER_SIZE)) > 0)
        for (ssize_t at = 0; at < n;) {
            struct inotify_event *event = (struct inotify_event *)(void *)(buffer + at);
            at += (ssize_t)(sizeof *event + event->len);
            take_event(watch, event);
        }
    return G_SOURCE_CONTINUE;
}

struct file_watch *file_watch_new(const struct file_watch_options *options, GError **error)
{
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (fd < 0) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_FAILED, "cannot watch files: %s\nallow more: sysctl fs.inotify.max_user_instances=1024",
                    g_strerror(errno));
        return NULL;
    }
    struct file_watch *watch = g_new0(struct file_watch, 1);
    *watch = (struct file_watch){.options = *options, .fd = fd};
    watch->by_wd = g_hash_table_new(NULL, NULL);
    watch->by_path = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, folder_free);
    watch->source = g_unix_fd_add(fd, G_IO_IN, on_events, watch);
    return watch;
}

void file_watch_free(struct file_watch *watch)
{
    if (watch == NULL)
        return;
    g_source_remove(watch->source);
    close(watch->fd);
    g_hash_table_unref(watch->by_wd);
    g_hash_table_unref(watch->by_path);
    g_free(watch);
}
