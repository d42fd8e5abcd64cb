/* A headless Chromium that is driven over the DevTools protocol by a pair of pipes (--remote-debugging-pipe): no port, no display, a profile of
 * its own, no network. Messages are JSON objects that end with a zero byte; answers carry the id of their call, events have none. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/json.h"

struct devtools;

/* An event: called while devtools_call() waits. May use devtools_send(). `params` is borrowed. */
typedef void devtools_event(struct devtools *devtools, const char *method, const json_t *params, gpointer data);

struct devtools_options {
    const char *program; /* Chromium; searched in PATH */
    const char *folder;  /* existing private folder for its profile and log; the caller removes it after devtools_free() */
    devtools_event *on_event;
    gpointer data;
};

/* Starts the browser; it is up when the first call is answered. NULL with NOT_FOUND or INFRASTRUCTURE. */
struct devtools *devtools_start(const struct devtools_options *options, GError **error);

/* Kills the browser with everything that it started, and waits for it. */
void devtools_free(struct devtools *devtools);
typedef struct devtools devtools;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(devtools, devtools_free)

/* All further calls go to this target ("sessionId" of Target.attachToTarget). */
void devtools_set_session(struct devtools *devtools, const char *session);

/* Calls a method and waits for its result (the caller's), running the default GMainContext. Takes `params` (NULL: none). NULL with INFRASTRUCTURE when the
 * browser ended, refused, or gave no answer in time; devtools_is_alive() then tells whether it can still be used. */
json_t *devtools_call(struct devtools *devtools, const char *method, json_t *params, int timeout_ms, GError **error);

/* Calls a method without waiting; whatever comes back is dropped. Takes `params`. */
void devtools_send(struct devtools *devtools, const char *method, json_t *params);

/* False once the browser has ended or failed to answer in time. */
bool devtools_is_alive(const struct devtools *devtools);

/* True once the browser or its page has crashed or ended by itself: starting another one may help. */
bool devtools_has_crashed(const struct devtools *devtools);

pid_t devtools_pid(const struct devtools *devtools);

/* Memory that the browser with all its processes has for itself, in bytes. */
guint64 devtools_memory(const struct devtools *devtools);
