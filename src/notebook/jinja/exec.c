#include "notebook/jinja/eval.h"

#include <string.h>

/* A template in the course of its rendering: its inheritance chain and its outermost names. */
struct unit {
    value *blocks; /* name -> list of V_BLOCK, the most derived first */
    struct frame *top;
    const char *name;        /* of the template that was asked for */
    struct template *parent; /* set by extends */
    bool silent;             /* a child: text outside of blocks is not written */
};

static void exec(engine *e, const node *n, struct frame *f);

static void map_lines(engine *e, const char *s, gsize n, bool advance)
{
    guint line = e->main_line;
    bool fresh = e->root.n == 0 || e->root.s[e->root.n - 1] == '\n';
    for (gsize i = 0; i < n; i++) {
        if (fresh)
            g_array_append_val(e->lines, line);
        fresh = s[i] == '\n';
        line += fresh && advance;
    }
}

void emit(engine *e, const char *s, gsize n, bool advance)
{
    if (e->out == &e->root && e->lines)
        map_lines(e, s, n, advance);
    buf_add(e, e->out, s, n);
}

static value *capture(engine *e, const node *body, struct frame *f)
{
    struct buf *outer = e->out, inner = {0};
    bool silent = e->unit->silent;
    e->out = &inner;
    e->unit->silent = false;
    if (body)
        exec(e, body, f);
    e->unit->silent = silent;
    e->out = outer;
    value *text = buf_value(e, &inner);
    text->safe = e->autoescape;
    return text;
}

static void print(engine *e, value *v)
{
    v = e->autoescape ? v_escape(e, v) : v_to_str(e, v);
    emit(e, v->s, v->n, false);
}

static void exec_print(engine *e, const node *n, struct frame *f)
{
    value *v = eval(e, n->a, f);
    e->at = n->a;
    print(e, v);
}

static void exec_if(engine *e, const node *n, struct frame *f)
{
    for (int i = 0; i < n->n; i++) {
        const node *branch = n->list[i];
        e->at = branch;
        if (v_true(e, eval(e, branch->list[0], f)))
            return exec(e, branch->list[1], f);
    }
    if (n->c)
        exec(e, n->c, f);
}

static value *filtered(engine *e, const node *n, struct frame *f, value *list)
{
    value *kept = v_list(e);
    for (gsize i = 0; i < list->n; i++) {
        struct frame *inner = frame_new(e, f);
        value *item = list->items[i];
        frame_assign(e, inner, n->a, item);
        if (!n->c || v_true(e, eval(e, n->c, inner)))
            list_add(e, kept, item);
    }
    return kept;
}

static void run_loop(engine *e, const node *n, struct frame *f, value *over, int depth0)
{
    value *list = filtered(e, n, f, v_iterate(e, over)), *loop = v_new(e, V_LOOP);
    if (!list->n) {
        if (n->n > 1)
            exec(e, n->list[1], frame_new(e, f));
        return;
    }
    loop->node = n;
    loop->loop = j_alloc(e, sizeof *loop->loop);
    *loop->loop = (struct loop){.sequence = list, .n = list->n, .depth0 = depth0, .node = n, .frame = f};
    for (gsize i = 0; i < list->n; i++) {
        struct frame *inner = frame_new(e, f);
        j_step(e, 1);
        loop->loop->i = i;
        e->at = n;
        frame_assign(e, inner, n->a, list->items[i]);
        dict_set_text(e, inner->vars, "loop", loop);
        exec(e, n->list[0], inner);
    }
}

value *call_loop(engine *e, value *loop, struct args *all)
{
    struct loop *l = loop->loop;
    if (!l->node->recursive)
        j_fail(e, "the loop must have the 'recursive' marker to be called recursively");
    if (all->n_pos != 1)
        j_fail(e, "a recursive loop is called with one argument");
    struct buf *outer = e->out, inner = {0};
    e->out = &inner;
    j_enter(e);
    run_loop(e, l->node, l->frame, all->pos[0], l->depth0 + 1);
    j_leave(e);
    e->out = outer;
    value *text = buf_value(e, &inner);
    text->safe = e->autoescape;
    return text;
}

