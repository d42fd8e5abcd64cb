/* Text helpers: nearest names for "did you mean", places. */
#pragma once

#include <glib.h>

/* What some editors begin a file with; it is no part of its text. */
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

/* The member of the NULL-terminated `names` that is near enough to `word` to be meant, or NULL; borrowed. */
const char *text_nearest(const char *word, const char *const *names);

/* "did you mean 'x'?" for the nearest of `names`, or NULL; the caller frees it. */
char *text_did_you_mean(const char *word, const char *const *names);

/* The place of `text + offset`, from 1; columns count characters. What stands before it is valid UTF-8. */
void text_place(const char *text, gsize offset, int *ret_line, int *ret_col);
