/* The cache: results by content (clx_cache.db) and objects, files named by their SHA-256 in the folder beside it (clx_cache.objects/ab/cd…). */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "base/json.h"

struct cache;

struct cache *cache_open(const char *db_path, GError **error);
void cache_close(struct cache *cache);
typedef struct cache cache;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(cache, cache_close)

/* Objects. put: atomic, idempotent; returns the hex name (caller frees). get: verified against its name; NULL with NOT_FOUND when
 * missing or damaged (a damaged one is removed). path: the file, caller frees. */
char *cache_put_object(struct cache *cache, const void *data, size_t length, GError **error);
GBytes *cache_get_object(struct cache *cache, const char *sha256, GError **error);
char *cache_object_path(const struct cache *cache, const char *sha256);
/* `size` -1: any. */
bool cache_has_object(const struct cache *cache, const char *sha256, gint64 size);

/* Results by key (64 hex digits) -> JSON object. find: 1 and the value, 0 none, -1 error. */
int cache_find_result(struct cache *cache, const char *key, json_t **ret_result, GError **error);
bool cache_add_result(struct cache *cache, const char *key, const json_t *result, GError **error);
bool cache_remove_result(struct cache *cache, const char *key, GError **error);

/* SHA-256 of a file known by stat (path, mtime, size, inode), computed only when the stat is new. Caller frees. */
char *cache_file_hash(struct cache *cache, const char *path, const struct stat *info, GError **error);

/* Per-course manifest: what the builds of a spec wrote. Key: output path; value: hash, size, mtime_ns. */
typedef void manifest_each(const char *path, const char *sha256, gint64 size, gint64 mtime_ns, gpointer data);
bool cache_manifest_list(struct cache *cache, const char *course_key, manifest_each *each, gpointer data, GError **error);
bool cache_manifest_set(struct cache *cache, const char *course_key, const char *path, const char *sha256, gint64 size, gint64 mtime_ns,
                        GError **error);
bool cache_manifest_remove(struct cache *cache, const char *course_key, const char *path, GError **error);

/* Between these two everything is read from one state of the database, and hashes of files are remembered and written at the end.
 * Nothing else may be written in between. */
bool cache_begin_reading(struct cache *cache, GError **error);
bool cache_end_reading(struct cache *cache, GError **error);

bool cache_begin(struct cache *cache, GError **error);
bool cache_commit(struct cache *cache, GError **error);
