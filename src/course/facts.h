/* What a course needs to know of its sources without expanding them: titles, pictures they show, modules they import. Remembered by the cache
 * with the file's stat, so that sources that did not change are not read. Internal to src/course. */
#pragma once

#include "base/json.h"
#include "course/spec.h"

/* The facts of a source: {titles: {LANGUAGE: text or null}, images: [src], imports: [module]}. `comment` is the comment prefix of its language.
 * A source that cannot be read has none of them. The caller drops the object. */
json_t *facts_of_source(const struct course *course, const char *path, const char *comment);

/* The facts of a PlantUML source called `stem`: {pictures: [name]}, those it makes beside the one that is called like itself (diagram_names.h).
 * The caller drops the object. */
json_t *facts_of_diagram(const struct course *course, const char *path, const char *stem);
