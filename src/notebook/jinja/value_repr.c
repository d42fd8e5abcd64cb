/* Values as text: str(), repr(), ascii() and markup. */
#include "notebook/jinja/ast.h"

#include <string.h>

static void repr_char(engine *e, struct buf *b, gunichar c, char quote)
{
    char text[8];
    const char *simple = c == '\n' ? "\\n" : c == '\t' ? "\\t" : c == '\r' ? "\\r" : c == '\\' ? "\\\\" : NULL;
    if (simple)
        buf_str(e, b, simple);
    else if (c == (gunichar)quote)
        buf_printf(e, b, "\\%c", quote);
    else if (c == ' ' || (g_unichar_isprint(c) && !g_unichar_isspace(c)))
        buf_add(e, b, text, g_unichar_to_utf8(c, text));
    else
        buf_printf(e, b, c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x", c);
}

static void repr_text(engine *e, struct buf *b, value *v)
{
    char quote = memchr(v->s, '\'', v->n) && !memchr(v->s, '"', v->n) ? '"' : '\'';
    if (v->safe)
        buf_str(e, b, "Markup(");
    buf_add(e, b, &quote, 1);
    for (const char *p = v->s, *end = v->s + v->n; p < end; p = g_utf8_next_char(p))
        repr_char(e, b, g_utf8_get_char(p), quote);
    buf_add(e, b, &quote, 1);
    if (v->safe)
        buf_str(e, b, ")");
}

static void repr_members(engine *e, struct buf *b, value *v)
{
    bool tuple = v->type == V_TUPLE;
    if (v->view && !tuple)
        buf_printf(e, b, "%s(", v->view);
    buf_str(e, b, tuple ? "(" : "[");
    for (gsize i = 0; i < v->n; i++) {
        if (i)
            buf_str(e, b, ", ");
        v_repr(e, b, v->items[i]);
    }
    buf_str(e, b, tuple ? (v->n == 1 ? ",)" : ")") : "]");
    if (v->view && !tuple)
        buf_str(e, b, ")");
}

static void repr_dict(engine *e, struct buf *b, value *v)
{
    buf_str(e, b, v->type == V_NAMESPACE ? "<Namespace {" : "{");
    for (gsize i = 0; i < v->n; i++) {
        if (i)
            buf_str(e, b, ", ");
        v_repr(e, b, v->keys[i]);
        buf_str(e, b, ": ");
        v_repr(e, b, v->items[i]);
    }
    buf_str(e, b, v->type == V_NAMESPACE ? "}>" : "}");
}

static void repr_other(engine *e, struct buf *b, value *v)
{
    if (v->type == V_MACRO && v->node->name)
        buf_printf(e, b, "<Macro '%s'>", v->node->name->s);
    else if (v->type == V_MACRO)
        buf_str(e, b, "<Macro anonymous>");
    else if (v->type == V_ITERATOR)
        buf_printf(e, b, "<%s object>", v->view);
    else if (v->type == V_SELF)
        buf_printf(e, b, "<TemplateReference '%s'>", v->s);
    else if (v->type == V_FUNC && !v->self && v->func->class_name)
        buf_printf(e, b, "<class '%s'>", v->func->class_name);
    else if (v->type == V_LOOP)
        buf_printf(e, b, "<LoopContext %d/%d>", (int)v->loop->i + 1, (int)v->loop->n);
    else if (v->type == V_RANGE && v->step == 1)
        buf_printf(e, b, "range(%" G_GINT64_FORMAT ", %" G_GINT64_FORMAT ")", v->i, v->stop);
    else if (v->type == V_RANGE)
        buf_printf(e, b, "range(%" G_GINT64_FORMAT ", %" G_GINT64_FORMAT ", %" G_GINT64_FORMAT ")", v->i, v->stop, v->step);
    else
        buf_printf(e, b, "<%s>", v_type_name(v));
}

void v_repr(engine *e, struct buf *b, value *v)
{
    j_enter(e);
    if (v->type == V_UNDEFINED)
        buf_str(e, b, "Undefined"); /* inside of a list it is no use of the value */
    else if (v->type == V_NONE)
        buf_str(e, b, "None");
    else if (v->type == V_BOOL)
        buf_str(e, b, v->i ? "True" : "False");
    else if (v->type == V_INT)
        buf_printf(e, b, "%" G_GINT64_FORMAT, v->i);
    else if (v->type == V_BIG)
        buf_str(e, b, v->s);
    else if (v->type == V_FLOAT)
        buf_str(e, b, number_repr(e, v->f));
    else if (v->type == V_STR)
        repr_text(e, b, v);
    else if (v->type == V_LIST || v->type == V_TUPLE)
        repr_members(e, b, v);
    else if (v->type == V_DICT || v->type == V_NAMESPACE)
        repr_dict(e, b, v);
    else
        repr_other(e, b, v);
    j_leave(e);
}

value *v_to_repr(engine *e, value *v)
{
    struct buf b = {0};
    v_repr(e, &b, v);
    return buf_value(e, &b);
}

value *v_to_ascii(engine *e, value *v)
{
    struct buf b = {0};
    v = v_to_repr(e, v);
    for (const char *p = v->s, *end = p + v->n; p < end; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        if (c < 0x80)
            buf_add(e, &b, p, 1);
        else
            buf_printf(e, &b, c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x", c);
    }
    return buf_value(e, &b);
}

value *v_to_str(engine *e, value *v)
{
    if (v->lenient)
        return v_text(e, "");
    v_need(e, v);
    if (v->type == V_STR)
        return v;
    if (v->type == V_MODULE)
        return v->self;
    return v_to_repr(e, v);
}

value *v_escape(engine *e, value *v)
{
    v = v_to_str(e, v);
    if (v->safe)
        return v;
    struct buf b = {0};
    for (gsize i = 0; i < v->n; i++) {
        char c = v->s[i];
        const char *to = c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '"' ? "&#34;" : c == '\'' ? "&#39;" : NULL;
        to ? buf_str(e, &b, to) : buf_add(e, &b, &c, 1);
    }
    value *result = buf_value(e, &b);
    result->safe = true;
    return result;
}
