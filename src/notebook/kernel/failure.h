/* The message for a cell that raised. */
#pragma once

#include <glib.h>

#include "notebook/notebook.h"

/* "NAME:LINE: cell N: Exception: message" with the compiler's diagnostic, if there is one, and the first lines of the cell below it.
 * `failure` is the content of the kernel's error message. The caller frees it. */
char *failure_format(const struct cell *cell, const char *name, const json_t *failure);

/* "NAME:LINE: cell N: " + problem + the first lines of the cell; `line` counts within the cell, from 1. The caller frees it. */
char *failure_describe(const struct cell *cell, const char *name, int line, const char *problem);
