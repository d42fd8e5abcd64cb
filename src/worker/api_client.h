/* The worker's side of the Worker API (docs/worker-api.md): the queue over HTTP, and blobs instead of a shared disk. */
#pragma once

#include "base/json.h"
#include "net/http_client.h"

struct api_client;

/* `url`: "http://host:port" or "unix:///path/of/socket". */
struct api_client *api_client_new(const char *url, const char *token);
void api_client_free(struct api_client *client);

/* POSTs a JSON object (taken over) and waits for the answer: a JSON object, the caller's. NULL with STALE (409: the job is somebody else's), NOT_FOUND
 * (404: the build does not know this worker), USAGE (401: the token is wrong), FAILED (the
 * build refuses what was sent) or INFRASTRUCTURE (no connection, or a trouble of the build: worth another try). */
json_t *api_client_post(struct api_client *client, const char *path, json_t *body, GError **error);

/* The same in the main loop; `done` is called once, unless the client is freed before. */
typedef void api_done(json_t *answer, const GError *error, gpointer data);
void api_client_send(struct api_client *client, const char *path, json_t *body, unsigned timeout_s, api_done *done, gpointer data);

/* Fetches a blob into a file, which appears complete and with the right hash, or not at all; goes on where a lost connection left it. */
bool api_client_fetch(struct api_client *client, const char *sha256, const char *path, GError **error);

/* Delivers a blob in parts, unless it is there already; a lost connection costs the last part only. */
bool api_client_deliver(struct api_client *client, const char *sha256, const void *data, gsize length, GError **error);
