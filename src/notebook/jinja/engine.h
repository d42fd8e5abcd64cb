/* What the parts of the Jinja engine share: memory, values, templates. All memory of a rendering lies in one arena; an error
 * unwinds to jinja_render() in one step. */
#pragma once

#include <glib.h>
#include <setjmp.h>
#include <stdbool.h>

#include "notebook/jinja/jinja.h"

typedef struct value value;
typedef struct engine engine;
typedef struct node node;
struct func;
struct frame;

enum value_type {
    V_UNDEFINED,
    V_NONE,
    V_BOOL,
    V_INT,
    V_BIG,
    V_FLOAT,
    V_STR,
    V_LIST,
    V_TUPLE,
    V_RANGE,
    V_ITERATOR,
    V_DICT,
    V_NAMESPACE,
    V_MODULE,
    V_MACRO,
    V_FUNC,
    V_LOOP,
    V_JOINER,
    V_CYCLER,
    V_BLOCK,
    V_SELF,
};

struct value {
    enum value_type type;
    bool safe;        /* V_STR: markup that is not escaped again */
    bool lenient;     /* V_UNDEFINED: of a condition without else; empty where text, truth or members are asked for */
    const char *view; /* V_LIST: "dict_items" …; V_TUPLE: "group" of groupby; V_ITERATOR: its type */
    gint64 i; /* V_INT, V_BOOL; V_RANGE: start; V_CYCLER: position; V_JOINER: used; V_BLOCK: level; V_ITERATOR: members that are gone */
    gint64 stop, step;
    double f;
    const char *s; /* V_STR; V_BIG: decimal digits with sign; V_UNDEFINED: message; V_MODULE: name */
    gsize n;       /* bytes of `s`, members of `items` or `keys` */
    gsize cap;
    value **items; /* V_LIST, V_TUPLE, V_ITERATOR, V_CYCLER; values of V_DICT, V_NAMESPACE, V_MODULE */
    value **keys;
    guint32 *index; /* open addressing, position + 1 */
    gsize index_size;
    value *self; /* V_FUNC: bound object; V_UNDEFINED: name; V_JOINER: separator */
    const struct func *func;
    const node *node;    /* V_MACRO, V_LOOP, V_BLOCK */
    struct frame *frame; /* V_UNDEFINED: where the name was looked for */
    struct loop *loop;
    const value *object; /* V_UNDEFINED: what has no such member */
};

struct buf {
    char *s;
    gsize n, cap;
};

struct args {
    value **pos;
    int n_pos;
    value **names; /* V_STR */
    value **vals;
    int n_named;
};

typedef value *(*native)(engine *e, value *self, value **arg, struct args *all);

/* A built-in: `params` are blank-separated names, bound by position or name into `arg` (NULL when absent); NULL = takes `all` itself. */
struct func {
    const char *name;
    const char *params;
    int required;
    native call;
    const char *class_name; /* what Python shows of a class; NULL: none */
};

struct frame {
    struct frame *parent;
    value *vars;
    bool top;        /* variables are exported */
    value *imported; /* dict: names that are not exported, since they were imported; NULL: none */
};

struct template
{
    struct template *next;
    const char *name;   /* for messages */
    const char *lookup; /* as the loader was asked */
    const char *text;
    gsize length;
    node *body;
    value *blocks; /* dict: name -> V_BLOCK */
};

struct call {
    struct call *parent;
    const char *what; /* "macro 'm'" */
    const node *at;   /* the place of the call */
};

struct loop {
    value *sequence; /* list */
    gsize i, n;
    int depth0;
    value *changed;
    const node *node;
    struct frame *frame;
};

struct engine {
    jmp_buf jump;
    char *error;
    void *chunks;
    char *free_at;
    gsize left, used;
    const struct jinja_options *options;
    GPtrArray *files;
    GArray *lines;
    struct template *templates, *main;
    int main_line;
    struct buf *out, root;
    const node *at;
    struct call *calls;
    int depth;
    guint64 steps;
    value *globals;
    struct frame *global_frame;
    struct unit *unit; /* the template being rendered with its block chains */
    bool autoescape;
};

