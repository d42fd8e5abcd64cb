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
    for (; f; f = f->parent) {
        value *found = dict_get(e, f->vars, name);
        if (found)
            return found;
    }
    return v_undefined(e, name->s, "'%s' is undefined", name->s);
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
        j_fail(e, "%s() takes at most %d arguments (%d given)", func->name, count, all->n_pos);
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
            j_fail(e, "%s() misses a required argument (it takes: %s)", func->name, func->params);
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
    v_need(e, callee);
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

static value *cycler_attr(engine *e, value *v, const char *name)
{
    if (strcmp(name, "items") == 0)
        return v_tuple(e, v->n, v->items);
    if (strcmp(name, "pos") == 0)
        return v_int(e, v->i % v->n);
    return strcmp(name, "current") == 0 ? v->items[v->i % v->n] : NULL;
}

static value *joiner_attr(value *v, const char *name)
{
    return strcmp(name, "sep") == 0 ? v->self : strcmp(name, "used") == 0 ? v_bool(v->i) : NULL;
}

static value *number_attr(engine *e, value *v, const char *name)
{
    bool is_float = v->type == V_FLOAT;
    if (strcmp(name, "real") == 0)
        return v->type == V_BOOL ? v_int(e, v->i) : v;
    if (strcmp(name, "imag") == 0)
        return is_float ? v_float(e, 0) : v_int(e, 0);
    if (!is_float && strcmp(name, "numerator") == 0)
        return v->type == V_BOOL ? v_int(e, v->i) : v;
    return !is_float && strcmp(name, "denominator") == 0 ? v_int(e, 1) : NULL;
}

static value *range_attr(engine *e, value *v, const char *name)
{
    if (strcmp(name, "start") == 0)
        return v_int(e, v->i);
    return strcmp(name, "stop") == 0 ? v_int(e, v->stop) : strcmp(name, "step") == 0 ? v_int(e, v->step) : NULL;
}

static value *macro_attr(engine *e, value *v, const char *name)
{
    value *names = v_new(e, V_TUPLE);
    for (int i = 0; i < v->node->n; i++)
        list_add(e, names, v->node->list[i]->name);
    if (strcmp(name, "name") == 0)
        return v->node->name ? v->node->name : V_NULL;
    if (strcmp(name, "arguments") == 0)
        return names;
    if (strcmp(name, "catch_kwargs") == 0)
        return v_bool(v->node->uses_kwargs);
    if (strcmp(name, "catch_varargs") == 0)
        return v_bool(v->node->uses_varargs);
    return strcmp(name, "caller") == 0 ? v_bool(v->node->uses_caller) : NULL;
}

static value *group_attr(value *v, const char *name)
{
    int i = strcmp(name, "grouper") == 0 ? 0 : strcmp(name, "list") == 0 ? 1 : -1;
    return i >= 0 && v->view && strcmp(v->view, "group") == 0 ? v->items[i] : NULL;
}

static value *own_attr(engine *e, value *v, value *name)
{
    const struct func *method = method_find(v, name->s);
    if (method)
        return v_func(e, method, v);
    if (v->type == V_NAMESPACE || v->type == V_MODULE || v->type == V_SELF)
        return dict_get(e, v, name);
    if (v->type == V_LOOP)
        return loop_attr(e, v, name->s);
    if (v->type == V_MACRO)
        return macro_attr(e, v, name->s);
    if (v->type == V_TUPLE)
        return group_attr(v, name->s);
    if (v->type == V_BLOCK && strcmp(name->s, "super") == 0)
        return super_block(e, v->self, v->i + 1, v->frame);
    if (v->type == V_RANGE)
        return range_attr(e, v, name->s);
    if (v->type == V_JOINER)
        return joiner_attr(v, name->s);
    if (v_is_number(v))
        return number_attr(e, v, name->s);
    return v->type == V_CYCLER ? cycler_attr(e, v, name->s) : NULL;
}

static value *missing(engine *e, value *v, value *name)
{
    if (v->type == V_MODULE)
        return v_undefined(e, name->s, "the template '%s' does not export the requested name '%s'", v->s, name->s);
    return v_undefined(e, name->s, "'%s object' has no attribute '%s'", v_type_name(v), name->s);
}

value *get_attr(engine *e, value *v, value *name)
{
    if (v->type == V_UNDEFINED && strcmp(name->s, "_undefined_name") == 0)
        return v->self ? v->self : V_NULL;
    v_need(e, v);
    value *found = own_attr(e, v, name);
    if (!found && v->type == V_DICT)
        found = dict_get(e, v, name);
    return found ? found : missing(e, v, name);
}

value *get_own_attr(engine *e, value *v, value *name)
{
    v_need(e, v);
    value *found = own_attr(e, v, name);
    return found ? found : missing(e, v, name);
}

static value *at_index(engine *e, value *v, gint64 i)
{
    gint64 n = v_length(e, v);
    gint64 at = i < 0 ? i + n : i;
    if (at < 0 || at >= n)
        return NULL;
    if (v->type == V_RANGE)
        return v_int(e, v->i + at * v->step);
    if (v->type != V_STR)
        return v->items[at];
    const char *p = text_at(v->s, v->n, at);
    gsize bytes = MIN(g_utf8_next_char(p) - p, v->s + v->n - p);
    return v_str(e, j_copy(e, p, bytes), bytes);
}

