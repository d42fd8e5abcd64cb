/* Operators of two values. */
#include "notebook/jinja/engine.h"

#include <string.h>

static value *repeat(engine *e, value *v, value *times)
{
    gint64 count = MAX(0, v_to_int(e, times, "factor"));
    if (v->n && count > (gint64)(JINJA_MAX_OUTPUT / v->n))
        j_fail(e, "the result of '*' is too large");
    value *result = v_new(e, v->type);
    struct buf b = {0};
    if (v->type == V_STR) {
        for (gint64 i = 0; v->n && i < count; i++)
            buf_add(e, &b, v->s, v->n);
        result = buf_value(e, &b);
        result->safe = v->safe;
        return result;
    }
    j_step(e, v->n * count);
    for (gint64 k = 0; v->n && k < count; k++)
        for (gsize i = 0; i < v->n; i++)
            list_add(e, result, v->items[i]);
    return result;
}

value *v_join(engine *e, value *a, value *b)
{
    struct buf text = {0};
    if (a->type == V_STR) {
        bool safe = a->safe || b->safe;
        a = safe ? v_escape(e, a) : a;
        b = safe ? v_escape(e, b) : b;
        buf_add(e, &text, a->s, a->n);
        buf_add(e, &text, b->s, b->n);
        value *result = buf_value(e, &text);
        result->safe = safe;
        return result;
    }
    value *list = v_new(e, a->type);
    for (gsize i = 0; i < a->n; i++)
        list_add(e, list, a->items[i]);
    for (gsize i = 0; i < b->n; i++)
        list_add(e, list, b->items[i]);
    j_step(e, list->n);
    return list;
}

bool v_is_sequence(const value *v)
{
    return v->type == V_STR || (v->type == V_LIST && !v->view) || v->type == V_TUPLE;
}

value *eval_op(engine *e, const char *op, value *a, value *b)
{
    v_need(e, a);
    v_need(e, b);
    if (v_is_number(a) && v_is_number(b))
        return number_op(e, op, a, b);
    if (*op == '%' && a->type == V_STR)
        return format_percent(e, a, b);
    if (*op == '+' && v_is_sequence(a) && a->type == b->type)
        return v_join(e, a, b);
    if (strcmp(op, "*") == 0 && v_is_sequence(a) && (b->type == V_INT || b->type == V_BOOL))
        return repeat(e, a, b);
    if (strcmp(op, "*") == 0 && v_is_sequence(b) && (a->type == V_INT || a->type == V_BOOL))
        return repeat(e, b, a);
    j_fail(e, "unsupported operand types for %s: '%s' and '%s'", op, v_type_name(a), v_type_name(b));
}
