/* The filter wordwrap: breaks lines where Python's textwrap module does (its documentation: TextWrapper). A line is cut into chunks,
 * words and the blanks between them; hyphenated words may be several chunks. */
#include "notebook/jinja/engine.h"

#include <string.h>

#define LETTER "[^\\d\\W]"
#define WORD_OR_MARK "[\\w!\"'&.,?]"
#define BLANK "[\\t\\n\\x0b\\x0c\\r ]"

/* In this order: blanks; a dash of two or more between words; a word up to a hyphen between letters, a blank or the end, or a dash. */
static const char hyphenated[] =
    BLANK "+|(?<=" WORD_OR_MARK ")-{2,}(?=\\w)|[^\\t\\n\\x0b\\x0c\\r ]+?(?:-(?:(?<=" LETTER LETTER "-)|(?<=" LETTER "-" WORD_OR_MARK
          "-))(?=" LETTER "-?" LETTER ")|(?=" BLANK "|\\Z)|(?<=" WORD_OR_MARK ")(?=-{2,}\\w))";
static const char plain[] = BLANK "+|[^\\t\\n\\x0b\\x0c\\r ]+";

struct wrapping {
    engine *e;
    struct buf *out;
    value *between;
    gsize width; /* in characters */
    bool breaks_words, breaks_hyphens;
    GRegex *chunk;
    bool has_line; /* of the current source line */
};

struct span {
    const char *at;
    gsize n; /* bytes */
};

static gsize length_of(struct span span)
{
    return text_length(span.at, span.n);
}

static bool is_blank(struct span span)
{
    for (gsize i = 0; i < span.n; i++)
        if (!g_ascii_isspace(span.at[i]) && span.at[i] != '\v')
            return false;
    return true;
}

static struct span *split(const struct wrapping *w, const char *line, gsize n, gsize *ret_count)
{
    struct span *spans = j_alloc(w->e, (n + 1) * sizeof *spans);
    g_autoptr(GMatchInfo) match = NULL;
    gsize count = 0;
    g_regex_match_full(w->chunk, line, (gssize)n, 0, 0, &match, NULL);
    for (int start, end; g_match_info_matches(match) && count < n; g_match_info_next(match, NULL))
        if (g_match_info_fetch_pos(match, 0, &start, &end) && end > start)
            spans[count++] = (struct span){line + start, (gsize)(end - start)};
    *ret_count = count;
    return spans;
}

/* How much of a word longer than the line still goes on it, in bytes. */
static gsize part_of_long_word(const struct wrapping *w, struct span word, gsize used)
{
    gsize left = w->width - used;
    gsize bytes = (gsize)(text_at(word.at, word.n, (gint64)left) - word.at);
    const char *hyphen = w->breaks_hyphens ? memrchr(word.at, '-', bytes) : NULL;
    for (const char *p = word.at; hyphen != NULL && p < hyphen; p++)
        if (*p != '-')
            return (gsize)(hyphen + 1 - word.at);
    return bytes;
}

static void write_line(struct wrapping *w, const struct span *spans, gsize count)
{
    if (count > 0 && is_blank(spans[count - 1]))
        count--;
    if (count == 0)
        return;
    if (w->has_line)
        buf_add(w->e, w->out, w->between->s, w->between->n);
    w->has_line = true;
    for (gsize i = 0; i < count; i++)
        buf_add(w->e, w->out, spans[i].at, spans[i].n);
}

static void wrap_line(struct wrapping *w, const char *line, gsize n)
{
    gsize count, first = 0;
    struct span *spans = split(w, line, n, &count);
    w->has_line = false;
    while (first < count) {
        gsize used = 0, next = first;
        if (w->has_line && is_blank(spans[first]))
            next = ++first;
        while (next < count && used + length_of(spans[next]) <= w->width)
            used += length_of(spans[next++]);
        struct span *longest = next < count && length_of(spans[next]) > w->width ? &spans[next] : NULL;
        if (longest != NULL && w->breaks_words && used < w->width) {
            struct span rest = *longest;
            gsize bytes = part_of_long_word(w, *longest, used);
            longest->n = bytes;
            write_line(w, spans + first, next + 1 - first);
            *longest = (struct span){rest.at + bytes, rest.n - bytes};
        } else {
            if (longest != NULL && next == first)
                next++;
            write_line(w, spans + first, next - first);
        }
        j_step(w->e, 1);
        first = next;
    }
}

/* Lines end as Python's splitlines() ends them, as far as ASCII goes. */
static void wrap_text(struct wrapping *w, value *v)
{
    for (const char *p = v->s, *end = p + v->n; p < end;) {
        gsize n = 0;
        while (p + n < end && memchr("\n\r\v\f\x1c\x1d\x1e", p[n], 7) == NULL)
            n++;
        wrap_line(w, p, n);
        p += n + (p + n + 1 < end && p[n] == '\r' && p[n + 1] == '\n') + 1;
        if (p < end)
            buf_add(w->e, w->out, w->between->s, w->between->n);
    }
}

value *text_wrap(engine *e, value *v, gint64 width, bool breaks_words, value *between, bool breaks_hyphens)
{
    GRegexCompileFlags raw = g_utf8_validate_len(v->s ? v->s : "", v->n, NULL) ? 0 : G_REGEX_RAW;
    struct buf out = {0};
    struct wrapping w = {
        .e = e,
        .out = &out,
        .between = between,
        .width = (gsize)width,
        .breaks_words = breaks_words,
        .breaks_hyphens = breaks_hyphens,
    };
    if (width < 1)
        j_fail(e, "invalid width %" G_GINT64_FORMAT " (must be > 0)", width);
    w.chunk = g_regex_new(breaks_hyphens ? hyphenated : plain, G_REGEX_OPTIMIZE | raw, 0, NULL);
    wrap_text(&w, v);
    g_regex_unref(w.chunk);
    return buf_value(e, &out);
}
