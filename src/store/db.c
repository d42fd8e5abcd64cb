#include "store/db.h"

#include <errno.h>
#include <malloc.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"

#define BUSY_WAIT_US 100
#define BUSY_LIMIT_US (10 * G_USEC_PER_SEC)
#define HEAP_SPARE (4 * 1024 * 1024)
#define HEAP_STEP (256 * 1024)
#define CHECKPOINT_FRAMES 1000 /* of the write-ahead log */
#define RESTART_FRAMES 20000

/* SQLite's own handler waits whole milliseconds at least; a write here takes some ten microseconds. */
static int wait_for_lock(void *data, int n_calls)
{
    gint64 waited = (gint64)n_calls * BUSY_WAIT_US;

    if (waited > BUSY_LIMIT_US)
        return 0;
    g_usleep(BUSY_WAIT_US);
    return 1;
}

/* SQLite's own rule tries it, with two syncs, at every commit beyond 1000 frames; as long as there always is some reader, as with many
 * workers, the log cannot begin anew and that never ends. A log that has become long waits for the readers. */
static int move_log(void *data, sqlite3 *handle, const char *name, int n_frames)
{
    struct db *db = data;

    if (n_frames < db->n_checkpointed)
        db->n_checkpointed = 0;
    if (n_frames - db->n_checkpointed < CHECKPOINT_FRAMES)
        return SQLITE_OK;
    db->n_checkpointed = n_frames;
    sqlite3_wal_checkpoint_v2(handle, name, n_frames < RESTART_FRAMES ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_RESTART, NULL, NULL);
    return SQLITE_OK;
}

static void set_error(const struct db *db, GError **error)
{
    int code = sqlite3_extended_errcode(db->handle);
    const char *message = sqlite3_errmsg(db->handle);

    switch (code & 0xff) {
    case SQLITE_NOTADB:
        message = "is not a database; move it away or name another file";
        break;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        message = "is locked by another program; end it and try again";
        break;
    case SQLITE_READONLY:
        message = "is read-only; make it and its folder writable";
        break;
    case SQLITE_FULL:
        message = "cannot grow: the disk is full";
        break;
    case SQLITE_CORRUPT:
        message = "is damaged; move it away (clx delete-database) and build again";
        break;
    default:
        break;
    }
    g_set_error(error, CLX_ERROR, CLX_ERROR_FAILED, "%s: %s", db->path, message);
}

bool db_exec(struct db *db, const char *sql, GError **error)
{
    if (sqlite3_exec(db->handle, sql, NULL, NULL, NULL) == SQLITE_OK)
        return true;
    set_error(db, error);
    return false;
}

static sqlite3_stmt *prepare(struct db *db, const char *sql, GError **error)
{
    sqlite3_stmt *statement = g_hash_table_lookup(db->statements, sql);

    if (statement) {
        sqlite3_reset(statement);
        return statement;
    }
    if (sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) != SQLITE_OK) {
        set_error(db, error);
        return NULL;
    }
    g_hash_table_insert(db->statements, (gpointer)sql, statement);
    return statement;
}

static void bind(sqlite3_stmt *statement, const char *types, va_list values)
{
    for (int i = 0; types[i]; i++) {
        switch (types[i]) {
        case 'i':
            sqlite3_bind_int64(statement, i + 1, va_arg(values, gint64));
            break;
        case 'd':
            sqlite3_bind_double(statement, i + 1, va_arg(values, double));
            break;
        case 's':
            sqlite3_bind_text(statement, i + 1, va_arg(values, const char *), -1, SQLITE_TRANSIENT);
            break;
        default:
            g_assert_not_reached();
        }
    }
}

sqlite3_stmt *db_query(struct db *db, GError **error, const char *sql, const char *types, ...)
{
    sqlite3_stmt *statement = prepare(db, sql, error);
    va_list values;

    if (!statement)
        return NULL;
    g_assert(sqlite3_bind_parameter_count(statement) == (int)strlen(types));
    va_start(values, types);
    bind(statement, types, values);
    va_end(values);
    return statement;
}

