/* Containers of workers. All carry labels, by which they are found again; a container without them is never touched. */
#pragma once

#include "docker/engine.h"

#define LABEL_OWNER "clx.owner"     /* always "clx" */
#define LABEL_SESSION "clx.session" /* of the build */
#define LABEL_TYPE "clx.worker_type"
#define LABEL_DATABASE "clx.jobs_db" /* the jobs database that it works for */

struct container_spec {
    const char *name, *image, *network;
    const char *const *env; /* NULL-terminated "NAME=value" */
    const char *source;     /* folder of the engine's machine, mounted read-only at /source; or NULL */
    const char *session_id, *worker_type, *jobs_db;
    guint64 memory_limit; /* bytes; 0: none */
};

/* Creates it: no privileges, no capabilities, no root. A name that a container of ours has is freed; a stranger keeps his,
 * and ours gets an ending. Returns
 * its id, the caller's; NULL with `error`. */
char *container_create(struct engine *engine, const struct container_spec *spec, GError **error);
bool container_start(struct engine *engine, const char *id, GError **error);

/* Sends a signal by name ("TERM") from the main loop, and waits for nothing: an engine that hangs holds up nobody. It is
 * given up with the handle of the engine. */
void container_signal(struct engine *engine, const char *id, const char *signal_name);

struct container_state {
    bool is_running, is_ours, is_out_of_memory;
    int exit_status;
};
/* 1 and its state, 0 there is none, -1 error. */
int container_inspect(struct engine *engine, const char *id, struct container_state *ret_state, GError **error);

/* Ends and removes it, if it is ours. */
void container_remove(struct engine *engine, const char *id);

/* The last lines it wrote, without the stream's frames; the caller frees it. "" when there are none. */
char *container_logs(struct engine *engine, const char *id, unsigned n_lines);

/* Removes the containers of a jobs database whose session is none of `sessions` (a set of names); returns how many, -1 error. */
int container_remove_leftovers(struct engine *engine, const char *jobs_db, GHashTable *sessions, GError **error);
