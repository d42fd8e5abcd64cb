#include "notebook/markdown_maths.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define MARK_START "\xee\x80\x80" /* U+E000 */
#define MARK_END "\xee\x80\x81"   /* U+E001 */

enum { MAX_MATHS = 5000, MAX_FAILURES = 5000 };

static bool is_blank_line(const char *line)
{
    line += strspn(line, " \t");
    return *line == '\n' || *line == '\0';
}

/* The place of `what` behind `text` in the same paragraph, not escaped; NULL if there is none. */
static const char *find_end(const char *text, const char *what)
{
    size_t length = strlen(what);
    for (const char *p = text; *p && p - text < MAX_MATHS; p++) {
        if (strncmp(p, what, length) == 0)
            return p;
        if (*p == '\n' && is_blank_line(p + 1))
            return NULL;
        if (*p == '\\' && p[1] != '\0')
            p++;
    }
    return NULL;
}

static const char *end_of_inline(const char *p)
{
    if (g_ascii_isspace(p[1]) || p[1] == '\0')
        return NULL;
    const char *end = find_end(p + 1, "$");
    if (end == NULL || end == p + 1 || g_ascii_isspace(end[-1]) || g_ascii_isdigit(end[1]))
        return NULL;
    return end + 1;
}

static const char *end_of_environment(const char *p)
{
    const char *name = p + strlen("\\begin{");
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ*");
    if (length == 0 || length > 30 || name[length] != '}')
        return NULL;
    g_autofree char *end_tag = g_strdup_printf("\\end{%.*s}", (int)length, name);
    const char *end = find_end(name, end_tag);
    return end == NULL ? NULL : end + strlen(end_tag);
}

/* The end of the maths that begins at `p`, or NULL. */
static const char *end_of_maths(const char *p)
{
    if (g_str_has_prefix(p, "$$")) {
        const char *end = find_end(p + 2, "$$");
        return end == NULL || end == p + 2 ? NULL : end + 2;
    }
    if (*p == '$')
        return end_of_inline(p);
    if (g_str_has_prefix(p, "\\begin{"))
        return end_of_environment(p);
    return NULL;
}

/* The end of the code span that begins with the backticks at `p`; behind the backticks if it never ends. */
static const char *end_of_code_span(const char *p)
{
    size_t count = strspn(p, "`");
    const char *behind = p + count;
    for (const char *q = behind; *q && q - p < MAX_MATHS; q++) {
        if (*q == '\n' && is_blank_line(q + 1))
            return behind;
        if (*q != '`')
            continue;
        size_t run = strspn(q, "`");
        if (run == count)
            return q + run;
        q += run - 1;
    }
    return behind;
}

/* The length of a fence at the beginning of a line, 0 if there is none. */
static size_t fence_length(const char *line, char *kind)
{
    line += strspn(line, " \t>");
    size_t length = *line == '`' ? strspn(line, "`") : *line == '~' ? strspn(line, "~") : 0;
    *kind = *line;
    return length >= 3 ? length : 0;
}

static const char *end_of_line(const char *line)
{
    line += strcspn(line, "\n");
    return line + (*line == '\n');
}

/* The end of the fenced block that begins with this line, or NULL if it is no fence. */
static const char *end_of_fence(const char *line)
{
    char kind, other;
    size_t length = fence_length(line, &kind);
    if (length == 0)
        return NULL;
    if (kind == '`') { /* no fence but a code span, if its line holds more backticks */
        const char *info = line + strspn(line, " \t>") + length;
        if (memchr(info, '`', strcspn(info, "\n")) != NULL)
            return NULL;
    }
    for (line = end_of_line(line); *line; line = end_of_line(line)) {
        size_t closing = fence_length(line, &other);
        if (closing >= length && other == kind && is_blank_line(line + strspn(line, " \t>") + closing))
            return end_of_line(line);
    }
    return line;
}

static const char *take_one(const char *p, GString *out, GPtrArray *pieces, int *failures)
{
    if (g_str_has_prefix(p, MARK_START) || g_str_has_prefix(p, MARK_END)) {
        g_string_append(out, "\xef\xbf\xbd");
        return p + 3;
    }
    const char *end = *p == '`' ? end_of_code_span(p) : NULL;
    if (end == NULL && *p == '\\' && (p[1] == '$' || p[1] == '`' || p[1] == '\\'))
        end = p + 2;
    bool may_be_maths = end == NULL && (*p == '$' || *p == '\\') && *failures < MAX_FAILURES;
    if (may_be_maths && (end = end_of_maths(p)) != NULL) {
        g_string_append_printf(out, MARK_START "%u" MARK_END, pieces->len);
        g_ptr_array_add(pieces, g_strndup(p, end - p));
        return end;
    }
    *failures += may_be_maths;
    end = end == NULL ? p + 1 : end;
    g_string_append_len(out, p, end - p);
    return end;
}

char *maths_take_out(const char *text, GPtrArray *pieces)
{
    GString *out = g_string_sized_new(strlen(text) + 64);
    bool line_start = true;
    int failures = 0;
    for (const char *p = text; *p;) {
        const char *end = line_start ? end_of_fence(p) : NULL;
        if (end != NULL) {
            g_autofree char *fence = g_strndup(p, end - p);
            g_string_append(out, fence);
            p = end;
            continue;
        }
        line_start = *p == '\n';
        p = take_one(p, out, pieces, &failures);
    }
    return g_string_free(out, FALSE);
}

const char *maths_at_mark(const char *text, const GPtrArray *pieces, const char **end)
{
    if (!g_str_has_prefix(text, MARK_START))
        return NULL;
    char *behind;
    gulong number = strtoul(text + 3, &behind, 10);
    if (behind == text + 3 || !g_str_has_prefix(behind, MARK_END) || number >= pieces->len)
        return NULL;
    *end = behind + 3;
    return pieces->pdata[number];
}

char *maths_put_back(const char *text, const GPtrArray *pieces)
{
    GString *out = g_string_new(NULL);
    while (*text) {
        const char *end, *piece = maths_at_mark(text, pieces, &end);
        if (piece != NULL) {
            g_string_append(out, piece);
            text = end;
            continue;
        }
        g_string_append_c(out, *text++);
    }
    return g_string_free(out, FALSE);
}
