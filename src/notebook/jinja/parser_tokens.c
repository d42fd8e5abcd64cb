#include "notebook/jinja/parser.h"

#include <string.h>

void p_fail(struct parser *p, const char *message)
{
    j_fail_at(p->e, p->t, p->now->line, p->now->col, "%s", message);
}

void p_check(struct parser *p)
{
    if (p->now->type == T_ERROR)
        j_fail_at(p->e, p->t, p->now->line, p->now->col, "%.*s", (int)p->now->n, p->now->s);
}

void p_next(struct parser *p)
{
    if (p->now->type != T_EOF)
        p->now++;
    p_check(p);
}

void p_unexpected(struct parser *p, const char *wanted)
{
    struct token *t = p->now;
    const char *what = t->type == T_EOF         ? "end of template"
                       : t->type == T_BLOCK_END ? "end of statement block"
                       : t->type == T_VAR_END   ? "end of print statement"
                                                : t->s;
    j_fail_at(p->e, p->t, t->line, t->col, wanted ? "unexpected '%s', expected '%s'" : "unexpected '%s'", what, wanted);
}

bool p_is_op(struct parser *p, const char *op)
{
    return p->now->type == T_OP && strcmp(p->now->s, op) == 0;
}

bool p_is_word(struct parser *p, const char *word)
{
    return p->now->type == T_NAME && strcmp(p->now->s, word) == 0;
}

bool p_skip_op(struct parser *p, const char *op)
{
    bool found = p_is_op(p, op);
    if (found)
        p_next(p);
    return found;
}

bool p_skip_word(struct parser *p, const char *word)
{
    bool found = p_is_word(p, word);
    if (found)
        p_next(p);
    return found;
}

void p_want_op(struct parser *p, const char *op)
{
    if (!p_skip_op(p, op))
        p_unexpected(p, op);
}

node *p_make(struct parser *p, enum node_type type)
{
    node *n = j_alloc(p->e, sizeof *n);
    n->type = type;
    n->line = p->now->line;
    n->col = p->now->col;
    n->t = p->t;
    return n;
}

node *p_make_at(struct parser *p, enum node_type type, const node *place)
{
    node *n = p_make(p, type);
    n->line = place->line;
    n->col = place->col;
    return n;
}

void p_add(struct parser *p, node *n, node *member, node *with)
{
    if (n->n == n->cap) {
        int cap = n->cap ? n->cap * 2 : 4;
        n->list = j_grow(p->e, n->list, n->n * sizeof *n->list, cap * sizeof *n->list);
        n->values = j_grow(p->e, n->values, n->n * sizeof *n->values, cap * sizeof *n->values);
        n->cap = cap;
    }
    n->values[n->n] = with;
    n->list[n->n++] = member;
}

value *p_take_name(struct parser *p)
{
    if (p->now->type != T_NAME)
        p_unexpected(p, "name");
    value *name = v_str(p->e, p->now->s, p->now->n);
    p_next(p);
    return name;
}

void p_enter(struct parser *p)
{
    if (++p->depth > 120)
        p_fail(p, "the template is nested too deeply");
}

void p_add_named(struct parser *p, node *n, value *name, value *alias, node *item)
{
    gsize size = n->n_named * sizeof(void *), more = size + sizeof(void *);
    n->names = j_grow(p->e, n->names, size, more);
    n->aliases = j_grow(p->e, n->aliases, size, more);
    n->names[n->n_named] = name;
    n->aliases[n->n_named++] = alias;
    if (item)
        p_add(p, n->c, item, NULL);
}
