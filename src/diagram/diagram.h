/* Diagrams to pictures. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/json.h"
#include "diagram/picture.h"

struct plantuml; /* a resident JVM, started with the first diagram */

struct plantuml_settings {
    const char *jar;      /* NULL: PLANTUML_JAR, then Debian's place and /usr/local/share */
    const char *java;     /* NULL: JAVA_HOME, PATH */
    const char *folder;   /* private folder for temporary files; NULL: one in the folder for temporary files */
    guint64 memory_limit; /* bytes for the JVM and what it starts; 0: 1 GiB. One that has grown past it is started anew */
    bool makes_archive;   /* makes the class-data archive when it is not there, beside the first diagrams */
};

/* Copies the settings; starts nothing yet. */
struct plantuml *plantuml_new(const struct plantuml_settings *settings);
void plantuml_free(struct plantuml *plantuml); /* ends the JVM and waits for it */
typedef struct plantuml plantuml;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(plantuml, plantuml_free)

/* A source with diagrams. */
struct plantuml_request {
    const char *path; /* of the source */
    const char *name; /* of it in messages */
    const char *root; /* only files at or below this folder are included; NULL: the folder of the source */
    enum picture_format format;
    unsigned number; /* of the only diagram that is wanted, from 1; 0: all of them */
};

/* Renders the diagrams of a source, in their order, to PNG (200 dpi), SVG or PDF: GBytes *; the caller drops the array. `warnings` (texts, may be NULL): fonts
 * that are not there. Mistakes in the source are CLX_ERROR_SOURCE "NAME:LINE: message"; a JVM that died or took too long is CLX_ERROR_INFRASTRUCTURE; no java or
 * jar CLX_ERROR_NOT_FOUND with the remedy. Runs the default GMainContext while it waits. */
GPtrArray *plantuml_render(struct plantuml *plantuml, const struct plantuml_request *request, GPtrArray *warnings, GError **error);

pid_t plantuml_pid(const struct plantuml *plantuml); /* of the JVM; 0: not running */

/* Where the tools are: the given path, else the environment's, else the usual places; NULL when there is none. The caller frees it. */
char *plantuml_find_jar(const char *given);
char *plantuml_find_java(const char *given);

/* What the program itself says of its version ("1.2020.02"), which takes the start of a JVM; NULL when it says nothing. The caller frees it. */
char *plantuml_ask_version(const char *java, const char *jar);

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
