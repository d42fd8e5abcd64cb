#include "notebook/markdown.h"

#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm.h>
#include <string.h>

#include "notebook/highlight.h"
#include "notebook/html_fragment.h"
#include "notebook/markdown_maths.h"
#include "notebook/mime.h"

enum { MAX_MARKDOWN = 4 * 1024 * 1024, MAX_ID = 120 };

struct writer {
    GString *out;
    struct markdown *markdown;
    GPtrArray *pieces; /* maths */
    int n_footnotes, column;
    guint8 *alignments;
    bool in_header, in_body;
    GHashTable *seen_references;
};

static void heading_free(gpointer data)
{
    struct heading *heading = data;
    g_free(heading->id);
    g_free(heading->text);
    g_free(heading);
}

struct markdown *markdown_new(void)
{
    struct markdown *markdown = g_new0(struct markdown, 1);
    markdown->headings = g_ptr_array_new_with_free_func(heading_free);
    markdown->ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    markdown->maths = g_string_new(NULL);
    return markdown;
}

void markdown_free(struct markdown *markdown)
{
    if (markdown == NULL)
        return;
    g_ptr_array_unref(markdown->headings);
    g_hash_table_unref(markdown->ids);
    g_string_free(markdown->maths, TRUE);
    g_free(markdown);
}

void markdown_append_maths(GString *out, const char *tex, size_t length, struct markdown *markdown)
{
    bool display = length > 0 && (g_str_has_prefix(tex, "$$") || *tex == '\\');
    g_string_append(out, display ? "<span class=\"maths display\">" : "<span class=\"maths\">");
    mime_append_escaped(out, tex, length);
    g_string_append(out, "</span>");
    g_string_append_len(markdown->maths, tex, length);
    g_string_append_c(markdown->maths, '\n');
}

/* `literal` may be cut within a character: cmark-gfm 0.29 miscounts a bracket with "^" that goes over the end of its line. */
static void append_text(struct writer *writer, const char *literal)
{
    g_autofree char *valid = g_utf8_make_valid(literal, -1);
    for (const char *text = valid; *text;) {
        const char *end, *piece = maths_at_mark(text, writer->pieces, &end);
        if (piece == NULL) {
            end = g_utf8_next_char(text);
            mime_append_escaped(writer->out, text, end - text);
        } else
            markdown_append_maths(writer->out, piece, strlen(piece), writer->markdown);
        text = end;
    }
}

/* HTML as it was written; maths becomes maths outside of tags. */
static void append_raw_html(struct writer *writer, const char *html)
{
    bool in_tag = false;
    while (*html) {
        const char *end, *piece = maths_at_mark(html, writer->pieces, &end);
        if (piece != NULL) {
            if (in_tag)
                g_string_append(writer->out, piece);
            else
                markdown_append_maths(writer->out, piece, strlen(piece), writer->markdown);
            html = end;
            continue;
        }
        in_tag = *html == '<' || (in_tag && *html != '>');
        g_string_append_c(writer->out, *html++);
    }
}

static void append_code(struct writer *writer, const char *literal, const char *info)
{
    g_autofree char *code = maths_put_back(literal, writer->pieces);
    g_autofree char *name = g_strndup(info, strcspn(info, " \t{,"));
    size_t length = strlen(code);
    if (length > 0 && code[length - 1] == '\n')
        code[length - 1] = '\0';
    g_string_append(writer->out, "<div class=\"source\"><pre><code>");
    highlight_append_html(writer->out, *name ? highlight_find(name) : -1, code);
    g_string_append(writer->out, "</code></pre></div>\n");
}

static void append_inline_code(struct writer *writer, const char *literal)
{
    g_autofree char *code = maths_put_back(literal, writer->pieces);
    g_string_append(writer->out, "<code>");
    mime_append_escaped(writer->out, code, strlen(code));
    g_string_append(writer->out, "</code>");
}

