#include "notebook/html.h"

#include <string.h>

#include "notebook/highlight.h"
#include "notebook/html_fragment.h"
#include "notebook/html_katex.h"
#include "notebook/markdown.h"
#include "notebook/mime.h"
#include "notebook/page_data.h"

enum { CONTENTS_LEVEL = 3, CONTENTS_MIN = 2 };

struct words {
    const char *contents, *slides, *copy, *copied, *skip, *notes, *input, *output, *previous, *next, *leave;
};

static const struct words english = {"Contents", "Slides", "Copy",           "Copied",     "Skip to content", "Speaker notes",
                                     "Input",    "Output", "Previous slide", "Next slide", "Leave slides"};
static const struct words german = {"Inhalt",  "Folien",  "Kopieren",        "Kopiert",       "Zum Inhalt springen", "Notizen",
                                    "Eingabe", "Ausgabe", "Vorherige Folie", "Nächste Folie", "Folien verlassen"};

struct page {
    const struct html_options *options;
    const struct words *words;
    struct markdown *markdown;
    GString *cells;
    int lexer;
};

static void append_escaped(GString *out, const char *text)
{
    mime_append_escaped(out, text, strlen(text));
}

/* "slide", "subslide", "fragment", "skip", "notes" or "" for a cell that belongs to the slide before it. */
static const char *slide_type(const struct cell *cell)
{
    static const char *const types[] = {"slide", "subslide", "fragment", "skip", "notes", NULL};
    const char *given = json_get_text(json_object_get(cell->metadata, "slideshow"), "slide_type", "");
    const json_t *tags = json_object_get(cell->metadata, "tags");
    for (int i = 0; types[i] != NULL; i++) {
        if (strcmp(given, types[i]) == 0)
            return types[i];
        for (size_t j = 0; *given == '\0' && j < json_array_size(tags); j++)
            if (g_strcmp0(json_string_value(json_array_get(tags, j)), types[i]) == 0)
                return types[i];
    }
    return "";
}

static void append_code_cell(struct page *page, const struct cell *cell)
{
    GString *out = page->cells;
    g_autofree char *number = cell->execution_count > 0 ? g_strdup_printf("%d", cell->execution_count) : g_strdup(" ");
    g_string_append_printf(out, "<div class=\"row input\"><div class=\"prompt\">In [%s]:</div><div class=\"source\"><pre><code>", number);
    highlight_append_html(out, page->lexer, cell->source);
    g_string_append(out, "\n</code></pre></div></div>\n");
    mime_append_outputs(out, cell->outputs, page->options->language, page->markdown);
}

static void append_markdown_cell(struct page *page, const struct cell *cell)
{
    g_string_append(page->cells, "<div class=\"row\"><div class=\"prompt\"></div><div class=\"rich markdown\">\n");
    page->markdown->attachments = cell->attachments;
    markdown_append_html(page->cells, cell->source, page->markdown);
    page->markdown->attachments = NULL;
    g_string_append(page->cells, "</div></div>\n");
}

static void append_raw_cell(struct page *page, const struct cell *cell)
{
    const char *type = json_get_text(cell->metadata, "raw_mimetype", json_get_text(cell->metadata, "format", ""));
    g_string_append(page->cells, "<div class=\"row\"><div class=\"prompt\"></div><div class=\"rich\">");
    if (strcmp(type, "text/html") == 0)
        html_append_fragment(page->cells, cell->source, &(struct html_origin){.ids = page->markdown->ids});
    else {
        g_string_append(page->cells, "<pre>");
        append_escaped(page->cells, cell->source);
        g_string_append(page->cells, "</pre>");
    }
    g_string_append(page->cells, "</div></div>\n");
}

static void append_cell(struct page *page, const struct cell *cell)
{
    static const char *const types[] = {[CELL_CODE] = "code", [CELL_MARKDOWN] = "text", [CELL_RAW] = "raw"};
    const char *slide = slide_type(cell);
    bool notes = strcmp(slide, "notes") == 0;
    g_string_append_printf(page->cells, "<%s class=\"cell %s\"", notes ? "aside" : "div", types[cell->type]);
    if (*slide)
        g_string_append_printf(page->cells, " data-slide=\"%s\"", slide);
    if (notes)
        g_string_append_printf(page->cells, " aria-label=\"%s\"", page->words->notes);
    g_string_append(page->cells, ">\n");
    if (cell->type == CELL_CODE)
        append_code_cell(page, cell);
    else if (cell->type == CELL_MARKDOWN)
        append_markdown_cell(page, cell);
    else
        append_raw_cell(page, cell);
    g_string_append(page->cells, notes ? "</aside>\n" : "</div>\n");
}

/* Text is rendered before code, so that no output gets an id that a heading further down has. */
static void append_cells(struct page *page, const GPtrArray *cells)
{
    g_autoptr(GPtrArray) rendered = g_ptr_array_new();
    GString *all = page->cells;
    g_ptr_array_set_size(rendered, cells->len);
    for (int code = 0; code <= 1; code++) {
        for (guint i = 0; i < cells->len; i++) {
            const struct cell *cell = cells->pdata[i];
            if ((cell->type == CELL_CODE) != code)
                continue;
            rendered->pdata[i] = page->cells = g_string_new(NULL);
            append_cell(page, cell);
        }
    }
    page->cells = all;
    for (guint i = 0; i < cells->len; i++) {
        GString *cell = rendered->pdata[i];
        g_string_append_len(all, cell->str, cell->len);
        g_string_free(cell, TRUE);
    }
}

