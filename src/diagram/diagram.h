/* Diagrams to pictures. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "base/json.h"
#include "diagram/picture.h"

struct plantuml; /* a resident JVM, started with the first diagram */

/* `jar` is a path or NULL: PLANTUML_JAR, then Debian's place and /usr/local/share. `java` NULL: JAVA_HOME, PATH. Starts nothing yet. */
struct plantuml *plantuml_new(const char *jar, const char *java);
void plantuml_free(struct plantuml *plantuml); /* ends the JVM and waits for it */

/* Renders the first diagram of a source to PNG (200 dpi) or SVG (`format` "png"|"svg"). Syntax errors are CLX_ERROR_SOURCE
 * "NAME:LINE: message"; a dead JVM CLX_ERROR_INFRASTRUCTURE; no java or jar CLX_ERROR_NOT_FOUND with the remedy. Runs the default
 * GMainContext while it waits. */
GBytes *plantuml_render(struct plantuml *plantuml, const char *source_path, const char *name, const char *format, GError **error);

/* Identifies the tool for cache keys (jar path, size, mtime); never NULL: "none" when it is not there. */
char *plantuml_fingerprint(const char *jar);

/* Where the tools are: the given path, else the environment's, else the usual places; NULL when there is none. The caller frees it. */
char *plantuml_find_jar(const char *given);
char *plantuml_find_java(const char *given);

/* Who draws Draw.io files. */
enum drawio_renderer {
    DRAWIO_AUTO,    /* the renderer in C when it can draw all of the page, else the browser, else the desktop program, else C with boxes */
    DRAWIO_NATIVE,  /* the renderer in C; what it cannot draw is a box and a warning */
    DRAWIO_BROWSER, /* the original's web application in a resident Chromium */
    DRAWIO_DESKTOP, /* the original's desktop program, started for each picture */
};
extern const char *const drawio_renderer_names[]; /* auto, native, browser, desktop; NULL-terminated */

struct drawio_settings {
    enum drawio_renderer renderer;
    const char *executable;  /* the desktop program; NULL: DRAWIO_EXECUTABLE, PATH */
    const char *chromium;    /* drawio_browser_find_chromium() */
    const char *application; /* drawio_browser_find_application() */
    const char *folder;      /* private folder for what a renderer writes; NULL: the folder for temporary files */
    guint64 memory_limit;    /* bytes for the browser; 0: its default */
};

struct drawio; /* draws one file after another; what is resident starts with the first file that needs it */

/* Copies the settings; starts nothing yet. */
struct drawio *drawio_new(const struct drawio_settings *settings);
void drawio_free(struct drawio *drawio); /* ends the browser */
typedef struct drawio drawio;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(drawio, drawio_free)

/* Draws a page of a file. `name` is the file in messages. Adds to `warnings` (texts without the name; may be NULL). NULL with SOURCE when the file is wrong, NOT_FOUND with the
 * remedy when the wanted renderer is not there, INFRASTRUCTURE when it died or took too long. Runs the default GMainContext while it waits. */
GBytes *drawio_render(struct drawio *drawio, const char *source_path, const char *name, const struct picture_options *options,
                      GPtrArray *warnings, GError **error);

/* Identifies everything that these settings may draw with, for cache keys; the caller frees it. */
char *drawio_fingerprint(const struct drawio_settings *settings);
