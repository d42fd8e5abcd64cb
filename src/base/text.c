#include "base/text.h"

#include <string.h>

#define MAX_WORD 64

/* Optimal string alignment distance of two short byte strings, case folded. */
static unsigned edit_distance(const char *a, const char *b)
{
    unsigned rows[3][MAX_WORD + 1];
    size_t n = strlen(a), m = strlen(b);
    if (n > MAX_WORD || m > MAX_WORD)
        return MAX_WORD;
    for (size_t j = 0; j <= m; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= n; i++) {
        unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= m; j++) {
            char x = g_ascii_tolower(a[i - 1]), y = g_ascii_tolower(b[j - 1]);
            row[j] = MIN(MIN(above[j] + 1, row[j - 1] + 1), above[j - 1] + (x != y));
            if (i > 1 && j > 1 && x == g_ascii_tolower(b[j - 2]) && g_ascii_tolower(a[i - 2]) == y)
                row[j] = MIN(row[j], above2[j - 2] + 1);
        }
    }
    return rows[n % 3][m];
}

const char *text_nearest(const char *word, const char *const *names)
{
    const char *best = NULL;
    unsigned best_distance = (unsigned)strlen(word) / 3 + 2;
    for (; *names != NULL; names++) {
        unsigned distance = edit_distance(word, *names);
        if (distance < best_distance) {
            best = *names;
            best_distance = distance;
        }
    }
    return best;
}

char *text_did_you_mean(const char *word, const char *const *names)
{
    const char *nearest = text_nearest(word, names);
    return nearest != NULL ? g_strdup_printf("did you mean '%s'?", nearest) : NULL;
}

void text_place(const char *text, gsize offset, int *ret_line, int *ret_col)
{
    const char *line = text, *end = text + offset;
    int n = 1;
    for (const char *next; (next = memchr(line, '\n', (gsize)(end - line))) != NULL; n++)
        line = next + 1;
    *ret_line = n;
    *ret_col = (int)g_utf8_strlen(line, end - line) + 1;
}