/* The plain text below a node; the caller frees it. */
static char *get_plain_text(cmark_node *node, const GPtrArray *pieces)
{
    g_autoptr(GString) text = g_string_new(NULL);
    cmark_iter *iter = cmark_iter_new(node);
    for (cmark_event_type event; (event = cmark_iter_next(iter)) != CMARK_EVENT_DONE;) {
        cmark_node_type type = cmark_node_get_type(cmark_iter_get_node(iter));
        const char *literal = cmark_node_get_literal(cmark_iter_get_node(iter));
        if (event == CMARK_EVENT_ENTER && (type == CMARK_NODE_TEXT || type == CMARK_NODE_CODE) && literal != NULL)
            g_string_append(text, literal);
        else if (type == CMARK_NODE_SOFTBREAK || type == CMARK_NODE_LINEBREAK)
            g_string_append_c(text, ' ');
    }
    cmark_iter_free(iter);
    g_autofree char *valid = g_utf8_make_valid(text->str, -1); /* as in append_text() */
    return maths_put_back(valid, pieces);
}

/* An id as Jupyter makes them (spaces become hyphens), not yet taken; the caller frees it. */
static char *make_id(struct markdown *markdown, const char *text)
{
    g_autoptr(GString) id = g_string_new(NULL);
    for (const char *p = text; *p && id->len < MAX_ID; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        if (g_unichar_isspace(c))
            g_string_append_c(id, '-');
        else if (!g_unichar_iscntrl(c) && c != '"' && c != '<' && c != '>')
            g_string_append_unichar(id, c);
    }
    if (id->len == 0)
        g_string_append(id, "section");
    g_autofree char *base = g_strdup(id->str);
    for (guint i = 1; g_hash_table_contains(markdown->ids, id->str); i = i < 50 ? i + 1 : i + markdown->headings->len)
        g_string_printf(id, "%s-%u", base, i);
    g_hash_table_add(markdown->ids, g_strdup(id->str));
    return g_strdup(id->str);
}

void markdown_append_reference(GString *out, const struct heading *heading)
{
    g_autofree char *fragment = g_uri_escape_string(heading->id, G_URI_RESERVED_CHARS_ALLOWED_IN_PATH "?", TRUE);
    g_string_append_c(out, '#');
    mime_append_escaped(out, fragment, strlen(fragment));
}

static void write_heading(struct writer *writer, cmark_node *node, bool enter)
{
    int level = cmark_node_get_heading_level(node);
    if (writer->markdown->is_output) { /* not one of the page's */
        g_string_append_printf(writer->out, enter ? "<h%d>" : "</h%d>\n", level);
        return;
    }
    if (!enter) {
        struct heading *last = writer->markdown->headings->pdata[writer->markdown->headings->len - 1];
        g_string_append(writer->out, "<a class=\"anchor\" aria-hidden=\"true\" tabindex=\"-1\" href=\"");
        markdown_append_reference(writer->out, last);
        g_string_append_printf(writer->out, "\">¶</a></h%d>\n", level);
        return;
    }
    struct heading *heading = g_new0(struct heading, 1);
    heading->level = level;
    heading->text = get_plain_text(node, writer->pieces);
    heading->id = make_id(writer->markdown, heading->text);
    g_ptr_array_add(writer->markdown->headings, heading);
    g_string_append_printf(writer->out, "<h%d id=\"", level);
    mime_append_escaped(writer->out, heading->id, strlen(heading->id));
    g_string_append(writer->out, "\">");
}

/* "attachment:NAME" as a data: address; false if the cell has no such attachment. */
static bool append_attachment(struct writer *writer, const char *url)
{
    const json_t *bundle = g_str_has_prefix(url, "attachment:") && writer->markdown->attachments != NULL
                               ? json_object_get(writer->markdown->attachments, url + strlen("attachment:"))
                               : NULL;
    const char *type;
    json_t *value;
    json_object_foreach((json_t *)bundle, type, value)
    {
        g_autofree char *text = mime_get_text(value);
        if (text == NULL || !g_str_has_prefix(type, "image/"))
            continue;
        g_string_append(writer->out, "data:");
        mime_append_escaped(writer->out, type, strlen(type));
        g_string_append(writer->out, ";base64,");
        mime_append_escaped(writer->out, g_strstrip(text), strlen(text));
        return true;
    }
    return false;
}

