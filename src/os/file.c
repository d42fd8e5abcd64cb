#include "os/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/hash.h"

#define WALK_DEPTH_LIMIT 64
#define COPY_CHUNK (1024 * 1024)

static bool fail(GError **error, const char *what, const char *path)
{
    int saved = errno;
    int code = saved == ENOENT || saved == ENOTDIR ? CLX_ERROR_NOT_FOUND : CLX_ERROR_FAILED;
    g_set_error(error, CLX_ERROR, code, "cannot %s '%s': %s", what, path, g_strerror(saved));
    return false;
}

static void close_quietly(int *fd)
{
    int saved = errno;
    if (*fd >= 0)
        close(*fd);
    errno = saved;
}

#define auto_fd __attribute__((cleanup(close_quietly))) int

/* Opens a regular file; a FIFO or device never blocks or is read. */
static int open_regular(const char *path, struct stat *info, GError **error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, info) != 0) {
        fail(error, "read", path);
        close_quietly(&fd);
        return -1;
    }
    if (!S_ISREG(info->st_mode)) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_FAILED, "cannot read '%s': not a regular file", path);
        close(fd);
        return -1;
    }
    return fd;
}

ssize_t file_read_all(int fd, void *bytes, size_t length)
{
    char *data = bytes;
    size_t done = 0;
    while (done < length) {
        ssize_t n = read(fd, data + done, length - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        done += (size_t)n;
    }
    return (ssize_t)done;
}

int file_open_regular(const char *path, GError **error)
{
    struct stat info;
    return open_regular(path, &info, error);
}

ssize_t file_write_to_pipe(int fd, const void *data, size_t length)
{
    sigset_t set, before;
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    sigprocmask(SIG_BLOCK, &set, &before);
    ssize_t n = write(fd, data, length);
    int problem = errno;
    if (n < 0 && problem == EPIPE && !sigismember(&before, SIGPIPE))
        sigtimedwait(&set, NULL, &(struct timespec){0});
    sigprocmask(SIG_SETMASK, &before, NULL);
    errno = problem;
    return n;
}

bool file_write_all(int fd, const void *bytes, size_t length)
{
    const char *data = bytes;
    while (length > 0) {
        ssize_t n = write(fd, data, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        data += n;
        length -= (size_t)n;
    }
    return true;
}

GBytes *file_read(const char *path, size_t limit, GError **error)
{
    struct stat info;
    auto_fd fd = open_regular(path, &info, error);
    if (fd < 0)
        return NULL;
    if ((guint64)info.st_size > limit) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_FAILED, "'%s' is too large (%" G_GINT64_FORMAT " bytes, the limit is %zu)", path,
                    (gint64)info.st_size, limit);
        return NULL;
    }
    g_autofree char *data = g_malloc((size_t)info.st_size + 1);
    ssize_t n = file_read_all(fd, data, (size_t)info.st_size);
    if (n < 0) {
        fail(error, "read", path);
        return NULL;
    }
    data[n] = '\0';
    return g_bytes_new_take(g_steal_pointer(&data), (gsize)n);
}

bool file_make_folders(const char *path, GError **error)
{
    if (g_mkdir_with_parents(path, 0777) == 0)
        return true;
    return fail(error, "make the folder", path);
}

/* A file that is being written beside `path`. It has no name until it is whole, so that a process that dies leaves nothing; where the file
 * system cannot do that, it has the name `temporary` from the start. */
struct sibling {
    int fd;
    char *temporary;
    bool is_named;
};

static int open_named(const char *temporary, mode_t mode)
{
    int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
    int fd = open(temporary, flags, mode);
    if (fd < 0 && errno == EEXIST && unlink(temporary) == 0) /* left by a killed process with the same number */
        fd = open(temporary, flags, mode);
    return fd;
}

static int open_unnamed(const char *folder, mode_t mode)
{
    return open(folder, O_WRONLY | O_TMPFILE | O_CLOEXEC, mode);
}

/* Makes the folder when it is missing. */
static bool open_sibling(const char *path, mode_t mode, struct sibling *sibling, GError **error)
{
    static unsigned counter;
    g_autofree char *folder = g_path_get_dirname(path);
    sibling->temporary = g_strdup_printf("%s/.clx-%d-%u.tmp", folder, (int)getpid(), ++counter);
    sibling->fd = open_unnamed(folder, mode);
    if (sibling->fd < 0 && errno == ENOENT) {
        if (!file_make_folders(folder, error))
            return false;
        sibling->fd = open_unnamed(folder, mode);
    }
    if (sibling->fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT)) {
        sibling->is_named = true;
        sibling->fd = open_named(sibling->temporary, mode);
    }
    return sibling->fd >= 0 || fail(error, "write", path);
}

