#include "diagram/drawio/label.h"

#include <string.h>

#include "diagram/drawio/font.h"

#define MAX_TEXT 100000
#define BREAK_TOLERANCE (1 / 64.0) /* px; browsers measure in 64ths, and let a line be one longer */

static double from_pango(int units)
{
    return (double)units / PANGO_SCALE;
}

static guint16 channel(double value)
{
    return (guint16)(value * 65535 + 0.5);
}

static void insert(PangoAttrList *list, PangoAttribute *attribute, guint start, guint end)
{
    attribute->start_index = start;
    attribute->end_index = end;
    pango_attr_list_insert(list, attribute);
}

static void insert_style(const struct label *label, PangoAttrList *list, const struct text_style *style, guint start, guint end)
{
    const struct fonts *fonts = label->options.fonts;
    PangoFontDescription *font = font_describe(fonts, style);
    struct color c = style->color, b = style->background;
    insert(list, pango_attr_font_desc_new(font), start, end);
    insert(list, pango_attr_foreground_new(channel(c.red), channel(c.green), channel(c.blue)), start, end);
    if (c.alpha < 1)
        insert(list, pango_attr_foreground_alpha_new(MAX(channel(c.alpha), 1)), start, end);
    if (style->has_background)
        insert(list, pango_attr_background_new(channel(b.red), channel(b.green), channel(b.blue)), start, end);
    if (style->has_background && b.alpha < 1)
        insert(list, pango_attr_background_alpha_new(MAX(channel(b.alpha), 1)), start, end);
    if (style->is_underlined)
        insert(list, pango_attr_underline_new(PANGO_UNDERLINE_SINGLE), start, end);
    if (style->is_struck)
        insert(list, pango_attr_strikethrough_new(TRUE), start, end);
    if (style->rise != 0)
        insert(list, pango_attr_rise_new((int)(style->rise * PANGO_SCALE)), start, end);
    pango_font_description_free(font);
}

/* The style of the text at a byte of a block. */
static const struct text_style *style_at(const struct text_block *block, guint byte)
{
    for (guint i = 0; i < block->spans->len; i++) {
        const struct text_span *span = &g_array_index(block->spans, struct text_span, i);
        if (byte < span->end)
            return &span->style;
    }
    return &block->style;
}

static gpointer keep_font(gconstpointer font)
{
    return g_object_ref((gpointer)font);
}

/* Gives one character the look that browsers give what no font has: the glyph for missing ones of the font that was asked for. */
static void insert_missing(const struct fonts *fonts, PangoAttrList *list, const struct text_block *block, guint byte)
{
    PangoFont *font = font_load(fonts, style_at(block, byte));
    PangoRectangle ink, logical;
    if (font == NULL)
        return;
    pango_font_get_glyph_extents(font, 0, &ink, &logical);
    guint length = (guint)(g_utf8_next_char(block->text->str + byte) - (block->text->str + byte));
    insert(list, pango_attr_shape_new_with_data(&ink, &logical, font, keep_font, g_object_unref), byte, byte + length);
}

static void insert_missing_of_run(const struct fonts *fonts, PangoAttrList *list, const struct text_block *block, const PangoLayoutRun *run)
{
    for (int i = 0; i < run->glyphs->num_glyphs; i++)
        if ((run->glyphs->glyphs[i].glyph & PANGO_GLYPH_UNKNOWN_FLAG) != 0)
            insert_missing(fonts, list, block, (guint)(run->item->offset + run->glyphs->log_clusters[i]));
}

/* Returns how many characters no font has. */
static int replace_missing(const struct fonts *fonts, PangoLayout *layout, PangoAttrList *list, const struct text_block *block)
{
    int n = pango_layout_get_unknown_glyphs_count(layout);
    if (n == 0)
        return 0;
    PangoAttrList *more = pango_attr_list_copy(list);
    for (int i = 0; i < pango_layout_get_line_count(layout); i++)
        for (GSList *run = pango_layout_get_line_readonly(layout, i)->runs; run != NULL; run = run->next)
            insert_missing_of_run(fonts, more, block, run->data);
    pango_layout_set_attributes(layout, more);
    pango_attr_list_unref(more);
    return n;
}