static void append_contents(GString *out, const struct page *page)
{
    guint count = 0;
    g_autoptr(GString) list = g_string_new(NULL);
    for (guint i = 0; i < page->markdown->headings->len; i++) {
        const struct heading *heading = page->markdown->headings->pdata[i];
        if (heading->level > CONTENTS_LEVEL || *heading->text == '\0')
            continue;
        count++;
        g_string_append_printf(list, "<li class=\"level-%d\"><a href=\"", heading->level);
        markdown_append_reference(list, heading);
        g_string_append(list, "\">");
        append_escaped(list, heading->text);
        g_string_append(list, "</a></li>\n");
    }
    if (count < CONTENTS_MIN)
        return;
    g_string_append_printf(out, "<nav class=\"contents\" aria-label=\"%s\"><details><summary>%s</summary><ul>\n%s</ul></details></nav>\n",
                           page->words->contents, page->words->contents, list->str);
}

static void append_script_hash(GString *out, const char *script)
{
    guint8 digest[32];
    gsize length = sizeof digest;
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(checksum, (const guchar *)script, -1);
    g_checksum_get_digest(checksum, digest, &length);
    g_autofree char *base64 = g_base64_encode(digest, length);
    g_string_append_printf(out, " 'sha256-%s'", base64);
}

static void append_policy(GString *out, const char *maths_script)
{
    g_string_append(out, "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src 'self' data: file:; "
                         "media-src 'self' data: file:; style-src 'unsafe-inline'; font-src data:; script-src");
    append_script_hash(out, page_js);
    if (maths_script != NULL)
        append_script_hash(out, maths_script);
    g_string_append(out, "; base-uri 'none'; form-action 'none'\">\n");
}

static void append_meta(GString *out, const char *name, const char *value)
{
    if (value == NULL || *value == '\0')
        return;
    g_string_append_printf(out, "<meta name=\"%s\" content=\"", name);
    append_escaped(out, value);
    g_string_append(out, "\">\n");
}

static void append_head(GString *out, const struct page *page, const char *maths_script)
{
    const struct html_options *options = page->options;
    g_string_append(out, "<!DOCTYPE html>\n<html lang=\"");
    append_escaped(out, options->language != NULL ? options->language : "en");
    g_string_append(out, "\">\n<head>\n<meta charset=\"utf-8\">\n");
    append_policy(out, maths_script);
    g_string_append(out, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                         "<meta name=\"color-scheme\" content=\"light dark\">\n");
    append_meta(out, "author", options->author);
    append_meta(out, "generator", "clx");
    g_string_append(out, "<title>");
    append_escaped(out, options->title != NULL && *options->title ? options->title : "Notebook");
    g_string_append_printf(out, "</title>\n<style>\n%s</style>\n", page_css);
    if (maths_script != NULL) {
        g_string_append(out, "<style>\n");
        katex_append_style(out, page->markdown->maths->str);
        g_string_append(out, "</style>\n");
    }
    if (maths_script != NULL) /* here, where no element of a cell can stand for the names that it looks for */
        g_string_append_printf(out, "<script>%s</script>\n", maths_script);
    g_string_append(out, "</head>\n");
}

static void append_footer(GString *out, const struct html_options *options)
{
    const char *const parts[] = {options->course_name, options->author, options->organization};
    g_autoptr(GString) line = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
        if (parts[i] == NULL || *parts[i] == '\0')
            continue;
        g_string_append(line, line->len > 0 ? " · " : "");
        append_escaped(line, parts[i]);
    }
    if (line->len > 0)
        g_string_append_printf(out, "<footer>%s</footer>\n", line->str);
}

static void append_body(GString *out, const struct page *page)
{
    const struct words *words = page->words;
    g_string_append_printf(out,
                           "<body class=\"kind-%s\" data-copy=\"%s\" data-copied=\"%s\" data-slides=\"%s\" data-previous=\"%s\" "
                           "data-next=\"%s\" data-leave=\"%s\" data-notes=\"%s\">\n<a class=\"skip\" href=\"#notebook\">%s</a>\n",
                           kind_names[page->options->kind], words->copy, words->copied, words->slides, words->previous, words->next,
                           words->leave, words->notes, words->skip);
    append_contents(out, page);
    g_string_append(out, "<main id=\"notebook\">\n");
    g_string_append_len(out, page->cells->str, page->cells->len);
    g_string_append(out, "</main>\n");
    append_footer(out, page->options);
    g_string_append_printf(out, "<script>%s</script>\n</body>\n</html>\n", page_js);
}

char *html_render(const struct notebook *notebook, const struct html_options *options)
{
    g_autoptr(markdown) markdown = markdown_new();
    g_autoptr(GString) cells = g_string_new(NULL);
    struct page page = {
        .options = options,
        .words = g_strcmp0(options->language, "de") == 0 ? &german : &english,
        .markdown = markdown,
        .cells = cells,
        .lexer = highlight_of_prog_lang(notebook->prog_lang),
    };
    g_hash_table_add(markdown->ids, g_strdup("notebook"));
    append_cells(&page, notebook->cells);
    const char *maths_script = markdown->maths->len > 0 ? katex_get_script() : NULL;
    GString *out = g_string_sized_new(cells->len + 64 * 1024);
    append_head(out, &page, maths_script);
    append_body(out, &page);
    return g_string_free(out, FALSE);
}