/* A new name needs one step; one that is taken is replaced through the temporary name. */
static bool link_sibling(struct sibling *sibling, const char *path)
{
    char source[40];
    g_snprintf(source, sizeof source, "/proc/self/fd/%d", sibling->fd);
    if (sibling->is_named)
        return rename(sibling->temporary, path) == 0;
    if (linkat(AT_FDCWD, source, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0)
        return true;
    if (errno != EEXIST)
        return false;
    unlink(sibling->temporary);
    sibling->is_named = linkat(AT_FDCWD, source, AT_FDCWD, sibling->temporary, AT_SYMLINK_FOLLOW) == 0;
    return sibling->is_named && rename(sibling->temporary, path) == 0;
}

/* Ends the writing, well or not. */
static bool put_in_place(struct sibling *sibling, const char *path, bool is_written, GError **error)
{
    bool ok = is_written && link_sibling(sibling, path);
    if (!ok)
        fail(error, "write", path);
    if (!ok && sibling->is_named)
        unlink(sibling->temporary);
    close(sibling->fd);
    g_free(sibling->temporary);
    return ok;
}

bool file_write_atomic(const char *path, const void *data, size_t length, GError **error)
{
    struct sibling sibling = {.fd = -1};
    if (open_sibling(path, 0666, &sibling, error))
        return put_in_place(&sibling, path, file_write_all(sibling.fd, data, length), error);
    g_free(sibling.temporary);
    return false;
}

struct file_draft {
    struct sibling sibling;
    char *path;
};

struct file_draft *file_draft_new(const char *path, GError **error)
{
    struct file_draft *draft = g_new0(struct file_draft, 1);

    draft->sibling.fd = -1;
    draft->path = g_strdup(path);
    if (open_sibling(path, 0666, &draft->sibling, error))
        return draft;
    file_draft_free(draft);
    return NULL;
}

bool file_draft_write(struct file_draft *draft, const void *data, size_t length, GError **error)
{
    return file_write_all(draft->sibling.fd, data, length) || fail(error, "write", draft->path);
}

bool file_draft_publish(struct file_draft *draft, GError **error)
{
    bool ok = put_in_place(&draft->sibling, draft->path, true, error);

    g_free(draft->path);
    g_free(draft);
    return ok;
}

void file_draft_free(struct file_draft *draft)
{
    if (!draft)
        return;
    if (draft->sibling.fd >= 0 && draft->sibling.is_named)
        unlink(draft->sibling.temporary);
    if (draft->sibling.fd >= 0)
        close(draft->sibling.fd);
    g_free(draft->sibling.temporary);
    g_free(draft->path);
    g_free(draft);
}

bool file_copy_all(int from, int to)
{
    for (;;) {
        ssize_t n = copy_file_range(from, NULL, to, NULL, 1 << 30, 0);
        if (n == 0)
            return true;
        if (n < 0)
            break;
    }
    if (errno != EXDEV && errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP)
        return false;
    g_autofree char *chunk = g_malloc(COPY_CHUNK);
    ssize_t n;
    while ((n = file_read_all(from, chunk, COPY_CHUNK)) > 0)
        if (!file_write_all(to, chunk, (size_t)n))
            return false;
    return n == 0;
}

bool file_copy_atomic(const char *from, const char *to, GError **error)
{
    struct stat info;
    struct sibling sibling = {.fd = -1};
    auto_fd source = open_regular(from, &info, error);
    if (source < 0)
        return false;
    if (open_sibling(to, (info.st_mode & 0111) != 0 ? 0777 : 0666, &sibling, error))
        return put_in_place(&sibling, to, file_copy_all(source, sibling.fd), error);
    g_free(sibling.temporary);
    return false;
}

void file_sweep_temporaries(const char *folder)
{
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
        int pid, end = 0;
        unsigned n;
        bool is_temporary = sscanf(entry->d_name, ".clx-%d-%u.tmp%n", &pid, &n, &end) == 2 && end > 0 && entry->d_name[end] == '\0';
        if (is_temporary && pid > 0 && kill(pid, 0) != 0 && errno == ESRCH)
            unlinkat(dirfd(dir), entry->d_name, 0);
    }
    if (dir != NULL)
        closedir(dir);
}

