/* The message for a cell that raised. */
#pragma once

#include <glib.h>

#include "notebook/notebook.h"

/* "NAME:LINE: cell N: Exception: message" with the compiler's diagnostic, if there is one, the place that raised where that is in another
 * cell or a file of the topic, and the first lines of the cell below it. `failure` is the content of the kernel's error message, with
 * paths of the topic's files as outputs_hide_folders() leaves them. The caller frees it. */
char *failure_format(const struct notebook *notebook, const struct cell *cell, const char *name, const json_t *failure);

/* "NAME:LINE: cell N: " + problem + the first lines of the cell; `line` counts within the cell, from 1. The caller frees it. */
char *failure_describe(const struct cell *cell, const char *name, int line, const char *problem);
