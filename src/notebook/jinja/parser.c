/* Statements. */
#include "notebook/jinja/parser.h"

#include <string.h>

static node *parse_body(struct parser *p, const char *const *ends, const char *opener, int line);

static node *parse_target_one(struct parser *p)
{
    node *n;
    if (p_skip_op(p, "(")) {
        p_enter(p);
        n = parse_tuple(p, parse_target_one, NULL, true);
        p->depth--;
        p_want_op(p, ")");
        return n;
    }
    if (p->now->type != T_NAME)
        p_unexpected(p, "name");
    if (p->loops && strcmp(p->now->s, "loop") == 0)
        p_fail(p, "cannot assign to the special variable 'loop' inside of a loop");
    if (p_constant_of(p->now->s))
        j_fail_at(p->e, p->t, p->now->line, p->now->col, "cannot assign to '%s'", p->now->s);
    n = p_make(p, N_NAME);
    n->name = p_take_name(p);
    return n;
}

/* What set assigns to: a name, or an attribute of a namespace. */
static node *parse_set_target(struct parser *p)
{
    if (p->now->type != T_NAME || p->now[1].type != T_OP || strcmp(p->now[1].s, ".") != 0)
        return parse_target_one(p);
    node *n = p_make(p, N_NSREF);
    n->a = p_make(p, N_NAME);
    n->a->name = p_take_name(p);
    p_next(p);
    n->name = p_take_name(p);
    return n;
}

static void end_tag(struct parser *p)
{
    if (p->now->type != T_BLOCK_END)
        p_unexpected(p, "end of statement block");
    p_next(p);
}

/* The statement's body; a colon behind the statement is allowed, as in Python. */
static node *open_body(struct parser *p, const char *const *ends, const char *tag, const node *opener)
{
    p_skip_op(p, ":");
    end_tag(p);
    return parse_body(p, ends, tag, opener->line);
}

static node *body_until(struct parser *p, const char *end, const node *opener, const char *tag)
{
    const char *ends[] = {end, NULL};
    node *body = open_body(p, ends, tag, opener);
    p_next(p);
    return body;
}

static node *parse_if(struct parser *p, node *n)
{
    static const char *const ends[] = {"elif", "else", "endif", NULL};
    n->type = N_IF;
    p->soft++;
    do {
        const node *place = n->n ? p_make(p, N_BODY) : n;
        node *test = parse_tuple(p, parse_or, NULL, false);
        if (p_is_word(p, "if"))
            p_unexpected(p, "end of statement block");
        node *branch = p_make_at(p, N_BODY, place);
        p_add(p, branch, test, NULL);
        p_add(p, branch, open_body(p, ends, "if", n), NULL);
        p_add(p, n, branch, NULL);
    } while (p_skip_word(p, "elif"));
    if (p_skip_word(p, "else"))
        n->c = body_until(p, "endif", n, "if");
    else
        p_next(p);
    p->soft--;
    return n;
}

static node *parse_for(struct parser *p, node *n)
{
    static const char *const ends[] = {"else", "endfor", NULL};
    n->type = N_FOR;
    p->loops++;
    n->a = parse_tuple(p, parse_target_one, "in", false);
    if (!p_skip_word(p, "in"))
        p_unexpected(p, "in");
    n->b = parse_tuple(p, parse_or, "recursive", false);
    if (p_skip_word(p, "if"))
        n->c = parse_expr(p);
    n->recursive = p_skip_word(p, "recursive");
    p_add(p, n, open_body(p, ends, "for", n), NULL);
    if (p_skip_word(p, "else"))
        p_add(p, n, body_until(p, "endfor", n, "for"), NULL);
    else
        p_next(p);
    p->loops--;
    return n;
}

static node *parse_set(struct parser *p, node *n)
{
    n->a = parse_tuple(p, parse_set_target, NULL, false);
    if (p_skip_op(p, "=")) {
        n->type = N_SET;
        n->b = parse_tuple(p, parse_expr, NULL, false);
        return n;
    }
    n->type = N_SET_BLOCK;
    n->b = p_is_op(p, "|") ? parse_filters(p, NULL) : NULL;
    n->c = body_until(p, "endset", n, "set");
    return n;
}