static bool remove_at(int parent, const char *name, unsigned depth);

static bool remove_children(int fd, unsigned depth)
{
    DIR *dir = fdopendir(fd);
    bool ok = dir != NULL && depth < 1024;
    for (struct dirent *entry; ok && (entry = readdir(dir)) != NULL;)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            ok = remove_at(dirfd(dir), entry->d_name, depth + 1);
    if (dir != NULL)
        closedir(dir);
    else
        close(fd);
    return ok;
}

static bool remove_at(int parent, const char *name, unsigned depth)
{
    if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
        return true;
    if (errno != EISDIR && errno != EPERM)
        return false;
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT;
    return remove_children(fd, depth) && (unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT);
}

bool file_remove_tree(const char *path, GError **error)
{
    return remove_at(AT_FDCWD, path, 0) || fail(error, "remove", path);
}

struct walk {
    file_enter *enter;
    file_visit *visit;
    gpointer data;
    GError **error;
    bool is_stopped;
    GArray *ancestors; /* struct stat of the folders on the way down: a loop is a folder inside itself */
};

static int compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static GPtrArray *list_names(const char *path)
{
    DIR *dir = opendir(path);
    if (dir == NULL)
        return NULL;
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            g_ptr_array_add(names, g_strdup(entry->d_name));
    closedir(dir);
    g_ptr_array_sort(names, compare_names);
    return names;
}

static bool is_loop(const struct walk *walk, const struct stat *info)
{
    for (unsigned i = 0; i < walk->ancestors->len; i++) {
        const struct stat *above = &g_array_index(walk->ancestors, struct stat, i);
        if (above->st_ino == info->st_ino && above->st_dev == info->st_dev)
            return true;
    }
    return walk->ancestors->len >= WALK_DEPTH_LIMIT;
}

static bool walk_folder(struct walk *walk, const char *path, const char *relative);

static bool walk_entry(struct walk *walk, const char *folder, const char *relative, const char *name)
{
    g_autofree char *path = g_strconcat(folder, "/", name, NULL);
    g_autofree char *below = relative[0] != '\0' ? g_strconcat(relative, "/", name, NULL) : g_strdup(name);
    struct stat info;
    if (stat(path, &info) != 0 && lstat(path, &info) != 0) /* it has just gone */
        return true;
    if (!S_ISDIR(info.st_mode)) {
        bool is_visited = S_ISREG(info.st_mode) || name[0] != '.';
        if (is_visited && !walk->visit(below, &info, walk->data))
            walk->is_stopped = true;
        return true;
    }
    if ((walk->enter != NULL && !walk->enter(name, walk->data)) || is_loop(walk, &info))
        return true;
    g_array_append_val(walk->ancestors, info);
    bool ok = walk_folder(walk, path, below);
    g_array_set_size(walk->ancestors, walk->ancestors->len - 1);
    return ok;
}

static bool walk_folder(struct walk *walk, const char *path, const char *relative)
{
    g_autoptr(GPtrArray) names = list_names(path);
    if (names == NULL)
        return fail(walk->error, "read the folder", path);
    for (unsigned i = 0; i < names->len && !walk->is_stopped; i++)
        if (!walk_entry(walk, path, relative, names->pdata[i]))
            return false;
    return true;
}

bool file_walk(const char *root, file_enter *enter, file_visit *visit, gpointer data, GError **error)
{
    g_autoptr(GArray) ancestors = g_array_new(FALSE, FALSE, sizeof(struct stat));
    struct walk walk = {.enter = enter, .visit = visit, .data = data, .error = error, .ancestors = ancestors};
    struct stat info;
    if (stat(root, &info) != 0)
        return fail(error, "read the folder", root);
    g_array_append_val(ancestors, info);
    return walk_folder(&walk, root, "");
}

char *file_sha256(const char *path, GError **error)
{
    struct stat info;
    auto_fd fd = open_regular(path, &info, error);
    if (fd < 0)
        return NULL;
    struct hasher *hasher = hasher_new();
    g_autofree char *chunk = g_malloc(COPY_CHUNK);
    ssize_t n;
    while ((n = file_read_all(fd, chunk, COPY_CHUNK)) > 0)
        hasher_update(hasher, chunk, (size_t)n);
    g_autofree char *hex = hasher_finish(hasher);
    if (n < 0) {
        fail(error, "read", path);
        return NULL;
    }
    return g_steal_pointer(&hex);
}
