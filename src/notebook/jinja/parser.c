#include "notebook/jinja/ast.h"

#include <string.h>

struct parser {
    engine *e;
    struct template *t;
    struct token *now;
    int depth, soft;
    node *macro; /* innermost macro or call block, learns which special names it uses */
};

static node *parse_expr(struct parser *p);
static node *parse_unary(struct parser *p, bool with_filter);
static node *parse_body(struct parser *p, const char *const *ends, const char *opener, int line);

G_GNUC_NORETURN static void fail(struct parser *p, const char *message)
{
    j_fail_at(p->e, p->t, p->now->line, p->now->col, "%s", message);
}

static void check(struct parser *p)
{
    if (p->now->type == T_ERROR)
        j_fail_at(p->e, p->t, p->now->line, p->now->col, "%.*s", (int)p->now->n, p->now->s);
}

static void next(struct parser *p)
{
    if (p->now->type != T_EOF)
        p->now++;
    check(p);
}

G_GNUC_NORETURN static void unexpected(struct parser *p, const char *wanted)
{
    struct token *t = p->now;
    const char *what = t->type == T_EOF         ? "end of template"
                       : t->type == T_BLOCK_END ? "end of statement block"
                       : t->type == T_VAR_END   ? "end of print statement"
                                                : t->s;
    j_fail_at(p->e, p->t, t->line, t->col, wanted ? "unexpected '%s', expected '%s'" : "unexpected '%s'", what, wanted);
}

static bool is_op(struct parser *p, const char *op)
{
    return p->now->type == T_OP && strcmp(p->now->s, op) == 0;
}

static bool is_word(struct parser *p, const char *word)
{
    return p->now->type == T_NAME && strcmp(p->now->s, word) == 0;
}

static bool skip_op(struct parser *p, const char *op)
{
    bool found = is_op(p, op);
    if (found)
        next(p);
    return found;
}

static bool skip_word(struct parser *p, const char *word)
{
    bool found = is_word(p, word);
    if (found)
        next(p);
    return found;
}

static void want_op(struct parser *p, const char *op)
{
    if (!skip_op(p, op))
        unexpected(p, op);
}

static node *make(struct parser *p, enum node_type type)
{
    node *n = j_alloc(p->e, sizeof *n);
    n->type = type;
    n->line = p->now->line;
    n->col = p->now->col;
    n->t = p->t;
    return n;
}

static node *make_at(struct parser *p, enum node_type type, const node *place)
{
    node *n = make(p, type);
    n->line = place->line;
    n->col = place->col;
    return n;
}

static void add(struct parser *p, node *n, node *member, node *with)
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

static value *take_name(struct parser *p)
{
    if (p->now->type != T_NAME)
        unexpected(p, "name");
    value *name = v_str(p->e, p->now->s, p->now->n);
    next(p);
    return name;
}

static void enter(struct parser *p)
{
    if (++p->depth > 120)
        fail(p, "the template is nested too deeply");
}

static void add_named(struct parser *p, node *n, value *name, value *alias, node *item)
{
    gsize size = n->n_named * sizeof(void *), more = size + sizeof(void *);
    n->names = j_grow(p->e, n->names, size, more);
    n->aliases = j_grow(p->e, n->aliases, size, more);
    n->names[n->n_named] = name;
    n->aliases[n->n_named++] = alias;
    if (item)
        add(p, n->c, item, NULL);
}

static void note_special(struct parser *p, const char *name)
{
    if (!p->macro)
        return;
    p->macro->uses_caller |= strcmp(name, "caller") == 0;
    p->macro->uses_kwargs |= strcmp(name, "kwargs") == 0;
    p->macro->uses_varargs |= strcmp(name, "varargs") == 0;
}

static value *constant_of(const char *name)
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
    node *n = make(p, N_NAME);
    value *constant = constant_of(p->now->s);
    if (constant)
        n->type = N_CONST;
    note_special(p, p->now->s);
    n->name = take_name(p);
    if (constant)
        n->name = constant;
    return n;
}

