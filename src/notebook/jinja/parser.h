/* What the parts of the parser share. */
#pragma once

#include "notebook/jinja/ast.h"

struct parser {
    engine *e;
    struct template *t;
    struct token *now;
    int depth, soft; /* soft: unknown filters and tests fail only when they are used */
    int loops;       /* open for statements */
    node *macro;     /* innermost macro or call block, learns which special names it uses */
};

/* parser_tokens.c: the current token, and making nodes. */
void p_fail(struct parser *p, const char *message) G_GNUC_NORETURN;
void p_unexpected(struct parser *p, const char *wanted) G_GNUC_NORETURN;
void p_check(struct parser *p); /* fails when the current token is an error */
void p_next(struct parser *p);
bool p_is_op(struct parser *p, const char *op);
bool p_is_word(struct parser *p, const char *word);
bool p_skip_op(struct parser *p, const char *op);
bool p_skip_word(struct parser *p, const char *word);
void p_want_op(struct parser *p, const char *op);
void p_enter(struct parser *p); /* one level deeper; `depth` is counted down by the caller */
value *p_take_name(struct parser *p);
node *p_make(struct parser *p, enum node_type type); /* at the current token */
node *p_make_at(struct parser *p, enum node_type type, const node *place);
void p_add(struct parser *p, node *n, node *member, node *with);
void p_add_named(struct parser *p, node *n, value *name, value *alias, node *item);

/* parser_expr.c. */
node *parse_expr(struct parser *p);
node *parse_or(struct parser *p); /* without a condition behind it */
node *parse_filter(struct parser *p, node *input);
node *parse_filters(struct parser *p, node *n);
value *p_constant_of(const char *name); /* true, none, …; NULL */

/* Comma-separated members up to the word `stop` (or NULL): a tuple, or the single one. */
node *parse_tuple(struct parser *p, node *(*one)(struct parser *), const char *stop, bool parenthesized);
