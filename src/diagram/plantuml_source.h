/* What is fed to PlantUML: the diagrams of a source. */
#pragma once

#include <glib.h>
#include <stdbool.h>

struct plantuml_block {
    char *text;     /* from the @start line to the @end line, with a final newline */
    int line;       /* of @start in the source, from 1 */
    int n_injected; /* lines added after it */
};

void plantuml_block_free(gpointer block);

struct plantuml_place {
    const char *name;   /* of the source, in messages */
    const char *folder; /* of the source, absolute: relative includes start here */
    const char *root;   /* absolute: files outside of it are not included */
};

/* Cuts the diagrams out (struct plantuml_block *, at least one), makes their includes absolute and, for png, asks for 200 dpi. NULL with
 * SOURCE "NAME:LINE: …" when starts and ends do not balance (such a source would swallow the next one), a kind of diagram is not known, an include
 * leads out of the root or into the web, or JSON is none. The caller drops the array. */
GPtrArray *plantuml_source_read(const char *text, const struct plantuml_place *place, bool is_png, GError **error);
