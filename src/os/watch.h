/* Watching folders for changes (inotify) in the main loop. Told is what has happened to a path, not what it is now: files that editors write
 * under another name and rename, folders that come and go with all that is in them, thousands of files in one checkout. */
#pragma once

#include <glib.h>
#include <stdbool.h>

struct file_watch;

struct file_watch_options {
    /* Called with the path of a file that was written, made, moved, removed or touched, or of a folder that was removed or moved away; NULL:
     * more happened than the kernel could keep, anything may have changed. */
    void (*changed)(const char *path, gpointer data);
    /* Which folders below a watched tree are watched too, by path; NULL: all. */
    bool (*enter)(const char *path, gpointer data);
    gpointer data;
};

/* NULL with `error`. */
struct file_watch *file_watch_new(const struct file_watch_options *options, GError **error);
void file_watch_free(struct file_watch *watch);

/* Watches a folder and all below it. Adding one again is cheap, and finds what was missed. A folder that is not there is NOT_FOUND. */
bool file_watch_add_tree(struct file_watch *watch, const char *path, GError **error);

/* Watches one file, whether it is there or not; its folder must be. */
bool file_watch_add_file(struct file_watch *watch, const char *path, GError **error);

/* A descriptor that becomes readable when the file at `path` is removed, replaced or renamed, and sometimes without that; to be closed. -1: not
 * to be had. */
int file_watch_removal(const char *path);

/* Takes away what made it readable; false when there is nothing left to watch. */
bool file_watch_drain(int fd);

/* How many folders are watched. */
unsigned file_watch_count(const struct file_watch *watch);
