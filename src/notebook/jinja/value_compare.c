/* Equality, order and membership, as Python has them. */
#include "notebook/jinja/engine.h"

#include <string.h>

static bool equal_dicts(engine *e, value *a, value *b)
{
    if (a->n != b->n)
        return false;
    for (gsize i = 0; i < a->n; i++) {
        value *other = dict_get(e, b, a->keys[i]);
        if (!other || !v_equal(e, a->items[i], other))
            return false;
    }
    return true;
}

static bool equal_numbers(engine *e, value *a, value *b)
{
    if (a->type == V_FLOAT || b->type == V_FLOAT)
        return v_to_double(e, a) == v_to_double(e, b);
    if (a->type == V_BIG || b->type == V_BIG)
        return a->type == b->type && strcmp(a->s, b->s) == 0;
    return a->i == b->i;
}

/* Keys and items are sets; values are equal only to themselves. */
static bool equal_views(engine *e, value *a, value *b)
{
    if (!a->view || !b->view || strcmp(a->view, b->view) != 0 || strcmp(a->view, "dict_values") == 0 || a->n != b->n)
        return false;
    bool same = true;
    for (gsize i = 0; same && i < a->n; i++) {
        same = false;
        for (gsize k = 0; !same && k < b->n; k++)
            same = v_equal(e, a->items[i], b->items[k]);
        j_step(e, b->n);
    }
    return same;
}

bool v_equal(engine *e, value *a, value *b)
{
    if (a->lenient && (b->lenient || b->type != V_UNDEFINED))
        return b->lenient;
    if (b->lenient && a->type != V_UNDEFINED)
        return false;
    v_need(e, a);
    v_need(e, b);
    if (a == b)
        return true;
    if (v_is_number(a) && v_is_number(b))
        return equal_numbers(e, a, b);
    if (a->type != b->type)
        return false;
    if (a->type == V_STR)
        return a->n == b->n && memcmp(a->s, b->s, a->n) == 0;
    if (a->type == V_RANGE)
        return a->i == b->i && a->stop == b->stop && a->step == b->step;
    if (a->type == V_DICT) {
        j_enter(e);
        bool same = equal_dicts(e, a, b);
        j_leave(e);
        return same;
    }
    if (a->type != V_LIST && a->type != V_TUPLE)
        return a->type == V_NONE;
    if (a->type == V_LIST && (a->view || b->view))
        return equal_views(e, a, b);
    if (a->n != b->n)
        return false;
    j_enter(e);
    bool same = true;
    for (gsize i = 0; same && i < a->n && i < b->n; i++)
        same = v_equal(e, a->items[i], b->items[i]);
    j_leave(e);
    return same;
}

static int compare_lists(engine *e, value *a, value *b, const char *op)
{
    int result = 0;
    j_enter(e);
    for (gsize i = 0; !result && i < a->n && i < b->n; i++)
        if (!v_equal(e, a->items[i], b->items[i]))
            result = v_compare(e, a->items[i], b->items[i], op);
    j_leave(e);
    return result ? result : a->n < b->n ? -1 : a->n > b->n;
}

int v_compare(engine *e, value *a, value *b, const char *op)
{
    v_need(e, a);
    v_need(e, b);
    if (v_is_number(a) && v_is_number(b)) {
        if (a->type == V_FLOAT || b->type == V_FLOAT) {
            double x = v_to_double(e, a), y = v_to_double(e, b);
            return x < y ? -1 : x > y;
        }
        return a->type == V_BIG || b->type == V_BIG ? number_compare_big(a, b) : a->i < b->i ? -1 : a->i > b->i;
    }
    if (a->type == V_STR && b->type == V_STR) {
        int result = memcmp(a->s, b->s, MIN(a->n, b->n));
        return result ? result : a->n < b->n ? -1 : a->n > b->n;
    }
    if (a->type == b->type && (a->type == V_LIST || a->type == V_TUPLE))
        return compare_lists(e, a, b, op);
    j_fail(e, "'%s' not supported between instances of '%s' and '%s'", op, v_type_name(a), v_type_name(b));
}

bool v_contains(engine *e, value *c, value *item)
{
    v_need(e, c);
    if (c->type == V_STR) {
        v_need(e, item);
        if (item->type != V_STR)
            j_fail(e, "'in <string>' requires string as left operand, not %s", v_type_name(item));
        return text_find(c->s, c->n, item->s, item->n) != NULL;
    }
    if (c->type == V_DICT)
        return dict_get(e, c, item) != NULL;
    value *list = v_iterate(e, c);
    j_step(e, list->n);
    for (gsize i = 0; i < list->n; i++)
        if (v_equal(e, list->items[i], item))
            return true;
    return false;
}
