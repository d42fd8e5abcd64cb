#include "notebook/jinja/ast.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

value v_none_value = {.type = V_NONE}, v_true_value = {.type = V_BOOL, .i = 1}, v_false_value = {.type = V_BOOL};

value *v_new(engine *e, enum value_type type)
{
    value *v = j_alloc(e, sizeof *v);
    v->type = type;
    return v;
}

value *v_bool(bool b)
{
    return b ? &v_true_value : &v_false_value;
}

value *v_int(engine *e, gint64 i)
{
    value *v = v_new(e, V_INT);
    v->i = i;
    return v;
}

value *v_float(engine *e, double f)
{
    value *v = v_new(e, V_FLOAT);
    v->f = f;
    return v;
}

value *v_str(engine *e, const char *s, gsize n)
{
    value *v = v_new(e, V_STR);
    v->s = s;
    v->n = n;
    return v;
}

value *v_text(engine *e, const char *s)
{
    return v_str(e, s, strlen(s));
}

value *v_list(engine *e)
{
    return v_new(e, V_LIST);
}

value *v_tuple(engine *e, gsize n, value **items)
{
    value *v = v_new(e, V_TUPLE);
    for (gsize i = 0; i < n; i++)
        list_add(e, v, items[i]);
    return v;
}

value *v_pair(engine *e, value *a, value *b)
{
    value *items[] = {a, b};
    return v_tuple(e, 2, items);
}

value *v_dict(engine *e)
{
    return v_new(e, V_DICT);
}

value *v_undefined(engine *e, const char *name, const char *format, ...)
{
    char text[600];
    value *v = v_new(e, V_UNDEFINED);
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    v->s = j_copy(e, text, strlen(text));
    v->self = name ? v_text(e, name) : NULL;
    return v;
}

value *v_lenient(engine *e)
{
    value *v = v_undefined(e, NULL, "the condition is false and has no else");
    v->lenient = true;
    return v;
}

value *v_iterator(engine *e, value *list, const char *type)
{
    value *v = v_new(e, V_ITERATOR);
    v->items = list->items;
    v->n = list->n;
    v->view = type;
    return v;
}

value *v_func(engine *e, const struct func *func, value *self)
{
    value *v = v_new(e, V_FUNC);
    v->func = func;
    v->self = self;
    return v;
}

void list_add(engine *e, value *list, value *item)
{
    if (list->n == list->cap) {
        gsize cap = list->cap ? list->cap * 2 : 4;
        list->items = j_grow(e, list->items, list->n * sizeof(value *), cap * sizeof(value *));
        list->cap = cap;
    }
    list->items[list->n++] = item;
}

static value *of_json_object(engine *e, const json_t *json)
{
    value *dict = v_dict(e);
    const char *key;
    json_t *item;
    json_object_foreach((json_t *)json, key, item) dict_set_text(e, dict, j_copy(e, key, strlen(key)), v_of_json(e, item));
    return dict;
}

value *v_of_json(engine *e, const json_t *json)
{
    value *list;
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        return of_json_object(e, json);
    case JSON_ARRAY:
        list = v_list(e);
        for (size_t i = 0; i < json_array_size(json); i++)
            list_add(e, list, v_of_json(e, json_array_get(json, i)));
        return list;
    case JSON_STRING:
        return v_str(e, j_copy(e, json_string_value(json), json_string_length(json)), json_string_length(json));
    case JSON_INTEGER:
        return v_int(e, json_integer_value(json));
    case JSON_REAL:
        return v_float(e, json_real_value(json));
    case JSON_NULL:
        return V_NULL;
    default:
        return v_bool(json_is_true(json));
    }
}

void v_need(engine *e, value *v)
{
    if (v->type == V_UNDEFINED)
        j_fail(e, "%s%s", v->s, hint_undefined(e, v));
}

bool v_is_number(const value *v)
{
    return v->type == V_INT || v->type == V_FLOAT || v->type == V_BOOL || v->type == V_BIG;
}

bool v_is_text(const value *v, const char *text)
{
    return v->type == V_STR && v->n == strlen(text) && memcmp(v->s, text, v->n) == 0;
}

