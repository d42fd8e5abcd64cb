/* The methods of text. */
#include "notebook/jinja/engine.h"

#include <string.h>

#define F(name) static value *name(engine *e, value *self, value **arg, struct args *all)

static value *need_text(engine *e, value *v)
{
    if (!v || v->type != V_STR)
        j_fail(e, "a string is needed here, not %s", v ? v_type_name(v) : "nothing");
    return v;
}

F(s_upper)
{
    return text_map(e, self, 'u');
}
F(s_lower)
{
    return text_map(e, self, 'l');
}
F(s_capitalize)
{
    return text_map(e, self, 'c');
}
F(s_title)
{
    return text_map(e, self, 't');
}
F(s_swapcase)
{
    return text_map(e, self, 's');
}
F(s_strip)
{
    return text_strip(e, self, arg[0], 3);
}
F(s_lstrip)
{
    return text_strip(e, self, arg[0], 1);
}
F(s_rstrip)
{
    return text_strip(e, self, arg[0], 2);
}
F(s_format)
{
    return format_braces(e, self, all);
}

F(s_replace)
{
    return text_replace(e, self, need_text(e, arg[0]), need_text(e, arg[1]), arg[2] ? v_to_int(e, arg[2], "count") : -1);
}

static bool has_end(engine *e, value *self, value *what, bool front)
{
    if (what->type == V_TUPLE) {
        for (gsize i = 0; i < what->n; i++)
            if (has_end(e, self, need_text(e, what->items[i]), front))
                return true;
        return false;
    }
    need_text(e, what);
    return what->n <= self->n && memcmp(front ? self->s : self->s + self->n - what->n, what->s, what->n) == 0;
}

/* The part of the text that `start` and `end` (characters, as in a slice; may be NULL) leave; NULL when it is none. */
static value *part_of(engine *e, value *self, value *start, value *end)
{
    if (!start && !end)
        return self;
    if (start && start->type == V_INT && start->i > (gint64)text_length(self->s, self->n))
        return NULL;
    return text_slice(e, self, start, end, NULL);
}

F(s_startswith)
{
    value *part = part_of(e, self, arg[1], arg[2]);
    return v_bool(part && has_end(e, part, arg[0], true));
}
F(s_endswith)
{
    value *part = part_of(e, self, arg[1], arg[2]);
    return v_bool(part && has_end(e, part, arg[0], false));
}

static const char *find_last(value *in, value *what)
{
    for (const char *p = in->s + in->n; in->n >= what->n && p >= in->s + what->n; p--)
        if (memcmp(p - what->n, what->s, what->n) == 0)
            return p - what->n;
    return NULL;
}

static gint64 find(engine *e, value *self, value **arg, bool last)
{
    value *part = part_of(e, self, arg[1], arg[2]), *what = need_text(e, arg[0]);
    const char *found = !part ? NULL : last ? find_last(part, what) : text_find(part->s, part->n, what->s, what->n);
    gint64 from = arg[1] && arg[1]->type == V_INT ? arg[1]->i : 0;
    from = from < 0 ? MAX(0, from + (gint64)text_length(self->s, self->n)) : from;
    return found ? from + (gint64)text_length(part->s, found - part->s) : -1;
}

F(s_find)
{
    return v_int(e, find(e, self, arg, false));
}
F(s_rfind)
{
    return v_int(e, find(e, self, arg, true));
}

static value *index_of(engine *e, value *self, value **arg, bool last)
{
    gint64 at = find(e, self, arg, last);
    if (at < 0)
        j_fail(e, "substring not found");
    return v_int(e, at);
}

F(s_index)
{
    return index_of(e, self, arg, false);
}
F(s_rindex)
{
    return index_of(e, self, arg, true);
}

F(s_count)
{
    gint64 count = 0;
    self = part_of(e, self, arg[1], arg[2]);
    if (!self)
        return v_int(e, 0);
    const char *p = self->s, *end = p + self->n;
    if (!need_text(e, arg[0])->n)
        return v_int(e, text_length(self->s, self->n) + 1);
    while ((p = text_find(p, end - p, arg[0]->s, arg[0]->n)))
        count++, p += arg[0]->n;
    return v_int(e, count);
}

