/* What is fed to PlantUML: the first diagram of a source. */
#pragma once

#include <glib.h>

struct plantuml_source {
    char *text;     /* from the @start line to the @end line, with a final newline */
    int line;       /* of @start in the source, from 1 */
    int n_injected; /* lines added after it */
};

/* Cuts the first diagram out, makes its includes absolute by `folder` and, for png, asks for 200 dpi. False with SOURCE when starts and
 * ends do not balance: such a source would swallow the next one. Clear with plantuml_source_clear(). */
gboolean plantuml_source_read(const char *text, const char *name, const char *folder, gboolean is_png, struct plantuml_source *ret_source,
                              GError **error);
void plantuml_source_clear(struct plantuml_source *source);
