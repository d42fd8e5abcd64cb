/* "…%s…" % values, Python's "printf-style String Formatting". */
#include <string.h>

#include "notebook/jinja/format.h"

struct percent {
    engine *e;
    value *args;
    gsize used, count;
    bool is_safe; /* the format is markup: values are escaped */
};

static value *next_value(struct percent *p)
{
    if (p->used >= p->count)
        j_fail(p->e, "not enough arguments for format string");
    p->used++;
    return p->args->type == V_TUPLE ? p->args->items[p->used - 1] : p->args;
}

/* A number, or "*": the next value. */
static const char *read_size(struct percent *p, const char *at, int *ret_size)
{
    if (*at != '*')
        return format_read_number(at, ret_size);
    value *v = next_value(p);
    if (v->type != V_INT)
        j_fail(p->e, "* wants int");
    *ret_size = (int)CLAMP(v->i, -FORMAT_MAX_WIDTH, FORMAT_MAX_WIDTH);
    return at + 1;
}

static value *whole_of(engine *e, value *v, char type)
{
    if (v->type == V_FLOAT && strchr("diu", type))
        return number_of_double(e, v->f);
    if (v->type != V_INT && v->type != V_BIG && v->type != V_BOOL)
        j_fail(e, "%%%c format: %s is required, not %s", type, strchr("diu", type) ? "a real number" : "an integer", v_type_name(v));
    return v;
}

static value *character(engine *e, value *v)
{
    char text[8];
    if (v->type == V_STR && text_length(v->s, v->n) == 1)
        return v;
    if (v->type != V_INT && v->type != V_BOOL)
        j_fail(e, "%%c requires int or char");
    if (v->i < 0 || v->i > 0x10ffff || (v->i >= 0xd800 && v->i < 0xe000))
        j_fail(e, "%%c arg not in range(0x110000)");
    gsize n = v->i ? (gsize)g_unichar_to_utf8((gunichar)v->i, text) : 1;
    return v_str(e, j_copy(e, v->i ? text : "", n), n);
}

static value *convert(struct percent *p, char type, value *v, struct format_spec *spec)
{
    engine *e = p->e;
    spec->align = spec->align ? spec->align : '>';
    if (strchr("srac", type)) {
        v_need(e, v);
        value *text = type == 's' ? v_to_str(e, v) : type == 'c' ? character(e, v) : v_to_repr(e, v);
        text = type == 'a' ? v_to_ascii(e, v) : text;
        spec->align = spec->align == '=' ? '>' : spec->align;
        *spec->fill = '\0';
        spec->precision = type == 'c' ? -1 : spec->precision;
        return format_text(e, p->is_safe ? v_escape(e, text) : text, spec);
    }
    v_need(e, v);
    spec->type = strchr("iu", type) ? 'd' : type;
    if (strchr("diuoxX", type))
        return format_whole(e, whole_of(e, v, type), spec);
    if (!v_is_number(v))
        j_fail(e, "must be real number, not %s", v_type_name(v));
    return format_float(e, v, spec);
}

/* "(name)" behind the percent sign, whose parentheses are balanced. */
static const char *read_key(struct percent *p, const char *at, const char *end, value **ret_v)
{
    int depth = 1;
    const char *from = ++at;
    if (p->args->type != V_DICT)
        j_fail(p->e, "format requires a mapping");
    for (; at < end && depth; at++)
        depth += *at == '(' ? 1 : *at == ')' ? -1 : 0;
    if (depth)
        j_fail(p->e, "incomplete format key");
    value *key = v_str(p->e, j_copy(p->e, from, (gsize)(at - 1 - from)), (gsize)(at - 1 - from));
    *ret_v = dict_get(p->e, p->args, key);
    if (!*ret_v)
        j_fail(p->e, "the format needs the key '%s'", key->s);
    p->used = p->count;
    return at;
}

static const char *read_flags(const char *at, struct format_spec *spec)
{
    bool is_left = false, has_zeros = false;
    for (; *at && strchr("-+ #0", *at); at++) {
        is_left |= *at == '-';
        has_zeros |= *at == '0';
        spec->alternate |= *at == '#';
        if (*at == '+' || (*at == ' ' && !spec->sign))
            spec->sign = *at;
    }
    spec->align = is_left ? '<' : has_zeros ? '=' : 0;
    if (has_zeros && !is_left)
        strcpy(spec->fill, "0");
    return at;
}

/* One conversion; `at` is behind the percent sign. Returns where the text goes on. */
static const char *convert_one(struct percent *p, struct buf *b, const char *at, const char *end)
{
    struct format_spec spec = {.precision = -1};
    value *v = NULL;
    if (*at == '(')
        at = read_key(p, at, end, &v);
    at = read_size(p, read_flags(at, &spec), &spec.width);
    if (spec.width < 0) {
        spec.width = -spec.width;
        spec.align = '<';
    }
    if (*at == '.') {
        at = read_size(p, at + 1, &spec.precision);
        spec.precision = MAX(0, spec.precision);
    }
    at += *at && strchr("hlL", *at);
    if (at >= end)
        j_fail(p->e, "incomplete format");
    if (*at == '%') {
        buf_add(p->e, b, "%", 1);
        return at + 1;
    }
    if (!strchr("sradiuoxXeEfFgGc", *at))
        j_fail(p->e, "unsupported format character '%.*s'", (int)(g_utf8_next_char(at) - at), at);
    value *text = convert(p, *at, v ? v : next_value(p), &spec);
    buf_add(p->e, b, text->s, text->n);
    return at + 1;
}

value *format_percent(engine *e, value *format, value *args)
{
    struct buf b = {0};
    struct percent p = {.e = e, .args = args, .count = args->type == V_TUPLE ? args->n : 1, .is_safe = format->safe};
    for (const char *at = format->s, *end = at + format->n; at < end;) {
        if (*at == '%') {
            at = convert_one(&p, &b, at + 1, end);
            continue;
        }
        buf_add(e, &b, at++, 1);
    }
    bool may_rest = args->type == V_DICT || args->type == V_LIST || args->type == V_RANGE; /* as Python: what has items by key */
    if (p.used < p.count && !may_rest)
        j_fail(e, "not all arguments converted during string formatting");
    value *result = buf_value(e, &b);
    result->safe = format->safe;
    return result;
}