static void add_piece(engine *e, value *list, const char *from, const char *to)
{
    list_add(e, list, v_str(e, j_copy(e, from, to - from), to - from));
}

static bool is_space(const char *p)
{
    return g_unichar_isspace(g_utf8_get_char(p));
}

static value *split_blanks(engine *e, value *self, gint64 limit)
{
    value *list = v_list(e);
    const char *p = self->s, *end = p + self->n;
    for (;;) {
        while (p < end && is_space(p))
            p = g_utf8_next_char(p);
        if (p >= end)
            return list;
        const char *from = p;
        if (limit-- == 0) {
            add_piece(e, list, from, end);
            return list;
        }
        while (p < end && !is_space(p))
            p = g_utf8_next_char(p);
        add_piece(e, list, from, MIN(p, end));
    }
}

F(s_split)
{
    gint64 limit = arg[1] ? v_to_int(e, arg[1], "maxsplit") : -1;
    if (!arg[0] || arg[0]->type == V_NONE)
        return split_blanks(e, self, limit);
    value *list = v_list(e);
    const char *p = self->s, *end = p + self->n, *found;
    if (!need_text(e, arg[0])->n)
        j_fail(e, "empty separator");
    while (limit-- != 0 && (found = text_find(p, end - p, arg[0]->s, arg[0]->n))) {
        add_piece(e, list, p, found);
        p = found + arg[0]->n;
    }
    add_piece(e, list, p, end);
    return list;
}

/* Splits at blanks from the end. */
static value *rsplit_blanks(engine *e, value *self, gint64 limit)
{
    value *list = v_list(e);
    const char *from = self->s, *end = from + self->n;
    for (;;) {
        end = text_rstrip(from, end);
        if (end == from)
            break;
        const char *p = end;
        while (limit != 0 && p > from && !is_space(g_utf8_prev_char(p)))
            p = g_utf8_prev_char(p);
        if (limit-- == 0)
            p = from;
        add_piece(e, list, p, end);
        end = p;
    }
    return text_slice(e, list, NULL, NULL, v_int(e, -1));
}

F(s_rsplit)
{
    gint64 limit = arg[1] ? v_to_int(e, arg[1], "maxsplit") : -1;
    if (!arg[0] || arg[0]->type == V_NONE)
        return rsplit_blanks(e, self, limit);
    value *list = v_list(e), *rest = v_str(e, self->s, self->n);
    const char *found;
    if (!need_text(e, arg[0])->n)
        j_fail(e, "empty separator");
    while (limit-- != 0 && (found = find_last(rest, arg[0]))) {
        add_piece(e, list, found + arg[0]->n, rest->s + rest->n);
        rest = v_str(e, rest->s, found - rest->s);
    }
    add_piece(e, list, rest->s, rest->s + rest->n);
    return text_slice(e, list, NULL, NULL, v_int(e, -1));
}

static value *parts(engine *e, value *self, value *between, const char *found, bool last)
{
    value *list = v_new(e, V_TUPLE);
    const char *end = self->s + self->n;
    if (!need_text(e, between)->n)
        j_fail(e, "empty separator");
    if (!found)
        found = last ? self->s : end;
    bool has = (gsize)(end - found) >= between->n && memcmp(found, between->s, between->n) == 0;
    add_piece(e, list, self->s, found);
    add_piece(e, list, found, found + (has ? between->n : 0));
    add_piece(e, list, found + (has ? between->n : 0), end);
    return list;
}

F(s_partition)
{
    return parts(e, self, arg[0], text_find(self->s, self->n, need_text(e, arg[0])->s, arg[0]->n), false);
}
F(s_rpartition)
{
    return parts(e, self, arg[0], find_last(self, need_text(e, arg[0])), true);
}

F(s_splitlines)
{
    return text_splitlines(e, self, arg[0] && v_true(e, arg[0]));
}

F(s_join)
{
    value *list = v_iterate(e, arg[0]);
    for (gsize i = 0; i < list->n; i++)
        need_text(e, list->items[i]);
    return text_join(e, self, list);
}

