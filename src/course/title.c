#include "course/title.h"

#include <string.h>

#define MAX_ARGUMENTS 64

/* Blanks, and line ends with the comment prefix of the next line. */
static const char *skip_gap(const char *p, const char *comment)
{
    for (;;) {
        while (*p == ' ' || *p == '\t' || *p == '\r')
            p++;
        if (*p != '\n')
            return p;
        p++;
        while (*p == ' ' || *p == '\t')
            p++;
        if (g_str_has_prefix(p, comment))
            p += strlen(comment);
    }
}

/* A quoted text on one line, escapes as they stand (a file name needs no line ends); moves `*p` behind it. NULL if there is none. */
static char *read_string(const char **p)
{
    char quote = **p;
    if (quote != '"' && quote != '\'')
        return NULL;
    g_autoptr(GString) text = g_string_new(NULL);
    const char *q = *p + 1;
    for (; *q != quote; q++) {
        if (*q == '\0' || *q == '\n')
            return NULL;
        if (*q == '\\' && q[1] != '\0' && q[1] != '\n')
            g_string_append_c(text, *q++);
        g_string_append_c(text, *q);
    }
    *p = q + 1;
    return g_strdup(text->str);
}

/* `"de": "…", "fr": "…" }` */
static char *find_in_mapping(const char *p, const char *comment, const char *language)
{
    for (unsigned i = 0; i < MAX_ARGUMENTS; i++) {
        p = skip_gap(p, comment);
        g_autofree char *key = read_string(&p);
        p = skip_gap(p, comment);
        if (key == NULL || *p != ':')
            return NULL;
        p = skip_gap(p + 1, comment);
        g_autofree char *value = read_string(&p);
        if (value == NULL || strcmp(key, language) == 0)
            return g_steal_pointer(&value);
        p = skip_gap(p, comment);
        if (*p != ',')
            return NULL;
        p++;
    }
    return NULL;
}

/* What stands behind "header(". */
static char *find_in_call(const char *p, const char *comment, const char *language)
{
    p = skip_gap(p, comment);
    if (*p == '{')
        return find_in_mapping(p + 1, comment, language);
    g_autofree char *title_de = read_string(&p);
    p = skip_gap(p, comment);
    if (title_de == NULL || *p != ',')
        return NULL;
    p = skip_gap(p + 1, comment);
    g_autofree char *title_en = read_string(&p);
    p = skip_gap(p, comment);
    if (title_en == NULL || (*p != ')' && *p != ','))
        return NULL;
    if (strcmp(language, "de") == 0)
        return g_steal_pointer(&title_de);
    return strcmp(language, "en") == 0 ? g_steal_pointer(&title_en) : NULL;
}

/* The place behind "header (" when an expression that starts at `p` is a call of it, else NULL. */
static const char *enter_call(const char *p)
{
    if (*p == '-' || *p == '+')
        p++;
    p += strspn(p, " \t");
    if (!g_str_has_prefix(p, "header"))
        return NULL;
    p += strlen("header");
    p += strspn(p, " \t");
    return *p == '(' ? p + 1 : NULL;
}

char *course_find_title(const char *text, const char *comment, const char *language)
{
    for (const char *p = text; (p = strstr(p, "{{")) != NULL;) {
        p += 2;
        const char *arguments = enter_call(p);
        g_autofree char *title = arguments != NULL ? find_in_call(arguments, comment, language) : NULL;
        if (title == NULL)
            continue;
        g_strstrip(title);
        return title[0] != '\0' && g_utf8_validate(title, -1, NULL) ? g_steal_pointer(&title) : NULL;
    }
    return NULL;
}
