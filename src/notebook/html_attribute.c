#include "notebook/html_attribute.h"

#include <string.h>

#include "notebook/html_style.h"

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

static bool begins_with_any(const char *text, const char *const *prefixes)
{
    for (; *prefixes != NULL; prefixes++)
        if (g_ascii_strncasecmp(text, *prefixes, strlen(*prefixes)) == 0)
            return true;
    return false;
}

/* No page, and no program: a browser shows or saves it. */
static bool is_harmless_data(const char *type)
{
    return begins_with_any(type, LIST(",", "image/", "audio/", "video/", "font/", "text/plain", "text/csv", "application/octet-stream",
                                      "application/json", "application/pdf", "application/zip", "application/vnd.")) &&
           !begins_with_any(type, LIST("application/vnd.wap.xhtml", "application/vnd.mozilla"));
}

/* Whether characters stand there that a parser turns into others, or drops, on the way to a scheme: all references but "&amp;". Those that
 * are written as references do not belong into an address either. */
static bool is_disguised(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if ((guchar)text[i] < ' ' || text[i] == '<' || text[i] == '"' || (text[i] == '&' && strncmp(text + i, "&amp;", 5) != 0))
            return true;
    return false;
}

static bool is_slash(char c)
{
    return c == '/' || c == '\\';
}

bool html_is_harmless_address(const char *address, bool is_loaded)
{
    while ((guchar)*address <= ' ' && *address != '\0')
        address++;
    size_t before_path = strcspn(address, "/\\?#"), scheme = strcspn(address, ":/\\?#");
    if (is_disguised(address, before_path) && !begins_with_any(address, LIST("data:", "mailto:")))
        return false;
    if (address[scheme] == ':') {
        if (begins_with_any(address, LIST("data:")))
            return is_harmless_data(address + strlen("data:"));
        if (is_loaded)
            return begins_with_any(address, LIST("http:", "https:", "attachment:"));
        return !begins_with_any(address, LIST("javascript:", "vbscript:", "blob:", "filesystem:", "view-source:"));
    }
    return !is_loaded || !is_slash(address[0]) || !(is_slash(address[1]) || is_disguised(address + 1, 1));
}

static bool is_address(const char *name)
{
    return g_strv_contains(LIST("src", "href", "xlink:href", "poster", "action", "cite", "longdesc", "data"), name);
}

static bool is_unwanted(const char *name)
{
    return begins_with_any(name, LIST("on", "form", "popover", "command", "interest", "shadowroot")) ||
           g_strv_contains(
               LIST("srcdoc", "srcset", "imagesrcset", "background", "ping", "http-equiv", "autofocus", "accesskey", "nonce", "is"), name);
}

/* Elements with such a name are not properties of the page's document. */
static bool may_have_name(const char *element)
{
    return g_strv_contains(LIST("a", "map", "input", "details"), element);
}

static bool may_have_id(const char *id, const struct html_origin *origin)
{
    if (origin->ids == NULL)
        return true;
    if (origin->is_output)
        return strchr(id, '&') == NULL && !g_hash_table_contains(origin->ids, id);
    g_hash_table_add(origin->ids, g_strdup(id));
    return true;
}

/* The value with the references for quotes and "&" replaced, or NULL if it has others; the caller frees it. */
static char *decode(const char *value)
{
    static const char *const references[][2] = {{"&amp;", "&"}, {"&quot;", "\""}, {"&#34;", "\""}, {"&#39;", "'"}, {"&apos;", "'"}};
    g_autoptr(GString) text = g_string_new(NULL);
    while (*value != '\0') {
        size_t i = 0;
        while (i < G_N_ELEMENTS(references) && !g_str_has_prefix(value, references[i][0]))
            i++;
        if (*value == '&' && i == G_N_ELEMENTS(references))
            return NULL;
        if (*value == '&') {
            g_string_append(text, references[i][1]);
            value += strlen(references[i][0]);
        } else
            g_string_append_c(text, *value++);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static bool is_harmless_style(const char *value)
{
    g_autofree char *css = decode(value);
    return css != NULL && html_is_harmless_style(css, strlen(css));
}

static bool is_harmless(const char *element, const char *name, const char *value, const struct html_origin *origin)
{
    if (is_unwanted(name))
        return false;
    if (strcmp(name, "name") == 0)
        return may_have_name(element);
    if (value == NULL)
        return true;
    if (strcmp(name, "id") == 0)
        return may_have_id(value, origin);
    if (strcmp(name, "style") == 0)
        return !origin->is_output || is_harmless_style(value);
    if (strcmp(name, "attributename") == 0) /* of animations */
        return strchr(value, '&') == NULL && !g_str_has_suffix(value, "href") && strcmp(value, "src") != 0;
    bool is_link = strcmp(element, "a") == 0 || strcmp(element, "area") == 0;
    return !is_address(name) || html_is_harmless_address(value, !is_link);
}

static void append_value(GString *out, const char *value, bool address)
{
    for (; *value != '\0'; value++) {
        if (*value == '"')
            g_string_append(out, "&quot;");
        else if (*value == ' ' && address) /* works everywhere and is allowed nowhere */
            g_string_append(out, "%20");
        else if (*value == '<')
            g_string_append(out, "&lt;");
        else
            g_string_append_c(out, *value);
    }
}

void html_append_attribute(GString *out, const char *element, const char *name, const char *value, const struct html_origin *origin)
{
    g_autofree char *lower = g_ascii_strdown(name, -1);
    if (strpbrk(lower, "\"'<`=") != NULL || !is_harmless(element, lower, value, origin))
        return;
    g_string_append_printf(out, " %s", lower);
    if (value == NULL)
        return;
    g_string_append(out, "=\"");
    append_value(out, value, strcmp(lower, "src") == 0 || strcmp(lower, "href") == 0);
    g_string_append_c(out, '"');
}