#define JINJA_MAX_MEMORY ((gsize)384 << 20)
#define JINJA_MAX_OUTPUT ((gsize)64 << 20)
#define JINJA_MAX_STEPS G_GUINT64_CONSTANT(20000000)
#define JINJA_MAX_DEPTH 1000

/* engine.c: memory (zeroed, freed with the engine), errors, text buffers. */
void *j_alloc(engine *e, gsize size);
char *j_copy(engine *e, const char *s, gsize n);
void *j_grow(engine *e, void *old, gsize old_size, gsize new_size);
void j_fail(engine *e, const char *format, ...) G_GNUC_PRINTF(2, 3) G_GNUC_NORETURN;
void j_fail_at(engine *e, const struct template *t, int line, int col, const char *format, ...) G_GNUC_PRINTF(5, 6) G_GNUC_NORETURN;
void j_step(engine *e, guint64 n);
void j_enter(engine *e);
void j_leave(engine *e);
void buf_add(engine *e, struct buf *b, const char *s, gsize n);
void buf_str(engine *e, struct buf *b, const char *s);
void buf_pad(engine *e, struct buf *b, const char *fill, gint64 count);
void buf_printf(engine *e, struct buf *b, const char *format, ...) G_GNUC_PRINTF(3, 4);
value *buf_value(engine *e, struct buf *b);

/* value*.c: making and looking at values. */
extern value v_none_value, v_true_value, v_false_value;
#define V_NULL (&v_none_value)
value *v_new(engine *e, enum value_type type);
value *v_bool(bool b);
value *v_int(engine *e, gint64 i);
value *v_float(engine *e, double f);
value *v_str(engine *e, const char *s, gsize n); /* keeps `s` */
value *v_text(engine *e, const char *s);         /* keeps `s` */
value *v_list(engine *e);
value *v_tuple(engine *e, gsize n, value **items);
value *v_iterator(engine *e, value *list, const char *type); /* gives the members of `list` once */
value *v_pair(engine *e, value *a, value *b);
value *v_dict(engine *e);
value *v_lenient(engine *e); /* what a condition without else gives */
value *v_undefined(engine *e, const char *name, const char *format, ...) G_GNUC_PRINTF(3, 4);
value *v_func(engine *e, const struct func *func, value *self);
value *v_of_json(engine *e, const json_t *json);
void list_add(engine *e, value *list, value *item);
value *dict_get(engine *e, value *dict, value *key);
value *dict_get_text(engine *e, value *dict, const char *key);
void dict_set(engine *e, value *dict, value *key, value *item);
void dict_set_text(engine *e, value *dict, const char *key, value *item);
void dict_fill(engine *e, value *dict, struct args *all); /* as dict(…) and update(…) take it */
value *dict_remove(engine *e, value *dict, value *key);
void v_need(engine *e, value *v); /* fails for an undefined value */
bool v_true(engine *e, value *v);
bool v_equal(engine *e, value *a, value *b);
int v_compare(engine *e, value *a, value *b, const char *op);
bool v_contains(engine *e, value *container, value *item);
value *v_iterate(engine *e, value *v); /* a list with the members, not to be changed */
gint64 v_length(engine *e, value *v);  /* -1: has none */
const char *v_type_name(const value *v);
gint64 v_to_int(engine *e, value *v, const char *what);
bool v_is_number(const value *v);
bool v_is_text(const value *v, const char *text);
guint32 v_hash(engine *e, value *v);
void v_repr(engine *e, struct buf *b, value *v);
value *v_to_str(engine *e, value *v);
value *v_to_repr(engine *e, value *v);
value *v_to_ascii(engine *e, value *v); /* repr() with other characters escaped */
double v_to_double(engine *e, value *v);
value *v_escape(engine *e, value *v);

/* number.c */
const char *number_repr(engine *e, double f);
value *number_parse(engine *e, const char *s, gsize n, int base); /* NULL: no number */
bool number_parse_float(engine *e, value *text, double *ret_f);   /* as Python's float() reads it */
value *number_op(engine *e, const char *op, value *a, value *b);
value *number_of_double(engine *e, double f);
const char *number_in_base(engine *e, value *v, int base); /* of a V_BIG: digits with sign; base 2, 8, 16 */
int number_compare_big(value *a, value *b);
value *number_round(engine *e, value *v, gint64 digits, const char *method);