static node *parse_number(struct parser *p)
{
    node *n = make(p, N_CONST);
    bool is_float = p->now->type == T_FLOAT;
    struct buf b = {0};
    for (gsize i = 0; i < p->now->n; i++)
        if (p->now->s[i] != '_')
            buf_add(p->e, &b, p->now->s + i, 1);
    n->name = is_float ? v_float(p->e, g_ascii_strtod(b.s, NULL)) : number_parse(p->e, b.s, b.n, 0);
    if (!n->name)
        fail(p, "wrong number");
    next(p);
    return n;
}

static node *parse_string(struct parser *p)
{
    node *n = make(p, N_CONST);
    struct buf b = {0};
    buf_add(p->e, &b, "", 0);
    for (; p->now->type == T_STR; next(p))
        buf_add(p->e, &b, p->now->s, p->now->n);
    n->name = buf_value(p->e, &b);
    return n;
}

static bool tuple_end(struct parser *p, const char *stop)
{
    return p->now->type == T_BLOCK_END || p->now->type == T_VAR_END || p->now->type == T_EOF || is_op(p, ")") || (stop && is_word(p, stop));
}

/* Comma-separated expressions: a tuple, or the single one. `one` parses a member. */
static node *parse_tuple(struct parser *p, node *(*one)(struct parser *), const char *stop, bool parenthesized)
{
    node *tuple = make(p, N_TUPLE);
    bool comma = false;
    while (!tuple_end(p, stop)) {
        add(p, tuple, one(p), NULL);
        comma = skip_op(p, ",");
        if (!comma)
            break;
    }
    if (tuple->n == 1 && !comma && !(tuple->n > 1))
        return tuple->list[0];
    if (!tuple->n && !parenthesized)
        unexpected(p, "expression");
    return tuple;
}

static node *parse_list(struct parser *p)
{
    node *n = make(p, N_LIST);
    next(p);
    while (!is_op(p, "]")) {
        if (n->n)
            want_op(p, ",");
        if (is_op(p, "]"))
            break;
        add(p, n, parse_expr(p), NULL);
    }
    want_op(p, "]");
    return n;
}

static node *parse_dict(struct parser *p)
{
    node *n = make(p, N_DICT);
    next(p);
    while (!is_op(p, "}")) {
        if (n->n)
            want_op(p, ",");
        if (is_op(p, "}"))
            break;
        node *key = parse_expr(p);
        want_op(p, ":");
        add(p, n, key, parse_expr(p));
    }
    want_op(p, "}");
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
    if (is_op(p, "["))
        return parse_list(p);
    if (is_op(p, "{"))
        return parse_dict(p);
    if (!skip_op(p, "("))
        unexpected(p, NULL);
    n = parse_tuple(p, parse_expr, NULL, true);
    want_op(p, ")");
    return n;
}

/* "(…)" into the call-like node: positional in list, keywords in names and c. */
static void parse_args(struct parser *p, node *n)
{
    want_op(p, "(");
    n->c = make(p, N_LIST);
    for (bool comma = true; !is_op(p, ")"); comma = skip_op(p, ",")) {
        if (!comma)
            unexpected(p, ",");
        if (is_op(p, ")"))
            break;
        if (skip_op(p, "*")) {
            n->star = n->star ? (fail(p, "two lists of arguments in a call"), NULL) : parse_expr(p);
        } else if (skip_op(p, "**")) {
            n->star_star = parse_expr(p);
        } else if (p->now->type == T_NAME && p->now[1].type == T_OP && strcmp(p->now[1].s, "=") == 0) {
            value *name = take_name(p);
            next(p);
            add_named(p, n, name, NULL, parse_expr(p));
        } else if (n->n_named || n->star || n->star_star) {
            fail(p, "a positional argument follows keyword arguments");
        } else {
            add(p, n, parse_expr(p), NULL);
        }
    }
    want_op(p, ")");
}

