/* Elements and styles are refused unless they are known to be drawn, or to change nothing. */
#include "diagram/drawio/label_check.h"

#include <stdlib.h>
#include <string.h>

#include "diagram/drawio/html_reader.h"
#include "diagram/drawio/label_css.h"
#include "diagram/drawio/style.h"

#define MAX_DECLARATIONS 100
#define MAX_OPEN 90 /* elements */

enum rule {
    RULE_NONE,       /* without any effect on a label */
    RULE_COLOR,      /* of text */
    RULE_BACKGROUND, /* a colour; drawn behind text only, not behind blocks */
    RULE_SIZE,
    RULE_FAMILY,
    RULE_LINE_HEIGHT,
    RULE_SIDE, /* a length, of blocks only */
    RULE_WORD, /* one of the words named */
};

/* Sorted by name. */
static const struct property {
    const char *name;
    enum rule rule;
    const char *words; /* with spaces between */
} properties[] = {
    {"-webkit-font-smoothing", RULE_NONE, NULL},
    {"-webkit-tap-highlight-color", RULE_NONE, NULL},
    {"-webkit-text-size-adjust", RULE_NONE, NULL},
    {"-webkit-text-stroke-color", RULE_NONE, NULL},
    {"background", RULE_BACKGROUND, NULL},
    {"background-attachment", RULE_NONE, NULL},
    {"background-clip", RULE_NONE, NULL},
    {"background-color", RULE_BACKGROUND, NULL},
    {"background-origin", RULE_NONE, NULL},
    {"background-position", RULE_NONE, NULL},
    {"background-repeat", RULE_NONE, NULL},
    {"background-size", RULE_NONE, NULL},
    {"border-bottom-color", RULE_NONE, NULL},
    {"border-collapse", RULE_NONE, NULL},
    {"border-color", RULE_NONE, NULL},
    {"border-image", RULE_NONE, NULL},
    {"border-left-color", RULE_NONE, NULL},
    {"border-right-color", RULE_NONE, NULL},
    {"border-spacing", RULE_NONE, NULL},
    {"border-top-color", RULE_NONE, NULL},
    {"caret-color", RULE_NONE, NULL},
    {"color", RULE_COLOR, NULL},
    {"cursor", RULE_NONE, NULL},
    {"fill", RULE_NONE, NULL},
    {"font-family", RULE_FAMILY, NULL},
    {"font-optical-sizing", RULE_NONE, NULL},
    {"font-size", RULE_SIZE, NULL},
    {"font-style", RULE_WORD, "italic oblique"},
    {"font-weight", RULE_WORD, "bold bolder lighter 100 200 300 400 500 600 700 800 900"},
    {"hyphens", RULE_NONE, NULL},
    {"line-height", RULE_LINE_HEIGHT, NULL},
    {"margin", RULE_SIDE, NULL},
    {"margin-bottom", RULE_SIDE, NULL},
    {"margin-left", RULE_SIDE, NULL},
    {"margin-right", RULE_SIDE, NULL},
    {"margin-top", RULE_SIDE, NULL},
    {"orphans", RULE_NONE, NULL},
    {"outline-color", RULE_NONE, NULL},
    {"outline-offset", RULE_NONE, NULL},
    {"overflow-wrap", RULE_WORD, "anywhere break-word"},
    {"padding", RULE_SIDE, NULL},
    {"padding-bottom", RULE_SIDE, NULL},
    {"padding-left", RULE_SIDE, NULL},
    {"padding-right", RULE_SIDE, NULL},
    {"padding-top", RULE_SIDE, NULL},
    {"pointer-events", RULE_NONE, NULL},
    {"scroll-behavior", RULE_NONE, NULL},
    {"scrollbar-color", RULE_NONE, NULL},
    {"stroke", RULE_NONE, NULL},
    {"text-align", RULE_WORD, "left center right"},
    {"text-decoration", RULE_WORD, "underline line-through"},
    {"text-decoration-line", RULE_WORD, "underline line-through"},
    {"text-decoration-skip-ink", RULE_NONE, NULL},
    {"text-decoration-style", RULE_WORD, "solid"},
    {"text-rendering", RULE_NONE, NULL},
    {"text-size-adjust", RULE_NONE, NULL},
    {"text-wrap", RULE_NONE, NULL},
    {"text-wrap-mode", RULE_NONE, NULL},
    {"transition", RULE_NONE, NULL},
    {"user-select", RULE_NONE, NULL},
    {"white-space", RULE_WORD, "nowrap pre pre-wrap"},
    {"white-space-collapse", RULE_NONE, NULL},
    {"widows", RULE_NONE, NULL},
    {"word-break", RULE_WORD, "keep-all"},
    {"word-wrap", RULE_WORD, "break-word"},
};

