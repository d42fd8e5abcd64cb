/* The options of a cell: a title and metadata, as they stand behind the cell marker. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "base/json.h"

/* A JSON value or a Python literal (strings in either quote, True, None, tuples); NULL if it is neither. The caller owns it. */
json_t *literal_parse(const char *text);

/* The key under which metadata keeps the text that cannot be read. */
#define OPTIONS_UNREADABLE "incorrectly_encoded_metadata"

/* The metadata of `key=value` pairs; what cannot be read is kept under OPTIONS_UNREADABLE. The caller owns it. */
json_t *options_parse_pairs(const char *text);

/* A title and metadata: `Title key="value"` or `Title {"key": "value"}`. `ret_title` is freed by the caller, "" if there is none. */
json_t *options_parse(const char *text, char **ret_title);

/* True if the metadata is one JSON object. */
bool options_are_json(const char *text);

/* True if a cell with this metadata takes part in files of the extension (without dot): "active" and tags "active-…". */
bool options_are_active(const json_t *metadata, const char *extension, bool fallback);
