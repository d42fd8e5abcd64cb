/* Version 11 (10 knew no swarm): the tables of version 7 (the earlier implementation) with added columns, CHECKs and triggers. Which changes of a status are
 * allowed says states.h; the triggers *_transition hold every writer to it.
 *
 * Other triggers keep jobs and workers in step: whatever statement claims or ends a job also turns its worker busy or idle. */
#include "store/schema.h"

#include "store/states.h"

#define NOW "CURRENT_TIMESTAMP"

static const char schema_sql[] =
    "CREATE TABLE IF NOT EXISTS jobs ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " job_type TEXT NOT NULL CHECK (job_type IN ('notebook', 'plantuml', 'drawio')),"
    " status TEXT NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'processing', 'completed', 'failed', 'cancelled')),"
    " priority INTEGER NOT NULL DEFAULT 0,"                              /* higher first */
    " input_file TEXT NOT NULL,"                                         /* absolute path of the source */
    " output_file TEXT NOT NULL,"                                        /* of the first output, for people */
    " content_hash TEXT NOT NULL,"                                       /* key of the result in the cache */
    " payload TEXT NOT NULL CHECK (json_valid(payload)),"                /* what the worker needs: docs/contracts.md */
    " correlation_id TEXT,"                                              /* of the earlier implementation; not used */
    " created_at TIMESTAMP NOT NULL DEFAULT " NOW ","                    /* all times are UTC */
    " started_at TIMESTAMP,"                                             /* of the last claim */
    " completed_at TIMESTAMP,"                                           /* of any end */
    " worker_id INTEGER,"                                                /* who has or had it */
    " attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),"        /* claims so far: the fencing token */
    " max_attempts INTEGER NOT NULL DEFAULT 3 CHECK (max_attempts > 0)," /* grows when a job is given back unharmed */
    " error TEXT CHECK (error IS NULL OR json_valid(error)),"            /* {type, message, ...} of the last failure */
    " traceback TEXT,"                                                   /* long form of the error */
    " cancelled_at TIMESTAMP,"
    " cancelled_by TEXT,"                                        /* 'build', 'migration', ... */
    " result TEXT CHECK (result IS NULL OR json_valid(result))," /* docs/contracts.md */
    " session_id TEXT,"                                          /* the build that wants it */
    " fit TEXT,"                                                 /* which workers of no build may do it: config/fit.h */
    " kills INTEGER NOT NULL DEFAULT 0 CHECK (kills >= 0),"      /* workers that died over it */
    " ended_seq INTEGER,"                                        /* order of the ends within the session */
    " CHECK (status <> 'processing' OR worker_id IS NOT NULL));"
    "CREATE INDEX IF NOT EXISTS jobs_claim ON jobs (job_type, session_id, priority DESC, id) WHERE status = 'pending';"
    "CREATE INDEX IF NOT EXISTS jobs_claim_any ON jobs (job_type, fit, priority DESC, id) WHERE status = 'pending';"
    "CREATE INDEX IF NOT EXISTS jobs_held ON jobs (worker_id) WHERE status = 'processing';"
    "CREATE UNIQUE INDEX IF NOT EXISTS jobs_ended ON jobs (session_id, ended_seq) WHERE ended_seq IS NOT NULL;"
    "CREATE INDEX IF NOT EXISTS jobs_session ON jobs (session_id);"

    "CREATE TABLE IF NOT EXISTS results_cache ("
    " output_file TEXT NOT NULL,"
    " content_hash TEXT NOT NULL,"
    " result_metadata TEXT," /* JSON */
    " created_at TIMESTAMP NOT NULL DEFAULT " NOW ","
    " last_accessed TIMESTAMP NOT NULL DEFAULT " NOW ","
    " access_count INTEGER NOT NULL DEFAULT 0,"
    " PRIMARY KEY (output_file, content_hash));"

    "CREATE TABLE IF NOT EXISTS workers ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " worker_type TEXT NOT NULL CHECK (worker_type IN ('notebook', 'plantuml', 'drawio')),"
    " container_id TEXT NOT NULL UNIQUE," /* direct-<type>-<index>-<hex> or a container's id */
    " status TEXT NOT NULL DEFAULT 'created' CHECK (status IN ('created', 'idle', 'busy', 'hung', 'dead')),"
    " started_at TIMESTAMP NOT NULL DEFAULT " NOW ","
    " last_heartbeat TIMESTAMP NOT NULL DEFAULT " NOW ","
    " cpu_usage REAL NOT NULL DEFAULT 0,"         /* percent of one processor */
    " memory_usage REAL NOT NULL DEFAULT 0,"      /* MiB of its process tree */
    " jobs_processed INTEGER NOT NULL DEFAULT 0," /* completed */
    " jobs_failed INTEGER NOT NULL DEFAULT 0,"
    " avg_processing_time REAL NOT NULL DEFAULT 0," /* seconds */
    " execution_mode TEXT NOT NULL DEFAULT 'direct' CHECK (execution_mode IN ('direct', 'docker', 'remote', 'swarm')),"
    " config TEXT CHECK (config IS NULL OR json_valid(config)),"
    " session_id TEXT,"                              /* NULL: belongs to no build, takes jobs of all */
    " managed_by TEXT,"                              /* 'build' or 'user' */
    " parent_pid INTEGER,"                           /* the process that made the row ... */
    " parent_start_time INTEGER NOT NULL DEFAULT 0," /* ... and what identifies it with its number */
    " pid INTEGER NOT NULL DEFAULT 0,"               /* 0: not known, or in a container */
    " pid_start_time INTEGER NOT NULL DEFAULT 0,"
    " current_job INTEGER,"
    " peak_memory REAL NOT NULL DEFAULT 0," /* MiB, the most that a heartbeat told */
    " boot_id TEXT,"                        /* of the machine, from /proc: after a restart no process is that worker any more */
    " progress TEXT,"                       /* what the job is doing */
    " progress_at TIMESTAMP);"              /* since when: the clock of max_job_time */

    "CREATE TABLE IF NOT EXISTS worker_events ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " event_type TEXT NOT NULL CHECK (event_type IN ('worker_starting', 'worker_registered', 'worker_ready', 'worker_stopping',"
    "  'worker_stopped', 'worker_failed', 'pool_starting', 'pool_started', 'pool_stopping', 'pool_stopped', 'parent_died')),"
    " worker_id INTEGER," /* NULL for events of a pool */
    " worker_type TEXT,"
    " execution_mode TEXT,"
    " message TEXT,"
    " metadata TEXT CHECK (metadata IS NULL OR json_valid(metadata)),"
    " created_at TIMESTAMP NOT NULL DEFAULT " NOW ","
    " session_id TEXT);"
    "CREATE INDEX IF NOT EXISTS worker_events_type ON worker_events (event_type, created_at);"

    "CREATE TABLE IF NOT EXISTS sessions (" /* builds that run, recognised by their process */
    " session_id TEXT PRIMARY KEY,"
    " pid INTEGER NOT NULL,"
    " start_time INTEGER NOT NULL,"
    " boot_id TEXT,"
    " created_at TIMESTAMP NOT NULL DEFAULT " NOW ");"

    "CREATE TRIGGER IF NOT EXISTS jobs_transition BEFORE UPDATE OF status ON jobs"
    " WHEN OLD.status <> NEW.status AND NOT (0" JOB_CHANGES(
        STATE_CONDITION) ")"
                         " BEGIN SELECT RAISE(ABORT, 'this change of a job''s status is not allowed'); END;"

                         "CREATE TRIGGER IF NOT EXISTS workers_transition BEFORE UPDATE OF status ON workers"
                         " WHEN OLD.status <> NEW.status AND NOT (0" WORKER_CHANGES(
                             STATE_CONDITION) ")"
                                              " BEGIN SELECT RAISE(ABORT, 'this change of a worker''s status is not allowed'); END;"

                                              "CREATE TRIGGER IF NOT EXISTS jobs_claimed AFTER UPDATE OF status ON jobs"
                                              " WHEN OLD.status = 'pending' AND NEW.status = 'processing'"
                                              " BEGIN UPDATE workers SET status = 'busy', current_job = NEW.id, progress = NULL, "
                                              "progress_at = " NOW "  WHERE id = NEW.worker_id; END;"

                                              "CREATE TRIGGER IF NOT EXISTS jobs_left AFTER UPDATE OF status ON jobs"
                                              " WHEN OLD.status = 'processing' AND NEW.status <> 'processing'"
                                              " BEGIN UPDATE workers SET current_job = NULL, progress = NULL,"
                                              "   avg_processing_time = CASE WHEN NEW.status = 'completed' THEN (avg_processing_time * "
                                              "jobs_processed"
                                              "    + (julianday('now') - julianday(OLD.started_at)) * 86400.0) / (jobs_processed + 1) ELSE "
                                              "avg_processing_time END,"
                                              "   jobs_processed = jobs_processed + (NEW.status = 'completed'), jobs_failed = jobs_failed "
                                              "+ (NEW.status = 'failed')"
                                              "  WHERE id = OLD.worker_id AND current_job = OLD.id;"
                                              /* A worker whose job was cancelled is still at it: it tells itself when it is idle. */
                                              "  UPDATE workers SET status = 'idle' WHERE id = OLD.worker_id AND status = 'busy' AND "
                                              "NEW.status IN ('completed', 'failed', "
                                              "'pending');"
                                              " END;"

                                              "CREATE TRIGGER IF NOT EXISTS jobs_end AFTER UPDATE OF status ON jobs"
                                              " WHEN NEW.status IN ('completed', 'failed', 'cancelled') AND OLD.status <> NEW.status"
                                              " BEGIN UPDATE jobs SET completed_at = " NOW ","
                                              "   ended_seq = 1 + coalesce((SELECT ended_seq FROM jobs WHERE session_id IS NEW.session_id "
                                              "AND ended_seq IS NOT NULL"
                                              "    ORDER BY ended_seq DESC LIMIT 1), 0)"
                                              "  WHERE id = NEW.id; END;";

static const char *const known_tables[] = {"jobs", "schema_version", NULL};

static const char *const data_tables[] = {"jobs", "results_cache", "workers", "worker_events", NULL};

static bool has_table(struct db *db, const char *name, bool *ret_has, GError **error)
{
    sqlite3_stmt *statement = db_query(db, error, "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?1", "s", name);
    int got = statement ? db_step(db, statement, error) : -1;

    if (got < 0)
        return false;
    if (got == 1)
        sqlite3_reset(statement);
    *ret_has = got == 1;
    return true;
}

/* Drops the indexes and triggers of a table (their names must be free again) and sets it aside as old_<name>. */
static bool set_aside(struct db *db, const char *name, GError **error)
{
    g_autoptr(GString) sql = g_string_new(NULL);
    sqlite3_stmt *statement = db_query(db, error,
                                       "SELECT type, name FROM sqlite_master WHERE tbl_name = ?1 AND type IN ('index', 'trigger')"
                                       " AND sql IS NOT NULL",
                                       "s", name);
    int got = -1;

    while (statement && (got = db_step(db, statement, error)) == 1) {
        char *part = sqlite3_mprintf("DROP %s \"%w\";", sqlite3_column_text(statement, 0), sqlite3_column_text(statement, 1));

        g_string_append(sql, part);
        sqlite3_free(part);
    }
    if (got < 0)
        return false;
    g_string_append_printf(sql, "ALTER TABLE %s RENAME TO old_%s;", name, name);
    return db_exec(db, sql->str, error);
}

static bool upgrade(struct db *db, GError **error)
{
    for (const char *const *name = data_tables; *name; name++) {
        bool has = false;

        if (!has_table(db, *name, &has, error) || (has && !set_aside(db, *name, error)))
            return false;
    }
    return true;
}

/* The columns that an old table shares with the new one, comma separated ("": none), and their values: where an old row has none and the new one
 * must, the default. */
static bool share_columns(struct db *db, const char *name, char **ret_columns, char **ret_values, GError **error)
{
    g_autofree char *old = g_strconcat("old_", name, NULL);
    sqlite3_stmt *statement = db_query(
        db, error,
        "SELECT coalesce(group_concat(n.name), ''),"
        " group_concat(CASE WHEN n.\"notnull\" AND n.dflt_value IS NOT NULL THEN 'coalesce(' || n.name || ', ' || n.dflt_value || ')'"
        " ELSE n.name END) FROM pragma_table_info(?1) n JOIN pragma_table_info(?2) o ON n.name = o.name",
        "ss", name, old);

    if (!statement || db_step(db, statement, error) < 0)
        return false;
    *ret_columns = db_column_text(statement, 0);
    *ret_values = db_column_text(statement, 1);
    sqlite3_reset(statement);
    return true;
}

/* Rows that break a CHECK are left behind: nothing could be done with them. */
static bool copy_back(struct db *db, const char *name, GError **error)
{
    g_autofree char *columns = NULL, *values = NULL, *sql = NULL;

    if (!share_columns(db, name, &columns, &values, error))
        return false;
    if (*columns)
        sql = g_strdup_printf("INSERT OR IGNORE INTO %s (%s) SELECT %s FROM old_%s; DROP TABLE old_%s;", name, columns, values, name, name);
    else
        sql = g_strdup_printf("DROP TABLE old_%s;", name);
    return db_exec(db, sql, error);
}

/* Unfinished jobs of an earlier version have payloads that no worker of today reads, and its workers are gone. */
static bool finish(struct db *db, GError **error)
{
    for (const char *const *name = data_tables; *name; name++) {
        g_autofree char *old = g_strconcat("old_", *name, NULL);
        bool has = false;

        if (!has_table(db, old, &has, error) || (has && !copy_back(db, *name, error)))
            return false;
    }
    return db_exec(db,
                   "UPDATE jobs SET status = 'cancelled', cancelled_by = 'migration', cancelled_at = CURRENT_TIMESTAMP"
                   " WHERE status IN ('pending', 'processing');"
                   "UPDATE workers SET status = 'dead' WHERE status <> 'dead';",
                   error);
}

const struct db_schema jobs_schema = {
    .what = "jobs database",
    .option = "--jobs-db-path",
    .version = 11,
    .sql = schema_sql,
    .known_tables = known_tables,
    .upgrade = upgrade,
    .finish = finish,
};
