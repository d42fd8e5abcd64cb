#include "notebook/highlight.h"

#include <stdlib.h>
#include <string.h>

#include "notebook/highlight_regex.h"
#include "notebook/lexer_tables.h"
#include "notebook/mime.h"

enum { MAX_CODE = 512 * 1024, MAX_LINE = 5000, MAX_STACK = 4000, MAX_NESTING = 6, MAX_STANDSTILL = 200, MAX_TOO_HARD = 30 };

struct sink {
    highlight_token_func func;
    gpointer data;
    const struct lexer *lexer;
    int nesting, too_hard;
};

struct run {
    struct sink *sink;
    const char *text;
    size_t length, place;
    GArray *stack; /* unsigned short: states */
};

static int compare_word(const void *key, const void *element)
{
    const struct run *word = key;
    const char *name = *(const char *const *)element;
    int order = strncmp(word->text, name, word->length);
    return order != 0 ? order : name[word->length] != '\0' ? -1 : 0;
}

static bool is_type_word(const struct lexer *lexer, const char *text, size_t length)
{
    struct run word = {.text = text, .length = length};
    return bsearch(&word, lexer->type_words, lexer->n_type_words, sizeof *lexer->type_words, compare_word) != NULL;
}

static void emit(struct sink *sink, int token, const char *text, size_t length)
{
    if (length == 0)
        return;
    if (token == lex_special.name && sink->lexer->n_type_words > 0 && is_type_word(sink->lexer, text, length))
        token = lex_special.keyword_type;
    sink->func(lex_tokens[token].name, lex_tokens[token].css, text, length, sink->data);
}

static void split(struct sink *sink, const char *text, size_t length, int first_state, int second_state);

static void act_on_piece(struct run *run, const struct lex_action *action, size_t start, size_t end)
{
    if (action->kind == LEX_TOKEN)
        emit(run->sink, action->value, run->text + start, end - start);
    else if (action->kind == LEX_USING)
        split(run->sink, run->text + start, end - start, lex_states[action->value].root, action->value);
    else
        emit(run->sink, lex_special.text, run->text + start, end - start);
}

/* Acts on the groups in order. Bytes of the match that no group holds have no token in Pygments' own stream; here they are text. */
static void act_on_groups(struct run *run, const struct lex_action *groups, const struct lex_match *match)
{
    size_t done = match->start[0];
    for (int i = 1; groups->kind != LEX_GROUPS_END; i++, groups++) {
        if (i >= match->n_groups || match->start[i] == PCRE2_UNSET || match->start[i] < done || match->end[i] < match->start[i])
            continue;
        emit(run->sink, lex_special.text, run->text + done, match->start[i] - done);
        act_on_piece(run, groups, match->start[i], match->end[i]);
        done = match->end[i];
    }
    emit(run->sink, lex_special.text, run->text + done, match->end[0] > done ? match->end[0] - done : 0);
}

static int top(const GArray *stack)
{
    return g_array_index(stack, unsigned short, stack->len - 1);
}

static void change_state(GArray *stack, const short *steps)
{
    for (; *steps != LEX_STEPS_END; steps++) {
        unsigned short state = *steps >= 0 ? *steps : top(stack);
        if (*steps == LEX_POP)
            g_array_set_size(stack, MAX(stack->len, 2) - 1);
        else
            g_array_append_val(stack, state);
    }
}

/* Applies the first rule of the current state that matches here; false if none does. */
static bool apply_rule(struct run *run)
{
    const struct lex_state *state = &lex_states[top(run->stack)];
    struct lex_match match;
    for (int i = state->first; i < state->first + state->count; i++) {
        const struct lex_rule *rule = &lex_rules[i];
        if (!lex_regex_match(rule->regex, run->text, run->length, run->place, &match, &run->sink->too_hard))
            continue;
        if (rule->action.kind == LEX_GROUPS)
            act_on_groups(run, lex_groups + rule->action.value, &match);
        else
            act_on_piece(run, &rule->action, match.start[0], match.end[0]);
        run->place = match.end[0];
        if (rule->transition >= 0)
            change_state(run->stack, lex_transitions + rule->transition);
        return true;
    }
    return false;
}

/* One character that no rule knows: a line end begins again at the root. */
static void skip_character(struct run *run)
{
    const char *here = run->text + run->place;
    size_t length = MIN((size_t)g_utf8_skip[(guchar)*here], run->length - run->place);
    if (*here == '\n') {
        unsigned short root = lex_states[top(run->stack)].root;
        g_array_set_size(run->stack, 0);
        g_array_append_val(run->stack, root);
    }
    emit(run->sink, *here == '\n' ? lex_special.whitespace : lex_special.error, here, length);
    run->place += length;
}

