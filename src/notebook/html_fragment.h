/* HTML that others wrote (Markdown cells, rich outputs), made safe to stand inside a page. */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Appends the fragment with balanced elements, so that nothing behind it is swallowed and nothing around it closed. Left out: comments,
 * scripts, event handlers, and elements that belong to a whole document (html, head, body, base, meta, link, title, …). Styles of an output hold in its place only, those of a cell's own
 * Markdown in the whole page, as in Jupyter. */
void html_append_fragment(GString *out, const char *fragment, bool is_output);
