#include "notebook/jinja/engine.h"

#include <string.h>

#define F(name) static value *name(engine *e, value *self, value **arg, struct args *all)

static value *attribute(engine *e, value *v, value *path, value *fallback)
{
    if (!path || path->type == V_NONE)
        return v;
    v = get_path(e, v, path);
    return v->type == V_UNDEFINED && fallback ? fallback : v;
}

static value *folded(engine *e, value *v, value *sensitive)
{
    return v->type == V_STR && !(sensitive && v_true(e, sensitive)) ? text_map(e, v, 'l') : v;
}

static value *copy_of(engine *e, value *v)
{
    value *list = v_iterate(e, v), *copy = v_list(e);
    j_step(e, list->n);
    for (gsize i = 0; i < list->n; i++)
        list_add(e, copy, list->items[i]);
    return copy;
}

F(f_list)
{
    return copy_of(e, self);
}

F(f_length)
{
    gint64 n = v_length(e, self);
    if (n < 0)
        j_fail(e, "object of type '%s' has no length", v_type_name(self));
    return v_int(e, n);
}

F(f_first)
{
    if (self->type == V_ITERATOR && self->i < (gint64)self->n)
        return self->items[self->i++];
    value *list = v_iterate(e, self);
    return list->n ? list->items[0] : v_undefined(e, NULL, "no first item, sequence was empty");
}

static void need_reversible(engine *e, value *v)
{
    if (v->type == V_ITERATOR)
        j_fail(e, "'%s' object is not reversible", v_type_name(v));
}

F(f_last)
{
    need_reversible(e, self);
    value *list = v_iterate(e, self);
    return list->n ? list->items[list->n - 1] : v_undefined(e, NULL, "no last item, sequence was empty");
}

/* One member, so that a rendering can be repeated: the first one. */
F(f_random)
{
    if (v_length(e, self) < 0 || self->type == V_DICT)
        j_fail(e, "random() needs a sequence");
    value *list = v_iterate(e, self);
    return list->n ? list->items[0] : v_undefined(e, NULL, "no random item, sequence was empty");
}

F(f_join)
{
    value *list = v_iterate(e, self), *between = arg[0] ? v_to_str(e, arg[0]) : v_text(e, ""), *texts = v_list(e);
    bool escapes = false;
    for (gsize i = 0; i < list->n; i++) {
        value *text = v_to_str(e, attribute(e, list->items[i], arg[1], NULL));
        escapes |= e->autoescape && text->safe;
        list_add(e, texts, text);
    }
    if (e->autoescape && (escapes || between->safe))
        between = v_escape(e, between);
    else
        between = v_str(e, between->s, between->n);
    return text_join(e, between, texts);
}

F(f_reverse)
{
    value *reversed = text_slice(e, self->type == V_STR ? self : copy_of(e, self), NULL, NULL, v_int(e, -1));
    return self->type == V_STR ? reversed : v_iterator(e, reversed, "list_reverseiterator");
}

static value *item_pairs(engine *e, value *v)
{
    if (v->type == V_UNDEFINED)
        return v_list(e);
    if (v->type != V_DICT)
        j_fail(e, "can only get item pairs from a mapping");
    return call_func(e, method_find(v, "items"), v, &(struct args){0});
}

F(f_items)
{
    return v_iterator(e, item_pairs(e, self), "generator");
}

/* Merge sort by keys; stable, also when reversed. */
static void sort_pairs(engine *e, value **keys, value **items, gsize n, bool reverse)
{
    if (n < 2)
        return;
    gsize half = n / 2, i = 0, k = half, to = 0;
    j_step(e, n);
    sort_pairs(e, keys, items, half, reverse);
    sort_pairs(e, keys + half, items + half, n - half, reverse);
    value **merged = j_alloc(e, 2 * n * sizeof(value *));
    while (i < half || k < n) {
        int order = i >= half ? 1 : k >= n ? -1 : v_compare(e, keys[k], keys[i], "<");
        bool second = i >= half || (k < n && (reverse ? order > 0 : order < 0));
        merged[n + to] = keys[second ? k : i];
        merged[to++] = items[second ? k++ : i++];
    }
    memcpy(items, merged, n * sizeof(value *));
    memcpy(keys, merged + n, n * sizeof(value *));
}

static value *sorted(engine *e, value *list, value *path, value *sensitive, bool reverse, value *fallback)
{
    value *copy = copy_of(e, list), *keys = v_list(e);
    for (gsize i = 0; i < copy->n; i++)
        list_add(e, keys, folded(e, attribute(e, copy->items[i], path, fallback), sensitive));
    sort_pairs(e, keys->items, copy->items, copy->n, reverse);
    return copy;
}

