/* The pictures of a PlantUML source that holds several diagrams, or diagrams with names of their own. */
#pragma once

#include <glib.h>

struct diagram_name {
    char *name;     /* of the picture, without suffix */
    unsigned block; /* which diagram it shows, from 0 */
};

/* What the pictures of a source are called (struct diagram_name *, the caller drops the array): the first one like the source, `stem`; the others as PlantUML
 * itself calls them: by the name behind "@startuml", and without one STEM_001, STEM_002, …. A source whose first diagram has a name has its picture under both.
 * A source without any diagram has one picture all the same: its job says what is wrong. */
GPtrArray *diagram_names(const char *text, const char *stem);
