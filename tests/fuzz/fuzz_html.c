/* Markdown, terminal text, HTML fragments and code of any bytes: no crash, and a fragment says what a parser reads: read again, it is the
 * same. */
#include <glib.h>
#include <stdint.h>

#include "notebook/ansi.h"
#include "notebook/highlight.h"
#include "notebook/html_fragment.h"
#include "notebook/markdown.h"

enum { MAX_REREAD = 1200 }; /* shorter than what is nested too deep */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void reread(const char *text)
{
    g_autoptr(GString) once = g_string_new(NULL), twice = g_string_new(NULL);
    html_append_fragment(once, text, &(struct html_origin){0});
    html_append_fragment(twice, once->str, &(struct html_origin){0});
    g_assert_cmpstr(once->str, ==, twice->str);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > 20000)
        return 0;
    g_autofree char *text = g_strndup((const char *)data + 1, size - 1);
    g_autoptr(GString) out = g_string_new(NULL);
    g_autoptr(markdown) markdown = markdown_new();
    markdown_append_html(out, text, markdown);
    ansi_append_html(out, text);
    html_append_fragment(out, text, &(struct html_origin){.is_output = true, .ids = markdown->ids});
    if (size < MAX_REREAD)
        reread(text);
    highlight_append_html(out, data[0] % N_PROG_LANGS, text);
    return 0;
}