static void parse_signature(struct parser *p, node *n)
{
    bool optional = false;
    p_want_op(p, "(");
    while (!p_is_op(p, ")")) {
        if (n->n)
            p_want_op(p, ",");
        if (p_is_op(p, ")"))
            break;
        if (p->now->type != T_NAME)
            p_unexpected(p, "name");
        node *param = p_make(p, N_NAME);
        param->name = p_take_name(p);
        node *fallback = p_skip_op(p, "=") ? parse_expr(p) : NULL;
        if (!fallback && optional)
            p_fail(p, "a parameter without default follows one with default");
        optional |= fallback != NULL;
        for (int i = 0; i < n->n; i++)
            if (v_is_text(n->list[i]->name, param->name->s))
                j_fail_at(p->e, p->t, param->line, param->col, "parameter '%s' is named twice", param->name->s);
        if (!fallback && v_is_text(param->name, "caller"))
            j_fail_at(p->e, p->t, param->line, param->col, "the parameter 'caller' must have a default");
        p_add(p, n, param, fallback);
    }
    p_want_op(p, ")");
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

static value *parse_plain_name(struct parser *p)
{
    if (p->now->type != T_NAME)
        p_unexpected(p, "name");
    return parse_target_one(p)->name;
}

static node *parse_macro(struct parser *p, node *n)
{
    n->type = N_MACRO;
    n->name = parse_plain_name(p);
    parse_signature(p, n);
    macro_body(p, n, "endmacro", "macro");
    return n;
}

static node *parse_call_block(struct parser *p, node *n)
{
    node *macro = p_make_at(p, N_MACRO, n);
    n->type = N_CALL_BLOCK;
    if (p_is_op(p, "("))
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
    if ((p_is_word(p, "with") || p_is_word(p, "without")) && p->now[1].type == T_NAME && strcmp(p->now[1].s, "context") == 0) {
        n->flag = p_is_word(p, "with");
        p_next(p);
        p_next(p);
    }
}

static node *parse_include(struct parser *p, node *n)
{
    n->type = N_INCLUDE;
    n->a = parse_expr(p);
    if (p_is_word(p, "ignore") && p->now[1].type == T_NAME && strcmp(p->now[1].s, "missing") == 0) {
        n->ignore_missing = true;
        p_next(p);
        p_next(p);
    }
    parse_context(p, n, true);
    return n;
}

static node *parse_import(struct parser *p, node *n)
{
    n->type = N_IMPORT;
    n->a = parse_expr(p);
    if (!p_skip_word(p, "as"))
        p_unexpected(p, "as");
    n->b = parse_target_one(p);
    parse_context(p, n, false);
    return n;
}

static bool context_follows(struct parser *p)
{
    return (p_is_word(p, "with") || p_is_word(p, "without")) && p->now[1].type == T_NAME && strcmp(p->now[1].s, "context") == 0;
}

static node *parse_from(struct parser *p, node *n)
{
    n->type = N_FROM;
    n->a = parse_expr(p);
    if (!p_skip_word(p, "import"))
        p_unexpected(p, "import");
    while (p->now->type == T_NAME && !context_follows(p)) {
        if (*p->now->s == '_')
            p_fail(p, "names that begin with an underscore cannot be imported");
        value *name = p_take_name(p), *alias = name;
        if (p_skip_word(p, "as"))
            alias = parse_target_one(p)->name;
        p_add_named(p, n, name, alias, NULL);
        if (!p_skip_op(p, ","))
            break;
        if (p->now->type != T_NAME)
            p_unexpected(p, "name");
    }
    if (!n->n_named)
        p_unexpected(p, "name");
    parse_context(p, n, false);
    return n;
}

static node *parse_block(struct parser *p, node *n)
{
    n->type = N_BLOCK;
    n->name = p_take_name(p);
    n->scoped = p_skip_word(p, "scoped");
    n->required = p_skip_word(p, "required");
    n->scoped |= p_skip_word(p, "scoped");
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
            p_unexpected(p, n->name->s);
        p_next(p);
    }
    return n;
}

