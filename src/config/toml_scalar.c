#include "config/toml_scalar.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Digits with single underscores between them; moves behind them; false if there are none or an underscore stands wrong. */
static bool skip_digits(const char **at, bool (*is_digit)(char))
{
    const char *s = *at;
    if (!is_digit(*s))
        return false;
    while (is_digit(*s) || (*s == '_' && is_digit(s[1])))
        s++;
    *at = s;
    return *s != '_';
}

static bool is_decimal(char c)
{
    return g_ascii_isdigit(c);
}

static bool is_hex(char c)
{
    return g_ascii_isxdigit(c);
}

static bool is_octal(char c)
{
    return c >= '0' && c <= '7';
}

static bool is_binary(char c)
{
    return c == '0' || c == '1';
}

static char *without_underscores(const char *token)
{
    GString *out = g_string_new(NULL);
    for (; *token != '\0'; token++)
        if (*token != '_')
            g_string_append_c(out, *token);
    return g_string_free(out, FALSE);
}

static const char *set_integer(struct toml *value, const char *token, int skip, int base)
{
    g_autofree char *text = without_underscores(token);
    errno = 0;
    value->integer = strtoll(text + skip, NULL, base);
    if (errno == ERANGE)
        return "this integer does not fit into 64 bits";
    value->type = TOML_INTEGER;
    value->text = g_steal_pointer(&text);
    return NULL;
}

static const char *read_prefixed(const char *token, struct toml *value)
{
    static const struct {
        char letter;
        int base;
        bool (*is_digit)(char);
    } bases[] = {{'x', 16, is_hex}, {'o', 8, is_octal}, {'b', 2, is_binary}};
    for (unsigned i = 0; i < G_N_ELEMENTS(bases); i++) {
        const char *at = token + 2;
        if (token[1] != bases[i].letter)
            continue;
        if (!skip_digits(&at, bases[i].is_digit) || *at != '\0')
            break;
        return set_integer(value, token, 2, bases[i].base);
    }
    return "not a number";
}

static bool read_special_float(const char *token, struct toml *value)
{
    const char *name = token[0] == '+' || token[0] == '-' ? token + 1 : token;
    bool is_infinite = strcmp(name, "inf") == 0;
    if (!is_infinite && strcmp(name, "nan") != 0)
        return false;
    value->real = is_infinite ? INFINITY : NAN;
    if (token[0] == '-')
        value->real = -value->real;
    value->type = TOML_FLOAT;
    value->text = g_strdup(token);
    return true;
}

static const char *read_decimal(const char *token, struct toml *value)
{
    const char *at = token + (token[0] == '+' || token[0] == '-'), *first = at;
    bool is_float = false;
    if (!skip_digits(&at, is_decimal))
        return "not a value";
    if (first[0] == '0' && at - first > 1)
        return "a number cannot begin with 0";
    if (*at == '.') {
        is_float = true;
        at++;
        if (!skip_digits(&at, is_decimal))
            return "digits are missing after the decimal point";
    }
    if (*at == 'e' || *at == 'E') {
        is_float = true;
        at += at[1] == '+' || at[1] == '-' ? 2 : 1;
        if (!skip_digits(&at, is_decimal))
            return "digits are missing in the exponent";
    }
    if (*at != '\0')
        return "not a number";
    if (!is_float)
        return set_integer(value, token, 0, 10);
    value->type = TOML_FLOAT;
    value->text = without_underscores(token);
    value->real = g_ascii_strtod(value->text, NULL);
    return NULL;
}

/* Two digits in a range; -1 otherwise. */
static int two_digits(const char *s, int min, int max)
{
    if (!g_ascii_isdigit(s[0]) || !g_ascii_isdigit(s[1]))
        return -1;
    int number = (s[0] - '0') * 10 + (s[1] - '0');
    return number >= min && number <= max ? number : -1;
}

/* The length of "YYYY-MM-DD" at `s`, 0 if there is none. */
static int match_date(const char *s)
{
    for (int i = 0; i < 4; i++)
        if (!g_ascii_isdigit(s[i]))
            return 0;
    if (s[4] != '-' || s[5] == '\0')
        return 0;
    int year = atoi(s), month = two_digits(s + 5, 1, 12);
    if (month < 0 || s[7] != '-' || s[8] == '\0')
        return 0;
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    int days = month == 2 ? 28 + is_leap : 30 + ((month + month / 8) % 2);
    return two_digits(s + 8, 1, days) > 0 ? 10 : 0;
}

/* The length of "HH:MM:SS[.fraction]", 0 if there is none. */
static int match_time(const char *s)
{
    if (two_digits(s, 0, 23) < 0 || s[2] != ':' || s[3] == '\0' || two_digits(s + 3, 0, 59) < 0 || s[5] != ':' || s[6] == '\0')
        return 0;
    if (two_digits(s + 6, 0, 60) < 0)
        return 0;
    int length = 8;
    if (s[8] != '.')
        return length;
    for (length = 9; g_ascii_isdigit(s[length]); length++)
        ;
    return length > 9 ? length : 0;
}

/* The length of "Z" or "+HH:MM", 0 if there is none. */
static int match_offset(const char *s)
{
    if (s[0] == 'Z' || s[0] == 'z')
        return 1;
    if ((s[0] != '+' && s[0] != '-') || two_digits(s + 1, 0, 23) < 0 || s[3] != ':' || s[4] == '\0')
        return 0;
    return two_digits(s + 4, 0, 59) >= 0 ? 6 : 0;
}

static const char *set_time(struct toml *value, enum toml_type type, const char *token)
{
    value->type = type;
    value->text = g_ascii_strup(token, -1);
    if (type == TOML_DATETIME || type == TOML_DATETIME_LOCAL)
        value->text[10] = 'T';
    return NULL;
}

static const char *read_time(const char *token, struct toml *value)
{
    int date = match_date(token);
    if (date > 0 && token[date] == '\0')
        return set_time(value, TOML_DATE_LOCAL, token);
    if (date > 0 && token[date] != 'T' && token[date] != 't' && token[date] != ' ')
        return "not a date";
    const char *rest = date > 0 ? token + date + 1 : token;
    int time = match_time(rest);
    if (time == 0)
        return "not a date or time";
    if (rest[time] == '\0')
        return set_time(value, date > 0 ? TOML_DATETIME_LOCAL : TOML_TIME_LOCAL, token);
    int offset = date > 0 ? match_offset(rest + time) : 0;
    if (offset == 0 || rest[time + offset] != '\0')
        return "not a time offset";
    return set_time(value, TOML_DATETIME, token);
}

const char *toml_read_scalar(const char *token, struct toml *value)
{
    bool is_true = strcmp(token, "true") == 0;
    if (is_true || strcmp(token, "false") == 0) {
        value->type = TOML_BOOL;
        value->integer = is_true;
        value->text = g_strdup(token);
        return NULL;
    }
    size_t digits = strspn(token, "0123456789");
    if ((digits == 4 && token[4] == '-') || (digits == 2 && token[2] == ':'))
        return read_time(token, value);
    if (read_special_float(token, value))
        return NULL;
    if (token[0] == '0' && g_ascii_isalpha(token[1]) && token[1] != 'e' && token[1] != 'E')
        return read_prefixed(token, value);
    return read_decimal(token, value);
}
