/* Calls: arguments are evaluated and bound to the parameters of functions, filters and tests. */
#include "notebook/jinja/eval.h"

#include <string.h>

static void add_named_arg(engine *e, struct args *a, value *name, value *v)
{
    if (name->type != V_STR)
        j_fail(e, "keywords must be strings");
    a->names[a->n_named] = name;
    a->vals[a->n_named++] = v;
}

struct args *eval_args(engine *e, const node *n, struct frame *f)
{
    struct args *a = j_alloc(e, sizeof *a);
    value *pos = v_list(e);
    for (int i = 0; i < n->n; i++)
        list_add(e, pos, eval(e, n->list[i], f));
    value *star = n->star ? v_iterate(e, eval(e, n->star, f)) : NULL;
    for (gsize i = 0; star && i < star->n; i++)
        list_add(e, pos, star->items[i]);
    value *more = n->star_star ? eval(e, n->star_star, f) : NULL;
    if (more && more->type != V_DICT) {
        v_need(e, more);
        j_fail(e, "the argument after ** must be a mapping, not %s", v_type_name(more));
    }
    gsize room = (n->n_named + (more ? more->n : 0) + 1) * sizeof(value *);
    a->names = j_alloc(e, room);
    a->vals = j_alloc(e, room);
    a->pos = pos->items;
    a->n_pos = pos->n;
    for (int i = 0; i < n->n_named; i++)
        add_named_arg(e, a, n->names[i], eval(e, n->c->list[i], f));
    for (gsize i = 0; more && i < more->n; i++)
        add_named_arg(e, a, more->keys[i], more->items[i]);
    return a;
}

static int param_index(const char *params, const value *name)
{
    int i = 0;
    for (const char *p = params; *p; i++) {
        gsize n = strcspn(p, " ");
        if (n == name->n && memcmp(p, name->s, n) == 0)
            return i;
        p += n + (p[n] == ' ');
    }
    return -1;
}

value *call_func(engine *e, const struct func *func, value *self, struct args *all)
{
    value *arg[10] = {0};
    int count = 0;
    if (!func->params)
        return func->call(e, self, arg, all);
    for (const char *p = func->params; *p; count++)
        p += strcspn(p, " "), p += *p == ' ';
    if (all->n_pos > count)
        j_fail(e, "%s() takes at most %d arguments, not %d (they are: %s)", func->name, count, all->n_pos,
               *func->params ? func->params : "none");
    for (int i = 0; i < all->n_pos; i++)
        arg[i] = all->pos[i];
    for (int i = 0; i < all->n_named; i++) {
        int at = param_index(func->params, all->names[i]);
        if (at < 0 || arg[at])
            j_fail(e, at < 0 ? "%s() got an unexpected keyword argument '%s'" : "%s() got multiple values for argument '%s'", func->name,
                   all->names[i]->s);
        arg[at] = all->vals[i];
    }
    for (int i = 0; i < func->required; i++)
        if (!arg[i])
            j_fail(e, "%s() misses an argument (it takes: %s)", func->name, func->params);
    return func->call(e, self, arg, all);
}

static value *join_next(engine *e, value *v)
{
    bool used = v->i;
    v->i = 1;
    return used ? v->self : v_text(e, "");
}

/* Methods of markup give markup; texts that they take are escaped. */
static value *call_on_markup(engine *e, value *callee, struct args *all)
{
    for (int i = 0; i < all->n_pos; i++)
        if (all->pos[i]->type == V_STR)
            all->pos[i] = v_escape(e, all->pos[i]);
    value *result = call_func(e, callee->func, callee->self, all);
    bool many = result->type == V_LIST || result->type == V_TUPLE;
    for (gsize i = 0; many && i < result->n; i++)
        result->items[i]->safe = result->items[i]->type == V_STR;
    if (result->type == V_STR) {
        result = v_str(e, result->s, result->n);
        result->safe = true;
    }
    return result;
}

value *call_value(engine *e, value *callee, struct args *all)
{
    if (callee->type == V_UNDEFINED)
        j_fail(e, "%s%s", callee->s, hint_uncalled(e, callee));
    switch (callee->type) {
    case V_FUNC:
        return callee->self && callee->self->safe ? call_on_markup(e, callee, all) : call_func(e, callee->func, callee->self, all);
    case V_MACRO:
        return call_macro(e, callee, all);
    case V_LOOP:
        return call_loop(e, callee, all);
    case V_BLOCK:
        return call_block(e, callee);
    case V_JOINER:
        return join_next(e, callee);
    default:
        j_fail(e, "'%s' object is not callable", v_type_name(callee));
    }
}

value *apply_filter(engine *e, value *name, value *input, struct args *all)
{
    const char *text = name->type == V_STR ? name->s : v_type_name(name);
    const struct func *filter = name->type == V_STR ? filter_find(text) : NULL;
    if (!filter)
        j_fail(e, "no filter named '%s'%s", text, hint_func(e, text, filter_tables));
    return call_func(e, filter, input, all);
}

bool apply_test(engine *e, value *name, value *input, struct args *all)
{
    const char *text = name->type == V_STR ? name->s : v_type_name(name);
    const struct func *test = name->type == V_STR ? test_find(text) : NULL;
    if (!test)
        j_fail(e, "no test named '%s'%s", text, hint_func(e, text, test_tables));
    return v_true(e, call_func(e, test, input, all));
}

value *eval_filters(engine *e, const node *n, struct frame *f, value *input)
{
    if (!n)
        return input;
    value *v = n->a ? (n->type == N_FILTER ? eval_filters(e, n->a, f, input) : eval(e, n->a, f)) : input;
    if (n->type != N_FILTER)
        return eval(e, n, f);
    struct args *args = eval_args(e, n, f);
    e->at = n;
    return apply_filter(e, n->name, v, args);
}
