/* Style sheets that outputs bring along. */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Appends a style element with this CSS. `scoped`: its rules hold only in the element that the style element stands in; CSS that
 * could end that scope (brackets or strings that do not match, escapes outside of strings) is left out. */
void html_append_style(GString *out, const char *css, size_t length, bool scoped);