static void append_url(struct writer *writer, const char *url)
{
    g_autofree char *whole = maths_put_back(url, writer->pieces);
    if (append_attachment(writer, whole))
        return;
    g_autofree char *safe = g_uri_escape_string(whole, ":/?#[]@!$&'()*+,;=%", TRUE);
    mime_append_escaped(writer->out, safe, strlen(safe));
}

static void write_link(struct writer *writer, cmark_node *node, bool enter)
{
    const char *title = cmark_node_get_title(node);
    if (!enter) {
        g_string_append(writer->out, "</a>");
        return;
    }
    g_string_append(writer->out, "<a href=\"");
    append_url(writer, cmark_node_get_url(node));
    if (title != NULL && *title) {
        g_string_append(writer->out, "\" title=\"");
        mime_append_escaped(writer->out, title, strlen(title));
    }
    g_string_append(writer->out, "\">");
}

static void write_image(struct writer *writer, cmark_node *node)
{
    const char *title = cmark_node_get_title(node);
    g_autofree char *alt = get_plain_text(node, writer->pieces);
    g_string_append(writer->out, "<img src=\"");
    append_url(writer, cmark_node_get_url(node));
    g_string_append(writer->out, "\" alt=\"");
    mime_append_escaped(writer->out, alt, strlen(alt));
    if (title != NULL && *title) {
        g_string_append(writer->out, "\" title=\"");
        mime_append_escaped(writer->out, title, strlen(title));
    }
    g_string_append(writer->out, "\">");
}

static void write_list(struct writer *writer, cmark_node *node, bool enter)
{
    bool ordered = cmark_node_get_list_type(node) == CMARK_ORDERED_LIST;
    int start = cmark_node_get_list_start(node);
    if (!enter)
        g_string_append(writer->out, ordered ? "</ol>\n" : "</ul>\n");
    else if (ordered && start != 1)
        g_string_append_printf(writer->out, "<ol start=\"%d\">\n", start);
    else
        g_string_append(writer->out, ordered ? "<ol>\n" : "<ul>\n");
}

static bool is_tight(cmark_node *paragraph)
{
    cmark_node *item = cmark_node_parent(paragraph), *list = item ? cmark_node_parent(item) : NULL;
    return list != NULL && cmark_node_get_type(list) == CMARK_NODE_LIST && cmark_node_get_list_tight(list);
}

static void write_item(struct writer *writer, cmark_node *node, bool enter)
{
    if (!enter) {
        g_string_append(writer->out, "</li>\n");
        return;
    }
    if (strcmp(cmark_node_get_type_string(node), "tasklist") != 0) {
        g_string_append(writer->out, "<li>");
        return;
    }
    bool done = cmark_gfm_extensions_get_tasklist_item_checked(node);
    g_string_append_printf(writer->out, "<li class=\"task\"><input type=\"checkbox\" disabled%s aria-label=\"%s\"> ",
                           done ? " checked" : "", done ? "☑" : "☐");
}

static void write_reference(struct writer *writer, const char *number)
{
    bool first = g_hash_table_add(writer->seen_references, g_strdup(number));
    g_autofree char *id = g_strdup_printf(" id=\"fnref-%d-%s\"", writer->markdown->n_texts, number);
    g_string_append_printf(writer->out, "<sup class=\"footnote\"%s><a href=\"#fn-%d-%s\">%s</a></sup>", first ? id : "",
                           writer->markdown->n_texts, number, number);
}

static void write_definition(struct writer *writer, bool enter)
{
    int text = writer->markdown->n_texts;
    if (enter) {
        g_string_append(writer->out, writer->n_footnotes++ == 0 ? "<section class=\"footnotes\"><ol>\n" : "");
        g_string_append_printf(writer->out, "<li id=\"fn-%d-%d\">", text, writer->n_footnotes);
        return;
    }
    g_string_append_printf(writer->out, "<a href=\"#fnref-%d-%d\" aria-label=\"↩ %d\">↩</a></li>\n", text, writer->n_footnotes,
                           writer->n_footnotes);
}

