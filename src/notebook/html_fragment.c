#include "notebook/html_fragment.h"

#include <stdbool.h>
#include <string.h>

#include "notebook/html_writer.h"

enum { MAX_NAME = 40 };

struct reader {
    const char *p;
    struct html_writer writer;
    const struct html_origin *origin;
    bool unfinished; /* a tag ran to the end of the fragment: what follows is text */
};

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
    html_writer_append_style(&reader->writer, text, length, reader->origin->is_output);
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

/* Reads attributes up to the end of the tag of `element`; NULL if the tag does not end. */
static const char *read_attributes(const char *p, const char *element, const struct html_origin *origin, GString *attributes)
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
        g_autofree char *own_name = g_strndup(name, name_length), *own_value = value != NULL ? g_strndup(value, length) : NULL;
        if (name_length > 0)
            html_append_attribute(attributes, element, own_name, own_value, origin);
    }
    return NULL;
}

/* A picture has an address, and what is read aloud instead of it. */
static void complete_attributes(const char *element, GString *attributes)
{
    if (strcmp(element, "img") != 0)
        return;
    g_string_append(attributes, strstr(attributes->str, " src=") == NULL ? " src=\"data:,\"" : "");
    g_string_append(attributes, strstr(attributes->str, " alt") == NULL ? " alt=\"\"" : "");
}

/* A frame shows another page, which this one may not load: a link to it, and nothing of what the frame holds for old browsers. */
static void append_frame(struct reader *reader, const char *attributes)
{
    const char *source = strstr(attributes, " src=\"http");
    skip_raw_text(reader, "iframe");
    if (source == NULL)
        return;
    source += strlen(" src=\"");
    g_autofree char *address = g_strndup(source, strcspn(source, "\"")), *link = g_strdup_printf(" href=\"%s\"", address);
    html_writer_open(&reader->writer, "a", link, false);
    html_writer_append_text(&reader->writer, address, strlen(address));
    html_writer_close(&reader->writer, "a");
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
    const char *behind = read_attributes(start + length, name, reader->origin, attributes);
    if (behind == NULL) {
        reader->unfinished = true;
        return false;
    }
    reader->p = behind;
    complete_attributes(name, attributes);
    if (closes)
        html_writer_close(&reader->writer, name);
    else if (strcmp(name, "script") == 0)
        skip_raw_text(reader, name);
    else if (strcmp(name, "iframe") == 0)
        append_frame(reader, attributes->str);
    else if (strcmp(name, "style") == 0)
        append_style(reader);
    else
        html_writer_open(&reader->writer, name, attributes->str, behind[-2] == '/');
    return true;
}

/* Skips a comment, a declaration or a processing instruction. */
static void skip_declaration(struct reader *reader)
{
    bool comment = g_str_has_prefix(reader->p, "<!--");
    const char *end = strstr(reader->p, comment ? "-->" : ">");
    reader->p = end == NULL ? reader->p + strlen(reader->p) : end + (comment ? 3 : 1);
}

void html_append_fragment(GString *out, const char *fragment, const struct html_origin *origin)
{
    struct reader reader = {.p = fragment, .origin = origin};
    html_writer_init(&reader.writer, out);
    while (*reader.p != '\0') {
        size_t length = strcspn(reader.p, "<");
        html_writer_append_text(&reader.writer, reader.p, length);
        reader.p += length;
        if (*reader.p == '\0')
            break;
        if (reader.p[1] == '!' || reader.p[1] == '?') {
            skip_declaration(&reader);
        } else if (reader.unfinished || !read_tag(&reader)) {
            html_writer_append_text(&reader.writer, "&lt;", 4);
            reader.p++;
        }
    }
    html_writer_clear(&reader.writer);
}
