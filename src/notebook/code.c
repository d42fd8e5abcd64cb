/* The code file of a notebook: the percent format without cell metadata and notebook header. */
#include <string.h>

#include "notebook/languages.h"
#include "notebook/lines.h"
#include "notebook/notebook.h"
#include "notebook/python_json.h"

#define MAX_BLANK_LINES 1000

struct writer {
    const struct notebook *notebook;
    const char *comment;
    char *language;           /* of the notebook */
    const char *cell_markers; /* for Markdown cells without their own, or NULL */
    const char *custom_magics;
    bool comment_magics, metadata_is_json, python;
};

static GPtrArray *source_lines(const char *source)
{
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(line_list) split = line_list_split(source);
    for (int i = 0; i < split->n; i++)
        g_ptr_array_add(lines, g_strdup(split->items[i]));
    if (*source == 0 || g_str_has_suffix(source, "\n"))
        g_ptr_array_add(lines, g_strdup(""));
    return lines;
}

/* The language that the first line names as a magic (freed by the caller; "" for a lone "%%"), with its arguments; else NULL. */
static char *find_cell_language(const struct writer *writer, const char *line, char **ret_args)
{
    *ret_args = 0;
    if (strcmp(writer->language, "csharp") == 0) {
        g_autofree char *name = g_str_has_prefix(line, "#!") ? strip_copy(line + 2) : 0;
        return name != 0 && language_is_magic(name) ? g_steal_pointer(&name) : 0;
    }
    if (!g_str_has_prefix(line, "%%"))
        return 0;
    const char *blank = strchr(line, ' ');
    g_autofree char *name = blank != 0 ? g_strndup(line + 2, (gsize)(blank - line - 2)) : g_strdup(line + 2);
    if (*name != 0 && !language_is_magic(name) && !language_is_custom(name, writer->custom_magics))
        return 0;
    if (blank != 0 && blank[1] != 0)
        *ret_args = g_strdup(blank + 1);
    return g_steal_pointer(&name);
}

/* One option behind the marker; the first of those in JSON opens the object. */
static void append_option(GString *marker, bool json, const char *key, const char *value)
{
    if (value == 0 || *value == 0)
        return;
    if (json)
        g_string_append_printf(marker, "%s\"%s\": ", strchr(marker->str, '{') != 0 ? ", " : " {", key);
    else
        g_string_append_printf(marker, " %s=", key);
    python_json_append_string(marker, value, strlen(value), true);
}

/* The marker of a code cell in a language with arguments; NULL or "" for none. */
static char *make_marker(const struct writer *writer, const char *indent, const char *args, const char *language)
{
    GString *marker = g_string_new(0);
    append_option(marker, writer->metadata_is_json, "magic_args", args);
    append_option(marker, writer->metadata_is_json, "language", language);
    if (writer->metadata_is_json && marker->len > 0)
        g_string_append_c(marker, '}');
    g_autofree char *options = g_string_free(marker, FALSE);
    return g_strconcat(indent, writer->comment, " %%", options, NULL);
}

static void comment_lines(GPtrArray *lines, guint first, const char *comment)
{
    for (guint i = first; i < lines->len; i++) {
        char *line = g_ptr_array_index(lines, i);
        g_ptr_array_index(lines, i) = *line != 0 ? g_strconcat(comment, " ", line, NULL) : g_strdup(comment);
        g_free(line);
    }
}

static bool is_quote(const char *text)
{
    return g_str_has_prefix(text, "\"\"\"") || g_str_has_prefix(text, "'''");
}

/* Puts text in front of the first line and behind the last. */
static void enclose(GPtrArray *lines, const char *left, const char *right)
{
    char **first = (char **)&g_ptr_array_index(lines, 0);
    char *line = g_strconcat(left, *first, NULL);
    g_free(*first);
    *first = line;
    char **last = (char **)&g_ptr_array_index(lines, lines->len - 1);
    line = g_strconcat(*last, right, NULL);
    g_free(*last);
    *last = line;
}

static bool has_backslash(const GPtrArray *lines)
{
    for (guint i = 0; i < lines->len; i++)
        if (strchr(g_ptr_array_index(lines, i), '\\') != 0)
            return true;
    return false;
}

