#include "notebook/jinja/engine.h"

#include <math.h>
#include <openssl/bn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DIGITS 4300

const char *number_repr(engine *e, double f)
{
    char digits[40], *text = j_alloc(e, 64);
    if (!isfinite(f))
        return isnan(f) ? "nan" : f < 0 ? "-inf" : "inf";
    int precision = 0;
    do
        snprintf(digits, sizeof digits, "%.*e", precision, f);
    while (g_ascii_strtod(digits, NULL) != f && ++precision < 17);
    char *mark = strchr(digits, 'e');
    int exponent = atoi(mark + 1);
    if (exponent < -4 || exponent >= 16) {
        *mark = 0;
        snprintf(text, 64, "%se%c%02d", digits, exponent < 0 ? '-' : '+', abs(exponent));
    } else {
        snprintf(text, 64, "%.*f", MAX(1, precision - exponent), f);
    }
    return text;
}

/* The value of a big number, which is consumed: small ones become V_INT. */
static value *of_big(engine *e, BIGNUM *n)
{
    char *text = BN_bn2dec(n);
    BN_free(n);
    gsize length = strlen(text);
    char *copy = length <= MAX_DIGITS ? j_copy(e, text, length) : NULL;
    OPENSSL_free(text);
    if (!copy)
        j_fail(e, "the number has more than %d digits", MAX_DIGITS);
    if (length < 19 || (length == 20 && strcmp(copy, "-9223372036854775808") == 0) ||
        (length == 19 && (*copy == '-' || strcmp(copy, "9223372036854775807") <= 0)))
        return v_int(e, strtoll(copy, NULL, 10));
    value *v = v_new(e, V_BIG);
    v->s = copy;
    v->n = length;
    return v;
}

/* Copies digits without underscores, which must stand between digits; false when one does not. */
static bool without_underscores(const char *s, gsize n, char *to)
{
    for (gsize i = 0; i < n; i++) {
        if (s[i] != '_')
            *to++ = s[i];
        else if (!i || i + 1 == n || !g_ascii_isalnum(s[i - 1]) || !g_ascii_isalnum(s[i + 1]))
            return false;
    }
    *to = '\0';
    return true;
}

bool number_parse_float(engine *e, value *v, double *ret_f)
{
    value *text = text_strip(e, v, NULL, 3);
    char *copy = j_alloc(e, text->n + 1), *end;
    if (!text->n || !without_underscores(text->s, text->n, copy) || strpbrk(copy, "xXpP"))
        return false;
    *ret_f = g_ascii_strtod(copy, &end);
    return *end == '\0' && g_ascii_strncasecmp(copy + strspn(copy, "+-"), "nan(", 4) != 0;
}

value *number_parse(engine *e, const char *s, gsize n, int base)
{
    bool negative = n && *s == '-';
    if (n && (*s == '-' || *s == '+'))
        s++, n--;
    if (n > 2 && *s == '0' && (base == 0 || base == 16 || base == 8 || base == 2)) {
        int given = strchr("xX", s[1]) ? 16 : strchr("oO", s[1]) ? 8 : strchr("bB", s[1]) ? 2 : 0;
        if (given && (!base || base == given))
            s += 2, n -= 2, base = given;
    }
    base = base ? base : 10;
    char *copy = n && n <= MAX_DIGITS ? j_alloc(e, n + 1) : NULL;
    if (!copy || !without_underscores(s, n, copy))
        return NULL;
    s = copy;
    n = strlen(copy);
    for (gsize i = 0; i < n; i++)
        if (!g_ascii_isalnum(s[i]) || (g_ascii_isdigit(s[i]) ? s[i] - '0' : g_ascii_tolower(s[i]) - 'a' + 10) >= base)
            return NULL;
    BIGNUM *big = BN_new();
    for (gsize i = 0; i < n; i++) {
        BN_mul_word(big, base);
        BN_add_word(big, g_ascii_isdigit(s[i]) ? s[i] - '0' : g_ascii_tolower(s[i]) - 'a' + 10);
    }
    BN_set_negative(big, negative);
    return of_big(e, big);
}

static BIGNUM *to_big(value *v);

const char *number_in_base(engine *e, value *v, int base)
{
    BIGNUM *n = to_big(v);
    bool negative = BN_is_negative(n);
    char *text = j_alloc(e, MAX_DIGITS * 4 + 8), *p = text + MAX_DIGITS * 4 + 6;
    BN_set_negative(n, 0);
    do
        *--p = "0123456789abcdef"[BN_div_word(n, (BN_ULONG)base)];
    while (!BN_is_zero(n) && p > text + 1);
    BN_free(n);
    if (negative)
        *--p = '-';
    return p;
}

static BIGNUM *to_big(value *v)
{
    char text[32];
    BIGNUM *n = NULL;
    snprintf(text, sizeof text, "%" G_GINT64_FORMAT, v->i);
    BN_dec2bn(&n, v->type == V_BIG ? v->s : text);
    return n;
}

int number_compare_big(value *a, value *b)
{
    BIGNUM *x = to_big(a), *y = to_big(b);
    int result = BN_cmp(x, y);
    BN_free(x);
    BN_free(y);
    return result;
}

