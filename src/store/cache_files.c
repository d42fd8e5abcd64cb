/* What is known of a file by its stat. The inode's change time is part of it: unlike the time of the last change of the bytes nobody can
 * set it, so that a file replaced by another one of the same size and date is seen too. */
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "os/file.h"
#include "store/cache_db.h"

/* A file of which this much time has not passed since its change may change again within the same time stamp: nothing of it is kept. */
#define SETTLED_NS (2 * G_GINT64_CONSTANT(1000000000))

enum column { COLUMN_BYTES, COLUMN_TEXT, COLUMN_FACTS, N_COLUMNS };

struct file_row {
    char *path;
    gint64 size, mtime_ns, ctime_ns, inode;
    char *values[N_COLUMNS]; /* NULL: not known */
};

void cache_file_row_free(gpointer data)
{
    struct file_row *row = data;
    g_free(row->path);
    for (int i = 0; i < N_COLUMNS; i++)
        g_free(row->values[i]);
    g_free(row);
}

static gint64 in_ns(const struct timespec *time)
{
    return (gint64)time->tv_sec * 1000000000 + time->tv_nsec;
}

static struct file_row make_row(const char *path, const struct stat *info)
{
    return (struct file_row){(char *)path, info->st_size, in_ns(&info->st_mtim), in_ns(&info->st_ctim), (gint64)info->st_ino, {NULL}};
}

/* The known value of a column for exactly this stat, or NULL. */
static char *find_value(struct cache *cache, const struct file_row *row, enum column column)
{
    sqlite3_stmt *statement = db_query(&cache->db, NULL,
                                       "SELECT sha256, text_sha256, facts FROM files"
                                       " WHERE path = ?1 AND size = ?2 AND mtime_ns = ?3 AND ctime_ns = ?4 AND inode = ?5",
                                       "siiii", row->path, row->size, row->mtime_ns, row->ctime_ns, row->inode);
    if (statement == NULL || db_step(&cache->db, statement, NULL) != 1)
        return NULL;
    char *value = db_column_text(statement, (int)column);
    sqlite3_reset(statement);
    return value;
}

/* The other columns stay only if the row is about the same stat. */
static bool write_row(struct cache *cache, const struct file_row *row, GError **error)
{
    return db_run(&cache->db, NULL, error,
                  "INSERT INTO files (path, size, mtime_ns, ctime_ns, inode, sha256, text_sha256, facts)"
                  " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (path) DO UPDATE SET"
                  " sha256 = coalesce(excluded.sha256, iif(ctime_ns = excluded.ctime_ns AND inode = excluded.inode, sha256, NULL)),"
                  " text_sha256 = coalesce(excluded.text_sha256,"
                  "  iif(ctime_ns = excluded.ctime_ns AND inode = excluded.inode, text_sha256, NULL)),"
                  " facts = coalesce(excluded.facts, iif(ctime_ns = excluded.ctime_ns AND inode = excluded.inode, facts, NULL)),"
                  " size = excluded.size, mtime_ns = excluded.mtime_ns, ctime_ns = excluded.ctime_ns, inode = excluded.inode",
                  "siiiisss", row->path, row->size, row->mtime_ns, row->ctime_ns, row->inode, row->values[COLUMN_BYTES],
                  row->values[COLUMN_TEXT], row->values[COLUMN_FACTS]);
}

bool cache_write_files(struct cache *cache, const GPtrArray *files, GError **error)
{
    for (guint i = 0; i < files->len; i++)
        if (!write_row(cache, files->pdata[i], error))
            return false;
    return true;
}

static bool keep_value(struct cache *cache, const struct file_row *row, enum column column, const char *value, GError **error)
{
    if (g_get_real_time() * 1000 - MAX(row->mtime_ns, row->ctime_ns) <= SETTLED_NS)
        return true;
    struct file_row copy = *row;
    copy.values[column] = (char *)value;
    if (cache->new_files == NULL)
        return write_row(cache, &copy, error);
    copy.path = g_strdup(row->path);
    copy.values[column] = g_strdup(value);
    g_ptr_array_add(cache->new_files, g_memdup2(&copy, sizeof copy));
    return true;
}

static char *text_sha256(const char *path, GError **error)
{
    g_autoptr(GBytes) bytes = file_read(path, FILE_READ_LIMIT, error);
    return bytes != NULL ? hash_text_hex(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes)) : NULL;
}

char *cache_file_hash(struct cache *cache, const char *path, const struct stat *info, enum file_digest digest, GError **error)
{
    struct file_row row = make_row(path, info);
    enum column column = digest == DIGEST_TEXT ? COLUMN_TEXT : COLUMN_BYTES;
    g_autofree char *hash = find_value(cache, &row, column);
    if (hash != NULL)
        return g_steal_pointer(&hash);
    hash = digest == DIGEST_TEXT ? text_sha256(path, error) : file_sha256(path, error);
    if (hash == NULL || !keep_value(cache, &row, column, hash, error))
        return NULL;
    return g_steal_pointer(&hash);
}

char *cache_file_facts(struct cache *cache, const char *path, const struct stat *info)
{
    struct file_row row = make_row(path, info);
    return find_value(cache, &row, COLUMN_FACTS);
}

void cache_keep_file_facts(struct cache *cache, const char *path, const struct stat *info, const char *facts)
{
    struct file_row row = make_row(path, info);
    keep_value(cache, &row, COLUMN_FACTS, facts, NULL);
}
