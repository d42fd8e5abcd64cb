/* Diagrams to pictures. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "base/json.h"

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

/* Renders page 1 of a Draw.io file to PNG with the desktop program named by `executable` or DRAWIO_EXECUTABLE (under xvfb-run when there
 * is no display). Errors as above. */
GBytes *drawio_render(const char *executable, const char *source_path, const char *name, const char *format, GError **error);
char *drawio_fingerprint(const char *executable);

/* Where the tools are: the given path, else the environment's, else the usual places; NULL when there is none. The caller frees them. */
char *plantuml_find_jar(const char *given);
char *plantuml_find_java(const char *given);
char *drawio_find_program(const char *given);