double v_to_double(engine *e, value *v)
{
    if (v->type == V_FLOAT)
        return v->f;
    if (v->type == V_BIG)
        return g_ascii_strtod(v->s, NULL);
    if (v->type != V_INT && v->type != V_BOOL) {
        v_need(e, v);
        j_fail(e, "must be a number, not %s", v_type_name(v));
    }
    return v->i;
}

gint64 v_to_int(engine *e, value *v, const char *what)
{
    v_need(e, v);
    if (v->type != V_INT && v->type != V_BOOL)
        j_fail(e, "%s must be a whole number, not %s", what, v_type_name(v));
    return v->i;
}

const char *v_type_name(const value *v)
{
    static const char *const names[] = {
        [V_UNDEFINED] = "undefined", [V_NONE] = "NoneType", [V_BOOL] = "bool",           [V_INT] = "int",       [V_BIG] = "int",
        [V_FLOAT] = "float",         [V_STR] = "str",       [V_LIST] = "list",           [V_TUPLE] = "tuple",   [V_RANGE] = "range",
        [V_ITERATOR] = "generator",  [V_DICT] = "dict",     [V_NAMESPACE] = "Namespace", [V_MODULE] = "module", [V_MACRO] = "macro",
        [V_FUNC] = "function",       [V_LOOP] = "loop",     [V_JOINER] = "joiner",       [V_CYCLER] = "cycler", [V_BLOCK] = "block",
        [V_SELF] = "self",
    };
    if ((v->type == V_LIST || v->type == V_ITERATOR) && v->view)
        return v->view;
    return names[v->type];
}

gint64 v_length(engine *e, value *v)
{
    if (v->lenient)
        return 0;
    v_need(e, v);
    if (v->type == V_STR)
        return text_length(v->s, v->n);
    if (v->type == V_LIST || v->type == V_TUPLE || v->type == V_DICT)
        return v->n;
    if (v->type == V_LOOP)
        return v->loop->n;
    if (v->type != V_RANGE)
        return -1;
    if (v->step > 0)
        return v->stop > v->i ? (v->stop - v->i - 1) / v->step + 1 : 0;
    return v->stop < v->i ? (v->i - v->stop - 1) / -v->step + 1 : 0;
}

bool v_true(engine *e, value *v)
{
    if (v->lenient)
        return false;
    v_need(e, v);
    switch (v->type) {
    case V_NONE:
        return false;
    case V_BOOL:
    case V_INT:
        return v->i != 0;
    case V_FLOAT:
        return v->f != 0;
    case V_STR:
    case V_LIST:
    case V_TUPLE:
    case V_DICT:
        return v->n > 0;
    case V_RANGE:
        return v_length(e, v) > 0;
    default:
        return true;
    }
}

static value *iterate_text(engine *e, value *v)
{
    value *list = v_list(e);
    for (const char *p = v->s, *end = v->s + v->n; p < end;) {
        gsize n = MIN(g_utf8_next_char(p) - p, end - p);
        list_add(e, list, v_str(e, j_copy(e, p, n), n));
        p += n;
    }
    return list;
}

/* What an iterator still has; afterwards it has nothing. */
static value *drain(engine *e, value *v)
{
    value *list = v_list(e);
    list->items = v->n > 0 ? v->items + v->i : NULL;
    list->n = list->cap = v->n - v->i;
    v->i = v->n;
    return list;
}

value *v_iterate(engine *e, value *v)
{
    if (v->lenient)
        return v_list(e);
    v_need(e, v);
    value *list;
    if (v->type == V_ITERATOR)
        return drain(e, v);
    if (v->type == V_LOOP)
        return v->loop->sequence;
    if (v->type == V_LIST || v->type == V_TUPLE)
        return v;
    if (v->type == V_STR)
        return iterate_text(e, v);
    if (v->type != V_DICT && v->type != V_RANGE)
        j_fail(e, "'%s' object is not iterable", v_type_name(v));
    list = v_list(e);
    gint64 n = v_length(e, v);
    j_step(e, n);
    for (gint64 i = 0; i < n; i++)
        list_add(e, list, v->type == V_DICT ? v->keys[i] : v_int(e, v->i + i * v->step));
    return list;
}
