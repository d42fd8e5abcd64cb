#include "store/cache_db.h"

#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "os/file.h"

/* A file of which this much time has not passed since its change may change again within the same time stamp: its hash is not kept. */
#define SETTLED_NS (2 * G_GINT64_CONSTANT(1000000000))

/* Version 2. Version 1 means the earlier implementation: its tables hold results in a form of its own and are left as they are. */
static const char schema_sql[] = "CREATE TABLE IF NOT EXISTS results ("
                                 " key TEXT PRIMARY KEY CHECK (length(key) = 64),"   /* hash of all that goes into the result */
                                 " result TEXT NOT NULL CHECK (json_valid(result))," /* docs/contracts.md; names objects by hash */
                                 " created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP);"
                                 "CREATE TABLE IF NOT EXISTS files (" /* hashes of source files by stat */
                                 " path TEXT PRIMARY KEY,"            /* absolute */
                                 " size INTEGER NOT NULL,"
                                 " mtime_ns INTEGER NOT NULL,"
                                 " inode INTEGER NOT NULL,"
                                 " sha256 TEXT NOT NULL CHECK (length(sha256) = 64)) WITHOUT ROWID;"
                                 "CREATE TABLE IF NOT EXISTS manifest (" /* what the builds of a course wrote */
                                 " course_key TEXT NOT NULL,"
                                 " path TEXT NOT NULL," /* of the output, absolute */
                                 " sha256 TEXT NOT NULL CHECK (length(sha256) = 64),"
                                 " size INTEGER NOT NULL,"
                                 " mtime_ns INTEGER NOT NULL,"
                                 " PRIMARY KEY (course_key, path)) WITHOUT ROWID;";

static const char *const known_tables[] = {"results", "processed_files", "execution_cache", "schema_version", NULL};

static const struct db_schema cache_schema = {
    .what = "cache database",
    .option = "--cache-db-path",
    .version = 2,
    .sql = schema_sql,
    .known_tables = known_tables,
};

static char *objects_folder(const char *db_path)
{
    g_autofree char *stem = g_str_has_suffix(db_path, ".db") ? g_strndup(db_path, strlen(db_path) - 3) : g_strdup(db_path);

    return g_strconcat(stem, ".objects", NULL);
}

struct cache *cache_open(const char *db_path, GError **error)
{
    g_autofree struct cache *cache = g_new0(struct cache, 1);

    if (!db_open(&cache->db, db_path, &cache_schema, error))
        return NULL;
    cache->objects = objects_folder(db_path);
    return g_steal_pointer(&cache);
}

void cache_close(struct cache *cache)
{
    if (!cache)
        return;
    db_close(&cache->db);
    g_clear_pointer(&cache->new_hashes, g_ptr_array_unref);
    g_free(cache->objects);
    g_free(cache);
}

bool cache_begin(struct cache *cache, GError **error)
{
    return db_exec(&cache->db, "BEGIN IMMEDIATE", error);
}

bool cache_commit(struct cache *cache, GError **error)
{
    if (db_exec(&cache->db, "COMMIT", error))
        return true;
    sqlite3_exec(cache->db.handle, "ROLLBACK", NULL, NULL, NULL);
    return false;
}

int cache_find_result(struct cache *cache, const char *key, json_t **ret_result, GError **error)
{
    sqlite3_stmt *statement = db_query(&cache->db, error, "SELECT result FROM results WHERE key = ?1", "s", key);
    int got = statement ? db_step(&cache->db, statement, error) : -1;
    json_t *result;

    if (got <= 0)
        return got;
    result = json_parse((const char *)sqlite3_column_text(statement, 0), (size_t)sqlite3_column_bytes(statement, 0), NULL);
    sqlite3_reset(statement);
    if (!result)
        return 0; /* damaged: as if it were not there, and replaced with the next result */
    *ret_result = result;
    return 1;
}

bool cache_add_result(struct cache *cache, const char *key, const json_t *result, GError **error)
{
    g_autofree char *text = json_to_text(result);

    return db_run(&cache->db, NULL, error,
                  "INSERT INTO results (key, result) VALUES (?1, ?2)"
                  " ON CONFLICT (key) DO UPDATE SET result = excluded.result, created_at = CURRENT_TIMESTAMP",
                  "ss", key, text);
}

bool cache_remove_result(struct cache *cache, const char *key, GError **error)
{
    return db_run(&cache->db, NULL, error, "DELETE FROM results WHERE key = ?1", "s", key);
}

static gint64 mtime_ns(const struct stat *info)
{
    return (gint64)info->st_mtim.tv_sec * 1000000000 + info->st_mtim.tv_nsec;
}

