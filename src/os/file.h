/* Files: bounded reading, atomic publication, folders. All descriptors are CLOEXEC. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#define FILE_READ_LIMIT (256u * 1024 * 1024)

/* Reads a regular file of at most `limit` bytes; NULL with `error` (NOT_FOUND, FAILED) otherwise. The text is NUL-terminated. */
GBytes *file_read(const char *path, size_t limit, GError **error);

/* Writes a file so that it appears complete under its name or not at all: temporary sibling, then rename.
 * Makes missing folders. Mode 0666 less the umask. */
bool file_write_atomic(const char *path, const void *data, size_t length, GError **error);

/* A file that is written part by part, and appears under its name complete or not at all. */
struct file_draft;
struct file_draft *file_draft_new(const char *path, GError **error);
bool file_draft_write(struct file_draft *draft, const void *data, size_t length, GError **error);
/* Puts it in place, and frees it in any case. */
bool file_draft_publish(struct file_draft *draft, GError **error);
/* Leaves nothing of it; NULL is fine. */
void file_draft_free(struct file_draft *draft);

/* Makes a folder and its parents; an existing one is fine. */
bool file_make_folders(const char *path, GError **error);

/* Copies a regular file byte for byte, atomically, making missing folders; keeps the executable bits. */
bool file_copy_atomic(const char *from, const char *to, GError **error);

/* Removes from a folder the temporary files of atomic writes that processes left which are no more; a missing folder is fine. */
void file_sweep_temporaries(const char *folder);

/* Removes a tree (symbolic links themselves, never what they name); a missing one is fine. */
bool file_remove_tree(const char *path, GError **error);

/* Visits every file below `root` in name order: called with the path relative to `root` and its stat. `enter` decides which folders are
 * entered (NULL: all), by name. Symbolic links are followed once; a folder inside itself is left out. What cannot be read as a file (a link
 * that leads nowhere, a pipe) is visited too, so that who needs it can say so, unless its name begins with a dot (locks of editors).
 * Stops when `visit` returns false. */
typedef bool file_visit(const char *relative, const struct stat *info, gpointer data);
typedef bool file_enter(const char *name, gpointer data);
bool file_walk(const char *root, file_enter *enter, file_visit *visit, gpointer data, GError **error);

/* SHA-256 of a regular file's bytes, as hex; NULL with `error`. */
char *file_sha256(const char *path, GError **error);

/* Opens a regular file for reading; -1 with `error` (NOT_FOUND, FAILED). A pipe or device is never waited for. The caller closes it. */
int file_open_regular(const char *path, GError **error);

/* Reads until `length` bytes or the end of the file; how many, or -1 with errno. */
ssize_t file_read_all(int fd, void *data, size_t length);

/* write() to a pipe whose reader may have died: EPIPE then, and no SIGPIPE, which would end this process too. */
ssize_t file_write_to_pipe(int fd, const void *data, size_t length);

/* Write all of it; false with errno. */
bool file_write_all(int fd, const void *data, size_t length);
bool file_copy_all(int from, int to);
