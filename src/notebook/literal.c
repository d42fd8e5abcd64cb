/* Values in cell metadata: JSON, or the literals of Python that people write in its place. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "notebook/lines.h"
#include "notebook/options.h"
#include "notebook/python_json.h"

#define MAX_DEPTH 64

static json_t *parse_value(const char **p, int depth);

static bool skip_char(const char **p, char c)
{
    *p = skip_space(*p);
    if (**p != c)
        return false;
    (*p)++;
    return true;
}

static bool append_code_point(const char **p, GString *text, int digits)
{
    gunichar c = 0;
    for (int i = 0; i < digits; i++, (*p)++) {
        if (!g_ascii_isxdigit(**p))
            return false;
        c = c * 16 + (gunichar)g_ascii_xdigit_value(**p);
    }
    if (c == 0 || !g_unichar_validate(c))
        return false;
    g_string_append_unichar(text, c);
    return true;
}

/* Up to three octal digits. */
static bool append_octal(const char **p, GString *text)
{
    gunichar c = 0;
    for (int i = 0; i < 3 && **p >= '0' && **p <= '7'; i++, (*p)++)
        c = c * 8 + (gunichar)(**p - '0');
    if (c == 0)
        return false;
    g_string_append_unichar(text, c);
    return true;
}

static bool append_escape(const char **p, GString *text)
{
    static const char names[] = "abfnrtv\\'\"", values[] = "\a\b\f\n\r\t\v\\'\"";
    if (**p >= '0' && **p <= '7')
        return append_octal(p, text);
    if (**p == 0)
        return false;
    char c = *(*p)++;
    const char *at = strchr(names, c);
    if (c == 'x' || c == 'u' || c == 'U')
        return append_code_point(p, text, c == 'x' ? 2 : c == 'u' ? 4 : 8);
    if (at != 0)
        g_string_append_c(text, values[at - names]);
    else if (c != '\n')
        g_string_append_printf(text, "\\%c", c);
    return true;
}

static bool append_string(const char **p, GString *text)
{
    bool raw = **p == 'r' || **p == 'R';
    if (raw || **p == 'u' || **p == 'U')
        (*p)++;
    char quote = **p;
    if (quote != '"' && quote != '\'')
        return false;
    for ((*p)++; **p != quote;) {
        if (**p == 0)
            return false;
        if (raw && **p == '\\' && (*p)[1] != 0)
            g_string_append_c(text, *(*p)++);
        else if (**p == '\\') {
            (*p)++;
            if (!append_escape(p, text))
                return false;
            continue;
        }
        g_string_append_c(text, *(*p)++);
    }
    (*p)++;
    return true;
}

static bool starts_string(const char *p)
{
    if (*p != 0 && strchr("rRuU", *p) != 0)
        p++;
    return *p == '"' || *p == '\'';
}

static json_t *parse_string(const char **p)
{
    g_autoptr(GString) text = g_string_new(0);
    while (starts_string(*p)) {
        if (!append_string(p, text))
            return 0;
        *p = skip_space(*p);
    }
    return json_stringn(text->str, text->len);
}

/* The base that "0x", "0o" or "0b" at `text` says, else 10. */
static guint number_base(const char *text)
{
    char mark = *text == '0' ? g_ascii_tolower(text[1]) : 0;
    return mark == 'x' ? 16 : mark == 'o' ? 8 : mark == 'b' ? 2 : 10;
}

/* "007" is no number in Python, "000" is. */
static bool has_leading_zero(const char *digits)
{
    return *digits == '0' && strspn(digits, "0") != strlen(digits) && g_ascii_isdigit(digits[1]);
}

static json_t *real_of(const char *digits, bool negative)
{
    char *end = 0;
    double value = g_ascii_strtod(digits, &end);
    if (*end != 0)
        return 0;
    return isinf(value) ? python_json_number(negative ? "-Infinity" : "Infinity") : json_real(negative ? -value : value);
}

