#include "notebook/jinja/engine.h"

#include <string.h>

#define F(name) static value *name(engine *e, value *self, value **arg, struct args *all)

F(t_defined)
{
    return v_bool(self->type != V_UNDEFINED);
}
F(t_undefined)
{
    return v_bool(self->type == V_UNDEFINED);
}
F(t_none)
{
    return v_bool(self->type == V_NONE);
}
F(t_boolean)
{
    return v_bool(self->type == V_BOOL);
}
F(t_true)
{
    return v_bool(self->type == V_BOOL && self->i);
}
F(t_false)
{
    return v_bool(self->type == V_BOOL && !self->i);
}
F(t_integer)
{
    return v_bool(self->type == V_INT || self->type == V_BIG);
}
F(t_float)
{
    return v_bool(self->type == V_FLOAT);
}
F(t_number)
{
    return v_bool(v_is_number(self));
}
F(t_string)
{
    return v_bool(self->type == V_STR);
}
F(t_mapping)
{
    return v_bool(self->type == V_DICT);
}
F(t_callable)
{
    bool is = self->type == V_UNDEFINED || self->type == V_MACRO || self->type == V_FUNC || self->type == V_LOOP || self->type == V_JOINER;
    return v_bool(is || self->type == V_BLOCK);
}
F(t_escaped)
{
    return v_bool(self->safe);
}
F(t_sameas)
{
    if (self->type == V_STR && arg[0]->type == V_STR) /* equal texts are one */
        return v_bool(v_equal(e, self, arg[0]));
    return v_bool(self == arg[0] || (self->type == arg[0]->type && self->type <= V_INT && v_equal(e, self, arg[0])));
}
F(t_eq)
{
    return v_bool(v_equal(e, self, arg[0]));
}
F(t_ne)
{
    return v_bool(!v_equal(e, self, arg[0]));
}
F(t_lt)
{
    return v_bool(v_compare(e, self, arg[0], "<") < 0);
}
F(t_le)
{
    return v_bool(v_compare(e, self, arg[0], "<=") <= 0);
}
F(t_gt)
{
    return v_bool(v_compare(e, self, arg[0], ">") > 0);
}
F(t_ge)
{
    return v_bool(v_compare(e, self, arg[0], ">=") >= 0);
}
F(t_in)
{
    return v_bool(v_contains(e, arg[0], self));
}
F(t_filter)
{
    return v_bool(filter_find(v_to_str(e, self)->s) != NULL);
}
static value *remainder_is(engine *e, value *v, gint64 by, gint64 rest)
{
    return v_bool(v_equal(e, eval_op(e, "%", v, v_int(e, by)), v_int(e, rest)));
}

F(t_odd)
{
    return remainder_is(e, self, 2, 1);
}
F(t_even)
{
    return remainder_is(e, self, 2, 0);
}
F(t_divisibleby)
{
    return v_bool(v_equal(e, eval_op(e, "%", self, arg[0]), v_int(e, 0)));
}

F(t_iterable)
{
    if (!self->lenient)
        v_need(e, self);
    bool is = self->type == V_STR || self->type == V_LIST || self->type == V_TUPLE || self->type == V_DICT || self->type == V_RANGE;
    return v_bool(is || self->lenient || self->type == V_ITERATOR || self->type == V_LOOP);
}

F(t_sequence)
{
    return v_bool(self->type == V_STR || (self->type == V_LIST && !self->view) || self->type == V_TUPLE || self->type == V_DICT ||
                  self->type == V_RANGE || self->lenient);
}

F(t_upper)
{
    value *text = v_to_str(e, self);
    return v_bool(v_equal(e, text, text_map(e, text, 'u')) && !v_equal(e, text, text_map(e, text, 'l')));
}

F(t_lower)
{
    value *text = v_to_str(e, self);
    return v_bool(v_equal(e, text, text_map(e, text, 'l')) && !v_equal(e, text, text_map(e, text, 'u')));
}

static value *t_test(engine *e, value *self, value **arg, struct args *all);

static const struct func tests[] = {
    {"defined", "", 0, t_defined},
    {"undefined", "", 0, t_undefined},
    {"none", "", 0, t_none},
    {"boolean", "", 0, t_boolean},
    {"true", "", 0, t_true},
    {"false", "", 0, t_false},
    {"integer", "", 0, t_integer},
    {"float", "", 0, t_float},
    {"number", "", 0, t_number},
    {"string", "", 0, t_string},
    {"mapping", "", 0, t_mapping},
    {"callable", "", 0, t_callable},
    {"escaped", "", 0, t_escaped},
    {"sameas", "other", 1, t_sameas},
    {"eq", "other", 1, t_eq},
    {"==", "other", 1, t_eq},
    {"equalto", "other", 1, t_eq},
    {"ne", "other", 1, t_ne},
    {"!=", "other", 1, t_ne},
    {"lt", "other", 1, t_lt},
    {"<", "other", 1, t_lt},
    {"lessthan", "other", 1, t_lt},
    {"le", "other", 1, t_le},
    {"<=", "other", 1, t_le},
    {"gt", "other", 1, t_gt},
    {">", "other", 1, t_gt},
    {"greaterthan", "other", 1, t_gt},
    {"ge", "other", 1, t_ge},
    {">=", "other", 1, t_ge},
    {"in", "seq", 1, t_in},
    {"odd", "", 0, t_odd},
    {"even", "", 0, t_even},
    {"divisibleby", "num", 1, t_divisibleby},
    {"iterable", "", 0, t_iterable},
    {"sequence", "", 0, t_sequence},
    {"upper", "", 0, t_upper},
    {"lower", "", 0, t_lower},
    {"filter", "", 0, t_filter},
    {"test", "", 0, t_test},
    {NULL},
};

const struct func *const test_tables[] = {tests, NULL};

const struct func *test_find(const char *name)
{
    return func_find(tests, name);
}

F(t_test)
{
    return v_bool(test_find(v_to_str(e, self)->s) != NULL);
}
