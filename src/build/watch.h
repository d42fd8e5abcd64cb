/* Building a course again and again while it is edited (--watch).
 *
 *   WAITING -- a change --> SETTLING -- quiet for the debounce time, or long enough --> BUILDING -- every job has ended --> WAITING
 *
 * A change during BUILDING begins the next build at once after its own settling: jobs that it wants as well go on, those of sources that
 * changed are cancelled. A job that somebody has tried again begins a build as a change does. Mistakes are told, and the watch goes on; only a signal ends it. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "build/build.h"

struct watch_options {
    const struct settings *settings;
    const char *program;
    struct api_host *api; /* see session.h; NULL: none */
    const char *spec;     /* path of the spec: watched even when it cannot be read */
    double debounce_s;
    bool is_auto_start;
    double progress_period_s; /* 0: none */

    /* Loads the course anew, with a report of its own; NULL when it is mistaken (the report says why: `ended` is called without a build). The
     * result is given back to `unload`. */
    struct build_options *(*load)(bool is_first, gpointer data);
    void (*unload)(struct build_options *options, gpointer data);
    /* A build has ended. `build` NULL: none could begin. `changed` (char *, paths) is what led to it; empty for the first. */
    void (*ended)(const struct build *build, enum build_status status, const GPtrArray *changed, gpointer data);
    gpointer data;
};

/* Builds and watches until a signal comes. False with `error` when it cannot watch at all. */
bool watch_run(const struct watch_options *options, GError **error);
