#include "diagram/drawio/html_reader.h"

#include <libxml/HTMLparser.h>
#include <stdlib.h>
#include <string.h>

/* Sorted by name. */
static const struct html_tag tags[] = {
    {"a", ROLE_INLINE, 0, 0, 0},
    {"abbr", ROLE_INLINE, 0, 0, 0},
    {"address", ROLE_BLOCK, FLAG_ITALIC, 0, 0},
    {"article", ROLE_BLOCK, 0, 0, 0},
    {"aside", ROLE_BLOCK, 0, 0, 0},
    {"audio", ROLE_UNKNOWN, 0, 0, 0},
    {"b", ROLE_INLINE, FLAG_BOLD, 0, 0},
    {"bdi", ROLE_UNKNOWN, 0, 0, 0},
    {"bdo", ROLE_UNKNOWN, 0, 0, 0},
    {"big", ROLE_INLINE, 0, 1.2, 0},
    {"blockquote", ROLE_BLOCK, FLAG_QUOTE, 0, 1},
    {"body", ROLE_INLINE, 0, 0, 0},
    {"br", ROLE_BREAK, 0, 0, 0},
    {"button", ROLE_UNKNOWN, 0, 0, 0},
    {"canvas", ROLE_UNKNOWN, 0, 0, 0},
    {"caption", ROLE_UNKNOWN, 0, 0, 0},
    {"center", ROLE_BLOCK, FLAG_CENTER, 0, 0},
    {"cite", ROLE_INLINE, FLAG_ITALIC, 0, 0},
    {"code", ROLE_INLINE, FLAG_MONO, 0, 0},
    {"col", ROLE_UNKNOWN, 0, 0, 0},
    {"dd", ROLE_BLOCK, FLAG_QUOTE, 0, 0},
    {"del", ROLE_INLINE, FLAG_STRIKE, 0, 0},
    {"details", ROLE_UNKNOWN, 0, 0, 0},
    {"dfn", ROLE_INLINE, FLAG_ITALIC, 0, 0},
    {"dir", ROLE_UNKNOWN, 0, 0, 0},
    {"div", ROLE_BLOCK, 0, 0, 0},
    {"dl", ROLE_BLOCK, 0, 0, 1},
    {"dt", ROLE_BLOCK, 0, 0, 0},
    {"em", ROLE_INLINE, FLAG_ITALIC, 0, 0},
    {"embed", ROLE_UNKNOWN, 0, 0, 0},
    {"fieldset", ROLE_UNKNOWN, 0, 0, 0},
    {"figcaption", ROLE_BLOCK, 0, 0, 0},
    {"figure", ROLE_UNKNOWN, 0, 0, 0},
    {"font", ROLE_INLINE, 0, 0, 0},
    {"footer", ROLE_BLOCK, 0, 0, 0},
    {"form", ROLE_BLOCK, 0, 0, 0},
    {"frame", ROLE_UNKNOWN, 0, 0, 0},
    {"frameset", ROLE_UNKNOWN, 0, 0, 0},
    {"h1", ROLE_BLOCK, FLAG_BOLD, 2, 0.67},
    {"h2", ROLE_BLOCK, FLAG_BOLD, 1.5, 0.83},
    {"h3", ROLE_BLOCK, FLAG_BOLD, 1.17, 1},
    {"h4", ROLE_BLOCK, FLAG_BOLD, 0, 1.33},
    {"h5", ROLE_BLOCK, FLAG_BOLD, 0.83, 1.67},
    {"h6", ROLE_BLOCK, FLAG_BOLD, 0.67, 2.33},
    {"head", ROLE_HIDDEN, 0, 0, 0},
    {"header", ROLE_BLOCK, 0, 0, 0},
    {"hgroup", ROLE_BLOCK, 0, 0, 0},
    {"hr", ROLE_RULE, 0, 0, 0.5},
    {"html", ROLE_INLINE, 0, 0, 0},
    {"i", ROLE_INLINE, FLAG_ITALIC, 0, 0},
    {"iframe", ROLE_UNKNOWN, 0, 0, 0},
    {"img", ROLE_UNKNOWN, 0, 0, 0},
    {"input", ROLE_UNKNOWN, 0, 0, 0},
    {"ins", ROLE_INLINE, FLAG_UNDERLINE, 0, 0},
    {"kbd", ROLE_INLINE, FLAG_MONO, 0, 0},
    {"label", ROLE_INLINE, 0, 0, 0},
    {"legend", ROLE_BLOCK, 0, 0, 0},
    {"li", ROLE_BLOCK, FLAG_ITEM, 0, 0},
    {"link", ROLE_INLINE, 0, 0, 0},
    {"main", ROLE_UNKNOWN, 0, 0, 0},
    {"mark", ROLE_INLINE, FLAG_MARK, 0, 0},
    {"marquee", ROLE_UNKNOWN, 0, 0, 0},
    {"math", ROLE_UNKNOWN, 0, 0, 0},
    {"menu", ROLE_UNKNOWN, 0, 0, 0},
    {"meta", ROLE_INLINE, 0, 0, 0},
    {"meter", ROLE_UNKNOWN, 0, 0, 0},
    {"nav", ROLE_BLOCK, 0, 0, 0},
    {"nobr", ROLE_UNKNOWN, 0, 0, 0},
    {"noscript", ROLE_HIDDEN, 0, 0, 0},
    {"object", ROLE_UNKNOWN, 0, 0, 0},
    {"ol", ROLE_BLOCK, FLAG_LIST | FLAG_ORDERED, 0, 1},
    {"p", ROLE_BLOCK, 0, 0, 1},
    {"picture", ROLE_UNKNOWN, 0, 0, 0},
    {"pre", ROLE_BLOCK, FLAG_PRE | FLAG_MONO, 0, 1},
    {"progress", ROLE_UNKNOWN, 0, 0, 0},
    {"q", ROLE_UNKNOWN, 0, 0, 0},
    {"ruby", ROLE_UNKNOWN, 0, 0, 0},
    {"s", ROLE_INLINE, FLAG_STRIKE, 0, 0},
    {"samp", ROLE_INLINE, FLAG_MONO, 0, 0},
    {"script", ROLE_HIDDEN, 0, 0, 0},
    {"section", ROLE_BLOCK, 0, 0, 0},
    {"select", ROLE_UNKNOWN, 0, 0, 0},
    {"small", ROLE_INLINE, 0, 1 / 1.2, 0},
    {"span", ROLE_INLINE, 0, 0, 0},
    {"strike", ROLE_INLINE, FLAG_STRIKE, 0, 0},
    {"strong", ROLE_INLINE, FLAG_BOLD, 0, 0},
    {"style", ROLE_HIDDEN, 0, 0, 0},
    {"sub", ROLE_INLINE, FLAG_SUB, 1 / 1.2, 0},
    {"summary", ROLE_UNKNOWN, 0, 0, 0},
    {"sup", ROLE_INLINE, FLAG_SUP, 1 / 1.2, 0},
    {"svg", ROLE_UNKNOWN, 0, 0, 0},
    {"table", ROLE_UNKNOWN, 0, 0, 0},
    {"tbody", ROLE_UNKNOWN, 0, 0, 0},
    {"td", ROLE_UNKNOWN, 0, 0, 0},
    {"template", ROLE_HIDDEN, 0, 0, 0},
    {"textarea", ROLE_UNKNOWN, 0, 0, 0},
    {"th", ROLE_UNKNOWN, 0, 0, 0},
    {"thead", ROLE_UNKNOWN, 0, 0, 0},
    {"time", ROLE_INLINE, 0, 0, 0},
    {"title", ROLE_HIDDEN, 0, 0, 0},
    {"tr", ROLE_UNKNOWN, 0, 0, 0},
    {"tt", ROLE_INLINE, FLAG_MONO, 0, 0},
    {"u", ROLE_INLINE, FLAG_UNDERLINE, 0, 0},
    {"ul", ROLE_BLOCK, FLAG_LIST, 0, 1},
    {"var", ROLE_INLINE, FLAG_ITALIC, 0, 0},
    {"video", ROLE_UNKNOWN, 0, 0, 0},
    {"wbr", ROLE_UNKNOWN, 0, 0, 0},
};

