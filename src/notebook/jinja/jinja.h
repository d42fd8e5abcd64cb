/* A Jinja engine for course sources (spec: notebooks.md, section 2; Jinja2 3.1 template documentation). */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "base/json.h"

struct jinja_options {
    const char *line_comment;   /* comment prefix of the language: "#" or "//"; line statements begin with it and " j2" */
    const char *const *folders; /* NULL-terminated search path of the loader; nothing outside of it is ever read */
    const json_t *globals;      /* object: is_notebook, is_html, lang, author, … */
    /* Called for each folder in which a template was looked for, by its index in `folders`, until it was found; may be NULL. */
    void (*looked_up)(unsigned folder, const char *name, bool is_found, gpointer data);
    gpointer data; /* for looked_up */
};

/* Renders `text`, named `name` in messages. Errors are "NAME:LINE:COL: message" (CLX_ERROR_SOURCE), with the call chain for errors in
 * macros. Appends each template file read to `ret_files` (absolute paths, NULL allowed). The caller frees the result. */
char *jinja_render(const char *text, gsize length, const char *name, const struct jinja_options *options, GPtrArray *ret_files,
                   GError **error);

/* As above; `ret_lines` (may be NULL) receives, for each line of the output, the line of `text` it comes from (guint, from 1; for text
 * out of an included or imported template the line of the statement or expression in `text` that brought it). */
char *jinja_render_mapped(const char *text, gsize length, const char *name, const struct jinja_options *options, GPtrArray *ret_files,
                          GArray *ret_lines, GError **error);

/* As above, for text of any kind: the result may hold NUL characters, which the other two refuse. The caller drops it. */
GBytes *jinja_render_bytes(const char *text, gsize length, const char *name, const struct jinja_options *options, GPtrArray *ret_files,
                           GArray *ret_lines, GError **error);
