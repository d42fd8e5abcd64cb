/* Client of the container engine's API (Docker 1.41 and newer; podman's service). Finds the engine as the docker command does: DOCKER_HOST, else the
 * current context, else /var/run/docker.sock. No docker command line is needed. */
#pragma once

#include "base/json.h"
#include "net/http_client.h"

struct engine;

/* Finds the engine and agrees on a version; NULL with a message that says where it was looked for and what to do. */
struct engine *engine_open(GError **error);
void engine_close(struct engine *engine);
typedef struct engine engine;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(engine, engine_close)

/* Calls that block ask `goes_on` at least once a second, and are given up when it says no. */
void engine_set_goes_on(struct engine *engine, bool (*goes_on)(gpointer data), gpointer data);

/* Where the engine listens, as DOCKER_HOST has it ("unix:///var/run/docker.sock"); borrowed. */
const char *engine_address(const struct engine *engine);

/* One call: the reply, whatever its status, or NULL with `error` when there was none. `path` without version; `body` (taken over) may be NULL. */
struct http_reply *engine_call(struct engine *engine, const char *method, const char *path, json_t *body, GError **error);

/* The same for those that only ask whether it went well: false with the engine's own message for statuses of 400 and more. `ret_answer` (may be
 * NULL) gets the JSON answer, or NULL when there is none. */
bool engine_do(struct engine *engine, const char *method, const char *path, json_t *body, json_t **ret_answer, GError **error);

/* A call whose reply comes in parts (pull, build, logs): its path is without version, its `part` gets them. */
bool engine_stream(struct engine *engine, const struct http_call *call, GError **error);

/* A call that is answered in the main loop (wait). */
struct http_pending *engine_send(struct engine *engine, const char *method, const char *path, http_done *done, gpointer data);

/* The engine's own message of a reply; the caller frees it. */
char *engine_message(const struct http_reply *reply);
