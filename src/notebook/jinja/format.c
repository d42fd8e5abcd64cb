#include "notebook/jinja/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct spec {
    char flags[8];
    int width, precision;
};

static const char *read_number(const char *p, int *number)
{
    for (*number = 0; g_ascii_isdigit(*p); p++)
        *number = MIN(*number * 10 + *p - '0', 100000);
    return p;
}

static void put(engine *e, struct buf *b, value *text, const struct spec *s)
{
    value *padded = text_pad(e, text, s->width, strchr(s->flags, '0') && text->n && !strchr(s->flags, '-') ? "0" : " ",
                             strchr(s->flags, '-') ? '<' : '>');
    buf_add(e, b, padded->s, padded->n);
}

static value *number_text(engine *e, char type, value *v, const struct spec *s)
{
    char text[512], format[24];
    if (!v_is_number(v))
        j_fail(e, "%%%c format: a number is required, not %s", type, v_type_name(v));
    bool whole = strchr("dixXo", type) != NULL;
    const char *plus = strchr(s->flags, '+') ? "+" : "";
    if (whole && (v->type == V_FLOAT || v->type == V_BIG)) {
        value *n = v->type == V_FLOAT ? number_of_double(e, v->f) : v;
        return v_to_str(e, n);
    }
    if (whole) {
        snprintf(format, sizeof format, "%%%sl%c", type == 'd' || type == 'i' ? plus : "", type == 'i' ? 'd' : type);
        snprintf(text, sizeof text,
                 strcmp(format, "%+ld") == 0 ? "%+ld"
                 : type == 'x'               ? "%lx"
                 : type == 'X'               ? "%lX"
                 : type == 'o'               ? "%lo"
                                             : "%ld",
                 (long)v->i);
    } else {
        int precision = s->precision < 0 ? 6 : MIN(s->precision, 100);
        double f = v_to_double(e, v);
        g_strlcpy(text, f >= 0 ? plus : "", sizeof text);
        char *to = text + strlen(text);
        gsize room = sizeof text - strlen(text);
        snprintf(to, room, type == 'e' || type == 'E' ? "%.*e" : type == 'g' || type == 'G' ? "%.*g" : "%.*f", precision, f);
    }
    return v_text(e, j_copy(e, text, strlen(text)));
}

static value *convert(engine *e, char type, value *v, const struct spec *s)
{
    if (type != 's' && type != 'r')
        return number_text(e, type, v, s);
    value *text = type == 's' ? v_to_str(e, v) : v_to_repr(e, v);
    if (s->precision < 0)
        return text;
    gsize n = text_at(text->s, text->n, s->precision) - text->s;
    return v_str(e, j_copy(e, text->s, n), n);
}

value *format_percent(engine *e, value *format, value *args)
{
    struct buf b = {0};
    gsize used = 0, count = args->type == V_TUPLE ? args->n : 1;
    for (const char *p = format->s, *end = p + format->n; p < end;) {
        if (*p != '%') {
            buf_add(e, &b, p++, 1);
            continue;
        }
        struct spec s = {.precision = -1};
        value *v = NULL;
        if (*++p == '(') {
            gsize n = strcspn(++p, ")");
            if (args->type != V_DICT || !p[n])
                j_fail(e, "format requires a mapping");
            v = get_item(e, args, v_str(e, j_copy(e, p, n), n));
            v_need(e, v);
            p += n + 1;
            used = count;
        }
        for (gsize i = 0; *p && strchr("-+ #0", *p) && i < 7; p++)
            s.flags[i++] = *p;
        p = read_number(p, &s.width);
        if (*p == '.')
            p = read_number(p + 1, &s.precision);
        if (!*p || !strchr("sdixXofFeEgGrc%", *p))
            j_fail(e, "unsupported format character in '%s'", format->s);
        if (*p == '%') {
            buf_add(e, &b, p++, 1);
            continue;
        }
        if (!v && used >= count)
            j_fail(e, "not enough arguments for format string");
        if (!v)
            v = args->type == V_TUPLE ? args->items[used] : args, used++;
        put(e, &b, convert(e, *p == 'c' ? 's' : *p, v, &s), &s);
        p++;
    }
    if (used < count && args->type != V_DICT)
        j_fail(e, "not all arguments converted during string formatting");
    value *result = buf_value(e, &b);
    result->safe = format->safe;
    return result;
}

static value *field_value(engine *e, const char *name, gsize n, struct args *all, int *next)
{
    gsize head = 0;
    while (head < n && name[head] != '.' && name[head] != '[')
        head++;
    value *key = v_str(e, j_copy(e, name, head), head), *v = NULL;
    int at = head && strspn(key->s, "0123456789") == head ? atoi(key->s) : -1;
    if (!head)
        at = (*next)++;
    if (at >= 0 && at < all->n_pos)
        v = all->pos[at];
    for (int i = 0; !v && i < all->n_named; i++)
        if (v_equal(e, all->names[i], key))
            v = all->vals[i];
    if (!v)
        j_fail(e, "format() has no argument '%s'", key->s);
    return head < n && name[head] == '.' ? get_path(e, v, v_str(e, j_copy(e, name + head + 1, n - head - 1), n - head - 1)) : v;
}

static value *format_field(engine *e, value *v, const char *spec)
{
    struct spec s = {.precision = -1};
    char fill[8] = " ", align = 0;
    gsize first = *spec ? g_utf8_next_char(spec) - spec : 0;
    if (first && spec[first] && strchr("<>^", spec[first])) {
        memcpy(fill, spec, first);
        fill[first] = 0;
        align = spec[first];
        spec += first + 1;
    } else if (*spec && strchr("<>^", *spec)) {
        align = *spec++;
    }
    if (*spec == '+')
        s.flags[0] = *spec++;
    if (*spec == '0')
        strcpy(fill, "0"), spec++;
    spec = read_number(spec, &s.width);
    if (*spec == '.')
        spec = read_number(spec + 1, &s.precision);
    char type = *spec ? *spec : v->type == V_FLOAT && s.precision >= 0 ? 'g' : 's';
    if (!strchr("sdxXofFeEgG", type))
        j_fail(e, "unknown format code '%c'", type);
    if (!align)
        align = v_is_number(v) ? '>' : '<';
    return text_pad(e, convert(e, type, v, &s), s.width, fill, align);
}

value *format_braces(engine *e, value *format, struct args *all)
{
    struct buf b = {0};
    int next = 0;
    for (const char *p = format->s, *end = p + format->n; p < end; p++) {
        if ((*p == '{' || *p == '}') && p[1] == *p) {
            buf_add(e, &b, p++, 1);
            continue;
        }
        if (*p != '{') {
            buf_add(e, &b, p, 1);
            continue;
        }
        const char *close = text_find(p, end - p, "}", 1);
        if (!close)
            j_fail(e, "expected '}' before end of string");
        gsize name = strcspn(++p, ":!}");
        value *v = field_value(e, p, name, all, &next);
        const char *spec = p + name;
        if (*spec == '!') {
            v = spec[1] == 'r' ? v_to_repr(e, v) : v_to_str(e, v);
            spec = spec + 2 <= close ? spec + 2 : close;
        }
        spec += *spec == ':';
        v_need(e, v);
        value *text = format_field(e, v, spec < close ? j_copy(e, spec, close - spec) : "");
        buf_add(e, &b, text->s, text->n);
        p = close;
    }
    return buf_value(e, &b);
}
