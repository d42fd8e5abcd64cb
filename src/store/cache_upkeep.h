/* Looking after the cache: how large it is, bounds by size and age, and archives that carry it to other machines. */
#pragma once

#include "store/cache.h"

struct cache_stats {
    gint64 n_results, n_objects, object_bytes, n_files, n_outputs;
    gint64 database_bytes, free_bytes; /* of the database file; what a vacuum would give back */
};
bool cache_get_stats(struct cache *cache, struct cache_stats *ret_stats, GError **error);

struct cache_limits {
    guint64 max_bytes; /* of all objects */
    int max_age_days;  /* since the last use of a result */
};
struct cache_collection {
    gint64 n_results, n_objects, bytes; /* removed, or with is_dry_run to be removed */
};

/* Removes results that were not used for too long, then the longest unused ones until the objects fit (those used today stay), then every
 * object that no result names and that is older than an hour: it may be one that a worker has just made. */
bool cache_collect(struct cache *cache, const struct cache_limits *limits, bool is_dry_run, struct cache_collection *ret_removed,
                   GError **error);

/* The same, if the last time was more than an hour ago: for the end of builds that made something. */
bool cache_collect_if_due(struct cache *cache, const struct cache_limits *limits, GError **error);

/* Gives free pages of the database back to the file system. */
bool cache_vacuum(struct cache *cache, GError **error);

struct cache_cargo {
    gint64 n_results, n_objects, n_refused; /* refused: damaged in the archive */
};

/* Writes results and their objects into one file, an SQLite database, replacing it atomically. `is_executions`: only what running code gave,
 * which is all that another machine needs in order not to run it. The same results give the same file. */
bool cache_export(struct cache *cache, const char *path, bool is_executions, struct cache_cargo *ret_cargo, GError **error);

/* Adds what an archive holds and the cache does not: each object is verified against its name, and a result comes only with all its objects. */
bool cache_import(struct cache *cache, const char *path, struct cache_cargo *ret_cargo, GError **error);
