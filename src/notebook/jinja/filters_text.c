#include "notebook/jinja/engine.h"

#include <string.h>

#define F(name) static value *name(engine *e, value *self, value **arg, struct args *all)

F(f_upper)
{
    return text_map(e, v_to_str(e, self), 'u');
}
F(f_lower)
{
    return text_map(e, v_to_str(e, self), 'l');
}
F(f_capitalize)
{
    return text_map(e, v_to_str(e, self), 'c');
}
F(f_trim)
{
    return text_strip(e, v_to_str(e, self), arg[0], 3);
}
F(f_string)
{
    return v_to_str(e, self);
}
F(f_escape)
{
    return v_escape(e, self);
}
F(f_center)
{
    return text_pad(e, v_to_str(e, self), arg[0] ? v_to_int(e, arg[0], "width") : 80, " ", '^');
}

F(f_safe)
{
    value *v = v_to_str(e, self), *copy = v_str(e, v->s, v->n);
    copy->safe = true;
    return copy;
}

F(f_default)
{
    bool use = self->type == V_UNDEFINED || (arg[1] && v_true(e, arg[1]) && !v_true(e, self));
    return use ? (arg[0] ? arg[0] : v_text(e, "")) : self;
}

F(f_title)
{
    value *v = v_to_str(e, self);
    struct buf b = {0};
    bool first = true;
    for (const char *p = v->s, *end = p + v->n; p < end; p = g_utf8_next_char(p)) {
        gsize n = MIN(g_utf8_next_char(p) - p, end - p);
        value *one = text_map(e, v_str(e, j_copy(e, p, n), n), first ? 'u' : 'l');
        buf_add(e, &b, one->s, one->n);
        first = g_unichar_isspace(g_utf8_get_char(p)) || (*p && strchr("-({[<", *p));
    }
    return buf_value(e, &b);
}

F(f_replace)
{
    value *text = v_to_str(e, self), *from = v_to_str(e, arg[0]), *to = v_to_str(e, arg[1]);
    if (e->autoescape && (from->safe || to->safe))
        text = v_escape(e, text);
    bool safe = e->autoescape && text->safe;
    text = text_replace(e, text, safe ? v_escape(e, from) : from, safe ? v_escape(e, to) : to,
                        arg[2] && arg[2]->type != V_NONE ? v_to_int(e, arg[2], "count") : -1);
    text->safe = safe;
    return text;
}

F(f_format)
{
    value *args = v_tuple(e, all->n_pos, all->pos);
    if (all->n_pos && all->n_named)
        j_fail(e, "positional and keyword arguments cannot be given at the same time");
    if (all->n_named) {
        args = v_dict(e);
        for (int i = 0; i < all->n_named; i++)
            dict_set(e, args, all->names[i], all->vals[i]);
    }
    return format_percent(e, v_to_str(e, self), args);
}

F(f_indent)
{
    struct buf pad = {0}, b = {0};
    v_need(e, self);
    if (self->type != V_STR)
        j_fail(e, "indent() takes text, not %s", v_type_name(self));
    if (arg[0] && arg[0]->type == V_STR)
        buf_add(e, &pad, arg[0]->s, arg[0]->n);
    else
        buf_pad(e, &pad, " ", arg[0] ? v_to_int(e, arg[0], "width") : 4);
    bool first = arg[1] && v_true(e, arg[1]), blank = arg[2] && v_true(e, arg[2]);
    struct buf text = {0};
    buf_add(e, &text, self->s, self->n);
    buf_str(e, &text, "\n");
    value *lines = text_splitlines(e, buf_value(e, &text), false);
    for (gsize i = 0; i < lines->n; i++) {
        const value *line = lines->items[i];
        buf_str(e, &b, i ? "\n" : "");
        if (i ? line->n || blank : first)
            buf_add(e, &b, pad.s ? pad.s : "", pad.n);
        buf_add(e, &b, line->s, line->n);
    }
    value *result = buf_value(e, &b);
    result->safe = self->safe;
    return result;
}