static node *parse_call(struct parser *p, node *callee)
{
    node *n = make_at(p, N_CALL, callee);
    n->a = callee;
    parse_args(p, n);
    return n;
}

static node *parse_slice(struct parser *p)
{
    node *n = make(p, N_SLICE);
    node *part[3] = {0};
    int i = 0;
    bool colon = false;
    while (!is_op(p, "]") && !is_op(p, ",")) {
        if (skip_op(p, ":")) {
            colon = true;
            if (++i > 2)
                unexpected(p, "]");
        } else {
            part[i] = part[i] ? (unexpected(p, "]"), NULL) : parse_expr(p);
        }
    }
    if (!colon)
        return part[0] ? part[0] : (unexpected(p, "expression"), NULL);
    n->a = part[0];
    n->b = part[1];
    n->c = part[2];
    return n;
}

static node *parse_subscript(struct parser *p, node *base)
{
    node *n = make_at(p, N_ITEM, base);
    n->a = base;
    if (skip_op(p, ".")) {
        if (p->now->type == T_NAME) {
            n->type = N_ATTR;
            n->name = take_name(p);
        } else if (p->now->type == T_INT) {
            n->b = parse_number(p);
        } else {
            unexpected(p, "name or number");
        }
        return n;
    }
    want_op(p, "[");
    node *tuple = make(p, N_TUPLE);
    do
        add(p, tuple, parse_slice(p), NULL);
    while (skip_op(p, ","));
    n->b = tuple->n == 1 ? tuple->list[0] : tuple;
    want_op(p, "]");
    return n;
}

static node *parse_postfix(struct parser *p, node *n)
{
    for (int chain = 0;; chain++) {
        if (chain > 400)
            fail(p, "the expression is too long");
        if (is_op(p, ".") || is_op(p, "["))
            n = parse_subscript(p, n);
        else if (is_op(p, "("))
            n = parse_call(p, n);
        else
            return n;
    }
}

static value *dotted_name(struct parser *p)
{
    value *name = take_name(p);
    while (skip_op(p, "."))
        name = v_text(p->e, j_copy(p->e, name->s, name->n)), take_name(p);
    return name;
}

static node *parse_filter(struct parser *p, node *input)
{
    node *n = make(p, N_FILTER);
    n->a = input;
    n->name = dotted_name(p);
    if (!p->soft && !filter_find(n->name->s)) {
        j_fail_at(p->e, p->t, n->line, n->col, "no filter named '%s'", n->name->s);
    }
    if (is_op(p, "("))
        parse_args(p, n);
    return n;
}

static bool test_argument(struct parser *p)
{
    if (p->now->type == T_NAME)
        return !is_word(p, "else") && !is_word(p, "or") && !is_word(p, "and");
    return p->now->type == T_STR || p->now->type == T_INT || p->now->type == T_FLOAT || is_op(p, "[") || is_op(p, "{");
}

static node *parse_test(struct parser *p, node *input)
{
    node *n = make_at(p, N_TEST, input);
    next(p);
    bool negated = skip_word(p, "not");
    n->a = input;
    n->name = dotted_name(p);
    if (!p->soft && !test_find(n->name->s))
        j_fail_at(p->e, p->t, n->line, n->col, "no test named '%s'", n->name->s);
    if (is_op(p, "(")) {
        parse_args(p, n);
    } else if (test_argument(p)) {
        if (is_word(p, "is"))
            fail(p, "tests cannot be chained with 'is'");
        add(p, n, parse_postfix(p, parse_primary(p)), NULL);
    }
    if (!negated)
        return n;
    node *not_node = make_at(p, N_NOT, n);
    not_node->a = n;
    return not_node;
}

