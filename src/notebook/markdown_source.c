/* jupytext's Markdown: code cells are fenced blocks with a language, Markdown cells are separated by two blank lines. */
#include <string.h>

#include "notebook/languages.h"
#include "notebook/options.h"
#include "notebook/source.h"

struct markdown_cell {
    enum cell_type type;
    json_t *metadata;
    char *language;
    int start, end, next; /* lines of the content; the first line behind the cell */
    bool closed;          /* by an explicit end */
};

/* The number of backticks (at least three) that begin the line, or 0. */
static size_t fence_length(const char *line)
{
    size_t n = strspn(line, "`");
    return n >= 3 ? n : 0;
}

static bool is_language_word(const char *word)
{
    if (language_is_magic(word))
        return true;
    g_autofree char *lower = g_utf8_strdown(word, -1), *upper = g_utf8_strup(word, -1);
    return strcmp(word, upper) == 0 && language_is_magic(lower);
}

/* The fence opens a code cell: "```python key=value". `ret_language` is freed by the caller. */
static bool opens_code(const char *line, char **ret_language, const char **ret_options)
{
    size_t fence = fence_length(line);
    if (fence == 0)
        return false;
    const char *word = skip_space(line + fence);
    g_autofree char *language = g_strndup(word, strcspn(word, " \t"));
    if (!is_language_word(language))
        return false;
    *ret_options = word + strlen(language);
    *ret_language = g_steal_pointer(&language);
    return true;
}

static bool is_code_start(const char *line)
{
    g_autofree char *language = 0;
    const char *options = 0;
    return opens_code(line, &language, &options) && strstr(options, ".noeval") == 0;
}

/* "<!-- #region options -->": the name and the options (freed by the caller), or false. */
static bool opens_region(const char *line, char **ret_name, char **ret_options)
{
    static const char *const names[] = {"region", "markdown", "md", "raw", 0};
    if (!g_str_has_prefix(line, "<!--"))
        return false;
    const char *p = skip_space(line + 4);
    g_autofree char *rest = strip_copy(p);
    if (*p != '#' || !g_str_has_suffix(rest, "-->"))
        return false;
    rest[strlen(rest) - 3] = 0;
    for (int i = 0; names[i] != 0; i++) {
        size_t length = strlen(names[i]);
        if (strncmp(rest + 1, names[i], length) != 0)
            continue;
        *ret_name = g_strdup(names[i]);
        *ret_options = g_strdup(rest + 1 + length);
        return true;
    }
    return false;
}

static bool is_region_start(const char *line)
{
    g_autofree char *name = 0, *options = 0;
    return opens_region(line, &name, &options);
}

static bool closes_region(const char *line, const char *name)
{
    if (!g_str_has_prefix(line, "<!--"))
        return false;
    g_autofree char *end = g_strconcat("#end", name, NULL);
    const char *p = skip_space(line + 4);
    return g_str_has_prefix(p, end) && g_str_has_prefix(skip_space(p + strlen(end)), "-->");
}

static json_t *read_options(struct source_reader *reader, const char *options, bool titled)
{
    g_autofree char *title = 0;
    reader->metadata_is_json = reader->metadata_is_json || options_are_json(options);
    json_t *metadata = titled || options_are_json(options) ? options_parse(options, &title) : options_parse_pairs(options);
    if (titled && *title != 0)
        json_object_set_new(metadata, "title", json_string(title));
    return metadata;
}

static bool read_region(struct source_reader *reader, struct markdown_cell *cell)
{
    char **lines = reader->lines->items;
    g_autofree char *name = 0, *options = 0;
    if (!opens_region(lines[reader->pos], &name, &options))
        return false;
    cell->metadata = read_options(reader, options, true);
    cell->type = strcmp(name, "raw") == 0 ? CELL_RAW : CELL_MARKDOWN;
    if (*name == 'm')
        json_object_set_new(cell->metadata, "region_name", json_string(name));
    cell->start = reader->pos + 1;
    cell->end = cell->next = reader->lines->n;
    for (int i = cell->start; i < reader->lines->n && !cell->closed; i++) {
        cell->closed = closes_region(lines[i], name);
        if (cell->closed) {
            cell->end = i;
            cell->next = i + 1;
        }
    }
    return true;
}

static bool read_code(struct source_reader *reader, struct markdown_cell *cell)
{
    char **lines = reader->lines->items;
    const char *options = 0;
    if (!is_code_start(lines[reader->pos]) || !opens_code(lines[reader->pos], &cell->language, &options))
        return false;
    size_t fence = fence_length(lines[reader->pos]);
    cell->type = CELL_CODE;
    cell->metadata = read_options(reader, options, false);
    cell->start = reader->pos + 1;
    cell->end = cell->next = reader->lines->n;
    for (int i = cell->start; i < reader->lines->n && !cell->closed; i++) {
        size_t length = fence_length(lines[i]);
        cell->closed = length >= fence && is_blank(lines[i] + length);
        if (cell->closed) {
            cell->end = i;
            cell->next = i + 1;
        }
    }
    return true;
}

