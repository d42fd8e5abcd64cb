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

F(s_startswith)
{
    return v_bool(has_end(e, self, arg[0], true));
}
F(s_endswith)
{
    return v_bool(has_end(e, self, arg[0], false));
}

F(s_find)
{
    const char *found = text_find(self->s, self->n, need_text(e, arg[0])->s, arg[0]->n);
    return v_int(e, found ? (gint64)text_length(self->s, found - self->s) : -1);
}

F(s_index)
{
    value *found = s_find(e, self, arg, all);
    if (found->i < 0)
        j_fail(e, "substring not found");
    return found;
}

F(s_count)
{
    gint64 count = 0;
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

F(s_splitlines)
{
    value *list = v_list(e);
    const char *p = self->s, *end = p + self->n;
    while (p < end) {
        const char *found = memchr(p, '\n', end - p);
        add_piece(e, list, p, found ? found : end);
        p = found ? found + 1 : end;
    }
    return list;
}

F(s_join)
{
    struct buf b = {0};
    value *list = v_iterate(e, arg[0]);
    for (gsize i = 0; i < list->n; i++) {
        if (i)
            buf_add(e, &b, self->s, self->n);
        buf_add(e, &b, need_text(e, list->items[i])->s, list->items[i]->n);
    }
    return buf_value(e, &b);
}

static value *justify(engine *e, value *self, value **arg, int align)
{
    value *fill = arg[1] ? need_text(e, arg[1]) : v_text(e, " ");
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

static const struct func of_str[] = {
    {"upper", "", 0, s_upper},
    {"lower", "", 0, s_lower},
    {"casefold", "", 0, s_lower},
    {"capitalize", "", 0, s_capitalize},
    {"title", "", 0, s_title},
    {"swapcase", "", 0, s_swapcase},
    {"strip", "chars", 0, s_strip},
    {"lstrip", "chars", 0, s_lstrip},
    {"rstrip", "chars", 0, s_rstrip},
    {"format", NULL, 0, s_format},
    {"replace", "old new count", 2, s_replace},
    {"startswith", "prefix", 1, s_startswith},
    {"endswith", "suffix", 1, s_endswith},
    {"find", "sub", 1, s_find},
    {"index", "sub", 1, s_index},
    {"count", "sub", 1, s_count},
    {"split", "sep maxsplit", 0, s_split},
    {"splitlines", "", 0, s_splitlines},
    {"join", "iterable", 1, s_join},
    {"ljust", "width fillchar", 1, s_ljust},
    {"rjust", "width fillchar", 1, s_rjust},
    {"center", "width fillchar", 1, s_center},
    {"zfill", "width", 1, s_zfill},
    {"isdigit", "", 0, s_isdigit},
    {"isdecimal", "", 0, s_isdigit},
    {"isnumeric", "", 0, s_isdigit},
    {"isalpha", "", 0, s_isalpha},
    {"isalnum", "", 0, s_isalnum},
    {"isspace", "", 0, s_isspace},
    {"isupper", "", 0, s_isupper},
    {"islower", "", 0, s_islower},
    {"removeprefix", "prefix", 1, s_removeprefix},
    {"removesuffix", "suffix", 1, s_removesuffix},
    {NULL},
};

F(l_append)
{
    list_add(e, self, arg[0]);
    return V_NULL;
}

F(l_extend)
{
    value *more = v_iterate(e, arg[0]);
    gsize n = more->n;
    j_step(e, n);
    for (gsize i = 0; i < n; i++)
        list_add(e, self, more->items[i]);
    return V_NULL;
}

F(l_pop)
{
    gint64 i = arg[0] ? v_to_int(e, arg[0], "index") : -1;
    i = i < 0 ? i + (gint64)self->n : i;
    if (i < 0 || i >= (gint64)self->n)
        j_fail(e, "pop index out of range");
    value *item = self->items[i];
    self->n--;
    memmove(self->items + i, self->items + i + 1, (self->n - i) * sizeof(value *));
    return item;
}

F(l_insert)
{
    gint64 i = v_to_int(e, arg[0], "index"), n = self->n;
    i = CLAMP(i < 0 ? i + n : i, 0, n);
    list_add(e, self, arg[1]);
    memmove(self->items + i + 1, self->items + i, (n - i) * sizeof(value *));
    self->items[i] = arg[1];
    return V_NULL;
}

F(l_index)
{
    for (gsize i = 0; i < self->n; i++)
        if (v_equal(e, self->items[i], arg[0]))
            return v_int(e, i);
    j_fail(e, "the value is not in the list");
}

F(l_remove)
{
    value *at = l_index(e, self, arg, all);
    l_pop(e, self, &at, all);
    return V_NULL;
}

F(l_count)
{
    gint64 n = 0;
    for (gsize i = 0; i < self->n; i++)
        n += v_equal(e, self->items[i], arg[0]);
    return v_int(e, n);
}

F(l_reverse)
{
    for (gsize i = 0, k = self->n; i + 1 < k; i++) {
        value *item = self->items[i];
        self->items[i] = self->items[--k];
        self->items[k] = item;
    }
    return V_NULL;
}

F(l_clear)
{
    self->n = 0;
    return V_NULL;
}

F(l_copy)
{
    value *copy = v_list(e);
    for (gsize i = 0; i < self->n; i++)
        list_add(e, copy, self->items[i]);
    return copy;
}

F(l_sort)
{
    value *sorted = apply_filter(e, v_text(e, "sort"), self, all);
    self->items = sorted->items;
    self->cap = sorted->cap;
    return V_NULL;
}

static const struct func of_list[] = {
    {"append", "item", 1, l_append}, {"extend", "items", 1, l_extend}, {"pop", "index", 0, l_pop},    {"insert", "index item", 2, l_insert},
    {"index", "item", 1, l_index},   {"remove", "item", 1, l_remove},  {"count", "item", 1, l_count}, {"reverse", "", 0, l_reverse},
    {"clear", "", 0, l_clear},       {"copy", "", 0, l_copy},          {"sort", NULL, 0, l_sort},     {NULL},
};

static value *view(engine *e, value *self, const char *name)
{
    value *list = v_list(e);
    list->view = name;
    for (gsize i = 0; i < self->n; i++)
        list_add(e, list, name[5] == 'i' ? v_pair(e, self->keys[i], self->items[i]) : name[5] == 'k' ? self->keys[i] : self->items[i]);
    return list;
}

F(d_items)
{
    return view(e, self, "dict_items");
}
F(d_keys)
{
    return view(e, self, "dict_keys");
}
F(d_values)
{
    return view(e, self, "dict_values");
}

F(d_get)
{
    value *found = dict_get(e, self, arg[0]);
    return found ? found : arg[1] ? arg[1] : V_NULL;
}

F(d_pop)
{
    value *found = dict_remove(e, self, arg[0]);
    if (!found && !arg[1])
        j_fail(e, "key %s is not in the mapping", v_to_repr(e, arg[0])->s);
    return found ? found : arg[1];
}

F(d_setdefault)
{
    value *found = dict_get(e, self, arg[0]);
    if (!found)
        dict_set(e, self, arg[0], found = arg[1] ? arg[1] : V_NULL);
    return found;
}

F(d_update)
{
    value *other = all->n_pos ? all->pos[0] : v_dict(e);
    if (other->type != V_DICT)
        j_fail(e, "update() takes a mapping");
    for (gsize i = 0, n = other->n; i < n; i++)
        dict_set(e, self, other->keys[i], other->items[i]);
    for (int i = 0; i < all->n_named; i++)
        dict_set(e, self, all->names[i], all->vals[i]);
    return V_NULL;
}

F(d_copy)
{
    value *copy = v_dict(e);
    for (gsize i = 0; i < self->n; i++)
        dict_set(e, copy, self->keys[i], self->items[i]);
    return copy;
}

static const struct func of_dict[] = {
    {"items", "", 0, d_items},        {"keys", "", 0, d_keys},          {"values", "", 0, d_values},
    {"get", "key default", 1, d_get}, {"pop", "key default", 1, d_pop}, {"setdefault", "key default", 1, d_setdefault},
    {"update", NULL, 0, d_update},    {"copy", "", 0, d_copy},          {NULL},
};

F(c_next)
{
    return self->items[self->i++ % self->n];
}

F(c_reset)
{
    self->i = 0;
    return V_NULL;
}

static const struct func of_cycler[] = {{"next", "", 0, c_next}, {"reset", "", 0, c_reset}, {NULL}};

const struct func *func_find(const struct func *table, const char *name)
{
    for (; table->name; table++)
        if (strcmp(table->name, name) == 0)
            return table;
    return NULL;
}

const struct func *method_find(const value *self, const char *name)
{
    const struct func *table = self->type == V_STR      ? of_str
                               : self->type == V_LIST   ? of_list
                               : self->type == V_DICT   ? of_dict
                               : self->type == V_CYCLER ? of_cycler
                                                        : NULL;
    return table ? func_find(table, name) : NULL;
}
