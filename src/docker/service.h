/* Services of a swarm: as many equal workers as are wanted, placed by the engine on the machines of its cluster, and placed anew when one is lost. They
 * carry the labels of containers (container.h). */
#pragma once

#include "docker/engine.h"

struct service_spec {
    const char *name, *image, *network; /* network: "host", the name of one of the swarm's, or NULL */
    const char *const *env;             /* NULL-terminated "NAME=value" */
    const char *token;                  /* becomes a secret, a file at SERVICE_TOKEN_FILE in the containers */
    const char *const *constraints;     /* NULL-terminated "node.labels.x==y"; or NULL */
    const char *session_id, *worker_type, *jobs_db;
    guint64 memory_limit; /* bytes of each; 0: none */
    unsigned n_replicas, stop_grace_s;
};
#define SERVICE_TOKEN_FILE "/run/secrets/clx-token"

/* The address of this machine in the swarm, the caller's; NULL with `error` when the engine manages none. */
char *service_swarm_address(struct engine *engine, GError **error);

/* Makes the service and its secret. Returns its id, the caller's; NULL with `error`. */
char *service_create(struct engine *engine, const struct service_spec *spec, GError **error);
bool service_scale(struct engine *engine, const char *id, unsigned n_replicas, GError **error);

/* Ends all its workers: they are told to stop, and go on their own. Its secret goes with it. */
void service_remove(struct engine *engine, const char *name);

/* How many of its tasks have failed, and the message of the last one (NULL: none), the caller's. -1 error. */
int service_count_failures(struct engine *engine, const char *name, char **ret_message, GError **error);

/* Removes the services of a jobs database whose session is none of `sessions` (a set of names); returns how many, -1 error. */
int service_remove_leftovers(struct engine *engine, const char *jobs_db, GHashTable *sessions, GError **error);
