/* Titles of notebook sources, read without expanding Jinja (spec: notebooks.md, section 2, "Titles"). */
#pragma once

#include <glib.h>

/* The argument of the header macro for a language: `{{ header("de", "en") }}` (on one line, or broken after the first argument, the second
 * behind the comment prefix) or `{{ header({"fr": "…"}) }}`; NULL if there is none or it is no UTF-8. The caller frees it. */
char *course_find_title(const char *text, const char *comment, const char *language);