/* Writes Markdown as the quoted string that it was; false if it was none. */
static bool quote_lines(GPtrArray *lines, const char *marker)
{
    if (marker == 0 || lines->len == 0)
        return false;
    bool raw = *marker == 'r' || *marker == 'R';
    const char *comma = strchr(marker, ','), *bare = raw ? marker + 1 : marker;
    g_autofree char *left = comma != 0 ? g_strndup(marker, (gsize)(comma - marker)) : g_strconcat(marker, "\n", NULL);
    g_autofree char *right = comma != 0 ? g_strdup(comma + 1) : g_strconcat("\n", bare, NULL);
    size_t length = strlen(right);
    if (!is_quote(left + raw) || length < 3 || strncmp(left + raw, right + length - 3, 3) != 0)
        return false;
    if (!raw && has_backslash(lines)) {
        g_autofree char *prefixed = g_strconcat("r", left, NULL);
        enclose(lines, prefixed, right);
    } else
        enclose(lines, left, right);
    return true;
}

static void text_to_lines(const struct writer *writer, const struct cell *cell, GPtrArray *lines)
{
    if (!quote_lines(lines, json_get_text(cell->metadata, "cell_marker", writer->cell_markers)))
        comment_lines(lines, 0, writer->comment);
}

static bool is_main_language(const struct writer *writer, const char *language)
{
    g_autofree char *a = language_usual_name(language), *b = language_usual_name(writer->language);
    return strcmp(a, b) == 0;
}

static char *indent_of(const GPtrArray *lines)
{
    const char *first = lines->len > 0 ? g_ptr_array_index(lines, 0) : "";
    return is_blank(first) ? g_strdup("") : g_strndup(first, (gsize)(skip_space(first) - first));
}

static GPtrArray *code_to_lines(const struct writer *writer, const struct cell *cell)
{
    GPtrArray *lines = source_lines(cell->source);
    g_autofree char *args = 0, *magic = find_cell_language(writer, g_ptr_array_index(lines, 0), &args);
    if (magic != 0)
        g_ptr_array_remove_index(lines, 0);
    const char *language = magic != 0 && *magic != 0 ? magic : json_get_text(cell->metadata, "language", writer->language);
    bool active = is_main_language(writer, language);
    g_autofree char *indent = active ? indent_of(lines) : g_strdup("");
    if (active)
        magics_comment(lines, language, writer->comment_magics);
    else
        text_to_lines(writer, cell, lines);
    if (active && lines->len == 1 && *(char *)g_ptr_array_index(lines, 0) == 0)
        g_ptr_array_set_size(lines, 0);
    g_ptr_array_insert(lines, 0, make_marker(writer, indent, args, magic));
    return lines;
}

static GPtrArray *cell_to_lines(const struct writer *writer, const struct cell *cell)
{
    if (cell->type == CELL_CODE)
        return code_to_lines(writer, cell);
    GPtrArray *lines = source_lines(cell->source);
    text_to_lines(writer, cell, lines);
    g_ptr_array_insert(lines, 0, g_strdup_printf("%s %%%% [%s]", writer->comment, cell->type == CELL_RAW ? "raw" : "markdown"));
    return lines;
}

static bool is_fence(const char *line)
{
    return g_str_has_prefix(line, "---") && is_blank(line + 3);
}

/* The YAML header that the first cell holds, commented out (no lines when it is empty), or NULL. */
static GPtrArray *header_lines(const struct writer *writer)
{
    static char fence[] = "---";
    const struct cell *cell = writer->notebook->cells->len > 0 ? g_ptr_array_index(writer->notebook->cells, 0) : 0;
    if (cell == 0 || cell->type != CELL_RAW)
        return 0;
    g_autofree char *text = g_strdup(cell->source);
    const char *start = text + strspn(text, "\n\t ");
    for (size_t length = strlen(start); length > 0 && strchr("\n\t ", start[length - 1]) != 0; length--)
        ((char *)start)[length - 1] = 0;
    g_autoptr(GPtrArray) lines = source_lines(start);
    if (lines->len < 2 || !is_fence(lines->pdata[0]) || !is_fence(lines->pdata[lines->len - 1]))
        return 0;
    if (lines->len == 2)
        g_ptr_array_set_size(lines, 0);
    for (guint i = 0; i < lines->len; i += lines->len - 1) {
        g_free(lines->pdata[i]);
        lines->pdata[i] = g_strdup(fence);
    }
    comment_lines(lines, 0, writer->comment);
    return g_steal_pointer(&lines);
}

