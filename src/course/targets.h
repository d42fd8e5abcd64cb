/* Which output trees a build makes: the spec's targets, cut down by the command line (spec: course.md, section 3.2). Internal to src/course. */
#pragma once

#include "course/spec.h"

/* Replaces the targets by one default target when there are none or `output_dir` is given, selects and filters; what is wrong or leaves
 * nothing to build is reported. Afterwards every target has its languages. */
void targets_select(struct spec *spec, const struct course_options *options);
