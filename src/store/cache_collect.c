#include <string.h>
#include <unistd.h>

#include "os/file.h"
#include "store/cache_db.h"
#include "store/cache_upkeep.h"

#define GRACE_S 3600
#define PERIOD_S 3600
#define DAY_S 86400

struct object {
    gint64 size, changed_s;
    unsigned n_refs;
};

struct row {
    char *key;
    gint64 used_day;
    GPtrArray *names; /* of objects */
};

struct collector {
    struct cache *cache;
    GHashTable *objects;  /* name -> struct object * */
    GPtrArray *rows;      /* struct row *, longest unused first */
    GPtrArray *leftovers; /* paths of temporary files of killed processes */
    gint64 now_s, used_bytes;
};

static void row_free(gpointer data)
{
    struct row *row = data;
    g_free(row->key);
    g_ptr_array_unref(row->names);
    g_free(row);
}

static bool list_object(const char *relative, const struct stat *info, gpointer data)
{
    struct collector *collector = data;
    const char *name = strrchr(relative, '/');
    if (name != NULL && strlen(relative) == 65 && name == relative + 2) {
        struct object *object = g_new0(struct object, 1);
        *object = (struct object){info->st_size, info->st_mtim.tv_sec, 0};
        g_hash_table_insert(collector->objects, g_strdup_printf("%.2s%s", relative, name + 1), object);
    } else if (g_str_has_suffix(relative, ".tmp") && collector->now_s - info->st_mtim.tv_sec > GRACE_S) {
        g_ptr_array_add(collector->leftovers, g_build_filename(collector->cache->objects, relative, NULL));
    }
    return true;
}

/* Every text in a result that is the name of an object. */
void cache_find_names(const json_t *value, GPtrArray *names)
{
    const char *key, *text = json_string_value(value);
    json_t *member;
    size_t i;
    if (text != NULL && strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64)
        g_ptr_array_add(names, g_strdup(text));
    if (json_is_array(value))
        json_array_foreach(value, i, member) cache_find_names(member, names);
    if (json_is_object(value))
        json_object_foreach((json_t *)value, key, member) cache_find_names(member, names);
}

static void refer(struct collector *collector, const struct row *row, int step)
{
    for (unsigned i = 0; i < row->names->len; i++) {
        struct object *object = g_hash_table_lookup(collector->objects, row->names->pdata[i]);
        if (object == NULL)
            continue;
        bool was_used = object->n_refs > 0;
        object->n_refs = (unsigned)((int)object->n_refs + step);
        collector->used_bytes += was_used == (object->n_refs > 0) ? 0 : step * object->size;
    }
}

static bool list_rows(struct collector *collector, GError **error)
{
    sqlite3_stmt *statement =
        db_query(&collector->cache->db, error, "SELECT key, used_day, result FROM results ORDER BY used_day, created_at, key", "");
    int got = -1;
    while (statement != NULL && (got = db_step(&collector->cache->db, statement, error)) == 1) {
        struct row *row = g_new0(struct row, 1);
        *row = (struct row){db_column_text(statement, 0), sqlite3_column_int64(statement, 1), g_ptr_array_new_with_free_func(g_free)};
        g_autoptr(json_t) result =
            json_parse((const char *)sqlite3_column_text(statement, 2), (size_t)sqlite3_column_bytes(statement, 2), NULL);
        cache_find_names(result, row->names);
        refer(collector, row, 1);
        g_ptr_array_add(collector->rows, row);
    }
    return got >= 0;
}

/* True if the row has to go; its objects are then without it. */
static bool is_condemned(struct collector *collector, const struct row *row, const struct cache_limits *limits)
{
    gint64 today = collector->now_s / DAY_S;
    bool is_old = today - row->used_day > limits->max_age_days;
    bool is_too_much = collector->used_bytes > (gint64)MIN(limits->max_bytes, G_MAXINT64) && row->used_day < today;
    if (is_old || is_too_much)
        refer(collector, row, -1);
    return is_old || is_too_much;
}

static bool remove_rows(struct collector *collector, const struct cache_limits *limits, bool is_dry_run,
                        struct cache_collection *ret_removed, GError **error)
{
    if (!is_dry_run && !cache_begin(collector->cache, error))
        return false;
    bool ok = true;
    for (unsigned i = 0; i < collector->rows->len && ok; i++) {
        const struct row *row = collector->rows->pdata[i];
        if (!is_condemned(collector, row, limits))
            continue;
        ret_removed->n_results++;
        ok = is_dry_run || cache_remove_result(collector->cache, row->key, error);
    }
    return is_dry_run || (cache_commit(collector->cache, ok ? error : NULL) && ok);
}

