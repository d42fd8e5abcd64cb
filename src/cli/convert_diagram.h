/* clx convert for diagrams: a picture without queue and workers. */
#pragma once

#include "cli/command.h"
#include "diagram/picture.h"

/* The options that only diagrams have, for the table of the command. */
#define CONVERT_DIAGRAM_OPTIONS                                                                                                            \
    {"background", 0, "COLOR", "of a Draw.io picture (default: white)", false, picture_background_names},                                  \
        {"border", 0, "N", "units around a Draw.io drawing (default: 20)"},                                                                \
        {"layer", 0, "NAME", "show only these layers of a Draw.io page", true}, {"page", 0, "N", "page of a Draw.io file (default: 1)"},   \
    {                                                                                                                                      \
        "scale", 0, "N", "pixels per unit of a Draw.io file (default: 3)"                                                                  \
    }

/* True if the file's name says that it is a diagram. */
bool convert_is_diagram(const char *path);

/* Draws the first operand; returns the exit status. */
int convert_diagram(struct invocation *invocation);
