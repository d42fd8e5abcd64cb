#include "notebook/mime.h"

#include <string.h>

#include "notebook/ansi.h"
#include "notebook/highlight.h"
#include "notebook/html_fragment.h"

struct place {
    GString *out;
    struct markdown *markdown;
    const char *alternative; /* text for those who do not see pictures; borrowed */
    const json_t *metadata;
    bool german;
};

/* The length of a character of more than one byte that HTML forbids (U+0080 to U+009F, U+FFFE, U+FFFF); 0: it is another. */
static size_t forbidden_length(const char *text, size_t length)
{
    if (length >= 2 && text[0] == '\xc2' && (guchar)text[1] < 0xa0)
        return 2;
    return length >= 3 && strncmp(text, "\xef\xbf", 2) == 0 && (guchar)text[2] >= 0xbe ? 3 : 0;
}

void mime_append_escaped(GString *out, const char *text, size_t length)
{
    static const char special[256] = {['&'] = 1, ['<'] = 1, ['>'] = 1, ['"'] = 1, ['\''] = 1, [0xc2] = 2, [0xef] = 2};
    size_t start = 0;
    for (size_t i = 0; i < length; i++) {
        guchar c = text[i];
        size_t forbidden = special[c] == 2 ? forbidden_length(text + i, length - i) : 0;
        bool control = (c < 0x20 && c != '\n' && c != '\t') || c == 0x7f || forbidden > 0;
        if (!control && special[c] != 1)
            continue;
        g_string_append_len(out, text + start, i - start);
        i += forbidden > 0 ? forbidden - 1 : 0;
        start = i + 1;
        const char *entity = c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '"' ? "&quot;" : "&#39;";
        g_string_append(out, control ? "\xef\xbf\xbd" : entity);
    }
    g_string_append_len(out, text + start, length - start);
}

void mime_append_data_url(GString *out, const char *type, const void *bytes, size_t length)
{
    g_autofree char *base64 = g_base64_encode(bytes, length);
    g_string_append(out, "data:");
    mime_append_escaped(out, type, strlen(type));
    g_string_append(out, ";base64,");
    g_string_append(out, base64);
}

char *mime_get_text(const json_t *value)
{
    if (json_is_string(value))
        return g_strndup(json_string_value(value), json_string_length(value));
    if (!json_is_array(value))
        return NULL;
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < json_array_size(value); i++) {
        const char *line = json_string_value(json_array_get(value, i));
        g_string_append(text, line != NULL ? line : "");
    }
    return g_string_free(text, FALSE);
}

static void append_html(struct place *place, const char *type, const char *text)
{
    g_string_append(place->out, "<div class=\"rich\">");
    html_append_fragment(place->out, text, &(struct html_origin){.is_output = true, .ids = place->markdown->ids});
    g_string_append(place->out, "</div>");
}

static void append_size(struct place *place, const char *type)
{
    const json_t *own = json_object_get(place->metadata, type);
    const json_t *metadata = json_is_object(own) ? own : place->metadata;
    for (const char *const *name = (const char *const[]){"width", "height", NULL}; *name != NULL; name++) {
        gint64 size = json_get_int(metadata, *name, 0);
        if (size > 0 && size < 100000)
            g_string_append_printf(place->out, " %s=\"%d\"", *name, (int)size);
    }
}

static void append_alternative(struct place *place)
{
    const char *text = place->alternative != NULL && strlen(place->alternative) < 300 ? place->alternative : "";
    bool says_nothing = *text == '\0' || *text == '<'; /* "<Figure size 640x480 with 1 Axes>" */
    if (says_nothing)
        text = place->german ? "Bild, von der Zelle ausgegeben" : "picture shown by the cell";
    g_string_append(place->out, " alt=\"");
    mime_append_escaped(place->out, text, strlen(text));
    g_string_append(place->out, "\">");
}

/* A picture of its own: its scripts do not run and its ids do not meet those of others. */
static void append_svg(struct place *place, const char *type, const char *text)
{
    g_string_append(place->out, "<img class=\"picture\" src=\"");
    mime_append_data_url(place->out, type, text, strlen(text));
    g_string_append(place->out, "\"");
    append_size(place, type);
    append_alternative(place);
}

static void append_picture(struct place *place, const char *type, const char *text)
{
    g_string_append_printf(place->out, "<img class=\"picture\" src=\"data:%s;base64,", type);
    for (const char *p = text; *p; p++)
        if (g_ascii_isalnum(*p) || *p == '+' || *p == '/' || *p == '=')
            g_string_append_c(place->out, *p);
    g_string_append(place->out, "\"");
    append_size(place, type);
    append_alternative(place);
}

