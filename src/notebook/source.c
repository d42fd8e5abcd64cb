#include "notebook/source.h"

#include <string.h>

#include "notebook/languages.h"
#include "notebook/options.h"

int source_line(const struct source_reader *reader, int i)
{
    int line = i < reader->lines->n ? reader->lines->numbers[i] : 1;
    if (reader->line_map == 0 || line < 1 || (guint)line > reader->line_map->len)
        return line;
    return (int)g_array_index(reader->line_map, guint, line - 1);
}

void source_diag(const struct source_reader *reader, enum diag_severity severity, const char *at, const char *hint, const char *format, ...)
{
    const char *line = reader->pos < reader->lines->n ? reader->lines->items[reader->pos] : "";
    const char *found = strstr(line, at);
    int col = found != 0 ? (int)g_utf8_strlen(line, found - line) + 1 : 1;
    va_list args;
    va_start(args, format);
    g_autofree char *message = g_strdup_vprintf(format, args);
    va_end(args);
    diag_add(reader->diags, severity, reader->name, source_line(reader, reader->pos), col, hint, "%s", message);
}

/* "key=[" and "{"key" are metadata that was begun, "x = y" and "{x}" in a title are not; but tags and languages decide who sees the cell. */
static bool looks_like_metadata(const char *text)
{
    if (strstr(text, "tags") != 0 || strstr(text, "lang") != 0)
        return true;
    for (const char *equal = strchr(text, '='); equal != 0; equal = strchr(equal + 1, '='))
        if (equal > text && g_ascii_isalnum(equal[-1]) && equal[1] != 0 && strchr("[{(\"'", equal[1]) != 0)
            return true;
    const char *key = *text == '{' ? skip_space(text + 1) : "";
    return *key == '"' || *key == '\'';
}

json_t *source_read_options(struct source_reader *reader, const char *options, bool titled, char **ret_title)
{
    bool is_json = options_are_json(options);
    json_t *metadata = titled || is_json ? options_parse(options, ret_title) : options_parse_pairs(options);
    const char *unreadable = json_get_text(metadata, OPTIONS_UNREADABLE, 0);
    reader->metadata_is_json = reader->metadata_is_json || is_json;
    if (unreadable != 0 && looks_like_metadata(unreadable))
        source_diag(reader, DIAG_ERROR, unreadable, "write key=\"text\", key=[\"list\"] or one JSON object, and close brackets and quotes",
                    "the cell's metadata cannot be read: %s", unreadable);
    else if (unreadable != 0)
        source_diag(reader, DIAG_WARNING, unreadable, "put a title with '=' or '{' into title=\"…\"",
                    "this is neither title nor metadata: %s", unreadable);
    return metadata;
}

struct cell *source_add_cell(struct source_reader *reader, enum cell_type type, char *const *lines, int n, json_t *metadata, int line)
{
    g_autofree char *text = join_lines(lines, n);
    struct cell *cell = cell_new(type, text, line);
    json_decref(cell->metadata);
    cell->metadata = metadata;
    g_ptr_array_add(reader->notebook->cells, cell);
    return cell;
}

/* A cell in another language becomes a cell with that language's magic. */
static void apply_language(struct cell *cell, const char *main_language, const char *custom_magics)
{
    const char *language = json_get_text(cell->metadata, "language", 0);
    if (language == 0)
        return;
    g_autofree char *name = g_strdup(language);
    g_autofree char *usual = language_usual_name(name);
    if (strcmp(name, main_language) == 0) {
        json_object_del(cell->metadata, "language");
        return;
    }
    if (strcmp(usual, main_language) == 0 || (!language_is_magic(name) && !language_is_custom(name, custom_magics)))
        return;
    json_object_del(cell->metadata, "language");
    const char *magic = strcmp(main_language, "csharp") == 0 ? "#!" : "%%", *args = json_get_text(cell->metadata, "magic_args", 0);
    char *source = g_strconcat(magic, name, args != 0 ? " " : "", args != 0 ? args : "", "\n", cell->source, NULL);
    json_object_del(cell->metadata, "magic_args");
    g_free(cell->source);
    cell->source = source;
}

