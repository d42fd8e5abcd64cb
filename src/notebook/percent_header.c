/* The YAML header of a source: its "jupyter" part is notebook metadata, the rest a raw cell. */
#include <string.h>

#include "notebook/source.h"
#include "notebook/yaml.h"

struct header {
    GPtrArray *jupyter, *other; /* of lines, borrowed */
    GArray *jupyter_at;         /* of int: their indexes in the text */
    bool in_jupyter, started, ended;
    bool in_comment; /* the header of a Markdown source stands in <!-- --> */
    int end;         /* index of the closing line */
};

/* "key :" with nothing behind the colon. */
static bool is_jupyter_key(const char *line)
{
    if (!g_str_has_prefix(line, "jupyter"))
        return false;
    const char *p = skip_space(line + strlen("jupyter"));
    return *p == ':' && is_blank(p + 1);
}

static bool is_fence(const char *line)
{
    return g_str_has_prefix(line, "---") && is_blank(line + 3);
}

/* The encoding that the line declares, or NULL; the caller frees it. */
static char *find_encoding(const char *line, const char *comment)
{
    const char *p = line + strspn(line, " \t\f");
    if (!g_str_has_prefix(p, comment))
        return 0;
    for (p = strstr(p, "coding"); p != 0; p = strstr(p + 1, "coding")) {
        const char *value = p + strlen("coding");
        if (*value != ':' && *value != '=')
            continue;
        value++;
        value += strspn(value, " \t");
        size_t length = strspn(value, "-_.abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
        if (length > 0)
            return g_strndup(value, length);
    }
    return 0;
}

/* "#!" and the encoding come before everything else. False when the encoding is not UTF-8. */
static bool read_first_lines(struct source_reader *reader)
{
    char **lines = reader->lines->items;
    if (reader->lines->n > 0 && g_str_has_prefix(lines[0], "#!") && *reader->comment != 0) {
        json_object_set_new(source_jupytext(reader->notebook), "executable", json_string(lines[0] + 2));
        reader->pos = 1;
    }
    if (reader->pos >= reader->lines->n || *reader->comment == 0)
        return true;
    g_autofree char *encoding = find_encoding(lines[reader->pos], reader->comment);
    if (encoding == 0)
        return true;
    if (g_ascii_strcasecmp(encoding, "utf-8") != 0) {
        diag_add(reader->diags, DIAG_ERROR, reader->name, source_line(reader, reader->pos), 1, "save the file as UTF-8",
                 "encoding '%s' is not supported", encoding);
        return false;
    }
    json_object_set_new(source_jupytext(reader->notebook), "encoding", json_string(lines[reader->pos]));
    reader->pos++;
    return true;
}

/* Takes one line; false when the header is over. */
static bool take_line(struct header *header, const char *line)
{
    if (header->in_comment && header->ended && strstr(line, "-->") != 0)
        return false;
    if (is_fence(line)) {
        header->ended = header->started;
        header->started = true;
        return !header->ended || header->in_comment;
    }
    if (!header->started)
        return is_blank(line);
    if (is_jupyter_key(line))
        header->in_jupyter = true;
    else if (*line != 0 && skip_space(line) == line)
        header->in_jupyter = false;
    g_ptr_array_add(header->in_jupyter ? header->jupyter : header->other, (gpointer)line);
    if (header->in_jupyter)
        g_array_append_val(header->jupyter_at, header->end);
    return true;
}

/* An error at a line and column of the header's "jupyter" part. */
static void report_yaml(const struct source_reader *reader, const struct header *header, int line, int col, const char *message)
{
    int at = g_array_index(header->jupyter_at, int, CLAMP(line - 1, 0, (int)header->jupyter_at->len - 1));
    const char *text = reader->lines->items[at];
    int behind = (int)(uncomment_line(text, reader->comment) - text);
    diag_add(reader->diags, DIAG_ERROR, reader->name, source_line(reader, at), col + behind, "check its indentation, quotes and brackets",
             "%s", message);
}

static bool apply_jupyter(struct source_reader *reader, const struct header *header)
{
    if (header->jupyter->len == 0)
        return true;
    g_autofree char *text = join_lines((char **)header->jupyter->pdata, (int)header->jupyter->len);
    g_autoptr(GError) error = 0;
    int line = 1, col = 1;
    g_autoptr(json_t) yaml = yaml_header_parse(text, &line, &col, &error);
    json_t *metadata = json_object_get(yaml, "jupyter");
    if (!json_is_object(metadata)) {
        report_yaml(reader, header, line, col, error != 0 ? error->message : "'jupyter' in the YAML header is no mapping");
        return false;
    }
    g_autoptr(json_t) first = json_incref(reader->notebook->metadata);
    json_decref(reader->notebook->metadata);
    reader->notebook->metadata = json_incref(metadata);
    json_object_update_recursive(reader->notebook->metadata, first);
    reader->has_jupyter_header = true;
    return true;
}

static void add_header_cell(struct source_reader *reader, struct header *header, int lines_to_next)
{
    static char fence[] = "---";
    char *prev[] = {fence};
    if (header->other->len == 0)
        return;
    json_t *metadata = json_object();
    int expected = lines_between_cells(prev, 1, reader->lines->items + reader->pos, reader->lines->n - reader->pos,
                                       strcmp(reader->extension, "py") == 0);
    if (lines_to_next != expected)
        json_object_set_new(metadata, "lines_to_next_cell", json_integer(lines_to_next));
    g_ptr_array_insert(header->other, 0, fence);
    g_ptr_array_add(header->other, fence);
    source_add_cell(reader, CELL_RAW, (char **)header->other->pdata, (int)header->other->len, metadata, source_line(reader, 0));
}

bool source_read_header(struct source_reader *reader)
{
    if (!read_first_lines(reader))
        return false;
    g_autoptr(GPtrArray) jupyter = g_ptr_array_new(), other = g_ptr_array_new();
    g_autoptr(GArray) jupyter_at = g_array_new(FALSE, FALSE, sizeof(int));
    struct header header = {.jupyter = jupyter, .other = other, .jupyter_at = jupyter_at};
    for (header.end = reader->pos; header.end < reader->lines->n; header.end++) {
        const char *line = reader->lines->items[header.end];
        if (*reader->comment == 0 && g_str_has_prefix(skip_space(line), "<!--"))
            header.in_comment = true;
        else if (!g_str_has_prefix(line, reader->comment) || !take_line(&header, uncomment_line(line, reader->comment)))
            break;
    }
    if (!header.ended)
        return true;
    if (!apply_jupyter(reader, &header))
        return false;
    reader->pos = MIN(header.end + 1, reader->lines->n);
    int lines_to_next = 0;
    if (reader->pos < reader->lines->n && is_blank(uncomment_line(reader->lines->items[reader->pos], reader->comment))) {
        lines_to_next = 1;
        reader->pos++;
    }
    add_header_cell(reader, &header, lines_to_next);
    return true;
}
