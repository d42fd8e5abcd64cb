#include "cli/listing.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define GAP 2
#define NARROWEST 8 /* no column shrinks below */

struct listing {
    const struct column *columns;
    unsigned n_columns;
    GPtrArray *rows; /* char **, n_columns cells each */
};

struct listing *listing_new(const struct column *columns, unsigned n_columns)
{
    struct listing *listing = g_new0(struct listing, 1);
    listing->columns = columns;
    listing->n_columns = n_columns;
    listing->rows = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
    return listing;
}

void listing_free(struct listing *listing)
{
    if (listing == NULL)
        return;
    g_ptr_array_unref(listing->rows);
    g_free(listing);
}

/* Takes the text. */
static char *make_cell(char *text)
{
    if (text == NULL)
        return g_strdup("-");
    char *valid = g_utf8_make_valid(text, -1);
    for (char *p = valid; *p != '\0'; p++)
        if (g_ascii_iscntrl(*p))
            *p = ' ';
    g_free(text);
    return valid;
}

void listing_add(struct listing *listing, char *first_cell, ...)
{
    char **cells = g_new0(char *, listing->n_columns + 1);
    va_list args;
    va_start(args, first_cell);
    cells[0] = make_cell(first_cell);
    for (unsigned i = 1; i < listing->n_columns; i++)
        cells[i] = make_cell(va_arg(args, char *));
    va_end(args);
    g_ptr_array_add(listing->rows, cells);
}

/* Columns that a character takes. */
static unsigned char_width(gunichar c)
{
    if (g_unichar_iszerowidth(c))
        return 0;
    return g_unichar_iswide(c) ? 2 : 1;
}

static unsigned text_width(const char *text)
{
    unsigned width = 0;
    for (; *text != '\0'; text = g_utf8_next_char(text))
        width += char_width(g_utf8_get_char(text));
    return width;
}

/* Of the terminal; else what COLUMNS says; 0: any width will do. */
static unsigned available_width(void)
{
    struct winsize size;
    guint64 columns;
    const char *text = g_getenv("COLUMNS");
    if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return text != NULL && g_ascii_string_to_unsigned(text, 10, 1, 10000, &columns, NULL) ? (unsigned)columns : 0;
}

static void measure(const struct listing *listing, unsigned *widths)
{
    for (unsigned i = 0; i < listing->n_columns; i++) {
        widths[i] = text_width(listing->columns[i].title);
        for (unsigned k = 0; k < listing->rows->len; k++)
            widths[i] = MAX(widths[i], text_width(((char **)listing->rows->pdata[k])[i]));
    }
}

/* Of all columns that are shown (width 0: it is not), with their gaps; `is_least`: when they are shrunk as far as they can be. */
static unsigned total_width(const struct listing *listing, const unsigned *widths, bool is_least)
{
    unsigned total = 0;
    for (unsigned i = 0; i < listing->n_columns; i++)
        if (widths[i] > 0)
            total += (is_least && listing->columns[i].shrinks ? MIN(widths[i], NARROWEST) : widths[i]) + GAP;
    return MAX(total, GAP) - GAP;
}

/* Leaves out columns until the others can fit. */
static void leave_out(const struct listing *listing, unsigned *widths, unsigned available)
{
    while (available > 0 && total_width(listing, widths, true) > available) {
        unsigned next = 0;
        for (unsigned i = 1; i < listing->n_columns; i++)
            if (widths[i] > 0 && (widths[next] == 0 || listing->columns[i].leaves > listing->columns[next].leaves))
                next = i;
        if (listing->columns[next].leaves == 0)
            return;
        widths[next] = 0;
    }
}

/* Takes one column from the widest that may shrink, until all fit or none can. */
static void shrink(const struct listing *listing, unsigned *widths, unsigned available)
{
    unsigned total = total_width(listing, widths, false);
    for (; available > 0 && total > available; total--) {
        unsigned *widest = NULL;
        for (unsigned i = 0; i < listing->n_columns; i++)
            if (listing->columns[i].shrinks && widths[i] > NARROWEST && (widest == NULL || widths[i] > *widest))
                widest = &widths[i];
        if (widest == NULL)
            return;
        --*widest;
    }
}

/* The part of the text that fits, with an ellipsis for what does not; its width goes to `ret_width`. */
static char *cut(const char *text, unsigned width, unsigned *ret_width)
{
    unsigned used = 0;
    const char *end = text;
    if (text_width(text) <= width) {
        *ret_width = text_width(text);
        return g_strdup(text);
    }
    for (; *end != '\0' && used + char_width(g_utf8_get_char(end)) < width; end = g_utf8_next_char(end))
        used += char_width(g_utf8_get_char(end));
    *ret_width = used + 1;
    return g_strdup_printf("%.*s…", (int)(end - text), text);
}

static void print_row(const struct listing *listing, const unsigned *widths, char **cells)
{
    unsigned last = listing->n_columns - 1;
    while (last > 0 && widths[last] == 0)
        last--;
    for (unsigned i = 0; i <= last; i++) {
        unsigned used = 0;
        bool is_last = i == last;
        if (widths[i] == 0)
            continue;
        g_autofree char *text = cut(cells[i], widths[i], &used);
        unsigned blanks = widths[i] - MIN(used, widths[i]);
        if (listing->columns[i].is_right)
            printf("%*s%s", (int)blanks, "", text);
        else
            printf("%s%*s", text, is_last ? 0 : (int)blanks, "");
        printf("%*s", is_last ? 0 : GAP, "");
    }
    putchar('\n');
}

unsigned listing_print(const struct listing *listing)
{
    g_autofree unsigned *widths = g_new0(unsigned, listing->n_columns);
    g_autofree char **titles = g_new0(char *, listing->n_columns + 1);
    if (listing->rows->len == 0)
        return 0;
    for (unsigned i = 0; i < listing->n_columns; i++)
        titles[i] = (char *)listing->columns[i].title;
    measure(listing, widths);
    leave_out(listing, widths, available_width());
    shrink(listing, widths, available_width());
    print_row(listing, widths, titles);
    for (unsigned i = 0; i < listing->rows->len; i++)
        print_row(listing, widths, listing->rows->pdata[i]);
    return listing->rows->len;
}

char *format_duration(double seconds)
{
    gint64 s = seconds > 0 ? (gint64)seconds : 0;
    if (s < 60)
        return g_strdup_printf("%ds", (int)s);
    if (s < 3600)
        return g_strdup_printf("%dm%02ds", (int)(s / 60), (int)(s % 60));
    if (s < 86400)
        return g_strdup_printf("%dh%02dm", (int)(s / 3600), (int)(s / 60 % 60));
    return g_strdup_printf("%" G_GINT64_FORMAT "d%02dh", s / 86400, (int)(s / 3600 % 24));
}
