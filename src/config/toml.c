#include "config/toml.h"

#include <string.h>

#include "config/toml_scalar.h"

#define MAX_DEPTH 100
#define MAX_KEY_PARTS 100

/* How a table or array came to be; what may be added to it later depends on that. */
enum state {
    STATE_IMPLICIT, /* a parent in a header: may still be defined, once */
    STATE_HEADER,   /* [header] */
    STATE_DOTTED,   /* by a dotted key */
    STATE_CLOSED,   /* inline table or array literal: complete */
    STATE_TABLES,   /* [[array of tables]] */
};

struct parser {
    const char *at, *end, *line_start;
    int line, depth;
    const char *file;
    struct diag_list *diags;
};

struct key {
    GPtrArray *parts;
    int line, col;
};

static struct toml *parse_value(struct parser *parser);

/* ---- places and characters ---- */

static int column(const struct parser *parser)
{
    return (int)g_utf8_strlen(parser->line_start, parser->at - parser->line_start) + 1;
}

static bool fail_at(struct parser *parser, int line, int col, const char *message)
{
    diag_add(parser->diags, DIAG_ERROR, parser->file, line, col, NULL, "%s", message);
    return false;
}

static bool fail(struct parser *parser, const char *message)
{
    return fail_at(parser, parser->line, column(parser), message);
}

/* The byte `ahead` of the current one; '\0' at the end (the text holds none, parse() has seen to that). */
static char peek(const struct parser *parser, ptrdiff_t ahead)
{
    return parser->end - parser->at > ahead ? parser->at[ahead] : '\0';
}

static bool is_control(char c)
{
    return ((unsigned char)c < ' ' && c != '\t') || c == 0x7f;
}

/* LF or CRLF: its length, else 0. */
static int newline_length(const struct parser *parser)
{
    if (peek(parser, 0) == '\n')
        return 1;
    return peek(parser, 0) == '\r' && peek(parser, 1) == '\n' ? 2 : 0;
}

static bool skip_newline(struct parser *parser)
{
    int length = newline_length(parser);
    parser->at += length;
    if (length == 0)
        return false;
    parser->line++;
    parser->line_start = parser->at;
    return true;
}

static void skip_blanks(struct parser *parser)
{
    while (peek(parser, 0) == ' ' || peek(parser, 0) == '\t')
        parser->at++;
}

static bool skip_comment(struct parser *parser)
{
    if (peek(parser, 0) != '#')
        return true;
    while (parser->at < parser->end && newline_length(parser) == 0) {
        if (is_control(*parser->at))
            return fail(parser, "control characters are not allowed in comments");
        parser->at++;
    }
    return true;
}

/* Blanks, comments and newlines between the items of an array. */
static bool skip_space(struct parser *parser)
{
    do {
        skip_blanks(parser);
        if (!skip_comment(parser))
            return false;
    } while (skip_newline(parser));
    return true;
}

static bool end_line(struct parser *parser)
{
    skip_blanks(parser);
    if (!skip_comment(parser))
        return false;
    return parser->at == parser->end || skip_newline(parser) || fail(parser, "expected the end of the line");
}

/* ---- the tree ---- */

static struct toml *new_value(enum toml_type type, int line, int col, enum state state)
{
    struct toml *value = g_new0(struct toml, 1);
    value->type = type;
    value->line = line;
    value->col = col;
    value->state = state;
    if (type == TOML_TABLE || type == TOML_ARRAY)
        value->items = g_ptr_array_new_with_free_func((GDestroyNotify)toml_free);
    if (type != TOML_TABLE)
        return value;
    value->keys = g_ptr_array_new_with_free_func(g_free);
    value->index = g_hash_table_new(g_str_hash, g_str_equal);
    return value;
}

static struct toml *add_member(struct toml *table, const char *key, struct toml *value)
{
    char *copy = g_strdup(key);
    g_ptr_array_add(table->keys, copy);
    g_ptr_array_add(table->items, value);
    g_hash_table_insert(table->index, copy, value);
    return value;
}

static struct toml *find_member(struct toml *table, const char *key)
{
    return g_hash_table_lookup(table->index, key);
}

