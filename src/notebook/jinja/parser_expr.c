/* Expressions. */
#include "notebook/jinja/parser.h"

#include <string.h>

static node *parse_unary(struct parser *p, bool with_filter);

static void note_special(struct parser *p, const char *name)
{
    if (!p->macro)
        return;
    p->macro->uses_caller |= strcmp(name, "caller") == 0;
    p->macro->uses_kwargs |= strcmp(name, "kwargs") == 0;
    p->macro->uses_varargs |= strcmp(name, "varargs") == 0;
}

value *p_constant_of(const char *name)
{
    static const struct {
        const char *name;
        value *v;
    } table[] = {{"true", &v_true_value},   {"True", &v_true_value}, {"false", &v_false_value},
                 {"False", &v_false_value}, {"none", &v_none_value}, {"None", &v_none_value}};
    for (guint i = 0; i < G_N_ELEMENTS(table); i++)
        if (strcmp(table[i].name, name) == 0)
            return table[i].v;
    return NULL;
}

static node *parse_name(struct parser *p)
{
    node *n = p_make(p, N_NAME);
    value *constant = p_constant_of(p->now->s);
    if (constant)
        n->type = N_CONST;
    note_special(p, p->now->s);
    n->name = p_take_name(p);
    if (constant)
        n->name = constant;
    return n;
}

static node *parse_number(struct parser *p)
{
    node *n = p_make(p, N_CONST);
    bool is_float = p->now->type == T_FLOAT;
    struct buf b = {0};
    for (gsize i = 0; i < p->now->n; i++)
        if (p->now->s[i] != '_')
            buf_add(p->e, &b, p->now->s + i, 1);
    n->name = is_float ? v_float(p->e, g_ascii_strtod(b.s, NULL)) : number_parse(p->e, b.s, b.n, 0);
    if (!n->name)
        p_fail(p, "wrong number");
    p_next(p);
    return n;
}

static node *parse_string(struct parser *p)
{
    node *n = p_make(p, N_CONST);
    struct buf b = {0};
    buf_add(p->e, &b, "", 0);
    for (; p->now->type == T_STR; p_next(p))
        buf_add(p->e, &b, p->now->s, p->now->n);
    n->name = buf_value(p->e, &b);
    return n;
}

static bool tuple_end(struct parser *p, const char *stop)
{
    return p->now->type == T_BLOCK_END || p->now->type == T_VAR_END || p->now->type == T_EOF || p_is_op(p, ")") ||
           (stop && p_is_word(p, stop));
}

/* Comma-separated expressions: a tuple, or the single one. `one` parses a member. */
node *parse_tuple(struct parser *p, node *(*one)(struct parser *), const char *stop, bool parenthesized)
{
    node *tuple = p_make(p, N_TUPLE);
    bool comma = false;
    while (!tuple_end(p, stop)) {
        p_add(p, tuple, one(p), NULL);
        comma = p_skip_op(p, ",");
        if (!comma)
            break;
    }
    if (tuple->n == 1 && !comma && !(tuple->n > 1))
        return tuple->list[0];
    if (!tuple->n && !parenthesized)
        p_unexpected(p, "expression");
    return tuple;
}

static node *parse_list(struct parser *p)
{
    node *n = p_make(p, N_LIST);
    p_next(p);
    while (!p_is_op(p, "]")) {
        if (n->n)
            p_want_op(p, ",");
        if (p_is_op(p, "]"))
            break;
        p_add(p, n, parse_expr(p), NULL);
    }
    p_want_op(p, "]");
    return n;
}

static node *parse_dict(struct parser *p)
{
    node *n = p_make(p, N_DICT);
    p_next(p);
    while (!p_is_op(p, "}")) {
        if (n->n)
            p_want_op(p, ",");
        if (p_is_op(p, "}"))
            break;
        node *key = parse_expr(p);
        p_want_op(p, ":");
        p_add(p, n, key, parse_expr(p));
    }
    p_want_op(p, "}");
    return n;
}

static node *parse_primary(struct parser *p)
{
    node *n;
    if (p->now->type == T_NAME)
        return parse_name(p);
    if (p->now->type == T_STR)
        return parse_string(p);
    if (p->now->type == T_INT || p->now->type == T_FLOAT)
        return parse_number(p);
    if (p_is_op(p, "["))
        return parse_list(p);
    if (p_is_op(p, "{"))
        return parse_dict(p);
    if (!p_skip_op(p, "("))
        p_unexpected(p, NULL);
    n = parse_tuple(p, parse_expr, NULL, true);
    p_want_op(p, ")");
    return n;
}

