#include "notebook/jinja/eval.h"

#include <string.h>

struct frame *frame_new(engine *e, struct frame *parent)
{
    struct frame *f = j_alloc(e, sizeof *f);
    f->parent = parent;
    f->vars = v_dict(e);
    return f;
}

value *frame_get(engine *e, struct frame *f, value *name)
{
    for (struct frame *at = f; at; at = at->parent) {
        value *found = dict_get(e, at->vars, name);
        if (found)
            return found;
    }
    value *undefined = v_undefined(e, name->s, "'%s' is undefined", name->s);
    undefined->frame = f;
    return undefined;
}

static void assign_members(engine *e, struct frame *f, const node *target, value *v)
{
    value *list = v_iterate(e, v);
    if (list->n != (gsize)target->n)
        j_fail(e, "%s values to unpack (expected %d, got %d)", list->n > (gsize)target->n ? "too many" : "not enough", target->n,
               (int)list->n);
    for (int i = 0; i < target->n; i++)
        frame_assign(e, f, target->list[i], list->items[i]);
}

void frame_assign(engine *e, struct frame *f, const node *target, value *v)
{
    if (target->type == N_TUPLE)
        return assign_members(e, f, target, v);
    if (target->type == N_NAME)
        return dict_set(e, f->vars, target->name, v);
    value *ns = frame_get(e, f, target->a->name);
    v_need(e, ns);
    if (ns->type != V_NAMESPACE)
        j_fail(e, "cannot assign attribute on non-namespace object");
    dict_set(e, ns, target->name, v);
}

static value *sequence(engine *e, const node *n, struct frame *f)
{
    value *list = v_new(e, n->type == N_LIST ? V_LIST : V_TUPLE);
    for (int i = 0; i < n->n; i++)
        list_add(e, list, eval(e, n->list[i], f));
    return list;
}

static value *mapping(engine *e, const node *n, struct frame *f)
{
    value *dict = v_dict(e);
    for (int i = 0; i < n->n; i++) {
        value *key = eval(e, n->list[i], f);
        dict_set(e, dict, key, eval(e, n->values[i], f));
    }
    return dict;
}

static bool compare_one(engine *e, const char *op, value *a, value *b)
{
    if (strcmp(op, "in") == 0)
        return v_contains(e, b, a);
    if (strcmp(op, "not in") == 0)
        return !v_contains(e, b, a);
    if (strcmp(op, "==") == 0)
        return v_equal(e, a, b);
    if (strcmp(op, "!=") == 0)
        return !v_equal(e, a, b);
    int order = v_compare(e, a, b, op);
    if (*op == '<')
        return op[1] ? order <= 0 : order < 0;
    return op[1] ? order >= 0 : order > 0;
}

static value *compare(engine *e, const node *n, struct frame *f)
{
    value *left = eval(e, n->list[0], f);
    for (int i = 1; i < n->n; i++) {
        value *right = eval(e, n->list[i], f);
        if (!compare_one(e, n->names[i - 1]->s, left, right))
            return &v_false_value;
        left = right;
    }
    return &v_true_value;
}

static value *concat(engine *e, const node *n, struct frame *f)
{
    value *a = v_to_str(e, eval(e, n->a, f)), *b = v_to_str(e, eval(e, n->b, f));
    if (e->autoescape && (a->safe || b->safe))
        return v_join(e, a, b);
    struct buf text = {0};
    buf_add(e, &text, a->s, a->n);
    buf_add(e, &text, b->s, b->n);
    return buf_value(e, &text);
}

static value *item(engine *e, const node *n, struct frame *f)
{
    value *base = eval(e, n->a, f);
    if (n->b->type != N_SLICE)
        return get_item(e, base, eval(e, n->b, f));
    const node *s = n->b;
    value *start = s->a ? eval(e, s->a, f) : NULL, *stop = s->b ? eval(e, s->b, f) : NULL, *step = s->c ? eval(e, s->c, f) : NULL;
    v_need(e, base);
    if (!v_is_sequence(base) && base->type != V_RANGE)
        return v_undefined(e, "slice", "'%s' object cannot be sliced", v_type_name(base));
    return text_slice(e, base, start, stop, step);
}

static value *negate(engine *e, value *v, bool minus)
{
    if (!v_is_number(v)) {
        v_need(e, v);
        j_fail(e, "bad operand type for unary %s: '%s'", minus ? "-" : "+", v_type_name(v));
    }
    if (v->type == V_FLOAT)
        return v_float(e, minus ? -v->f : v->f);
    return number_op(e, minus ? "-" : "+", v_int(e, 0), v);
}

static value *constant(engine *e, const node *n, struct frame *f)
{
    return n->name;
}

static value *name(engine *e, const node *n, struct frame *f)
{
    return frame_get(e, f, n->name);
}

static value *binary(engine *e, const node *n, struct frame *f)
{
    value *a = eval(e, n->a, f), *b = eval(e, n->b, f);
    return eval_op(e, n->name->s, a, b);
}

/* The first operand if it decides, else the second. */
static value *logic(engine *e, const node *n, struct frame *f)
{
    value *a = eval(e, n->a, f);
    return v_true(e, a) == (n->type == N_AND) ? eval(e, n->b, f) : a;
}

static value * not(engine * e, const node *n, struct frame *f)
{
    return v_bool(!v_true(e, eval(e, n->a, f)));
}

static value *sign(engine *e, const node *n, struct frame *f)
{
    return negate(e, eval(e, n->a, f), n->type == N_NEG);
}

static value *condition(engine *e, const node *n, struct frame *f)
{
    if (v_true(e, eval(e, n->b, f)))
        return eval(e, n->a, f);
    return n->c ? eval(e, n->c, f) : v_lenient(e);
}

static value *attribute(engine *e, const node *n, struct frame *f)
{
    return get_attr(e, eval(e, n->a, f), n->name);
}

static value *call(engine *e, const node *n, struct frame *f)
{
    value *callee = eval(e, n->a, f);
    return call_value(e, callee, eval_args(e, n, f));
}

static value *filter(engine *e, const node *n, struct frame *f)
{
    value *input = eval(e, n->a, f);
    return apply_filter(e, n->name, input, eval_args(e, n, f));
}

static value *test(engine *e, const node *n, struct frame *f)
{
    value *input = eval(e, n->a, f);
    return v_bool(apply_test(e, n->name, input, eval_args(e, n, f)));
}

/* By the type of the node. */
static value *(*const evaluators[N_NODE_TYPES])(engine *e, const node *n, struct frame *f) = {
    [N_CONST] = constant, [N_NAME] = name,       [N_LIST] = sequence, [N_TUPLE] = sequence, [N_DICT] = mapping,
    [N_BINARY] = binary,  [N_AND] = logic,       [N_OR] = logic,      [N_NOT] = not,        [N_NEG] = sign,
    [N_POS] = sign,       [N_COMPARE] = compare, [N_CONCAT] = concat, [N_COND] = condition, [N_ATTR] = attribute,
    [N_ITEM] = item,      [N_CALL] = call,       [N_FILTER] = filter, [N_TEST] = test,
};

value *eval(engine *e, const node *n, struct frame *f)
{
    const node *outer = e->at;
    j_enter(e);
    e->at = n;
    if (!evaluators[n->type])
        j_fail(e, "this is no expression");
    value *v = evaluators[n->type](e, n, f);
    e->at = outer;
    j_leave(e);
    return v;
}
