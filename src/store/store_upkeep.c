#include "store/store_upkeep.h"

#include "store/schema.h"

static bool get_number(struct store *store, const char *sql, gint64 *ret_number, GError **error)
{
    sqlite3_stmt *statement = db_query(&store->db, error, sql, "");
    if (statement == NULL || db_step(&store->db, statement, error) != 1)
        return false;
    *ret_number = sqlite3_column_int64(statement, 0);
    sqlite3_reset(statement);
    return true;
}

bool store_get_stats(struct store *store, struct store_stats *ret_stats, GError **error)
{
    return get_number(store, "SELECT count(*) FROM jobs", &ret_stats->n_jobs, error) &&
           get_number(store, "SELECT count(*) FROM workers", &ret_stats->n_workers, error) &&
           get_number(store, "SELECT count(*) FROM worker_events", &ret_stats->n_events, error) &&
           get_number(store, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size", &ret_stats->database_bytes, error) &&
           get_number(store, "SELECT freelist_count * page_size FROM pragma_freelist_count, pragma_page_size", &ret_stats->free_bytes,
                      error);
}

bool store_vacuum(struct store *store, GError **error)
{
    return db_exec(&store->db, "VACUUM", error);
}