static value *loop_cycle(engine *e, value *self, value **arg, struct args *all)
{
    if (!all->n_pos)
        j_fail(e, "no items for cycling given");
    return all->pos[self->loop->i % all->n_pos];
}

static value *loop_changed(engine *e, value *self, value **arg, struct args *all)
{
    value *now = v_tuple(e, all->n_pos, all->pos);
    bool changed = !self->loop->changed || !v_equal(e, now, self->loop->changed);
    self->loop->changed = now;
    return v_bool(changed);
}

value *loop_attr(engine *e, value *v, const char *name)
{
    static const struct func cycle = {"cycle", NULL, 0, loop_cycle}, changed = {"changed", NULL, 0, loop_changed};
    struct loop *l = v->loop;
    const struct {
        const char *name;
        gint64 i;
    } numbers[] = {{"index", l->i + 1}, {"index0", l->i},         {"revindex", l->n - l->i}, {"revindex0", l->n - l->i - 1},
                   {"length", l->n},    {"depth", l->depth0 + 1}, {"depth0", l->depth0}};
    for (guint i = 0; i < G_N_ELEMENTS(numbers); i++)
        if (strcmp(numbers[i].name, name) == 0)
            return v_int(e, numbers[i].i);
    if (strcmp(name, "first") == 0)
        return v_bool(l->i == 0);
    if (strcmp(name, "last") == 0)
        return v_bool(l->i + 1 == l->n);
    if (strcmp(name, "previtem") == 0)
        return l->i ? l->sequence->items[l->i - 1] : v_undefined(e, name, "there is no previous item");
    if (strcmp(name, "nextitem") == 0)
        return l->i + 1 < l->n ? l->sequence->items[l->i + 1] : v_undefined(e, name, "there is no next item");
    return strcmp(name, "cycle") == 0 ? v_func(e, &cycle, v) : strcmp(name, "changed") == 0 ? v_func(e, &changed, v) : NULL;
}

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
        j_fail(e, "macro '%s' takes no keyword argument '%s'", name, all->names[0]->s);
    }
    int extra = MAX(0, all->n_pos - n->n);
    if (n->uses_varargs)
        dict_set_text(e, f->vars, "varargs", v_tuple(e, extra, extra > 0 ? all->pos + all->n_pos - extra : NULL));
    else if (extra)
        j_fail(e, "macro '%s' takes not more than %d argument(s)", name, n->n);
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

static value *make_macro(engine *e, const node *n, struct frame *f)
{
    value *macro = v_new(e, V_MACRO);
    macro->node = n;
    macro->frame = f;
    return macro;
}

static void exec_call_block(engine *e, const node *n, struct frame *f)
{
    value *callee = eval(e, n->a->a, f);
    struct args *args = eval_args(e, n->a, f);
    args->names[args->n_named] = v_text(e, "caller");
    args->vals[args->n_named++] = make_macro(e, n->b, f);
    e->at = n->a;
    print(e, call_value(e, callee, args));
}

static struct template *load(engine *e, value *name)
{
    v_need(e, name);
    if (name->type != V_STR)
        j_fail(e, "the name of a template must be a string, not %s", v_type_name(name));
    struct template *t = template_load(e, name->s);
    if (!t)
        j_fail(e, "template '%s' not found", name->s);
    return t;
}

static void add_blocks(engine *e, struct unit *unit, struct template *t)
{
    for (gsize i = 0; i < t->blocks->n; i++) {
        value *chain = dict_get(e, unit->blocks, t->blocks->keys[i]);
        if (!chain)
            dict_set(e, unit->blocks, t->blocks->keys[i], chain = v_list(e));
        list_add(e, chain, t->blocks->items[i]);
    }
}

static value *self_of(engine *e, struct unit *unit)
{
    value *self = v_new(e, V_SELF);
    self->s = unit->name;
    for (gsize i = 0; i < unit->blocks->n; i++) {
        value *block = v_new(e, V_BLOCK), *chain = unit->blocks->items[i];
        *block = *chain->items[0];
        block->self = chain;
        block->frame = unit->top;
        dict_set(e, self, unit->blocks->keys[i], block);
    }
    return self;
}

