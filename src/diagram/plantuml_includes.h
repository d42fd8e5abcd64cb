/* The files that a PlantUML source takes in: a change of one of them changes the picture. */
#pragma once

#include <glib.h>

#define PLANTUML_INCLUDE_LIMIT 200

/* The files that !include, !include_once, !include_many, !includesub and !import of `text` name, and those that they name in turn: paths
 * relative to `folder` (or absolute as written), each once, whether it is there or not; at most PLANTUML_INCLUDE_LIMIT. Places on the web
 * and PlantUML's own library (<...>) are left out. The caller drops the array. */
GPtrArray *plantuml_find_includes(const char *text, const char *folder);