/* text.c: text by characters. */
gsize text_length(const char *s, gsize n);
const char *text_at(const char *s, gsize n, gsize chars);
value *text_slice(engine *e, value *s, value *start, value *stop, value *step);
value *text_map(engine *e, value *s, int mode); /* 'u' upper, 'l' lower, 'c' capitalize, 's' swapcase, 't' Python's title */
value *text_strip(engine *e, value *s, value *chars, int sides);
value *text_replace(engine *e, value *s, value *from, value *to, gint64 count);
value *text_pad(engine *e, value *s, gint64 width, const char *fill, int align);
value *text_join(engine *e, value *between, value *texts); /* markup as soon as `between` is: the texts are escaped then */
value *text_splitlines(engine *e, value *v, bool keeps_ends);
const char *text_rstrip(const char *from, const char *end);
const char *text_find(const char *s, gsize n, const char *what, gsize m);

/* wordwrap.c: `between` goes between the lines, which are at most `width` characters long. */
value *text_wrap(engine *e, value *v, gint64 width, bool breaks_words, value *between, bool breaks_hyphens);

/* format_percent.c, format_braces.c: format % args, format.format(…) */
value *format_percent(engine *e, value *format, value *args);
value *format_braces(engine *e, value *format, struct args *all);

/* methods.c, filters*.c, tests.c, globals.c: tables ending with a NULL name. */
const struct func *func_find(const struct func *table, const char *name);
const struct func *method_find(const value *self, const char *name);
const struct func *method_table(const value *self); /* NULL: no methods */
const struct func *filter_find(const char *name);
const struct func *test_find(const char *name);
extern const struct func *const filter_tables[], *const test_tables[]; /* NULL-terminated */
extern const struct func jinja_globals[];
extern const struct func methods_text[];
extern const struct func filters_text[], filters_list[], filters_markup[], filters_wrap[];

/* pretty.c: Python's pprint.pformat(). urlize.c: links in text. */
value *pretty_repr(engine *e, value *v);
value *filter_urlize(engine *e, value *self, value **arg, struct args *all);

/* hints.c: further lines for a message, each with a line break in front; "" for none. */
const char *hint_nearest(engine *e, const char *word, const char *const *names);
const char *hint_func(engine *e, const char *word, const struct func *const *tables); /* NULL-terminated */
const char *hint_undefined(engine *e, const value *v);
const char *hint_uncalled(engine *e, const value *v); /* as above, of a value that is called */
const char *hint_folders(engine *e, const char *name);

/* call.c, attributes.c, operators.c */
value *call_func(engine *e, const struct func *func, value *self, struct args *all);
value *call_value(engine *e, value *callee, struct args *all);
value *apply_filter(engine *e, value *name, value *input, struct args *all);
bool apply_test(engine *e, value *name, value *input, struct args *all);
value *get_attr(engine *e, value *v, value *name);
value *get_own_attr(engine *e, value *v, value *name); /* as above; members of a dict are none */
value *get_item(engine *e, value *v, value *key);
value *get_path(engine *e, value *v, value *path); /* "a.b.0" as filters take it */
value *eval_op(engine *e, const char *op, value *a, value *b);
bool v_is_sequence(const value *v);           /* a text, list or tuple */
value *v_join(engine *e, value *a, value *b); /* two sequences of one type, one behind the other */

/* exec*.c */
value *call_macro(engine *e, value *macro, struct args *all);
value *call_loop(engine *e, value *loop, struct args *all);
value *call_block(engine *e, value *block);
value *super_block(engine *e, value *chain, gsize level, struct frame *f); /* undefined behind the last one */
value *loop_attr(engine *e, value *loop, const char *name);
void emit(engine *e, const char *s, gsize n, bool advance);
void exec_main(engine *e, struct template *t);

/* engine.c, parser.c, loader.c: `text` is checked and loses its byte order mark; it is parsed. */
struct template *template_parse(engine *e, const char *name, const char *text, gsize length);
struct template *template_parse_text(engine *e, const char *name, const char *text, gsize length);
struct template *template_load(engine *e, const char *name); /* NULL: there is none */