/* Positional arguments first, then keywords and one "*list", at last one "**mapping". */
static void parse_arg(struct parser *p, node *n)
{
    bool is_named = p->now->type == T_NAME && p->now[1].type == T_OP && strcmp(p->now[1].s, "=") == 0;
    bool is_list = p_is_op(p, "*"), is_mapping = p_is_op(p, "**");
    if (n->star_star || (is_list && n->star) || (!is_list && !is_mapping && !is_named && (n->star || n->n_named)))
        p_fail(p, "wrong order of arguments: positional, then keywords and *list, then **mapping");
    if (is_list || is_mapping) {
        p_next(p);
        *(is_list ? &n->star : &n->star_star) = parse_expr(p);
    } else if (is_named) {
        value *name = p_take_name(p);
        for (int i = 0; i < n->n_named; i++)
            if (v_is_text(n->names[i], name->s))
                p_fail(p, "a keyword argument is repeated");
        p_next(p);
        p_add_named(p, n, name, NULL, parse_expr(p));
    } else {
        p_add(p, n, parse_expr(p), NULL);
    }
}

/* "(…)" into the call-like node: positional in list, keywords in names and c. */
static void parse_args(struct parser *p, node *n)
{
    p_want_op(p, "(");
    n->c = p_make(p, N_LIST);
    for (bool comma = true; !p_is_op(p, ")"); comma = p_skip_op(p, ",")) {
        if (!comma)
            p_unexpected(p, ",");
        if (p_is_op(p, ")"))
            break;
        parse_arg(p, n);
    }
    p_want_op(p, ")");
}

static node *parse_call(struct parser *p, node *callee)
{
    node *n = p_make(p, N_CALL);
    n->a = callee;
    if (n->line == callee->line)
        n->col = callee->col;
    parse_args(p, n);
    return n;
}

static node *parse_slice(struct parser *p)
{
    node *n = p_make(p, N_SLICE);
    node *part[3] = {0};
    int i = 0;
    bool colon = false;
    while (!p_is_op(p, "]") && !p_is_op(p, ",")) {
        if (p_skip_op(p, ":")) {
            colon = true;
            if (++i > 2)
                p_unexpected(p, "]");
        } else {
            part[i] = part[i] ? (p_unexpected(p, "]"), NULL) : parse_expr(p);
        }
    }
    if (!colon)
        return part[0] ? part[0] : (p_unexpected(p, "expression"), NULL);
    n->a = part[0];
    n->b = part[1];
    n->c = part[2];
    return n;
}

static node *parse_subscript(struct parser *p, node *base)
{
    node *n = p_make(p, N_ITEM);
    n->a = base;
    if (n->line == base->line)
        n->col = base->col;
    if (p_skip_op(p, ".")) {
        if (p->now->type == T_NAME) {
            n->type = N_ATTR;
            n->name = p_take_name(p);
        } else if (p->now->type == T_INT) {
            n->b = parse_number(p);
        } else {
            p_unexpected(p, "name or number");
        }
        return n;
    }
    p_want_op(p, "[");
    node *tuple = p_make(p, N_TUPLE);
    do
        p_add(p, tuple, parse_slice(p), NULL);
    while (p_skip_op(p, ","));
    n->b = tuple->n == 1 ? tuple->list[0] : tuple;
    p_want_op(p, "]");
    return n;
}

static node *parse_postfix(struct parser *p, node *n)
{
    for (int chain = 0;; chain++) {
        if (chain > 400)
            p_fail(p, "the expression is too long");
        if (p_is_op(p, ".") || p_is_op(p, "["))
            n = parse_subscript(p, n);
        else if (p_is_op(p, "("))
            n = parse_call(p, n);
        else
            return n;
    }
}

static value *dotted_name(struct parser *p)
{
    value *name = p_take_name(p);
    while (p_skip_op(p, ".")) {
        struct buf b = {0};
        buf_add(p->e, &b, name->s, name->n);
        buf_str(p->e, &b, ".");
        value *more = p_take_name(p);
        buf_add(p->e, &b, more->s, more->n);
        name = buf_value(p->e, &b);
    }
    return name;
}

node *parse_filter(struct parser *p, node *input)
{
    node *n = p_make(p, N_FILTER);
    n->a = input;
    n->name = dotted_name(p);
    if (!p->soft && !filter_find(n->name->s))
        j_fail_at(p->e, p->t, n->line, n->col, "no filter named '%s'%s", n->name->s, hint_func(p->e, n->name->s, filter_tables));
    if (p_is_op(p, "("))
        parse_args(p, n);
    return n;
}

static bool test_argument(struct parser *p)
{
    if (p->now->type == T_NAME)
        return !p_is_word(p, "else") && !p_is_word(p, "or") && !p_is_word(p, "and");
    return p->now->type == T_STR || p->now->type == T_INT || p->now->type == T_FLOAT || p_is_op(p, "[") || p_is_op(p, "{");
}

static node *parse_test(struct parser *p, node *input)
{
    node *n = p_make_at(p, N_TEST, input);
    p_next(p);
    bool negated = p_skip_word(p, "not");
    n->a = input;
    n->name = dotted_name(p);
    if (!p->soft && !test_find(n->name->s))
        j_fail_at(p->e, p->t, n->line, n->col, "no test named '%s'%s", n->name->s, hint_func(p->e, n->name->s, test_tables));
    if (p_is_op(p, "(")) {
        parse_args(p, n);
    } else if (test_argument(p)) {
        if (p_is_word(p, "is"))
            p_fail(p, "tests cannot be chained with 'is'");
        p_add(p, n, parse_postfix(p, parse_primary(p)), NULL);
    }
    if (!negated)
        return n;
    node *not_node = p_make_at(p, N_NOT, n);
    not_node->a = n;
    return not_node;
}