value *get_item(engine *e, value *v, value *key)
{
    v_need(e, v);
    v_need(e, key);
    value *found = NULL;
    bool sequence_like = (v->type == V_LIST && !v->view) || v->type == V_TUPLE || v->type == V_STR || v->type == V_RANGE;
    if (v->type == V_DICT)
        found = key->type == V_LIST || key->type == V_DICT ? NULL : dict_get(e, v, key);
    else if (sequence_like && (key->type == V_INT || key->type == V_BOOL))
        found = at_index(e, v, key->i);
    if (!found && key->type == V_STR)
        found = own_attr(e, v, key);
    if (found)
        return found;
    if (key->type == V_STR)
        return missing(e, v, key);
    return v_undefined(e, v_to_str(e, key)->s, "%s object has no element %s", v_type_name(v), v_to_repr(e, key)->s);
}

value *get_path(engine *e, value *v, value *path)
{
    if (path->type != V_STR)
        return get_item(e, v, path);
    for (const char *p = path->s, *end = p + path->n; p <= end;) {
        gsize n = strcspn(p, ".");
        value *key = v_str(e, j_copy(e, p, n), n);
        bool number = n && n < 10 && strspn(key->s, "0123456789") == n;
        v = get_item(e, v, number ? number_parse(e, key->s, n, 10) : key);
        p += n + 1;
    }
    return v;
}

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

static value *join_two(engine *e, value *a, value *b)
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

static bool is_sequence(value *v)
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
    if (*op == '+' && is_sequence(a) && a->type == b->type)
        return join_two(e, a, b);
    if (strcmp(op, "*") == 0 && is_sequence(a) && (b->type == V_INT || b->type == V_BOOL))
        return repeat(e, a, b);
    if (strcmp(op, "*") == 0 && is_sequence(b) && (a->type == V_INT || a->type == V_BOOL))
        return repeat(e, b, a);
    j_fail(e, "unsupported operand types for %s: '%s' and '%s'", op, v_type_name(a), v_type_name(b));
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
        return join_two(e, a, b);
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
    if (!is_sequence(base) && base->type != V_RANGE)
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

value *apply_filter(engine *e, value *name, value *input, struct args *all)
{
    const struct func *filter = name->type == V_STR ? filter_find(name->s) : NULL;
    if (!filter)
        j_fail(e, "no filter named '%s'", name->type == V_STR ? name->s : v_type_name(name));
    return call_func(e, filter, input, all);
}

bool apply_test(engine *e, value *name, value *input, struct args *all)
{
    const struct func *test = name->type == V_STR ? test_find(name->s) : NULL;
    if (!test)
        j_fail(e, "no test named '%s'", name->type == V_STR ? name->s : v_type_name(name));
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

static value *compute(engine *e, const node *n, struct frame *f)
{
    value *a, *b;
    struct args *args;
    switch (n->type) {
    case N_CONST:
        return n->name;
    case N_NAME:
        return frame_get(e, f, n->name);
    case N_LIST:
    case N_TUPLE:
        return sequence(e, n, f);
    case N_DICT:
        return mapping(e, n, f);
    case N_BINARY:
        a = eval(e, n->a, f);
        b = eval(e, n->b, f);
        return eval_op(e, n->name->s, a, b);
    case N_AND:
        a = eval(e, n->a, f);
        return v_true(e, a) ? eval(e, n->b, f) : a;
    case N_OR:
        a = eval(e, n->a, f);
        return v_true(e, a) ? a : eval(e, n->b, f);
    case N_NOT:
        return v_bool(!v_true(e, eval(e, n->a, f)));
    case N_NEG:
    case N_POS:
        return negate(e, eval(e, n->a, f), n->type == N_NEG);
    case N_COMPARE:
        return compare(e, n, f);
    case N_CONCAT:
        return concat(e, n, f);
    case N_COND:
        if (v_true(e, eval(e, n->b, f)))
            return eval(e, n->a, f);
        return n->c ? eval(e, n->c, f) : v_lenient(e);
    case N_ATTR:
        return get_attr(e, eval(e, n->a, f), n->name);
    case N_ITEM:
        return item(e, n, f);
    case N_CALL:
        a = eval(e, n->a, f);
        args = eval_args(e, n, f);
        return call_value(e, a, args);
    case N_FILTER:
        a = eval(e, n->a, f);
        args = eval_args(e, n, f);
        return apply_filter(e, n->name, a, args);
    case N_TEST:
        a = eval(e, n->a, f);
        args = eval_args(e, n, f);
        return v_bool(apply_test(e, n->name, a, args));
    default:
        j_fail(e, "this is no expression");
    }
}

value *eval(engine *e, const node *n, struct frame *f)
{
    const node *outer = e->at;
    j_enter(e);
    e->at = n;
    value *v = compute(e, n, f);
    e->at = outer;
    j_leave(e);
    return v;
}
