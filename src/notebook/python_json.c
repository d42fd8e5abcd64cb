#include "notebook/python_json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void append_indent(GString *text, int depth)
{
    g_string_append_c(text, '\n');
    for (int i = 0; i < depth; i++)
        g_string_append_c(text, ' ');
}

static bool append_short_escape(GString *text, char c)
{
    static const char plain[] = "\"\\\n\r\t\f\b", names[] = "\"\\nrtfb";
    const char *at = c != 0 ? strchr(plain, c) : 0;
    if (at == 0)
        return false;
    g_string_append_c(text, '\\');
    g_string_append_c(text, names[at - plain]);
    return true;
}

static void append_unicode_escape(GString *text, gunichar c)
{
    if (c < 0x10000)
        g_string_append_printf(text, "\\u%04x", c);
    else
        g_string_append_printf(text, "\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10), 0xdc00 + ((c - 0x10000) & 0x3ff));
}

/* The first character from `p` on that does not stand for itself. */
static const char *skip_plain(const char *p, const char *end, bool ascii)
{
    while (p < end && (guchar)*p >= 0x20 && *p != '"' && *p != '\\' && ((guchar)*p < 0x80 || !ascii))
        p++;
    return p;
}

void python_json_append_string(GString *text, const char *string, gsize length, bool ascii)
{
    const char *end = string + length;
    g_string_append_c(text, '"');
    for (const char *p = string, *next; p < end; p = next) {
        next = skip_plain(p, end, ascii);
        g_string_append_len(text, p, next - p);
        if (next == end)
            break;
        gunichar c = (guchar)*next < 0x80 ? (guchar)*next : g_utf8_get_char(next);
        if (c >= 0x80 || !append_short_escape(text, (char)c))
            append_unicode_escape(text, c);
        next = c < 0x80 ? next + 1 : g_utf8_next_char(next);
    }
    g_string_append_c(text, '"');
}

static void append_fixed(GString *text, const char *digits, int point)
{
    int n = (int)strlen(digits);
    if (point <= 0) {
        g_string_append(text, "0.");
        for (int i = point; i < 0; i++)
            g_string_append_c(text, '0');
        g_string_append(text, digits);
        return;
    }
    for (int i = 0; i < MAX(n, point); i++) {
        if (i == point)
            g_string_append_c(text, '.');
        g_string_append_c(text, i < n ? digits[i] : '0');
    }
    if (point >= n)
        g_string_append(text, ".0");
}

void python_json_append_real(GString *text, double value)
{
    if (isnan(value) || isinf(value)) {
        g_string_append(text, isnan(value) ? "NaN" : value < 0 ? "-Infinity" : "Infinity");
        return;
    }
    char buffer[48];
    for (int precision = 0; precision <= 16; precision++) {
        char format[16];
        g_snprintf(format, sizeof format, "%%.%de", precision);
        g_ascii_formatd(buffer, sizeof buffer, format, value);
        if (g_ascii_strtod(buffer, 0) == value)
            break;
    }
    g_autoptr(GString) digits = g_string_new(0);
    char *exponent = strchr(buffer, 'e');
    for (const char *p = buffer; p < exponent; p++)
        if (g_ascii_isdigit(*p))
            g_string_append_c(digits, *p);
    while (digits->len > 1 && digits->str[digits->len - 1] == '0')
        g_string_truncate(digits, digits->len - 1);
    int point = atoi(exponent + 1) + 1;
    if (*buffer == '-')
        g_string_append_c(text, '-');
    if (point > -4 && point <= 16) {
        append_fixed(text, digits->str, point);
        return;
    }
    g_string_append_c(text, digits->str[0]);
    if (digits->len > 1)
        g_string_append_printf(text, ".%s", digits->str + 1);
    g_string_append_printf(text, "e%c%02d", point > 0 ? '+' : '-', abs(point - 1));
}

static int compare_keys(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void append_object(GString *text, const json_t *object, int depth)
{
    g_autoptr(GPtrArray) keys = g_ptr_array_new();
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object, key, value)
    {
        g_ptr_array_add(keys, (gpointer)key);
    }
    g_ptr_array_sort(keys, compare_keys);
    g_string_append_c(text, '{');
    for (guint i = 0; i < keys->len; i++) {
        key = g_ptr_array_index(keys, i);
        if (i > 0)
            g_string_append_c(text, ',');
        append_indent(text, depth + 1);
        python_json_append_string(text, key, strlen(key), false);
        g_string_append(text, ": ");
        python_json_append(text, json_object_get(object, key), depth + 1);
    }
    if (keys->len > 0)
        append_indent(text, depth);
    g_string_append_c(text, '}');
}

static void append_array(GString *text, const json_t *array, int depth)
{
    g_string_append_c(text, '[');
    for (size_t i = 0; i < json_array_size(array); i++) {
        if (i > 0)
            g_string_append_c(text, ',');
        append_indent(text, depth + 1);
        python_json_append(text, json_array_get(array, i), depth + 1);
    }
    if (json_array_size(array) > 0)
        append_indent(text, depth);
    g_string_append_c(text, ']');
}

static void append_string_or_number(GString *text, const json_t *value)
{
    const char *number = python_json_find_number(value);
    if (number != 0)
        g_string_append(text, number);
    else
        python_json_append_string(text, json_string_value(value), json_string_length(value), false);
}

void python_json_append(GString *text, const json_t *value, int depth)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        append_object(text, value, depth);
        break;
    case JSON_ARRAY:
        append_array(text, value, depth);
        break;
    case JSON_STRING:
        append_string_or_number(text, value);
        break;
    case JSON_INTEGER:
        g_string_append_printf(text, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        break;
    case JSON_REAL:
        python_json_append_real(text, json_real_value(value));
        break;
    case JSON_TRUE:
        g_string_append(text, "true");
        break;
    case JSON_FALSE:
        g_string_append(text, "false");
        break;
    case JSON_NULL:
        g_string_append(text, "null");
        break;
    }
}
