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

static char *rename_in_text(const char *text, const json_t *images)
{
    GString *out = g_string_new(NULL);
    for (const char *tag; (tag = strchr(text, '<')) != NULL;) {
        g_string_append_len(out, text, tag + 1 - text);
        text = element_length(tag + 1) > 0 ? rename_in_tag(out, tag + 1, images) : tag + 1;
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
