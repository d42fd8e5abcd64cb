#include "notebook/notebook.h"

#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "notebook/source.h"

const char *const cell_type_names[] = {[CELL_CODE] = "code", [CELL_MARKDOWN] = "markdown", [CELL_RAW] = "raw", 0};

struct cell *cell_new(enum cell_type type, const char *source, int line)
{
    struct cell *cell = g_new0(struct cell, 1);
    cell->type = type;
    cell->source = g_strdup(source);
    cell->metadata = json_object();
    cell->line = line;
    return cell;
}

struct cell *cell_copy(const struct cell *cell)
{
    struct cell *copy = g_new0(struct cell, 1);
    *copy = *cell;
    copy->source = g_strdup(cell->source);
    json_incref(copy->metadata);
    json_incref(copy->attachments);
    json_incref(copy->outputs);
    return copy;
}

void cell_free(struct cell *cell)
{
    if (cell == 0)
        return;
    g_free(cell->source);
    json_decref(cell->metadata);
    json_decref(cell->attachments);
    json_decref(cell->outputs);
    g_free(cell);
}

bool cell_has_tag(const struct cell *cell, const char *tag)
{
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(cell->metadata, "tags"), i, item)
    {
        if (json_is_string(item) && strcmp(json_string_value(item), tag) == 0)
            return true;
    }
    return false;
}

struct notebook *notebook_new(enum prog_lang prog_lang)
{
    struct notebook *notebook = g_new0(struct notebook, 1);
    notebook->cells = g_ptr_array_new_with_free_func((GDestroyNotify)cell_free);
    notebook->metadata = json_object();
    notebook->prog_lang = prog_lang;
    return notebook;
}

void notebook_free(struct notebook *notebook)
{
    if (notebook == 0)
        return;
    g_ptr_array_unref(notebook->cells);
    json_decref(notebook->metadata);
    g_free(notebook);
}

static void hash_id(const char *text, size_t length, char ret_id[17])
{
    g_autofree char *hex = hash_sha3_224_hex(text, length);
    g_strlcpy(ret_id, hex, 17);
}

/* The id of a cell whose first one is taken. */
static void find_free_id(struct cell *cell, const char *source, GHashTable *taken)
{
    if (!g_hash_table_contains(taken, cell->id))
        return;
    g_autoptr(GString) text = g_string_new(source);
    for (int index = cell->index; g_hash_table_contains(taken, cell->id); index++) {
        g_string_append_printf(text, "%d:%s", index, source);
        hash_id(text->str, text->len, cell->id);
    }
}

void cell_give_id(struct cell *cell, const char *source, GHashTable *taken)
{
    if (*cell->first_id == 0)
        hash_id(source, strlen(source), cell->first_id);
    memcpy(cell->id, cell->first_id, sizeof cell->id);
    find_free_id(cell, source, taken);
    g_hash_table_add(taken, cell->id);
}

void notebook_give_ids(struct notebook *notebook)
{
    g_autoptr(GHashTable) taken = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < notebook->cells->len; i++) {
        struct cell *cell = g_ptr_array_index(notebook->cells, i);
        cell->index = (int)i;
        cell_give_id(cell, cell->source, taken);
    }
}

static void report_encoding(const char *text, const char *at, const char *name, const GArray *line_map, struct diag_list *diags)
{
    int line, col;
    text_place(text, (gsize)(at - text), &line, &col);
    if (line_map != 0 && (guint)line <= line_map->len)
        line = (int)g_array_index(line_map, guint, line - 1);
    diag_add(diags, DIAG_ERROR, name, line, col, "save the file as UTF-8", "the source is not UTF-8 text (byte 0x%02x)", (guchar)*at);
}

struct notebook *notebook_read(const char *text, const char *name, enum prog_lang prog_lang, const GArray *lines, struct diag_list *diags)
{
    const char *end = 0;
    if (!g_utf8_validate(text, -1, &end)) {
        report_encoding(text, end, name, lines, diags);
        return 0;
    }
    if (g_str_has_prefix(text, BYTE_ORDER_MARK))
        text += strlen(BYTE_ORDER_MARK);
    if (g_str_has_suffix(name, ".ipynb"))
        return notebook_read_ipynb(text, name, prog_lang, diags);
    if (g_str_has_suffix(name, ".md"))
        return notebook_read_markdown(text, name, prog_lang, lines, diags);
    return notebook_read_percent(text, name, prog_lang, lines, diags);
}
