#include "diagram/drawio/label_html.h"

#include <math.h>
#include <string.h>

#include "diagram/drawio/label_css.h"

#define MAX_DEPTH 100
#define MAX_BLOCKS 5000
#define MAX_BOXES 1000 /* of a block */
#define LIST_INDENT 40

struct parser {
    GPtrArray *blocks;
    struct label_element stack[MAX_DEPTH];
    int depth;
    struct text_block *block;          /* under construction, or NULL */
    double fixed_space, pending_space; /* below the last block: what margins cannot grow together with, and margins */
    char *pending_marker;
    struct text_style marker_style; /* of the item that the marker is for */
};

static struct label_element *top(struct parser *parser)
{
    return &parser->stack[parser->depth];
}

static void free_block(gpointer data)
{
    struct text_block *block = data;
    g_string_free(block->text, TRUE);
    g_array_unref(block->spans);
    g_array_unref(block->boxes);
    g_free(block->marker);
    g_free(block->marker_style);
    g_free(block);
}

static struct text_block *new_block(const struct text_style *style, enum text_align align)
{
    struct text_block *block = g_new0(struct text_block, 1);
    block->text = g_string_new(NULL);
    block->spans = g_array_new(FALSE, FALSE, sizeof(struct text_span));
    block->boxes = g_array_new(FALSE, FALSE, sizeof(struct text_box));
    block->style = *style;
    block->align = align;
    return block;
}

static struct text_block *open_block(struct parser *parser)
{
    struct label_element *element = top(parser);
    if (parser->block != NULL)
        return parser->block;
    int depth = parser->depth; /* inline elements do not shape the block */
    while (depth > 0 && parser->stack[depth].tag->role == ROLE_INLINE)
        depth--;
    parser->block = new_block(&parser->stack[depth].style, element->align);
    parser->block->left = element->left;
    parser->block->right = element->right;
    return parser->block;
}

static void append_styled(struct text_block *block, const char *text, gsize length, const struct text_style *style)
{
    struct text_span span = {.style = *style};
    g_string_append_len(block->text, text, (gssize)length);
    span.end = (guint)block->text->len;
    struct text_span *last = block->spans->len > 0 ? &g_array_index(block->spans, struct text_span, block->spans->len - 1) : NULL;
    if (last != NULL && memcmp(&last->style, style, sizeof *style) == 0)
        last->end = span.end;
    else
        g_array_append_val(block->spans, span);
}

static void keep_block(struct parser *parser, struct text_block *block)
{
    if (parser->blocks->len >= MAX_BLOCKS) {
        free_block(block);
        return;
    }
    block->space_above = parser->fixed_space + parser->pending_space;
    block->marker = g_steal_pointer(&parser->pending_marker);
    block->marker_style = block->marker != NULL ? g_memdup2(&parser->marker_style, sizeof parser->marker_style) : NULL;
    parser->fixed_space = parser->pending_space = 0;
    g_ptr_array_add(parser->blocks, block);
}

static void cut_text(struct text_block *block, gsize length)
{
    g_string_truncate(block->text, length);
    for (guint i = 0; i < block->spans->len; i++) {
        struct text_span *span = &g_array_index(block->spans, struct text_span, i);
        span->end = MIN(span->end, (guint)length);
    }
}

/* Notes what an inline element covers of the paragraph, if it makes lines higher than those around it. */
static void add_box(struct text_block *block, const struct label_element *element)
{
    struct text_box box = {element->start, (guint)block->text->len, element->style};
    const struct text_style *style = &element->style, *around = &block->style;
    bool is_higher = style->size != around->size || style->rise != around->rise || style->line_height != around->line_height ||
                     style->line_length != around->line_length || strcmp(style->family, around->family) != 0;
    if (is_higher && box.end > box.start && block->boxes->len < MAX_BOXES)
        g_array_append_val(block->boxes, box);
}

/* Ends the paragraph under construction; a line break at its very end opens no new line, and a paragraph of nothing is none. */
static void end_block(struct parser *parser)
{
    struct text_block *block = g_steal_pointer(&parser->block);
    for (int i = parser->depth; i > 0 && parser->stack[i].tag->role == ROLE_INLINE; i--) {
        if (block != NULL)
            add_box(block, &parser->stack[i]);
        parser->stack[i].start = 0;
    }
    if (block == NULL)
        return;
    gsize length = block->text->len;
    bool keeps = top(parser)->style.keeps_spaces;
    while (!keeps && length > 0 && block->text->str[length - 1] == ' ')
        length--;
    bool has_break = length > 0 && block->text->str[length - 1] == '\n';
    cut_text(block, length - has_break);
    if (block->text->len > 0 || has_break)
        keep_block(parser, block);
    else
        free_block(block);
}

