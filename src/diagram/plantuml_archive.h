/* The class-data archive that shortens the start of PlantUML's JVM: made once for each pair of java and jar by a JVM that runs beside the first
 * diagrams, and put into the cache folder in one step. The JVM itself ignores one that is broken or of another version. Who makes one removes those that nobody has
 * used for 30 days. */
#pragma once

#include <glib.h>

#include "diagram/plantuml_jvm.h"

/* Where the archive for these tools is or will be; the caller frees it. */
char *plantuml_archive_path(const char *java, const char *jar);

/* Makes the archive, unless it is there or somebody else is at it: NULL then, and when anything else is against it. `options` as for the JVM that draws.
 * Ends by itself in the default GMainContext. */
struct plantuml_archiving;
struct plantuml_archiving *plantuml_archiving_start(const struct plantuml_jvm_options *options, const char *path);
void plantuml_archiving_free(struct plantuml_archiving *archiving); /* gives up what is not finished */
