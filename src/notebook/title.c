/* Titles of sources: the arguments of the header macro, read without expanding anything. */
#include <string.h>

#include "notebook/lines.h"
#include "notebook/notebook.h"

/* A string in either quote as it stands there, escapes included; NULL if there is none or it does not end on its line. */
static char *take_string(const char **p)
{
    char quote = **p;
    if (quote != '"' && quote != '\'')
        return 0;
    g_autoptr(GString) text = g_string_new(0);
    for ((*p)++; **p != quote; (*p)++) {
        if (**p == 0 || **p == '\n')
            return 0;
        if (**p == '\\' && (*p)[1] != 0 && (*p)[1] != '\n')
            g_string_append_c(text, *(*p)++);
        g_string_append_c(text, **p);
    }
    (*p)++;
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* Skips blanks and at most one line break with the comment prefix behind it. */
static const char *skip_break(const char *p, const char *comment)
{
    p += strspn(p, " \t\r");
    if (*p != '\n')
        return p;
    p++;
    p += strspn(p, " \t");
    if (g_str_has_prefix(p, comment))
        p += strlen(comment);
    return p + strspn(p, " \t");
}

static const char *find_arguments(const char *text)
{
    for (const char *p = strstr(text, "{{"); p != 0; p = strstr(p + 2, "{{")) {
        const char *name = p + 2;
        if (*name == '-' || *name == '+')
            name++;
        name += strspn(name, " \t");
        if (!g_str_has_prefix(name, "header"))
            continue;
        name += strlen("header");
        name += strspn(name, " \t");
        if (*name == '(')
            return name + 1;
    }
    return 0;
}

/* The value of `language` in a mapping {"de": "…", "fr": "…"}. */
static char *find_in_mapping(const char *p, const char *comment, const char *language)
{
    for (p++; *p != 0;) {
        p = skip_break(p, comment);
        g_autofree char *key = take_string(&p);
        p = skip_break(p, comment);
        if (key == 0 || *p++ != ':')
            return 0;
        p = skip_break(p, comment);
        g_autofree char *value = take_string(&p);
        if (value == 0 || strcmp(key, language) == 0)
            return g_steal_pointer(&value);
        p = skip_break(p, comment);
        if (*p++ != ',')
            return 0;
    }
    return 0;
}

char *notebook_find_title(const char *text, const char *comment, const char *language)
{
    const char *p = find_arguments(text);
    if (p == 0)
        return 0;
    p = skip_break(p, comment);
    if (*p == '{')
        return find_in_mapping(p, comment, language);
    g_autofree char *first = take_string(&p);
    p = skip_break(p, comment);
    if (first == 0 || *p != ',')
        return 0;
    p = skip_break(p + 1, comment);
    g_autofree char *second = take_string(&p);
    if (strcmp(language, "de") == 0)
        return second != 0 ? g_steal_pointer(&first) : 0;
    return strcmp(language, "en") == 0 ? g_steal_pointer(&second) : 0;
}