/* Ends a text cell at line `i`, without `blank` lines in front of it. */
static void end_text(struct markdown_cell *cell, int i, int blank, bool closed)
{
    cell->end = i - blank;
    cell->next = i;
    cell->closed = closed;
}

/* A text cell ends at a cell with a start of its own, or at two blank lines outside of code blocks. */
static void read_text(struct source_reader *reader, struct markdown_cell *cell)
{
    char **lines = reader->lines->items;
    int first = reader->pos, blank = 0;
    bool fenced = false, indented = false;
    cell->type = CELL_MARKDOWN;
    cell->metadata = json_object();
    cell->start = first;
    end_text(cell, reader->lines->n, 0, false);
    for (int i = first; i < reader->lines->n; i++) {
        const char *line = lines[i];
        bool code_line = g_str_has_prefix(line, "    ") && !is_blank(line);
        if (fenced) {
            fenced = fence_length(line) == 0 || !is_blank(line + fence_length(line));
            continue;
        }
        if (blank > 0 && code_line) {
            indented = true;
            blank = 0;
            continue;
        }
        indented = indented && (is_blank(line) || code_line);
        if (indented)
            continue;
        if (is_region_start(line) || is_code_start(line)) {
            end_text(cell, i, i - first > 1 && blank > 0 ? 1 : 0, false);
            return;
        }
        if (!is_blank(line) && blank >= 2) {
            end_text(cell, i, 2, true);
            return;
        }
        fenced = fence_length(line) > 0;
        blank = is_blank(line) ? blank + 1 : 0;
    }
}

/* Blank lines between the cell and the next belong to neither; unusual numbers are noted. */
static void skip_blank_lines(struct source_reader *reader, struct markdown_cell *cell)
{
    char **lines = reader->lines->items;
    int n = reader->lines->n, next = cell->next;
    if (next + 1 < n && is_blank(lines[next]) && !is_blank(lines[next + 1]))
        next += 1;
    else if (cell->closed && next + 2 < n && is_blank(lines[next]) && is_blank(lines[next + 1]) && !is_blank(lines[next + 2]))
        next += 2;
    int found = 1;
    if (cell->end < n)
        found = next - cell->end - (cell->closed ? 1 : 0) + (next >= n ? 1 : 0);
    if (found != 1)
        json_object_set_new(cell->metadata, "lines_to_next_cell", json_integer(found));
    reader->pos = MAX(next, reader->pos + 1);
}

static void read_cell(struct source_reader *reader)
{
    struct markdown_cell cell = {0};
    int line = source_line(reader, reader->pos);
    if (!read_region(reader, &cell) && !read_code(reader, &cell))
        read_text(reader, &cell);
    if (cell.language != 0 && json_object_get(cell.metadata, "language") == 0)
        json_object_set_new(cell.metadata, "language", json_string(cell.language));
    if (cell.type == CELL_CODE && !options_are_active(cell.metadata, "ipynb", true))
        cell.type = CELL_RAW;
    skip_blank_lines(reader, &cell);
    char *const *lines = reader->lines->items + cell.start;
    struct cell *added = source_add_cell(reader, cell.type, lines, MAX(cell.end - cell.start, 0), cell.metadata, line);
    added->text_line = source_line(reader, cell.start);
    g_free(cell.language);
}

/* Cells in the programming language of the source need no magic. */
static void drop_own_language(struct notebook *notebook)
{
    const char *language = language_of_prog_lang(notebook->prog_lang);
    for (guint i = 0; i < notebook->cells->len; i++) {
        struct cell *cell = g_ptr_array_index(notebook->cells, i);
        const char *own = json_get_text(cell->metadata, "language", 0);
        g_autofree char *usual = own != 0 ? language_usual_name(own) : 0;
        if (usual != 0 && strcmp(usual, language) == 0)
            json_object_del(cell->metadata, "language");
    }
}

struct notebook *notebook_read_markdown(const char *text, const char *name, enum prog_lang prog_lang, const GArray *line_map,
                                        struct diag_list *diags)
{
    g_autoptr(line_list) lines = line_list_split(text);
    g_autoptr(notebook) notebook = notebook_new(prog_lang);
    struct source_reader reader = {.notebook = notebook, .lines = lines, .line_map = line_map, .name = name, .diags = diags};
    reader.extension = "md";
    reader.comment = "";
    if (!source_read_header(&reader))
        return 0;
    while (reader.pos < lines->n)
        read_cell(&reader);
    drop_own_language(notebook);
    source_finish(&reader, true);
    return g_steal_pointer(&notebook);
}
