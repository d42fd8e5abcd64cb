#include "notebook/jinja/ast.h"

#include <stdio.h>
#include <string.h>

/* Where the lexer is; lines and columns count from 1, columns in characters. */
struct lexer {
    engine *e;
    struct template *t;
    const char *p, *end;
    int line, col;
    struct token *tokens;
    gsize n, cap;
    char stack[256];
    int depth;
    char prefix[32];
    gsize prefix_length;
};

static void advance(struct lexer *l, const char *to)
{
    for (; l->p < to; l->p++) {
        if (*l->p == '\n') {
            l->line++;
            l->col = 1;
        } else if ((*l->p & 0xc0) != 0x80) {
            l->col++;
        }
    }
}

static struct token *add(struct lexer *l, enum token_type type, const char *s, gsize n)
{
    if (l->n == l->cap) {
        gsize cap = l->cap ? l->cap * 2 : 64;
        l->tokens = j_grow(l->e, l->tokens, l->n * sizeof *l->tokens, cap * sizeof *l->tokens);
        l->cap = cap;
    }
    l->tokens[l->n] = (struct token){.type = type, .line = l->line, .col = l->col, .s = s, .n = n};
    return &l->tokens[l->n++];
}

static bool lex_fail(struct lexer *l, const char *message)
{
    add(l, T_ERROR, message, strlen(message));
    return false;
}

static bool starts(const struct lexer *l, const char *p, const char *what)
{
    gsize n = strlen(what);
    return (gsize)(l->end - p) >= n && memcmp(p, what, n) == 0;
}

static const char *space_end(const struct lexer *l, const char *p)
{
    while (p < l->end && g_unichar_isspace(g_utf8_get_char(p)))
        p = g_utf8_next_char(p);
    return MIN(p, l->end);
}

static const char *rstrip(const char *start, const char *end)
{
    while (end > start) {
        const char *before = g_utf8_find_prev_char(start, end);
        if (!before || !g_unichar_isspace(g_utf8_get_char(before)))
            break;
        end = before;
    }
    return end;
}

/* The end of "blanks prefix" of a line statement at the line start `p`, or NULL. */
static const char *line_statement(const struct lexer *l, const char *p)
{
    if (!l->prefix_length || (p > l->t->text && p[-1] != '\n'))
        return NULL;
    while (p < l->end && (*p == ' ' || *p == '\t' || *p == '\v'))
        p++;
    return starts(l, p, l->prefix) ? p + l->prefix_length : NULL;
}

/* The end of the line statement at `p` (behind the newline and blank lines), or NULL when something else follows. */
static const char *line_end(const struct lexer *l, const char *p)
{
    const char *stop = space_end(l, p);
    if (stop == l->end)
        return stop;
    while (stop > p && stop[-1] != '\n')
        stop--;
    return stop > p ? stop : NULL;
}

/* After "{%" with its sign: the begin of the text behind "NAME %}", or NULL. */
static const char *tag_end(const struct lexer *l, const char *p, const char *name)
{
    if (p < l->end && (*p == '-' || *p == '+'))
        p++;
    p = space_end(l, p);
    if (!starts(l, p, name))
        return NULL;
    p = space_end(l, p + strlen(name));
    if (starts(l, p, "-%}"))
        return space_end(l, p + 3);
    if (starts(l, p, "+%}") && strcmp(name, "endraw") == 0)
        return p + 3;
    return starts(l, p, "%}") ? p + 2 : NULL;
}

static void add_data(struct lexer *l, const char *end, bool strip)
{
    const char *stop = strip ? rstrip(l->p, end) : end;
    if (stop > l->p)
        add(l, T_DATA, l->p, stop - l->p);
    advance(l, end);
}

