#include "store/cache.h"

#include <string.h>

#include "store/cache_db.h"

#define TODAY "CAST(strftime('%s', 'now') AS INTEGER) / 86400"

/* Version 3. Version 1 means the earlier implementation: its tables hold results in a form of its own and are left as they are. */
static const char schema_sql[] = "CREATE TABLE IF NOT EXISTS results ("
                                 " key TEXT PRIMARY KEY CHECK (length(key) = 64),"   /* hash of all that goes into the result */
                                 " result TEXT NOT NULL CHECK (json_valid(result))," /* docs/contracts.md; names objects by hash */
                                 " created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,"
                                 " used_day INTEGER NOT NULL);"       /* last use, in days since 1970 */
                                 "CREATE TABLE IF NOT EXISTS files (" /* what is known of a file by its stat */
                                 " path TEXT PRIMARY KEY,"            /* absolute */
                                 " size INTEGER NOT NULL,"
                                 " mtime_ns INTEGER NOT NULL,"
                                 " ctime_ns INTEGER NOT NULL,"
                                 " inode INTEGER NOT NULL,"
                                 " sha256 TEXT CHECK (length(sha256) = 64),"           /* of its bytes */
                                 " text_sha256 TEXT CHECK (length(text_sha256) = 64)," /* with CR LF as LF */
                                 " facts TEXT) WITHOUT ROWID;"                         /* JSON: what src/course reads out of it */
                                 "CREATE TABLE IF NOT EXISTS manifest ("               /* what the builds of a course wrote */
                                 " course_key TEXT NOT NULL,"                          /* the path of its spec */
                                 " path TEXT NOT NULL,"                                /* of the output, absolute */
                                 " sha256 TEXT NOT NULL CHECK (length(sha256) = 64),"
                                 " size INTEGER NOT NULL,"
                                 " mtime_ns INTEGER NOT NULL,"
                                 " next_sha256 TEXT CHECK (length(next_sha256) = 64)," /* what was about to be written */
                                 " scope TEXT NOT NULL DEFAULT '',"                    /* language, kind and topic */
                                 " root_length INTEGER NOT NULL DEFAULT 0,"            /* of the part of `path` that is the tree's root */
                                 " PRIMARY KEY (course_key, path)) WITHOUT ROWID;"
                                 "CREATE TABLE IF NOT EXISTS upkeep (" /* when the cache was last looked after */
                                 " name TEXT PRIMARY KEY,"
                                 " value INTEGER NOT NULL) WITHOUT ROWID;";

static const char *const known_tables[] = {"results", "processed_files", "execution_cache", "schema_version", NULL};

static bool has_manifest(struct db *db)
{
    sqlite3_stmt *statement = db_query(db, NULL, "SELECT 1 FROM sqlite_master WHERE name = 'manifest'", "");
    bool has = statement != NULL && db_step(db, statement, NULL) == 1;
    if (has)
        sqlite3_reset(statement);
    return has;
}

/* Results of another program version are of no use; what builds wrote must stay known, so that strays can be removed. */
static bool upgrade(struct db *db, GError **error)
{
    return db_exec(db, "DROP TABLE IF EXISTS results; DROP TABLE IF EXISTS files;", error) &&
           (!has_manifest(db) || db_exec(db,
                                         "ALTER TABLE manifest ADD COLUMN next_sha256 TEXT CHECK (length(next_sha256) = 64);"
                                         "ALTER TABLE manifest ADD COLUMN scope TEXT NOT NULL DEFAULT '';"
                                         "ALTER TABLE manifest ADD COLUMN root_length INTEGER NOT NULL DEFAULT 0;",
                                         error));
}

