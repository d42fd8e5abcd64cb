/* HTML that others wrote (Markdown cells, rich outputs), made safe to stand inside a page. */
#pragma once

#include "notebook/html_attribute.h"

/* Appends the fragment with balanced elements, so that nothing behind it is swallowed and nothing around it closed (html_writer.h). Left
 * out: comments, scripts, frames (a link stands for them), event handlers, other attributes that reach out of the fragment (html_attribute.h), and elements that
 * belong to a whole document (html, head, body, main, base, meta, link, title, …). Styles of an output hold in its place only, those of
 * a cell's own Markdown in the whole page, as in Jupyter. */
void html_append_fragment(GString *out, const char *fragment, const struct html_origin *origin);