F(s_expandtabs)
{
    gint64 size = arg[0] ? v_to_int(e, arg[0], "tabsize") : 8, column = 0;
    struct buf b = {0};
    for (const char *p = self->s, *end = p + self->n; p < end; p = g_utf8_next_char(p)) {
        if (*p == '\t') {
            gint64 n = size > 0 ? size - column % size : 0;
            buf_pad(e, &b, " ", n);
            column += n;
            continue;
        }
        buf_add(e, &b, p, g_utf8_next_char(p) - p);
        column = *p == '\n' || *p == '\r' ? 0 : column + 1;
    }
    return buf_value(e, &b);
}

/* Maps characters by a mapping from their numbers. */
F(s_translate)
{
    struct buf b = {0};
    if (arg[0]->type != V_DICT)
        j_fail(e, "translate() takes a mapping");
    for (const char *p = self->s, *end = p + self->n; p < end; p = g_utf8_next_char(p)) {
        value *to = dict_get(e, arg[0], v_int(e, g_utf8_get_char(p)));
        if (!to)
            buf_add(e, &b, p, g_utf8_next_char(p) - p);
        else if (to->type != V_NONE)
            to = to->type == V_INT ? format_percent(e, v_text(e, "%c"), to) : need_text(e, to), buf_add(e, &b, to->s, to->n);
    }
    return buf_value(e, &b);
}

F(s_format_map)
{
    struct args named = {0};
    if (arg[0]->type != V_DICT)
        j_fail(e, "format_map() takes a mapping");
    named.names = arg[0]->keys;
    named.vals = arg[0]->items;
    named.n_named = (int)arg[0]->n;
    return format_braces(e, self, &named);
}

static value *justify(engine *e, value *self, value **arg, int align)
{
    value *fill = arg[1] ? need_text(e, arg[1]) : v_text(e, " ");
    if (text_length(fill->s, fill->n) != 1)
        j_fail(e, "the fill character must be exactly one character long");
    return text_pad(e, self, v_to_int(e, arg[0], "width"), fill->s, align);
}

F(s_ljust)
{
    return justify(e, self, arg, '<');
}
F(s_rjust)
{
    return justify(e, self, arg, '>');
}
F(s_center)
{
    return justify(e, self, arg, '^');
}

F(s_zfill)
{
    bool sign = self->n && (*self->s == '-' || *self->s == '+');
    struct buf b = {0};
    buf_add(e, &b, self->s, sign);
    buf_pad(e, &b, "0", v_to_int(e, arg[0], "width") - (gint64)text_length(self->s, self->n));
    buf_add(e, &b, self->s + sign, self->n - sign);
    return buf_value(e, &b);
}

static value *all_chars(value *self, gboolean (*is)(gunichar))
{
    bool good = self->n > 0;
    for (const char *p = self->s; good && p < self->s + self->n; p = g_utf8_next_char(p))
        good = is(g_utf8_get_char(p));
    return v_bool(good);
}

F(s_isdigit)
{
    return all_chars(self, g_unichar_isdigit);
}
F(s_isalpha)
{
    return all_chars(self, g_unichar_isalpha);
}
F(s_isalnum)
{
    return all_chars(self, g_unichar_isalnum);
}
F(s_isspace)
{
    return all_chars(self, g_unichar_isspace);
}
static gboolean is_numeric(gunichar c)
{
    GUnicodeType type = g_unichar_type(c);
    return type == G_UNICODE_DECIMAL_NUMBER || type == G_UNICODE_LETTER_NUMBER || type == G_UNICODE_OTHER_NUMBER;
}

F(s_isnumeric)
{
    return all_chars(self, is_numeric);
}

static gboolean is_ascii(gunichar c)
{
    return c < 0x80;
}

F(s_isascii)
{
    return v_bool(!self->n || all_chars(self, is_ascii)->i);
}

static gboolean is_printable(gunichar c)
{
    return c == ' ' || (g_unichar_isprint(c) && !g_unichar_isspace(c));
}

F(s_isprintable)
{
    return v_bool(!self->n || all_chars(self, is_printable)->i);
}

static gboolean is_word(gunichar c)
{
    return c == '_' || g_unichar_isalnum(c) || g_unichar_ismark(c);
}