static bool lex_raw(struct lexer *l, const char *body)
{
    int line = l->line, col = l->col;
    advance(l, body);
    for (const char *p = body; (p = text_find(p, l->end - p, "{%", 2)); p += 2) {
        const char *after = tag_end(l, p + 2, "endraw");
        if (!after)
            continue;
        add_data(l, p, p[2] == '-');
        advance(l, after);
        return true;
    }
    if (body == l->end)
        return true; /* as Jinja2: nothing is missing where nothing follows */
    l->line = line;
    l->col = col;
    return lex_fail(l, "the raw block is not closed (missing 'endraw')");
}

static bool lex_comment(struct lexer *l)
{
    const char *text = l->p + 2;
    text += text < l->end && (*text == '-' || *text == '+');
    const char *close = text_find(text, l->end - text, "#}", 2);
    if (!close && text == l->end) {
        advance(l, text);
        return true;
    }
    if (!close)
        return lex_fail(l, "the comment is not closed (missing '#}')");
    bool strip = close > text && close[-1] == '-';
    advance(l, strip ? space_end(l, close + 2) : close + 2);
    return true;
}

static int digit_of(char c)
{
    return g_ascii_isxdigit(c) ? g_ascii_xdigit_value(c) : -1;
}

static const char *digits(const struct lexer *l, const char *p, int base)
{
    const char *good = p;
    while (p < l->end) {
        int d = digit_of(*p);
        if (d >= 0 && d < base)
            good = ++p;
        else if (*p == '_' && p > good - 1 && p + 1 < l->end && digit_of(p[1]) >= 0 && digit_of(p[1]) < base)
            p++;
        else
            break;
    }
    return good;
}

static const char *exponent_end(const struct lexer *l, const char *p)
{
    if (p >= l->end || (*p != 'e' && *p != 'E'))
        return NULL;
    p++;
    if (p < l->end && (*p == '+' || *p == '-'))
        p++;
    const char *stop = digits(l, p, 10);
    return stop > p ? stop : NULL;
}

static void lex_number(struct lexer *l)
{
    const char *p = l->p, *stop;
    int base = 10;
    if (*p == '0' && p + 1 < l->end)
        base = strchr("xX", p[1]) ? 16 : strchr("bB", p[1]) ? 2 : strchr("oO", p[1]) ? 8 : 10;
    if (base != 10 && p[1] && (stop = digits(l, p + 2, base)) > p + 2) {
        add(l, T_INT, p, stop - p);
        return advance(l, stop);
    }
    bool after_dot = p > l->t->text && p[-1] == '.';
    stop = digits(l, p, 10);
    const char *fraction = stop + 1 < l->end && *stop == '.' ? digits(l, stop + 1, 10) : NULL;
    const char *tail = fraction > stop + 1 ? fraction : stop, *exponent = exponent_end(l, tail);
    tail = exponent ? exponent : tail;
    bool is_float = tail > stop && !after_dot;
    if (!is_float && *p == '0') /* 007 is no number */
        for (stop = p + 1; stop < l->end && (*stop == '0' || (*stop == '_' && stop + 1 < l->end && stop[1] == '0'));)
            stop++;
    add(l, is_float ? T_FLOAT : T_INT, p, (is_float ? tail : stop) - p);
    advance(l, is_float ? tail : stop);
}

static const char *decode_hex(struct lexer *l, struct buf *b, const char *p, const char *end, int count)
{
    gunichar c = 0;
    for (int i = 0; i < count; i++, p++) {
        if (p >= end || !g_ascii_isxdigit(*p))
            return NULL;
        c = c * 16 + g_ascii_xdigit_value(*p);
    }
    if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
        return NULL;
    char text[8];
    buf_add(l->e, b, text, g_unichar_to_utf8(c, text));
    return p;
}

static const char *decode_octal(struct lexer *l, struct buf *b, const char *p, const char *end)
{
    gunichar c = 0;
    for (int i = 0; i < 3 && p < end && *p >= '0' && *p < '8'; i++, p++)
        c = c * 8 + (*p - '0');
    char text[8];
    buf_add(l->e, b, text, g_unichar_to_utf8(c, text));
    return p;
}

