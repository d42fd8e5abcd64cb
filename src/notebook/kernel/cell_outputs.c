#include "notebook/kernel/cell_outputs.h"

#include <string.h>

#define OUTPUT_LIMIT (64u * 1024 * 1024) /* bytes shown by one cell */
#define LINE_LIMIT 200000u               /* lines of its text */

struct cell_outputs {
    json_t *array;
    GHashTable *displays;
    GString *stream;       /* text of the last output while it is a stream, or NULL */
    json_t *stream_output; /* borrowed from `array` */
    size_t n_bytes, n_lines;
    bool clears_next;
};

GHashTable *displays_new(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
}

struct cell_outputs *cell_outputs_new(GHashTable *displays)
{
    struct cell_outputs *outputs = g_new0(struct cell_outputs, 1);
    outputs->array = json_array();
    outputs->displays = displays;
    return outputs;
}

/* Start of the part of a line that a terminal leaves: behind its last carriage return that something follows. */
static const char *find_visible(const char *line, const char *end)
{
    for (const char *p = end - 1; p >= line; p--)
        if (*p == '\r' && p + 1 < end)
            return p + 1;
    return line;
}

static void append_line(GString *result, const char *line, const char *end)
{
    gsize start = result->len;
    for (const char *p = find_visible(line, end); p < end; p++) {
        if (*p != '\b')
            g_string_append_c(result, *p);
        if (*p != '\b' || result->len == start)
            continue;
        while (result->len > start + 1 && (result->str[result->len - 1] & 0xC0) == 0x80)
            g_string_truncate(result, result->len - 1);
        g_string_truncate(result, result->len - 1);
    }
}

char *text_settle(const char *text, size_t length, size_t *ret_length)
{
    GString *result = g_string_sized_new(length);
    const char *end = text + length;
    for (const char *line = text; line < end;) {
        const char *newline = memchr(line, '\n', (size_t)(end - line));
        const char *stop = newline != NULL ? newline : end;
        bool ends_with_return = newline != NULL && stop > line && stop[-1] == '\r';
        append_line(result, line, ends_with_return ? stop - 1 : stop);
        if (newline == NULL)
            break;
        g_string_append(result, ends_with_return ? "\r\n" : "\n");
        line = newline + 1;
    }
    *ret_length = result->len;
    return g_string_free(result, FALSE);
}

static void settle_stream(struct cell_outputs *outputs)
{
    if (outputs->stream == NULL)
        return;
    size_t length;
    g_autofree char *text = text_settle(outputs->stream->str, outputs->stream->len, &length);
    json_object_set_new(outputs->stream_output, "text", json_stringn(text, length));
    g_string_free(outputs->stream, TRUE);
    outputs->stream = NULL;
    outputs->stream_output = NULL;
}

static void clear(struct cell_outputs *outputs)
{
    settle_stream(outputs);
    json_array_clear(outputs->array);
    outputs->clears_next = false;
}

static size_t count_lines(const char *text, size_t length)
{
    size_t n = 0;
    for (const char *end = text + length; (text = memchr(text, '\n', (size_t)(end - text))) != NULL; text++)
        n++;
    return n;
}

static void add_stream(struct cell_outputs *outputs, const json_t *content)
{
    const json_t *text = json_object_get(content, "text");
    const char *name = json_get_text(content, "name", "stdout");
    if (!json_is_string(text))
        return;
    if (outputs->stream == NULL || strcmp(json_get_text(outputs->stream_output, "name", ""), name) != 0) {
        settle_stream(outputs);
        outputs->stream = g_string_new(NULL);
        outputs->stream_output = json_pack("{s:s,s:s}", "output_type", "stream", "name", name);
        json_array_append_new(outputs->array, outputs->stream_output);
    }
    g_string_append_len(outputs->stream, json_string_value(text), (gssize)json_string_length(text));
    outputs->n_bytes += json_string_length(text);
    outputs->n_lines += count_lines(json_string_value(text), json_string_length(text));
}

static void append(struct cell_outputs *outputs, json_t *output)
{
    settle_stream(outputs);
    json_array_append_new(outputs->array, output);
}

static void set_object(json_t *output, const char *key, const json_t *content)
{
    json_t *value = json_object_get(content, key);
    json_object_set_new(output, key, json_is_object(value) ? json_incref(value) : json_object());
}

static size_t count_bytes(const json_t *object)
{
    const char *key;
    json_t *value;
    size_t n = 0;
    json_object_foreach((json_t *)object, key, value) n += json_is_string(value) ? json_string_length(value) : 0;
    return n;
}

