/* What the two databases share: opening with checks and migrations, cached statements, bounded waiting for locks. Private to store/. */
#pragma once

#include <glib.h>
#include <sqlite3.h>
#include <stdbool.h>

struct db {
    sqlite3 *handle;
    char *path;
    GHashTable *statements; /* SQL text (static) -> sqlite3_stmt */
    int n_checkpointed;     /* frames of the write-ahead log when this connection last tried to move them into the file */
};

/* Brings tables of version `from` to the next one; runs inside the transaction of the migration. */
typedef bool db_migration(struct db *db, GError **error);

struct db_schema {
    const char *what;   /* "jobs database", for messages */
    const char *option; /* the option that names another file */
    int version;
    const char *sql;                 /* makes everything; each statement is IF NOT EXISTS */
    const char *const *known_tables; /* a file without a version that has one of these is an older one of ours */
    db_migration *upgrade;           /* prepares tables of an older version for `sql`: sets them aside or drops them */
    db_migration *finish;            /* copies what was set aside; both may be NULL */
};

/* Opens, checks and makes or migrates a database; a file that is foreign, newer, locked or not writable is refused untouched. */
bool db_open(struct db *db, const char *path, const struct db_schema *schema, GError **error);

/* Opens an existing database of exactly this version without any right to write; NOT_FOUND when there is none. */
bool db_open_readonly(struct db *db, const char *path, const struct db_schema *schema, GError **error);
void db_close(struct db *db);

/* A statement with its parameters bound, ready to step; `types` has a letter for each: i (gint64), d (double), s (const char * or NULL).
 * NULL on error. `sql` must be a static text: it is the key of the statement cache. */
sqlite3_stmt *db_query(struct db *db, GError **error, const char *sql, const char *types, ...);

/* Steps: 1 a row, 0 done, -1 error. The statement is reset when there are no more rows. */
int db_step(struct db *db, sqlite3_stmt *statement, GError **error);

/* Runs a statement without rows; the number of changed rows goes to `ret_changes` (may be NULL). */
bool db_run(struct db *db, int *ret_changes, GError **error, const char *sql, const char *types, ...);

/* Runs plain SQL of several statements. */
bool db_exec(struct db *db, const char *sql, GError **error);

/* A text column, copied, NULL for null. */
char *db_column_text(sqlite3_stmt *statement, int column);