/* Whether a value leaves the property, which is not drawn here, without effect. */
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

/* What every property may be; "revert" and the like are not known here. The original takes some of them out. */
static bool is_general(const char *value)
{
    static const char *const words[] = {"inherit", "initial", "start", "unset", NULL};
    return g_strv_contains(words, value);
}

/* The colours that all versions of the original let through and draw alike. */
static bool is_color(const char *value)
{
    struct color color;
    size_t length = strlen(value);
    bool is_plain = value[0] == '#' ? length == 4 || length == 7 : g_ascii_isalpha(value[0]) && !g_str_has_prefix(value, "light-dark");
    return strcmp(value, "currentcolor") == 0 || (is_plain && color_parse(value, &color));
}

static int compare(const void *name, const void *item)
{
    return strcmp(name, ((const struct property *)item)->name);
}

static bool is_size(const char *value)
{
    static const char *const words[] = {"xx-small", "x-small",  "small",   "medium", "large",
                                        "x-large",  "xx-large", "smaller", "larger", NULL};
    return g_strv_contains(words, value) || label_css_read_length(value) > 0;
}

static bool is_line_height(const char *value)
{
    char *end = NULL;
    double factor = g_ascii_strtod(value, &end);
    return strcmp(value, "normal") == 0 || (end != value && *end == '\0' && factor > 0) || label_css_read_length(value) > 0;
}

static bool are_words(const char *value, const char *words)
{
    g_auto(GStrv) known = g_strsplit(words, " ", -1), values = g_strsplit(value, " ", 20);
    for (char **one = values; *one != NULL; one++)
        if (**one != '\0' && !g_strv_contains((const char *const *)known, *one) && !is_neutral(*one))
            return false;
    return true;
}

