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

void list_add(engine *e, value *list, value *item)
{
    if (list->n == list->cap) {
        gsize cap = list->cap ? list->cap * 2 : 4;
        list->items = j_grow(e, list->items, list->n * sizeof(value *), cap * sizeof(value *));
        list->cap = cap;
    }
    list->items[list->n++] = item;
}

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

void v_need(engine *e, value *v)
{
    if (v->type == V_UNDEFINED)
        j_fail(e, "%s", v->s);
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

static bool equal_dicts(engine *e, value *a, value *b)
{
    if (a->n != b->n)
        return false;
    for (gsize i = 0; i < a->n; i++) {
        value *other = dict_get(e, b, a->keys[i]);
        if (!other || !v_equal(e, a->items[i], other))
            return false;
    }
    return true;
}

static bool equal_numbers(engine *e, value *a, value *b)
{
    if (a->type == V_FLOAT || b->type == V_FLOAT)
        return v_to_double(e, a) == v_to_double(e, b);
    if (a->type == V_BIG || b->type == V_BIG)
        return a->type == b->type && strcmp(a->s, b->s) == 0;
    return a->i == b->i;
}

/* Keys and items are sets; values are equal only to themselves. */
static bool equal_views(engine *e, value *a, value *b)
{
    if (!a->view || !b->view || strcmp(a->view, b->view) != 0 || strcmp(a->view, "dict_values") == 0 || a->n != b->n)
        return false;
    bool same = true;
    for (gsize i = 0; same && i < a->n; i++) {
        same = false;
        for (gsize k = 0; !same && k < b->n; k++)
            same = v_equal(e, a->items[i], b->items[k]);
        j_step(e, b->n);
    }
    return same;
}

bool v_equal(engine *e, value *a, value *b)
{
    if (a->lenient && (b->lenient || b->type != V_UNDEFINED))
        return b->lenient;
    if (b->lenient && a->type != V_UNDEFINED)
        return false;
    v_need(e, a);
    v_need(e, b);
    if (a == b)
        return true;
    if (v_is_number(a) && v_is_number(b))
        return equal_numbers(e, a, b);
    if (a->type != b->type)
        return false;
    if (a->type == V_STR)
        return a->n == b->n && memcmp(a->s, b->s, a->n) == 0;
    if (a->type == V_RANGE)
        return a->i == b->i && a->stop == b->stop && a->step == b->step;
    if (a->type == V_DICT) {
        j_enter(e);
        bool same = equal_dicts(e, a, b);
        j_leave(e);
        return same;
    }
    if (a->type != V_LIST && a->type != V_TUPLE)
        return a->type == V_NONE;
    if (a->type == V_LIST && (a->view || b->view))
        return equal_views(e, a, b);
    if (a->n != b->n)
        return false;
    j_enter(e);
    bool same = true;
    for (gsize i = 0; same && i < a->n && i < b->n; i++)
        same = v_equal(e, a->items[i], b->items[i]);
    j_leave(e);
    return same;
}

static int compare_lists(engine *e, value *a, value *b, const char *op)
{
    int result = 0;
    j_enter(e);
    for (gsize i = 0; !result && i < a->n && i < b->n; i++)
        if (!v_equal(e, a->items[i], b->items[i]))
            result = v_compare(e, a->items[i], b->items[i], op);
    j_leave(e);
    return result ? result : a->n < b->n ? -1 : a->n > b->n;
}

int v_compare(engine *e, value *a, value *b, const char *op)
{
    v_need(e, a);
    v_need(e, b);
    if (v_is_number(a) && v_is_number(b)) {
        if (a->type == V_FLOAT || b->type == V_FLOAT) {
            double x = v_to_double(e, a), y = v_to_double(e, b);
            return x < y ? -1 : x > y;
        }
        return a->type == V_BIG || b->type == V_BIG ? number_compare_big(a, b) : a->i < b->i ? -1 : a->i > b->i;
    }
    if (a->type == V_STR && b->type == V_STR) {
        int result = memcmp(a->s, b->s, MIN(a->n, b->n));
        return result ? result : a->n < b->n ? -1 : a->n > b->n;
    }
    if (a->type == b->type && (a->type == V_LIST || a->type == V_TUPLE))
        return compare_lists(e, a, b, op);
    j_fail(e, "'%s' not supported between instances of '%s' and '%s'", op, v_type_name(a), v_type_name(b));
}

bool v_contains(engine *e, value *c, value *item)
{
    v_need(e, c);
    if (c->type == V_STR) {
        v_need(e, item);
        if (item->type != V_STR)
            j_fail(e, "'in <string>' requires string as left operand, not %s", v_type_name(item));
        return text_find(c->s, c->n, item->s, item->n) != NULL;
    }
    if (c->type == V_DICT)
        return dict_get(e, c, item) != NULL;
    value *list = v_iterate(e, c);
    j_step(e, list->n);
    for (gsize i = 0; i < list->n; i++)
        if (v_equal(e, list->items[i], item))
            return true;
    return false;
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

static void repr_char(engine *e, struct buf *b, gunichar c, char quote)
{
    char text[8];
    const char *simple = c == '\n' ? "\\n" : c == '\t' ? "\\t" : c == '\r' ? "\\r" : c == '\\' ? "\\\\" : NULL;
    if (simple)
        buf_str(e, b, simple);
    else if (c == (gunichar)quote)
        buf_printf(e, b, "\\%c", quote);
    else if (c == ' ' || (g_unichar_isprint(c) && !g_unichar_isspace(c)))
        buf_add(e, b, text, g_unichar_to_utf8(c, text));
    else
        buf_printf(e, b, c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x", c);
}

static void repr_text(engine *e, struct buf *b, value *v)
{
    char quote = memchr(v->s, '\'', v->n) && !memchr(v->s, '"', v->n) ? '"' : '\'';
    if (v->safe)
        buf_str(e, b, "Markup(");
    buf_add(e, b, &quote, 1);
    for (const char *p = v->s, *end = v->s + v->n; p < end; p = g_utf8_next_char(p))
        repr_char(e, b, g_utf8_get_char(p), quote);
    buf_add(e, b, &quote, 1);
    if (v->safe)
        buf_str(e, b, ")");
}

static void repr_members(engine *e, struct buf *b, value *v)
{
    bool tuple = v->type == V_TUPLE;
    if (v->view && !tuple)
        buf_printf(e, b, "%s(", v->view);
    buf_str(e, b, tuple ? "(" : "[");
    for (gsize i = 0; i < v->n; i++) {
        if (i)
            buf_str(e, b, ", ");
        v_repr(e, b, v->items[i]);
    }
    buf_str(e, b, tuple ? (v->n == 1 ? ",)" : ")") : "]");
    if (v->view && !tuple)
        buf_str(e, b, ")");
}

static void repr_dict(engine *e, struct buf *b, value *v)
{
    buf_str(e, b, v->type == V_NAMESPACE ? "<Namespace {" : "{");
    for (gsize i = 0; i < v->n; i++) {
        if (i)
            buf_str(e, b, ", ");
        v_repr(e, b, v->keys[i]);
        buf_str(e, b, ": ");
        v_repr(e, b, v->items[i]);
    }
    buf_str(e, b, v->type == V_NAMESPACE ? "}>" : "}");
}

static void repr_other(engine *e, struct buf *b, value *v)
{
    if (v->type == V_MACRO && v->node->name)
        buf_printf(e, b, "<Macro '%s'>", v->node->name->s);
    else if (v->type == V_MACRO)
        buf_str(e, b, "<Macro anonymous>");
    else if (v->type == V_ITERATOR)
        buf_printf(e, b, "<%s object>", v->view);
    else if (v->type == V_SELF)
        buf_printf(e, b, "<TemplateReference '%s'>", v->s);
    else if (v->type == V_FUNC && !v->self && v->func->class_name)
        buf_printf(e, b, "<class '%s'>", v->func->class_name);
    else if (v->type == V_LOOP)
        buf_printf(e, b, "<LoopContext %d/%d>", (int)v->loop->i + 1, (int)v->loop->n);
    else if (v->type == V_RANGE && v->step == 1)
        buf_printf(e, b, "range(%" G_GINT64_FORMAT ", %" G_GINT64_FORMAT ")", v->i, v->stop);
    else if (v->type == V_RANGE)
        buf_printf(e, b, "range(%" G_GINT64_FORMAT ", %" G_GINT64_FORMAT ", %" G_GINT64_FORMAT ")", v->i, v->stop, v->step);
    else
        buf_printf(e, b, "<%s>", v_type_name(v));
}

void v_repr(engine *e, struct buf *b, value *v)
{
    j_enter(e);
    if (v->type == V_UNDEFINED)
        buf_str(e, b, "Undefined"); /* inside of a list it is no use of the value */
    else if (v->type == V_NONE)
        buf_str(e, b, "None");
    else if (v->type == V_BOOL)
        buf_str(e, b, v->i ? "True" : "False");
    else if (v->type == V_INT)
        buf_printf(e, b, "%" G_GINT64_FORMAT, v->i);
    else if (v->type == V_BIG)
        buf_str(e, b, v->s);
    else if (v->type == V_FLOAT)
        buf_str(e, b, number_repr(e, v->f));
    else if (v->type == V_STR)
        repr_text(e, b, v);
    else if (v->type == V_LIST || v->type == V_TUPLE)
        repr_members(e, b, v);
    else if (v->type == V_DICT || v->type == V_NAMESPACE)
        repr_dict(e, b, v);
    else
        repr_other(e, b, v);
    j_leave(e);
}

value *v_to_repr(engine *e, value *v)
{
    struct buf b = {0};
    v_repr(e, &b, v);
    return buf_value(e, &b);
}

value *v_to_ascii(engine *e, value *v)
{
    struct buf b = {0};
    v = v_to_repr(e, v);
    for (const char *p = v->s, *end = p + v->n; p < end; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        if (c < 0x80)
            buf_add(e, &b, p, 1);
        else
            buf_printf(e, &b, c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x", c);
    }
    return buf_value(e, &b);
}

value *v_to_str(engine *e, value *v)
{
    if (v->lenient)
        return v_text(e, "");
    v_need(e, v);
    if (v->type == V_STR)
        return v;
    if (v->type == V_MODULE)
        return v->self;
    return v_to_repr(e, v);
}

value *v_escape(engine *e, value *v)
{
    v = v_to_str(e, v);
    if (v->safe)
        return v;
    struct buf b = {0};
    for (gsize i = 0; i < v->n; i++) {
        char c = v->s[i];
        const char *to = c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '"' ? "&#34;" : c == '\'' ? "&#39;" : NULL;
        to ? buf_str(e, &b, to) : buf_add(e, &b, &c, 1);
    }
    value *result = buf_value(e, &b);
    result->safe = true;
    return result;
}
