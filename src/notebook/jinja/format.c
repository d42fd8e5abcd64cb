#include "notebook/jinja/format.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *format_read_number(const char *p, int *number)
{
    for (*number = 0; g_ascii_isdigit(*p); p++)
        *number = MIN(*number * 10 + *p - '0', FORMAT_MAX_WIDTH);
    return p;
}

/* The digits with a separator between groups of `size`, at least `width` characters with zeros in front. `tail` follows the digits. */
static void group(engine *e, struct buf *b, const char *digits, gsize n, char separator, gsize size, gint64 width)
{
    gint64 zeros = 0;
    gint64 length = separator ? (gint64)(n + (n ? (n - 1) / size : 0)) : (gint64)n;
    while (length < width) {
        zeros++;
        length += 1 + (separator && (n + zeros - 1) % size == 0 && n + zeros > 1);
    }
    for (gsize i = 0, total = n + zeros; i < total; i++) {
        if (separator && i && (total - i) % size == 0)
            buf_add(e, b, &separator, 1);
        buf_add(e, b, i < (gsize)zeros ? "0" : digits + i - zeros, 1);
    }
}

/* Puts sign, prefix ("0x"), digits and tail (".5", "e+10", "%") together and pads them. */
static value *assemble(engine *e, bool negative, const char *prefix, const char *digits, gsize n, const char *tail,
                       const struct format_spec *spec)
{
    struct buf b = {0};
    const char *sign = negative ? "-" : spec->sign == '+' ? "+" : spec->sign == ' ' ? " " : "";
    bool zeros = spec->align == '=' && strcmp(spec->fill, "0") == 0;
    gint64 around = (gint64)(strlen(sign) + strlen(prefix) + strlen(tail));
    buf_str(e, &b, sign);
    buf_str(e, &b, prefix);
    if (spec->align == '=' && !zeros)
        buf_pad(e, &b, *spec->fill ? spec->fill : " ", spec->width - around - (gint64)n);
    group(e, &b, digits, n, spec->grouping, spec->type && strchr("bxXo", spec->type) ? 4 : 3, zeros ? spec->width - around : 0);
    buf_str(e, &b, tail);
    return text_pad(e, buf_value(e, &b), spec->width, *spec->fill ? spec->fill : " ",
                    spec->align && spec->align != '=' ? spec->align : '>');
}

value *format_whole(engine *e, value *v, const struct format_spec *spec)
{
    static const char digit[] = "0123456789abcdef";
    bool negative = v->type == V_BIG ? *v->s == '-' : v->i < 0;
    int base = spec->type == 'b' ? 2 : spec->type == 'o' ? 8 : g_ascii_tolower(spec->type) == 'x' ? 16 : 10;
    struct buf b = {0};
    if (v->type == V_BIG && base != 10) {
        const char *text = number_in_base(e, v, base);
        buf_str(e, &b, text + negative);
    } else if (v->type == V_BIG) {
        buf_str(e, &b, v->s + negative);
    } else {
        char text[72], *p = text + sizeof text;
        *--p = '\0';
        guint64 left = negative ? -(guint64)v->i : (guint64)v->i;
        do
            *--p = digit[left % base];
        while (left /= base);
        buf_str(e, &b, p);
    }
    struct buf all = {0};
    buf_pad(e, &all, "0", spec->precision - (gint64)b.n);
    buf_add(e, &all, b.s, b.n);
    for (gsize i = 0; spec->type == 'X' && i < all.n; i++)
        all.s[i] = g_ascii_toupper(all.s[i]);
    const char *prefix = !spec->alternate ? "" : base == 2 ? "0b" : base == 8 ? "0o" : spec->type == 'x' ? "0x" : base == 16 ? "0X" : "";
    return assemble(e, negative, prefix, all.s, all.n, "", spec);
}

/* As str() shows it, with `precision` significant digits. */
static void general_text(char *text, gsize size, double f, int precision)
{
    snprintf(text, size, "%.*g", MAX(1, precision), f);
    char *mark = strchr(text, 'e');
    if (mark == NULL && strchr(text, '.') == NULL && isfinite(f))
        g_strlcat(text, strlen(text) >= (gsize)MAX(1, precision) ? "e" : ".0", size);
    mark = strchr(text, 'e');
    if (mark != NULL && mark[1] == '\0')
        snprintf(text, size, "%.*e", MAX(0, precision - 1), f);
}

value *format_float(engine *e, value *v, const struct format_spec *spec)
{
    char text[1600], format[8];
    double f = v_to_double(e, v), size = fabs(f);
    int precision = spec->precision < 0 ? 6 : MIN(spec->precision, FORMAT_MAX_PRECISION);
    if (!spec->type && spec->precision < 0) {
        g_strlcpy(text, number_repr(e, size), sizeof text);
    } else if (!spec->type) {
        general_text(text, sizeof text, size, precision);
    } else {
        char type = spec->type == '%' || spec->type == 'F' ? 'f' : spec->type == 'n' ? 'g' : spec->type;
        snprintf(format, sizeof format, "%%%s.*%c", spec->alternate ? "#" : "", type);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(text, sizeof text, format, precision, spec->type == '%' ? size * 100 : size);
#pragma GCC diagnostic pop
        if (spec->type == '%')
            g_strlcat(text, "%", sizeof text);
    }
    for (char *p = text; spec->type == 'F' && *p; p++)
        *p = g_ascii_toupper(*p);
    gsize whole = strspn(text, "0123456789");
    if (!whole)
        whole = strlen(text); /* inf, nan */
    return assemble(e, signbit(f) && !isnan(f), "", text, whole, j_copy(e, text + whole, strlen(text + whole)), spec);
}

value *format_text(engine *e, value *text, const struct format_spec *spec)
{
    if (spec->precision >= 0) {
        gsize n = text_at(text->s, text->n, spec->precision) - text->s;
        bool safe = text->safe;
        text = v_str(e, j_copy(e, text->s, n), n);
        text->safe = safe;
    }
    return text_pad(e, text, spec->width, *spec->fill ? spec->fill : " ", spec->align ? spec->align : '<');
}