F(f_sort)
{
    if (arg[2] && arg[2]->type == V_STR && strchr(arg[2]->s, ',')) {
        struct args pieces = {0};
        value *comma = v_text(e, ","), *list = self;
        pieces.pos = &comma;
        pieces.n_pos = 1;
        value *paths = call_func(e, method_find(arg[2], "split"), arg[2], &pieces);
        for (gsize i = paths->n; i-- > 0;)
            list = sorted(e, list, paths->items[i], arg[1], arg[0] && v_true(e, arg[0]), NULL);
        return list;
    }
    return sorted(e, self, arg[2], arg[1], arg[0] && v_true(e, arg[0]), NULL);
}

F(f_dictsort)
{
    v_need(e, self);
    value *pairs = item_pairs(e, self);
    bool by_value = arg[1] && v_is_text(arg[1], "value");
    if (arg[1] && !by_value && !v_is_text(arg[1], "key"))
        j_fail(e, "you can only sort by either \"key\" or \"value\"");
    return sorted(e, pairs, v_int(e, by_value), arg[0], arg[2] && v_true(e, arg[2]), NULL);
}

F(f_groupby)
{
    value *list = sorted(e, self, arg[0], arg[2], false, arg[1]), *groups = v_list(e), *last = NULL;
    for (gsize i = 0; i < list->n; i++) {
        value *label = attribute(e, list->items[i], arg[0], arg[1]), *key = folded(e, label, arg[2]);
        if (!last || !v_equal(e, last, key)) {
            list_add(e, groups, v_pair(e, label, v_list(e)));
            groups->items[groups->n - 1]->view = "group";
        }
        list_add(e, groups->items[groups->n - 1]->items[1], list->items[i]);
        last = key;
    }
    return groups;
}

F(f_unique)
{
    value *list = v_iterate(e, self), *seen = v_dict(e), *result = v_list(e);
    for (gsize i = 0; i < list->n; i++) {
        value *key = folded(e, attribute(e, list->items[i], arg[1], NULL), arg[0]);
        if (!dict_get(e, seen, key))
            list_add(e, result, list->items[i]);
        dict_set(e, seen, key, V_NULL);
    }
    return v_iterator(e, result, "generator");
}

static value *extreme(engine *e, value *self, value **arg, int sign)
{
    value *list = v_iterate(e, self), *best = NULL, *best_key = NULL;
    for (gsize i = 0; i < list->n; i++) {
        value *key = folded(e, attribute(e, list->items[i], arg[1], NULL), arg[0]);
        if (!best || v_compare(e, key, best_key, "<") * sign > 0)
            best = list->items[i], best_key = key;
    }
    return best ? best : v_undefined(e, NULL, "no aggregated item, sequence was empty");
}

F(f_min)
{
    return extreme(e, self, arg, -1);
}
F(f_max)
{
    return extreme(e, self, arg, 1);
}

F(f_sum)
{
    value *list = v_iterate(e, self), *total = arg[1] ? arg[1] : v_int(e, 0);
    for (gsize i = 0; i < list->n; i++)
        total = eval_op(e, "+", total, attribute(e, list->items[i], arg[0], NULL));
    return total;
}

F(f_batch)
{
    value *list = v_iterate(e, self), *rows = v_list(e);
    value *row = v_list(e);
    for (gsize i = 0; i < list->n; i++) {
        if (v_equal(e, v_int(e, row->n), arg[0])) {
            list_add(e, rows, row);
            row = v_list(e);
        }
        list_add(e, row, list->items[i]);
    }
    if (row->n)
        list_add(e, rows, row);
    gint64 size = row->n && arg[1] && arg[1]->type != V_NONE ? v_to_int(e, arg[0], "linecount") : 0;
    j_step(e, MAX(0, size));
    while ((gint64)row->n < size)
        list_add(e, row, arg[1]);
    return v_iterator(e, rows, "generator");
}

F(f_slice)
{
    value *list = v_iterate(e, self), *rows = v_list(e);
    gint64 count = v_to_int(e, arg[0], "slices"), at = 0;
    if (count < 1 || count > 100000)
        j_fail(e, "slice() needs a number of slices from 1");
    gint64 size = list->n / count, longer = list->n % count;
    for (gint64 i = 0; i < count; i++) {
        value *row = v_list(e);
        for (gint64 k = size + (i < longer); k > 0; k--)
            list_add(e, row, list->items[at++]);
        if (arg[1] && arg[1]->type != V_NONE && i >= longer)
            list_add(e, row, arg[1]);
        list_add(e, rows, row);
    }
    return v_iterator(e, rows, "generator");
}

