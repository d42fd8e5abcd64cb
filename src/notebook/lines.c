#include "notebook/lines.h"

#include <string.h>

int line_end_length(const char *text)
{
    const unsigned char *p = (const unsigned char *)text;
    if (p[0] == '\r')
        return p[1] == '\n' ? 2 : 1;
    if ((p[0] >= '\n' && p[0] <= '\f') || (p[0] >= 0x1c && p[0] <= 0x1e))
        return 1;
    if (p[0] == 0xc2 && p[1] == 0x85)
        return 2;
    return p[0] == 0xe2 && p[1] == 0x80 && (p[2] == 0xa8 || p[2] == 0xa9) ? 3 : 0;
}

const char *line_find_end(const char *text, int *ret_length)
{
    const unsigned char *p = (const unsigned char *)text;
    for (;; p++) {
        while (*p >= 0x20 && *p != 0xc2 && *p != 0xe2)
            p++;
        *ret_length = line_end_length((const char *)p);
        if (*p == 0 || *ret_length > 0)
            return (const char *)p;
    }
}

static void add_line(GPtrArray *items, GArray *numbers, char *line, int number)
{
    g_ptr_array_add(items, line);
    g_array_append_val(numbers, number);
}

struct line_list *line_list_split(const char *text)
{
    struct line_list *list = g_new0(struct line_list, 1);
    GPtrArray *items = g_ptr_array_new();
    GArray *numbers = g_array_new(FALSE, FALSE, sizeof(int));
    list->buffer = g_strdup(text);
    char *start = list->buffer, *end;
    int number = 1, length;
    while (*(end = (char *)line_find_end(start, &length)) != 0) {
        add_line(items, numbers, start, number);
        if (*end == '\n' || *end == '\r')
            number++;
        *end = 0;
        start = end + length;
    }
    if (*start != 0)
        add_line(items, numbers, start, number);
    list->n = (int)items->len;
    list->items = (char **)g_ptr_array_free(items, FALSE);
    list->numbers = (int *)(void *)g_array_free(numbers, FALSE);
    return list;
}

void line_list_free(struct line_list *list)
{
    if (list == 0)
        return;
    g_free(list->items);
    g_free(list->numbers);
    g_free(list->buffer);
    g_free(list);
}

static bool is_python_space(gunichar c)
{
    if (c < 0x80)
        return (c >= 9 && c <= 13) || (c >= 0x1c && c <= 0x20);
    return c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
           c == 0x205f || c == 0x3000;
}

const char *skip_space(const char *text)
{
    while (*text != 0 && is_python_space(g_utf8_get_char(text)))
        text = g_utf8_next_char(text);
    return text;
}

bool is_blank(const char *text)
{
    return *skip_space(text) == 0;
}

char *strip_copy(const char *text)
{
    const char *start = skip_space(text), *end = start + strlen(start);
    while (end > start) {
        const char *last = g_utf8_prev_char(end);
        if (!is_python_space(g_utf8_get_char(last)))
            break;
        end = last;
    }
    return g_strndup(start, (gsize)(end - start));
}

/* One quote character at line[i]; `single` is the open simple quote, `triple_at` where the last triple quote ended. */
static void read_quote(struct quote_watch *watch, const char *line, gssize i, char *single, gssize *triple_at)
{
    char c = line[i];
    if (i > 0 && line[i - 1] == '\\')
        return;
    if (*single == c) {
        *single = 0;
        return;
    }
    if (*single != 0)
        return;
    if (i >= 2 && line[i - 1] == c && line[i - 2] == c && i >= *triple_at + 3) {
        if (watch->triple != 0 && watch->triple != c)
            return;
        watch->triple = watch->triple == c ? 0 : c;
        *triple_at = i;
        return;
    }
    if (watch->triple == 0)
        *single = c;
}

void quote_watch_read(struct quote_watch *watch, const char *line)
{
    if (watch->triple == 0 && watch->comment != 0 && g_str_has_prefix(skip_space(line), watch->comment))
        return;
    char single = 0, first = watch->comment != 0 ? *watch->comment : 0;
    gssize triple_at = -1;
    for (gssize i = 0; line[i] != 0; i++) {
        if (line[i] == first && single == 0 && watch->triple == 0 && g_str_has_prefix(line + i, watch->comment))
            return;
        if (line[i] == '"' || line[i] == '\'')
            read_quote(watch, line, i, &single, &triple_at);
    }
}

static bool starts_with_any(const char *line, const char *characters)
{
    return *line != 0 && strchr(characters, *line) != 0;
}

static bool is_definition(const char *line)
{
    return g_str_has_prefix(line, "def ") || g_str_has_prefix(line, "class ");
}

static bool next_is_definition(char *const *lines, int n)
{
    struct quote_watch watch = {.comment = "#"};
    for (int i = 0; i < n; i++) {
        bool quoted = watch.triple != 0;
        quote_watch_read(&watch, lines[i]);
        if (quoted)
            continue;
        if (is_blank(lines[i])) {
            if (i > 0 && is_blank(lines[i - 1]))
                return false;
            continue;
        }
        if (is_definition(lines[i]))
            return true;
        if (!starts_with_any(lines[i], "#@ )"))
            return false;
    }
    return false;
}

static bool ends_with_definition(char *const *lines, int n)
{
    g_autoptr(GPtrArray) unquoted = g_ptr_array_new();
    struct quote_watch watch = {.comment = "#"};
    for (int i = 0; i < n; i++) {
        if (watch.triple == 0)
            g_ptr_array_add(unquoted, lines[i]);
        quote_watch_read(&watch, lines[i]);
    }
    for (guint i = unquoted->len; i-- > 0;) {
        const char *line = g_ptr_array_index(unquoted, i);
        if (is_blank(line)) {
            if (i + 1 < unquoted->len && is_blank(g_ptr_array_index(unquoted, i + 1)))
                return false;
            continue;
        }
        if (starts_with_any(line, "# )"))
            continue;
        return is_definition(line);
    }
    return false;
}

static bool has_code(char *const *lines, int n)
{
    for (int i = 0; i < n; i++) {
        const char *line = skip_space(lines[i]);
        if (*line == '#')
            continue;
        if (*line != 0)
            return true;
        if (i > 0 && is_blank(lines[i - 1]))
            return false;
    }
    return false;
}

int lines_between_cells(char *const *prev, int n_prev, char *const *next, int n_next, bool python)
{
    if (n_next == 0)
        return 1;
    if (n_prev == 0)
        return 0;
    if (!python)
        return 1;
    if (ends_with_definition(prev, n_prev))
        return has_code(next, n_next) ? 2 : 1;
    const char *last = prev[n_prev - 1];
    bool ends_with_code = !is_blank(last) && *last != '#';
    return ends_with_code && next_is_definition(next, n_next) ? 2 : 1;
}

char *join_lines(char *const *lines, int n)
{
    GString *text = g_string_new(0);
    for (int i = 0; i < n; i++) {
        if (i > 0)
            g_string_append_c(text, '\n');
        g_string_append(text, lines[i]);
    }
    return g_string_free(text, FALSE);
}

const char *uncomment_line(const char *line, const char *comment)
{
    size_t length = strlen(comment);
    if (length == 0 || strncmp(line, comment, length) != 0)
        return line;
    return line[length] == ' ' ? line + length + 1 : line + length;
}
