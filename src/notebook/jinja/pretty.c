/* The filter pprint: as Python's pprint module lays values out, 80 columns wide, mappings sorted by their keys. */
#include "notebook/jinja/engine.h"

#include <string.h>

#define WIDTH 80

struct printer {
    engine *e;
    struct buf out;
};

static void put(struct printer *p, value *v, gint64 indent, gint64 allowance);

static value *sorted_keys(engine *e, value *dict)
{
    value *name = v_text(e, "case_sensitive"), *yes = &v_true_value;
    return apply_filter(e, v_text(e, "sort"), dict, &(struct args){.names = &name, .vals = &yes, .n_named = 1});
}

/* The value on one line, mappings sorted. */
static void put_flat(engine *e, struct buf *b, value *v)
{
    bool dict = v->type == V_DICT, tuple = v->type == V_TUPLE;
    if (!dict && !tuple && (v->type != V_LIST || v->view)) {
        v_repr(e, b, v);
        return;
    }
    value *keys = dict ? sorted_keys(e, v) : v;
    j_enter(e);
    buf_str(e, b, dict ? "{" : tuple ? "(" : "[");
    for (gsize i = 0; i < keys->n; i++) {
        buf_str(e, b, i ? ", " : "");
        put_flat(e, b, keys->items[i]);
        if (!dict)
            continue;
        buf_str(e, b, ": ");
        put_flat(e, b, dict_get(e, v, keys->items[i]));
    }
    buf_str(e, b, dict ? "}" : tuple ? (v->n == 1 ? ",)" : ")") : "]");
    j_leave(e);
}

static void put_break(struct printer *p, gint64 indent)
{
    buf_str(p->e, &p->out, "\n");
    buf_pad(p->e, &p->out, " ", indent);
}

static gint64 width_of(const value *text)
{
    return (gint64)text_length(text->s, text->n);
}

/* Words with the blanks behind them. */
static value *words_of(engine *e, value *line)
{
    value *words = v_list(e);
    for (const char *from = line->s, *end = from + line->n, *p = from; p < end; from = p) {
        while (p < end && !g_unichar_isspace(g_utf8_get_char(p)))
            p = g_utf8_next_char(p);
        while (p < end && g_unichar_isspace(g_utf8_get_char(p)))
            p = g_utf8_next_char(p);
        list_add(e, words, v_str(e, j_copy(e, from, (gsize)(p - from)), (gsize)(p - from)));
    }
    return words;
}

/* The literals that one line of the text becomes. */
static void chunk_line(engine *e, value *chunks, value *line, gint64 width, gint64 last_width)
{
    value *words = words_of(e, line);
    struct buf now = {0};
    buf_add(e, &now, "", 0);
    for (gsize i = 0; i < words->n; i++) {
        struct buf more = {0};
        buf_add(e, &more, now.s, now.n);
        buf_add(e, &more, words->items[i]->s, words->items[i]->n);
        gint64 room = i + 1 == words->n ? last_width : width;
        if (now.n && width_of(v_to_repr(e, buf_value(e, &more))) > room) {
            list_add(e, chunks, v_to_repr(e, buf_value(e, &now)));
            more = (struct buf){0};
            buf_add(e, &more, words->items[i]->s, words->items[i]->n);
        }
        now = more;
    }
    if (now.n)
        list_add(e, chunks, v_to_repr(e, buf_value(e, &now)));
}

static void put_text(struct printer *p, value *v, gint64 indent, gint64 allowance, bool outermost)
{
    engine *e = p->e;
    value *lines = text_splitlines(e, v, true), *chunks = v_list(e);
    gint64 from = indent + outermost, after = allowance + outermost;
    for (gsize i = 0; i < lines->n; i++) {
        value *literal = v_to_repr(e, lines->items[i]);
        gint64 width = WIDTH - from, last = i + 1 == lines->n ? width - after : width;
        if (width_of(literal) <= last)
            list_add(e, chunks, literal);
        else
            chunk_line(e, chunks, lines->items[i], width, last);
    }
    bool encloses = outermost && chunks->n > 1;
    buf_str(e, &p->out, encloses ? "(" : "");
    for (gsize i = 0; i < chunks->n; i++) {
        if (i)
            put_break(p, from - (outermost && !encloses));
        buf_add(e, &p->out, chunks->items[i]->s, chunks->items[i]->n);
    }
    buf_str(e, &p->out, encloses ? ")" : "");
}

static void put_members(struct printer *p, value *v, gint64 indent, gint64 allowance)
{
    engine *e = p->e;
    bool tuple = v->type == V_TUPLE;
    buf_str(e, &p->out, tuple ? "(" : "[");
    for (gsize i = 0; i < v->n; i++) {
        if (i) {
            buf_str(e, &p->out, ",");
            put_break(p, indent + 1);
        }
        put(p, v->items[i], indent + 1, i + 1 == v->n ? allowance + 1 + (tuple && v->n == 1) : 1);
    }
    buf_str(e, &p->out, tuple ? (v->n == 1 ? ",)" : ")") : "]");
}

static void put_mapping(struct printer *p, value *v, gint64 indent, gint64 allowance)
{
    engine *e = p->e;
    value *keys = sorted_keys(e, v);
    buf_str(e, &p->out, "{");
    for (gsize i = 0; i < keys->n; i++) {
        struct buf key = {0};
        put_flat(e, &key, keys->items[i]);
        if (i) {
            buf_str(e, &p->out, ",");
            put_break(p, indent + 1);
        }
        buf_add(e, &p->out, key.s, key.n);
        buf_str(e, &p->out, ": ");
        put(p, dict_get(e, v, keys->items[i]), indent + 3 + (gint64)text_length(key.s, key.n), i + 1 == keys->n ? allowance + 1 : 1);
    }
    buf_str(e, &p->out, "}");
}

/* Writes a value that begins in column `indent`, with `allowance` columns needed behind it. */
static void put(struct printer *p, value *v, gint64 indent, gint64 allowance)
{
    engine *e = p->e;
    struct buf flat = {0};
    put_flat(e, &flat, v);
    bool fits = (gint64)text_length(flat.s, flat.n) <= WIDTH - indent - allowance;
    bool breaks = v->type == V_DICT || v->type == V_TUPLE || (v->type == V_LIST && !v->view) || (v->type == V_STR && !v->safe);
    if (fits || !breaks || !v->n) {
        buf_add(e, &p->out, flat.s, flat.n);
        return;
    }
    j_enter(e);
    if (v->type == V_STR)
        put_text(p, v, indent, allowance, indent == 0 && p->out.n == 0);
    else if (v->type == V_DICT)
        put_mapping(p, v, indent, allowance);
    else
        put_members(p, v, indent, allowance);
    j_leave(e);
}

value *pretty_repr(engine *e, value *v)
{
    struct printer p = {.e = e};
    if (v->type == V_UNDEFINED)
        v_need(e, v);
    put(&p, v, 0, 0);
    return buf_value(e, &p.out);
}