void toml_free(struct toml *toml)
{
    if (toml == NULL)
        return;
    if (toml->index != NULL)
        g_hash_table_unref(toml->index);
    if (toml->keys != NULL)
        g_ptr_array_unref(toml->keys);
    if (toml->items != NULL)
        g_ptr_array_unref(toml->items);
    g_free(toml->text);
    g_free(toml);
}

/* ---- strings ---- */

static bool append_code_point(struct parser *parser, GString *out, int digits)
{
    gunichar c = 0;
    for (int i = 0; i < digits; i++) {
        int digit = g_ascii_xdigit_value(peek(parser, 2 + i));
        if (digit < 0)
            return fail(parser, "too few hexadecimal digits in the escape");
        c = c << 4 | (gunichar)digit;
    }
    if (c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return fail(parser, "no such Unicode character");
    if (c == 0)
        g_string_append_c(out, '\0');
    else
        g_string_append_unichar(out, c);
    parser->at += 2 + digits;
    return true;
}

static bool append_escape(struct parser *parser, GString *out)
{
    static const char letters[] = "btnfr\"\\", values[] = "\b\t\n\f\r\"\\";
    char letter = peek(parser, 1);
    const char *found = letter != '\0' ? strchr(letters, letter) : NULL;
    if (letter == 'u' || letter == 'U')
        return append_code_point(parser, out, letter == 'u' ? 4 : 8);
    if (found == NULL)
        return fail(parser, "unknown escape; in a path write '\\\\' or use single quotes");
    g_string_append_c(out, values[found - letters]);
    parser->at += 2;
    return true;
}

/* A backslash at the end of a line takes all white space behind it away. */
static bool skip_folded_line(struct parser *parser)
{
    struct parser ahead = *parser;
    ahead.at++;
    skip_blanks(&ahead);
    if (newline_length(&ahead) == 0)
        return false;
    *parser = ahead;
    while (skip_newline(parser))
        skip_blanks(parser);
    return true;
}

static bool is_quotes(const struct parser *parser, char quote, int count)
{
    for (int i = 0; i < count; i++)
        if (peek(parser, i) != quote)
            return false;
    return true;
}

static bool parse_line_string(struct parser *parser, char quote, GString *out)
{
    for (parser->at++; peek(parser, 0) != quote;) {
        char c = peek(parser, 0);
        if (parser->at == parser->end || c == '\n' || c == '\r')
            return fail(parser, "the string is not closed");
        if (is_control(c))
            return fail(parser, "control characters are not allowed in strings");
        if (c == '\\' && quote == '"') {
            if (!append_escape(parser, out))
                return false;
            continue;
        }
        g_string_append_c(out, c);
        parser->at++;
    }
    parser->at++;
    return true;
}

static bool append_block_char(struct parser *parser, char quote, GString *out)
{
    const char *start = parser->at;
    if (skip_newline(parser)) {
        g_string_append_len(out, start, parser->at - start);
        return true;
    }
    if (*start == '\\' && quote == '"')
        return skip_folded_line(parser) || append_escape(parser, out);
    if (is_control(*start))
        return fail(parser, "control characters are not allowed in strings");
    g_string_append_c(out, *start);
    parser->at++;
    return true;
}

/* Up to two quotes may stand before the closing three. */
static bool parse_block_string(struct parser *parser, char quote, GString *out)
{
    int line = parser->line, col = column(parser);
    parser->at += 3;
    skip_newline(parser);
    while (!is_quotes(parser, quote, 3)) {
        if (parser->at == parser->end)
            return fail_at(parser, line, col, "the string is not closed");
        if (!append_block_char(parser, quote, out))
            return false;
    }
    for (int i = 0; i < 2 && is_quotes(parser, quote, 4); i++) {
        g_string_append_c(out, quote);
        parser->at++;
    }
    parser->at += 3;
    return true;
}

static struct toml *parse_string(struct parser *parser)
{
    char quote = *parser->at;
    g_autoptr(toml) value = new_value(TOML_STRING, parser->line, column(parser), STATE_CLOSED);
    GString *out = g_string_new(NULL);
    bool is_good = is_quotes(parser, quote, 3) ? parse_block_string(parser, quote, out) : parse_line_string(parser, quote, out);
    value->length = out->len;
    value->text = g_string_free(out, FALSE);
    return is_good ? g_steal_pointer(&value) : NULL;
}

/* ---- keys ---- */

static bool is_bare(char c)
{
    return g_ascii_isalnum(c) || c == '_' || c == '-';
}

/* Keys are C strings: U+0000 becomes C0 80, which no valid UTF-8 holds. Frees `text`. */
static char *key_text(GString *text)
{
    if (strlen(text->str) == text->len)
        return g_string_free(text, FALSE);
    GString *out = g_string_new(NULL);
    for (gsize i = 0; i < text->len; i++)
        g_string_append_len(out, text->str[i] == '\0' ? "\xc0\x80" : text->str + i, text->str[i] == '\0' ? 2 : 1);
    g_string_free(text, TRUE);
    return g_string_free(out, FALSE);
}

static bool parse_key_part(struct parser *parser, GPtrArray *parts)
{
    const char *start = parser->at;
    if (peek(parser, 0) == '"' || peek(parser, 0) == '\'') {
        GString *text = g_string_new(NULL);
        bool is_good = parse_line_string(parser, *start, text);
        g_ptr_array_add(parts, key_text(text));
        return is_good;
    }
    while (is_bare(peek(parser, 0)))
        parser->at++;
    if (parser->at == start)
        return fail(parser, "expected a key");
    g_ptr_array_add(parts, g_strndup(start, (gsize)(parser->at - start)));
    return true;
}

/* Fills `key`, whose parts the caller frees in any case. */
static bool parse_key(struct parser *parser, struct key *key)
{
    key->line = parser->line;
    key->col = column(parser);
    key->parts = g_ptr_array_new_with_free_func(g_free);
    for (;;) {
        if (!parse_key_part(parser, key->parts))
            return false;
        if (key->parts->len > MAX_KEY_PARTS)
            return fail(parser, "the key has too many parts");
        skip_blanks(parser);
        if (peek(parser, 0) != '.')
            return true;
        parser->at++;
        skip_blanks(parser);
    }
}

static bool fail_key(struct parser *parser, const struct key *key, guint part, const char *format)
{
    diag_add(parser->diags, DIAG_ERROR, parser->file, key->line, key->col, NULL, "'%s' %s", (char *)key->parts->pdata[part], format);
    return false;
}

static bool assign(struct parser *parser, struct toml *table, const struct key *key, struct toml **value)
{
    guint last = key->parts->len - 1;
    for (guint i = 0; i < last; i++) {
        const char *part = key->parts->pdata[i];
        struct toml *next = find_member(table, part);
        if (next == NULL)
            next = add_member(table, part, new_value(TOML_TABLE, key->line, key->col, STATE_DOTTED));
        if (next->type != TOML_TABLE || (next->state != STATE_DOTTED && next->state != STATE_IMPLICIT))
            return fail_key(parser, key, i, "is defined already and cannot be extended");
        next->state = STATE_DOTTED;
        table = next;
    }
    if (find_member(table, key->parts->pdata[last]) != NULL)
        return fail_key(parser, key, last, "is defined already");
    add_member(table, key->parts->pdata[last], g_steal_pointer(value));
    return true;
}

static bool parse_pair(struct parser *parser, struct toml *table)
{
    struct key key = {0};
    g_autoptr(toml) value = NULL;
    bool is_good = parse_key(parser, &key);
    if (is_good && peek(parser, 0) != '=')
        is_good = fail(parser, "expected '=' after the key");
    if (is_good) {
        parser->at++;
        skip_blanks(parser);
        value = parse_value(parser);
        is_good = value != NULL && assign(parser, table, &key, &value);
    }
    g_ptr_array_unref(key.parts);
    return is_good;
}

/* ---- values ---- */

static bool parse_items(struct parser *parser, struct toml *array)
{
    parser->at++;
    for (;;) {
        if (!skip_space(parser))
            return false;
        if (peek(parser, 0) == ']')
            break;
        struct toml *item = parse_value(parser);
        if (item == NULL)
            return false;
        g_ptr_array_add(array->items, item);
        if (!skip_space(parser))
            return false;
        if (peek(parser, 0) == ']')
            break;
        if (peek(parser, 0) != ',')
            return fail(parser, "expected ',' or ']' in the array");
        parser->at++;
    }
    parser->at++;
    return true;
}

static bool parse_members(struct parser *parser, struct toml *table)
{
    parser->at++;
    skip_blanks(parser);
    while (peek(parser, 0) != '}') {
        if (!parse_pair(parser, table))
            return false;
        skip_blanks(parser);
        if (peek(parser, 0) == '}')
            break;
        if (peek(parser, 0) != ',')
            return fail(parser, "expected ',' or '}' in the inline table");
        parser->at++;
        skip_blanks(parser);
        if (peek(parser, 0) == '}')
            return fail(parser, "no ',' is allowed before '}'");
    }
    parser->at++;
    return true;
}

/* Nothing may be added to an inline table or to what its dotted keys made. */
static void close_tables(struct toml *value)
{
    if (value->type != TOML_TABLE || value->state == STATE_CLOSED)
        return;
    value->state = STATE_CLOSED;
    for (guint i = 0; i < value->items->len; i++)
        close_tables(value->items->pdata[i]);
}

static struct toml *parse_collection(struct parser *parser, enum toml_type type)
{
    g_autoptr(toml) value = new_value(type, parser->line, column(parser), type == TOML_TABLE ? STATE_HEADER : STATE_CLOSED);
    if (++parser->depth > MAX_DEPTH) {
        fail(parser, "the nesting is too deep");
        return NULL;
    }
    if (!(type == TOML_TABLE ? parse_members(parser, value) : parse_items(parser, value)))
        return NULL;
    parser->depth--;
    close_tables(value);
    return g_steal_pointer(&value);
}

/* A date may be followed by a blank and a time. */
static bool is_date_blank(const char *start, const struct parser *parser)
{
    return parser->at - start == 10 && start[4] == '-' && start[7] == '-' && peek(parser, 0) == ' ' && g_ascii_isdigit(peek(parser, 1));
}

static struct toml *parse_scalar(struct parser *parser)
{
    const char *start = parser->at;
    g_autoptr(toml) value = new_value(TOML_STRING, parser->line, column(parser), STATE_CLOSED);
    while (is_bare(peek(parser, 0)) || (peek(parser, 0) != '\0' && strchr("+.:", peek(parser, 0)) != NULL) || is_date_blank(start, parser))
        parser->at++;
    if (parser->at == start) {
        fail(parser, "expected a value");
        return NULL;
    }
    g_autofree char *token = g_strndup(start, (gsize)(parser->at - start));
    const char *fault = toml_read_scalar(token, value);
    if (fault != NULL) {
        diag_add(parser->diags, DIAG_ERROR, parser->file, value->line, value->col,
                 g_ascii_isalpha(token[0]) ? "a string needs quotes" : NULL, "'%s': %s", token, fault);
        return NULL;
    }
    value->length = strlen(value->text);
    return g_steal_pointer(&value);
}

static struct toml *parse_value(struct parser *parser)
{
    switch (peek(parser, 0)) {
    case '"':
    case '\'':
        return parse_string(parser);
    case '[':
        return parse_collection(parser, TOML_ARRAY);
    case '{':
        return parse_collection(parser, TOML_TABLE);
    default:
        return parse_scalar(parser);
    }
}

/* ---- headers ---- */

/* The table that the parts before the last lead to. */
static struct toml *walk_header(struct parser *parser, struct toml *table, const struct key *key)
{
    for (guint i = 0; i + 1 < key->parts->len; i++) {
        const char *part = key->parts->pdata[i];
        struct toml *next = find_member(table, part);
        if (next == NULL)
            next = add_member(table, part, new_value(TOML_TABLE, key->line, key->col, STATE_IMPLICIT));
        if (next->type == TOML_ARRAY && next->state == STATE_TABLES)
            next = next->items->pdata[next->items->len - 1];
        if (next->type != TOML_TABLE || next->state == STATE_CLOSED) {
            fail_key(parser, key, i, "is no table that can be extended");
            return NULL;
        }
        table = next;
    }
    return table;
}

static struct toml *open_table(struct parser *parser, struct toml *parent, const struct key *key)
{
    guint last = key->parts->len - 1;
    struct toml *table = find_member(parent, key->parts->pdata[last]);
    if (table == NULL)
        return add_member(parent, key->parts->pdata[last], new_value(TOML_TABLE, key->line, key->col, STATE_HEADER));
    if (table->type != TOML_TABLE || table->state != STATE_IMPLICIT) {
        fail_key(parser, key, last, "is defined already");
        return NULL;
    }
    table->state = STATE_HEADER;
    return table;
}

static struct toml *append_table(struct parser *parser, struct toml *parent, const struct key *key)
{
    guint last = key->parts->len - 1;
    struct toml *array = find_member(parent, key->parts->pdata[last]);
    if (array == NULL)
        array = add_member(parent, key->parts->pdata[last], new_value(TOML_ARRAY, key->line, key->col, STATE_TABLES));
    if (array->type != TOML_ARRAY || array->state != STATE_TABLES) {
        fail_key(parser, key, last, "is defined already and no array of tables");
        return NULL;
    }
    struct toml *table = new_value(TOML_TABLE, key->line, key->col, STATE_HEADER);
    g_ptr_array_add(array->items, table);
    return table;
}

static bool close_header(struct parser *parser, int brackets)
{
    if (!is_quotes(parser, ']', brackets))
        return fail(parser, brackets == 2 ? "expected ']]'" : "expected ']'");
    parser->at += brackets;
    return end_line(parser);
}

/* "[key]" or "[[key]]"; the table that the following pairs belong to, NULL on error. */
static struct toml *parse_header(struct parser *parser, struct toml *root)
{
    int brackets = peek(parser, 1) == '[' ? 2 : 1;
    struct key key = {0};
    struct toml *table = NULL;
    parser->at += brackets;
    skip_blanks(parser);
    if (parse_key(parser, &key) && close_header(parser, brackets)) {
        struct toml *parent = walk_header(parser, root, &key);
        if (parent != NULL)
            table = brackets == 2 ? append_table(parser, parent, &key) : open_table(parser, parent, &key);
    }
    g_ptr_array_unref(key.parts);
    return table;
}

/* ---- the document ---- */

static bool check_encoding(struct parser *parser)
{
    const char *bad = NULL;
    if (g_utf8_validate_len(parser->at, (gsize)(parser->end - parser->at), &bad))
        return true;
    for (; parser->at < bad; parser->at++)
        if (*parser->at == '\n') {
            parser->line++;
            parser->line_start = parser->at + 1;
        }
    return fail(parser, *bad == '\0' ? "U+0000 is not allowed" : "not valid UTF-8");
}

struct toml *toml_parse(const char *text, size_t length, const char *file, struct diag_list *diags)
{
    struct parser parser = {text, text + length, text, 1, 0, file, diags};
    g_autoptr(toml) root = new_value(TOML_TABLE, 1, 1, STATE_HEADER);
    struct toml *table = root;
    if (!check_encoding(&parser))
        return NULL;
    if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        parser.line_start = parser.at = text + 3;
    while (parser.at < parser.end) {
        skip_blanks(&parser);
        if (peek(&parser, 0) == '[') {
            table = parse_header(&parser, root);
            if (table == NULL)
                return NULL;
            continue;
        }
        bool is_empty = parser.at == parser.end || peek(&parser, 0) == '#' || newline_length(&parser) > 0;
        if (!(is_empty || parse_pair(&parser, table)) || !end_line(&parser))
            return NULL;
    }
    return g_steal_pointer(&root);
}

const struct toml *toml_find(const struct toml *table, const char *key)
{
    return table->type == TOML_TABLE ? g_hash_table_lookup(table->index, key) : NULL;
}

const char *toml_type_name(enum toml_type type)
{
    static const char *const names[] = {"a table",   "an array", "a string",     "an integer",   "a float",
                                        "a boolean", "a date",   "a local date", "a local date", "a local time"};
    return names[type];
}