int db_step(struct db *db, sqlite3_stmt *statement, GError **error)
{
    int code = sqlite3_step(statement);

    if (code == SQLITE_ROW)
        return 1;
    if (code != SQLITE_DONE)
        set_error(db, error);
    sqlite3_reset(statement);
    return code == SQLITE_DONE ? 0 : -1;
}

bool db_run(struct db *db, int *ret_changes, GError **error, const char *sql, const char *types, ...)
{
    sqlite3_stmt *statement = prepare(db, sql, error);
    va_list values;

    if (!statement)
        return false;
    g_assert(sqlite3_bind_parameter_count(statement) == (int)strlen(types));
    va_start(values, types);
    bind(statement, types, values);
    va_end(values);
    if (db_step(db, statement, error) < 0)
        return false;
    if (ret_changes)
        *ret_changes = sqlite3_changes(db->handle);
    return true;
}

char *db_column_text(sqlite3_stmt *statement, int column)
{
    return g_strdup((const char *)sqlite3_column_text(statement, column));
}

static int get_number(struct db *db, const char *sql, const char *text, GError **error)
{
    sqlite3_stmt *statement = text ? db_query(db, error, sql, "s", text) : db_query(db, error, sql, "");
    int result;

    if (!statement || db_step(db, statement, error) < 0)
        return -1;
    result = sqlite3_column_int(statement, 0);
    sqlite3_reset(statement);
    return result;
}

static int count_tables(struct db *db, const char *name, GError **error)
{
    if (!name)
        return get_number(db, "SELECT count(*) FROM sqlite_master WHERE type='table'", NULL, error);
    return get_number(db, "SELECT count(*) FROM sqlite_master WHERE type='table' AND name=?1", name, error);
}

static bool has_known_table(struct db *db, const struct db_schema *schema)
{
    for (const char *const *name = schema->known_tables; *name; name++)
        if (count_tables(db, *name, NULL) > 0)
            return true;
    return false;
}

/* The version of the file: 0 when it is new and empty, -1 with an error when it cannot be used. */
static int read_version(struct db *db, const struct db_schema *schema, GError **error)
{
    int n_tables = count_tables(db, NULL, error);
    int version;

    if (n_tables <= 0)
        return n_tables;
    if (!has_known_table(db, schema)) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_FAILED, "%s: is the database of another program, no %s; name another file with %s",
                    db->path, schema->what, schema->option);
        return -1;
    }
    if (count_tables(db, "schema_version", NULL) <= 0)
        return 1;
    version = get_number(db, "SELECT coalesce(max(version), 1) FROM schema_version", NULL, error);
    if (version <= schema->version)
        return version;
    g_set_error(error, CLX_ERROR, CLX_ERROR_FAILED,
                "%s: is a %s of version %d, and this program knows versions up to %d; use a newer clx or name another file with %s",
                db->path, schema->what, version, schema->version, schema->option);
    return -1;
}

/* The change to WAL needs the file alone for a moment and does not call the busy handler itself. */
static bool enter_wal(struct db *db, GError **error)
{
    for (int n_calls = 0;; n_calls++) {
        int code = sqlite3_exec(db->handle, "PRAGMA journal_mode=WAL", NULL, NULL, NULL);

        if (code == SQLITE_OK)
            break;
        if ((code & 0xff) != SQLITE_BUSY || !wait_for_lock(NULL, n_calls)) {
            set_error(db, error);
            return false;
        }
    }
    return db_exec(db, "PRAGMA synchronous=NORMAL", error);
}

static bool write_schema(struct db *db, const struct db_schema *schema, int version, GError **error)
{
    g_autofree char *mark = g_strdup_printf("CREATE TABLE IF NOT EXISTS schema_version ("
                                            " version INTEGER PRIMARY KEY,"
                                            " applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);"
                                            "INSERT OR IGNORE INTO schema_version (version) VALUES (%d);"
                                            "PRAGMA user_version=%d;",
                                            schema->version, schema->version);

    if (version > 0 && schema->upgrade && !schema->upgrade(db, error))
        return false;
    if (!db_exec(db, schema->sql, error) || !db_exec(db, mark, error))
        return false;
    return version == 0 || !schema->finish || schema->finish(db, error);
}