/* Decodes the escape behind the backslash at `p`; NULL when it is wrong. */
static const char *decode_escape(struct lexer *l, struct buf *b, const char *p, const char *end)
{
    static const char from[] = "nrtabfv\\'\"", to[] = "\n\r\t\a\b\f\v\\'\"";
    const char *found = *p ? strchr(from, *p) : NULL;
    if (found) {
        buf_add(l->e, b, &to[found - from], 1);
        return p + 1;
    }
    if (*p == '\n')
        return p + 1;
    if (*p >= '0' && *p < '8')
        return decode_octal(l, b, p, end);
    if (*p == 'x' || *p == 'u' || *p == 'U')
        return decode_hex(l, b, p + 1, end, *p == 'x' ? 2 : *p == 'u' ? 4 : 8);
    buf_add(l->e, b, "\\", 1);
    return p;
}

static bool lex_string(struct lexer *l)
{
    struct buf b = {0};
    char quote = *l->p;
    const char *p = l->p + 1, *close = p;
    while (close < l->end && *close != quote)
        close += *close == '\\' ? 2 : 1;
    if (close >= l->end)
        return lex_fail(l, "the string is not closed");
    buf_add(l->e, &b, "", 0);
    while (p < close) {
        if (*p != '\\') {
            buf_add(l->e, &b, p++, 1);
            continue;
        }
        p = decode_escape(l, &b, p + 1, close);
        if (!p)
            return lex_fail(l, "wrong escape sequence in the string");
    }
    add(l, T_STR, b.s, b.n);
    advance(l, close + 1);
    return true;
}

static bool is_name(gunichar c)
{
    return c == '_' || g_unichar_isalnum(c) || g_unichar_ismark(c);
}

static bool brackets(struct lexer *l, char c)
{
    static char message[3][40] = {"unexpected ')'", "unexpected ']'", "unexpected '}'"};
    if (strchr("([{", c)) {
        if (l->depth == (int)sizeof l->stack)
            return lex_fail(l, "brackets are nested too deeply");
        l->stack[l->depth++] = c == '(' ? ')' : c == '[' ? ']' : '}';
    } else if (strchr(")]}", c)) {
        if (!l->depth)
            return lex_fail(l, message[c == ')' ? 0 : c == ']' ? 1 : 2]);
        if (l->stack[l->depth - 1] != c) {
            char *text = j_alloc(l->e, 40);
            snprintf(text, 40, "unexpected '%c', expected '%c'", c, l->stack[l->depth - 1]);
            return lex_fail(l, text);
        }
        l->depth--;
    }
    return true;
}

static bool lex_operator(struct lexer *l)
{
    static const char *const doubles[] = {"**", "//", "==", "!=", "<=", ">=", NULL};
    for (int i = 0; doubles[i]; i++)
        if (starts(l, l->p, doubles[i])) {
            add(l, T_OP, doubles[i], 2);
            advance(l, l->p + 2);
            return true;
        }
    if (!*l->p || !strchr("+-*/%~[](){}=<>.:|,;", *l->p)) {
        char *text = j_alloc(l->e, 40);
        snprintf(text, 40, "unexpected character '%.*s'", (int)(g_utf8_next_char(l->p) - l->p), l->p);
        return lex_fail(l, text);
    }
    if (!brackets(l, *l->p))
        return false;
    add(l, T_OP, j_copy(l->e, l->p, 1), 1);
    advance(l, l->p + 1);
    return true;
}

static bool lex_one(struct lexer *l)
{
    const char *p = l->p;
    if (g_ascii_isdigit(*p))
        lex_number(l);
    else if (*p == '"' || *p == '\'')
        return lex_string(l);
    else if (is_name(g_utf8_get_char(p))) {
        while (p < l->end && is_name(g_utf8_get_char(p)))
            p = g_utf8_next_char(p);
        add(l, T_NAME, j_copy(l->e, l->p, p - l->p), p - l->p);
        advance(l, p);
    } else
        return lex_operator(l);
    return true;
}

