/* JSON as Python's json module reads and writes it. */
#pragma once

#include <glib.h>

#include "base/json.h"

/* Appends `value` as json.dumps(indent=1, sort_keys=True, ensure_ascii=False) does, nested `depth` levels deep. */
void python_json_append(GString *text, const json_t *value, int depth);

/* Appends a string in quotes with Python's escapes. `ascii` escapes all other characters too (ensure_ascii=True). */
void python_json_append_string(GString *text, const char *string, gsize length, bool ascii);

/* Appends a number as Python's repr() writes it. */
void python_json_append_real(GString *text, double value);

/* Parses a text as json.loads does: with integers of any length, NaN and Infinity, which are not in RFC 8259. Flags and problem are those
 * of jansson's json_loads(); a problem behind such a number on the same line may be some columns off. NULL on failure. The caller owns the
 * result. */
json_t *python_json_parse(const char *text, size_t flags, json_error_t *ret_problem);

/* A number that jansson cannot hold: decimal digits with or without a minus, "NaN", "Infinity" or "-Infinity"; a string for all but
 * python_json_append(). NULL if it is none of them. The caller owns it. */
json_t *python_json_number(const char *token);

/* The token of such a number, borrowed, or NULL if the value is another one. */
const char *python_json_find_number(const json_t *value);
