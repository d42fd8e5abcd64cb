/* TOML's numbers, booleans, dates and times from their text. Private to the parser. */
#pragma once

#include "config/toml.h"

/* Fills type, text, integer and real of `value` from a token; NULL, or what is wrong with it (static text). */
const char *toml_read_scalar(const char *token, struct toml *value);