static void write_table_row(struct writer *writer, cmark_node *node, bool enter)
{
    writer->in_header = cmark_gfm_extensions_get_table_row_is_header(node);
    writer->column = 0;
    if (enter && !writer->in_header && !writer->in_body)
        g_string_append(writer->out, "<tbody>\n");
    writer->in_body = writer->in_body || !writer->in_header;
    if (writer->in_header)
        g_string_append(writer->out, enter ? "<thead><tr>" : "</tr></thead>\n");
    else
        g_string_append(writer->out, enter ? "<tr>" : "</tr>\n");
}

static void write_table_cell(struct writer *writer, cmark_node *node, bool enter)
{
    const char *element = writer->in_header ? "th" : "td";
    if (!enter) {
        g_string_append_printf(writer->out, "</%s>", element);
        return;
    }
    cmark_node *table = cmark_node_parent(cmark_node_parent(node));
    const guint8 *alignments = cmark_gfm_extensions_get_table_alignments(table);
    bool known = alignments != NULL && writer->column < cmark_gfm_extensions_get_table_columns(table);
    char alignment = known ? alignments[writer->column] : 0;
    writer->column++;
    const char *side = alignment == 'l' ? "left" : alignment == 'c' ? "center" : alignment == 'r' ? "right" : NULL;
    if (side == NULL)
        g_string_append_printf(writer->out, "<%s>", element);
    else
        g_string_append_printf(writer->out, "<%s style=\"text-align:%s\">", element, side);
}

/* Nodes of the extensions; they are known by name only. */
static void write_extension_node(struct writer *writer, cmark_node *node, bool enter)
{
    const char *type = cmark_node_get_type_string(node);
    if (strcmp(type, "strikethrough") == 0)
        g_string_append(writer->out, enter ? "<del>" : "</del>");
    else if (strcmp(type, "table_row") == 0 || strcmp(type, "table_header") == 0)
        write_table_row(writer, node, enter);
    else if (strcmp(type, "table_cell") == 0)
        write_table_cell(writer, node, enter);
    else if (strcmp(type, "table") == 0) {
        g_string_append(writer->out, enter             ? "<div class=\"table\"><table>\n"
                                     : writer->in_body ? "</tbody></table></div>\n"
                                                       : "</table></div>\n");
        writer->in_body = false;
    }
}

/* Block nodes; false for the others. */
static bool write_block(struct writer *writer, cmark_node *node, bool enter)
{
    switch (cmark_node_get_type(node)) {
    case CMARK_NODE_DOCUMENT:
        return true;
    case CMARK_NODE_BLOCK_QUOTE:
        g_string_append(writer->out, enter ? "<blockquote>\n" : "</blockquote>\n");
        return true;
    case CMARK_NODE_LIST:
        write_list(writer, node, enter);
        return true;
    case CMARK_NODE_ITEM:
        write_item(writer, node, enter);
        return true;
    case CMARK_NODE_CODE_BLOCK:
        append_code(writer, cmark_node_get_literal(node), cmark_node_get_fence_info(node));
        return true;
    case CMARK_NODE_HTML_BLOCK:
        append_raw_html(writer, cmark_node_get_literal(node));
        return true;
    case CMARK_NODE_HEADING:
        write_heading(writer, node, enter);
        return true;
    case CMARK_NODE_THEMATIC_BREAK:
        g_string_append(writer->out, "<hr>\n");
        return true;
    case CMARK_NODE_FOOTNOTE_DEFINITION:
        write_definition(writer, enter);
        return true;
    case CMARK_NODE_PARAGRAPH:
        if (!is_tight(node))
            g_string_append(writer->out, enter ? "<p>" : "</p>\n");
        return true;
    default:
        return false;
    }
}

