#include "notebook/jinja/engine.h"

#include <math.h>
#include <string.h>

#define F(name) static value *name(engine *e, value *self, value **arg, struct args *all)

static const char *word_end(const char *p, const char *end)
{
    while (p < end && !g_ascii_isspace(*p))
        p++;
    return p;
}

F(f_wordwrap)
{
    v_need(e, self);
    if (self->type != V_STR)
        j_fail(e, "wordwrap() takes text, not %s", v_type_name(self));
    bool has_between = arg[2] && arg[2]->type != V_NONE;
    return text_wrap(e, v_to_str(e, self), arg[0] ? v_to_int(e, arg[0], "width") : 79, !arg[1] || v_true(e, arg[1]),
                     has_between ? v_to_str(e, arg[2]) : v_text(e, "\n"), !arg[3] || v_true(e, arg[3]));
}

static void json_text(engine *e, struct buf *b, value *v)
{
    buf_str(e, b, "\"");
    for (const char *p = v->s, *end = p + v->n; p < end; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        const char *simple = c == '"'    ? "\\\""
                             : c == '\\' ? "\\\\"
                             : c == '\n' ? "\\n"
                             : c == '\t' ? "\\t"
                             : c == '\r' ? "\\r"
                             : c == '\b' ? "\\b"
                             : c == '\f' ? "\\f"
                                         : NULL;
        if (simple)
            buf_str(e, b, simple);
        else if (c > 0xffff)
            buf_printf(e, b, "\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10), 0xdc00 + ((c - 0x10000) & 0x3ff));
        else if (c < 32 || c > 126 || c == '<' || c == '>' || c == '&' || c == '\'')
            buf_printf(e, b, "\\u%04x", c);
        else
            buf_add(e, b, p, 1);
    }
    buf_str(e, b, "\"");
}

static void json_break(engine *e, struct buf *b, gint64 indent, gint64 level)
{
    if (indent < 0)
        return;
    buf_str(e, b, "\n");
    buf_pad(e, b, " ", indent * level);
}

/* The key as text; numbers become text, other things cannot be keys. */
static value *json_key(engine *e, value *key)
{
    if (key->type == V_NONE || key->type == V_BOOL)
        return v_text(e, key->type == V_NONE ? "null" : key->i ? "true" : "false");
    if (key->type != V_STR && !v_is_number(key))
        j_fail(e, "keys must be str, int, float, bool or None, not %s", v_type_name(key));
    return v_to_str(e, key);
}

static void json_float(engine *e, struct buf *b, double f)
{
    buf_str(e, b, isnan(f) ? "NaN" : isinf(f) ? (f < 0 ? "-Infinity" : "Infinity") : number_repr(e, f));
}

static value *sorted_keys(engine *e, value *dict)
{
    value *name = v_text(e, "case_sensitive"), *yes = &v_true_value;
    return apply_filter(e, v_text(e, "sort"), dict, &(struct args){.names = &name, .vals = &yes, .n_named = 1});
}

static void to_json(engine *e, struct buf *b, value *v, gint64 indent, gint64 level)
{
    bool dict = v->type == V_DICT;
    v_need(e, v);
    if (v->type == V_STR)
        return json_text(e, b, v);
    if (v->type == V_NONE || v->type == V_BOOL)
        return buf_str(e, b, v->type == V_NONE ? "null" : v->i ? "true" : "false");
    if (v->type == V_FLOAT)
        return json_float(e, b, v->f);
    if (v_is_number(v))
        return v_repr(e, b, v);
    if (!dict && (v->type != V_LIST || v->view) && v->type != V_TUPLE)
        j_fail(e, "object of type %s is not JSON serializable", v_type_name(v));
    value *keys = dict ? sorted_keys(e, v) : v;
    j_enter(e);
    buf_str(e, b, dict ? "{" : "[");
    for (gsize i = 0; i < keys->n; i++) {
        buf_str(e, b, i ? (indent < 0 ? ", " : ",") : "");
        json_break(e, b, indent, level + 1);
        if (dict) {
            json_text(e, b, json_key(e, keys->items[i]));
            buf_str(e, b, ": ");
        }
        to_json(e, b, dict ? dict_get(e, v, keys->items[i]) : keys->items[i], indent, level + 1);
    }
    if (keys->n)
        json_break(e, b, indent, level);
    buf_str(e, b, dict ? "}" : "]");
    j_leave(e);
}

F(f_tojson)
{
    struct buf b = {0};
    to_json(e, &b, self, arg[0] && arg[0]->type != V_NONE ? CLAMP(v_to_int(e, arg[0], "indent"), 0, 100) : -1, 0);
    value *result = buf_value(e, &b);
    result->safe = true;
    return result;
}

static value *unescape(engine *e, value *v)
{
    static const char *const names[][2] = {{"&lt;", "<"}, {"&gt;", ">"}, {"&#34;", "\""}, {"&quot;", "\""}, {"&#39;", "'"}, {"&amp;", "&"}};
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        v = text_replace(e, v, v_text(e, names[i][0]), v_text(e, names[i][1]), -1);
    return v;
}

F(f_striptags)
{
    value *v = v_to_str(e, self);
    struct buf kept = {0}, b = {0};
    for (const char *p = v->s, *end = p + v->n; p < end;) {
        bool comment = end - p > 3 && memcmp(p, "<!--", 4) == 0;
        const char *close = *p == '<' ? text_find(p, end - p, comment ? "-->" : ">", comment ? 3 : 1) : NULL;
        if (!close)
            buf_add(e, &kept, p, 1);
        p = close ? close + (comment ? 3 : 1) : p + 1;
    }
    const char *p = kept.s ? kept.s : "", *end = p + kept.n;
    while (p < end) {
        const char *stop = word_end(p, end);
        if (stop > p && b.n)
            buf_str(e, &b, " ");
        buf_add(e, &b, p, stop - p);
        for (p = stop; p < end && g_ascii_isspace(*p);)
            p++;
    }
    return unescape(e, buf_value(e, &b));
}

F(f_filesizeformat)
{
    static const char *const units[2][8] = {{"kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"},
                                            {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"}};
    bool binary = arg[0] && v_true(e, arg[0]);
    double size, base = binary ? 1024 : 1000;
    struct buf b = {0};
    v_need(e, self);
    if (self->type != V_STR)
        size = v_to_double(e, self);
    else if (!number_parse_float(e, self, &size))
        j_fail(e, "could not convert string to float: %s", v_to_repr(e, self)->s);
    if (size == 1 || size < base) {
        buf_printf(e, &b, size == 1 ? "1 Byte" : "%.0f Bytes", trunc(size));
        return buf_value(e, &b);
    }
    int unit = 0;
    double limit = base * base;
    for (; size >= limit && unit < 7; unit++)
        limit *= base;
    buf_printf(e, &b, "%.1f %s", base * size / limit, units[binary][unit]);
    return buf_value(e, &b);
}

F(f_pprint)
{
    return pretty_repr(e, self);
}

const struct func filters_wrap[] = {
    {"wordwrap", "width break_long_words wrapstring break_on_hyphens", 0, f_wordwrap},
    {"tojson", "indent", 0, f_tojson},
    {"striptags", "", 0, f_striptags},
    {"urlize", "trim_url_limit nofollow target rel extra_schemes", 0, filter_urlize},
    {"filesizeformat", "binary", 0, f_filesizeformat},
    {"pprint", "", 0, f_pprint},
    {NULL},
};
