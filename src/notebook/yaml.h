/* YAML in the header of a source, as JSON. */
#pragma once

#include "base/json.h"

/* The document as JSON, plain scalars resolved as YAML 1.1 does. NULL with CLX_ERROR_SOURCE; the caller owns it. */
json_t *yaml_header_parse(const char *text, GError **error);
