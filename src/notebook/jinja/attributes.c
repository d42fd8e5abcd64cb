/* Attributes and items of values. */
#include "notebook/jinja/ast.h"

#include <string.h>

static value *cycler_attr(engine *e, value *v, const char *name)
{
    if (strcmp(name, "items") == 0)
        return v_tuple(e, v->n, v->items);
    if (strcmp(name, "pos") == 0)
        return v_int(e, v->i % v->n);
    return strcmp(name, "current") == 0 ? v->items[v->i % v->n] : NULL;
}

static value *joiner_attr(value *v, const char *name)
{
    return strcmp(name, "sep") == 0 ? v->self : strcmp(name, "used") == 0 ? v_bool(v->i) : NULL;
}

static value *number_attr(engine *e, value *v, const char *name)
{
    bool is_float = v->type == V_FLOAT;
    if (strcmp(name, "real") == 0)
        return v->type == V_BOOL ? v_int(e, v->i) : v;
    if (strcmp(name, "imag") == 0)
        return is_float ? v_float(e, 0) : v_int(e, 0);
    if (!is_float && strcmp(name, "numerator") == 0)
        return v->type == V_BOOL ? v_int(e, v->i) : v;
    return !is_float && strcmp(name, "denominator") == 0 ? v_int(e, 1) : NULL;
}

static value *range_attr(engine *e, value *v, const char *name)
{
    if (strcmp(name, "start") == 0)
        return v_int(e, v->i);
    return strcmp(name, "stop") == 0 ? v_int(e, v->stop) : strcmp(name, "step") == 0 ? v_int(e, v->step) : NULL;
}

static value *macro_attr(engine *e, value *v, const char *name)
{
    value *names = v_new(e, V_TUPLE);
    for (int i = 0; i < v->node->n; i++)
        list_add(e, names, v->node->list[i]->name);
    if (strcmp(name, "name") == 0)
        return v->node->name ? v->node->name : V_NULL;
    if (strcmp(name, "arguments") == 0)
        return names;
    if (strcmp(name, "catch_kwargs") == 0)
        return v_bool(v->node->uses_kwargs);
    if (strcmp(name, "catch_varargs") == 0)
        return v_bool(v->node->uses_varargs);
    return strcmp(name, "caller") == 0 ? v_bool(v->node->uses_caller) : NULL;
}

static value *group_attr(value *v, const char *name)
{
    int i = strcmp(name, "grouper") == 0 ? 0 : strcmp(name, "list") == 0 ? 1 : -1;
    return i >= 0 && v->view && strcmp(v->view, "group") == 0 ? v->items[i] : NULL;
}

static value *own_attr(engine *e, value *v, value *name)
{
    const struct func *method = method_find(v, name->s);
    if (method)
        return v_func(e, method, v);
    if (v->type == V_NAMESPACE || v->type == V_MODULE || v->type == V_SELF)
        return dict_get(e, v, name);
    if (v->type == V_LOOP)
        return loop_attr(e, v, name->s);
    if (v->type == V_MACRO)
        return macro_attr(e, v, name->s);
    if (v->type == V_TUPLE)
        return group_attr(v, name->s);
    if (v->type == V_BLOCK && strcmp(name->s, "super") == 0)
        return super_block(e, v->self, v->i + 1, v->frame);
    if (v->type == V_RANGE)
        return range_attr(e, v, name->s);
    if (v->type == V_JOINER)
        return joiner_attr(v, name->s);
    if (v_is_number(v))
        return number_attr(e, v, name->s);
    return v->type == V_CYCLER ? cycler_attr(e, v, name->s) : NULL;
}

static value *missing(engine *e, value *v, value *name)
{
    value *undefined = v->type == V_MODULE
                           ? v_undefined(e, name->s, "the template '%s' does not export the requested name '%s'", v->s, name->s)
                           : v_undefined(e, name->s, "'%s object' has no attribute '%s'", v_type_name(v), name->s);
    undefined->object = v;
    return undefined;
}

value *get_attr(engine *e, value *v, value *name)
{
    if (v->type == V_UNDEFINED && strcmp(name->s, "_undefined_name") == 0)
        return v->self ? v->self : V_NULL;
    v_need(e, v);
    value *found = own_attr(e, v, name);
    if (!found && v->type == V_DICT)
        found = dict_get(e, v, name);
    return found ? found : missing(e, v, name);
}

value *get_own_attr(engine *e, value *v, value *name)
{
    v_need(e, v);
    value *found = own_attr(e, v, name);
    return found ? found : missing(e, v, name);
}

static value *at_index(engine *e, value *v, gint64 i)
{
    gint64 n = v_length(e, v);
    gint64 at = i < 0 ? i + n : i;
    if (at < 0 || at >= n)
        return NULL;
    if (v->type == V_RANGE)
        return v_int(e, v->i + at * v->step);
    if (v->type != V_STR)
        return v->items[at];
    const char *p = text_at(v->s, v->n, at);
    gsize bytes = MIN(g_utf8_next_char(p) - p, v->s + v->n - p);
    return v_str(e, j_copy(e, p, bytes), bytes);
}

value *get_item(engine *e, value *v, value *key)
{
    v_need(e, v);
    v_need(e, key);
    value *found = NULL;
    bool sequence_like = (v->type == V_LIST && !v->view) || v->type == V_TUPLE || v->type == V_STR || v->type == V_RANGE;
    if (v->type == V_DICT)
        found = key->type == V_LIST || key->type == V_DICT ? NULL : dict_get(e, v, key);
    else if (sequence_like && (key->type == V_INT || key->type == V_BOOL))
        found = at_index(e, v, key->i);
    if (!found && key->type == V_STR)
        found = own_attr(e, v, key);
    if (found)
        return found;
    if (key->type == V_STR)
        return missing(e, v, key);
    return v_undefined(e, v_to_str(e, key)->s, "%s object has no element %s", v_type_name(v), v_to_repr(e, key)->s);
}

value *get_path(engine *e, value *v, value *path)
{
    if (path->type != V_STR)
        return get_item(e, v, path);
    for (const char *p = path->s, *end = p + path->n; p <= end;) {
        gsize n = strcspn(p, ".");
        value *key = v_str(e, j_copy(e, p, n), n);
        bool number = n && n < 10 && strspn(key->s, "0123456789") == n;
        v = get_item(e, v, number ? number_parse(e, key->s, n, 10) : key);
        p += n + 1;
    }
    return v;
}
