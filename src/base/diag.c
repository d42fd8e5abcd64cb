#include "base/diag.h"

#include <string.h>

static void diag_free(gpointer data)
{
    struct diag *diag = data;
    g_free(diag->file);
    g_free(diag->message);
    g_free(diag->hint);
    g_free(diag);
}

struct diag_list *diag_list_new(void)
{
    struct diag_list *list = g_new0(struct diag_list, 1);
    list->items = g_ptr_array_new_with_free_func(diag_free);
    return list;
}

void diag_list_free(struct diag_list *list)
{
    if (list == NULL)
        return;
    g_ptr_array_unref(list->items);
    g_free(list);
}

void diag_add(struct diag_list *list, enum diag_severity severity, const char *file, int line, int col, const char *hint,
              const char *format, ...)
{
    struct diag *diag = g_new0(struct diag, 1);
    va_list args;
    va_start(args, format);
    diag->message = g_strdup_vprintf(format, args);
    va_end(args);
    diag->severity = severity;
    diag->file = g_strdup(file);
    diag->line = line;
    diag->col = col;
    diag->hint = g_strdup(hint);
    g_ptr_array_add(list->items, diag);
}

unsigned diag_count(const struct diag_list *list, enum diag_severity severity)
{
    unsigned n = 0;
    for (unsigned i = 0; i < list->items->len; i++)
        n += ((const struct diag *)list->items->pdata[i])->severity == severity;
    return n;
}

bool diag_has_errors(const struct diag_list *list)
{
    return diag_count(list, DIAG_ERROR) > 0;
}

/* "FILE:LINE: " or "FILE:LINE:COL: " at the start of a text; FILE holds neither a line break nor ": " nor "://". */
static bool split_place(const char *text, char **ret_file, int *ret_line, int *ret_col, const char **ret_rest)
{
    for (const char *p = text; *p != '\0' && *p != '\n'; p++) {
        if (p[0] == ':' && (p[1] == ' ' || (p[1] == '/' && p[2] == '/'))) /* "http://host:80: …" is no place */
            return false;
        if (p == text || p[0] != ':' || !g_ascii_isdigit(p[1]))
            continue;
        char *end;
        guint64 line = g_ascii_strtoull(p + 1, &end, 10), col = 0;
        if (end[0] == ':' && g_ascii_isdigit(end[1]))
            col = g_ascii_strtoull(end + 1, &end, 10);
        if (end[0] != ':' || end[1] != ' ')
            continue;
        *ret_file = g_strndup(text, (gsize)(p - text));
        *ret_line = (int)MIN(line, G_MAXINT);
        *ret_col = (int)MIN(col, G_MAXINT);
        *ret_rest = end + 2;
        return true;
    }
    return false;
}

void diag_add_text(struct diag_list *list, enum diag_severity severity, const char *file, const char *text, const char *hint)
{
    g_autofree char *own_file = NULL;
    const char *rest = text;
    int line = 0, col = 0;
    if (split_place(text, &own_file, &line, &col, &rest))
        file = own_file;
    const char *end = strchrnul(rest, '\n');
    g_autofree char *message = g_strndup(rest, (gsize)(end - rest));
    const char *more = *end != '\0' && end[1] != '\0' ? end + 1 : NULL;
    g_autofree char *remedy = more != NULL && hint != NULL ? g_strdup_printf("%s\n%s", more, hint) : g_strdup(more != NULL ? more : hint);
    diag_add(list, severity, file, line, col, remedy, "%s", message);
}

static void append_indented(GString *text, const char *lines)
{
    g_auto(GStrv) parts = g_strsplit(lines, "\n", -1);
    for (char **part = parts; *part != NULL; part++)
        if (**part != '\0')
            g_string_append_printf(text, "  %s\n", *part);
}

static char *format(const struct diag *diag, const char *on, const char *off)
{
    static const char *const names[] = {"note", "warning", "error"};
    GString *text = g_string_new(diag->file != NULL ? diag->file : "clx");
    g_string_append_c(text, ':');
    if (diag->line > 0)
        g_string_append_printf(text, "%d:", diag->line);
    if (diag->line > 0 && diag->col > 0)
        g_string_append_printf(text, "%d:", diag->col);
    const char *more = strchr(diag->message, '\n');
    g_string_append_printf(text, " %s%s:%s %.*s\n", on, names[diag->severity], off, (int)strcspn(diag->message, "\n"), diag->message);
    if (more != NULL)
        append_indented(text, more + 1);
    if (diag->hint != NULL)
        append_indented(text, diag->hint);
    return g_string_free(text, FALSE);
}

char *diag_format(const struct diag *diag)
{
    return format(diag, "", "");
}

char *diag_format_colored(const struct diag *diag)
{
    static const char *const colors[] = {"\033[36m", "\033[33m", "\033[31m"};
    return format(diag, colors[diag->severity], "\033[0m");
}

char *diag_list_format(const struct diag_list *list)
{
    GString *text = g_string_new(NULL);
    for (unsigned i = 0; i < list->items->len; i++) {
        g_autofree char *one = diag_format(list->items->pdata[i]);
        g_string_append(text, one);
    }
    return g_string_free(text, FALSE);
}
