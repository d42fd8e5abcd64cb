/* Style sheets that outputs bring along. */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Whether the CSS of an output may hold: its brackets and strings match, no escape stands outside of strings (so that nothing ends before
 * it seems to), and what it shows is at a harmless address (html_is_harmless_address()). */
bool html_is_harmless_style(const char *css, size_t length);

/* Appends a style element with this CSS. `scoped`: its rules hold only in the element that the style element stands in, and CSS that is
 * not harmless is left out. */
void html_append_style(GString *out, const char *css, size_t length, bool scoped);