static char *find_file_hash(struct cache *cache, const char *path, const struct stat *info)
{
    sqlite3_stmt *statement =
        db_query(&cache->db, NULL, "SELECT sha256 FROM files WHERE path = ?1 AND size = ?2 AND mtime_ns = ?3 AND inode = ?4", "siii", path,
                 (gint64)info->st_size, mtime_ns(info), (gint64)info->st_ino);
    char *result;

    if (!statement || db_step(&cache->db, statement, NULL) != 1)
        return NULL;
    result = db_column_text(statement, 0);
    sqlite3_reset(statement);
    return result;
}

struct file_row {
    char *path, *sha256;
    gint64 size, changed_ns, inode;
};

static void free_file_row(gpointer data)
{
    struct file_row *row = data;

    g_free(row->path);
    g_free(row->sha256);
    g_free(row);
}

static bool write_file_row(struct cache *cache, const struct file_row *row, GError **error)
{
    return db_run(&cache->db, NULL, error, "INSERT OR REPLACE INTO files (path, size, mtime_ns, inode, sha256) VALUES (?1, ?2, ?3, ?4, ?5)",
                  "siiis", row->path, row->size, row->changed_ns, row->inode, row->sha256);
}

static bool keep_file_hash(struct cache *cache, const char *path, const struct stat *info, const char *hash, GError **error)
{
    struct file_row row = {(char *)path, (char *)hash, info->st_size, mtime_ns(info), (gint64)info->st_ino};
    struct file_row *copy;

    if (g_get_real_time() * 1000 - row.changed_ns <= SETTLED_NS)
        return true;
    if (!cache->new_hashes)
        return write_file_row(cache, &row, error);
    copy = g_memdup2(&row, sizeof row);
    copy->path = g_strdup(path);
    copy->sha256 = g_strdup(hash);
    g_ptr_array_add(cache->new_hashes, copy);
    return true;
}

bool cache_begin_reading(struct cache *cache, GError **error)
{
    cache->new_hashes = g_ptr_array_new_with_free_func(free_file_row);
    return db_exec(&cache->db, "BEGIN", error);
}

bool cache_end_reading(struct cache *cache, GError **error)
{
    g_autoptr(GPtrArray) rows = g_steal_pointer(&cache->new_hashes);

    if (!cache_commit(cache, error))
        return false;
    if (rows->len == 0)
        return true;
    if (!cache_begin(cache, error))
        return false;
    for (guint i = 0; i < rows->len; i++)
        if (!write_file_row(cache, rows->pdata[i], error))
            return cache_commit(cache, NULL) && false;
    return cache_commit(cache, error);
}

char *cache_file_hash(struct cache *cache, const char *path, const struct stat *info, GError **error)
{
    g_autofree char *hash = find_file_hash(cache, path, info);

    if (hash)
        return g_steal_pointer(&hash);
    hash = file_sha256(path, error);
    if (!hash || !keep_file_hash(cache, path, info, hash, error))
        return NULL;
    return g_steal_pointer(&hash);
}

struct manifest_row {
    char *path, *sha256;
    gint64 size, mtime_ns;
};

static void free_manifest_row(struct manifest_row *row)
{
    g_free(row->path);
    g_free(row->sha256);
    g_free(row);
}

/* All rows are read before the first call, so that `each` may change the manifest. */
bool cache_manifest_list(struct cache *cache, const char *course_key, manifest_each *each, gpointer data, GError **error)
{
    g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func((GDestroyNotify)free_manifest_row);
    sqlite3_stmt *statement = db_query(
        &cache->db, error, "SELECT path, sha256, size, mtime_ns FROM manifest WHERE course_key = ?1 ORDER BY path", "s", course_key);
    int got = -1;

    while (statement && (got = db_step(&cache->db, statement, error)) == 1) {
        struct manifest_row *row = g_new0(struct manifest_row, 1);

        *row = (struct manifest_row){db_column_text(statement, 0), db_column_text(statement, 1), sqlite3_column_int64(statement, 2),
                                     sqlite3_column_int64(statement, 3)};
        g_ptr_array_add(rows, row);
    }
    if (got < 0)
        return false;
    for (guint i = 0; i < rows->len; i++) {
        const struct manifest_row *row = rows->pdata[i];

        each(row->path, row->sha256, row->size, row->mtime_ns, data);
    }
    return true;
}

bool cache_manifest_set(struct cache *cache, const char *course_key, const char *path, const char *sha256, gint64 size, gint64 changed_ns,
                        GError **error)
{
    return db_run(&cache->db, NULL, error,
                  "INSERT OR REPLACE INTO manifest (course_key, path, sha256, size, mtime_ns) VALUES (?1, ?2, ?3, ?4, ?5)", "sssii",
                  course_key, path, sha256, size, changed_ns);
}

bool cache_manifest_remove(struct cache *cache, const char *course_key, const char *path, GError **error)
{
    return db_run(&cache->db, NULL, error, "DELETE FROM manifest WHERE course_key = ?1 AND path = ?2", "ss", course_key, path);
}