F(s_isidentifier)
{
    return v_bool(all_chars(self, is_word)->i && !g_unichar_isdigit(g_utf8_get_char(self->s)));
}

F(s_istitle)
{
    bool has_case = false;
    for (const char *p = self->s, *end = p + self->n; p < end; p = g_utf8_next_char(p))
        has_case |= g_unichar_isupper(g_utf8_get_char(p)) || g_unichar_islower(g_utf8_get_char(p));
    return v_bool(has_case && v_equal(e, v_str(e, self->s, self->n), text_map(e, v_str(e, self->s, self->n), 't')));
}

F(s_casefold)
{
    g_autofree char *folded = self->n < (1 << 20) ? g_utf8_casefold(self->s, (gssize)self->n) : NULL;
    return folded ? v_text(e, j_copy(e, folded, strlen(folded))) : text_map(e, self, 'l');
}

F(s_isupper)
{
    return v_bool(v_equal(e, self, text_map(e, self, 'u')) && !v_equal(e, self, text_map(e, self, 'l')));
}
F(s_islower)
{
    return v_bool(v_equal(e, self, text_map(e, self, 'l')) && !v_equal(e, self, text_map(e, self, 'u')));
}

F(s_removeprefix)
{
    gsize n = has_end(e, self, need_text(e, arg[0]), true) ? arg[0]->n : 0;
    return v_str(e, self->s + n, self->n - n);
}

F(s_removesuffix)
{
    gsize n = has_end(e, self, need_text(e, arg[0]), false) ? arg[0]->n : 0;
    return v_str(e, j_copy(e, self->s, self->n - n), self->n - n);
}

const struct func methods_text[] = {
    {"upper", "", 0, s_upper},
    {"lower", "", 0, s_lower},
    {"casefold", "", 0, s_casefold},
    {"capitalize", "", 0, s_capitalize},
    {"title", "", 0, s_title},
    {"swapcase", "", 0, s_swapcase},
    {"strip", "chars", 0, s_strip},
    {"lstrip", "chars", 0, s_lstrip},
    {"rstrip", "chars", 0, s_rstrip},
    {"format", NULL, 0, s_format},
    {"replace", "old new count", 2, s_replace},
    {"startswith", "prefix start end", 1, s_startswith},
    {"endswith", "suffix start end", 1, s_endswith},
    {"find", "sub start end", 1, s_find},
    {"rfind", "sub start end", 1, s_rfind},
    {"index", "sub start end", 1, s_index},
    {"rindex", "sub start end", 1, s_rindex},
    {"count", "sub start end", 1, s_count},
    {"split", "sep maxsplit", 0, s_split},
    {"rsplit", "sep maxsplit", 0, s_rsplit},
    {"partition", "sep", 1, s_partition},
    {"rpartition", "sep", 1, s_rpartition},
    {"splitlines", "keepends", 0, s_splitlines},
    {"expandtabs", "tabsize", 0, s_expandtabs},
    {"translate", "table", 1, s_translate},
    {"format_map", "mapping", 1, s_format_map},
    {"join", "iterable", 1, s_join},
    {"ljust", "width fillchar", 1, s_ljust},
    {"rjust", "width fillchar", 1, s_rjust},
    {"center", "width fillchar", 1, s_center},
    {"zfill", "width", 1, s_zfill},
    {"isdigit", "", 0, s_isdigit},
    {"isdecimal", "", 0, s_isdigit},
    {"isnumeric", "", 0, s_isnumeric},
    {"isascii", "", 0, s_isascii},
    {"isprintable", "", 0, s_isprintable},
    {"isidentifier", "", 0, s_isidentifier},
    {"istitle", "", 0, s_istitle},
    {"isalpha", "", 0, s_isalpha},
    {"isalnum", "", 0, s_isalnum},
    {"isspace", "", 0, s_isspace},
    {"isupper", "", 0, s_isupper},
    {"islower", "", 0, s_islower},
    {"removeprefix", "prefix", 1, s_removeprefix},
    {"removesuffix", "suffix", 1, s_removesuffix},
    {NULL},
};
