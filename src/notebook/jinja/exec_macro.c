/* Macros and call blocks. */
#include "notebook/jinja/exec.h"

#include <string.h>

/* Takes the keyword argument `name` out of the list, or NULL. */
static value *take_keyword(struct args *all, const char *name)
{
    for (int i = 0; i < all->n_named; i++)
        if (v_is_text(all->names[i], name)) {
            value *v = all->vals[i];
            all->n_named--;
            memmove(all->names + i, all->names + i + 1, (all->n_named - i) * sizeof(value *));
            memmove(all->vals + i, all->vals + i + 1, (all->n_named - i) * sizeof(value *));
            return v;
        }
    return NULL;
}

/* A further line for messages: the parameters by name. */
static const char *list_params(engine *e, const node *n)
{
    struct buf text = {0};
    buf_str(e, &text, n->n ? "\nits parameters are: " : "");
    for (int i = 0; i < n->n; i++) {
        buf_str(e, &text, i ? ", " : "");
        buf_str(e, &text, n->list[i]->name->s);
    }
    return text.s;
}

static void bind_rest(engine *e, const node *n, struct frame *f, struct args *all)
{
    const char *name = n->name ? n->name->s : "caller";
    if (n->uses_caller && !dict_get_text(e, f->vars, "caller")) {
        value *caller = take_keyword(all, "caller");
        dict_set_text(e, f->vars, "caller", caller ? caller : v_undefined(e, "caller", "no caller defined"));
    }
    if (n->uses_kwargs) {
        value *rest = v_dict(e);
        for (int i = 0; i < all->n_named; i++)
            dict_set(e, rest, all->names[i], all->vals[i]);
        dict_set_text(e, f->vars, "kwargs", rest);
    } else if (all->n_named) {
        j_fail(e, "macro '%s' takes no keyword argument '%s'%s", name, all->names[0]->s, list_params(e, n));
    }
    int extra = MAX(0, all->n_pos - n->n);
    if (n->uses_varargs)
        dict_set_text(e, f->vars, "varargs", v_tuple(e, extra, extra > 0 ? all->pos + all->n_pos - extra : NULL));
    else if (extra)
        j_fail(e, "macro '%s' takes %s%d argument%s, not %d%s", name, n->n ? "at most " : "", n->n, n->n == 1 ? "" : "s", all->n_pos,
               list_params(e, n));
}

static void bind_macro(engine *e, const node *n, struct frame *f, struct args *all)
{
    for (int i = 0; i < n->n; i++) {
        value *param = n->list[i]->name, *named = take_keyword(all, param->s);
        if (named && i < all->n_pos)
            j_fail(e, "macro '%s' got multiple values for argument '%s'", n->name ? n->name->s : "caller", param->s);
        value *v = i < all->n_pos ? all->pos[i] : named;
        if (!v && n->values[i])
            v = eval(e, n->values[i], f);
        dict_set(e, f->vars, param, v ? v : v_undefined(e, param->s, "parameter '%s' was not provided", param->s));
    }
    bind_rest(e, n, f, all);
}

value *call_macro(engine *e, value *macro, struct args *given)
{
    struct args all = *given;
    struct frame *f = frame_new(e, macro->frame);
    struct buf what = {0};
    buf_printf(e, &what, macro->node->name ? "macro '%s'" : "a call block", macro->node->name ? macro->node->name->s : "");
    struct call call = {.parent = e->calls, .what = what.s, .at = e->at};
    j_enter(e);
    bind_macro(e, macro->node, f, &all);
    struct call *frame = j_alloc(e, sizeof *frame);
    *frame = call;
    e->calls = frame;
    value *text = capture(e, macro->node->b, f);
    e->calls = call.parent;
    j_leave(e);
    return text;
}

value *make_macro(engine *e, const node *n, struct frame *f)
{
    value *macro = v_new(e, V_MACRO);
    macro->node = n;
    macro->frame = f;
    return macro;
}

void exec_call_block(engine *e, const node *n, struct frame *f)
{
    value *callee = eval(e, n->a->a, f);
    struct args *args = eval_args(e, n->a, f);
    args->names[args->n_named] = v_text(e, "caller");
    args->vals[args->n_named++] = make_macro(e, n->b, f);
    e->at = n->a;
    print(e, call_value(e, callee, args));
}
