/* Tokens and the syntax tree of a template. */
#pragma once

#include "notebook/jinja/engine.h"

enum token_type { T_DATA, T_BLOCK, T_BLOCK_END, T_VAR, T_VAR_END, T_NAME, T_STR, T_INT, T_FLOAT, T_OP, T_ERROR, T_EOF };

struct token {
    enum token_type type;
    int line, col;
    const char *s; /* text; the decoded text of strings; the message of errors */
    gsize n;
};

enum node_type {
    /* expressions */
    N_CONST,
    N_NAME,
    N_LIST,
    N_TUPLE,
    N_DICT,
    N_BINARY, /* name = operator; a, b */
    N_AND,
    N_OR,
    N_NOT,
    N_NEG,
    N_POS,
    N_COMPARE, /* list[0] op list[1] op …; names = operators */
    N_CONCAT,
    N_COND, /* a if b else c */
    N_ATTR,
    N_ITEM,
    N_SLICE,
    N_CALL,
    N_FILTER,
    N_TEST,
    /* statements */
    N_DATA,
    N_PRINT,
    N_BODY,
    N_IF,  /* list = bodies of test and body; c = else */
    N_FOR, /* a target, b iterable, c filter, list[0] body, list[1] else */
    N_SET,
    N_SET_BLOCK,
    N_MACRO, /* list = parameters, values = defaults, a = body */
    N_CALL_BLOCK,
    N_FILTER_BLOCK,
    N_IMPORT,
    N_FROM,
    N_INCLUDE,
    N_EXTENDS,
    N_BLOCK,
    N_WITH,
    N_AUTOESCAPE,
    N_NSREF,
    N_NODE_TYPES,
};

struct node {
    enum node_type type;
    int line, col;
    struct template *t;
    value *name; /* constant, name, operator, text */
    node *a, *b, *c;
    node **list; /* members, arguments */
    int n, cap;
    node **values; /* of dicts, of keyword arguments, defaults */
    value **names; /* of keyword arguments, imports */
    value **aliases;
    int n_named;
    node *star, *star_star;
    bool flag, scoped, required, recursive; /* flag: with context, ignore missing: see the parser */
    bool ignore_missing, uses_kwargs, uses_varargs, uses_caller;
};

/* The tokens of a template; the last one is T_EOF or T_ERROR. */
struct token *lex(engine *e, struct template *t);
