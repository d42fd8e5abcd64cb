#include "notebook/jinja/engine.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "notebook/jinja/ast.h"

#define CHUNK ((gsize)64 << 10)
#define MAX_CALLS_SHOWN 20

struct chunk {
    struct chunk *next;
};

static void new_chunk(engine *e, gsize size)
{
    struct chunk *chunk = g_try_malloc0(sizeof *chunk + 8 + size);
    if (!chunk)
        j_fail(e, "out of memory");
    chunk->next = e->chunks;
    e->chunks = chunk;
    e->free_at = (char *)(chunk + 1) + 8;
    e->left = size;
}

/* Whether a call is of the same thing from the same place as the one in front of it. */
static bool is_repeated(const struct call *call, const struct call *before)
{
    return before && before->at && call->at && before->at == call->at && strcmp(call->what, before->what) == 0;
}

/* The message with the way to it, innermost first; a recursion is told once. */
static char *describe_calls(engine *e, char *message)
{
    GString *text = g_string_new(message);
    const struct call *before = NULL;
    int shown = 0, repeated = 0;
    for (const struct call *call = e->calls; call && shown < MAX_CALLS_SHOWN; before = call, call = call->parent) {
        if (!call->at || is_repeated(call, before)) {
            repeated += call->at != NULL;
            continue;
        }
        if (repeated > 0)
            g_string_append_printf(text, "\n  (%d more times)", repeated);
        repeated = 0;
        g_string_append_printf(text, "\n  in %s, called from %s:%d:%d", call->what, call->at->t->name, call->at->line, call->at->col);
        shown++;
    }
    if (repeated > 0)
        g_string_append_printf(text, "\n  (%d more times)", repeated);
    g_free(message);
    return g_string_free(text, FALSE);
}

void *j_alloc(engine *e, gsize size)
{
    if (size > JINJA_MAX_MEMORY || e->used + size > JINJA_MAX_MEMORY)
        j_fail(e, "the template needs too much memory");
    size = (size + 15) & ~(gsize)15;
    e->used += size;
    if (size > e->left)
        new_chunk(e, MAX(size, CHUNK));
    void *block = e->free_at;
    e->free_at += size;
    e->left -= size;
    return block;
}

char *j_copy(engine *e, const char *s, gsize n)
{
    char *copy = j_alloc(e, n + 1);
    if (n)
        memcpy(copy, s, n);
    return copy;
}

void *j_grow(engine *e, void *old, gsize old_size, gsize new_size)
{
    void *block = j_alloc(e, new_size);
    if (old_size)
        memcpy(block, old, old_size);
    return block;
}

static void G_GNUC_PRINTF(5, 0) fail_va(engine *e, const struct template *t, int line, int col, const char *format, va_list list)
{
    g_autofree char *message = g_strdup_vprintf(format, list);
    g_free(e->error);
    e->error = describe_calls(e, g_strdup_printf("%s:%d:%d: %s", t->name, line, col, message));
}

void j_fail_at(engine *e, const struct template *t, int line, int col, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    fail_va(e, t, line, col, format, list);
    va_end(list);
    longjmp(e->jump, 1);
}

void j_fail(engine *e, const char *format, ...)
{
    static const struct template nowhere = {.name = "template"};
    const struct template *t = e->at ? e->at->t : e->main ? e->main : &nowhere;
    va_list list;
    va_start(list, format);
    fail_va(e, t, e->at ? e->at->line : 1, e->at ? e->at->col : 1, format, list);
    va_end(list);
    longjmp(e->jump, 1);
}

void j_step(engine *e, guint64 n)
{
    e->steps += n;
    if (e->steps > JINJA_MAX_STEPS)
        j_fail(e, "the template runs too long (more than %" G_GUINT64_FORMAT " steps)", JINJA_MAX_STEPS);
}

void j_enter(engine *e)
{
    j_step(e, 1);
    if (++e->depth > JINJA_MAX_DEPTH)
        j_fail(e, "recursion is too deep%s%s", e->calls ? ", in " : "", e->calls ? e->calls->what : "");
}

void j_leave(engine *e)
{
    e->depth--;
}

void buf_add(engine *e, struct buf *b, const char *s, gsize n)
{
    if (b->n + n > JINJA_MAX_OUTPUT)
        j_fail(e, "the text becomes longer than 64 MiB");
    if (b->n + n + 1 > b->cap) {
        gsize cap = MAX(64, (b->n + n + 1) * 2);
        b->s = j_grow(e, b->s, b->n, cap);
        b->cap = cap;
    }
    if (n)
        memcpy(b->s + b->n, s, n);
    b->n += n;
    b->s[b->n] = 0;
}

