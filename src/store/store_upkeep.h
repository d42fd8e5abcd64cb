/* Figures of the jobs database, and giving its free space back. */
#pragma once

#include "store/store.h"

struct store_stats {
    gint64 n_jobs, n_workers, n_events;
    gint64 database_bytes, free_bytes; /* of the file; what a vacuum would give back */
};
bool store_get_stats(struct store *store, struct store_stats *ret_stats, GError **error);
bool store_vacuum(struct store *store, GError **error);