static bool is_ascii_only(const struct notebook *notebook)
{
    for (guint i = 0; i < notebook->cells->len; i++)
        if (!g_str_is_ascii(((struct cell *)g_ptr_array_index(notebook->cells, i))->source))
            return false;
    return true;
}

static void append_first_lines(const struct writer *writer, GString *text)
{
    const json_t *jupytext = json_object_get(writer->notebook->metadata, "jupytext");
    const char *executable = json_get_text(jupytext, "executable", 0), *encoding = json_get_text(jupytext, "encoding", 0);
    if (executable != 0)
        g_string_append_printf(text, "#!%s\n", executable);
    if (encoding != 0)
        g_string_append_printf(text, "%s\n", encoding);
    else if (strcmp(writer->language, "python") != 0 && !is_ascii_only(writer->notebook))
        g_string_append_printf(text, "%s -*- coding: utf-8 -*-\n", writer->comment);
}

/* Lines of the file, filled from its end. */
struct backwards {
    char **items; /* capacity lines; those from `first` on are there */
    int first, capacity;
};

static int blank_lines_behind(const struct writer *writer, const struct cell *cell, const GPtrArray *text, const struct backwards *file)
{
    const json_t *own = cell != 0 ? json_object_get(cell->metadata, "lines_to_next_cell") : 0;
    if (json_is_integer(own))
        return (int)CLAMP(json_integer_value(own), 0, MAX_BLANK_LINES);
    return lines_between_cells((char **)text->pdata, (int)text->len, file->items + file->first, file->capacity - file->first,
                               writer->python);
}

static void prepend(struct backwards *file, const GPtrArray *text, int blank_lines)
{
    static char blank[] = "";
    for (int i = 0; i < blank_lines; i++)
        file->items[--file->first] = blank;
    for (guint i = text->len; i-- > 0;)
        file->items[--file->first] = g_ptr_array_index(text, i);
}

/* Joins the texts with the blank lines that belong between them. A text per cell. */
static void append_texts(const struct writer *writer, const GPtrArray *texts, GString *result)
{
    struct backwards file = {0};
    for (guint i = 0; i < texts->len; i++)
        file.capacity += (int)((GPtrArray *)g_ptr_array_index(texts, i))->len + MAX_BLANK_LINES;
    g_autofree char **items = g_new(char *, (gsize)file.capacity + 1);
    file.items = items;
    file.first = file.capacity;
    for (guint i = texts->len; i-- > 0;) {
        const GPtrArray *text = g_ptr_array_index(texts, i);
        prepend(&file, text, blank_lines_behind(writer, g_ptr_array_index(writer->notebook->cells, i), text, &file));
    }
    g_autofree char *joined = join_lines(file.items + file.first, file.capacity - file.first);
    g_string_append(result, joined);
}

char *notebook_to_code(const struct notebook *notebook)
{
    const json_t *jupytext = json_object_get(notebook->metadata, "jupytext");
    g_autofree char *language = language_main(notebook->metadata, notebook->prog_lang);
    struct writer writer = {.notebook = notebook, .comment = prog_langs[notebook->prog_lang].comment, .language = language};
    writer.comment_magics = json_get_bool(jupytext, "comment_magics", true);
    writer.metadata_is_json = json_get_bool(jupytext, "cell_metadata_json", false);
    writer.cell_markers = json_get_text(jupytext, "cell_markers", 0);
    writer.custom_magics = json_get_text(jupytext, "custom_cell_magics", "");
    writer.python = notebook->prog_lang == PROG_LANG_PYTHON;
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func((GDestroyNotify)(void (*)(void))g_ptr_array_unref);
    GPtrArray *header = header_lines(&writer);
    if (header != 0)
        g_ptr_array_add(texts, header);
    for (guint i = header != 0 ? 1 : 0; i < notebook->cells->len; i++)
        g_ptr_array_add(texts, cell_to_lines(&writer, g_ptr_array_index(notebook->cells, i)));
    GString *result = g_string_new(0);
    append_first_lines(&writer, result);
    append_texts(&writer, texts, result);
    if (result->len > 0 && result->str[result->len - 1] != '\n')
        g_string_append_c(result, '\n');
    return g_string_free(result, FALSE);
}
