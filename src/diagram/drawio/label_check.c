/* Elements and styles are refused unless they are known to be drawn, or to change nothing. */
#include "diagram/drawio/label_check.h"

#include <stdlib.h>
#include <string.h>

#include "diagram/drawio/html_reader.h"
#include "diagram/drawio/style.h"

#define MAX_DECLARATIONS 100

enum rule {
    RULE_ANY,    /* drawn, or without any effect on a label */
    RULE_COLOR,  /* drawn when the value is a colour */
    RULE_LENGTH, /* drawn when the value is a length that is not negative */
    RULE_BLOCK,  /* a length too, but drawn for blocks only */
    RULE_INLINE, /* changes nothing in a label of lines that do not overflow */
};

/* Sorted by name. */
static const struct property {
    const char *name;
    enum rule rule;
} properties[] = {
    {"-webkit-font-smoothing", RULE_ANY},
    {"-webkit-tap-highlight-color", RULE_ANY},
    {"-webkit-text-decoration", RULE_ANY},
    {"-webkit-text-size-adjust", RULE_ANY},
    {"-webkit-text-stroke-color", RULE_ANY},
    {"background", RULE_COLOR},
    {"background-attachment", RULE_ANY},
    {"background-clip", RULE_ANY},
    {"background-color", RULE_COLOR},
    {"background-origin", RULE_ANY},
    {"background-position", RULE_ANY},
    {"background-repeat", RULE_ANY},
    {"background-size", RULE_ANY},
    {"border-bottom-color", RULE_ANY},
    {"border-collapse", RULE_ANY},
    {"border-color", RULE_ANY},
    {"border-left-color", RULE_ANY},
    {"border-radius", RULE_ANY},
    {"border-right-color", RULE_ANY},
    {"border-spacing", RULE_ANY},
    {"border-top-color", RULE_ANY},
    {"caret-color", RULE_ANY},
    {"color", RULE_COLOR},
    {"cursor", RULE_ANY},
    {"fill", RULE_ANY},
    {"font-family", RULE_ANY},
    {"font-optical-sizing", RULE_ANY},
    {"font-size", RULE_ANY},
    {"font-style", RULE_ANY},
    {"font-weight", RULE_ANY},
    {"hyphens", RULE_ANY},
    {"line-height", RULE_ANY},
    {"list-style-position", RULE_ANY},
    {"margin", RULE_BLOCK},
    {"margin-bottom", RULE_BLOCK},
    {"margin-left", RULE_BLOCK},
    {"margin-right", RULE_BLOCK},
    {"margin-top", RULE_BLOCK},
    {"orphans", RULE_ANY},
    {"outline-color", RULE_ANY},
    {"overflow-wrap", RULE_ANY},
    {"padding-bottom", RULE_BLOCK},
    {"padding-left", RULE_BLOCK},
    {"padding-right", RULE_BLOCK},
    {"padding-top", RULE_BLOCK},
    {"pointer-events", RULE_ANY},
    {"scrollbar-color", RULE_ANY},
    {"stroke", RULE_ANY},
    {"tab-size", RULE_ANY},
    {"text-align", RULE_ANY},
    {"text-decoration", RULE_ANY},
    {"text-decoration-color", RULE_ANY},
    {"text-decoration-line", RULE_ANY},
    {"text-decoration-thickness", RULE_ANY},
    {"text-rendering", RULE_ANY},
    {"text-size-adjust", RULE_ANY},
    {"text-wrap", RULE_ANY},
    {"text-wrap-mode", RULE_ANY},
    {"transition", RULE_ANY},
    {"user-select", RULE_ANY},
    {"white-space", RULE_ANY},
    {"white-space-collapse", RULE_ANY},
    {"widows", RULE_ANY},
    {"word-break", RULE_ANY},
    {"word-wrap", RULE_ANY},
};

/* Values that leave whatever property they are given to without effect. */
static bool is_neutral(const char *value)
{
    static const char *const words[] = {"auto",        "baseline", "border-box", "content-box", "currentcolor", "disc",   "inherit",
                                        "initial",     "inline",   "invert",     "ltr",         "none",         "normal", "outside",
                                        "repeat",      "scroll",   "separate",   "show",        "solid",        "start",  "static",
                                        "transparent", "unset",    "visible",    NULL};
    char *end = NULL;
    double number = g_ascii_strtod(value, &end);
    if (end != value)
        return number == 0 && strlen(end) <= 3;
    return g_strv_contains(words, value);
}