static void split(struct sink *sink, const char *text, size_t length, int first_state, int second_state)
{
    struct run run = {.sink = sink, .text = text, .length = length, .stack = g_array_new(FALSE, FALSE, sizeof(unsigned short))};
    unsigned short states[] = {first_state, second_state};
    g_array_append_vals(run.stack, states, first_state == second_state ? 1 : 2);
    sink->nesting++;
    int standstill = 0;
    while (run.place < length) {
        if (sink->nesting > MAX_NESTING || standstill > MAX_STANDSTILL || sink->too_hard > MAX_TOO_HARD || run.stack->len > MAX_STACK)
            break;
        size_t before = run.place;
        if (!apply_rule(&run))
            skip_character(&run);
        standstill = run.place == before ? standstill + 1 : 0;
    }
    sink->nesting--;
    emit(sink, lex_special.text, text + run.place, length - run.place);
    g_array_unref(run.stack);
}

int highlight_find(const char *name)
{
    static const char *const aliases[][2] = {
        {"py", "python"},
        {"python3", "python"},
        {"ipython", "python"},
        {"ipython3", "python"},
        {"c++", "cpp"},
        {"cc", "cpp"},
        {"h", "c"},
        {"hpp", "cpp"},
        {"cs", "csharp"},
        {"c#", "csharp"},
        {"rs", "rust"},
        {"ts", "typescript"},
        {"js", "typescript"},
        {"javascript", "typescript"},
    };
    g_autofree char *lower = g_ascii_strdown(name, -1);
    const char *wanted = lower;
    for (size_t i = 0; i < G_N_ELEMENTS(aliases); i++)
        if (strcmp(aliases[i][0], lower) == 0)
            wanted = aliases[i][1];
    for (int i = 0; i < n_lexers; i++)
        if (strcmp(lexers[i].name, wanted) == 0)
            return i;
    return -1;
}

int highlight_of_prog_lang(enum prog_lang prog_lang)
{
    return highlight_find(prog_langs[prog_lang].name);
}

/* Code that nobody wrote by hand is not coloured: the rules look ahead to the end of a line, often. */
static bool is_colourable(const char *text, size_t length)
{
    if (length > MAX_CODE || !g_utf8_validate(text, length, NULL))
        return false;
    for (const char *line = text, *end = text + length; line < end;) {
        const char *line_end = memchr(line, '\n', end - line);
        line_end = line_end == NULL ? end : line_end;
        if (line_end - line > MAX_LINE)
            return false;
        line = line_end + 1;
    }
    return true;
}

void highlight_split(int lexer, const char *text, size_t length, highlight_token_func func, gpointer data)
{
    if (lexer < 0 || lexer >= n_lexers || !is_colourable(text, length)) {
        func(lex_tokens[lex_special.text].name, "", text, length, data);
        return;
    }
    struct sink sink = {.func = func, .data = data, .lexer = &lexers[lexer]};
    split(&sink, text, length, lexers[lexer].root, lexers[lexer].root);
}

struct html_sink {
    GString *out;
    size_t left; /* bytes of the code that are still to come: the line end that was added for the rules is not shown */
    const char *open;
};

static void close_span(struct html_sink *sink, const char *next)
{
    if (sink->open == next)
        return;
    if (*sink->open)
        g_string_append(sink->out, "</span>");
    if (*next)
        g_string_append_printf(sink->out, "<span class=\"%s\">", next);
    sink->open = next;
}

static void append_span(const char *type, const char *css, const char *text, size_t length, gpointer data)
{
    struct html_sink *sink = data;
    length = MIN(length, sink->left);
    sink->left -= length;
    if (length == 0)
        return;
    bool plain = *css == '\0' || strcmp(css, "w") == 0;
    close_span(sink, plain ? "" : css);
    mime_append_escaped(sink->out, text, length);
}

void highlight_append_html(GString *out, int lexer, const char *code)
{
    g_autofree char *valid = g_utf8_make_valid(code, -1);
    size_t length = strlen(valid);
    g_autofree char *line = g_strconcat(valid, g_str_has_suffix(valid, "\n") ? "" : "\n", NULL);
    struct html_sink sink = {.out = out, .left = length, .open = ""};
    highlight_split(lexer, line, strlen(line), append_span, &sink);
    close_span(&sink, "");
}