/* Renders a template with its parents into the current output; its names lie in `top`. */
static void run_unit(engine *e, struct template *t, struct frame *top)
{
    struct unit *outer = e->unit, *unit = j_alloc(e, sizeof *unit);
    bool escape = e->autoescape;
    j_enter(e);
    e->autoescape = false;
    *unit = (struct unit){.blocks = v_dict(e), .top = top, .name = t->name};
    top->top = true;
    for (e->unit = unit; t; t = unit->parent) {
        j_enter(e);
        unit->parent = NULL;
        unit->silent = false;
        add_blocks(e, unit, t);
        dict_set_text(e, top->vars, "self", self_of(e, unit));
        exec(e, t->body, top);
    }
    e->unit = outer;
    e->autoescape = escape;
}

static void render_unit(engine *e, struct template *t, struct frame *top)
{
    int depth = e->depth;
    struct call *call = j_alloc(e, sizeof *call);
    *call = (struct call){.parent = e->calls, .what = "template", .at = e->at};
    e->calls = call;
    run_unit(e, t, top);
    e->calls = call->parent;
    e->depth = depth;
}

void exec_main(engine *e, struct template *t)
{
    run_unit(e, t, frame_new(e, e->global_frame));
}

static struct template *choose(engine *e, const node *n, value *names)
{
    if (names->type != V_LIST && names->type != V_TUPLE)
        return n->ignore_missing && names->type == V_STR ? template_load(e, names->s) : load(e, names);
    for (gsize i = 0; i < names->n; i++) {
        struct template *t = names->items[i]->type == V_STR ? template_load(e, names->items[i]->s) : NULL;
        if (t)
            return t;
    }
    if (!n->ignore_missing)
        j_fail(e, "none of the templates %s was found", v_to_repr(e, names)->s);
    return NULL;
}

static void exec_include(engine *e, const node *n, struct frame *f)
{
    value *names = eval(e, n->a, f);
    e->at = n;
    struct template *t = choose(e, n, names);
    if (t)
        render_unit(e, t, frame_new(e, n->flag ? f : e->global_frame));
}

static value *module(engine *e, const node *n, struct frame *f)
{
    struct template *t = load(e, eval(e, n->a, f));
    struct frame *top = frame_new(e, n->flag ? f : e->global_frame);
    struct buf *outer = e->out, inner = {0};
    e->at = n;
    e->out = &inner;
    render_unit(e, t, top);
    e->out = outer;
    value *m = v_new(e, V_MODULE);
    m->self = buf_value(e, &inner);
    for (gsize i = 0; i < top->vars->n; i++)
        if (*top->vars->keys[i]->s != '_' && !v_is_text(top->vars->keys[i], "self") &&
            !(top->imported && dict_get(e, top->imported, top->vars->keys[i])))
            dict_set(e, m, top->vars->keys[i], top->vars->items[i]);
    m->s = t->name;
    return m;
}

/* Imported names are not exported again. */
static void import_as(engine *e, struct frame *f, value *name, value *v)
{
    dict_set(e, f->vars, name, v);
    if (!f->top)
        return;
    if (!f->imported)
        f->imported = v_dict(e);
    dict_set(e, f->imported, name, V_NULL);
}

static void exec_from(engine *e, const node *n, struct frame *f)
{
    value *m = module(e, n, f);
    for (int i = 0; i < n->n_named; i++) {
        value *v = dict_get(e, m, n->names[i]);
        import_as(e, f, n->aliases[i],
                  v ? v
                    : v_undefined(e, n->names[i]->s, "the template '%s' does not export the requested name '%s'", m->s, n->names[i]->s));
    }
}

static void exec_extends(engine *e, const node *n, struct frame *f)
{
    value *name = eval(e, n->a, f);
    e->at = n;
    if (e->unit->parent)
        j_fail(e, "extended multiple times");
    e->unit->parent = load(e, name);
    e->unit->silent = true;
}

