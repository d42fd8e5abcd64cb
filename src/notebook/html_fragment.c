#include "notebook/html_fragment.h"

#include <stdbool.h>
#include <string.h>

#include "notebook/html_style.h"

enum { MAX_DEPTH = 400, MAX_NAME = 40 };

struct reader {
    GString *out;
    const char *p;
    GPtrArray *open; /* names of open elements, owned */
    bool is_output;
    bool unfinished; /* a tag ran to the end of the fragment: what follows is text */
};

static bool is_one_of(const char *name, const char *const *names)
{
    return g_strv_contains(names, name);
}

static bool is_void(const char *name)
{
    static const char *const names[] = {"area", "br", "col", "embed", "hr", "img", "input", "param", "source", "track", "wbr", NULL};
    return is_one_of(name, names);
}

/* Elements whose tags are left out; their text stays. */
static bool is_unwanted(const char *name)
{
    static const char *const names[] = {"html", "head",     "body",    "base",     "meta",  "link",     "title",    "plaintext",
                                        "xmp",  "noscript", "noembed", "noframes", "frame", "frameset", "template", NULL};
    return is_one_of(name, names);
}

static const char *find_ignoring_case(const char *text, const char *what)
{
    size_t length = strlen(what);
    for (; *text; text++)
        if (g_ascii_strncasecmp(text, what, length) == 0)
            return text;
    return NULL;
}

/* Skips to behind the end tag of an element that holds no elements. Returns the length of its text. */
static size_t skip_raw_text(struct reader *reader, const char *name)
{
    g_autofree char *end_tag = g_strconcat("</", name, NULL);
    const char *start = reader->p, *end = find_ignoring_case(start, end_tag);
    size_t length = end == NULL ? strlen(start) : (size_t)(end - start);
    reader->p = start + length;
    reader->p += strcspn(reader->p, ">");
    reader->p += *reader->p == '>';
    return length;
}

static void append_style(struct reader *reader)
{
    const char *text = reader->p;
    size_t length = skip_raw_text(reader, "style");
    html_append_style(reader->out, text, length, reader->is_output);
}

static void close_until(struct reader *reader, guint count)
{
    while (reader->open->len > count) {
        g_string_append_printf(reader->out, "</%s>", (char *)reader->open->pdata[reader->open->len - 1]);
        g_ptr_array_set_size(reader->open, reader->open->len - 1);
    }
}

static void close_element(struct reader *reader, const char *name)
{
    for (guint i = reader->open->len; i > 0; i--) {
        if (strcmp(reader->open->pdata[i - 1], name) == 0) {
            close_until(reader, i - 1);
            return;
        }
    }
}

/* Reads the value behind a '='. The quotes are not part of it. */
static const char *read_value(const char *p, const char **value, size_t *length)
{
    p += strspn(p, " \t\n\r\f");
    if (*p == '"' || *p == '\'') {
        const char *end = strchr(p + 1, *p);
        if (end == NULL)
            return NULL;
        *value = p + 1;
        *length = end - *value;
        return end + 1;
    }
    *value = p;
    *length = strcspn(p, " \t\n\r\f>");
    return p + *length;
}

/* Spaces in addresses (data:image/svg+xml;utf8,<svg ...) work everywhere and are allowed nowhere. */
static bool is_address(const char *attribute)
{
    return g_ascii_strcasecmp(attribute, "src") == 0 || g_ascii_strcasecmp(attribute, "href") == 0;
}

static void append_attribute(GString *out, const char *name, size_t name_length, const char *value, size_t length)
{
    g_autofree char *lower = g_strndup(name, name_length);
    for (char *c = lower; *c; c++)
        if (strchr("\"'<`=", *c) != NULL)
            return;
    if (g_ascii_strncasecmp(lower, "on", 2) == 0 || g_ascii_strcasecmp(lower, "srcdoc") == 0)
        return;
    g_string_append_printf(out, " %s", lower);
    if (value == NULL)
        return;
    g_string_append(out, "=\"");
    for (size_t i = 0; i < length; i++) {
        if (value[i] == '"')
            g_string_append(out, "&quot;");
        else if (value[i] == ' ' && is_address(lower))
            g_string_append(out, "%20");
        else if (value[i] == '<')
            g_string_append(out, "&lt;");
        else
            g_string_append_c(out, value[i]);
    }
    g_string_append_c(out, '"');
}

