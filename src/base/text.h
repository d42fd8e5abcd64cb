/* Text helpers: nearest names for "did you mean". */
#pragma once

#include <glib.h>

/* The member of the NULL-terminated `names` that is near enough to `word` to be meant, or NULL; borrowed. */
const char *text_nearest(const char *word, const char *const *names);

/* "did you mean 'x'?" for the nearest of `names`, or NULL; the caller frees it. */
char *text_did_you_mean(const char *word, const char *const *names);
