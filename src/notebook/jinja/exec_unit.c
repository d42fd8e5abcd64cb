/* Templates that use others: include, import, extends and blocks. */
#include "notebook/jinja/exec.h"

static struct template *load(engine *e, value *name)
{
    v_need(e, name);
    if (name->type != V_STR)
        j_fail(e, "the name of a template must be a string, not %s", v_type_name(name));
    struct template *t = template_load(e, name->s);
    if (!t)
        j_fail(e, "template '%s' not found%s", name->s, hint_folders(e, name->s));
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

/* Notes that the template is entered from here, for messages; the caller restores e->calls. */
static void enter_template(engine *e, const struct template *t)
{
    struct call *call = j_alloc(e, sizeof *call);
    struct buf what = {0};
    buf_printf(e, &what, "template '%.200s'", t->name);
    *call = (struct call){.parent = e->calls, .what = what.s, .at = e->at};
    e->calls = call;
}

/* Renders a template with its parents into the current output; its names lie in `top`. */
static void run_unit(engine *e, struct template *t, struct frame *top)
{
    struct unit *outer = e->unit, *unit = j_alloc(e, sizeof *unit);
    struct call *calls = e->calls;
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
        if (unit->parent)
            enter_template(e, unit->parent);
    }
    e->calls = calls;
    e->unit = outer;
    e->autoescape = escape;
}

static void render_unit(engine *e, struct template *t, struct frame *top)
{
    int depth = e->depth;
    struct call *calls = e->calls;
    enter_template(e, t);
    run_unit(e, t, top);
    e->calls = calls;
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
        j_fail(e, "none of the templates %s was found%s", v_to_repr(e, names)->s, hint_folders(e, "x"));
    return NULL;
}

void exec_include(engine *e, const node *n, struct frame *f)
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

void exec_import(engine *e, const node *n, struct frame *f)
{
    import_as(e, f, n->b->name, module(e, n, f));
}

static value *missing_export(engine *e, value *module, value *name)
{
    value *v = v_undefined(e, name->s, "the template '%s' does not export the requested name '%s'", module->s, name->s);
    v->object = module;
    return v;
}

void exec_from(engine *e, const node *n, struct frame *f)
{
    value *m = module(e, n, f);
    for (int i = 0; i < n->n_named; i++) {
        value *v = dict_get(e, m, n->names[i]);
        import_as(e, f, n->aliases[i], v ? v : missing_export(e, m, n->names[i]));
    }
}

void exec_extends(engine *e, const node *n, struct frame *f)
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

void exec_block(engine *e, const node *n, struct frame *f)
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
