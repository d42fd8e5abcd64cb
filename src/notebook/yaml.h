/* YAML in the header of a source, as JSON. */
#pragma once

#include "base/json.h"

/* The document as JSON, plain scalars resolved as PyYAML's safe loader does. NULL with CLX_ERROR_SOURCE and the place in `text`, from 1; the
 * caller owns it. */
json_t *yaml_header_parse(const char *text, int *ret_line, int *ret_col, GError **error);
