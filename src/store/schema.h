/* The schema of the jobs database and the connection behind struct store. Private to store/. */
#pragma once

#include "store/db.h"
#include "store/store.h"

struct store {
    struct db db;
    bool has_event;        /* one was added whose bell has not rung: the transaction is still open */
    gint64 claimer;        /* the worker whose session is remembered, 0: none */
    char *claimer_session; /* its session, or NULL: it takes the jobs of all sessions that it fits */
    char *claimer_fit;     /* its fit, or NULL */
};

/* Rings for the events that others can see by now. */
void store_ring_events(struct store *store);

extern const struct db_schema jobs_schema;