static node *parse_filters(struct parser *p, node *n)
{
    for (int chain = 0;; chain++) {
        if (chain > 400)
            fail(p, "the expression is too long");
        if (skip_op(p, "|"))
            n = parse_filter(p, n);
        else if (is_word(p, "is"))
            n = parse_test(p, n);
        else if (is_op(p, "("))
            n = parse_call(p, n);
        else
            return n;
    }
}

static node *parse_unary(struct parser *p, bool with_filter)
{
    node *n;
    enter(p);
    if (is_op(p, "-") || is_op(p, "+")) {
        n = make(p, is_op(p, "-") ? N_NEG : N_POS);
        next(p);
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
        if (!is_op(p, ops[level][i])) {
            i++;
            continue;
        }
        if (++chain > 400)
            fail(p, "the expression is too long");
        node *n = make_at(p, level == 1 ? N_CONCAT : N_BINARY, left);
        next(p);
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
        if (skip_op(p, ops[i]))
            return ops[i];
    if (skip_word(p, "in"))
        return "in";
    if (is_word(p, "not") && p->now[1].type == T_NAME && strcmp(p->now[1].s, "in") == 0) {
        next(p);
        next(p);
        return "not in";
    }
    return NULL;
}

static node *parse_compare(struct parser *p)
{
    node *first = parse_binary(p, 0), *n = make_at(p, N_COMPARE, first);
    const char *op;
    add(p, n, first, NULL);
    while ((op = compare_op(p))) {
        add_named(p, n, v_text(p->e, op), NULL, NULL);
        add(p, n, parse_binary(p, 0), NULL);
    }
    return n->n == 1 ? first : n;
}

static node *parse_not(struct parser *p)
{
    if (!is_word(p, "not"))
        return parse_compare(p);
    enter(p);
    node *n = make(p, N_NOT);
    next(p);
    n->a = parse_not(p);
    p->depth--;
    return n;
}

static node *parse_logic(struct parser *p, bool or)
{
    node *left = or ? parse_logic(p, false) : parse_not(p);
    for (int chain = 0; skip_word(p, or ? "or" : "and"); chain++) {
        if (chain > 400)
            fail(p, "the expression is too long");
        node *n = make_at(p, or ? N_OR : N_AND, left);
        n->a = left;
        n->b = or ? parse_logic(p, false) : parse_not(p);
        left = n;
    }
    return left;
}

static node *parse_or(struct parser *p)
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

static node *parse_expr(struct parser *p)
{
    enter(p);
    bool soft = condition_follows(p->now);
    p->soft += soft;
    node *n = parse_or(p);
    while (is_word(p, "if")) {
        node *cond = make_at(p, N_COND, n);
        next(p);
        cond->a = n;
        cond->b = parse_or(p);
        if (skip_word(p, "else"))
            cond->c = parse_expr(p);
        n = cond;
    }
    p->soft -= soft;
    p->depth--;
    return n;
}

static node *parse_target_one(struct parser *p)
{
    node *n;
    if (skip_op(p, "(")) {
        enter(p);
        n = parse_tuple(p, parse_target_one, NULL, true);
        p->depth--;
        want_op(p, ")");
        return n;
    }
    if (p->now->type != T_NAME)
        unexpected(p, "name");
    if (constant_of(p->now->s))
        j_fail_at(p->e, p->t, p->now->line, p->now->col, "cannot assign to '%s'", p->now->s);
    n = make(p, N_NAME);
    n->name = take_name(p);
    return n;
}

static node *parse_target(struct parser *p)
{
    if (p->now->type == T_NAME && p->now[1].type == T_OP && strcmp(p->now[1].s, ".") == 0) {
        node *n = make(p, N_NSREF);
        n->a = make(p, N_NAME);
        n->a->name = take_name(p);
        next(p);
        n->name = take_name(p);
        return n;
    }
    return parse_tuple(p, parse_target_one, "in", false);
}

/* A colon at the end is allowed, as in Python. */
static void end_tag(struct parser *p)
{
    skip_op(p, ":");
    if (p->now->type != T_BLOCK_END)
        unexpected(p, "end of statement block");
    next(p);
}

static node *body_until(struct parser *p, const char *end, const node *opener, const char *tag)
{
    const char *ends[] = {end, NULL};
    end_tag(p);
    node *body = parse_body(p, ends, tag, opener->line);
    next(p);
    return body;
}

static node *parse_if(struct parser *p, node *n)
{
    static const char *const ends[] = {"elif", "else", "endif", NULL};
    n->type = N_IF;
    p->soft++;
    do {
        node *test = parse_tuple(p, parse_or, NULL, false);
        if (is_word(p, "if"))
            unexpected(p, "end of statement block");
        end_tag(p);
        add(p, n, test, parse_body(p, ends, "if", n->line));
    } while (skip_word(p, "elif"));
    if (skip_word(p, "else"))
        n->c = body_until(p, "endif", n, "if");
    else
        next(p);
    p->soft--;
    return n;
}

static node *parse_for(struct parser *p, node *n)
{
    static const char *const ends[] = {"else", "endfor", NULL};
    n->type = N_FOR;
    n->a = parse_tuple(p, parse_target_one, "in", false);
    if (!skip_word(p, "in"))
        unexpected(p, "in");
    n->b = parse_tuple(p, parse_or, "recursive", false);
    if (skip_word(p, "if"))
        n->c = parse_expr(p);
    n->recursive = skip_word(p, "recursive");
    end_tag(p);
    add(p, n, parse_body(p, ends, "for", n->line), NULL);
    if (skip_word(p, "else"))
        add(p, n, body_until(p, "endfor", n, "for"), NULL);
    else
        next(p);
    return n;
}

static node *parse_set(struct parser *p, node *n)
{
    n->a = parse_target(p);
    if (skip_op(p, "=")) {
        n->type = N_SET;
        n->b = parse_tuple(p, parse_expr, NULL, false);
        return n;
    }
    n->type = N_SET_BLOCK;
    n->b = is_op(p, "|") ? parse_filters(p, NULL) : NULL;
    n->c = body_until(p, "endset", n, "set");
    return n;
}

static void parse_signature(struct parser *p, node *n)
{
    bool optional = false;
    want_op(p, "(");
    while (!is_op(p, ")")) {
        if (n->n)
            want_op(p, ",");
        if (is_op(p, ")"))
            break;
        if (p->now->type != T_NAME)
            unexpected(p, "name");
        node *param = make(p, N_NAME);
        param->name = take_name(p);
        node *fallback = skip_op(p, "=") ? parse_expr(p) : NULL;
        if (!fallback && optional)
            fail(p, "a parameter without default follows one with default");
        optional |= fallback != NULL;
        add(p, n, param, fallback);
    }
    want_op(p, ")");
}

static void macro_body(struct parser *p, node *n, const char *end, const char *tag)
{
    node *outer = p->macro;
    int soft = p->soft;
    p->macro = n;
    p->soft = 0;
    n->b = body_until(p, end, n, tag);
    p->soft = soft;
    p->macro = outer;
    if (outer) {
        outer->uses_caller |= n->uses_caller;
        outer->uses_kwargs |= n->uses_kwargs;
        outer->uses_varargs |= n->uses_varargs;
    }
}

static node *parse_macro(struct parser *p, node *n)
{
    n->type = N_MACRO;
    n->name = take_name(p);
    parse_signature(p, n);
    macro_body(p, n, "endmacro", "macro");
    return n;
}

static node *parse_call_block(struct parser *p, node *n)
{
    node *macro = make_at(p, N_MACRO, n);
    n->type = N_CALL_BLOCK;
    macro->name = v_text(p->e, "caller");
    if (is_op(p, "("))
        parse_signature(p, macro);
    n->a = parse_expr(p);
    if (n->a->type != N_CALL)
        j_fail_at(p->e, p->t, n->line, n->col, "a call block needs a call");
    macro_body(p, macro, "endcall", "call");
    n->b = macro;
    return n;
}

static node *parse_filter_block(struct parser *p, node *n)
{
    n->type = N_FILTER_BLOCK;
    n->b = parse_filters(p, parse_filter(p, NULL));
    n->c = body_until(p, "endfilter", n, "filter");
    return n;
}

static void parse_context(struct parser *p, node *n, bool fallback)
{
    n->flag = fallback;
    if ((is_word(p, "with") || is_word(p, "without")) && p->now[1].type == T_NAME && strcmp(p->now[1].s, "context") == 0) {
        n->flag = is_word(p, "with");
        next(p);
        next(p);
    }
}

static node *parse_include(struct parser *p, node *n)
{
    n->type = N_INCLUDE;
    n->a = parse_expr(p);
    if (is_word(p, "ignore") && p->now[1].type == T_NAME && strcmp(p->now[1].s, "missing") == 0) {
        n->ignore_missing = true;
        next(p);
        next(p);
    }
    parse_context(p, n, true);
    return n;
}

static node *parse_import(struct parser *p, node *n)
{
    n->type = N_IMPORT;
    n->a = parse_expr(p);
    if (!skip_word(p, "as"))
        unexpected(p, "as");
    n->b = parse_target_one(p);
    parse_context(p, n, false);
    return n;
}

static bool context_follows(struct parser *p)
{
    return (is_word(p, "with") || is_word(p, "without")) && p->now[1].type == T_NAME && strcmp(p->now[1].s, "context") == 0;
}

static node *parse_from(struct parser *p, node *n)
{
    n->type = N_FROM;
    n->a = parse_expr(p);
    if (!skip_word(p, "import"))
        unexpected(p, "import");
    while (p->now->type == T_NAME && !context_follows(p)) {
        if (*p->now->s == '_')
            fail(p, "names that begin with an underscore cannot be imported");
        value *name = take_name(p), *alias = name;
        if (skip_word(p, "as"))
            alias = parse_target_one(p)->name;
        add_named(p, n, name, alias, NULL);
        if (!skip_op(p, ","))
            break;
    }
    if (!n->n_named)
        unexpected(p, "name");
    parse_context(p, n, false);
    return n;
}

static node *parse_block(struct parser *p, node *n)
{
    n->type = N_BLOCK;
    n->name = take_name(p);
    n->scoped = skip_word(p, "scoped");
    n->required = skip_word(p, "required");
    n->scoped |= skip_word(p, "scoped");
    if (dict_get(p->e, p->t->blocks, n->name))
        j_fail_at(p->e, p->t, n->line, n->col, "block '%s' is defined twice", n->name->s);
    value *block = v_new(p->e, V_BLOCK);
    block->node = n;
    dict_set(p->e, p->t->blocks, n->name, block);
    n->b = body_until(p, "endblock", n, "block");
    for (int i = 0; n->required && i < n->b->n; i++)
        if (n->b->list[i]->type != N_DATA || strspn(n->b->list[i]->name->s, " \t\r\n") < n->b->list[i]->name->n)
            j_fail_at(p->e, p->t, n->line, n->col, "a required block may hold only blanks and comments");
    if (p->now->type == T_NAME) {
        if (strcmp(p->now->s, n->name->s) != 0)
            unexpected(p, n->name->s);
        next(p);
    }
    return n;
}

static node *parse_with(struct parser *p, node *n)
{
    n->type = N_WITH;
    while (p->now->type != T_BLOCK_END) {
        if (n->n)
            want_op(p, ",");
        node *target = parse_target_one(p);
        want_op(p, "=");
        add(p, n, target, parse_expr(p));
    }
    n->b = body_until(p, "endwith", n, "with");
    return n;
}

static node *parse_autoescape(struct parser *p, node *n)
{
    n->type = N_AUTOESCAPE;
    n->a = parse_expr(p);
    n->b = body_until(p, "endautoescape", n, "autoescape");
    return n;
}

static node *parse_extends(struct parser *p, node *n)
{
    n->type = N_EXTENDS;
    n->a = parse_expr(p);
    return n;
}

static node *parse_print(struct parser *p, node *n)
{
    n->type = N_PRINT;
    n->a = parse_tuple(p, parse_expr, NULL, false);
    return n;
}

static const struct {
    const char *name;
    node *(*parse)(struct parser *, node *);
} statements[] = {
    {"autoescape", parse_autoescape},
    {"block", parse_block},
    {"call", parse_call_block},
    {"extends", parse_extends},
    {"filter", parse_filter_block},
    {"for", parse_for},
    {"from", parse_from},
    {"if", parse_if},
    {"import", parse_import},
    {"include", parse_include},
    {"macro", parse_macro},
    {"print", parse_print},
    {"set", parse_set},
    {"with", parse_with},
};

static node *parse_statement(struct parser *p, const char *opener, int line)
{
    for (guint i = 0; i < G_N_ELEMENTS(statements); i++)
        if (is_word(p, statements[i].name)) {
            node *n = make(p, N_BODY);
            next(p);
            return statements[i].parse(p, n);
        }
    if (p->now->type != T_NAME)
        unexpected(p, "name of a statement");
    if (opener)
        j_fail_at(p->e, p->t, p->now->line, p->now->col, "unknown tag '%s'; the innermost open block is '%s' of line %d", p->now->s, opener,
                  line);
    j_fail_at(p->e, p->t, p->now->line, p->now->col, "unknown tag '%s'", p->now->s);
}

static bool at_end(struct parser *p, const char *const *ends)
{
    for (; ends && *ends; ends++)
        if (is_word(p, *ends))
            return true;
    return false;
}

static node *parse_piece(struct parser *p)
{
    node *n = make(p, p->now->type == T_DATA ? N_DATA : N_PRINT);
    if (n->type == N_DATA) {
        n->name = v_str(p->e, j_copy(p->e, p->now->s, p->now->n), p->now->n);
        next(p);
        return n;
    }
    next(p);
    n->a = parse_tuple(p, parse_expr, NULL, false);
    if (p->now->type != T_VAR_END)
        unexpected(p, "end of print statement");
    next(p);
    return n;
}

/* The body up to one of `ends` (which is then the current token) or the template's end. */
static node *parse_body(struct parser *p, const char *const *ends, const char *opener, int line)
{
    node *body = make(p, N_BODY);
    enter(p);
    while (p->now->type != T_EOF) {
        if (p->now->type != T_BLOCK) {
            add(p, body, parse_piece(p), NULL);
            continue;
        }
        next(p);
        if (at_end(p, ends)) {
            p->depth--;
            return body;
        }
        add(p, body, parse_statement(p, opener, line), NULL);
        end_tag(p);
    }
    if (ends)
        j_fail_at(p->e, p->t, p->now->line, p->now->col, "unexpected end of template; '%s' of line %d is not closed", opener, line);
    p->depth--;
    return body;
}

struct template *template_parse(engine *e, const char *name, const char *text, gsize length)
{
    struct template *t = j_alloc(e, sizeof *t);
    struct buf b = {0};
    buf_add(e, &b, "", 0);
    for (gsize i = 0; i < length; i++)
        if (text[i] != '\r')
            buf_add(e, &b, text + i, 1);
        else if (i + 1 >= length || text[i + 1] != '\n')
            buf_add(e, &b, "\n", 1);
    t->name = name;
    t->text = b.s;
    t->length = b.n;
    t->blocks = v_dict(e);
    struct parser p = {.e = e, .t = t, .now = lex(e, t)};
    check(&p);
    t->body = parse_body(&p, NULL, NULL, 0);
    return t;
}
