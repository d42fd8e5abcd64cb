#include "notebook/jinja/engine.h"

#include <string.h>

gsize text_length(const char *s, gsize n)
{
    gsize count = 0;
    for (gsize i = 0; i < n; i++)
        count += (s[i] & 0xc0) != 0x80;
    return count;
}

const char *text_at(const char *s, gsize n, gsize chars)
{
    const char *end = s + n;
    while (chars-- && s < end)
        s = g_utf8_next_char(s);
    return s;
}

const char *text_find(const char *s, gsize n, const char *what, gsize m)
{
    return m > n ? NULL : m ? memmem(s, n, what, m) : s;
}

static gint64 bound(engine *e, value *v, gint64 fallback, gint64 low, gint64 high, gint64 n)
{
    if (!v || v->type == V_NONE)
        return fallback;
    gint64 i = v_to_int(e, v, "slice index");
    i = i < 0 ? (i < -n ? low : i + n) : i;
    return CLAMP(i, low, high);
}

static value *slice_of_range(engine *e, value *range, gint64 from, gint64 to, gint64 by)
{
    value *slice = v_new(e, V_RANGE);
    slice->i = range->i + from * range->step;
    slice->stop = range->i + to * range->step;
    slice->step = by * range->step;
    return slice;
}

value *text_slice(engine *e, value *v, value *start, value *stop, value *step)
{
    gint64 n = v_length(e, v), by = step && step->type != V_NONE ? v_to_int(e, step, "slice step") : 1;
    if (!by)
        j_fail(e, "slice step cannot be zero");
    by = CLAMP(by, -G_MAXINT32, G_MAXINT32);
    gint64 from = by > 0 ? bound(e, start, 0, 0, n, n) : bound(e, start, n - 1, -1, n - 1, n);
    gint64 to = by > 0 ? bound(e, stop, n, 0, n, n) : bound(e, stop, -1, -1, n - 1, n);
    if (v->type == V_RANGE)
        return slice_of_range(e, v, from, to, by);
    value *list = v_iterate(e, v), *result = v_new(e, v->type == V_TUPLE ? V_TUPLE : V_LIST);
    for (gint64 i = from; by > 0 ? i < to : i > to; i += by)
        list_add(e, result, list->items[i]);
    if (v->type != V_STR)
        return result;
    struct buf b = {0};
    for (gsize i = 0; i < result->n; i++)
        buf_add(e, &b, result->items[i]->s, result->items[i]->n);
    value *text = buf_value(e, &b);
    text->safe = v->safe;
    return text;
}

static char *change(int mode, gunichar c, bool first)
{
    char text[8] = {0};
    g_unichar_to_utf8(c, text);
    if (mode == 's')
        mode = g_unichar_isupper(c) ? 'l' : 'u';
    bool upper = mode == 'u' || ((mode == 'c' || mode == 't') && first);
    return c ? (upper ? g_utf8_strup(text, -1) : g_utf8_strdown(text, -1)) : NULL;
}

value *text_map(engine *e, value *v, int mode)
{
    struct buf b = {0};
    bool first = true;
    for (const char *p = v->s, *end = p + v->n; p < end; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        g_autofree char *to = change(mode, c, first);
        if (b.n + 16 > JINJA_MAX_OUTPUT)
            break;
        buf_add(e, &b, to ? to : "", to ? strlen(to) : 1);
        first = mode == 't' ? !g_unichar_isalpha(c) : false;
    }
    value *result = buf_value(e, &b);
    result->safe = v->safe;
    return result;
}

static bool strips(value *chars, const char *p, gsize n)
{
    if (!chars || chars->type != V_STR)
        return g_unichar_isspace(g_utf8_get_char(p)) || *p == '\v' || (*p >= 0x1c && *p <= 0x1f);
    return text_find(chars->s, chars->n, p, n) != NULL;
}

value *text_strip(engine *e, value *v, value *chars, int sides)
{
    const char *p = v->s, *end = p + v->n;
    for (; (sides & 1) && p < end && strips(chars, p, g_utf8_next_char(p) - p); p = g_utf8_next_char(p))
        j_step(e, 1);
    while ((sides & 2) && end > p) {
        const char *before = g_utf8_find_prev_char(p, end);
        if (!before || !strips(chars, before, end - before))
            break;
        end = before;
    }
    value *result = v_str(e, j_copy(e, p, end - p), end - p);
    result->safe = v->safe;
    return result;
}

value *text_replace(engine *e, value *v, value *from, value *to, gint64 count)
{
    struct buf b = {0};
    const char *p = v->s, *end = p + v->n, *found;
    while (count-- != 0 && (found = text_find(p, end - p, from->s, from->n))) {
        if (!from->n)
            found = p;
        buf_add(e, &b, p, found - p);
        buf_add(e, &b, to->s, to->n);
        p = found + from->n;
        if (!from->n) {
            if (p >= end)
                break;
            buf_add(e, &b, p, g_utf8_next_char(p) - p);
            p = g_utf8_next_char(p);
        }
    }
    buf_add(e, &b, p, end - p);
    return buf_value(e, &b);
}

value *text_join(engine *e, value *between, value *texts)
{
    struct buf b = {0};
    for (gsize i = 0; i < texts->n; i++) {
        value *text = between->safe ? v_escape(e, texts->items[i]) : texts->items[i];
        if (i)
            buf_add(e, &b, between->s, between->n);
        buf_add(e, &b, text->s, text->n);
    }
    value *result = buf_value(e, &b);
    result->safe = between->safe;
    return result;
}

const char *text_rstrip(const char *from, const char *end)
{
    while (end > from && g_unichar_isspace(g_utf8_get_char(g_utf8_prev_char(end))))
        end = g_utf8_prev_char(end);
    return end;
}

/* The length of Python's line end at `p`, or 0. */
static gsize line_end(const char *p, const char *end)
{
    gunichar c = g_utf8_get_char(p);
    if (c == '\r' && p + 1 < end && p[1] == '\n')
        return 2;
    bool is = (c >= '\n' && c <= '\r') || (c >= 0x1c && c <= 0x1e) || c == 0x85 || c == 0x2028 || c == 0x2029;
    return is ? (gsize)(g_utf8_next_char(p) - p) : 0;
}

value *text_splitlines(engine *e, value *v, bool keeps_ends)
{
    value *list = v_list(e);
    const char *from = v->s, *end = from + v->n;
    for (const char *p = from; p < end;) {
        gsize n = line_end(p, end);
        p = n ? p + n : g_utf8_next_char(p);
        if (n || p >= end) {
            gsize length = (gsize)(p - from) - (keeps_ends ? 0 : n);
            list_add(e, list, v_str(e, j_copy(e, from, length), length));
            from = p;
        }
    }
    return list;
}

value *text_pad(engine *e, value *v, gint64 width, const char *fill, int align)
{
    struct buf b = {0};
    gint64 n = text_length(v->s, v->n), missing = MAX(0, width - n);
    gint64 left = align == '<' ? 0 : align == '>' ? missing : missing / 2 + (missing & width & 1);
    buf_pad(e, &b, fill, left);
    buf_add(e, &b, v->s, v->n);
    buf_pad(e, &b, fill, missing - left);
    return buf_value(e, &b);
}