/* Places where pango breaks a line and the browser does not: between two of its own letters. */
static bool keeps_together(char a, char b)
{
    if (!g_ascii_isgraph(a) || !g_ascii_isgraph(b))
        return false;
    return a == '/' || (strchr("!|}", a) != NULL && strchr("(<[{", b) == NULL) ||
           (strchr("$%),+.:;\\]", a) != NULL && strchr("$%+\\", b) != NULL) || (a == '-' && b == '$') ||
           (a == '$' && strchr("([{", b) != NULL) || (strchr(",.:;", a) != NULL && g_ascii_isdigit(b));
}

/* Behind the letter at a byte, or the end: the break before that letter is the one that the space before it would allow. */
static guint behind(const GString *text, guint byte)
{
    return byte < text->len ? (guint)(g_utf8_next_char(text->str + byte) - text->str) : (guint)text->len;
}

static void insert_bonds(PangoAttrList *list, const struct text_block *block)
{
    const GString *text = block->text;
    guint from = 0; /* of the unbroken spans up to here */
    for (guint i = 0; i < block->spans->len; i++) {
        const struct text_span *span = &g_array_index(block->spans, struct text_span, i);
        if (!span->style.is_unbroken)
            from = span->end;
        else if (i + 1 == block->spans->len || !g_array_index(block->spans, struct text_span, i + 1).style.is_unbroken)
            insert(list, pango_attr_allow_breaks_new(FALSE), from, behind(text, MAX(from, span->end)));
    }
    for (guint i = 0; i + 1 < text->len; i++)
        if (keeps_together(text->str[i], text->str[i + 1]))
            insert(list, pango_attr_allow_breaks_new(FALSE), i, i + 2);
}

static PangoLayout *layout_block(struct label *label, const struct text_block *block)
{
    const struct fonts *fonts = label->options.fonts;
    PangoLayout *layout = pango_layout_new(fonts->context);
    PangoAttrList *attributes = pango_attr_list_new();
    PangoFontDescription *font = font_describe(fonts, &block->style);
    guint start = 0;
    pango_layout_set_font_description(layout, font);
    pango_font_description_free(font);
    pango_layout_set_text(layout, block->text->str, (int)MIN(block->text->len, MAX_TEXT));
    for (guint i = 0; i < block->spans->len; i++) {
        const struct text_span *span = &g_array_index(block->spans, struct text_span, i);
        if (span->end > start)
            insert_style(label, attributes, &span->style, start, span->end);
        start = MAX(start, span->end);
    }
    if (label->may_break)
        insert_bonds(attributes, block);
    pango_layout_set_attributes(layout, attributes);
    label->n_unknown += replace_missing(fonts, layout, attributes, block);
    pango_attr_list_unref(attributes);
    pango_layout_set_wrap(layout, PANGO_WRAP_WORD);
    return layout;
}

static double line_width(PangoLayoutLine *line)
{
    PangoRectangle logical;
    pango_layout_line_get_extents(line, NULL, &logical);
    return from_pango(logical.width);
}

static double widest_line(PangoLayout *layout)
{
    double widest = 0;
    for (int i = 0; i < pango_layout_get_line_count(layout); i++)
        widest = fmax(widest, line_width(pango_layout_get_line_readonly(layout, i)));
    return widest;
}

static void set_layout_width(PangoLayout *layout, double width)
{
    pango_layout_set_width(layout, width < 0 ? -1 : (int)ceil((width + BREAK_TOLERANCE) * PANGO_SCALE));
}

