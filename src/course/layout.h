/* Output paths (spec: course.md, section 3.3). Every path is relative to its target's root. */
#pragma once

#include <glib.h>

#include "course/model.h"

/* A name made safe for a file system by the rules of section 3.3; the caller frees it. */
char *layout_sanitize(const char *name);

/* "<public|speaker>/<Lang>/<course>" of a target (without the first level for a named one); the caller frees it. */
char *layout_course_folder(const struct course *course, const struct output_target *target, const char *language, enum kind kind);

/* The folder that holds a section's outputs of one kind and format; the caller frees it. */
char *layout_section_folder(const struct course *course, const struct output_target *target, const struct section *section,
                            const char *language, enum kind kind, enum format format);

/* "<NN> <title><suffix>" of a notebook's output; the caller frees it. */
char *layout_notebook_name(const struct course *course, const struct topic_file *file, const char *language, enum format format);

/* From a notebook's output to its course folder, and back down to a shared picture. */
#define LAYOUT_UP_TO_COURSE "../../../../"

/* In image mode shared: where a file that pages show goes below the course folder, "img/x.png"; NULL for a file that stays beside the
 * notebook. `picture` and `suffix` as below. The caller frees it. */
char *layout_shared_name(const struct topic_file *file, const char *picture, const char *suffix);

/* Where a diagram's picture goes beside the notebook: "img/x.png" or "sub/img/x.png"; `picture`: one of file->more_pictures, or NULL for the one that is
 * called like the file. The caller frees it. */
char *layout_diagram_name(const struct topic_file *file, const char *picture, const char *suffix);