/* Places where the browser breaks a line and pango does not, `before` being the letter before both. */
static bool breaks_between(char before, char a, char b)
{
    if (b == '<' && strchr("\"#%&)*+,.:;=>\\]~", a) != NULL)
        return true;
    if (strchr("([{", b) != NULL && strchr("\"#&*=>~", a) != NULL)
        return true;
    return (a == '?' && strchr("-|", b) != NULL) ||
           (a == '-' && g_ascii_isalnum(before) && (g_ascii_isdigit(b) || strchr("'-|", b) != NULL));
}

/* Text, with a space of no width wherever only the browser breaks. */
static void append_char(struct parser *parser, struct text_block *block, const char *at, gsize length)
{
    const struct text_style *style = &top(parser)->style;
    gsize done = 0;
    for (gsize i = 1; i < length && !style->is_unbroken; i++)
        if (breaks_between(i > 1 ? at[i - 2] : ' ', at[i - 1], at[i])) {
            append_styled(block, at + done, i - done, style);
            append_styled(block, "\u200b", strlen("\u200b"), style);
            done = i;
        }
    append_styled(block, at + done, length - done, style);
}

static void append_collapsed(struct parser *parser, const char *text)
{
    for (const char *at = text; *at != '\0';) {
        if (!strchr(" \t\r\n\f", *at)) {
            gsize length = strcspn(at, " \t\r\n\f");
            append_char(parser, open_block(parser), at, length);
            at += length;
            continue;
        }
        at += strspn(at, " \t\r\n\f");
        const struct text_block *block = parser->block;
        char last = block != NULL && block->text->len > 0 ? block->text->str[block->text->len - 1] : '\n';
        if (last != ' ' && last != '\n')
            append_char(parser, parser->block, " ", 1);
    }
}

static void add_text(struct parser *parser, const char *raw, gsize length)
{
    g_autoptr(GString) text = g_string_sized_new(length);
    html_decode(text, raw, length);
    if (!top(parser)->style.keeps_spaces)
        append_collapsed(parser, text->str);
    else if (text->len > 0)
        append_char(parser, open_block(parser), text->str, text->len);
}

static void add_break(struct parser *parser)
{
    struct text_block *block = open_block(parser);
    if (!top(parser)->style.keeps_spaces && block->text->len > 0 && block->text->str[block->text->len - 1] == ' ')
        cut_text(block, block->text->len - 1);
    append_char(parser, block, "\n", 1);
}

enum side { SIDE_ABOVE, SIDE_RIGHT, SIDE_BELOW, SIDE_LEFT };

/* The bullet of an item: of the list itself, of one in a list, of one deeper in; NULL outside of lists. */
static const char *find_bullet(const struct parser *parser)
{
    static const char *const bullets[] = {NULL, "•", "◦", "▪"};
    int n_lists = 0;
    for (int i = 1; i <= parser->depth; i++)
        n_lists += (parser->stack[i].tag->flags & FLAG_LIST) != 0;
    return bullets[MIN(n_lists, 3)];
}

static void apply_flags(struct parser *parser, struct label_element *element)
{
    const struct html_tag *tag = element->tag;
    struct text_style *style = &element->style;
    double parent_size = style->size;
    style->is_bold |= (tag->flags & FLAG_BOLD) != 0;
    style->is_italic |= (tag->flags & FLAG_ITALIC) != 0;
    style->is_underlined |= (tag->flags & FLAG_UNDERLINE) != 0;
    style->is_struck |= (tag->flags & FLAG_STRIKE) != 0;
    style->keeps_spaces |= (tag->flags & FLAG_PRE) != 0;
    style->is_unbroken |= (tag->flags & FLAG_PRE) != 0;
    if ((tag->flags & FLAG_MONO) != 0)
        text_style_set_family(style, "monospace");
    if ((tag->flags & FLAG_CENTER) != 0)
        element->align = ALIGN_CENTER;
    if ((tag->flags & FLAG_MARK) != 0) {
        style->has_background = true;
        style->background = (struct color){1, 1, 0, 1};
    }
    if ((tag->flags & FLAG_SUP) != 0)
        style->rise += parent_size / 3 + 1;
    if ((tag->flags & FLAG_SUB) != 0)
        style->rise -= parent_size / 5 + 1;
    if (tag->size > 0) {
        style->size *= tag->size;
        style->keyword = 0;
    }
    memset(element->margin, 0, sizeof element->margin);
    memset(element->padding, 0, sizeof element->padding);
    if ((tag->flags & FLAG_LIST) != 0)
        element->padding[SIDE_LEFT] = LIST_INDENT;
    if ((tag->flags & FLAG_QUOTE) != 0)
        element->margin[SIDE_LEFT] = LIST_INDENT;
    if ((tag->flags & FLAG_QUOTE) != 0 && tag->margin > 0)
        element->margin[SIDE_RIGHT] = LIST_INDENT;
    bool is_nested_list = (tag->flags & FLAG_LIST) != 0 && (find_bullet(parser) != NULL);
    if (tag->margin > 0)
        element->margin[SIDE_ABOVE] = element->margin[SIDE_BELOW] = is_nested_list ? 0 : NAN;
}