/* The end of the tag at the current place: behind it, or NULL when the tag goes on. */
static const char *closing(struct lexer *l, enum token_type type)
{
    const char *mark = type == T_VAR ? "}}" : "%}";
    if (l->depth)
        return NULL;
    if (*l->p == '-' && starts(l, l->p + 1, mark))
        return space_end(l, l->p + 3);
    if (*l->p == '+' && type == T_BLOCK && starts(l, l->p + 1, mark))
        return l->p + 3;
    return starts(l, l->p, mark) ? l->p + 2 : NULL;
}

/* The tokens of a tag whose begin mark ends at `start`. `type` is T_EOF for line statements. */
static bool lex_tag(struct lexer *l, enum token_type type, const char *start)
{
    int line = l->line, col = l->col;
    add(l, type == T_VAR ? T_VAR : T_BLOCK, "", 0);
    advance(l, start);
    if (l->p < l->end && (*l->p == '-' || *l->p == '+'))
        advance(l, l->p + 1);
    for (l->depth = 0;;) {
        const char *stop = type != T_EOF ? (l->p < l->end ? closing(l, type) : NULL) : l->depth ? NULL : line_end(l, l->p);
        if (stop) {
            add(l, type == T_VAR ? T_VAR_END : T_BLOCK_END, "", 0);
            advance(l, stop);
            return true;
        }
        advance(l, space_end(l, l->p));
        if (l->p >= l->end && type == T_EOF && !l->depth)
            continue;
        if (l->p >= l->end) {
            l->line = line;
            l->col = col;
            return lex_fail(l,
                            type == T_VAR ? "the expression is not closed (missing '}}')" : "the statement is not closed (missing '%}')");
        }
        stop = type != T_EOF ? closing(l, type) : NULL;
        if (!stop && !(type == T_EOF && !l->depth && line_end(l, l->p)) && !lex_one(l))
            return false;
    }
}

/* Finds the next tag at or behind the current place. */
static const char *next_tag(struct lexer *l)
{
    for (const char *p = l->p; p < l->end; p++) {
        if ((p == l->t->text || p[-1] == '\n') && line_statement(l, p))
            return p;
        if (*p == '{' && p + 1 < l->end && strchr("{%#", p[1]) && p[1])
            return p;
    }
    return NULL;
}

static bool lex_next(struct lexer *l)
{
    const char *tag = next_tag(l);
    if (!tag) {
        add_data(l, l->end, false);
        add(l, T_EOF, "", 0);
        if (l->n > 1) { /* what is missing at the end is missing behind the last piece */
            l->tokens[l->n - 1].line = l->tokens[l->n - 2].line;
            l->tokens[l->n - 1].col = l->tokens[l->n - 2].col;
        }
        return false;
    }
    const char *body = line_statement(l, tag);
    char sign = body ? (body < l->end ? *body : 0) : tag + 2 < l->end ? tag[2] : 0;
    add_data(l, tag, sign == '-');
    if (body)
        return lex_tag(l, T_EOF, body);
    if (tag[1] == '#')
        return lex_comment(l);
    if (tag[1] == '{')
        return lex_tag(l, T_VAR, tag + 2);
    body = tag_end(l, tag + 2, "raw");
    return body ? lex_raw(l, body) : lex_tag(l, T_BLOCK, tag + 2);
}

struct token *lex(engine *e, struct template *t)
{
    struct lexer l = {.e = e, .t = t, .p = t->text, .end = t->text + t->length, .line = 1, .col = 1};
    if (e->options->line_comment)
        snprintf(l.prefix, sizeof l.prefix, "%.20s j2", e->options->line_comment);
    l.prefix_length = strlen(l.prefix);
    while (lex_next(&l))
        j_step(e, 1);
    return l.tokens;
}
