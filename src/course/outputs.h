/* The plan of a course: every file that a build of it makes, known before the first job starts (spec: course.md, sections 2.3 and 3). */
#pragma once

#include <glib.h>

#include "base/diag.h"
#include "course/model.h"

enum output_what {
    OUTPUT_NOTEBOOK, /* made by a notebook job */
    OUTPUT_DIAGRAM,  /* the picture of a diagram job */
    OUTPUT_COPY,     /* the bytes of `source` */
};

struct course_output {
    const struct output_target *target; /* borrowed from the course */
    char *absolute;                     /* path */
    const char *path;                   /* relative to target->root: the end of `absolute` */
    enum output_what what;
    const struct section *section;       /* borrowed; NULL for a file of the course's own dir-groups */
    const struct topic *topic;           /* borrowed; NULL for a file of the course's own dir-groups */
    const struct topic_file *topic_file; /* borrowed; NULL for a file of a dir-group */
    char *source;                        /* absolute */
    const char *picture;                 /* of a diagram: one of topic_file->more_pictures, borrowed; else NULL */
    const char *language;                /* borrowed */
    int kind;                            /* enum kind; -1 for a file of a dir-group */
    int format;                          /* enum format; -1 for a file of a dir-group */
};

/* Every output of a course in its order (targets, then languages, sections, topics, files, kinds, formats; each path of a target once): struct course_output *.
 * Two sources with one path and missing dir-groups go to `diags` as errors; an authored picture that a diagram of the same name
 * replaces is a note. The array frees its items and borrows from the course, which must outlive it. Never NULL. */
GPtrArray *course_outputs(const struct course *course, struct diag_list *diags);