static void number_item(struct parser *parser)
{
    struct label_element *list = top(parser);
    bool is_ordered = list->tag != NULL && (list->tag->flags & FLAG_ORDERED) != 0;
    list->n_items++;
    g_free(parser->pending_marker);
    const char *bullet = find_bullet(parser);
    parser->pending_marker = is_ordered ? g_strdup_printf("%d.", list->n_items) : g_strdup(bullet != NULL ? bullet : "•");
}

static void add_rule(struct parser *parser)
{
    end_block(parser);
    struct text_block *rule = new_block(&top(parser)->style, top(parser)->align);
    rule->is_rule = true;
    rule->rule_height = top(parser)->rule_height;
    rule->left = top(parser)->left;
    rule->right = top(parser)->right;
    keep_block(parser, rule);
}

/* Margins and paddings in px, and where the element's content begins and ends. */
static void settle_sides(struct label_element *element)
{
    for (int i = 0; i < 4; i++)
        if (isnan(element->margin[i]))
            element->margin[i] = element->tag->margin * element->style.size;
    element->left += element->margin[SIDE_LEFT] + element->padding[SIDE_LEFT];
    element->right += element->margin[SIDE_RIGHT] + element->padding[SIDE_RIGHT];
}

/* Margins that meet become the larger of them; a padding keeps them apart. */
static void add_padding(struct parser *parser, double padding)
{
    if (padding <= 0)
        return;
    parser->fixed_space += parser->pending_space + padding;
    parser->pending_space = 0;
}

static void add_space_above(struct parser *parser, const struct label_element *element)
{
    parser->pending_space = fmax(parser->pending_space, element->margin[SIDE_ABOVE]);
    add_padding(parser, element->padding[SIDE_ABOVE]);
}

static void add_space_below(struct parser *parser, const struct label_element *element)
{
    add_padding(parser, element->padding[SIDE_BELOW]);
    parser->pending_space = fmax(parser->pending_space, element->margin[SIDE_BELOW]);
}

/* Closes the innermost element of that name and all inside of it; one that is not open is ignored. */
static void close_element(struct parser *parser, const struct html_tag *tag)
{
    int depth = parser->depth;
    while (depth > 0 && parser->stack[depth].tag != tag)
        depth--;
    while (depth > 0 && parser->depth >= depth) {
        if (top(parser)->tag->role != ROLE_INLINE) {
            end_block(parser);
            add_space_below(parser, top(parser));
        } else if (parser->block != NULL)
            add_box(parser->block, top(parser));
        parser->depth--;
    }
}

/* What the beginning of a block ends: a paragraph, and of items the one before. */
static void close_implied(struct parser *parser, const struct html_tag *tag)
{
    int item = html_find_implied_end(tag);
    for (int i = parser->depth; i > 0 && item != 0; i--) {
        const struct html_tag *open = parser->stack[i].tag;
        if (html_find_implied_end(open) == item) {
            close_element(parser, open);
            break;
        }
        if (!html_is_transparent(open))
            break;
    }
    const struct html_tag *paragraph = html_find_tag("p");
    if (tag->role != ROLE_INLINE)
        close_element(parser, paragraph);
}

