/* What jansson lacks: automatic references and typed look-ups with defaults. */
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(json_t, json_decref)

/* The string member `key`, borrowed, or `fallback` when it is absent or no string. */
const char *json_get_text(const json_t *object, const char *key, const char *fallback);

/* The boolean member `key`, or `fallback`. */
bool json_get_bool(const json_t *object, const char *key, bool fallback);

/* The integer member `key`, or `fallback`. */
gint64 json_get_int(const json_t *object, const char *key, gint64 fallback);

/* The member `key` as a number, or `fallback`. */
double json_get_real(const json_t *object, const char *key, double fallback);

/* Parses a text of at most 64 MiB with bounded depth; NULL with `error` on failure. The caller owns the result. */
json_t *json_parse(const char *text, size_t length, GError **error);

/* Compact text of a value; the caller frees it (with g_free). */
char *json_to_text(const json_t *value);