static json_t *integer_of(const char *digits, bool negative)
{
    char *end = 0;
    guint base = number_base(digits);
    if (has_leading_zero(digits))
        return 0;
    const char *first = base != 10 ? digits + 2 : digits;
    errno = 0;
    gint64 value = g_ascii_isxdigit(*first) ? g_ascii_strtoll(first, &end, base) : 0;
    if (errno == 0)
        return end != 0 && *end == 0 ? json_integer(negative ? -value : value) : 0;
    g_autofree char *token = g_strconcat(negative ? "-" : "", digits, NULL);
    return python_json_number(token);
}

static json_t *parse_number(const char **p)
{
    g_autoptr(GString) digits = g_string_new(0);
    bool negative = **p == '-', real = false;
    if (negative || **p == '+')
        *p = skip_space(*p + 1);
    if (!g_ascii_isdigit(**p) && **p != '.')
        return 0;
    bool decimal = number_base(*p) == 10;
    for (; g_ascii_isalnum(**p) || **p == '_' || **p == '.' || ((**p == '-' || **p == '+') && g_ascii_tolower((*p)[-1]) == 'e'); (*p)++) {
        real = real || **p == '.' || (decimal && (**p == 'e' || **p == 'E'));
        if (**p != '_')
            g_string_append_c(digits, **p);
    }
    return real ? real_of(digits->str, negative) : integer_of(digits->str, negative);
}

static json_t *parse_list(const char **p, char close, int depth)
{
    g_autoptr(json_t) list = json_array();
    bool comma = false;
    while (!skip_char(p, close)) {
        if (json_array_size(list) > 0 && !comma)
            return 0;
        json_t *item = parse_value(p, depth);
        if (item == 0 || json_array_append_new(list, item) != 0)
            return 0;
        comma = skip_char(p, ',');
    }
    if (close == ')' && json_array_size(list) == 1 && !comma)
        return json_incref(json_array_get(list, 0));
    return g_steal_pointer(&list);
}

static json_t *parse_dict(const char **p, int depth)
{
    g_autoptr(json_t) dict = json_object();
    bool comma = true;
    while (!skip_char(p, '}')) {
        if (!comma)
            return 0;
        *p = skip_space(*p);
        g_autoptr(json_t) key = parse_string(p);
        if (!json_is_string(key) || !skip_char(p, ':'))
            return 0;
        json_t *value = parse_value(p, depth);
        if (value == 0 || json_object_setn_new(dict, json_string_value(key), json_string_length(key), value) != 0)
            return 0;
        comma = skip_char(p, ',');
    }
    return g_steal_pointer(&dict);
}

static json_t *parse_word(const char **p)
{
    static const char *const words[] = {"True", "False", "None"};
    for (int i = 0; i < 3; i++) {
        size_t length = strlen(words[i]);
        if (strncmp(*p, words[i], length) != 0 || g_ascii_isalnum((*p)[length]) || (*p)[length] == '_')
            continue;
        *p += length;
        return i == 0 ? json_true() : i == 1 ? json_false() : json_null();
    }
    return 0;
}

static json_t *parse_value(const char **p, int depth)
{
    *p = skip_space(*p);
    if (depth > MAX_DEPTH)
        return 0;
    if (starts_string(*p))
        return parse_string(p);
    if (skip_char(p, '['))
        return parse_list(p, ']', depth + 1);
    if (skip_char(p, '('))
        return parse_list(p, ')', depth + 1);
    if (skip_char(p, '{'))
        return parse_dict(p, depth + 1);
    json_t *word = parse_word(p);
    return word != 0 ? word : parse_number(p);
}

json_t *literal_parse(const char *text)
{
    g_autofree char *value = strip_copy(text);
    json_t *json = python_json_parse(value, JSON_DECODE_ANY, 0);
    if (json != 0)
        return json;
    const char *p = value;
    json = parse_value(&p, 0);
    p = skip_space(p);
    if (json != 0 && *p != 0 && *p != '#')
        g_clear_pointer(&json, json_decref);
    return json;
}
