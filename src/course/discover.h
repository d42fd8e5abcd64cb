/* Finds the topics of a course in `slides/`, or the sections themselves (spec: course.md, sections 1.4 and 2.1). Internal to src/course. */
#pragma once

#include "course/spec.h"

/* Discovers sections when the spec names none, resolves each topic, lists its files and numbers the notebooks. */
void discover_course(struct spec *spec);

/* "topic_100_list_basics.py" -> "list_basics"; NULL if the name has not that form. The caller frees it. */
char *discover_topic_id(const char *name);

/* A folder's name without prefix and number, or the whole name if nothing else is there. The caller frees it. */
char *discover_section_name(const char *folder);
