#include "notebook/ipynb_places.h"

#include <stdbool.h>
#include <string.h>

struct walk {
    const char *p, *line_start;
    int line;
};

static void advance(struct walk *walk)
{
    if (*walk->p++ != '\n')
        return;
    walk->line++;
    walk->line_start = walk->p;
}

static void skip_blanks(struct walk *walk)
{
    while (*walk->p != 0 && strchr(" \t\r\n", *walk->p) != 0)
        advance(walk);
}

/* Moves behind the string that begins here. */
static void skip_string(struct walk *walk)
{
    for (walk->p++; *walk->p != 0 && *walk->p != '"'; walk->p++)
        if (*walk->p == '\\' && walk->p[1] != 0)
            walk->p++;
    if (*walk->p == '"')
        walk->p++;
}

static void skip_value(struct walk *walk)
{
    int depth = 0;
    do {
        skip_blanks(walk);
        if (*walk->p == '"') {
            skip_string(walk);
            continue;
        }
        if (*walk->p == 0 || (depth == 0 && strchr(",]}", *walk->p) != 0))
            return;
        depth += (*walk->p == '{' || *walk->p == '[') - (*walk->p == '}' || *walk->p == ']');
        walk->p++;
    } while (depth > 0 || (*walk->p != 0 && strchr(" \t\r\n,]}", *walk->p) == 0));
}

static bool take(struct walk *walk, char c)
{
    skip_blanks(walk);
    if (*walk->p != c)
        return false;
    walk->p++;
    skip_blanks(walk);
    return true;
}

/* Moves to the value of a member of the object that begins here; `key` stands in quotes. */
static bool enter_member(struct walk *walk, const char *key)
{
    if (!take(walk, '{'))
        return false;
    while (*walk->p == '"') {
        bool is_it = g_str_has_prefix(walk->p, key);
        skip_string(walk);
        if (!take(walk, ':'))
            return false;
        if (is_it)
            return true;
        skip_value(walk);
        take(walk, ',');
    }
    return false;
}

static struct ipynb_place place_of(struct walk walk)
{
    int col = (int)g_utf8_strlen(walk.line_start, walk.p - walk.line_start) + 1;
    struct ipynb_place place = {.line = walk.line, .col = col, .source_line = walk.line};
    if (!enter_member(&walk, "\"source\""))
        return place;
    take(&walk, '[');
    place.source_line = walk.line;
    return place;
}

GArray *ipynb_find_places(const char *text)
{
    GArray *places = g_array_new(FALSE, FALSE, sizeof(struct ipynb_place));
    struct walk walk = {.p = text, .line_start = text, .line = 1};
    if (!enter_member(&walk, "\"cells\"") || !take(&walk, '['))
        return places;
    while (*walk.p != 0 && *walk.p != ']') {
        struct ipynb_place place = place_of(walk);
        g_array_append_val(places, place);
        skip_value(&walk);
        take(&walk, ',');
    }
    return places;
}