node *parse_filters(struct parser *p, node *n)
{
    for (int chain = 0;; chain++) {
        if (chain > 400)
            p_fail(p, "the expression is too long");
        if (p_skip_op(p, "|"))
            n = parse_filter(p, n);
        else if (p_is_word(p, "is"))
            n = parse_test(p, n);
        else if (p_is_op(p, "("))
            n = parse_call(p, n);
        else
            return n;
    }
}

static node *parse_unary(struct parser *p, bool with_filter)
{
    node *n;
    p_enter(p);
    if (p_is_op(p, "-") || p_is_op(p, "+")) {
        n = p_make(p, p_is_op(p, "-") ? N_NEG : N_POS);
        p_next(p);
        n->a = parse_unary(p, false);
    } else {
        n = parse_primary(p);
    }
    n = parse_postfix(p, n);
    if (with_filter)
        n = parse_filters(p, n);
    p->depth--;
    return n;
}

static node *parse_binary(struct parser *p, int level)
{
    static const char *const ops[][5] = {{"+", "-", NULL}, {"~", NULL}, {"*", "/", "//", "%", NULL}, {"**", NULL}};
    if (level == 4)
        return parse_unary(p, true);
    node *left = parse_binary(p, level + 1);
    for (int i = 0, chain = 0; p->now->type == T_OP && ops[level][i];) {
        if (!p_is_op(p, ops[level][i])) {
            i++;
            continue;
        }
        if (++chain > 400)
            p_fail(p, "the expression is too long");
        node *n = p_make_at(p, level == 1 ? N_CONCAT : N_BINARY, left);
        p_next(p);
        n->name = v_text(p->e, ops[level][i]);
        n->a = left;
        n->b = parse_binary(p, level + 1);
        left = n;
        i = 0;
    }
    return left;
}

static const char *compare_op(struct parser *p)
{
    static const char *const ops[] = {"==", "!=", "<", "<=", ">", ">=", NULL};
    for (int i = 0; ops[i]; i++)
        if (p_skip_op(p, ops[i]))
            return ops[i];
    if (p_skip_word(p, "in"))
        return "in";
    if (p_is_word(p, "not") && p->now[1].type == T_NAME && strcmp(p->now[1].s, "in") == 0) {
        p_next(p);
        p_next(p);
        return "not in";
    }
    return NULL;
}

static node *parse_compare(struct parser *p)
{
    node *first = parse_binary(p, 0), *n = p_make_at(p, N_COMPARE, first);
    const char *op;
    p_add(p, n, first, NULL);
    while ((op = compare_op(p))) {
        p_add_named(p, n, v_text(p->e, op), NULL, NULL);
        p_add(p, n, parse_binary(p, 0), NULL);
    }
    return n->n == 1 ? first : n;
}

static node *parse_not(struct parser *p)
{
    if (!p_is_word(p, "not"))
        return parse_compare(p);
    p_enter(p);
    node *n = p_make(p, N_NOT);
    p_next(p);
    n->a = parse_not(p);
    p->depth--;
    return n;
}

static node *parse_logic(struct parser *p, bool or)
{
    node *left = or ? parse_logic(p, false) : parse_not(p);
    for (int chain = 0; p_skip_word(p, or ? "or" : "and"); chain++) {
        if (chain > 400)
            p_fail(p, "the expression is too long");
        node *n = p_make_at(p, or ? N_OR : N_AND, left);
        n->a = left;
        n->b = or ? parse_logic(p, false) : parse_not(p);
        left = n;
    }
    return left;
}

node *parse_or(struct parser *p)
{
    return parse_logic(p, true);
}

static bool condition_follows(const struct token *t)
{
    for (int depth = 0; t->type != T_EOF && t->type != T_ERROR && t->type != T_BLOCK_END && t->type != T_VAR_END; t++) {
        if (t->type != T_OP && !depth && t->type == T_NAME && strcmp(t->s, "if") == 0)
            return true;
        if (t->type == T_OP && strchr("([{", t->s[0]))
            depth++;
        else if (t->type == T_OP && (strchr(")]}", t->s[0]) || (!depth && *t->s == ',')) && depth-- <= 0)
            return false;
    }
    return false;
}

node *parse_expr(struct parser *p)
{
    p_enter(p);
    bool soft = condition_follows(p->now);
    p->soft += soft;
    node *n = parse_or(p);
    while (p_is_word(p, "if")) {
        node *cond = p_make_at(p, N_COND, n);
        p_next(p);
        cond->a = n;
        cond->b = parse_or(p);
        if (p_skip_word(p, "else"))
            cond->c = parse_expr(p);
        n = cond;
    }
    p->soft -= soft;
    p->depth--;
    return n;
}
