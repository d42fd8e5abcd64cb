/* Mappings: keys in the order of their coming, found by open addressing. */
#include "notebook/jinja/engine.h"

#include <string.h>

guint32 v_hash(engine *e, value *v)
{
    guint32 h = 5381;
    if (v->type == V_STR || v->type == V_BIG) {
        for (gsize i = 0; i < v->n; i++)
            h = h * 33 + (guchar)v->s[i];
        return h;
    }
    if (v->type == V_TUPLE) {
        j_enter(e);
        for (gsize i = 0; i < v->n; i++)
            h = h * 1000003 + v_hash(e, v->items[i]);
        j_leave(e);
        return h;
    }
    if (v->type == V_LIST || v->type == V_DICT)
        j_fail(e, "unhashable type: '%s'", v_type_name(v));
    if (v_is_number(v)) {
        double f = v_to_double(e, v);
        gint64 bits;
        f = f == 0 ? 0 : f;
        memcpy(&bits, &f, sizeof bits);
        return (guint32)(bits ^ (bits >> 32)) * 2654435761u;
    }
    return v->type == V_NONE ? 7 : (guint32)((guintptr)v >> 4);
}

static void reindex(engine *e, value *dict)
{
    gsize size = 16;
    while (size < dict->cap * 2)
        size *= 2;
    dict->index = j_alloc(e, size * sizeof *dict->index);
    dict->index_size = size;
    for (gsize i = 0; i < dict->n; i++) {
        gsize slot = v_hash(e, dict->keys[i]) & (size - 1);
        while (dict->index[slot])
            slot = (slot + 1) & (size - 1);
        dict->index[slot] = i + 1;
    }
}

static gssize dict_find(engine *e, value *dict, value *key)
{
    guint32 hash = v_hash(e, key);
    for (gsize slot = hash & (dict->index_size - 1), left = dict->index_size; left && dict->index[slot]; left--) {
        gsize i = dict->index[slot] - 1;
        if (v_equal(e, dict->keys[i], key))
            return i;
        slot = (slot + 1) & (dict->index_size - 1);
    }
    return -1;
}

value *dict_get(engine *e, value *dict, value *key)
{
    gssize i = dict->n ? dict_find(e, dict, key) : -1;
    return i < 0 ? NULL : dict->items[i];
}

value *dict_get_text(engine *e, value *dict, const char *key)
{
    value name = {.type = V_STR, .s = key, .n = strlen(key)};
    return dict_get(e, dict, &name);
}

void dict_set(engine *e, value *dict, value *key, value *item)
{
    v_need(e, key);
    gssize at = dict->n ? dict_find(e, dict, key) : (v_hash(e, key), -1);
    if (at >= 0) {
        dict->items[at] = item;
        return;
    }
    if (dict->n == dict->cap || !dict->index) {
        gsize cap = dict->cap ? dict->cap * 2 : 8, old = dict->n * sizeof(value *);
        dict->items = j_grow(e, dict->items, old, cap * sizeof(value *));
        dict->keys = j_grow(e, dict->keys, old, cap * sizeof(value *));
        dict->cap = cap;
        reindex(e, dict);
    }
    gsize slot = v_hash(e, key) & (dict->index_size - 1);
    while (dict->index[slot])
        slot = (slot + 1) & (dict->index_size - 1);
    dict->keys[dict->n] = key;
    dict->items[dict->n++] = item;
    dict->index[slot] = dict->n;
}

void dict_set_text(engine *e, value *dict, const char *key, value *item)
{
    dict_set(e, dict, v_text(e, key), item);
}

value *dict_remove(engine *e, value *dict, value *key)
{
    gssize at = dict->n ? dict_find(e, dict, key) : -1;
    if (at < 0)
        return NULL;
    value *item = dict->items[at];
    dict->n--;
    memmove(dict->items + at, dict->items + at + 1, (dict->n - at) * sizeof(value *));
    memmove(dict->keys + at, dict->keys + at + 1, (dict->n - at) * sizeof(value *));
    j_step(e, dict->n);
    memset(dict->index, 0, dict->index_size * sizeof *dict->index);
    for (gsize i = 0; i < dict->n; i++) {
        gsize slot = v_hash(e, dict->keys[i]) & (dict->index_size - 1);
        while (dict->index[slot])
            slot = (slot + 1) & (dict->index_size - 1);
        dict->index[slot] = i + 1;
    }
    return item;
}
