/* TeX in Markdown, taken out before Markdown is read and put back after. */
#pragma once

#include <glib.h>

/* The text with each piece of maths replaced by U+E000, its number and U+E001. The pieces (char *, with their delimiters) are appended
 * to `pieces`. Code spans and fenced code are left alone. The caller frees the result. */
char *maths_take_out(const char *text, GPtrArray *pieces);

/* The piece that the mark at `text` stands for, or NULL; `*end` is behind the mark. Borrowed. */
const char *maths_at_mark(const char *text, const GPtrArray *pieces, const char **end);

/* The text with the pieces put back as they were; the caller frees it. */
char *maths_put_back(const char *text, const GPtrArray *pieces);