static value *keyword(struct args *all, const char *name)
{
    for (int i = 0; i < all->n_named; i++)
        if (v_is_text(all->names[i], name))
            return all->vals[i];
    return NULL;
}

static struct args rest_of(struct args *all, int skip)
{
    return (struct args){.pos = skip < all->n_pos ? all->pos + skip : NULL,
                         .n_pos = MAX(0, all->n_pos - skip),
                         .names = all->names,
                         .vals = all->vals,
                         .n_named = all->n_named};
}

F(f_map)
{
    value *list = v_true(e, self) ? v_iterate(e, self) : v_list(e), *result = v_list(e),
          *path = all->n_pos ? NULL : keyword(all, "attribute");
    if (!path && !all->n_pos && list->n)
        j_fail(e, "map requires a filter argument");
    for (int i = 0; path && i < all->n_named; i++)
        if (!v_is_text(all->names[i], "attribute") && !v_is_text(all->names[i], "default"))
            j_fail(e, "unexpected keyword argument '%s'", all->names[i]->s);
    for (gsize i = 0; i < list->n; i++) {
        struct args rest = rest_of(all, 1);
        list_add(e, result,
                 path ? attribute(e, list->items[i], path, keyword(all, "default")) : apply_filter(e, all->pos[0], list->items[i], &rest));
    }
    return v_iterator(e, result, "generator");
}

static value *choose(engine *e, value *self, struct args *all, bool keep, bool by_attribute)
{
    value *list = v_true(e, self) ? v_iterate(e, self) : v_list(e), *result = v_list(e);
    if (by_attribute && !all->n_pos && list->n)
        j_fail(e, "missing parameter for attribute name");
    for (gsize i = 0; i < list->n; i++) {
        value *v = by_attribute ? attribute(e, list->items[i], all->pos[0], NULL) : list->items[i];
        struct args rest = rest_of(all, by_attribute + 1);
        bool good = all->n_pos > by_attribute ? apply_test(e, all->pos[by_attribute], v, &rest) : v_true(e, v);
        if (good == keep)
            list_add(e, result, list->items[i]);
    }
    return v_iterator(e, result, "generator");
}

F(f_select)
{
    return choose(e, self, all, true, false);
}
F(f_reject)
{
    return choose(e, self, all, false, false);
}
F(f_selectattr)
{
    return choose(e, self, all, true, true);
}
F(f_rejectattr)
{
    return choose(e, self, all, false, true);
}
F(f_attr)
{
    value *name = v_to_str(e, arg[0]);
    if (self->type == V_DICT && !method_find(self, name->s)) /* members are no attributes */
        return v_undefined(e, name->s, "'dict object' has no attribute '%s'", name->s);
    return get_attr(e, self, name);
}

const struct func filters_list[] = {
    {"list", "", 0, f_list},
    {"length", "", 0, f_length},
    {"count", "", 0, f_length},
    {"first", "", 0, f_first},
    {"last", "", 0, f_last},
    {"random", "", 0, f_random},
    {"join", "d attribute", 0, f_join},
    {"reverse", "", 0, f_reverse},
    {"items", "", 0, f_items},
    {"sort", "reverse case_sensitive attribute", 0, f_sort},
    {"dictsort", "case_sensitive by reverse", 0, f_dictsort},
    {"groupby", "attribute default case_sensitive", 1, f_groupby},
    {"unique", "case_sensitive attribute", 0, f_unique},
    {"min", "case_sensitive attribute", 0, f_min},
    {"max", "case_sensitive attribute", 0, f_max},
    {"sum", "attribute start", 0, f_sum},
    {"batch", "linecount fill_with", 1, f_batch},
    {"slice", "slices fill_with", 1, f_slice},
    {"map", NULL, 0, f_map},
    {"select", NULL, 0, f_select},
    {"reject", NULL, 0, f_reject},
    {"selectattr", NULL, 0, f_selectattr},
    {"rejectattr", NULL, 0, f_rejectattr},
    {"attr", "name", 1, f_attr},
    {NULL},
};

const struct func *const filter_tables[] = {filters_text, filters_list, filters_markup, filters_wrap, NULL};

const struct func *filter_find(const char *name)
{
    const struct func *found = NULL;
    for (int i = 0; !found && filter_tables[i]; i++)
        found = func_find(filter_tables[i], name);
    return found;
}
