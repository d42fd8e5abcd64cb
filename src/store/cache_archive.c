/* Archives are SQLite databases of two plain tables. They come from other machines: nothing in them is believed that is not checked, and no
 * code in them (views, triggers, functions) is ever run. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/hash.h"
#include "os/file.h"
#include "store/cache_db.h"
#include "store/cache_upkeep.h"

#define APPLICATION_ID "1668053091" /* "clxc" */

#define RESULTS_TABLE "results (key TEXT PRIMARY KEY, result TEXT NOT NULL) WITHOUT ROWID"
#define OBJECTS_TABLE "objects (name TEXT PRIMARY KEY, data BLOB NOT NULL) WITHOUT ROWID"

static const char archive_sql[] = "PRAGMA archive.journal_mode = MEMORY;"
                                  "PRAGMA archive.application_id = " APPLICATION_ID ";"
                                  "CREATE TABLE archive." RESULTS_TABLE ";"
                                  "CREATE TABLE archive." OBJECTS_TABLE ";";

static bool attach(struct cache *cache, const char *path, GError **error)
{
    return db_run(&cache->db, NULL, error, "ATTACH DATABASE ?1 AS archive", "s", path);
}

/* Statements on the archive are forgotten first: one that is cached keeps it open. */
static void detach(struct cache *cache)
{
    g_hash_table_remove_all(cache->db.statements);
    db_exec(&cache->db, "DETACH DATABASE archive", NULL);
}

/* ---- out ---- */

static bool write_object(struct cache *cache, const char *name, GBytes *bytes, GError **error)
{
    gsize length;
    const void *data = g_bytes_get_data(bytes, &length);
    sqlite3_stmt *statement =
        db_query(&cache->db, error, "INSERT OR IGNORE INTO archive.objects (name, data) VALUES (?1, ?2)", "ss", name, "");
    if (statement == NULL)
        return false;
    sqlite3_bind_blob64(statement, 2, data, length, SQLITE_STATIC);
    bool ok = db_step(&cache->db, statement, error) == 0;
    sqlite3_clear_bindings(statement);
    return ok;
}

/* False with an error; a result of which an object is missing or damaged is left out. */
static bool export_row(struct cache *cache, const char *key, const char *text, const json_t *result, struct cache_cargo *cargo,
                       GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    cache_find_names(result, names);
    for (unsigned i = 0; i < names->len; i++) {
        g_autoptr(GBytes) bytes = cache_has_object(cache, names->pdata[i], -1) ? cache_get_object(cache, names->pdata[i], NULL) : NULL;
        if (bytes == NULL) /* the hash of an input, or an object that is gone */
            continue;
        if (!write_object(cache, names->pdata[i], bytes, error))
            return false;
        cargo->n_objects++;
    }
    cargo->n_results++;
    return db_run(&cache->db, NULL, error, "INSERT INTO archive.results (key, result) VALUES (?1, ?2)", "ss", key, text);
}

static GPtrArray *list_keys(struct cache *cache, const char *sql, GError **error)
{
    g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func(g_free);
    sqlite3_stmt *statement = db_query(&cache->db, error, sql, "");
    int got = -1;
    while (statement != NULL && (got = db_step(&cache->db, statement, error)) == 1)
        g_ptr_array_add(keys, db_column_text(statement, 0));
    return got < 0 ? NULL : g_steal_pointer(&keys);
}

static bool export_all(struct cache *cache, bool is_executions, struct cache_cargo *cargo, GError **error)
{
    g_autoptr(GPtrArray) keys = list_keys(cache, "SELECT key FROM results ORDER BY key", error);
    if (keys == NULL)
        return false;
    for (unsigned i = 0; i < keys->len; i++) {
        g_autoptr(json_t) result = NULL;
        int found = cache_find_result(cache, keys->pdata[i], &result, error);
        if (found < 0)
            return false;
        bool is_execution = json_object_get(result, "object") != NULL, is_result = json_object_get(result, "variants") != NULL;
        g_autofree char *text = found == 1 ? json_to_text(result) : NULL;
        if ((is_execution || (is_result && !is_executions)) && !export_row(cache, keys->pdata[i], text, result, cargo, error))
            return false;
    }
    return true;
}

static bool fill(struct cache *cache, const char *path, bool is_executions, struct cache_cargo *cargo, GError **error)
{
    if (!attach(cache, path, error))
        return false;
    bool ok = db_exec(&cache->db, archive_sql, error) && cache_begin(cache, error);
    if (ok) {
        ok = export_all(cache, is_executions, cargo, error);
        ok = cache_commit(cache, ok ? error : NULL) && ok;
    }
    detach(cache);
    return ok;
}

bool cache_export(struct cache *cache, const char *path, bool is_executions, struct cache_cargo *ret_cargo, GError **error)
{
    struct cache_cargo cargo = {0};
    g_autofree char *temporary = g_strdup_printf("%s.%d.tmp", path, (int)getpid());
    unlink(temporary);
    bool ok = fill(cache, temporary, is_executions, &cargo, error);
    if (ok && rename(temporary, path) != 0) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_FAILED, "cannot write '%s'", path);
        ok = false;
    }
    unlink(temporary);
    if (ok)
        *ret_cargo = cargo;
    return ok;
}