static bool write_inline(struct writer *writer, cmark_node *node, bool enter)
{
    switch (cmark_node_get_type(node)) {
    case CMARK_NODE_TEXT:
        append_text(writer, cmark_node_get_literal(node));
        return true;
    case CMARK_NODE_SOFTBREAK:
        g_string_append_c(writer->out, '\n');
        return true;
    case CMARK_NODE_LINEBREAK:
        g_string_append(writer->out, "<br>\n");
        return true;
    case CMARK_NODE_CODE:
        append_inline_code(writer, cmark_node_get_literal(node));
        return true;
    case CMARK_NODE_HTML_INLINE:
        append_raw_html(writer, cmark_node_get_literal(node));
        return true;
    case CMARK_NODE_EMPH:
        g_string_append(writer->out, enter ? "<em>" : "</em>");
        return true;
    case CMARK_NODE_STRONG:
        g_string_append(writer->out, enter ? "<strong>" : "</strong>");
        return true;
    case CMARK_NODE_LINK:
        write_link(writer, node, enter);
        return true;
    case CMARK_NODE_FOOTNOTE_REFERENCE:
        if (enter)
            write_reference(writer, cmark_node_get_literal(node));
        return true;
    default:
        return false;
    }
}

static void write_document(struct writer *writer, cmark_node *document)
{
    cmark_iter *iter = cmark_iter_new(document);
    for (cmark_event_type event; (event = cmark_iter_next(iter)) != CMARK_EVENT_DONE;) {
        cmark_node *node = cmark_iter_get_node(iter);
        bool enter = event == CMARK_EVENT_ENTER;
        if (cmark_node_get_type(node) == CMARK_NODE_IMAGE) {
            write_image(writer, node); /* its children are the alternative text */
            cmark_iter_reset(iter, node, CMARK_EVENT_EXIT);
            continue;
        }
        if (!write_block(writer, node, enter) && !write_inline(writer, node, enter))
            write_extension_node(writer, node, enter);
    }
    cmark_iter_free(iter);
    g_string_append(writer->out, writer->n_footnotes > 0 ? "</ol></section>\n" : "");
}

/* Whether the text defines footnotes; without any, "[^" is only text, of which cmark-gfm 0.29 would lose what stands on further lines. */
static bool has_footnotes(const char *text)
{
    const char *first = strstr(text, "[^");
    return first != NULL && strstr(first, "]:") != NULL;
}

/* The document, parsed with GitHub's extensions. */
static cmark_node *parse(const char *text)
{
    static const char *const extensions[] = {"table", "strikethrough", "autolink", "tasklist"};
    cmark_gfm_core_extensions_ensure_registered();
    int footnotes = has_footnotes(text) ? CMARK_OPT_FOOTNOTES : 0;
    cmark_parser *parser = cmark_parser_new(CMARK_OPT_UNSAFE | footnotes);
    for (size_t i = 0; i < G_N_ELEMENTS(extensions); i++) {
        cmark_syntax_extension *extension = cmark_find_syntax_extension(extensions[i]);
        if (extension != NULL)
            cmark_parser_attach_syntax_extension(parser, extension);
    }
    cmark_parser_feed(parser, text, strlen(text));
    cmark_node *document = cmark_parser_finish(parser);
    cmark_parser_free(parser);
    return document;
}

void markdown_append_html(GString *out, const char *text, struct markdown *markdown)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    if (strlen(valid) > MAX_MARKDOWN) {
        g_string_append(out, "<pre>");
        mime_append_escaped(out, valid, strlen(valid));
        g_string_append(out, "</pre>\n");
        return;
    }
    g_autoptr(GPtrArray) pieces = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *without_maths = maths_take_out(valid, pieces);
    g_autoptr(GString) html = g_string_new(NULL);
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    struct writer writer = {.out = html, .markdown = markdown, .pieces = pieces, .seen_references = seen};
    markdown->n_texts++;
    cmark_node *document = parse(without_maths);
    write_document(&writer, document);
    cmark_node_free(document);
    html_append_fragment(out, html->str, &(struct html_origin){.is_output = markdown->is_output, .ids = markdown->ids});
}
