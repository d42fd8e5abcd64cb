/* KaTeX as the system has it, made part of a page. */
#pragma once

#include <glib.h>

/* KaTeX' script, or NULL if it is not installed; borrowed, kept for the life of the process. */
const char *katex_get_script(void);

/* Appends KaTeX' style sheet with the fonts that `maths` (TeX) needs as "data:" addresses. */
void katex_append_style(GString *out, const char *maths);

/* Identifies the installed KaTeX for cache keys: its place, sizes and dates, or "none"; the caller frees it. */
char *katex_fingerprint(void);
