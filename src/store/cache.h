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
/* The same for bytes whose hash the caller has just computed. */
bool cache_put_hashed(struct cache *cache, const char *sha256, const void *data, size_t length, GError **error);
GBytes *cache_get_object(struct cache *cache, const char *sha256, GError **error);
char *cache_object_path(const struct cache *cache, const char *sha256);

/* The same as get, into memory of the cache: good until the next call, which costs nothing for the same object. Who reads many of them asks
 * the system for no new memory each time. */
const void *cache_read_object(struct cache *cache, const char *sha256, size_t *ret_length, GError **error);
/* `size` -1: any. */
bool cache_has_object(const struct cache *cache, const char *sha256, gint64 size);

/* Results by key (64 hex digits) -> JSON object. find: 1 and the value, 0 none, -1 error; a found one counts as used today. */
int cache_find_result(struct cache *cache, const char *key, json_t **ret_result, GError **error);
bool cache_add_result(struct cache *cache, const char *key, const json_t *result, GError **error);
bool cache_remove_result(struct cache *cache, const char *key, GError **error);

/* Forgets every result (--clear-cache); the objects go with the next cache_collect(). What builds wrote is still known. */
bool cache_clear_results(struct cache *cache, GError **error);

/* What is known of a file by its stat (path, size, times, inode), found out only when the stat is new. Caller frees. */
enum file_digest {
    DIGEST_BYTES, /* SHA-256 of the file */
    DIGEST_TEXT,  /* SHA-256 with every CR LF as LF: for sources, where line endings do not matter */
};
char *cache_file_hash(struct cache *cache, const char *path, const struct stat *info, enum file_digest digest, GError **error);

/* A text that somebody derived from a file (what its titles are, what it refers to); find: NULL when there is none for this stat. The
 * caller frees it. Keeping one is best effort. */
char *cache_file_facts(struct cache *cache, const char *path, const struct stat *info);
void cache_keep_file_facts(struct cache *cache, const char *path, const struct stat *info, const char *facts);

/* Per-course manifest: what the builds of a spec wrote. A row is made before its file is written, so that a killed build leaves no file that
 * nobody knows: until then `next_sha256` (else NULL) is what is about to replace the bytes of `sha256`. */
struct manifest_row {
    const char *path; /* of the output, absolute */
    const char *sha256, *next_sha256;
    gint64 size, mtime_ns;
    const char *scope; /* which part of the course it belongs to, in the publisher's own form */
    int root_length;   /* how much of `path` is the root of its output tree; 0: not known */
};
/* The row and its texts are good until it returns. It must not use the cache. */
typedef void manifest_each(const struct manifest_row *row, gpointer data);
bool cache_manifest_list(struct cache *cache, const char *course_key, manifest_each *each, gpointer data, GError **error);
bool cache_manifest_set(struct cache *cache, const char *course_key, const struct manifest_row *row, GError **error);
bool cache_manifest_remove(struct cache *cache, const char *course_key, const char *path, GError **error);

/* The courses that have a manifest; the caller frees the NULL-terminated array. NULL with `error`. */
char **cache_list_courses(struct cache *cache, GError **error);

/* Between these two everything is read from one state of the database; hashes of files and uses of results are remembered and written at
 * the end. Nothing else may be written in between. */
bool cache_begin_reading(struct cache *cache, GError **error);
bool cache_end_reading(struct cache *cache, GError **error);

bool cache_begin(struct cache *cache, GError **error);
bool cache_commit(struct cache *cache, GError **error);
