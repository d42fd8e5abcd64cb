/* The methods of lists, mappings, numbers and cyclers. */
#include "notebook/jinja/engine.h"

#include <string.h>

#define F(name) static value *name(engine *e, value *self, value **arg, struct args *all)

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

static value *keyword(struct args *all, const char *name)
{
    for (int i = 0; i < all->n_named; i++)
        if (v_is_text(all->names[i], name))
            return all->vals[i];
    return NULL;
}

/* By Python's order, not by the filter's, which takes no notice of case. */
F(l_sort)
{
    value *names[] = {v_text(e, "case_sensitive"), v_text(e, "reverse")}, *reverse = keyword(all, "reverse");
    value *vals[] = {&v_true_value, reverse ? reverse : &v_false_value};
    struct args how = {.names = names, .vals = vals, .n_named = 2};
    if (all->n_pos || all->n_named > (reverse != NULL))
        j_fail(e, "sort() takes only the argument 'reverse'");
    value *sorted = apply_filter(e, v_text(e, "sort"), self, &how);
    self->items = sorted->items;
    self->cap = sorted->cap;
    return V_NULL;
}

static const struct func of_list[] = {
    {"append", "item", 1, l_append}, {"extend", "items", 1, l_extend}, {"pop", "index", 0, l_pop},    {"insert", "index item", 2, l_insert},
    {"index", "item", 1, l_index},   {"remove", "item", 1, l_remove},  {"count", "item", 1, l_count}, {"reverse", "", 0, l_reverse},
    {"clear", "", 0, l_clear},       {"copy", "", 0, l_copy},          {"sort", NULL, 0, l_sort},     {NULL},
};

static const struct func of_tuple[] = {{"index", "item", 1, l_index}, {"count", "item", 1, l_count}, {NULL}};

F(r_index)
{
    value *list = v_iterate(e, self);
    return l_index(e, list, arg, all);
}

F(r_count)
{
    return v_int(e, v_contains(e, self, arg[0]));
}

static const struct func of_range[] = {{"index", "item", 1, r_index}, {"count", "item", 1, r_count}, {NULL}};

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
    dict_fill(e, self, all);
    return V_NULL;
}

F(d_copy)
{
    value *copy = v_dict(e);
    for (gsize i = 0; i < self->n; i++)
        dict_set(e, copy, self->keys[i], self->items[i]);
    return copy;
}

F(d_popitem)
{
    if (!self->n)
        j_fail(e, "popitem(): the mapping is empty");
    value *key = self->keys[self->n - 1];
    return v_pair(e, key, dict_remove(e, self, key));
}

F(d_clear)
{
    while (self->n)
        dict_remove(e, self, self->keys[self->n - 1]);
    return V_NULL;
}

F(d_fromkeys)
{
    value *keys = v_iterate(e, arg[0]), *dict = v_dict(e);
    for (gsize i = 0; i < keys->n; i++)
        dict_set(e, dict, keys->items[i], arg[1] ? arg[1] : V_NULL);
    return dict;
}

static const struct func of_dict[] = {
    {"items", "", 0, d_items},
    {"keys", "", 0, d_keys},
    {"values", "", 0, d_values},
    {"get", "key default", 1, d_get},
    {"pop", "key default", 1, d_pop},
    {"setdefault", "key default", 1, d_setdefault},
    {"update", NULL, 0, d_update},
    {"copy", "", 0, d_copy},
    {"popitem", "", 0, d_popitem},
    {"clear", "", 0, d_clear},
    {"fromkeys", "iterable value", 1, d_fromkeys},
    {NULL},
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

F(n_bit_length)
{
    if (self->type == V_BIG)
        return v_int(e, (gint64)strlen(number_in_base(e, self, 2)) - (*self->s == '-'));
    gint64 bits = 0;
    for (guint64 left = self->i < 0 ? -(guint64)self->i : (guint64)self->i; left; left >>= 1)
        bits++;
    return v_int(e, bits);
}

F(n_is_integer)
{
    return v_bool(self->f - self->f == 0 && self->f == (double)(gint64)self->f);
}

F(n_conjugate)
{
    return self;
}

static const struct func of_int[] = {{"bit_length", "", 0, n_bit_length}, {"conjugate", "", 0, n_conjugate}, {NULL}};
static const struct func of_float[] = {{"is_integer", "", 0, n_is_integer}, {"conjugate", "", 0, n_conjugate}, {NULL}};

const struct func *func_find(const struct func *table, const char *name)
{
    for (; table->name; table++)
        if (strcmp(table->name, name) == 0)
            return table;
    return NULL;
}

const struct func *method_table(const value *self)
{
    static const struct func *const tables[] = {
        [V_BOOL] = of_int,  [V_INT] = of_int,     [V_BIG] = of_int,     [V_FLOAT] = of_float, [V_STR] = methods_text,
        [V_LIST] = of_list, [V_TUPLE] = of_tuple, [V_RANGE] = of_range, [V_DICT] = of_dict,   [V_CYCLER] = of_cycler,
    };
    return self->type < G_N_ELEMENTS(tables) && !(self->type == V_LIST && self->view) ? tables[self->type] : NULL;
}

const struct func *method_find(const value *self, const char *name)
{
    const struct func *table = method_table(self);
    return table ? func_find(table, name) : NULL;
}
