/* Folders below a root, held open: files in them are reached by descriptor, so that nothing but real folders stands between the root and
 * a file, and the kernel need not walk the same long path again and again. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/stat.h>

struct folders;

struct folders *folders_new(void);
void folders_free(struct folders *folders);
typedef struct folders folders;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(folders, folders_free)

/* The folder that `relative` (a file below `root`, without "." and ".." parts) lies in, as a descriptor that is good until the next call.
 * Missing folders are made with `is_made`, else they are -1 with NOT_FOUND. A symbolic link or a file in the place of a folder below
 * the root is -1 with FAILED: it could lead out of the tree. */
int folders_open(struct folders *folders, const char *root, const char *relative, bool is_made, GError **error);

/* Closes all of them: others may have moved or removed them since. */
void folders_forget(struct folders *folders);

/* A file to be written. */
struct folders_file {
    int folder;       /* as folders_open() gave it */
    const char *name; /* in the folder */
    const char *path; /* its name in messages */
    mode_t mode;      /* less the umask */
};

/* Writes a file so that it appears complete or not at all; its stat goes to `ret_info`. */
bool folders_write(const struct folders_file *file, const void *data, size_t length, struct stat *ret_info, GError **error);

/* The same with the bytes of the regular file `source`. */
bool folders_copy(const struct folders_file *file, const char *source, struct stat *ret_info, GError **error);
