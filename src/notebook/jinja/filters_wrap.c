#include "notebook/jinja/engine.h"

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

static void to_json(engine *e, struct buf *b, value *v, gint64 indent, gint64 level)
{
    bool dict = v->type == V_DICT;
    v_need(e, v);
    if (v->type == V_STR)
        return json_text(e, b, v);
    if (v->type == V_NONE || v->type == V_BOOL)
        return buf_str(e, b, v->type == V_NONE ? "null" : v->i ? "true" : "false");
    if (v_is_number(v))
        return v_repr(e, b, v);
    if (!dict && v->type != V_LIST && v->type != V_TUPLE)
        j_fail(e, "object of type %s is not JSON serializable", v_type_name(v));
    value *keys = dict ? apply_filter(e, v_text(e, "sort"), v, &(struct args){0}) : v;
    j_enter(e);
    buf_str(e, b, dict ? "{" : "[");
    for (gsize i = 0; i < keys->n; i++) {
        buf_str(e, b, i ? (indent < 0 ? ", " : ",") : "");
        json_break(e, b, indent, level + 1);
        if (dict) {
            json_text(e, b, v_to_str(e, keys->items[i]));
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

static bool is_mail(const char *p, gsize n)
{
    const char *at = memchr(p, '@', n);
    return at && at > p && memchr(at, '.', n - (at - p)) && !memchr(at + 1, '@', n - (at + 1 - p));
}

static void link_word(engine *e, struct buf *b, const char *p, gsize n, value **arg)
{
    gsize kept = n;
    while (kept && strchr(".,:;!?)", p[kept - 1]))
        kept--;
    bool mailto = n > 7 && memcmp(p, "mailto:", 7) == 0;
    bool web = g_str_has_prefix(p, "http://") || g_str_has_prefix(p, "https://"), www = g_str_has_prefix(p, "www.");
    const char *shown = mailto ? p + 7 : p;
    gsize length = kept - (shown - p);
    if (!web && !www && !is_mail(shown, length))
        return buf_add(e, b, p, n);
    buf_str(e, b, web ? "<a href=\"" : www ? "<a href=\"https://" : "<a href=\"mailto:");
    buf_add(e, b, shown, length);
    buf_str(e, b, web || www ? "\" rel=\"noopener\"" : "\"");
    if (arg[2] && arg[2]->type == V_STR && (web || www))
        buf_printf(e, b, " target=\"%s\"", arg[2]->s);
    gint64 limit = arg[0] && arg[0]->type != V_NONE ? v_to_int(e, arg[0], "trim_url_limit") : -1;
    bool trim = limit >= 0 && (gint64)text_length(shown, length) > limit;
    buf_str(e, b, ">");
    buf_add(e, b, shown, trim ? (gsize)(text_at(shown, length, limit) - shown) : length);
    buf_str(e, b, trim ? "...</a>" : "</a>");
    buf_add(e, b, p + kept, n - kept);
}

F(f_urlize)
{
    value *v = v_escape(e, self);
    struct buf b = {0};
    for (const char *p = v->s, *end = p + v->n; p < end;) {
        const char *stop = word_end(p, end);
        char *word = j_copy(e, p, stop - p);
        if (stop > p)
            link_word(e, &b, word, stop - p, arg);
        for (p = stop; p < end && g_ascii_isspace(*p); p++)
            buf_add(e, &b, p, 1);
    }
    value *result = buf_value(e, &b);
    result->safe = e->autoescape;
    return result;
}

F(f_filesizeformat)
{
    static const char *const units[2][6] = {{"kB", "MB", "GB", "TB", "PB", "EB"}, {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}};
    bool binary = arg[0] && v_true(e, arg[0]);
    double size = v_to_double(e, self->type == V_STR ? apply_filter(e, v_text(e, "float"), self, &(struct args){0}) : self),
           base = binary ? 1024 : 1000;
    struct buf b = {0};
    if (size == 1 || size < base) {
        buf_printf(e, &b, size == 1 ? "1 Byte" : "%.0f Bytes", size);
        return buf_value(e, &b);
    }
    int unit = 0;
    for (size /= base; size >= base && unit < 5; unit++)
        size /= base;
    buf_printf(e, &b, "%.1f %s", size, units[binary][unit]);
    return buf_value(e, &b);
}

F(f_pprint)
{
    return v_to_repr(e, self);
}

const struct func filters_wrap[] = {
    {"wordwrap", "width break_long_words wrapstring break_on_hyphens", 0, f_wordwrap},
    {"tojson", "indent", 0, f_tojson},
    {"striptags", "", 0, f_striptags},
    {"urlize", "trim_url_limit nofollow target rel extra_schemes", 0, f_urlize},
    {"filesizeformat", "binary", 0, f_filesizeformat},
    {"pprint", "", 0, f_pprint},
    {NULL},
};
