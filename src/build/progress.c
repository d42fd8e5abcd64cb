#include "build/progress.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define USUAL_WIDTH 80

struct progress {
    unsigned width;   /* 0: the terminal's */
    unsigned n_shown; /* lines that stand on the terminal; the cursor is in the last one */
};

struct progress *progress_new(unsigned width)
{
    struct progress *progress = g_new0(struct progress, 1);
    progress->width = width;
    return progress;
}

void progress_free(struct progress *progress)
{
    g_free(progress);
}

static unsigned find_width(const struct progress *progress)
{
    struct winsize size;
    if (progress->width > 0)
        return progress->width;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : USUAL_WIDTH;
}

static unsigned count_columns(gunichar c)
{
    if (g_unichar_iszerowidth(c) || g_unichar_iscntrl(c))
        return 0;
    return g_unichar_iswide(c) ? 2 : 1;
}

char *progress_fit(const char *text, unsigned width)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    GString *fitting = g_string_new(NULL);
    unsigned n_columns = 0;
    for (const char *p = valid; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        n_columns += count_columns(c);
        if (n_columns > width)
            break;
        if (!g_unichar_iscntrl(c))
            g_string_append_unichar(fitting, c);
    }
    return g_string_free(fitting, FALSE);
}

char *progress_duration(double seconds)
{
    unsigned whole = seconds > 0 ? (unsigned)MIN(seconds, 359999.0) : 0;
    if (whole < 60)
        return g_strdup_printf("%u s", whole);
    if (whole < 3600)
        return g_strdup_printf("%u:%02u", whole / 60, whole % 60);
    return g_strdup_printf("%u:%02u:%02u", whole / 3600, whole / 60 % 60, whole % 60);
}

/* To the first of the shown lines, and everything from there on is erased. */
static void append_erase(const struct progress *progress, GString *output)
{
    if (progress->n_shown > 1)
        g_string_append_printf(output, "\033[%uA", progress->n_shown - 1);
    if (progress->n_shown > 0)
        g_string_append(output, "\r\033[J");
}

static void write_out(const GString *output)
{
    fwrite(output->str, 1, output->len, stderr);
    fflush(stderr);
}

void progress_show(struct progress *progress, const char *const *lines)
{
    g_autoptr(GString) output = g_string_new(NULL);
    unsigned width = find_width(progress), n = 0;
    append_erase(progress, output);
    for (; lines[n] != NULL; n++) {
        /* The last column stays free: some terminals begin a new line behind it. */
        g_autofree char *line = progress_fit(lines[n], width - 1);
        g_string_append_printf(output, "%s%s", n > 0 ? "\n" : "", line);
    }
    progress->n_shown = n;
    write_out(output);
}

void progress_hide(struct progress *progress)
{
    g_autoptr(GString) output = g_string_new(NULL);
    append_erase(progress, output);
    progress->n_shown = 0;
    write_out(output);
}