static bool is_drawn(const char *name, const char *value, enum tag_role role)
{
    const struct property *property = bsearch(name, properties, G_N_ELEMENTS(properties), sizeof properties[0], compare);
    if (g_str_has_prefix(name, "--") || g_str_has_prefix(name, "mso-"))
        return true;
    if (strcmp(name, "display") == 0)
        return strcmp(value, role == ROLE_INLINE ? "inline" : "block") == 0;
    if (strcmp(name, "box-sizing") == 0 || strcmp(name, "direction") == 0 || strcmp(name, "position") == 0 || property == NULL)
        return is_neutral(value);
    switch (property->rule) {
    case RULE_NONE:
        return true;
    case RULE_COLOR:
        return is_general(value) || is_color(value);
    case RULE_BACKGROUND:
        return (is_neutral(value) && strcmp(value, "currentcolor") != 0) || (is_color(value) && role == ROLE_INLINE);
    case RULE_SIZE:
        return is_general(value) || is_size(value);
    case RULE_FAMILY:
        return strpbrk(value, "()") == NULL;
    case RULE_LINE_HEIGHT:
        return is_general(value) || is_line_height(value);
    case RULE_SIDE:
        return is_neutral(value) || (role == ROLE_BLOCK && label_css_read_length(value) >= 0);
    case RULE_WORD:
        return are_words(value, property->words);
    }
    return false;
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

/* Attributes that change what is drawn in ways that are not known here. */
static bool is_known_attribute(const struct html_tag *tag, const char *name, const char *value)
{
    static const char *const unknown[] = {"hidden", "reversed", "start", "type", "value", NULL};
    static const char *const aligns[] = {"left", "center", "middle", "right", NULL};
    g_autofree char *lower = g_ascii_strdown(value, -1);
    if (strcmp(name, "dir") == 0)
        return strcmp(lower, "ltr") == 0 || lower[0] == '\0';
    if (strcmp(name, "align") == 0)
        return tag->role == ROLE_INLINE || g_strv_contains(aligns, lower);
    if (tag->role == ROLE_RULE && (strcmp(name, "width") == 0 || strcmp(name, "color") == 0 || strcmp(name, "noshade") == 0))
        return false;
    return !g_strv_contains(unknown, name) && !(strcmp(tag->name, "abbr") == 0 && strcmp(name, "title") == 0);
}

static char *check_attributes(struct html_markup *markup, const struct html_tag *tag)
{
    char *unknown = NULL, *name = NULL, *value = NULL;
    while (unknown == NULL && html_read_attribute(&markup->attributes, markup->end, &name, &value)) {
        if (strcmp(name, "style") == 0)
            unknown = check_css(value, tag->role);
        else if (!is_known_attribute(tag, name, value))
            unknown = g_strdup_printf("the attribute %.20s=\"%.20s\"", name, value);
        g_free(name);
        g_free(value);
    }
    return unknown;
}

/* The elements that are open, to find what browsers mend in ways of their own. */
struct nesting {
    const struct html_tag *open[MAX_OPEN];
    int n;
};

/* Closes the innermost element of that name and all inside of it; false when a browser would make an element of nothing. */
static bool close_innermost(struct nesting *nesting, const struct html_tag *tag)
{
    int i = nesting->n - 1;
    while (i >= 0 && nesting->open[i] != tag)
        i--;
    if (i >= 0)
        nesting->n = i;
    return i >= 0 || tag->role != ROLE_BREAK;
}

static bool is_heading(const struct html_tag *tag)
{
    return tag->name[0] == 'h' && g_ascii_isdigit(tag->name[1]);
}

static char *check_nesting(struct nesting *nesting, const struct html_markup *markup, const struct html_tag *tag)
{
    if (tag != NULL && !markup->is_closing && tag->role == ROLE_RULE && nesting->n > 0 &&
        (nesting->open[nesting->n - 1]->flags & FLAG_ITEM) != 0)
        return g_strdup("<hr> inside of a list item");
    if (tag == NULL || tag->role == ROLE_HIDDEN || (!markup->is_closing && (tag->role == ROLE_BREAK || tag->role == ROLE_RULE)))
        return NULL;
    if (markup->is_closing)
        return close_innermost(nesting, tag) ? NULL : g_strdup_printf("</%s>, which closes what is not open,", tag->name);
    if (nesting->n == MAX_OPEN)
        return g_strdup_printf("more than %d nested elements", MAX_OPEN);
    if (is_heading(tag) && nesting->n > 0 && is_heading(nesting->open[nesting->n - 1]))
        return g_strdup_printf("<%s> inside of a heading", tag->name);
    bool is_inline = nesting->n > 0 && nesting->open[nesting->n - 1]->role == ROLE_INLINE;
    const struct html_tag *paragraph = html_find_tag("p");
    for (int i = 0; tag->role == ROLE_BLOCK && is_inline && i < nesting->n; i++)
        if (nesting->open[i] == paragraph)
            return g_strdup_printf("<%s> inside of a styled paragraph", tag->name);
    nesting->open[nesting->n++] = tag;
    return NULL;
}

/* A named character, "&name;", that is not known here. */
static char *check_characters(const char *html)
{
    if (strstr(html, "&shy;") != NULL || strstr(html, "\u00ad") != NULL)
        return g_strdup("the soft hyphen");
    for (const char *at = strchr(html, '&'); at != NULL; at = strchr(at + 1, '&')) {
        size_t length = strspn(at + 1, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
        g_autoptr(GString) out = g_string_new(NULL);
        if (length == 0 || at[length + 1] != ';')
            continue;
        html_decode(out, at, length + 2);
        if (out->str[0] == '&' && out->len > 1)
            return g_strdup_printf("the character %.40s", out->str);
    }
    return NULL;
}

char *label_check_html(const char *html)
{
    struct html_markup markup;
    struct nesting nesting = {.n = 0};
    char *unknown = check_characters(html);
    for (const char *at = strchr(html, '<'); at != NULL && unknown == NULL;) {
        if (!html_read_markup(at, &markup)) {
            at = strchr(at + 1, '<');
            continue;
        }
        const struct html_tag *tag = html_find_tag(markup.name);
        unknown = check_element(&markup, tag);
        if (unknown == NULL)
            unknown = check_nesting(&nesting, &markup, tag);
        if (unknown == NULL && tag != NULL && !markup.is_closing)
            unknown = check_attributes(&markup, tag);
        at = strchr(tag != NULL && tag->role == ROLE_HIDDEN ? html_skip_hidden(markup.after, markup.name) : markup.after, '<');
    }
    return unknown;
}