/* Width that the content takes: all of it in one line if there is room, at least the longest word. Sets the layouts' widths. */
static double fit_width(struct label *label)
{
    double available = label->options.full_width > 0 ? label->options.full_width : label->options.width, preferred = 0, least = 0;
    for (guint i = 0; i < label->blocks->len; i++) {
        const struct text_block *block = label->blocks->pdata[i];
        if (label->layouts->pdata[i] != NULL)
            preferred = fmax(preferred, widest_line(label->layouts->pdata[i]) + block->left + block->right);
    }
    if (!label->may_break || preferred <= available)
        return label->options.full_width > 0 ? label->options.full_width : preferred;
    for (guint i = 0; i < label->blocks->len; i++) {
        const struct text_block *block = label->blocks->pdata[i];
        PangoLayout *layout = label->layouts->pdata[i];
        if (layout == NULL)
            continue;
        set_layout_width(layout, 0);
        least = fmax(least, widest_line(layout) + block->left + block->right);
    }
    double width = label->options.full_width > 0 ? available : fmin(fmax(least, available), preferred);
    for (guint i = 0; i < label->blocks->len; i++) {
        const struct text_block *block = label->blocks->pdata[i];
        if (label->layouts->pdata[i] != NULL)
            set_layout_width(label->layouts->pdata[i], fmax(0, width - block->left - block->right));
    }
    return width;
}

struct extent {
    double ascent, descent;
};

static void cover(const struct fonts *fonts, struct extent *extent, const struct text_style *style)
{
    double ascent, descent, gap;
    font_measure(fonts, style, &ascent, &descent, &gap);
    double height = style->line_length > 0   ? style->line_length
                    : style->line_height > 0 ? style->line_height * style->size
                                             : ascent + descent + gap;
    double above = floor((height - ascent - descent) / 2) + ascent;
    extent->ascent = fmax(extent->ascent, above + style->rise);
    extent->descent = fmax(extent->descent, height - above - style->rise);
}

/* Height of a line above and below its baseline: of the block's own font and of each inline element that is in the line. */
static struct extent measure_line(const struct fonts *fonts, const struct text_block *block, const PangoLayoutLine *line)
{
    struct extent extent = {-1e9, -1e9};
    guint from = (guint)line->start_index, to = from + (guint)line->length;
    if (to < block->text->len && block->text->str[to] == '\n')
        to++; /* the break is in the line that it ends */
    cover(fonts, &extent, &block->style);
    for (guint i = 0; i < block->boxes->len; i++) {
        const struct text_box *box = &g_array_index(block->boxes, struct text_box, i);
        if (MAX(box->start, from) < MIN(box->end, to))
            cover(fonts, &extent, &box->style);
    }
    return extent;
}

static double place_lines(struct label *label, const struct text_block *block, PangoLayout *layout, double y)
{
    double room = label->width - block->left - block->right;
    for (int i = 0; i < pango_layout_get_line_count(layout); i++) {
        PangoLayoutLine *line = pango_layout_get_line_readonly(layout, i);
        struct extent extent = measure_line(label->options.fonts, block, line);
        struct label_line placed = {layout, line, block, block->left, y + extent.ascent, NULL};
        if (block->align != ALIGN_LEFT)
            placed.x += MAX(room - line_width(line), 0) / (block->align == ALIGN_CENTER ? 2 : 1); /* what does not fit begins at the side */
        g_array_append_val(label->lines, placed);
        y += extent.ascent + extent.descent;
    }
    return y;
}

/* Plain text: lines at whole distances, the first baseline one pixel above the size. */
static double place_plain_lines(struct label *label, const struct text_block *block, PangoLayout *layout)
{
    double size = block->style.size, pitch = round(size * 1.2);
    int n = pango_layout_get_line_count(layout);
    place_lines(label, block, layout, 0);
    for (int i = 0; i < n; i++)
        g_array_index(label->lines, struct label_line, i).baseline = size - 1 + i * pitch;
    return size + (n - 1) * pitch;
}

static void add_rule(struct label *label, const struct text_block *block, double y)
{
    struct label_box rule = {
        {block->left, y, fmax(0, label->width - block->left - block->right), block->rule_height}, {0.5, 0.5, 0.5, 1}, BOX_FILLED};
    g_array_append_val(label->boxes, rule);
}

/* A bullet, as large and as far from the text as the browser makes it: in whole pixels by the ascent of the font. */
static void place_bullet(struct label *label, const struct text_block *block, double baseline, enum box_shape shape)
{
    double ascent, descent, gap;
    font_measure(label->options.fonts, block->marker_style, &ascent, &descent, &gap);
    int height = (int)ascent, offset = height * 2 / 3, size = (offset + 1) / 2;
    struct rect rect = {block->left - offset - 7, baseline - ascent + 3 * (height - offset) / 2, size, size};
    struct label_box bullet = {rect, block->marker_style->color, shape};
    g_array_append_val(label->boxes, bullet);
}