/* Named characters that HTML 4, which libxml2 knows, has not. */
static const struct entity {
    const char *name;
    gunichar code;
} entities[] = {
    {"NewLine", '\n'}, {"Tab", '\t'},         {"apos", '\''},  {"ast", '*'},       {"bigstar", 0x2605}, {"bullet", 0x2022},
    {"check", 0x2713}, {"checkmark", 0x2713}, {"colon", ':'},  {"comma", ','},     {"commat", '@'},     {"cross", 0x2717},
    {"dollar", '$'},   {"equals", '='},       {"excl", '!'},   {"hyphen", 0x2010}, {"lbrace", '{'},     {"lbrack", '['},
    {"lowbar", '_'},   {"lpar", '('},         {"num", '#'},    {"percnt", '%'},    {"period", '.'},     {"phone", 0x260e},
    {"plus", '+'},     {"quest", '?'},        {"rbrace", '}'}, {"rbrack", ']'},    {"rpar", ')'},       {"semi", ';'},
    {"sol", '/'},      {"star", 0x2606},      {"vert", '|'},
};

static int compare_tags(const void *name, const void *item)
{
    return strcmp(name, ((const struct html_tag *)item)->name);
}

const struct html_tag *html_find_tag(const char *name)
{
    return bsearch(name, tags, G_N_ELEMENTS(tags), sizeof tags[0], compare_tags);
}