static int compare(const void *name, const void *item)
{
    return strcmp(name, ((const struct property *)item)->name);
}

static bool is_length(const char *value)
{
    char *end = NULL;
    double number = g_ascii_strtod(value, &end);
    static const char *const units[] = {"", "%", "em", "pt", "px", "rem", NULL};
    return end != value && number >= 0 && g_strv_contains(units, end);
}

static bool is_drawn(const char *name, const char *value, enum tag_role role)
{
    const struct property *property = bsearch(name, properties, G_N_ELEMENTS(properties), sizeof properties[0], compare);
    struct color color;
    if (is_neutral(value) || g_str_has_prefix(name, "--") || g_str_has_prefix(name, "mso-"))
        return true;
    if (strcmp(name, "display") == 0)
        return strcmp(value, role == ROLE_INLINE ? "inline" : "block") == 0;
    if (strcmp(name, "box-sizing") == 0 || strcmp(name, "direction") == 0 || strcmp(name, "position") == 0)
        return false;
    if (property == NULL)
        return false;
    switch (property->rule) {
    case RULE_COLOR:
        return color_parse(value, &color);
    case RULE_LENGTH:
        return is_length(value);
    case RULE_BLOCK:
        return role == ROLE_BLOCK && is_length(value);
    default:
        return true;
    }
}

/* The values of a property like "margin: 0px auto", one by one. */
static bool are_drawn(const char *name, const char *value, enum tag_role role)
{
    if (strpbrk(value, "(\"',") != NULL || strchr(value, ' ') == NULL ||
        !(g_str_has_prefix(name, "margin") || g_str_has_prefix(name, "padding") || g_str_has_prefix(name, "border") ||
          strcmp(name, "background") == 0))
        return is_drawn(name, value, role);
    g_auto(GStrv) values = g_strsplit(value, " ", 20);
    for (char **one = values; *one != NULL; one++)
        if (**one != '\0' && !is_neutral(*one))
            return false;
    return true;
}

static char *check_css(const char *css, enum tag_role role)
{
    g_autofree char *lower = g_ascii_strdown(css, -1);
    g_auto(GStrv) declarations = g_strsplit(lower, ";", MAX_DECLARATIONS);
    for (char **declaration = declarations; *declaration != NULL; declaration++) {
        char *colon = strchr(*declaration, ':'), *important = strstr(*declaration, "!important");
        if (colon == NULL)
            continue;
        *colon = '\0';
        if (important != NULL)
            *important = '\0';
        g_strstrip(*declaration);
        g_strstrip(colon + 1);
        if (!are_drawn(*declaration, colon + 1, role))
            return g_strdup_printf("the style '%.40s: %.60s'", *declaration, colon + 1);
    }
    return NULL;
}

/* The element itself; one of another namespace ("o:p") is as good as none. */
static char *check_element(const struct html_markup *markup, const struct html_tag *tag)
{
    if (markup->name[0] == '\0' || markup->name[0] == '!' || markup->name[0] == '?' || strchr(markup->name, ':') != NULL)
        return NULL;
    return tag == NULL || tag->role == ROLE_UNKNOWN ? g_strdup_printf("the element <%s>", markup->name) : NULL;
}

static char *check_attributes(struct html_markup *markup, const struct html_tag *tag)
{
    char *unknown = NULL, *name = NULL, *value = NULL;
    while (unknown == NULL && html_read_attribute(&markup->attributes, markup->end, &name, &value)) {
        if (strcmp(name, "style") == 0)
            unknown = check_css(value, tag->role);
        else if (strcmp(name, "dir") == 0 && strcmp(value, "ltr") != 0 && value[0] != '\0')
            unknown = g_strdup_printf("the attribute dir=\"%.20s\"", value);
        g_free(name);
        g_free(value);
    }
    return unknown;
}

char *label_check_html(const char *html)
{
    struct html_markup markup;
    char *unknown = NULL;
    for (const char *at = strchr(html, '<'); at != NULL && unknown == NULL;) {
        if (!html_read_markup(at, &markup)) {
            at = strchr(at + 1, '<');
            continue;
        }
        const struct html_tag *tag = html_find_tag(markup.name);
        unknown = check_element(&markup, tag);
        if (unknown == NULL && tag != NULL && !markup.is_closing)
            unknown = check_attributes(&markup, tag);
        at = strchr(tag != NULL && tag->role == ROLE_HIDDEN ? html_skip_hidden(markup.after, markup.name) : markup.after, '<');
    }
    return unknown;
}