value *super_block(engine *e, value *chain, gsize level, struct frame *f)
{
    if (level >= chain->n)
        return v_undefined(e, "super", "there is no parent block called '%s'", chain->items[0]->node->name->s);
    value *super = v_new(e, V_BLOCK);
    *super = *chain->items[level];
    super->self = chain;
    super->i = (gint64)level;
    super->frame = f;
    return super;
}

/* Writes the block of a chain at `level`; `super` leads to the next one. */
static void run_block(engine *e, value *chain, gsize level, struct frame *f)
{
    struct frame *inner = frame_new(e, f);
    bool silent = e->unit->silent;
    dict_set_text(e, inner->vars, "super", super_block(e, chain, level + 1, f));
    e->unit->silent = false;
    j_enter(e);
    exec(e, chain->items[level]->node->b, inner);
    j_leave(e);
    e->unit->silent = silent;
}

value *call_block(engine *e, value *block)
{
    struct buf *outer = e->out, inner = {0};
    e->out = &inner;
    run_block(e, block->self, block->i, block->frame);
    e->out = outer;
    return buf_value(e, &inner);
}

static void exec_block(engine *e, const node *n, struct frame *f)
{
    value *chain = dict_get(e, e->unit->blocks, n->name);
    if (!chain) {
        value *own = v_new(e, V_BLOCK);
        own->node = n;
        chain = v_list(e);
        list_add(e, chain, own);
    }
    if (chain->items[0]->node->required)
        j_fail(e, "required block '%s' not found", n->name->s);
    run_block(e, chain, 0, n->scoped ? f : e->unit->top);
}

static void exec_with(engine *e, const node *n, struct frame *f)
{
    struct frame *inner = frame_new(e, f);
    for (int i = 0; i < n->n; i++)
        frame_assign(e, inner, n->list[i], eval(e, n->values[i], f));
    exec(e, n->b, inner);
}

static void exec_autoescape(engine *e, const node *n, struct frame *f)
{
    bool outer = e->autoescape;
    e->autoescape = v_true(e, eval(e, n->a, f));
    exec(e, n->b, frame_new(e, f));
    e->autoescape = outer;
}

static bool writes(const node *n)
{
    return n->type == N_DATA || n->type == N_PRINT || n->type == N_BLOCK || n->type == N_INCLUDE || n->type == N_CALL_BLOCK ||
           n->type == N_FILTER_BLOCK;
}

static void run(engine *e, const node *n, struct frame *f)
{
    switch (n->type) {
    case N_DATA:
        return emit(e, n->name->s, n->name->n, n->t == e->main);
    case N_PRINT:
        return exec_print(e, n, f);
    case N_IF:
        return exec_if(e, n, f);
    case N_FOR:
        return run_loop(e, n, f, eval(e, n->b, f), 0);
    case N_SET:
        return frame_assign(e, f, n->a, eval(e, n->b, f));
    case N_SET_BLOCK:
        return frame_assign(e, f, n->a, eval_filters(e, n->b, f, capture(e, n->c, frame_new(e, f))));
    case N_MACRO:
        return dict_set(e, f->vars, n->name, make_macro(e, n, f));
    case N_CALL_BLOCK:
        return exec_call_block(e, n, f);
    case N_FILTER_BLOCK:
        return print(e, eval_filters(e, n->b, f, capture(e, n->c, frame_new(e, f))));
    case N_IMPORT:
        return import_as(e, f, n->b->name, module(e, n, f));
    case N_FROM:
        return exec_from(e, n, f);
    case N_INCLUDE:
        return exec_include(e, n, f);
    case N_EXTENDS:
        return exec_extends(e, n, f);
    case N_BLOCK:
        return exec_block(e, n, f);
    case N_WITH:
        return exec_with(e, n, f);
    default:
        return exec_autoescape(e, n, f);
    }
}

static void exec(engine *e, const node *n, struct frame *f)
{
    const node *outer = e->at;
    j_enter(e);
    if (n->type == N_BODY) {
        for (int i = 0; i < n->n; i++)
            exec(e, n->list[i], f);
    } else if (!(e->unit->silent && writes(n))) {
        e->at = n;
        if (n->t == e->main && e->out == &e->root)
            e->main_line = n->line;
        run(e, n, f);
    }
    e->at = outer;
    j_leave(e);
}