/* ---- in ---- */

static bool refuse(const char *path, GError **error)
{
    g_set_error(error, CLX_ERROR, CLX_ERROR_FAILED, "'%s' is no archive of clx, or is damaged\nmake one with clx cache export", path);
    return false;
}

/* Exactly the two tables, word for word (no views, triggers, generated columns), and an undamaged file. */
static bool check_archive(struct cache *cache, const char *path, GError **error)
{
    static const struct {
        const char *sql, *expected;
    } checks[] = {
        {"PRAGMA archive.application_id", APPLICATION_ID},
        {"SELECT group_concat(sql, ';') FROM (SELECT sql FROM archive.sqlite_master ORDER BY name)",
         "CREATE TABLE " OBJECTS_TABLE ";CREATE TABLE " RESULTS_TABLE},
        {"PRAGMA archive.quick_check(1)", "ok"},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(checks); i++) {
        sqlite3_stmt *statement = db_query(&cache->db, NULL, checks[i].sql, "");
        bool is_right = statement != NULL && db_step(&cache->db, statement, NULL) == 1 &&
                        g_strcmp0((const char *)sqlite3_column_text(statement, 0), checks[i].expected) == 0;
        if (statement != NULL)
            sqlite3_reset(statement);
        if (!is_right)
            return refuse(path, error);
    }
    return true;
}

static bool import_objects(struct cache *cache, struct cache_cargo *cargo, GError **error)
{
    sqlite3_stmt *statement = db_query(&cache->db, error, "SELECT name, data FROM archive.objects", "");
    int got = -1;
    while (statement != NULL && (got = db_step(&cache->db, statement, error)) == 1) {
        const char *name = (const char *)sqlite3_column_text(statement, 0);
        const void *data = sqlite3_column_blob(statement, 1);
        size_t length = (size_t)sqlite3_column_bytes(statement, 1);
        g_autofree char *hash = hash_sha256_hex(data != NULL ? data : "", length);
        if (name == NULL || strcmp(name, hash) != 0) {
            cargo->n_refused++;
            continue;
        }
        bool is_there = cache_has_object(cache, name, (gint64)length);
        g_autofree char *put = is_there ? g_strdup(name) : cache_put_object(cache, data != NULL ? data : "", length, error);
        if (put == NULL) {
            sqlite3_reset(statement);
            return false;
        }
        cargo->n_objects += !is_there;
    }
    return got >= 0;
}

static bool has_objects(struct cache *cache, const json_t *result)
{
    size_t i;
    json_t *variant, *output;
    const char *name;
    const char *object = json_get_text(result, "object", NULL);
    if (object != NULL && !cache_has_object(cache, object, -1))
        return false;
    json_array_foreach(json_object_get(result, "variants"), i, variant)
        json_object_foreach(json_object_get(variant, "outputs"), name,
                            output) if (!json_is_string(output) || !cache_has_object(cache, json_string_value(output), -1)) return false;
    return object != NULL || json_is_array(json_object_get(result, "variants"));
}

static bool import_row(struct cache *cache, const char *key, struct cache_cargo *cargo, GError **error)
{
    g_autoptr(json_t) known = NULL, result = NULL;
    int found = cache_find_result(cache, key, &known, error);
    if (found != 0)
        return found == 1;
    sqlite3_stmt *statement = db_query(&cache->db, error, "SELECT result FROM archive.results WHERE key = ?1", "s", key);
    int got = statement != NULL ? db_step(&cache->db, statement, error) : -1;
    if (got < 0)
        return false;
    const char *text = got == 1 ? (const char *)sqlite3_column_text(statement, 0) : NULL; /* a damaged index does not know the key */
    result = text != NULL ? json_parse(text, (size_t)sqlite3_column_bytes(statement, 0), NULL) : NULL;
    sqlite3_reset(statement);
    bool is_good = strlen(key) == 64 && strspn(key, "0123456789abcdef") == 64 && json_is_object(result) && has_objects(cache, result);
    cargo->n_refused += !is_good;
    cargo->n_results += is_good;
    return !is_good || cache_add_result(cache, key, result, error);
}

static bool import_all(struct cache *cache, struct cache_cargo *cargo, GError **error)
{
    g_autoptr(GPtrArray) keys = list_keys(cache, "SELECT key FROM archive.results ORDER BY key", error);
    if (keys == NULL || !import_objects(cache, cargo, error) || !cache_begin(cache, error))
        return false;
    bool ok = true;
    for (unsigned i = 0; i < keys->len && ok; i++)
        ok = import_row(cache, keys->pdata[i] != NULL ? keys->pdata[i] : "", cargo, error);
    return cache_commit(cache, ok ? error : NULL) && ok;
}

bool cache_import(struct cache *cache, const char *path, struct cache_cargo *ret_cargo, GError **error)
{
    struct cache_cargo cargo = {0};
    g_autoptr(GError) problem = NULL;
    if (!g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_NOT_FOUND, "there is no file '%s'", path);
        return false;
    }
    if (!attach(cache, path, &problem))
        return refuse(path, error);
    bool ok = check_archive(cache, path, error) && import_all(cache, &cargo, error);
    detach(cache);
    if (ok)
        *ret_cargo = cargo;
    return ok;
}