static void open_element(struct parser *parser, const struct html_tag *tag, const char *attributes, const char *end)
{
    close_implied(parser, tag);
    if (parser->depth == MAX_DEPTH - 1)
        return;
    struct label_element element = *top(parser);
    const struct label_element parent = element;
    char *name = NULL, *value = NULL;
    element.tag = tag;
    element.n_items = 0;
    element.rule_height = 2;
    if (tag->role != ROLE_INLINE) {
        end_block(parser);
        element.style.has_background = false;
    }
    if ((tag->flags & FLAG_ITEM) != 0)
        number_item(parser);
    apply_flags(parser, &element);
    while (html_read_attribute(&attributes, end, &name, &value)) {
        label_css_apply_attribute(&element, &parent, name, value);
        g_clear_pointer(&name, g_free);
        g_clear_pointer(&value, g_free);
    }
    label_css_settle_size(&element.style);
    settle_sides(&element);
    if ((tag->flags & FLAG_ITEM) != 0)
        parser->marker_style = element.style;
    if (tag->role != ROLE_INLINE)
        add_space_above(parser, &element);
    element.start = parser->block != NULL ? (guint)parser->block->text->len : 0;
    parser->stack[++parser->depth] = element;
    if (tag->role == ROLE_RULE) {
        add_rule(parser);
        add_space_below(parser, &element);
        parser->depth--;
    }
}

static bool is_open(const struct parser *parser, const struct html_tag *tag)
{
    int depth = parser->depth;
    while (depth > 0 && parser->stack[depth].tag != tag)
        depth--;
    return depth > 0;
}

static const char *handle_markup(struct parser *parser, const struct html_markup *markup)
{
    const struct html_tag *tag = html_find_tag(markup->name);
    if (tag == NULL || tag->role == ROLE_UNKNOWN)
        return markup->after;
    if (tag->role == ROLE_HIDDEN)
        return markup->is_closing ? markup->after : html_skip_hidden(markup->after, markup->name);
    if (tag->role == ROLE_BREAK)
        add_break(parser);
    else if (markup->is_closing && strcmp(tag->name, "p") == 0 && !is_open(parser, tag)) {
        open_element(parser, tag, markup->end, markup->end); /* an empty paragraph, as browsers make of it */
        close_element(parser, tag);
    } else if (markup->is_closing)
        close_element(parser, tag);
    else
        open_element(parser, tag, markup->attributes, markup->end);
    return markup->after;
}

GPtrArray *label_html_parse(const char *html, const struct text_style *style, enum text_align align, double *ret_space_below)
{
    static const struct html_tag root = {"", ROLE_BLOCK, 0, 0, 0};
    g_autofree struct parser *parser = g_new0(struct parser, 1);
    g_autofree char *valid = g_utf8_make_valid(html, -1);
    struct html_markup markup;
    parser->blocks = g_ptr_array_new_with_free_func(free_block);
    parser->stack[0] = (struct label_element){.tag = &root, .style = *style, .align = align};
    for (const char *at = valid; *at != '\0';) {
        if (*at == '<' && html_read_markup(at, &markup)) {
            at = handle_markup(parser, &markup);
            continue;
        }
        gsize length = 1 + strcspn(at + 1, "<");
        add_text(parser, at, length);
        at += length;
    }
    while (parser->depth > 0)
        close_element(parser, top(parser)->tag);
    end_block(parser);
    g_free(parser->pending_marker);
    *ret_space_below = parser->fixed_space + parser->pending_space;
    return parser->blocks;
}

/* Spaces as SVG shows them: none at the sides of a line, one between words. */
static void append_plain(struct text_block *block, const char *text, const struct text_style *style)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        if (line > lines)
            append_styled(block, "\n", 1, style);
        g_auto(GStrv) words = g_strsplit_set(*line, " \t\r", -1);
        for (char **word = words, *last = NULL; *word != NULL; word++) {
            if (**word != '\0' && last != NULL)
                append_styled(block, " ", 1, style);
            last = **word != '\0' ? *word : last;
            append_styled(block, *word, strlen(*word), style);
        }
    }
}

GPtrArray *label_text_parse(const char *text, const struct text_style *style, enum text_align align)
{
    GPtrArray *blocks = g_ptr_array_new_with_free_func(free_block);
    struct text_block *block = new_block(style, align);
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    append_plain(block, valid, style);
    g_ptr_array_add(blocks, block);
    return blocks;
}

char *label_html_to_text(const char *html)
{
    struct text_style style = {.family = "sans-serif", .size = 12, .is_unbroken = true};
    double below;
    g_autoptr(GPtrArray) blocks = label_html_parse(html, &style, ALIGN_LEFT, &below);
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < blocks->len; i++) {
        const struct text_block *block = blocks->pdata[i];
        g_string_append_printf(text, "%s%s", i > 0 ? "\n" : "", block->text->str);
    }
    return g_string_free(text, FALSE);
}