void buf_str(engine *e, struct buf *b, const char *s)
{
    buf_add(e, b, s, strlen(s));
}

void buf_pad(engine *e, struct buf *b, const char *fill, gint64 count)
{
    gsize n = strlen(fill);
    for (; count > 0; count--)
        buf_add(e, b, fill, n);
}

void buf_printf(engine *e, struct buf *b, const char *format, ...)
{
    char text[512];
    va_list list;
    va_start(list, format);
    int n = vsnprintf(text, sizeof text, format, list);
    va_end(list);
    buf_add(e, b, text, CLAMP(n, 0, (int)sizeof text - 1));
}

value *buf_value(engine *e, struct buf *b)
{
    return v_str(e, b->s ? b->s : "", b->n);
}

static void free_engine(engine *e)
{
    for (struct chunk *chunk = e->chunks, *next; chunk; chunk = next) {
        next = chunk->next;
        g_free(chunk);
    }
    g_free(e->error);
}

static void check_text(engine *e, const char *name, const char *text, gsize length)
{
    struct template nameless = {.name = name};
    const char *at = NULL;
    int line, col;
    if (g_utf8_validate_len(text, length, &at))
        return;
    text_place(text, (gsize)(at - text), &line, &col);
    if (*at == '\0')
        j_fail_at(e, &nameless, line, col, "the file holds a NUL character: it is no text");
    j_fail_at(e, &nameless, line, col, "the file is not UTF-8 text (byte 0x%02x)\nsave it as UTF-8", (guchar)*at);
}

struct template *template_parse(engine *e, const char *name, const char *text, gsize length)
{
    check_text(e, name, text, length);
    gsize mark = length >= 3 && memcmp(text, BYTE_ORDER_MARK, 3) == 0 ? 3 : 0;
    return template_parse_text(e, name, text + mark, length - mark);
}

static GBytes *render(engine *e, const char *text, gsize length, const char *name)
{
    struct template nameless = {.name = name};
    e->main = &nameless;
    if (setjmp(e->jump))
        return NULL;
    e->globals = v_dict(e);
    for (const struct func *f = jinja_globals; f->name; f++)
        dict_set_text(e, e->globals, f->name, v_func(e, f, NULL));
    const char *key;
    json_t *item;
    json_object_foreach((json_t *)e->options->globals, key, item)
        dict_set_text(e, e->globals, j_copy(e, key, strlen(key)), v_of_json(e, item));
    e->global_frame = j_alloc(e, sizeof *e->global_frame);
    e->global_frame->vars = e->globals;
    e->main = template_parse(e, j_copy(e, name, strlen(name)), text, length);
    e->out = &e->root;
    exec_main(e, e->main);
    return g_bytes_new(e->root.s ? e->root.s : "", e->root.n);
}

GBytes *jinja_render_bytes(const char *text, gsize length, const char *name, const struct jinja_options *options, GPtrArray *ret_files,
                           GArray *ret_lines, GError **error)
{
    engine *e = g_new0(engine, 1);
    e->options = options;
    e->files = ret_files;
    e->lines = ret_lines;
    GBytes *result = render(e, text, length, name ? name : "template");
    if (!result)
        g_set_error_literal(error, CLX_ERROR, CLX_ERROR_SOURCE, e->error);
    free_engine(e);
    g_free(e);
    return result;
}

char *jinja_render_mapped(const char *text, gsize length, const char *name, const struct jinja_options *options, GPtrArray *ret_files,
                          GArray *ret_lines, GError **error)
{
    g_autoptr(GBytes) bytes = jinja_render_bytes(text, length, name, options, ret_files, ret_lines, error);
    gsize size = 0;
    const char *data = bytes ? g_bytes_get_data(bytes, &size) : NULL;
    if (!bytes)
        return NULL;
    if (size > 0 && memchr(data, '\0', size)) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_SOURCE, "%s: the expanded text holds a NUL character", name ? name : "template");
        return NULL;
    }
    return size > 0 ? g_strndup(data, size) : g_strdup("");
}

char *jinja_render(const char *text, gsize length, const char *name, const struct jinja_options *options, GPtrArray *ret_files,
                   GError **error)
{
    return jinja_render_mapped(text, length, name, options, ret_files, NULL, error);
}
