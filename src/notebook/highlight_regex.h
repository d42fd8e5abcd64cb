/* The lexers' regular expressions, compiled when first used and kept for the life of the process. */
#pragma once

#define PCRE2_CODE_UNIT_WIDTH 8
#include <glib.h>
#include <pcre2.h>
#include <stdbool.h>

enum { LEX_MAX_GROUPS = 32 };

struct lex_match {
    size_t start[LEX_MAX_GROUPS], end[LEX_MAX_GROUPS]; /* PCRE2_UNSET for groups that took no part */
    int n_groups;                                      /* with group 0 */
};

/* Matches regular expression `regex` exactly at `place`. False without a match; `*too_hard` is raised when a limit ended the search. */
bool lex_regex_match(int regex, const char *text, size_t length, size_t place, struct lex_match *match, int *too_hard);
