#include "notebook/jinja/exec.h"

#include <string.h>

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

value *capture(engine *e, const node *body, struct frame *f)
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

void print(engine *e, value *v)
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

static void exec_data(engine *e, const node *n, struct frame *f)
{
    emit(e, n->name->s, n->name->n, n->t == e->main);
}

static void exec_for(engine *e, const node *n, struct frame *f)
{
    run_loop(e, n, f, eval(e, n->b, f), 0);
}

static void exec_set(engine *e, const node *n, struct frame *f)
{
    frame_assign(e, f, n->a, eval(e, n->b, f));
}

/* What the body writes, through the filters of the statement. */
static value *filtered_body(engine *e, const node *n, struct frame *f)
{
    return eval_filters(e, n->b, f, capture(e, n->c, frame_new(e, f)));
}

static void exec_set_block(engine *e, const node *n, struct frame *f)
{
    frame_assign(e, f, n->a, filtered_body(e, n, f));
}

static void exec_filter_block(engine *e, const node *n, struct frame *f)
{
    print(e, filtered_body(e, n, f));
}

static void exec_macro(engine *e, const node *n, struct frame *f)
{
    dict_set(e, f->vars, n->name, make_macro(e, n, f));
}

/* By the type of the node; `writes` is false for those that a template with a parent executes all the same. */
static const struct {
    void (*run)(engine *e, const node *n, struct frame *f);
    bool writes;
} statements[N_NODE_TYPES] = {
    [N_DATA] = {exec_data, true},
    [N_PRINT] = {exec_print, true},
    [N_IF] = {exec_if},
    [N_FOR] = {exec_for},
    [N_SET] = {exec_set},
    [N_SET_BLOCK] = {exec_set_block},
    [N_MACRO] = {exec_macro},
    [N_CALL_BLOCK] = {exec_call_block, true},
    [N_FILTER_BLOCK] = {exec_filter_block, true},
    [N_IMPORT] = {exec_import},
    [N_FROM] = {exec_from},
    [N_INCLUDE] = {exec_include, true},
    [N_EXTENDS] = {exec_extends},
    [N_BLOCK] = {exec_block, true},
    [N_WITH] = {exec_with},
    [N_AUTOESCAPE] = {exec_autoescape},
};

void exec(engine *e, const node *n, struct frame *f)
{
    const node *outer = e->at;
    j_enter(e);
    if (n->type == N_BODY) {
        for (int i = 0; i < n->n; i++)
            exec(e, n->list[i], f);
    } else if (!(e->unit->silent && statements[n->type].writes)) {
        e->at = n;
        if (n->t == e->main && e->out == &e->root)
            e->main_line = n->line;
        g_assert(statements[n->type].run);
        statements[n->type].run(e, n, f);
    }
    e->at = outer;
    j_leave(e);
}
