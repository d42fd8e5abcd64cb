/* Where the cells of a notebook file stand in its text. */
#pragma once

#include <glib.h>

struct ipynb_place {
    int line, col;   /* of the cell's object, from 1; columns in characters */
    int source_line; /* of the first line of its source */
};

/* The places of the members of "cells", an array of struct ipynb_place that the caller frees; shorter than the list, or empty, where the text
 * is not written as usual (escapes in keys). `text` is valid JSON. */
GArray *ipynb_find_places(const char *text);
