#include "diagram/drawio/cell_text.h"

#include <string.h>

#define MAX_TEXT (1024 * 1024) /* bytes of a label after the placeholders are filled in */

bool cell_text_is_html(const struct style *style)
{
    return style_flag(style, "html", false) || style_is(style, "whiteSpace", "wrap");
}

static const char *own_attribute(const struct cell *cell, const char *name)
{
    return cell->attributes != NULL ? g_hash_table_lookup(cell->attributes, name) : NULL;
}

/* An attribute of the cell, or of the nearest ancestor that has it; NULL when none has. */
static const char *find_attribute(const struct page *page, const struct cell *cell, const char *name)
{
    const char *value = own_attribute(cell, name);
    while (value == NULL && cell->parent != NO_CELL) {
        cell = page_cell(page, cell->parent);
        value = own_attribute(cell, name);
    }
    return value;
}

static bool has_placeholders(const struct cell *cell)
{
    const char *flag = own_attribute(cell, "placeholders");
    return flag != NULL && strcmp(flag, "1") == 0 && cell->is_reached;
}

static bool is_volatile(const char *name)
{
    static const char *const names[] = {"date", "time", "timestamp", "pagecount", NULL};
    return g_strv_contains(names, name) || g_str_has_prefix(name, "date{");
}

/* The value of a placeholder, or NULL; `number` holds the text of a number. */
static const char *find_value(const struct page *page, const struct cell *cell, const char *name, char number[16])
{
    const char *value = strcmp(name, "id") == 0 ? cell->id : strchr(name, '{') == NULL ? find_attribute(page, cell, name) : NULL;
    if (value != NULL)
        return value;
    if (strcmp(name, "page") == 0)
        return page->name;
    if (strcmp(name, "pagenumber") != 0)
        return NULL;
    g_snprintf(number, 16, "%u", page->number);
    return number;
}

/* The end of a placeholder "%name%" that begins at `at`, or NULL: it is none. */
static const char *placeholder_end(const char *at)
{
    const char *end = at + 1 + strcspn(at + 1, "%{}^");
    if (g_str_has_prefix(at, "%date{"))
        end = strstr(at, "}%") != NULL ? strstr(at, "}%") + 1 : at + 1;
    return *end == '%' && end > at + 1 ? end : NULL;
}

/* Calls `visit` for each placeholder; it appends what stands for it. */
typedef void visit(const struct page *page, const struct cell *cell, const char *name, GString *out);

static char *replace(const struct page *page, const struct cell *cell, const char *text, visit *visit)
{
    GString *out = g_string_new(NULL);
    for (const char *at = text; *at != '\0' && out->len < MAX_TEXT;) {
        const char *end = *at == '%' ? placeholder_end(at) : NULL;
        if (end == NULL) {
            g_string_append_c(out, *at++);
            continue;
        }
        g_autofree char *name = g_strndup(at + 1, (gsize)(end - at - 1));
        if (at > text && at[-1] == '%')
            g_string_append_printf(out, "%s%%", name);
        else
            visit(page, cell, name, out);
        at = end + 1;
    }
    return g_string_free(out, FALSE);
}

static void fill_in(const struct page *page, const struct cell *cell, const char *name, GString *out)
{
    char number[16];
    bool is_literal = strcmp(name, "label") == 0 || strcmp(name, "tooltip") == 0;
    const char *value = is_literal ? NULL : find_value(page, cell, name, number);
    if (value != NULL)
        g_string_append_len(out, value, (gssize)MIN(strlen(value), MAX_TEXT));
    else
        g_string_append_printf(out, "%%%s%%", name);
}

static void list_volatile(const struct page *page, const struct cell *cell, const char *name, GString *out)
{
    char number[16];
    if (is_volatile(name) && find_value(page, cell, name, number) == NULL)
        g_string_append_printf(out, "\n%.60s", name);
}

static bool is_shown(const struct cell *cell)
{
    return cell->has_geometry && !style_flag(&cell->style, "noLabel", false);
}

/* The label with its placeholders filled in, as the author meant it: HTML or plain text. */
static char *fill_label(const struct page *page, const struct cell *cell)
{
    if (!has_placeholders(cell))
        return g_strdup(cell->label);
    const char *name = own_attribute(cell, "placeholder");
    if (name == NULL)
        return replace(page, cell, cell->label, fill_in);
    const char *value = find_attribute(page, cell, name);
    return g_strdup(value != NULL ? value : "");
}

char *cell_text_find_volatile(const struct page *page, const struct cell *cell)
{
    if (!is_shown(cell) || !has_placeholders(cell) || own_attribute(cell, "placeholder") != NULL || strchr(cell->label, '%') == NULL)
        return NULL;
    g_autofree char *all = replace(page, cell, cell->label, list_volatile);
    const char *first = strchr(all, '\n');
    return first != NULL ? g_strndup(first + 1, strcspn(first + 1, "\n")) : NULL;
}

char *cell_text_new(const struct page *page, const struct cell *cell)
{
    const struct style *style = &cell->style;
    g_autofree char *label = is_shown(cell) ? fill_label(page, cell) : g_strdup("");
    if (!cell_text_is_html(style))
        return g_steal_pointer(&label);
    /* What was typed as plain text is escaped; its line breaks are kept. */
    g_autofree char *html = style_flag(style, "html", false) ? g_strdup(label) : g_markup_escape_text(label, -1);
    if (style_is(style, "nl2Br", "0") || strchr(html, '\n') == NULL)
        return g_steal_pointer(&html);
    g_autoptr(GString) below = g_string_new(NULL); /* empty lines at the end are lines too */
    for (size_t length = strlen(html); length > 0 && html[length - 1] == '\n'; html[--length] = '\0')
        g_string_append(below, "<div><br></div>");
    g_auto(GStrv) lines = g_strsplit(html, "\n", -1);
    g_autofree char *joined = g_strjoinv("<br>", lines);
    return g_strconcat(joined, below->str, NULL);
}