static void remove_objects(struct collector *collector, bool is_dry_run, struct cache_collection *ret_removed)
{
    GHashTableIter iter;
    gpointer name, value;
    g_hash_table_iter_init(&iter, collector->objects);
    while (g_hash_table_iter_next(&iter, &name, &value)) {
        const struct object *object = value;
        if (object->n_refs > 0 || collector->now_s - object->changed_s < GRACE_S)
            continue;
        g_autofree char *path = cache_object_path(collector->cache, name);
        if (!is_dry_run && unlink(path) != 0)
            continue;
        ret_removed->n_objects++;
        ret_removed->bytes += object->size;
    }
    for (unsigned i = 0; !is_dry_run && i < collector->leftovers->len; i++)
        unlink(collector->leftovers->pdata[i]);
}

/* Files that are gone are known no longer. */
static bool forget_files(struct cache *cache, GError **error)
{
    g_autoptr(GPtrArray) gone = g_ptr_array_new_with_free_func(g_free);
    sqlite3_stmt *statement = db_query(&cache->db, error, "SELECT path FROM files", "");
    int got = -1;
    while (statement != NULL && (got = db_step(&cache->db, statement, error)) == 1)
        if (access((const char *)sqlite3_column_text(statement, 0), F_OK) != 0)
            g_ptr_array_add(gone, db_column_text(statement, 0));
    if (got < 0 || !cache_begin(cache, error))
        return false;
    bool ok = true;
    for (unsigned i = 0; i < gone->len && ok; i++)
        ok = db_run(&cache->db, NULL, error, "DELETE FROM files WHERE path = ?1", "s", gone->pdata[i]);
    return cache_commit(cache, ok ? error : NULL) && ok;
}

static bool note_time(struct cache *cache, gint64 now_s, GError **error)
{
    return db_run(&cache->db, NULL, error, "INSERT OR REPLACE INTO upkeep (name, value) VALUES ('collected_at', ?1)", "i", now_s);
}

bool cache_collect(struct cache *cache, const struct cache_limits *limits, bool is_dry_run, struct cache_collection *ret_removed,
                   GError **error)
{
    struct cache_collection removed = {0};
    g_autoptr(GHashTable) objects = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(row_free), leftovers = g_ptr_array_new_with_free_func(g_free);
    struct collector collector = {cache, objects, rows, leftovers, g_get_real_time() / G_USEC_PER_SEC, 0};
    if (g_file_test(cache->objects, G_FILE_TEST_IS_DIR) && !file_walk(cache->objects, NULL, list_object, &collector, error))
        return false;
    if (!list_rows(&collector, error) || !remove_rows(&collector, limits, is_dry_run, &removed, error))
        return false;
    remove_objects(&collector, is_dry_run, &removed);
    *ret_removed = removed;
    return is_dry_run || (forget_files(cache, error) && note_time(cache, collector.now_s, error));
}

bool cache_collect_if_due(struct cache *cache, const struct cache_limits *limits, GError **error)
{
    struct cache_collection removed;
    sqlite3_stmt *statement = db_query(&cache->db, error, "SELECT value FROM upkeep WHERE name = 'collected_at'", "");
    int got = statement != NULL ? db_step(&cache->db, statement, error) : -1;
    gint64 last_s = got == 1 ? sqlite3_column_int64(statement, 0) : 0, now_s = g_get_real_time() / G_USEC_PER_SEC;
    if (got == 1)
        sqlite3_reset(statement);
    if (got < 0)
        return false;
    if (got == 0) /* a new cache has nothing to collect */
        return note_time(cache, now_s, error);
    return (now_s >= last_s && now_s - last_s < PERIOD_S) || cache_collect(cache, limits, false, &removed, error);
}

/* ---- figures ---- */

static bool get_number(struct cache *cache, const char *sql, gint64 *ret_number, GError **error)
{
    sqlite3_stmt *statement = db_query(&cache->db, error, sql, "");
    if (statement == NULL || db_step(&cache->db, statement, error) != 1)
        return false;
    *ret_number = sqlite3_column_int64(statement, 0);
    sqlite3_reset(statement);
    return true;
}

static bool count_object(const char *relative, const struct stat *info, gpointer data)
{
    struct cache_stats *stats = data;
    stats->n_objects++;
    stats->object_bytes += info->st_size;
    return true;
}

bool cache_get_stats(struct cache *cache, struct cache_stats *ret_stats, GError **error)
{
    struct cache_stats stats = {0};
    if (!get_number(cache, "SELECT count(*) FROM results", &stats.n_results, error) ||
        !get_number(cache, "SELECT count(*) FROM files", &stats.n_files, error) ||
        !get_number(cache, "SELECT count(*) FROM manifest", &stats.n_outputs, error) ||
        !get_number(cache, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size", &stats.database_bytes, error) ||
        !get_number(cache, "SELECT freelist_count * page_size FROM pragma_freelist_count, pragma_page_size", &stats.free_bytes, error))
        return false;
    if (g_file_test(cache->objects, G_FILE_TEST_IS_DIR) && !file_walk(cache->objects, NULL, count_object, &stats, error))
        return false;
    *ret_stats = stats;
    return true;
}

bool cache_vacuum(struct cache *cache, GError **error)
{
    return db_exec(&cache->db, "VACUUM", error);
}
