/* The lexers' tables, written at build time by tools/lexer-tables.py from the installed Pygments. */
#pragma once

enum lex_action_kind { LEX_NOTHING, LEX_TOKEN, LEX_GROUPS, LEX_USING, LEX_GROUPS_END };
enum lex_flag { LEX_MULTILINE = 1, LEX_DOTALL = 2, LEX_CASELESS = 4, LEX_EXTENDED = 8 };
enum lex_step { LEX_POP = -1, LEX_PUSH_SAME = -2, LEX_STEPS_END = -32768 };

struct lex_regex {
    const char *pattern;
    int flags;
};

struct lex_token {
    const char *name; /* "Token.Keyword" */
    const char *css;  /* "k" */
};

struct lex_action {
    short kind;
    unsigned short value; /* token, place in lex_groups, or state */
};

struct lex_rule {
    unsigned short regex;
    struct lex_action action;
    short transition; /* place in lex_transitions, or -1 */
};

struct lex_state {
    unsigned short first, count; /* in lex_rules */
    unsigned short root;         /* the root state of its lexer */
};

struct lexer {
    const char *name;
    unsigned short root;
    const char *const *type_words; /* sorted by bytes */
    int n_type_words;
};

struct lex_special {
    int error, whitespace, text, name, keyword_type;
};

extern const struct lex_regex lex_regexes[];
extern const struct lex_token lex_tokens[];
extern const struct lex_action lex_groups[];
extern const short lex_transitions[];
extern const struct lex_rule lex_rules[];
extern const struct lex_state lex_states[];
extern const struct lexer lexers[];
extern const int n_lex_regexes, n_lexers;
extern const struct lex_special lex_special;
