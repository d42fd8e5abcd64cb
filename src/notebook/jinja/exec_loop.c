/* Loops, and the variable `loop` in them. */
#include "notebook/jinja/exec.h"

#include <string.h>

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

void run_loop(engine *e, const node *n, struct frame *f, value *over, int depth0)
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
