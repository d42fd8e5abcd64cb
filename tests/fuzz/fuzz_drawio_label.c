/* Style strings, colours and labels of any bytes: no crash, and the text that a label shows is UTF-8. */
#include <glib.h>
#include <stdint.h>

#include "diagram/drawio/label_check.h"
#include "diagram/drawio/label_html.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_blocks(GPtrArray *blocks)
{
    for (guint i = 0; i < blocks->len; i++) {
        const struct text_block *block = blocks->pdata[i];
        guint end = 0;
        g_assert(g_utf8_validate(block->text->str, (gssize)block->text->len, NULL));
        for (guint s = 0; s < block->spans->len; s++) {
            const struct text_span *span = &g_array_index(block->spans, struct text_span, s);
            g_assert(span->end >= end && span->end <= block->text->len);
            end = span->end;
        }
    }
    g_ptr_array_unref(blocks);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text_style text_style = {.family = "Helvetica", .size = 12, .line_height = 1.2};
    struct style style;
    struct color color;
    double below;
    if (size > 20000)
        return 0;
    g_autofree char *text = g_strndup((const char *)data, size);
    style_init(&style, text, size % 2 == 1);
    style_number(&style, "fontSize", 12);
    style_flag(&style, "html", false);
    style_clear(&style);
    color_parse(text, &color);
    g_autofree char *unknown = label_check_html(text);
    check_blocks(label_html_parse(text, &text_style, ALIGN_CENTER, &below));
    check_blocks(label_text_parse(text, &text_style, ALIGN_CENTER));
    return 0;
}
