#include "notebook/jinja/engine.h"

#include <string.h>

#define F(name) static value *name(engine *e, value *self, value **arg, struct args *all)

F(f_forceescape)
{
    value *v = v_to_str(e, self);
    return v_escape(e, v_str(e, v->s, v->n));
}

F(f_xmlattr)
{
    struct buf b = {0};
    if (self->type != V_DICT)
        j_fail(e, "xmlattr takes a mapping");
    for (gsize i = 0; i < self->n; i++) {
        value *v = self->items[i];
        if (v->type == V_NONE || v->type == V_UNDEFINED)
            continue;
        if (self->keys[i]->type != V_STR)
            j_fail(e, "the name of an attribute must be text, not %s", v_type_name(self->keys[i]));
        value *key = v_escape(e, self->keys[i]), *text = v_escape(e, v);
        if (strpbrk(self->keys[i]->s, " \t\n\r\f\v/>="))
            j_fail(e, "invalid character in attribute name: '%s'", self->keys[i]->s);
        buf_str(e, &b, b.n || !arg[0] || v_true(e, arg[0]) ? " " : "");
        buf_add(e, &b, key->s, key->n);
        buf_str(e, &b, "=\"");
        buf_add(e, &b, text->s, text->n);
        buf_str(e, &b, "\"");
    }
    value *result = buf_value(e, &b);
    result->safe = e->autoescape;
    return result;
}

static void quote(engine *e, struct buf *b, value *v, bool query)
{
    v = v_to_str(e, v);
    for (gsize i = 0; i < v->n; i++) {
        guchar c = v->s[i];
        if (g_ascii_isalnum(c) || (c && strchr("_.-~", c)) || (c == '/' && !query))
            buf_add(e, b, v->s + i, 1);
        else if (c == ' ' && query)
            buf_str(e, b, "+");
        else
            buf_printf(e, b, "%%%02X", c);
    }
}

F(f_urlencode)
{
    struct buf b = {0};
    v_need(e, self);
    if (self->type == V_STR || v_is_number(self) || self->type == V_NONE) {
        quote(e, &b, self, false);
        return buf_value(e, &b);
    }
    value *list = v_iterate(e, self);
    for (gsize i = 0; i < list->n; i++) {
        value *pair = self->type == V_DICT ? v_pair(e, self->keys[i], self->items[i]) : v_iterate(e, list->items[i]);
        if (pair->n != 2)
            j_fail(e, "urlencode takes pairs");
        buf_str(e, &b, i ? "&" : "");
        quote(e, &b, pair->items[0], true);
        buf_str(e, &b, "=");
        quote(e, &b, pair->items[1], true);
    }
    return buf_value(e, &b);
}

const struct func filters_markup[] = {
    {"forceescape", "", 0, f_forceescape},
    {"xmlattr", "autospace", 0, f_xmlattr},
    {"urlencode", "", 0, f_urlencode},
    {NULL},
};
