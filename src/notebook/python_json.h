/* JSON as Python's json module writes it. */
#pragma once

#include <glib.h>

#include "base/json.h"

/* Appends `value` as json.dumps(indent=1, sort_keys=True, ensure_ascii=False) does, nested `depth` levels deep. */
void python_json_append(GString *text, const json_t *value, int depth);

/* Appends a string in quotes with Python's escapes. `ascii` escapes all other characters too (ensure_ascii=True). */
void python_json_append_string(GString *text, const char *string, gsize length, bool ascii);

/* Appends a number as Python's repr() writes it. */
void python_json_append_real(GString *text, double value);
