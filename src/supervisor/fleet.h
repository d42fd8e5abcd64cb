/* A fleet: the workers of one type in swarm mode. The engine's cluster places, counts and restarts them; they register themselves by the Worker API, which
 * gives back the jobs of those that fall silent. The fleet makes the service, lets it grow and shrink with the queue, and removes it.
 *
 *   size = jobs that are open, between min and max; it grows at once, and shrinks after a while of less work. A worker that is told to stop while it is at
 *   a job ends that first (CLX_STOP_GRACE), so that shrinking costs nothing.
 */
#pragma once

#include "docker/engine.h"
#include "supervisor/event_logger.h"
#include "supervisor/executor.h"

struct fleet_options {
    enum job_type type;
    int n_least, n_most;
    struct store *store;
    struct event_logger *logger;
    const struct executor_options *worker; /* image, network, memory_limit, api_url, api_token, session_id, jobs_db, log_level */
    const char *constraints;               /* "node.labels.x==y, …"; or NULL */
    int startup_timeout_s, max_job_time_s;
    void (*failed)(enum job_type type, const char *message, gpointer data);
    gpointer data;
};

struct fleet;

/* Makes the service, after removing those of builds that are no more (`sessions`: those that run). NULL with `error`. */
struct fleet *fleet_start(const struct fleet_options *options, GHashTable *sessions, GError **error);

/* Once a second: grows, shrinks, and gives up when no worker comes. */
void fleet_look(struct fleet *fleet);

/* How many of its workers are there. */
int fleet_count_workers(const struct fleet *fleet);
bool fleet_is_ready(const struct fleet *fleet);

/* Removes the service; its workers are told to stop, and have until `deadline` (monotonic, us) to say goodbye. */
void fleet_request_stop(struct fleet *fleet);
void fleet_finish_stop(struct fleet *fleet, gint64 deadline);
void fleet_free(struct fleet *fleet);
