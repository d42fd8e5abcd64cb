/* The files that a PlantUML source takes in: a change of one of them changes the picture. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#define PLANTUML_INCLUDE_LIMIT 200

/* What a line that includes names, without its section ("!part") and quotes, and in `ret_at` (may be NULL) where in the line that begins; NULL for
 * any other line. Of a theme from a folder it is the theme's file, and `ret_at` is where the folder begins. The caller frees it. */
char *plantuml_find_include(const char *line, gsize length, gsize *ret_at);

/* Whether a line chooses a theme (PlantUML language reference, "Themes"). */
bool plantuml_is_theme(const char *line);

/* False for a place on the web, PlantUML's own library (<...>) and what the preprocessor makes. */
bool plantuml_is_included_file(const char *target);

/* The files that !include, !include_once, !include_many, !includesub, !import and !theme … from of `text` name, and those that they name in turn: paths
 * relative to `folder` (or absolute as written), each once, whether it is there or not; at most PLANTUML_INCLUDE_LIMIT. Places on the web
 * and PlantUML's own library (<...>) are left out. The caller drops the array. */
GPtrArray *plantuml_find_includes(const char *text, const char *folder);
