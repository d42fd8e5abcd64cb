/* The files of a topic with their classes (spec: course.md, section 2.2). Internal to src/course. */
#pragma once

#include "course/spec.h"

#define TOPIC_FILE_LIMIT 20000
#define NOTEBOOK_SIZE_LIMIT (64u * 1024 * 1024)

/* A folder topic: its own files in name order, then all below. */
void topic_files_add_folder(struct spec *spec, struct topic *topic);

/* A file topic: the file (a path relative to topic->folder), the images it shows and the sibling modules it imports, of those too. */
void topic_files_add_file(struct spec *spec, struct topic *topic, const char *relative);

/* The sibling modules that a Python text imports: names without suffix, in their order. */
GPtrArray *topic_files_find_imports(const char *text);
