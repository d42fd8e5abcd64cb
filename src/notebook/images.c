#include "notebook/images.h"

#include <string.h>

/* The length of the name of an element that shows a file, at `text` behind "<"; 0: none. */
static size_t element_length(const char *text)
{
    static const char *const names[] = {"img", "video", "source"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        size_t length = strlen(names[i]);
        if (g_ascii_strncasecmp(text, names[i], length) == 0 && (g_ascii_isspace(text[length]) || text[length] == '/'))
            return length;
    }
    return 0;
}

/* Behind the value of an attribute at `text`, with its bounds; the value may stand in quotes. */
static const char *read_value(const char *text, const char **ret_value, size_t *ret_length)
{
    char quote = *text == '"' || *text == '\'' ? *text : 0;
    *ret_value = text + (quote != 0);
    *ret_length = quote != 0 ? strcspn(*ret_value, quote == '"' ? "\"" : "'") : strcspn(text, " \t\r\n>");
    const char *end = *ret_value + *ret_length;
    return quote != 0 && *end == quote ? end + 1 : end;
}

/* The next attribute of a tag at `*text`, which is moved behind it; false at the tag's end. `*ret_value` is NULL without a value. */
static bool next_attribute(const char **text, const char **ret_name, size_t *ret_name_length, const char **ret_value, size_t *ret_length)
{
    const char *p = *text + strspn(*text, " \t\r\n/");
    *ret_name = p;
    *ret_name_length = strcspn(p, " \t\r\n/>=");
    *ret_value = NULL;
    p += *ret_name_length;
    const char *equal = p + strspn(p, " \t\r\n");
    if (*equal == '=')
        p = read_value(equal + 1 + strspn(equal + 1, " \t\r\n"), ret_value, ret_length);
    *text = p;
    return *ret_name_length > 0 || *ret_value != NULL;
}

static const char *find_image(const json_t *images, const char *address, size_t length)
{
    while (length > 2 && strncmp(address, "./", 2) == 0) {
        address += 2;
        length -= 2;
    }
    g_autofree char *key = g_strndup(address, length);
    return json_string_value(json_object_get(images, key));
}

/* Copies what stands from `from` on to the tag's end with renamed images; returns where the text goes on. */
static const char *rename_in_tag(GString *out, const char *from, const json_t *images)
{
    const char *p = from + element_length(from), *name, *value;
    size_t name_length, length = 0;
    while (next_attribute(&p, &name, &name_length, &value, &length)) {
        bool is_source = name_length == 3 && g_ascii_strncasecmp(name, "src", 3) == 0 && value != NULL;
        const char *image = is_source ? find_image(images, value, length) : NULL;
        if (image == NULL)
            continue;
        g_string_append_len(out, from, value - from);
        g_string_append(out, image);
        from = value + length;
    }
    g_string_append_len(out, from, p - from);
    return p;
}

/* Behind the code span or fenced block that the backticks at `text` open; behind the backticks where nothing closes them. */
static const char *skip_code(const char *text)
{
    size_t length = strspn(text, "`");
    const char *from = text + length;
    for (const char *p = strchr(from, '`'); p != NULL; p = strchr(p, '`')) {
        size_t n = strspn(p, "`");
        p += n;
        if (n == length)
            return p;
    }
    return from;
}

/* The new name of the image that a Markdown address names; blanks and the like stand for themselves or escaped. The caller frees it. */
static char *rename_address(const json_t *images, const char *address, size_t length)
{
    const char *image = find_image(images, address, length);
    if (image != NULL)
        return g_strdup(image);
    g_autofree char *plain = g_uri_unescape_segment(address, address + length, NULL);
    image = plain != NULL ? find_image(images, plain, strlen(plain)) : NULL;
    return image != NULL ? g_uri_escape_string(image, "/", TRUE) : NULL;
}

/* Copies the address behind "](" renamed, if it is an image's; returns where the text goes on. */
static const char *rename_in_link(GString *out, const char *text, const json_t *images)
{
    const char *address = text + strspn(text, " \t\n");
    bool is_enclosed = *address == '<';
    address += is_enclosed;
    size_t length = strcspn(address, is_enclosed ? ">\n" : " \t\n)");
    g_autofree char *image = rename_address(images, address, length);
    if (image == NULL)
        return text;
    g_string_append_len(out, text, address - text);
    g_string_append(out, image);
    return address + length;
}

static char *rename_in_text(const char *text, const json_t *images)
{
    GString *out = g_string_new(NULL);
    const char *code_end = text;
    for (const char *mark; (mark = strpbrk(text, "<]`")) != NULL;) {
        bool is_tag = *mark == '<' && element_length(mark + 1) > 0, is_link = mark[0] == ']' && mark[1] == '(' && mark >= code_end;
        if (*mark == '`' && mark >= code_end)
            code_end = skip_code(mark);
        size_t length = *mark == '`' ? strspn(mark, "`") : is_link ? 2 : 1;
        g_string_append_len(out, text, mark + length - text);
        text = mark + length;
        if (is_tag)
            text = rename_in_tag(out, text, images);
        else if (is_link)
            text = rename_in_link(out, text, images);
    }
    g_string_append(out, text);
    return g_string_free(out, FALSE);
}

void notebook_rename_images(struct notebook *notebook, const json_t *images)
{
    for (guint i = 0; i < notebook->cells->len && json_object_size(images) > 0; i++) {
        struct cell *cell = g_ptr_array_index(notebook->cells, i);
        if (cell->type != CELL_MARKDOWN)
            continue;
        char *text = rename_in_text(cell->source, images);
        g_free(cell->source);
        cell->source = text;
    }
}
