#include <stdio.h>
#include <sys/stat.h>

#include "base/error.h"
#include "cli/cache_command.h"
#include "store/store_upkeep.h"

struct databases {
    struct settings *settings;
    struct cache *cache; /* NULL: there is none */
    struct store *jobs;  /* NULL: there is none */
};

static void close_all(struct databases *databases)
{
    cache_close(databases->cache);
    store_close(databases->jobs);
}

static bool open_all(struct invocation *invocation, struct databases *databases)
{
    g_autoptr(GError) error = NULL;
    databases->settings = invocation_settings(invocation);
    if (databases->settings == NULL)
        return false;
    const char *cache = settings_cache_db(databases->settings), *jobs = settings_jobs_db(databases->settings);
    bool has_cache = g_file_test(cache, G_FILE_TEST_EXISTS), has_jobs = g_file_test(jobs, G_FILE_TEST_EXISTS);
    if ((!has_cache || (databases->cache = cache_open(cache, &error)) != NULL) &&
        (!has_jobs || (databases->jobs = store_open(jobs, &error)) != NULL))
        return true;
    report_error(error);
    close_all(databases);
    return false;
}

/* Runs an action with the databases; each says itself what it did. */
static int with_databases(struct invocation *invocation, bool (*action)(struct invocation *, struct databases *, GError **))
{
    struct databases databases = {NULL};
    g_autoptr(GError) error = NULL;
    if (!open_all(invocation, &databases))
        return databases.settings == NULL ? 2 : 1;
    bool ok = action(invocation, &databases, &error);
    close_all(&databases);
    return ok ? 0 : report_error(error);
}

/* ---- stats ---- */

static bool print_stats(struct invocation *invocation, struct databases *databases, GError **error)
{
    struct cache_stats cache = {0};
    struct store_stats jobs = {0};
    if ((databases->cache != NULL && !cache_get_stats(databases->cache, &cache, error)) ||
        (databases->jobs != NULL && !store_get_stats(databases->jobs, &jobs, error)))
        return false;
    if (invocation_choice(invocation, "format", LIST_TABLE) == LIST_JSON) {
        g_autoptr(json_t) document = json_pack(
            "{s:{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I}, s:{s:s, s:I, s:I, s:I, s:I, s:I}}", "cache", "path",
            settings_cache_db(databases->settings), "results", (json_int_t)cache.n_results, "objects", (json_int_t)cache.n_objects,
            "object_bytes", (json_int_t)cache.object_bytes, "known_files", (json_int_t)cache.n_files, "known_outputs",
            (json_int_t)cache.n_outputs, "bytes", (json_int_t)cache.database_bytes, "free_bytes", (json_int_t)cache.free_bytes, "jobs",
            "path", settings_jobs_db(databases->settings), "jobs", (json_int_t)jobs.n_jobs, "workers", (json_int_t)jobs.n_workers, "events",
            (json_int_t)jobs.n_events, "bytes", (json_int_t)jobs.database_bytes, "free_bytes", (json_int_t)jobs.free_bytes);
        print_json(document);
        return true;
    }
    g_autofree char *objects = g_format_size((guint64)cache.object_bytes), *size = g_format_size((guint64)cache.database_bytes);
    g_autofree char *free_size = g_format_size((guint64)cache.free_bytes), *jobs_size = g_format_size((guint64)jobs.database_bytes);
    g_autofree char *jobs_free = g_format_size((guint64)jobs.free_bytes);
    printf("cache %s\n  %d results, %d objects (%s); %d files and %d outputs known; %s, %s of it free\n",
           settings_cache_db(databases->settings), (int)cache.n_results, (int)cache.n_objects, objects, (int)cache.n_files,
           (int)cache.n_outputs, size, free_size);
    printf("jobs %s\n  %d jobs, %d workers, %d events; %s, %s of it free\n", settings_jobs_db(databases->settings), (int)jobs.n_jobs,
           (int)jobs.n_workers, (int)jobs.n_events, jobs_size, jobs_free);
    return true;
}

static int run_stats(struct invocation *invocation)
{
    return with_databases(invocation, print_stats);
}

static const struct option stats_options[] = {
    {"format", 0, "FORMAT", "how to print", false, list_format_names},
    {NULL},
};

extern const struct command cmd_db_stats;
const struct command cmd_db_stats = {
    .name = "db stats",
    .operands = "",
    .purpose = "Show what the databases hold and how large they are.",
    .example = "clx db stats",
    .options = stats_options,
    .run = run_stats,
};

/* ---- prune, vacuum, clean ---- */

static bool prune_jobs(struct invocation *invocation, struct databases *databases, bool is_dry_run, GError **error)
{
    int days = (int)settings_get_int(databases->settings, "worker_management.retention_days");
    int n = 0;
    if (databases->jobs != NULL && is_dry_run && !store_begin(databases->jobs, error))
        return false;
    if (databases->jobs != NULL)
        n = store_prune(databases->jobs, days, error);
    if (databases->jobs != NULL && is_dry_run)
        store_rollback(databases->jobs);
    if (n < 0)
        return false;
    report_done(invocation, "jobs: %d jobs and events older than %d days %s\n", n, days, is_dry_run ? "would be removed" : "removed");
    return true;
}

static bool prune(struct invocation *invocation, struct databases *databases, GError **error)
{
    bool is_dry_run = invocation_option(invocation, "dry-run") != NULL;
    struct cache_limits limits = cache_command_get_limits(databases->settings);
    struct cache_collection removed = {0};
    if (databases->cache != NULL && !cache_collect(databases->cache, &limits, is_dry_run, &removed, error))
        return false;
    cache_command_tell(invocation, &removed, is_dry_run);
    return prune_jobs(invocation, databases, is_dry_run, error);
}

static bool vacuum(struct invocation *invocation, struct databases *databases, GError **error)
{
    if ((databases->cache != NULL && !cache_vacuum(databases->cache, error)) ||
        (databases->jobs != NULL && !store_vacuum(databases->jobs, error)))
        return false;
    report_done(invocation, "free space given back\n");
    return true;
}

static bool clean(struct invocation *invocation, struct databases *databases, GError **error)
{
    return prune(invocation, databases, error) && vacuum(invocation, databases, error);
}

static int run_prune(struct invocation *invocation)
{
    return with_databases(invocation, prune);
}

static int run_vacuum(struct invocation *invocation)
{
    return with_databases(invocation, vacuum);
}

static int run_clean(struct invocation *invocation)
{
    return with_databases(invocation, clean);
}

static const struct option prune_options[] = {
    {"dry-run", 0, NULL, "say what would go, remove nothing"},
    {NULL},
};

extern const struct command cmd_db_prune;
const struct command cmd_db_prune = {
    .name = "db prune",
    .operands = "",
    .purpose = "Remove what is older or larger than the settings allow.",
    .example = "clx db prune --dry-run",
    .options = prune_options,
    .run = run_prune,
};

extern const struct command cmd_db_vacuum;
const struct command cmd_db_vacuum = {
    .name = "db vacuum",
    .operands = "",
    .purpose = "Give free space in the databases back to the file system.",
    .example = "clx db vacuum",
    .run = run_vacuum,
};

extern const struct command cmd_db_clean;
const struct command cmd_db_clean = {
    .name = "db clean",
    .operands = "",
    .purpose = "Prune and vacuum both databases.",
    .example = "clx db clean",
    .run = run_clean,
};
