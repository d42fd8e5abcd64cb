#include "notebook/ansi.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "notebook/mime.h"

enum { NO_COLOUR = -1, MAX_PARAMETERS = 32 };

struct look {
    int foreground, background; /* 0xRRGGBB, 0x1000000 + n for the n-th of the 16 named ones, or NO_COLOUR */
    bool bold, faint, italic, underline, inverse, strike;
};

enum { NAMED = 0x1000000 };

static const struct look plain = {.foreground = NO_COLOUR, .background = NO_COLOUR};

static int colour_of_256(int n)
{
    if (n < 16)
        return NAMED + n;
    if (n >= 232)
        return (8 + 10 * (n - 232)) * 0x10101;
    static const int levels[] = {0, 95, 135, 175, 215, 255};
    n -= 16;
    return levels[n / 36] << 16 | levels[n / 6 % 6] << 8 | levels[n % 6];
}

/* 38;5;n and 38;2;r;g;b; returns how many parameters were used besides the first. */
static int read_long_colour(const int *parameters, int count, int *colour)
{
    if (count >= 3 && parameters[1] == 5) {
        *colour = colour_of_256(CLAMP(parameters[2], 0, 255));
        return 2;
    }
    if (count >= 5 && parameters[1] == 2) {
        *colour = CLAMP(parameters[2], 0, 255) << 16 | CLAMP(parameters[3], 0, 255) << 8 | CLAMP(parameters[4], 0, 255);
        return 4;
    }
    return count - 1;
}

static bool apply_attribute(struct look *look, int n)
{
    switch (n) {
    case 0:
        *look = plain;
        return true;
    case 1:
        look->bold = true;
        return true;
    case 2:
        look->faint = true;
        return true;
    case 3:
        look->italic = true;
        return true;
    case 4:
    case 21:
        look->underline = true;
        return true;
    case 7:
        look->inverse = true;
        return true;
    case 9:
        look->strike = true;
        return true;
    case 22:
        look->bold = look->faint = false;
        return true;
    case 23:
        look->italic = false;
        return true;
    case 24:
        look->underline = false;
        return true;
    case 27:
        look->inverse = false;
        return true;
    case 29:
        look->strike = false;
        return true;
    case 39:
        look->foreground = NO_COLOUR;
        return true;
    case 49:
        look->background = NO_COLOUR;
        return true;
    default:
        return false;
    }
}

static void apply_parameters(struct look *look, const int *parameters, int count)
{
    for (int i = 0; i < count; i++) {
        int n = parameters[i];
        if (apply_attribute(look, n))
            continue;
        if (n >= 30 && n <= 37)
            look->foreground = NAMED + n - 30;
        else if (n >= 40 && n <= 47)
            look->background = NAMED + n - 40;
        else if (n >= 90 && n <= 97)
            look->foreground = NAMED + n - 90 + 8;
        else if (n >= 100 && n <= 107)
            look->background = NAMED + n - 100 + 8;
        else if (n == 38)
            i += read_long_colour(parameters + i, count - i, &look->foreground);
        else if (n == 48)
            i += read_long_colour(parameters + i, count - i, &look->background);
    }
}

/* Reads "1;38;5;28" (or with ':' ) up to `end`. */
static void apply_sgr(struct look *look, const char *text, const char *end)
{
    int parameters[MAX_PARAMETERS] = {0}, count = 1;
    for (; text < end; text++) {
        if (g_ascii_isdigit(*text))
            parameters[count - 1] = MIN(parameters[count - 1] * 10 + *text - '0', 9999);
        else if ((*text == ';' || *text == ':') && count < MAX_PARAMETERS)
            count++;
    }
    apply_parameters(look, parameters, count);
}

/* The end of the escape sequence that begins at `text` (an ESC); colours are applied. */
static const char *read_escape(const char *text, struct look *look)
{
    const char *p = text + 1;
    if (*p == '[') {
        const char *end = p + 1;
        while (*end >= 0x20 && *end < 0x40)
            end++;
        if (*end == 'm')
            apply_sgr(look, p + 1, end);
        return *end >= 0x40 && *end < 0x7f ? end + 1 : end;
    }
    if (*p == ']' || *p == 'P' || *p == '^' || *p == '_') { /* ends with BEL or ESC \ */
        while (*p != '\0' && *p != '\a' && *p != '\033' && *p != '\n')
            p++;
        return *p == '\a' ? p + 1 : *p == '\033' && p[1] == '\\' ? p + 2 : p;
    }
    while (*p >= 0x20 && *p < 0x30)
        p++;
    return *p >= 0x30 && *p < 0x7f ? p + 1 : p;
}