/* Reads attributes up to the end of the tag; NULL if the tag does not end. */
static const char *read_attributes(const char *p, GString *attributes)
{
    while (*p != '\0') {
        p += strspn(p, " \t\n\r\f/");
        if (*p == '>')
            return p + 1;
        const char *name = p, *value = NULL;
        size_t name_length = strcspn(p, " \t\n\r\f/>="), length = 0;
        name_length += name_length == 0 && *p == '=';
        p += name_length;
        const char *behind = p + strspn(p, " \t\n\r\f");
        if (name_length > 0 && *behind == '=')
            p = read_value(behind + 1, &value, &length);
        if (p == NULL)
            return NULL;
        if (name_length > 0)
            append_attribute(attributes, name, name_length, value, length);
    }
    return NULL;
}

/* What an element must have to be read aloud, if it lacks it. */
static const char *find_missing(const char *name, const char *attributes)
{
    if (strcmp(name, "img") == 0 && strstr(attributes, " alt") == NULL)
        return " alt=\"\"";
    return strcmp(name, "iframe") == 0 && strstr(attributes, " title=") == NULL ? " title=\"…\"" : "";
}

static void open_element(struct reader *reader, const char *name, const char *attributes)
{
    if (is_unwanted(name) || reader->open->len >= MAX_DEPTH)
        return;
    g_string_append_printf(reader->out, "<%s%s%s>", name, attributes, find_missing(name, attributes));
    if (!is_void(name))
        g_ptr_array_add(reader->open, g_strdup(name));
}

/* In SVG and MathML "<path/>" is complete; in HTML the slash means nothing. */
static bool is_in_foreign_content(const struct reader *reader)
{
    for (guint i = 0; i < reader->open->len; i++)
        if (strcmp(reader->open->pdata[i], "svg") == 0 || strcmp(reader->open->pdata[i], "math") == 0)
            return true;
    return false;
}

/* Reads a tag; false if what begins with '<' is none. */
static bool read_tag(struct reader *reader)
{
    bool closes = reader->p[1] == '/';
    const char *start = reader->p + 1 + closes;
    size_t length = strspn(start, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-:");
    if (length == 0 || length > MAX_NAME || !g_ascii_isalpha(*start))
        return false;
    g_autofree char *given = g_strndup(start, length);
    g_autofree char *name = g_ascii_strdown(given, -1);
    g_autoptr(GString) attributes = g_string_new(NULL);
    const char *behind = read_attributes(start + length, attributes);
    if (behind == NULL) {
        reader->unfinished = true;
        return false;
    }
    bool empty = behind[-2] == '/';
    reader->p = behind;
    if (closes)
        close_element(reader, name);
    else if (strcmp(name, "script") == 0)
        skip_raw_text(reader, name);
    else if (strcmp(name, "style") == 0)
        append_style(reader);
    else
        open_element(reader, name, attributes->str);
    if (!closes && empty && is_in_foreign_content(reader) && strcmp(reader->open->pdata[reader->open->len - 1], name) == 0)
        close_until(reader, reader->open->len - 1);
    return true;
}

/* Skips a comment, a declaration or a processing instruction. */
static void skip_declaration(struct reader *reader)
{
    bool comment = g_str_has_prefix(reader->p, "<!--");
    const char *end = strstr(reader->p, comment ? "-->" : ">");
    reader->p = end == NULL ? reader->p + strlen(reader->p) : end + (comment ? 3 : 1);
}

void html_append_fragment(GString *out, const char *fragment, bool is_output)
{
    struct reader reader = {.out = out, .p = fragment, .is_output = is_output, .open = g_ptr_array_new_with_free_func(g_free)};
    while (*reader.p != '\0') {
        size_t length = strcspn(reader.p, "<");
        g_string_append_len(out, reader.p, length);
        reader.p += length;
        if (*reader.p == '\0')
            break;
        if (reader.p[1] == '!' || reader.p[1] == '?') {
            skip_declaration(&reader);
        } else if (reader.unfinished || !read_tag(&reader)) {
            g_string_append(out, "&lt;");
            reader.p++;
        }
    }
    close_until(&reader, 0);
    g_ptr_array_unref(reader.open);
}