static void remember_display(struct cell_outputs *outputs, json_t *output, const json_t *content)
{
    const char *id = json_get_text(json_object_get(content, "transient"), "display_id", NULL);
    if (id == NULL)
        return;
    GPtrArray *known = g_hash_table_lookup(outputs->displays, id);
    if (known == NULL) {
        known = g_ptr_array_new_with_free_func((GDestroyNotify)json_decref);
        g_hash_table_insert(outputs->displays, g_strdup(id), known);
    }
    g_ptr_array_add(known, json_incref(output));
}

static void add_data(struct cell_outputs *outputs, const char *type, const json_t *content)
{
    json_t *output = json_pack("{s:s}", "output_type", type);
    set_object(output, "data", content);
    set_object(output, "metadata", content);
    if (strcmp(type, "execute_result") == 0)
        json_object_set_new(output, "execution_count", json_integer(json_get_int(content, "execution_count", 0)));
    outputs->n_bytes += count_bytes(json_object_get(output, "data"));
    remember_display(outputs, output, content);
    append(outputs, output);
}

static void add_error(struct cell_outputs *outputs, const json_t *content)
{
    json_t *traceback = json_object_get(content, "traceback");
    json_t *output = json_pack("{s:s,s:s,s:s}", "output_type", "error", "ename", json_get_text(content, "ename", ""), "evalue",
                               json_get_text(content, "evalue", ""));
    json_object_set_new(output, "traceback", json_is_array(traceback) ? json_incref(traceback) : json_array());
    append(outputs, output);
}

bool cell_outputs_add(struct cell_outputs *outputs, const char *type, json_t *content)
{
    static const char *const showing[] = {"stream", "display_data", "execute_result", "error", NULL};
    if (strcmp(type, "clear_output") == 0) {
        if (json_get_bool(content, "wait", false))
            outputs->clears_next = true;
        else
            clear(outputs);
        return true;
    }
    if (!g_strv_contains(showing, type))
        return true;
    if (outputs->clears_next)
        clear(outputs);
    if (strcmp(type, "stream") == 0)
        add_stream(outputs, content);
    else if (strcmp(type, "error") == 0)
        add_error(outputs, content);
    else
        add_data(outputs, type, content);
    return outputs->n_bytes <= OUTPUT_LIMIT && outputs->n_lines <= LINE_LIMIT;
}

static json_t *hide_folders(const json_t *text, const GRegex *cell_file, const char *work)
{
    g_autofree char *folder = g_strconcat(work, "/", NULL), *shown = NULL;
    const char *value = json_string_value(text);
    if (value == NULL || strlen(value) != json_string_length(text))
        return json_deep_copy(text);
    if (strstr(value, "/ipykernel_") != NULL)
        shown = g_regex_replace_literal(cell_file, value, -1, 0, "<cell>", 0, NULL);
    GString *plain = g_string_new(shown != NULL ? shown : value);
    g_autofree char *address = g_strconcat("file://", folder, NULL);
    g_string_replace(plain, address, "", 0);
    g_string_replace(plain, folder, "", 0);
    json_t *hidden = json_string(plain->str);
    g_string_free(plain, TRUE);
    return hidden;
}

void outputs_hide_folders(json_t *outputs, const char *work)
{
    g_autoptr(GRegex) cell_file = g_regex_new("[^\\s:\"']*/ipykernel_\\d+/\\d+\\.py", G_REGEX_DEFAULT, 0, NULL);
    size_t i, j;
    json_t *output, *line;
    json_array_foreach(outputs, i, output)
    {
        json_t *traceback = json_object_get(output, "traceback");
        if (strcmp(json_get_text(output, "name", ""), "stderr") == 0)
            json_object_set_new(output, "text", hide_folders(json_object_get(output, "text"), cell_file, work));
        if (json_object_get(output, "evalue") != NULL)
            json_object_set_new(output, "evalue", hide_folders(json_object_get(output, "evalue"), cell_file, work));
        json_array_foreach(traceback, j, line) json_array_set_new(traceback, j, hide_folders(line, cell_file, work));
    }
}

json_t *cell_outputs_finish(struct cell_outputs *outputs)
{
    settle_stream(outputs);
    json_t *array = outputs->array;
    g_free(outputs);
    return array;
}

void displays_update(GHashTable *displays, const json_t *content)
{
    const char *id = json_get_text(json_object_get(content, "transient"), "display_id", NULL);
    GPtrArray *known = id != NULL ? g_hash_table_lookup(displays, id) : NULL;
    for (unsigned i = 0; known != NULL && i < known->len; i++) {
        set_object(known->pdata[i], "data", content);
        set_object(known->pdata[i], "metadata", content);
    }
}
