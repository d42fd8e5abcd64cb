/* jupytext's percent format: cells behind comment lines with "%%". */
#include <string.h>

#include "base/text.h"
#include "notebook/languages.h"
#include "notebook/options.h"
#include "notebook/source.h"

enum marker { MARKER_NONE, MARKER_PLAIN, MARKER_OPTIONS };

struct percent_cell {
    enum cell_type type;
    json_t *metadata;
    char *language;       /* of the cell if it names one */
    const char *comment;  /* to take off its lines */
    int start, end, next; /* lines of the content, first line of the next cell */
};

static const char *skip_codecell(const char *p)
{
    if (g_str_has_prefix(p, "<codecell>"))
        return p + strlen("<codecell>");
    if (!g_str_has_prefix(p, "In["))
        return 0;
    p += 3;
    p += strspn(p, "0123456789 ");
    if (*p != ']')
        return 0;
    return p[1] == ':' ? p + 2 : p + 1;
}

/* Whether the line starts a cell, and where its options begin. */
static enum marker find_marker(const char *line, const char *comment, const char **ret_options)
{
    const char *p = skip_space(line);
    if (!g_str_has_prefix(p, comment))
        return MARKER_NONE;
    p = skip_space(p + strlen(comment));
    const char *rest = g_str_has_prefix(p, "%%") ? p + 2 : 0;
    if (rest != 0) {
        const char *options = rest + strspn(rest, "%");
        if (*options != 0 && skip_space(options) != options) {
            *ret_options = rest;
            return MARKER_OPTIONS;
        }
    } else
        rest = skip_codecell(p);
    return rest != 0 && is_blank(rest) ? MARKER_PLAIN : MARKER_NONE;
}

/* Takes the first "[name]" out of the title; true if it was there. */
static bool take_bracket(char **title, const char *name)
{
    g_autofree char *code = g_strdup_printf("[%s]", name);
    if (strstr(*title, code) == 0)
        return false;
    g_auto(GStrv) parts = g_strsplit(*title, code, -1);
    g_autofree char *joined = g_strjoinv("", parts);
    g_free(*title);
    *title = strip_copy(joined);
    return true;
}

static void take_type(char **title, json_t *metadata)
{
    static const char *const names[] = {"markdown", "raw", "md", 0};
    for (int i = 0; names[i] != 0; i++) {
        if (!take_bracket(title, names[i]))
            continue;
        bool md = strcmp(names[i], "md") == 0;
        if (md)
            json_object_set_new(metadata, "region_name", json_string("md"));
        json_object_set_new(metadata, "cell_type", json_string(md ? "markdown" : names[i]));
        return;
    }
}

/* "[mardown]" and the like are titles, which is seldom meant. */
static void warn_about_brackets(const struct source_reader *reader, const char *title)
{
    static const char *const names[] = {"markdown", "md", "raw", 0};
    size_t length = *title == '[' ? strspn(title + 1, "abcdefghijklmnopqrstuvwxyz") : 0;
    if (length == 0 || title[length + 1] != ']' || g_str_has_prefix(title, "[code]"))
        return;
    g_autofree char *word = g_strndup(title + 1, length), *meant = text_did_you_mean(word, names);
    source_diag(reader, DIAG_WARNING, title, meant != 0 ? meant : "the types are [markdown], [md] and [raw]; without one it is code",
                "unknown cell type '[%s]' is taken for the cell's title", word);
}

static json_t *parse_marker(struct source_reader *reader, const char *options)
{
    g_autofree char *title = 0;
    json_t *metadata = source_read_options(reader, options, true, &title);
    take_type(&title, metadata);
    warn_about_brackets(reader, title);
    size_t depth = strspn(title, "%");
    g_autofree char *rest = depth > 0 ? strip_copy(title + depth) : g_strdup(title);
    if (depth > 0)
        json_object_set_new(metadata, "cell_depth", json_integer((json_int_t)depth));
    if (*rest != 0)
        json_object_set_new(metadata, "title", json_string(rest));
    return metadata;
}

/* "cell_type" may also stand in the metadata. */
static void find_type(struct source_reader *reader, struct percent_cell *cell)
{
    const char *name = json_get_text(cell->metadata, "cell_type", 0);
    cell->type = CELL_CODE;
    if (name != 0) {
        int type = glossary_find(cell_type_names, name);
        if (type < 0)
            source_diag(reader, DIAG_ERROR, "cell_type", "the types are code, markdown and raw", "unknown cell type '%s'", name);
        else
            cell->type = (enum cell_type)type;
        json_object_del(cell->metadata, "cell_type");
        return;
    }
    if (options_are_active(cell->metadata, "ipynb", true))
        return;
    if (strcmp(json_get_text(cell->metadata, "active", "-"), "") == 0)
        json_object_del(cell->metadata, "active");
    cell->type = CELL_RAW;
    if (options_are_active(cell->metadata, reader->extension, true))
        cell->comment = "";
}

