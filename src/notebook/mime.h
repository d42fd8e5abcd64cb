/* Escaping, and outputs of cells as HTML: the richest form that a page can show. */
#pragma once

#include <glib.h>

#include "base/json.h"
#include "notebook/markdown.h"

/* Appends text with & < > " ' escaped; characters that no HTML page may hold become U+FFFD. */
void mime_append_escaped(GString *out, const char *text, size_t length);

/* Appends a "data:" address of the bytes. */
void mime_append_data_url(GString *out, const char *type, const void *bytes, size_t length);

/* nbformat's text: a string, or an array of strings to be joined. The caller frees it; NULL if it is neither. */
char *mime_get_text(const json_t *value);

/* Appends nbformat outputs (an array, or NULL) in page language `language`. */
void mime_append_outputs(GString *out, const json_t *outputs, const char *language, struct markdown *markdown);
