#include "notebook/jinja/engine.h"

#include <string.h>

#define F(name) static value *name(engine *e, value *self, value **arg, struct args *all)

F(g_range)
{
    value *v = v_new(e, V_RANGE);
    v->i = arg[1] ? v_to_int(e, arg[0], "start") : 0;
    v->stop = v_to_int(e, arg[1] ? arg[1] : arg[0], "stop");
    v->step = arg[2] ? v_to_int(e, arg[2], "step") : 1;
    if (!v->step)
        j_fail(e, "range() step must not be zero");
    const gint64 limit = (gint64)1 << 53;
    if (ABS(v->i / 2) > limit || ABS(v->stop / 2) > limit || ABS(v->step / 2) > limit)
        j_fail(e, "range() is too large");
    return v;
}

void dict_fill(engine *e, value *into, struct args *all)
{
    if (all->n_pos > 1)
        j_fail(e, "expected at most 1 argument, got %d", all->n_pos);
    value *from = all->n_pos ? all->pos[0] : NULL;
    bool pairs = from && from->type != V_DICT;
    value *list = from ? v_iterate(e, from) : NULL;
    for (gsize i = 0; list && i < list->n; i++) {
        value *key = list->items[i], *item = pairs ? NULL : from->items[i];
        if (pairs) {
            value *pair = v_iterate(e, key);
            if (pair->n != 2)
                j_fail(e, "dict() takes pairs");
            key = pair->items[0];
            item = pair->items[1];
        }
        dict_set(e, into, key, item);
    }
    for (int i = 0; i < all->n_named; i++)
        dict_set(e, into, all->names[i], all->vals[i]);
}

F(g_dict)
{
    value *dict = v_dict(e);
    dict_fill(e, dict, all);
    return dict;
}
F(g_namespace)
{
    value *names = v_new(e, V_NAMESPACE);
    dict_fill(e, names, all);
    return names;
}

F(g_joiner)
{
    value *v = v_new(e, V_JOINER);
    v->self = arg[0] ? arg[0] : v_text(e, ", ");
    return v;
}

F(g_cycler)
{
    if (!all->n_pos)
        j_fail(e, "at least one item has to be provided");
    value *v = v_tuple(e, all->n_pos, all->pos);
    v->type = V_CYCLER;
    return v;
}

F(g_lipsum)
{
    static const char text[] = "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore.";
    struct buf b = {0};
    gint64 n = arg[0] ? v_to_int(e, arg[0], "n") : 5;
    bool html = !arg[1] || v_true(e, arg[1]);
    for (gint64 i = 0; i < n; i++) {
        buf_str(e, &b, i ? (html ? "\n" : "\n\n") : "");
        buf_printf(e, &b, html ? "<p>%s</p>" : "%s", text);
    }
    return buf_value(e, &b);
}

const struct func jinja_globals[] = {
    {"range", "start stop step", 1, g_range, "range"},
    {"dict", NULL, 0, g_dict, "dict"},
    {"namespace", NULL, 0, g_namespace, "jinja2.utils.Namespace"},
    {"joiner", "sep", 0, g_joiner, "jinja2.utils.Joiner"},
    {"cycler", NULL, 0, g_cycler, "jinja2.utils.Cycler"},
    {"lipsum", "n html min max", 0, g_lipsum},
    {NULL},
};