int html_find_implied_end(const struct html_tag *tag)
{
    return (tag->flags & FLAG_ITEM) != 0 ? 1 : strcmp(tag->name, "dd") == 0 || strcmp(tag->name, "dt") == 0 ? 2 : 0;
}

bool html_is_transparent(const struct html_tag *tag)
{
    static const char *const blocks[] = {"address", "div", "p", NULL};
    return tag->role == ROLE_INLINE || g_strv_contains(blocks, tag->name);
}

static int compare_entities(const void *name, const void *item)
{
    return strcmp(name, ((const struct entity *)item)->name);
}

/* Reads a character reference behind '&'; 0 when it is none. */
static gunichar read_entity(const char **at)
{
    char name[16] = "";
    size_t length = strcspn(*at, "; <&\n\t");
    if (length == 0 || length >= sizeof name)
        return 0;
    memcpy(name, *at, length);
    const struct entity *entity = bsearch(name, entities, G_N_ELEMENTS(entities), sizeof entities[0], compare_entities);
    const htmlEntityDesc *known = entity == NULL ? htmlEntityLookup((const xmlChar *)name) : NULL;
    gunichar code = entity != NULL ? entity->code : known != NULL ? known->value : 0;
    if (name[0] == '#')
        code = (gunichar)(g_ascii_tolower(name[1]) == 'x' ? g_ascii_strtoull(name + 2, NULL, 16) : g_ascii_strtoull(name + 1, NULL, 10));
    if (code == 0 || !g_unichar_validate(code) || (code < 32 && code != '\n' && code != '\t'))
        return 0;
    *at += length + ((*at)[length] == ';');
    return code;
}

void html_decode(GString *out, const char *text, gsize length)
{
    const char *at = text, *end = text + length;
    while (at < end) {
        if (*at != '&') {
            g_string_append_c(out, *at++);
            continue;
        }
        const char *after = at + 1;
        gunichar code = read_entity(&after);
        if (code != 0 && after <= end)
            g_string_append_unichar(out, code);
        else
            g_string_append_c(out, '&');
        at = code != 0 && after <= end ? after : at + 1;
    }
}

bool html_read_attribute(const char **at, const char *end, char **ret_name, char **ret_value)
{
    const char *from = *at;
    while (from < end && strchr(" \t\r\n/", *from) != NULL)
        from++;
    const char *name_end = from;
    while (name_end < end && strchr(" \t\r\n=/>", *name_end) == NULL)
        name_end++;
    if (from >= end || name_end == from)
        return false;
    *ret_name = g_ascii_strdown(from, name_end - from);
    from = name_end;
    while (from < end && strchr(" \t\r\n", *from) != NULL)
        from++;
    g_autoptr(GString) value = g_string_new(NULL);
    if (from < end && *from == '=') {
        from++;
        while (from < end && strchr(" \t\r\n", *from) != NULL)
            from++;
        char quote = from < end && (*from == '"' || *from == '\'') ? *from++ : '\0';
        const char *value_end = from;
        while (value_end < end && (quote != '\0' ? *value_end != quote : strchr(" \t\r\n>", *value_end) == NULL))
            value_end++;
        html_decode(value, from, (gsize)(value_end - from));
        from = value_end < end && quote != '\0' ? value_end + 1 : value_end;
    }
    *ret_value = g_string_free(g_steal_pointer(&value), FALSE);
    *at = from;
    return true;
}

bool html_read_markup(const char *at, struct html_markup *markup)
{
    const char *from = at + 1;
    markup->is_closing = *from == '/';
    from += markup->is_closing;
    if (g_str_has_prefix(at, "<!--")) {
        const char *end = strstr(at + 4, "-->");
        *markup = (struct html_markup){.end = at, .attributes = at, .after = end != NULL ? end + 3 : at + strlen(at)};
        return true;
    }
    if (!g_ascii_isalpha(*from) && *from != '!' && *from != '?')
        return false;
    size_t length = strcspn(from, " \t\r\n/>");
    g_autofree char *lower = g_ascii_strdown(from, (gssize)length);
    g_strlcpy(markup->name, lower, sizeof markup->name);
    markup->attributes = from + length;
    char quote = '\0';
    for (from = markup->attributes; *from != '\0' && (*from != '>' || quote != '\0'); from++)
        if (*from == quote)
            quote = '\0';
        else if (quote == '\0' && (*from == '"' || *from == '\'') && from[-1] == '=')
            quote = *from;
    markup->end = from;
    markup->after = *from == '>' ? from + 1 : from;
    return true;
}

const char *html_skip_hidden(const char *at, const char *name)
{
    g_autofree char *closing = g_strdup_printf("</%s", name);
    gsize length = strlen(closing);
    for (; *at != '\0'; at++)
        if (*at == '<' && g_ascii_strncasecmp(at, closing, length) == 0) {
            const char *end = strchr(at, '>');
            return end != NULL ? end + 1 : at + strlen(at);
        }
    return at;
}