static const char *cell_language(const struct source_reader *reader, const struct percent_cell *cell)
{
    return cell->language != 0 ? cell->language : reader->default_language;
}

static void find_end(struct source_reader *reader, struct percent_cell *cell)
{
    char **lines = reader->lines->items;
    int first = reader->pos, n = reader->lines->n;
    struct quote_watch watch = {.comment = language_comment(cell_language(reader, cell))};
    const char *options = 0;
    cell->next = n;
    for (int i = first; i < n; i++) {
        bool quoted = watch.triple != 0;
        quote_watch_read(&watch, lines[i]);
        if (quoted || i == first || find_marker(lines[i], reader->comment, &options) == MARKER_NONE)
            continue;
        cell->next = i;
        break;
    }
    int count = cell->next - first;
    cell->end = cell->next;
    if (count >= 3 && is_blank(lines[cell->next - 1]) && is_blank(lines[cell->next - 2]) && !is_blank(lines[cell->next - 3]))
        cell->end -= 2;
    else if (count > 0 && is_blank(lines[cell->next - 1]))
        cell->end -= 1;
    cell->end = MAX(cell->end, MIN(cell->start, cell->next));
}

static GPtrArray *copy_lines(char *const *lines, int n)
{
    GPtrArray *copy = g_ptr_array_new_with_free_func(g_free);
    for (int i = 0; i < n; i++)
        g_ptr_array_add(copy, g_strdup(lines[i]));
    return copy;
}

static void uncomment_all(GPtrArray *lines, const char *comment)
{
    for (guint i = 0; i < lines->len; i++) {
        char *line = g_ptr_array_index(lines, i);
        g_ptr_array_index(lines, i) = g_strdup(uncomment_line(line, comment));
        g_free(line);
    }
}

static void note_cell_marker(json_t *metadata, const char *prefix, const char *quote, bool first, bool last)
{
    g_autofree char *marker = 0;
    if (first && last)
        marker = g_strconcat(prefix, quote, NULL);
    else if (*prefix != 0)
        marker = g_strconcat(prefix, quote, first ? "\n" : "", ",", last ? "\n" : "", quote, NULL);
    if (marker != 0)
        json_object_set_new(metadata, "cell_marker", json_string(marker));
}

/* The lines of a text that is one triple-quoted string, or NULL. */
static GPtrArray *unquote(const char *text, json_t *metadata)
{
    static const char *const prefixes[] = {"", "r", "R"}, *const quotes[] = {"\"\"\"", "'''"};
    size_t length = strlen(text);
    for (int i = 0; i < 6; i++) {
        const char *prefix = prefixes[i / 2], *quote = quotes[i % 2];
        size_t left = strlen(prefix) + 3;
        if (length < left + 3 || strncmp(text, prefix, left - 3) != 0 || strncmp(text + left - 3, quote, 3) != 0 ||
            strcmp(text + length - 3, quote) != 0)
            continue;
        g_autofree char *content = g_strndup(text + left, length - left - 3);
        bool first = g_str_has_prefix(content, "\n");
        char *body = first ? content + 1 : content;
        bool last = g_str_has_suffix(body, "\n");
        if (last)
            body[strlen(body) - 1] = 0;
        note_cell_marker(metadata, prefix, quote, first, last);
        g_autoptr(line_list) lines = line_list_split(body);
        return copy_lines(lines->items, lines->n);
    }
    return 0;
}

static GPtrArray *unquote_python(const struct source_reader *reader, const struct percent_cell *cell, char *const *lines, int n)
{
    if (strcmp(reader->extension, "py") != 0 || options_are_active(cell->metadata, "py", cell->type == CELL_CODE))
        return 0;
    g_autofree char *joined = join_lines(lines, n);
    g_autofree char *text = strip_copy(joined);
    return unquote(text, cell->metadata);
}

/* gonb's escapes of "%%" in Go. */
static void unescape_go(GPtrArray *lines)
{
    for (guint i = 0; i < lines->len; i++) {
        char *line = g_ptr_array_index(lines, i), *last = 0;
        for (char *p = line; g_str_has_prefix(p, "//"); p = (char *)skip_space(p + 2))
            if (g_str_has_prefix(skip_space(p + 2), "gonb:%%"))
                last = p;
        if (last == 0)
            continue;
        g_autofree char *front = g_strndup(line, (gsize)(last - line));
        g_ptr_array_index(lines, i) = g_strconcat(front, skip_space(last + 2) + strlen("gonb:"), NULL);
        g_free(line);
    }
}