/* Under the write lock, since several processes may open a new file at once. */
static bool migrate(struct db *db, const struct db_schema *schema, GError **error)
{
    int version;

    if (!db_exec(db, "BEGIN IMMEDIATE", error))
        return false;
    version = read_version(db, schema, error);
    if (version >= 0 && (version == schema->version || write_schema(db, schema, version, error)) && db_exec(db, "COMMIT", error))
        return true;
    sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
    return false;
}

static void finalize(gpointer statement)
{
    sqlite3_finalize(statement);
}

/* Without write access WAL can be read only from a file that nobody writes to: then it is all there is. */
static bool is_frozen(const char *path)
{
    g_autofree char *folder = g_path_get_dirname(path), *log = g_strconcat(path, "-wal", NULL);

    return eaccess(folder, W_OK) < 0 && access(log, F_OK) < 0;
}

/* What SQLite shall open: the path, or an address that says that the file does not change. */
static char *make_name(const char *path, bool is_fixed)
{
    g_autofree char *absolute = g_canonicalize_filename(path, NULL);
    g_autofree char *uri = is_fixed ? g_filename_to_uri(absolute, NULL, NULL) : NULL;

    return uri ? g_strconcat(uri, "?immutable=1", NULL) : g_strdup(path);
}

static bool connect(struct db *db, const char *path, int flags, GError **error)
{
    bool is_fixed = flags & SQLITE_OPEN_READONLY && is_frozen(path);
    g_autofree char *name = make_name(path, is_fixed);

    mallopt(M_TRIM_THRESHOLD, HEAP_SPARE); /* else each statement with a trigger grows and shrinks the heap: four system calls */
    mallopt(M_TOP_PAD, HEAP_STEP);
    db->path = g_strdup(path);
    db->statements = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, finalize);
    flags |= is_fixed ? SQLITE_OPEN_URI : 0;
    if (sqlite3_open_v2(name, &db->handle, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL) != SQLITE_OK) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_FAILED, "%s: cannot be opened: %s", path, sqlite3_errmsg(db->handle));
        return false;
    }
    sqlite3_busy_handler(db->handle, wait_for_lock, NULL);
    sqlite3_wal_hook(db->handle, move_log, db);
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    return true;
}

static bool open_and_check(struct db *db, const char *path, const struct db_schema *schema, GError **error)
{
    int version;

    if (!connect(db, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, error))
        return false;
    /* Until the file is known to be ours, closing must not write into it. */
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    version = read_version(db, schema, error);
    if (version < 0)
        return false;
    if (sqlite3_db_readonly(db->handle, "main") == 1) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_FAILED, "%s: is read-only; make it writable or name another file with %s", path,
                    schema->option);
        return false;
    }
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
    return enter_wal(db, error) && (version == schema->version || migrate(db, schema, error));
}

bool db_open(struct db *db, const char *path, const struct db_schema *schema, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(path);

    if (g_mkdir_with_parents(folder, 0777) < 0) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_FAILED, "%s: cannot make the folder: %s", folder, g_strerror(errno));
        return false;
    }
    if (open_and_check(db, path, schema, error))
        return true;
    db_close(db);
    return false;
}

static bool check_readonly(struct db *db, const struct db_schema *schema, GError **error)
{
    int version = read_version(db, schema, error);

    if (version == schema->version)
        return true;
    if (version == 0)
        g_set_error(error, CLX_ERROR, CLX_ERROR_NOT_FOUND, "%s: is empty", db->path);
    else if (version > 0)
        g_set_error(error, CLX_ERROR, CLX_ERROR_FAILED, "%s: is a %s of the older version %d; the next build migrates it", db->path,
                    schema->what, version);
    return false;
}

bool db_open_readonly(struct db *db, const char *path, const struct db_schema *schema, GError **error)
{
    struct stat info;

    if (stat(path, &info) < 0) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_NOT_FOUND, "%s: there is no %s", path, schema->what);
        return false;
    }
    if (connect(db, path, SQLITE_OPEN_READONLY, error) && check_readonly(db, schema, error))
        return true;
    db_close(db);
    return false;
}

void db_close(struct db *db)
{
    g_clear_pointer(&db->statements, g_hash_table_unref);
    sqlite3_close(db->handle);
    db->handle = NULL;
    g_clear_pointer(&db->path, g_free);
}
