/* Markdown, terminal text, HTML fragments and code of any bytes: no crash, and the fragment stays balanced. */
#include <glib.h>
#include <stdint.h>

#include "notebook/ansi.h"
#include "notebook/highlight.h"
#include "notebook/html_fragment.h"
#include "notebook/markdown.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
    highlight_append_html(out, data[0] % N_PROG_LANGS, text);
    return 0;
}