F(f_int)
{
    value *fallback = arg[0] ? arg[0] : v_int(e, 0);
    v_need(e, self);
    if (self->type == V_STR) {
        value *text = text_strip(e, self, NULL, 3);
        value *n = number_parse(e, text->s, text->n, arg[1] ? (int)CLAMP(v_to_int(e, arg[1], "base"), 0, 36) : 10);
        if (n)
            return n;
        double f;
        return number_parse_float(e, text, &f) && f - f == 0 ? number_of_double(e, f) : fallback;
    }
    if (self->type == V_FLOAT)
        return self->f - self->f == 0 ? number_of_double(e, self->f) : fallback;
    return self->type == V_BOOL ? v_int(e, self->i) : v_is_number(self) ? self : fallback;
}

F(f_float)
{
    double f;
    v_need(e, self);
    if (v_is_number(self))
        return v_float(e, v_to_double(e, self));
    return self->type == V_STR && number_parse_float(e, self, &f) ? v_float(e, f) : arg[0] ? arg[0] : v_float(e, 0);
}

F(f_abs)
{
    return v_compare(e, self, v_int(e, 0), "<") < 0 ? eval_op(e, "-", v_int(e, 0), self) : eval_op(e, "+", self, v_int(e, 0));
}

F(f_round)
{
    const char *method = arg[1] ? v_to_str(e, arg[1])->s : "common";
    if (strcmp(method, "common") != 0 && strcmp(method, "ceil") != 0 && strcmp(method, "floor") != 0)
        j_fail(e, "the method must be common, ceil or floor");
    return number_round(e, self, arg[0] ? v_to_int(e, arg[0], "precision") : 0, method);
}

F(f_truncate)
{
    value *v = self, *tail = arg[2] ? v_to_str(e, arg[2]) : v_text(e, "...");
    gint64 length = arg[0] ? v_to_int(e, arg[0], "length") : 255,
           leeway = arg[3] && arg[3]->type != V_NONE ? v_to_int(e, arg[3], "leeway") : 5;
    if (length < (gint64)text_length(tail->s, tail->n) || leeway < 0)
        j_fail(e, leeway < 0 ? "truncate(): the leeway is negative" : "truncate(): the length is smaller than that of the end");
    if (v_length(e, v) < 0)
        j_fail(e, "object of type '%s' has no length", v_type_name(v));
    if (v_length(e, v) <= length + leeway)
        return v;
    if (v->type != V_STR)
        j_fail(e, "truncate() takes text, not %s", v_type_name(v));
    gsize n = text_at(v->s, v->n, MAX(0, length - (gint64)text_length(tail->s, tail->n))) - v->s;
    const char *blank = arg[1] && v_true(e, arg[1]) ? NULL : n ? memrchr(v->s, ' ', n) : NULL;
    struct buf b = {0};
    buf_add(e, &b, v->s, blank ? (gsize)(blank - v->s) : n);
    buf_add(e, &b, tail->s, tail->n);
    return buf_value(e, &b);
}

F(f_wordcount)
{
    value *v = v_to_str(e, self);
    gint64 count = 0;
    bool inside = false;
    for (const char *p = v->s; p < v->s + v->n; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        bool word = g_unichar_isalnum(c) || c == '_';
        count += word && !inside;
        inside = word;
    }
    return v_int(e, count);
}

const struct func filters_text[] = {
    {"upper", "", 0, f_upper},
    {"lower", "", 0, f_lower},
    {"capitalize", "", 0, f_capitalize},
    {"trim", "chars", 0, f_trim},
    {"string", "", 0, f_string},
    {"escape", "", 0, f_escape},
    {"e", "", 0, f_escape},
    {"safe", "", 0, f_safe},
    {"center", "width", 0, f_center},
    {"default", "default_value boolean", 0, f_default},
    {"d", "default_value boolean", 0, f_default},
    {"title", "", 0, f_title},
    {"replace", "old new count", 2, f_replace},
    {"format", NULL, 0, f_format},
    {"indent", "width first blank", 0, f_indent},
    {"int", "default base", 0, f_int},
    {"float", "default", 0, f_float},
    {"abs", "", 0, f_abs},
    {"round", "precision method", 0, f_round},
    {"truncate", "length killwords end leeway", 0, f_truncate},
    {"wordcount", "", 0, f_wordcount},
    {NULL},
};
