#include "base/json.h"

#include <string.h>

#include "base/error.h"

#define MAX_LENGTH (64u * 1024 * 1024)

const char *json_get_text(const json_t *object, const char *key, const char *fallback)
{
    const json_t *value = json_object_get(object, key);
    return json_is_string(value) ? json_string_value(value) : fallback;
}

bool json_get_bool(const json_t *object, const char *key, bool fallback)
{
    const json_t *value = json_object_get(object, key);
    return json_is_boolean(value) ? json_is_true(value) : fallback;
}

gint64 json_get_int(const json_t *object, const char *key, gint64 fallback)
{
    const json_t *value = json_object_get(object, key);
    return json_is_integer(value) ? json_integer_value(value) : fallback;
}

double json_get_real(const json_t *object, const char *key, double fallback)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : fallback;
}

json_t *json_parse(const char *text, size_t length, GError **error)
{
    json_error_t problem;
    if (length > MAX_LENGTH) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_FAILED, "JSON text of %zu bytes is too large", length);
        return NULL;
    }
    json_t *value = json_loadb(text, length, JSON_DECODE_ANY | JSON_ALLOW_NUL, &problem);
    if (value == NULL)
        g_set_error(error, CLX_ERROR, CLX_ERROR_FAILED, "%d:%d: invalid JSON: %s", problem.line, problem.column, problem.text);
    return value;
}

char *json_to_text(const json_t *value)
{
    char *raw = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    char *text = g_strdup(raw);
    free(raw);
    return text;
}
