/* "{}".format(…), Python's "Format String Syntax". */
#include <stdlib.h>
#include <string.h>

#include "notebook/jinja/format.h"

struct braces {
    engine *e;
    struct args *all;
    int next;     /* number of the next field without a name */
    bool by_hand; /* fields are numbered in the text */
    bool is_safe; /* the format is markup: values are escaped */
};

static value *find_argument(struct braces *f, const char *name, gsize n)
{
    value *key = v_str(f->e, j_copy(f->e, name, n), n);
    bool number = n && n < 9 && strspn(key->s, "0123456789") == n;
    if (!n || number) {
        if (number ? f->next > 0 : f->by_hand)
            j_fail(f->e, "cannot mix automatic field numbering with numbers");
        f->by_hand |= number;
        int at = number ? atoi(key->s) : f->next++;
        if (at >= f->all->n_pos)
            j_fail(f->e, "format() has no argument %d", at);
        return f->all->pos[at];
    }
    for (int i = 0; i < f->all->n_named; i++)
        if (v_equal(f->e, f->all->names[i], key))
            return f->all->vals[i];
    j_fail(f->e, "format() has no argument '%s'", key->s);
}

/* A field's value: "name", "0", "", then ".attribute" and "[item]". */
static value *field_value(struct braces *f, const char *name, gsize n)
{
    gsize at = 0;
    while (at < n && name[at] != '.' && name[at] != '[')
        at++;
    value *v = find_argument(f, name, at);
    while (at < n) {
        bool item = name[at++] == '[';
        gsize from = at;
        while (at < n && (item ? name[at] != ']' : name[at] != '.' && name[at] != '['))
            at++;
        value *key = v_str(f->e, j_copy(f->e, name + from, at - from), at - from);
        if (item && (at >= n || !key->n))
            j_fail(f->e, "wrong field name in format string");
        at += item;
        bool number = item && key->n < 10 && strspn(key->s, "0123456789") == key->n;
        v = number ? get_item(f->e, v, v_int(f->e, atoi(key->s))) : item ? get_item(f->e, v, key) : get_own_attr(f->e, v, key);
        v_need(f->e, v);
    }
    return v;
}

static struct format_spec read_spec(engine *e, const char *p)
{
    struct format_spec spec = {.precision = -1};
    gsize first = *p ? (gsize)(g_utf8_next_char(p) - p) : 0;
    if (first && p[first] && strchr("<>=^", p[first])) {
        memcpy(spec.fill, p, first);
        spec.align = p[first];
        p += first + 1;
    } else if (*p && strchr("<>=^", *p)) {
        spec.align = *p++;
    }
    if (*p && strchr("+- ", *p))
        spec.sign = *p++;
    if (*p == '#')
        spec.alternate = *p++;
    if (*p == '0') {
        if (!spec.align)
            spec.align = '=';
        if (!*spec.fill)
            strcpy(spec.fill, "0");
        p++;
    }
    p = format_read_number(p, &spec.width);
    if (*p == ',' || *p == '_')
        spec.grouping = *p++;
    if (*p == '.') {
        if (!g_ascii_isdigit(p[1]))
            j_fail(e, "format specifier misses its precision");
        p = format_read_number(p + 1, &spec.precision);
    }
    if (*p)
        spec.type = *p++;
    if (*p)
        j_fail(e, "invalid format specifier");
    return spec;
}

static value *format_value(engine *e, value *v, const char *text)
{
    if (!*text)
        return v_to_str(e, v);
    struct format_spec spec = read_spec(e, text);
    const char *known = v->type == V_STR ? "s" : v->type == V_FLOAT ? "eEfFgGn%" : v_is_number(v) ? "bcdoxXneEfFgG%" : NULL;
    if (!known)
        j_fail(e, "unsupported format string passed to %s", v_type_name(v));
    if (spec.type && !strchr(known, spec.type))
        j_fail(e, "unknown format code '%c' for object of type '%s'", spec.type, v_type_name(v));
    if (v->type == V_STR) {
        if (spec.sign || spec.grouping || spec.alternate || (spec.align == '=' && strcmp(spec.fill, "0") != 0))
            j_fail(e, "sign, grouping, '#' and '=' are not allowed in the format of a string");
        spec.align = spec.align == '=' ? '<' : spec.align;
        return format_text(e, v, &spec);
    }
    if (v->type == V_FLOAT || (spec.type && strchr("eEfFgG%", spec.type)))
        return format_float(e, v, &spec);
    if (spec.precision >= 0)
        j_fail(e, "precision not allowed in integer format specifier");
    if (spec.type == 'c')
        return format_percent(e, v_text(e, "%c"), v);
    return format_whole(e, v, &spec);
}

static value *convert(engine *e, value *v, char how)
{
    if (how == 'r')
        return v_to_repr(e, v);
    if (how == 'a')
        return v_to_ascii(e, v);
    if (how != 's')
        j_fail(e, "unknown conversion specifier '%c'", how);
    return v_to_str(e, v);
}

static void format_into(struct braces *f, struct buf *b, const char *p, const char *end, int depth);

/* The field between the braces. */
static void format_field(struct braces *f, struct buf *b, const char *p, const char *end, int depth)
{
    engine *e = f->e;
    const char *name = p;
    for (bool item = false; p < end && (item || (*p != ':' && *p != '!')); p++)
        item = *p == '[' || (item && *p != ']');
    value *v = field_value(f, name, (gsize)(p - name));
    v_need(e, v);
    if (p < end && *p == '!') {
        if (p + 1 >= end || (p + 2 < end && p[2] != ':'))
            j_fail(e, "wrong conversion in format string");
        v = convert(e, v, p[1]);
        p += 2;
    }
    struct buf spec = {0};
    buf_add(e, &spec, "", 0);
    if (p < end)
        format_into(f, &spec, p + 1, end, depth + 1);
    value *text = format_value(e, v, spec.s);
    text = f->is_safe ? v_escape(e, text) : text;
    buf_add(e, b, text->s, text->n);
}

static void format_into(struct braces *f, struct buf *b, const char *p, const char *end, int depth)
{
    if (depth > 2)
        j_fail(f->e, "format fields are nested too deeply");
    while (p < end) {
        if ((*p == '{' || *p == '}') && p + 1 < end && p[1] == *p && depth == 0) {
            buf_add(f->e, b, p, 1);
            p += 2;
            continue;
        }
        if (*p == '}')
            j_fail(f->e, "single '}' encountered in format string");
        if (*p != '{') {
            buf_add(f->e, b, p++, 1);
            continue;
        }
        const char *from = ++p;
        int open = 1;
        for (; p < end && open; p++)
            open += *p == '{' ? 1 : *p == '}' ? -1 : 0;
        if (open)
            j_fail(f->e, "expected '}' before end of string");
        format_field(f, b, from, p - 1, depth);
    }
}

value *format_braces(engine *e, value *format, struct args *all)
{
    struct buf b = {0};
    struct braces f = {.e = e, .all = all, .is_safe = format->safe};
    format_into(&f, &b, format->s, format->s + format->n, 0);
    value *result = buf_value(e, &b);
    result->safe = format->safe;
    return result;
}