static node *parse_with(struct parser *p, node *n)
{
    n->type = N_WITH;
    while (p->now->type != T_BLOCK_END) {
        if (n->n)
            p_want_op(p, ",");
        node *target = parse_target_one(p);
        p_want_op(p, "=");
        p_add(p, n, target, parse_expr(p));
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
    while (p->now->type != T_BLOCK_END) {
        if (n->n)
            p_want_op(p, ",");
        node *one = p_make(p, N_PRINT);
        one->a = parse_expr(p);
        p_add(p, n, one, NULL);
    }
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
        if (p_is_word(p, statements[i].name)) {
            node *n = p_make(p, N_BODY);
            p_next(p);
            return statements[i].parse(p, n);
        }
    if (p->now->type != T_NAME)
        p_unexpected(p, "name of a statement");
    if (opener)
        j_fail_at(p->e, p->t, p->now->line, p->now->col, "unknown tag '%s'; the innermost open block is '%s' of line %d", p->now->s, opener,
                  line);
    const char *names[G_N_ELEMENTS(statements) + 1] = {NULL};
    for (guint i = 0; i < G_N_ELEMENTS(statements); i++)
        names[i] = statements[i].name;
    j_fail_at(p->e, p->t, p->now->line, p->now->col, "unknown tag '%s'%s", p->now->s, hint_nearest(p->e, p->now->s, names));
}

static bool at_end(struct parser *p, const char *const *ends)
{
    for (; ends && *ends; ends++)
        if (p_is_word(p, *ends))
            return true;
    return false;
}

static node *parse_piece(struct parser *p)
{
    node *n = p_make(p, p->now->type == T_DATA ? N_DATA : N_PRINT);
    if (n->type == N_DATA) {
        n->name = v_str(p->e, j_copy(p->e, p->now->s, p->now->n), p->now->n);
        p_next(p);
        return n;
    }
    p_next(p);
    n->a = parse_tuple(p, parse_expr, NULL, false);
    if (p->now->type != T_VAR_END)
        p_unexpected(p, "end of print statement");
    p_next(p);
    return n;
}

/* The body up to one of `ends` (which is then the current token) or the template's end. */
static node *parse_body(struct parser *p, const char *const *ends, const char *opener, int line)
{
    node *body = p_make(p, N_BODY);
    p_enter(p);
    while (p->now->type != T_EOF) {
        if (p->now->type != T_BLOCK) {
            p_add(p, body, parse_piece(p), NULL);
            continue;
        }
        p_next(p);
        if (at_end(p, ends)) {
            p->depth--;
            return body;
        }
        p_add(p, body, parse_statement(p, opener, line), NULL);
        end_tag(p);
    }
    if (ends)
        j_fail_at(p->e, p->t, p->now->line, p->now->col, "unexpected end of template: '%s' of line %d is not closed", opener, line);
    p->depth--;
    return body;
}

/* Python's universal newlines: CRLF and CR become LF. */
static char *copy_lines(engine *e, const char *text, gsize length, gsize *ret_length)
{
    char *copy = j_alloc(e, length + 1), *to = copy;
    const char *end = text + length;
    for (const char *cr; (cr = memchr(text, '\r', (gsize)(end - text))) != NULL; text = cr + 1) {
        memcpy(to, text, (gsize)(cr - text));
        to += cr - text;
        if (cr + 1 == end || cr[1] != '\n')
            *to++ = '\n';
    }
    memcpy(to, text, (gsize)(end - text));
    *ret_length = (gsize)(to - copy) + (gsize)(end - text);
    return copy;
}

struct template *template_parse_text(engine *e, const char *name, const char *text, gsize length)
{
    struct template *t = j_alloc(e, sizeof *t);
    t->name = name;
    t->text = copy_lines(e, text, length, &t->length);
    t->blocks = v_dict(e);
    struct parser p = {.e = e, .t = t, .now = lex(e, t)};
    p_check(&p);
    t->body = parse_body(&p, NULL, NULL, 0);
    return t;
}