static void place_number(struct label *label, const struct text_block *block, double baseline)
{
    const struct text_style *style = block->marker_style;
    PangoLayout *layout = pango_layout_new(label->options.fonts->context);
    PangoAttrList *attributes = pango_attr_list_new();
    pango_layout_set_text(layout, block->marker, -1);
    insert_style(label, attributes, style, 0, G_MAXUINT);
    pango_layout_set_attributes(layout, attributes);
    pango_attr_list_unref(attributes);
    g_ptr_array_add(label->layouts, layout);
    PangoLayoutLine *line = pango_layout_get_line_readonly(layout, 0);
    struct label_line placed = {layout, line, block, block->left - line_width(line) - style->size / 2, baseline, style};
    g_array_append_val(label->lines, placed);
}

/* The bullet or number of a list item, left of its first line. */
static void place_marker(struct label *label, const struct text_block *block, guint first_line)
{
    static const char *const bullets[] = {[BOX_FILLED] = "▪", [BOX_DISC] = "•", [BOX_CIRCLE] = "◦"};
    if (block->marker == NULL || first_line >= label->lines->len)
        return;
    double baseline = g_array_index(label->lines, struct label_line, first_line).baseline;
    for (unsigned i = 0; i < G_N_ELEMENTS(bullets); i++)
        if (strcmp(block->marker, bullets[i]) == 0) {
            place_bullet(label, block, baseline, (enum box_shape)i);
            return;
        }
    place_number(label, block, baseline);
}

static void place_all(struct label *label, double space_below)
{
    double y = 0;
    for (guint i = 0; i < label->blocks->len; i++) {
        const struct text_block *block = label->blocks->pdata[i];
        guint first_line = label->lines->len;
        y += block->space_above;
        if (block->is_rule) {
            add_rule(label, block, y);
            y += block->rule_height;
        } else if (!label->options.is_html)
            y = place_plain_lines(label, block, label->layouts->pdata[i]);
        else
            y = place_lines(label, block, label->layouts->pdata[i], y);
        place_marker(label, block, first_line);
    }
    label->height = y + space_below;
}

static bool may_break(const GPtrArray *blocks)
{
    for (guint i = 0; i < blocks->len; i++) {
        const struct text_block *block = blocks->pdata[i];
        for (guint k = 0; k < block->spans->len; k++)
            if (!g_array_index(block->spans, struct text_span, k).style.is_unbroken)
                return true;
    }
    return false;
}

static void unref_layout(gpointer layout)
{
    if (layout != NULL)
        g_object_unref(layout);
}

struct label *label_new(const char *text, const struct label_options *options)
{
    struct label *label = g_new0(struct label, 1);
    double space_below = 0;
    label->options = *options;
    label->lines = g_array_new(FALSE, FALSE, sizeof(struct label_line));
    label->boxes = g_array_new(FALSE, FALSE, sizeof(struct label_box));
    label->layouts = g_ptr_array_new_with_free_func(unref_layout);
    label->blocks = options->is_html ? label_html_parse(text, &options->style, options->align, &space_below)
                                     : label_text_parse(text, &options->style, options->align);
    label->may_break = may_break(label->blocks);
    for (guint i = 0; i < label->blocks->len; i++) {
        const struct text_block *block = label->blocks->pdata[i];
        PangoLayout *layout = block->is_rule ? NULL : layout_block(label, block);
        g_ptr_array_add(label->layouts, layout);
    }
    label->width = fit_width(label);
    place_all(label, space_below);
    return label;
}

void label_free(struct label *label)
{
    if (label == NULL)
        return;
    g_array_unref(label->lines);
    g_array_unref(label->boxes);
    g_ptr_array_unref(label->layouts);
    g_ptr_array_unref(label->blocks);
    g_free(label);
}

struct rect label_bounds(const struct label *label)
{
    return (struct rect){0, 0, label->width, label->height};
}