static bool is_foreign(const struct source_reader *reader, const struct percent_cell *cell)
{
    return json_object_get(cell->metadata, "active") == 0 && cell->language != 0 && strcmp(cell->language, reader->default_language) != 0;
}

static GPtrArray *extract_content(const struct source_reader *reader, const struct percent_cell *cell)
{
    char *const *source = reader->lines->items + cell->start;
    int n = cell->end - cell->start;
    GPtrArray *lines = unquote_python(reader, cell, source, n);
    if (lines != 0)
        return lines;
    lines = copy_lines(source, n);
    if (!options_are_active(cell->metadata, reader->extension, true) || is_foreign(reader, cell)) {
        uncomment_all(lines, cell->comment);
        return lines;
    }
    const char *language = cell_language(reader, cell);
    if (reader->comment_magics)
        magics_uncomment(lines, language);
    if (strcmp(reader->default_language, "go") == 0 && cell->language == 0)
        unescape_go(lines);
    if (cell->type == CELL_CODE)
        code_starts_unescape(lines, language, reader->comment);
    else
        uncomment_all(lines, cell->comment);
    return lines;
}

static void note_lines_to_next(const struct source_reader *reader, const struct percent_cell *cell)
{
    char **lines = reader->lines->items, *empty[] = {(char[]){0}};
    int n = reader->lines->n, content = cell->end - cell->start;
    bool python = strcmp(reader->extension, "py") == 0;
    int found = 1;
    if (cell->end < n)
        found = cell->next - cell->end + (cell->next >= n ? 1 : 0);
    int expected =
        lines_between_cells(content > 0 ? lines + cell->start : empty, MAX(content, 1), lines + cell->next, n - cell->next, python);
    if (found != (python ? expected : 1))
        json_object_set_new(cell->metadata, "lines_to_next_cell", json_integer(found));
}

static void take_language(struct percent_cell *cell)
{
    const char *language = json_get_text(cell->metadata, "language", 0);
    if (language == 0)
        return;
    cell->language = *language != 0 ? g_strdup(language) : 0;
    json_object_del(cell->metadata, "language");
}

static void read_cell(struct source_reader *reader)
{
    const char *options = 0;
    enum marker marker = find_marker(reader->lines->items[reader->pos], reader->comment, &options);
    struct percent_cell cell = {.comment = reader->comment, .start = reader->pos + (marker != MARKER_NONE ? 1 : 0)};
    cell.metadata = marker == MARKER_OPTIONS ? parse_marker(reader, options) : json_object();
    take_language(&cell);
    find_type(reader, &cell);
    find_end(reader, &cell);
    g_autoptr(GPtrArray) content = extract_content(reader, &cell);
    note_lines_to_next(reader, &cell);
    if (cell.language != 0)
        json_object_set_new(cell.metadata, "language", json_string(cell.language));
    struct cell *added =
        source_add_cell(reader, cell.type, (char **)content->pdata, (int)content->len, cell.metadata, source_line(reader, reader->pos));
    added->text_line = source_line(reader, cell.start);
    reader->pos = cell.next;
    g_free(cell.language);
}

struct notebook *notebook_read_percent(const char *text, const char *name, enum prog_lang prog_lang, const GArray *line_map,
                                       struct diag_list *diags)
{
    g_autoptr(line_list) lines = line_list_split(text);
    g_autoptr(notebook) notebook = notebook_new(prog_lang);
    struct source_reader reader = {.notebook = notebook, .lines = lines, .line_map = line_map, .name = name, .diags = diags};
    reader.extension = prog_langs[prog_lang].suffix + 1;
    reader.comment = prog_langs[prog_lang].comment;
    if (!source_read_header(&reader))
        return 0;
    g_autofree char *language = language_main(notebook->metadata, prog_lang);
    reader.default_language = language;
    const json_t *jupytext = json_object_get(notebook->metadata, "jupytext");
    const char *form = json_get_text(json_object_get(jupytext, "text_representation"), "format_name", "percent");
    reader.comment_magics = json_get_bool(jupytext, "comment_magics", strcmp(form, "hydrogen") != 0);
    while (reader.pos < lines->n)
        read_cell(&reader);
    source_finish(&reader, true);
    return g_steal_pointer(&notebook);
}