static double luminance(int colour)
{
    double sum = 0;
    const double weights[] = {0.2126, 0.7152, 0.0722};
    for (int i = 0; i < 3; i++) {
        double c = (colour >> (16 - 8 * i) & 255) / 255.0;
        sum += weights[i] * (c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4));
    }
    return sum;
}

static double contrast(int a, int b)
{
    double x = luminance(a), y = luminance(b);
    return (MAX(x, y) + 0.05) / (MIN(x, y) + 0.05);
}

/* The colour, mixed with `towards` until it can be read on `paper` (WCAG AA). */
static int readable(int colour, int paper, int towards)
{
    for (int step = 0; step <= 10; step++) {
        int mixed = 0;
        for (int shift = 0; shift <= 16; shift += 8)
            mixed |= ((colour >> shift & 255) * (10 - step) + (towards >> shift & 255) * step) / 10 << shift;
        if (contrast(mixed, paper) >= 4.6)
            return mixed;
    }
    return towards;
}

/* The papers are the darkest light and the lightest dark ground of data/page.css that terminal text stands on. */
static void append_foreground(GString *style, int colour)
{
    g_string_append_printf(style, "--l:#%06x;--d:#%06x;", readable(colour, 0xfbe9e7, 0x000000), readable(colour, 0x3a2020, 0xffffff));
}

static int plain_rgb(int colour)
{
    static const int named[] = {0x3e424d, 0xe75c58, 0x00a250, 0xddb62b, 0x208ffb, 0xd160c4, 0x60c6c8, 0xc5c1b4,
                                0x282c36, 0xb22b31, 0x007427, 0xb27d12, 0x0065ca, 0xa03196, 0x258f8f, 0xa1a6b2};
    return colour >= NAMED ? named[colour - NAMED] : colour;
}

static void append_look(GString *out, const struct look *look)
{
    int front = look->inverse ? look->background : look->foreground, back = look->inverse ? look->foreground : look->background;
    g_autoptr(GString) classes = g_string_new(NULL);
    g_autoptr(GString) style = g_string_new(NULL);
    if (look->inverse && back == NO_COLOUR)
        g_string_append(classes, " a-inv");
    else if (back != NO_COLOUR) {
        int paper = plain_rgb(back), towards = contrast(paper, 0) > contrast(paper, 0xffffff) ? 0 : 0xffffff;
        int ink = front == NO_COLOUR ? towards : readable(plain_rgb(front), paper, towards);
        g_string_append_printf(style, "color:#%06x;background:#%06x", ink, paper);
    } else if (front >= NAMED)
        g_string_append_printf(classes, " a%d", front - NAMED);
    else if (front != NO_COLOUR) {
        g_string_append(classes, " a");
        append_foreground(style, front);
    }
    g_string_append(classes, look->bold ? " a-b" : "");
    g_string_append(classes, look->faint ? " a-f" : "");
    g_string_append(classes, look->italic ? " a-i" : "");
    g_string_append(classes, look->underline && look->strike ? " a-us" : look->underline ? " a-u" : look->strike ? " a-s" : "");
    g_string_append(out, "<span");
    if (classes->len > 0)
        g_string_append_printf(out, " class=\"%s\"", classes->str + 1);
    if (style->len > 0)
        g_string_append_printf(out, " style=\"%s\"", style->str);
    g_string_append_c(out, '>');
}

/* Each line from its last carriage return on, as a terminal would show it. */
static char *replay_carriage_returns(const char *text)
{
    if (strchr(text, '\r') == NULL)
        return g_strdup(text);
    GString *out = g_string_sized_new(strlen(text));
    size_t line = 0;
    for (const char *p = text; *p; p++) {
        if (*p == '\r' && p[1] != '\0' && p[1] != '\n' && p[1] != '\r')
            g_string_truncate(out, line);
        else if (*p != '\r')
            g_string_append_c(out, *p);
        if (*p == '\n')
            line = out->len;
    }
    return g_string_free(out, FALSE);
}

static bool is_plain(const struct look *look)
{
    return look->foreground == NO_COLOUR && look->background == NO_COLOUR && !look->bold && !look->faint && !look->italic &&
           !look->underline && !look->inverse && !look->strike;
}

void ansi_append_html(GString *out, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    g_autofree char *shown = replay_carriage_returns(valid);
    struct look look = plain;
    for (const char *p = shown; *p;) {
        if (*p == '\033') {
            p = read_escape(p, &look);
            continue;
        }
        size_t length = strcspn(p, "\033");
        if (!is_plain(&look))
            append_look(out, &look);
        mime_append_escaped(out, p, length);
        if (!is_plain(&look))
            g_string_append(out, "</span>");
        p += length;
    }
}