json_t *source_jupytext(struct notebook *notebook)
{
    json_t *jupytext = json_object_get(notebook->metadata, "jupytext");
    if (json_is_object(jupytext))
        return jupytext;
    jupytext = json_object();
    json_object_set_new(notebook->metadata, "jupytext", jupytext);
    return jupytext;
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* All keys of the cells' metadata but those that are jupytext's own, sorted. */
static GPtrArray *collect_keys(const struct notebook *notebook)
{
    static const char *const own[] = {"skipline", "noskipline", "cell_marker", "lines_to_next_cell", "lines_to_end_of_cell_marker", 0};
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    GPtrArray *keys = g_ptr_array_new();
    for (guint i = 0; i < notebook->cells->len; i++) {
        const char *key;
        json_t *value;
        json_object_foreach(((struct cell *)g_ptr_array_index(notebook->cells, i))->metadata, key, value)
        {
            if (glossary_find(own, key) < 0 && g_hash_table_add(seen, (gpointer)key))
                g_ptr_array_add(keys, (gpointer)key);
        }
    }
    g_ptr_array_sort(keys, compare_names);
    return keys;
}

static void set_filters(struct notebook *notebook)
{
    json_t *jupytext = source_jupytext(notebook);
    json_object_set_new(jupytext, "notebook_metadata_filter", json_string("-all"));
    if (json_object_get(jupytext, "cell_metadata_filter") != 0)
        return;
    g_autoptr(GPtrArray) keys = collect_keys(notebook);
    GString *filter = g_string_new(0);
    for (guint i = 0; i < keys->len; i++)
        g_string_append_printf(filter, "%s,", (const char *)g_ptr_array_index(keys, i));
    g_string_append(filter, "-all");
    json_object_set_new(jupytext, "cell_metadata_filter", json_string(filter->str));
    g_string_free(filter, TRUE);
}

static bool is_in(const GPtrArray *names, const char *name)
{
    return g_ptr_array_find_with_equal_func((GPtrArray *)names, name, g_str_equal, 0);
}

/* The header names a filter for cells: it grows by the keys that the cells have. */
static void extend_cell_filter(struct notebook *notebook, json_t *jupytext)
{
    g_autoptr(GPtrArray) keys = collect_keys(notebook);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free), excluded = g_ptr_array_new_with_free_func(g_free);
    g_auto(GStrv) old = g_strsplit(json_get_text(jupytext, "cell_metadata_filter", ""), ",", -1);
    for (int i = 0; old[i] != 0; i++) {
        const char *name = g_strstrip(old[i]);
        if (*name == '-' && (strcmp(name, "-all") == 0 || !is_in(keys, name + 1)))
            g_ptr_array_add(excluded, g_strdup(name));
        else if (*name != '-' && *name != 0)
            g_ptr_array_add(names, g_strdup(*name == '+' ? name + 1 : name));
    }
    for (guint i = 0; i < keys->len && !is_in(names, "all"); i++)
        if (!is_in(names, g_ptr_array_index(keys, i)))
            g_ptr_array_add(names, g_strdup(g_ptr_array_index(keys, i)));
    g_ptr_array_sort(names, compare_names);
    g_ptr_array_extend(names, excluded, (GCopyFunc)(void (*)(void))g_strdup, 0);
    g_ptr_array_add(names, 0);
    g_autofree char *filter = g_strjoinv(",", (char **)names->pdata);
    json_object_set_new(jupytext, "cell_metadata_filter", json_string(filter));
}

static void extend_notebook_filter(struct notebook *notebook)
{
    static const char *const usual[] = {"jupytext", "kernelspec", "org_babel", "kernel_info", "orphan", "tocdepth", 0};
    json_t *jupytext = json_object_get(notebook->metadata, "jupytext");
    const char *old = json_get_text(jupytext, "notebook_metadata_filter", "");
    g_auto(GStrv) names = g_strsplit(old, ",", -1);
    if (g_strv_contains((const char *const *)names, "all") || g_strv_contains((const char *const *)names, "-all"))
        return;
    g_autoptr(GString) filter = g_string_new(old);
    const char *key;
    json_t *value;
    json_object_foreach(notebook->metadata, key, value)
    {
        g_autofree char *negative = g_strconcat("-", key, NULL);
        if (glossary_find(usual, key) >= 0 || g_strv_contains((const char *const *)names, key) ||
            g_strv_contains((const char *const *)names, negative))
            continue;
        g_string_append_printf(filter, "%s%s", filter->len > 0 ? "," : "", key);
    }
    if (filter->len > 0)
        json_object_set_new(source_jupytext(notebook), "notebook_metadata_filter", json_string(filter->str));
}

void notebook_set_language(struct notebook *notebook)
{
    json_t *jupytext = json_object_get(notebook->metadata, "jupytext");
    json_object_del(jupytext, "text_representation");
    if (jupytext != 0 && json_object_size(jupytext) == 0)
        json_object_del(notebook->metadata, "jupytext");
    json_object_set_new(notebook->metadata, "kernelspec", language_kernelspec(notebook->prog_lang));
    json_object_set_new(notebook->metadata, "language_info", language_info(notebook->prog_lang));
}

void source_finish(struct source_reader *reader, bool with_filters)
{
    struct notebook *notebook = reader->notebook;
    g_autofree char *language = language_main(notebook->metadata, notebook->prog_lang);
    if (json_object_get(json_object_get(notebook->metadata, "kernelspec"), "language") == 0 && notebook->cells->len > 0)
        json_object_set_new(source_jupytext(notebook), "main_language", json_string(language));
    json_t *jupytext = json_object_get(notebook->metadata, "jupytext");
    const char *custom_magics = json_get_text(jupytext, "custom_cell_magics", "");
    for (guint i = 0; i < notebook->cells->len; i++)
        apply_language(g_ptr_array_index(notebook->cells, i), language, custom_magics);
    if (with_filters && !reader->has_jupyter_header)
        set_filters(notebook);
    else if (with_filters && json_is_string(json_object_get(jupytext, "cell_metadata_filter")))
        extend_cell_filter(notebook, jupytext);
    else if (with_filters)
        extend_notebook_filter(notebook);
    if (reader->metadata_is_json && json_object_get(source_jupytext(notebook), "cell_metadata_json") == 0)
        json_object_set_new(source_jupytext(notebook), "cell_metadata_json", json_true());
    notebook_set_language(notebook);
    notebook_give_ids(notebook);
    tags_check(notebook, reader->name, reader->diags);
}
