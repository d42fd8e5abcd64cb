/* Numbers of Python's json module that JSON, or jansson, does not have: integers of any length, NaN, Infinity. They live in values as texts
 * that begin with a mark, a NUL and a word. A text of a file that begins so and goes on as such a number is given back as the number. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "notebook/python_json.h"

#define MARK "\0number:"
#define MARK_LENGTH (sizeof MARK - 1)
#define MARK_AS_JSON "\"\\u0000number:"
#define SAFE_DIGITS 18
#define MAX_DIGITS 4300 /* of an integer from a text, sys.int_info.default_max_str_digits */

static bool is_integer(const char *token, size_t length)
{
    size_t sign = length > 0 && *token == '-';
    for (size_t i = sign; i < length; i++)
        if (!g_ascii_isdigit(token[i]))
            return false;
    return length > sign && length - sign <= MAX_DIGITS && (token[sign] != '0' || length == sign + 1);
}

static bool is_exact(const char *token, size_t length)
{
    static const char *const names[] = {"NaN", "Infinity", "-Infinity"};
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++)
        if (length == strlen(names[i]) && memcmp(token, names[i], length) == 0)
            return true;
    return is_integer(token, length);
}

json_t *python_json_number(const char *token)
{
    g_autoptr(GString) text = g_string_new_len(MARK, MARK_LENGTH);
    if (!is_exact(token, strlen(token)))
        return 0;
    g_string_append(text, token);
    return json_stringn(text->str, text->len);
}

const char *python_json_find_number(const json_t *value)
{
    const char *text = json_string_value(value);
    size_t length = json_string_length(value);
    if (length <= MARK_LENGTH || memcmp(text, MARK, MARK_LENGTH) != 0 || !is_exact(text + MARK_LENGTH, length - MARK_LENGTH))
        return 0;
    return text + MARK_LENGTH;
}

static const char *skip_string(const char *p)
{
    for (p++; *p != 0 && *p != '"'; p++)
        if (*p == '\\' && p[1] != 0)
            p++;
    return *p == '"' ? p + 1 : p;
}

/* What Python makes of a token that jansson refuses: NULL where it refuses it too. */
static const char *settle(const char *token, char *plain)
{
    size_t length = strlen(plain), sign = *token == '-';
    if (is_exact(plain, length) && (!is_integer(plain, length) || length - sign > SAFE_DIGITS))
        return plain;
    if (!g_ascii_isdigit(plain[sign]) || strpbrk(plain, ".eE") == 0)
        return 0;
    char *end = 0;
    double value = g_ascii_strtod(plain, &end);
    return *end == 0 && isinf(value) ? (sign ? "-Infinity" : "Infinity") : 0;
}

static const char *append_token(GString *out, const char *p)
{
    size_t length = strspn(p, "+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
    g_autofree char *plain = g_strndup(p, length);
    const char *exact = settle(p, plain);
    if (exact != 0)
        g_string_append_printf(out, MARK_AS_JSON "%s\"", exact);
    else
        g_string_append_len(out, p, (gssize)length);
    return p + length;
}

/* The text with a string in the place of each such number. */
static char *mark_numbers(const char *text)
{
    GString *out = g_string_new(0);
    for (const char *p = text, *next; *p != 0; p = next) {
        if (*p == '-' || g_ascii_isalnum(*p)) {
            next = append_token(out, p);
            continue;
        }
        next = *p == '"' ? skip_string(p) : p + 1;
        g_string_append_len(out, p, next - p);
    }
    return g_string_free(out, FALSE);
}

json_t *python_json_parse(const char *text, size_t flags, json_error_t *ret_problem)
{
    json_t *json = json_loads(text, flags | JSON_ALLOW_NUL, ret_problem);
    if (json != 0)
        return json;
    json_error_t problem;
    g_autofree char *marked = mark_numbers(text);
    json = json_loads(marked, flags | JSON_ALLOW_NUL, &problem);
    if (json == 0 && strcmp(marked, text) != 0 && ret_problem != 0) /* the first reading failed at a number that is right */
        *ret_problem = problem;
    return json;
}
