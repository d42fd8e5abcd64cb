#include "os/folders.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "os/file.h"

#define OPEN_LIMIT 200
#define FOLDER_FLAGS (O_PATH | O_DIRECTORY | O_CLOEXEC)

struct folders {
    GHashTable *open; /* absolute path -> descriptor */
};

static void close_value(gpointer value)
{
    close(GPOINTER_TO_INT(value));
}

struct folders *folders_new(void)
{
    struct folders *folders = g_new0(struct folders, 1);
    folders->open = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, close_value);
    return folders;
}

void folders_free(struct folders *folders)
{
    if (folders == NULL)
        return;
    g_hash_table_unref(folders->open);
    g_free(folders);
}

void folders_forget(struct folders *folders)
{
    g_hash_table_remove_all(folders->open);
}

static int fail(GError **error, const char *what, const char *path)
{
    int code = errno == ENOENT ? CLX_ERROR_NOT_FOUND : CLX_ERROR_FAILED;
    g_set_error(error, CLX_ERROR, code, "cannot %s '%s': %s", what, path, g_strerror(errno));
    return -1;
}

static int fail_below(GError **error, int parent, const char *name, const char *path)
{
    struct stat info;
    if (errno != ENOTDIR && errno != ELOOP)
        return fail(error, "open the folder", path);
    bool is_link = fstatat(parent, name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(info.st_mode);
    g_set_error(error, CLX_ERROR, CLX_ERROR_FAILED, "cannot write into '%s': it is %s, not a folder; move it away", path,
                is_link ? "a symbolic link" : "a file");
    return -1;
}

static int open_root(const char *root, bool is_made, GError **error)
{
    if (is_made && !file_make_folders(root, error))
        return -1;
    int fd = open(root, FOLDER_FLAGS);
    return fd >= 0 ? fd : fail(error, "open the folder", root);
}

static int open_below(int parent, const char *name, const char *path, bool is_made, GError **error)
{
    int fd = openat(parent, name, FOLDER_FLAGS | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT && is_made) {
        if (mkdirat(parent, name, 0777) != 0 && errno != EEXIST)
            return fail(error, "make the folder", path);
        fd = openat(parent, name, FOLDER_FLAGS | O_NOFOLLOW);
    }
    return fd >= 0 ? fd : fail_below(error, parent, name, path);
}

/* Opens the folder `path`, which is `root` or lies below it, and those on the way to it. */
static int open_folder(struct folders *folders, size_t root_length, char *path, bool is_made, GError **error)
{
    gpointer known;
    if (g_hash_table_lookup_extended(folders->open, path, NULL, &known))
        return GPOINTER_TO_INT(known);
    int fd;
    char *slash = strlen(path) > root_length ? strrchr(path, '/') : NULL;
    if (slash == NULL) {
        fd = open_root(path, is_made, error);
    } else {
        *slash = '\0';
        int parent = open_folder(folders, root_length, path, is_made, error);
        *slash = '/';
        fd = parent < 0 ? -1 : open_below(parent, slash + 1, path, is_made, error);
    }
    if (fd >= 0)
        g_hash_table_insert(folders->open, g_strdup(path), GINT_TO_POINTER(fd));
    return fd;
}

int folders_open(struct folders *folders, const char *root, const char *relative, bool is_made, GError **error)
{
    if (g_hash_table_size(folders->open) > OPEN_LIMIT)
        folders_forget(folders);
    g_autofree char *path = g_strconcat(root, "/", relative, NULL);
    size_t root_length = strlen(root);
    char *slash = strrchr(path + root_length, '/');
    *slash = '\0';
    return open_folder(folders, root_length, path, is_made, error);
}

static int open_temporary(int folder, const char *temporary, mode_t mode)
{
    int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
    int fd = openat(folder, temporary, flags, mode);
    if (fd < 0 && errno == EEXIST && unlinkat(folder, temporary, 0) == 0) /* left by a killed process with the same number */
        fd = openat(folder, temporary, flags, mode);
    return fd;
}

struct temporary {
    int fd;
    char name[48];
};

static bool begin(const struct folders_file *file, struct temporary *temporary, GError **error)
{
    static unsigned counter;
    snprintf(temporary->name, sizeof temporary->name, ".clx-%d-%u.tmp", (int)getpid(), ++counter);
    temporary->fd = open_temporary(file->folder, temporary->name, file->mode);
    return temporary->fd >= 0 || fail(error, "write", file->path) == 0;
}

static bool finish(const struct folders_file *file, struct temporary *temporary, bool is_written, struct stat *ret_info, GError **error)
{
    bool ok = is_written && fstat(temporary->fd, ret_info) == 0;
    int saved = errno;
    close(temporary->fd);
    errno = saved;
    if (ok && renameat(file->folder, temporary->name, file->folder, file->name) == 0)
        return true;
    fail(error, "write", file->path);
    unlinkat(file->folder, temporary->name, 0);
    return false;
}

bool folders_write(const struct folders_file *file, const void *data, size_t length, struct stat *ret_info, GError **error)
{
    struct temporary temporary;
    return begin(file, &temporary, error) && finish(file, &temporary, file_write_all(temporary.fd, data, length), ret_info, error);
}

bool folders_copy(const struct folders_file *file, const char *source, struct stat *ret_info, GError **error)
{
    struct temporary temporary;
    int from = file_open_regular(source, error);
    if (from < 0)
        return false;
    bool ok = begin(file, &temporary, error) && finish(file, &temporary, file_copy_all(from, temporary.fd), ret_info, error);
    close(from);
    return ok;
}
