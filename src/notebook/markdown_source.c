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
    int stop;             /* the line that ends it: an explicit end, or `end` */
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

/* What a line that begins with a fence is the start of. */
enum fence { FENCE_NONE, FENCE_TEXT, FENCE_NOEVAL, FENCE_CODE };

static enum fence find_fence(const char *line)
{
    g_autofree char *language = 0;
    const char *options = 0;
    if (!opens_code(line, &language, &options))
        return fence_length(line) > 0 ? FENCE_TEXT : FENCE_NONE;
    if (strstr(options, ".noeval") == 0)
        return FENCE_CODE;
    g_autoptr(json_t) metadata = options_parse_pairs(options);
    return json_is_null(json_object_get(metadata, ".noeval")) ? FENCE_NOEVAL : FENCE_CODE;
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

/* Ends a cell at line `i`, without `blank` lines in front of it. */
static void end_cell(struct markdown_cell *cell, int i, int blank, bool closed)
{
    cell->stop = cell->end = i - blank;
    cell->next = i;
    cell->closed = closed;
}

/* Ends a cell with the line `i`, which is no part of it. */
static void close_cell(struct markdown_cell *cell, int i)
{
    end_cell(cell, i, 0, true);
    cell->next = i + 1;
}

static bool read_region(struct source_reader *reader, struct markdown_cell *cell)
{
    char **lines = reader->lines->items;
    g_autofree char *name = 0, *options = 0;
    if (!opens_region(lines[reader->pos], &name, &options))
        return false;
    g_autofree char *title = 0;
    cell->metadata = source_read_options(reader, options, true, &title);
    if (*title != 0)
        json_object_set_new(cell->metadata, "title", json_string(title));
    cell->type = strcmp(name, "raw") == 0 ? CELL_RAW : CELL_MARKDOWN;
    if (*name == 'm')
        json_object_set_new(cell->metadata, "region_name", json_string(name));
    cell->start = reader->pos + 1;
    end_cell(cell, reader->lines->n, 0, false);
    for (int i = cell->start; i < reader->lines->n && !cell->closed; i++)
        if (closes_region(lines[i], name))
            close_cell(cell, i);
    return true;
}

/* The content of a fenced block: to a line that begins with as many backticks, outside of quoted text. */
static void find_fence_end(const struct source_reader *reader, struct markdown_cell *cell, const char *language)
{
    char **lines = reader->lines->items;
    size_t fence = fence_length(lines[reader->pos]);
    struct quote_watch watch = {.comment = language_comment(language)};
    cell->start = reader->pos + 1;
    end_cell(cell, reader->lines->n, 0, false);
    for (int i = cell->start; i < reader->lines->n && !cell->closed; i++) {
        bool quoted = watch.triple != 0;
        quote_watch_read(&watch, lines[i]);
        if (!quoted && fence_length(lines[i]) >= fence)
            close_cell(cell, i);
    }
}

static bool read_code(struct source_reader *reader, struct markdown_cell *cell)
{
    char **lines = reader->lines->items;
    const char *options = 0;
    if (find_fence(lines[reader->pos]) != FENCE_CODE || !opens_code(lines[reader->pos], &cell->language, &options))
        return false;
    g_autofree char *title = 0;
    cell->type = CELL_CODE;
    cell->metadata = source_read_options(reader, options, false, &title);
    find_fence_end(reader, cell, cell->language);
    return true;
}

/* A block that is shown and not run is a text cell of its own, fences and all. */
static bool read_noeval(struct source_reader *reader, struct markdown_cell *cell)
{
    if (find_fence(reader->lines->items[reader->pos]) != FENCE_NOEVAL)
        return false;
    cell->type = CELL_MARKDOWN;
    cell->metadata = json_object();
    find_fence_end(reader, cell, reader->default_language);
    cell->start--;
    cell->stop = cell->end = MIN(cell->end + 1, reader->lines->n);
    cell->closed = false;
    return true;
}

/* Where a walk through a text cell stands. */
struct text_walk {
    int blank;     /* blank lines in front of the next line */
    bool fenced;   /* in a fenced block, which ends with … */
    size_t fence;  /* … any line that begins with as many backticks, or 0: with three alone on their line */
    bool indented; /* in a block of indented code */
};

/* True if the line belongs to a block of code that began above it. */
static bool walk_code(struct text_walk *walk, const char *line)
{
    size_t ticks = fence_length(line);
    bool code_line = g_str_has_prefix(line, "    ") && !is_blank(line);
    if (walk->fenced) {
        walk->fenced = walk->fence > 0 ? ticks < walk->fence : ticks != 3 || !is_blank(line + ticks);
        return true;
    }
    if (walk->blank > 0 && code_line) {
        walk->indented = true;
        walk->blank = 0;
        return true;
    }
    walk->indented = walk->indented && (is_blank(line) || code_line);
    return walk->indented;
}

/* Ends the cell in front of line `i` if that begins another; true if so. */
static bool ends_in_front(const struct source_reader *reader, const struct text_walk *walk, struct markdown_cell *cell, int i,
                          enum fence fence)
{
    const char *line = reader->lines->items[i];
    if (is_region_start(line) || fence == FENCE_CODE)
        end_cell(cell, i, i - cell->start > 1 && walk->blank > 0 ? 1 : 0, false);
    else if (reader->split_at_heading && *line == '#' && walk->blank > 0)
        end_cell(cell, i, 1, false);
    else if (walk->blank >= 2 && !is_blank(line) && fence != FENCE_NOEVAL)
        end_cell(cell, i, 2, true);
    else
        return false;
    return true;
}

/* A text cell ends at a cell with a start of its own, or at two blank lines outside of code blocks. */
static void read_text(struct source_reader *reader, struct markdown_cell *cell)
{
    struct text_walk walk = {0};
    cell->type = CELL_MARKDOWN;
    cell->metadata = json_object();
    cell->start = reader->pos;
    end_cell(cell, reader->lines->n, 0, false);
    for (int i = cell->start; i < reader->lines->n; i++) {
        const char *line = reader->lines->items[i];
        if (walk_code(&walk, line))
            continue;
        enum fence fence = find_fence(line);
        if (ends_in_front(reader, &walk, cell, i, fence))
            return;
        walk.fenced = fence != FENCE_NONE;
        if (fence == FENCE_NOEVAL)
            walk.fence = fence_length(line);
        walk.blank = is_blank(line) ? walk.blank + 1 : 0;
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
    if (cell->stop < n)
        found = next - cell->stop - (cell->closed ? 1 : 0) + (next >= n ? 1 : 0);
    if (found != 1)
        json_object_set_new(cell->metadata, "lines_to_next_cell", json_integer(found));
    reader->pos = MAX(next, reader->pos + 1);
}

static void read_cell(struct source_reader *reader)
{
    struct markdown_cell cell = {0};
    int line = source_line(reader, reader->pos);
    if (!read_region(reader, &cell) && !read_noeval(reader, &cell) && !read_code(reader, &cell))
        read_text(reader, &cell);
    if (cell.language != 0 && json_object_get(cell.metadata, "language") == 0)
        json_object_set_new(cell.metadata, "language", json_string(cell.language));
    if (cell.type == CELL_CODE && !options_are_active(cell.metadata, "ipynb", true)) {
        cell.type = CELL_RAW;
        if (strcmp(json_get_text(cell.metadata, "active", "-"), "") == 0)
            json_object_del(cell.metadata, "active");
    }
    skip_blank_lines(reader, &cell);
    char *const *lines = reader->lines->items + cell.start;
    struct cell *added = source_add_cell(reader, cell.type, lines, MAX(cell.end - cell.start, 0), cell.metadata, line);
    added->text_line = source_line(reader, cell.start);
    g_free(cell.language);
}

/* The language of most code cells; "python" when there are none, and for half a cell more than it has. */
static const char *count_languages(const struct notebook *notebook, json_t *counts)
{
    const char *best = "python", *name;
    json_int_t most = 1;
    json_object_set_new(counts, best, json_integer(most));
    for (guint i = 0; i < notebook->cells->len; i++) {
        const char *language = json_get_text(((struct cell *)g_ptr_array_index(notebook->cells, i))->metadata, "language", 0);
        g_autofree char *usual = language != 0 ? language_usual_name(language) : 0;
        if (usual != 0)
            json_object_set_new(counts, usual, json_integer(json_get_int(counts, usual, 0) + 2));
    }
    json_t *count;
    json_object_foreach(counts, name, count)
    {
        if (json_integer_value(count) <= most)
            continue;
        most = json_integer_value(count);
        best = name;
    }
    return best;
}

/* What the header does not say, the cells do. */
static void set_main_language(struct notebook *notebook)
{
    const json_t *kernel = json_object_get(notebook->metadata, "kernelspec");
    json_t *jupytext = source_jupytext(notebook);
    if (notebook->cells->len == 0 || json_object_get(jupytext, "main_language") != 0 || json_object_get(kernel, "language") != 0)
        return;
    g_autoptr(json_t) counts = json_object();
    json_object_set_new(jupytext, "main_language", json_string(count_languages(notebook, counts)));
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
    g_autofree char *language = language_main(notebook->metadata, prog_lang);
    reader.default_language = language;
    reader.split_at_heading = json_get_bool(json_object_get(notebook->metadata, "jupytext"), "split_at_heading", false);
    while (reader.pos < lines->n)
        read_cell(&reader);
    set_main_language(notebook);
    source_finish(&reader, true);
    return g_steal_pointer(&notebook);
}