value *number_of_double(engine *e, double f)
{
    if (!isfinite(f))
        j_fail(e, "cannot convert float %s to integer", isnan(f) ? "NaN" : "infinity");
    char text[400];
    snprintf(text, sizeof text, "%.0f", trunc(f));
    return number_parse(e, text, strlen(text), 10);
}

/* Floor division and modulo as in Python: the remainder has the divisor's sign. */
static void floor_divide(BIGNUM *q, BIGNUM *r, BIGNUM *x, BIGNUM *y, BN_CTX *ctx)
{
    BN_div(q, r, x, y, ctx);
    if (BN_is_zero(r) || BN_is_negative(r) == BN_is_negative(y))
        return;
    BN_add(r, r, y);
    BN_sub_word(q, 1);
}

static value *big_op(engine *e, const char *op, value *a, value *b)
{
    BIGNUM *x = to_big(a), *y = to_big(b), *q = BN_new(), *r = BN_new();
    BN_CTX *ctx = BN_CTX_new();
    if (strcmp(op, "+") == 0)
        BN_add(q, x, y);
    else if (strcmp(op, "-") == 0)
        BN_sub(q, x, y);
    else if (strcmp(op, "*") == 0)
        BN_mul(q, x, y, ctx);
    else if (strcmp(op, "**") == 0)
        BN_exp(q, x, y, ctx);
    else
        floor_divide(q, r, x, y, ctx);
    BN_CTX_free(ctx);
    BN_free(x);
    BN_free(y);
    BN_free(*op == '%' ? q : r);
    return of_big(e, *op == '%' ? r : q);
}

static value *power(engine *e, value *a, value *b)
{
    double x = v_to_double(e, a), y = v_to_double(e, b);
    if (a->type == V_FLOAT || b->type == V_FLOAT || y < 0) {
        if (x == 0 && y < 0)
            j_fail(e, "0.0 cannot be raised to a negative power");
        double result = pow(x, y);
        if (isinf(result) && isfinite(x) && isfinite(y))
            j_fail(e, "result of '**' is too large");
        return v_float(e, result);
    }
    if (fabs(x) > 1 && y * log10(fabs(x)) > MAX_DIGITS)
        j_fail(e, "the number has more than %d digits", MAX_DIGITS);
    if (fabs(x) <= 1 && b->type == V_BIG)
        j_fail(e, "the exponent is too large");
    return big_op(e, "**", a, b);
}

static value *float_op(engine *e, const char *op, double x, double y)
{
    if ((*op == '/' || *op == '%') && y == 0)
        j_fail(e, "division by zero");
    if (*op == '+')
        return v_float(e, x + y);
    if (*op == '-')
        return v_float(e, x - y);
    if (*op == '*')
        return v_float(e, x * y);
    if (strcmp(op, "/") == 0)
        return v_float(e, x / y);
    double rest = fmod(x, y);
    if (rest != 0 && (rest < 0) != (y < 0))
        rest += y;
    else if (rest == 0)
        rest = copysign(0, y);
    return v_float(e, *op == '%' ? rest : floor((x - rest) / y + 0.5));
}

value *number_op(engine *e, const char *op, value *a, value *b)
{
    gint64 result;
    if (strcmp(op, "**") == 0)
        return power(e, a, b);
    if (a->type == V_FLOAT || b->type == V_FLOAT || strcmp(op, "/") == 0)
        return float_op(e, op, v_to_double(e, a), v_to_double(e, b));
    if (a->type != V_BIG && b->type != V_BIG) {
        if (*op == '+' && !__builtin_add_overflow(a->i, b->i, &result))
            return v_int(e, result);
        if (*op == '-' && !__builtin_sub_overflow(a->i, b->i, &result))
            return v_int(e, result);
        if (*op == '*' && !__builtin_mul_overflow(a->i, b->i, &result))
            return v_int(e, result);
    }
    if ((*op == '/' || *op == '%') && b->type != V_BIG && !b->i)
        j_fail(e, "integer division or modulo by zero");
    return big_op(e, op, a, b);
}

static value *round_int(engine *e, value *v, gint64 digits)
{
    if (digits >= 0 || v->type == V_BIG)
        return v->type == V_BIG ? v : v_int(e, v->i);
    return number_of_double(e, nearbyint(v->i / pow(10, -digits)) * pow(10, -digits));
}

value *number_round(engine *e, value *v, gint64 digits, const char *method)
{
    double f = v_to_double(e, v), scale = pow(10, CLAMP(digits, -300, 300));
    if (strcmp(method, "common") != 0)
        return v_float(e, (*method == 'c' ? ceil(f * scale) : floor(f * scale)) / scale);
    if (v->type != V_FLOAT)
        return round_int(e, v, digits);
    if (!isfinite(f) || digits > 22)
        return v;
    if (digits < 0)
        return v_float(e, nearbyint(f * scale) / scale);
    char text[400];
    snprintf(text, sizeof text, "%.*f", (int)digits, f);
    return v_float(e, g_ascii_strtod(text, NULL));
}
