/* Code colours: Pygments' own rules, run by a PCRE2 engine (notebook/lexer_tables.h). */
#pragma once

#include <glib.h>

#include "base/glossary.h"

/* Called with each piece of the text in order; `type` is "Token.Keyword" and so on, `css` the short class ("" for plain text). */
typedef void (*highlight_token_func)(const char *type, const char *css, const char *text, size_t length, gpointer data);

/* The number of a lexer for a language's usual names ("python", "py", "c++", "rust", …), or -1. */
int highlight_find(const char *name);

/* The number of the lexer of a programming language. */
int highlight_of_prog_lang(enum prog_lang prog_lang);

/* Splits valid UTF-8 text. Every byte is handed out exactly once, whatever the text holds; what is too hard is handed out as plain text. */
void highlight_split(int lexer, const char *text, size_t length, highlight_token_func func, gpointer data);

/* Appends the code as escaped HTML with <span class="…"> around coloured pieces; a lexer of -1 escapes only. */
void highlight_append_html(GString *out, int lexer, const char *code);