static const struct db_schema cache_schema = {
    .what = "cache database",
    .option = "--cache-db-path",
    .version = 3,
    .sql = schema_sql,
    .known_tables = known_tables,
    .upgrade = upgrade,
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
    if (cache == NULL)
        return;
    db_close(&cache->db);
    g_clear_pointer(&cache->new_files, g_ptr_array_unref);
    g_clear_pointer(&cache->used_keys, g_ptr_array_unref);
    g_free(cache->objects);
    g_free(cache->object);
    g_free(cache->object_bytes);
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

/* ---- results ---- */

static bool write_use(struct cache *cache, const char *key, GError **error)
{
    return db_run(&cache->db, NULL, error, "UPDATE results SET used_day = " TODAY " WHERE key = ?1", "s", key);
}

/* A use is written once a day: a build that has nothing to do writes nothing. */
static void note_use(struct cache *cache, const char *key)
{
    if (cache->used_keys != NULL)
        g_ptr_array_add(cache->used_keys, g_strdup(key));
    else
        write_use(cache, key, NULL);
}

int cache_find_result(struct cache *cache, const char *key, json_t **ret_result, GError **error)
{
    sqlite3_stmt *statement = db_query(&cache->db, error, "SELECT result, used_day < " TODAY " FROM results WHERE key = ?1", "s", key);
    int got = statement != NULL ? db_step(&cache->db, statement, error) : -1;
    if (got <= 0)
        return got;
    json_t *result = json_parse((const char *)sqlite3_column_text(statement, 0), (size_t)sqlite3_column_bytes(statement, 0), NULL);
    bool is_first_today = sqlite3_column_int(statement, 1) != 0;
    sqlite3_reset(statement);
    if (result == NULL)
        return 0; /* damaged: as if it were not there, and replaced with the next result */
    if (is_first_today)
        note_use(cache, key);
    *ret_result = result;
    return 1;
}

bool cache_add_result(struct cache *cache, const char *key, const json_t *result, GError **error)
{
    g_autofree char *text = json_to_text(result);
    return db_run(&cache->db, NULL, error,
                  "INSERT INTO results (key, result, used_day) VALUES (?1, ?2, " TODAY ")"
                  " ON CONFLICT (key) DO UPDATE SET result = excluded.result, created_at = CURRENT_TIMESTAMP, used_day = excluded.used_day",
                  "ss", key, text);
}

bool cache_remove_result(struct cache *cache, const char *key, GError **error)
{
    return db_run(&cache->db, NULL, error, "DELETE FROM results WHERE key = ?1", "s", key);
}

bool cache_clear_results(struct cache *cache, GError **error)
{
    return db_exec(&cache->db, "DELETE FROM results", error);
}

/* ---- reading all at once ---- */

bool cache_begin_reading(struct cache *cache, GError **error)
{
    cache->new_files = g_ptr_array_new_with_free_func(cache_file_row_free);
    cache->used_keys = g_ptr_array_new_with_free_func(g_free);
    return db_exec(&cache->db, "BEGIN", error);
}

static bool write_uses(struct cache *cache, const GPtrArray *keys, GError **error)
{
    for (guint i = 0; i < keys->len; i++)
        if (!write_use(cache, keys->pdata[i], error))
            return false;
    return true;
}

bool cache_end_reading(struct cache *cache, GError **error)
{
    g_autoptr(GPtrArray) files = g_steal_pointer(&cache->new_files), keys = g_steal_pointer(&cache->used_keys);
    if (!cache_commit(cache, error))
        return false;
    if (files->len == 0 && keys->len == 0)
        return true;
    if (!cache_begin(cache, error))
        return false;
    if (!cache_write_files(cache, files, error) || !write_uses(cache, keys, error))
        return cache_commit(cache, NULL) && false;
    return cache_commit(cache, error);
}

/* ---- manifest ---- */

bool cache_manifest_list(struct cache *cache, const char *course_key, manifest_each *each, gpointer data, GError **error)
{
    sqlite3_stmt *statement = db_query(&cache->db, error,
                                       "SELECT path, sha256, next_sha256, scope, size, mtime_ns, root_length FROM manifest"
                                       " WHERE course_key = ?1 ORDER BY path",
                                       "s", course_key);
    int got = -1;
    while (statement != NULL && (got = db_step(&cache->db, statement, error)) == 1) {
        struct manifest_row row = {
            .path = (const char *)sqlite3_column_text(statement, 0),
            .sha256 = (const char *)sqlite3_column_text(statement, 1),
            .next_sha256 = (const char *)sqlite3_column_text(statement, 2),
            .scope = (const char *)sqlite3_column_text(statement, 3),
            .size = sqlite3_column_int64(statement, 4),
            .mtime_ns = sqlite3_column_int64(statement, 5),
            .root_length = sqlite3_column_int(statement, 6),
        };
        each(&row, data);
    }
    return got >= 0;
}

bool cache_manifest_set(struct cache *cache, const char *course_key, const struct manifest_row *row, GError **error)
{
    return db_run(&cache->db, NULL, error,
                  "INSERT OR REPLACE INTO manifest (course_key, path, sha256, next_sha256, scope, size, mtime_ns, root_length)"
                  " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                  "sssssiii", course_key, row->path, row->sha256, row->next_sha256, row->scope, row->size, row->mtime_ns,
                  (gint64)row->root_length);
}

bool cache_manifest_remove(struct cache *cache, const char *course_key, const char *path, GError **error)
{
    return db_run(&cache->db, NULL, error, "DELETE FROM manifest WHERE course_key = ?1 AND path = ?2", "ss", course_key, path);
}

char **cache_list_courses(struct cache *cache, GError **error)
{
    g_autoptr(GStrvBuilder) courses = g_strv_builder_new();
    sqlite3_stmt *statement = db_query(&cache->db, error, "SELECT DISTINCT course_key FROM manifest ORDER BY course_key", "");
    int got = -1;
    while (statement != NULL && (got = db_step(&cache->db, statement, error)) == 1)
        g_strv_builder_add(courses, (const char *)sqlite3_column_text(statement, 0));
    return got < 0 ? NULL : g_strv_builder_end(courses);
}