static void append_markdown(struct place *place, const char *type, const char *text)
{
    g_string_append(place->out, "<div class=\"rich markdown\">");
    place->markdown->is_output = true;
    markdown_append_html(place->out, text, place->markdown);
    place->markdown->is_output = false;
    g_string_append(place->out, "</div>");
}

static void append_latex(struct place *place, const char *type, const char *text)
{
    g_autofree char *tex = g_strstrip(g_strdup(text));
    g_autofree char *display = *tex == '$' || *tex == '\\' ? g_strdup(tex) : g_strdup_printf("$$%s$$", tex);
    g_string_append(place->out, "<div class=\"rich latex\">");
    markdown_append_maths(place->out, display, strlen(display), place->markdown);
    g_string_append(place->out, "</div>");
}

static void append_plain(struct place *place, const char *type, const char *text)
{
    g_string_append(place->out, "<pre>");
    ansi_append_html(place->out, text);
    g_string_append(place->out, "</pre>");
}

static const struct representation {
    const char *type;
    void (*append)(struct place *place, const char *type, const char *text);
} representations[] = {
    {"text/html", append_html},         {"image/svg+xml", append_svg},  {"image/png", append_picture},      {"image/jpeg", append_picture},
    {"image/gif", append_picture},      {"image/webp", append_picture}, {"text/markdown", append_markdown}, {"text/latex", append_latex},
    {"application/json", append_plain}, {"text/plain", append_plain},
};

/* The text of one type of a bundle: JSON values are written out. The caller frees it; NULL if there is none. */
static char *get_representation(const json_t *bundle, const char *type)
{
    const json_t *value = json_object_get(bundle, type);
    if (value == NULL)
        return NULL;
    if (strcmp(type, "application/json") != 0)
        return mime_get_text(value);
    char *dumped = json_dumps(value, JSON_INDENT(2) | JSON_ENCODE_ANY), *text = g_strdup(dumped);
    free(dumped);
    return text;
}

static bool append_bundle(struct place *place, const json_t *output)
{
    const json_t *bundle = json_object_get(output, "data");
    g_autofree char *alternative = get_representation(bundle, "text/plain");
    place->alternative = alternative;
    place->metadata = json_object_get(output, "metadata");
    for (size_t i = 0; i < G_N_ELEMENTS(representations); i++) {
        g_autofree char *text = get_representation(bundle, representations[i].type);
        if (text == NULL)
            continue;
        representations[i].append(place, representations[i].type, text);
        return true;
    }
    return false;
}

static void append_error(struct place *place, const json_t *output)
{
    const json_t *traceback = json_object_get(output, "traceback");
    g_autoptr(GString) lines = g_string_new(NULL);
    for (size_t i = 0; i < json_array_size(traceback); i++) {
        const char *line = json_string_value(json_array_get(traceback, i));
        g_string_append_printf(lines, "%s%s", i > 0 ? "\n" : "", line != NULL ? line : "");
    }
    if (lines->len == 0)
        g_string_printf(lines, "%s: %s", json_get_text(output, "ename", "Error"), json_get_text(output, "evalue", ""));
    append_plain(place, NULL, lines->str);
}

static void append_prompt(struct place *place, const json_t *output)
{
    gint64 count = json_get_int(output, "execution_count", 0);
    if (strcmp(json_get_text(output, "output_type", ""), "execute_result") == 0 && count > 0)
        g_string_append_printf(place->out, "<div class=\"prompt\">Out[%d]:</div>", (int)count);
    else
        g_string_append(place->out, "<div class=\"prompt\"></div>");
}

static void append_output(struct place *place, const json_t *output)
{
    const char *type = json_get_text(output, "output_type", "");
    bool stream = strcmp(type, "stream") == 0, error = strcmp(type, "error") == 0;
    const char *stderr_class = stream && strcmp(json_get_text(output, "name", ""), "stderr") == 0 ? " stderr" : "";
    size_t before = place->out->len;
    g_string_append(place->out, "<div class=\"row output\">");
    append_prompt(place, output);
    g_string_append_printf(place->out, "<div class=\"out%s%s\">", error ? " error" : "", stderr_class);
    if (stream) {
        g_autofree char *text = mime_get_text(json_object_get(output, "text"));
        append_plain(place, NULL, text != NULL ? text : "");
    } else if (error)
        append_error(place, output);
    else if (!append_bundle(place, output)) {
        g_string_truncate(place->out, before);
        return;
    }
    g_string_append(place->out, "</div></div>\n");
}

void mime_append_outputs(GString *out, const json_t *outputs, const char *language, struct markdown *markdown)
{
    struct place place = {.out = out, .markdown = markdown, .german = g_strcmp0(language, "de") == 0};
    for (size_t i = 0; i < json_array_size(outputs); i++)
        append_output(&place, json_array_get(outputs, i));
}
