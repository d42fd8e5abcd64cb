/* WorkerEventLogger: the events of one build's workers, with its session's id. */
#pragma once

#include "base/glossary.h"
#include "store/store.h"

struct event_logger {
    struct store *store;
    const char *session_id;
    bool has_complained;            /* that an event could not be written: once is enough */
    const char *modes[N_JOB_TYPES]; /* execution mode of each type's workers */
};

/* Adds an event; `worker_id` 0 for one of a pool. Takes over `metadata`, which may be NULL. A failure to write is told on stderr only:
 * the workers matter more than their story. */
void event_logger_add(struct event_logger *logger, const char *event_type, enum job_type type, gint64 worker_id, json_t *metadata,
                      const char *format, ...) G_GNUC_PRINTF(6, 7);
