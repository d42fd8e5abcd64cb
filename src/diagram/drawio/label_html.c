#include "diagram/drawio/label_html.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH 100
#define MAX_BLOCKS 5000
#define LIST_INDENT 40
#define LARGEST_FONT 1000

enum tag_role {
    ROLE_INLINE,
    ROLE_BLOCK,
    ROLE_BREAK,
    ROLE_RULE,
    ROLE_HIDDEN,  /* with all that is inside */
    ROLE_UNKNOWN, /* not drawn here */
};

enum tag_flag {
    FLAG_BOLD = 1,
    FLAG_ITALIC = 2,
    FLAG_UNDERLINE = 4,
    FLAG_STRIKE = 8,
    FLAG_MONO = 16,
    FLAG_SUB = 32,
    FLAG_SUP = 64,
    FLAG_PRE = 128,
    FLAG_LIST = 256,
    FLAG_ORDERED = 512,
    FLAG_ITEM = 1024,
    FLAG_CENTER = 2048,
    FLAG_QUOTE = 4096,
    FLAG_MARK = 8192,
};

/* Sorted by name. */
static const struct tag {
    const char *name;
    enum tag_role role;
    int flags;
    double size, margin; /* font size as a factor of the parent's (0: same),
                          margins above and below in em */
} tags[] = {
    {"a", ROLE_INLINE, 0, 0, 0},
    {"article", ROLE_BLOCK, 0, 0, 0},
    {"b", ROLE_INLINE, FLAG_BOLD, 0, 0},
    {"big", ROLE_INLINE, 0, 1.2, 0},
    {"blockquote", ROLE_BLOCK, FLAG_QUOTE, 0, 1},
    {"br", ROLE_BREAK, 0, 0, 0},
    {"button", ROLE_UNKNOWN, 0, 0, 0},
    {"canvas", ROLE_UNKNOWN, 0, 0, 0},
    {"center", ROLE_BLOCK, FLAG_CENTER, 0, 0},
    {"code", ROLE_INLINE, FLAG_MONO, 0, 0},
    {"dd", ROLE_BLOCK, FLAG_QUOTE, 0, 0},
    {"del", ROLE_INLINE, FLAG_STRIKE, 0, 0},
    {"div", ROLE_BLOCK, 0, 0, 0},
    {"dl", ROLE_BLOCK, 0, 0, 1},
    {"dt", ROLE_BLOCK, 0, 0, 0},
    {"em", ROLE_INLINE, FLAG_ITALIC, 0, 0},
    {"embed", ROLE_UNKNOWN, 0, 0, 0},
    {"font", ROLE_INLINE, 0, 0, 0},
    {"footer", ROLE_BLOCK, 0, 0, 0},
    {"h1", ROLE_BLOCK, FLAG_BOLD, 2, 0.67},
    {"h2", ROLE_BLOCK, FLAG_BOLD, 1.5, 0.83},
    {"h3", ROLE_BLOCK, FLAG_BOLD, 1.17, 1},
    {"h4", ROLE_BLOCK, FLAG_BOLD, 0, 1.33},
    {"h5", ROLE_BLOCK, FLAG_BOLD, 0.83, 1.67},
    {"h6", ROLE_BLOCK, FLAG_BOLD, 0.67, 2.33},
    {"head", ROLE_HIDDEN, 0, 0, 0},
    {"header", ROLE_BLOCK, 0, 0, 0},
    {"hr", ROLE_RULE, 0, 0, 0.5},
    {"i", ROLE_INLINE, FLAG_ITALIC, 0, 0},
    {"iframe", ROLE_UNKNOWN, 0, 0, 0},
    {"img", ROLE_UNKNOWN, 0, 0, 0},
    {"input", ROLE_UNKNOWN, 0, 0, 0},
    {"ins", ROLE_INLINE, FLAG_UNDERLINE, 0, 0},
    {"kbd", ROLE_INLINE, FLAG_MONO, 0, 0},
    {"li", ROLE_BLOCK, FLAG_ITEM, 0, 0},
    {"mark", ROLE_INLINE, FLAG_MARK, 0, 0},
    {"math", ROLE_UNKNOWN, 0, 0, 0},
    {"object", ROLE_UNKNOWN, 0, 0, 0},
    {"ol", ROLE_BLOCK, FLAG_LIST | FLAG_ORDERED, 0, 1},
    {"p", ROLE_BLOCK, 0, 0, 1},
    {"pre", ROLE_BLOCK, FLAG_PRE | FLAG_MONO, 0, 1},
    {"s", ROLE_INLINE, FLAG_STRIKE, 0, 0},
    {"samp", ROLE_INLINE, FLAG_MONO, 0, 0},
    {"script", ROLE_HIDDEN, 0, 0, 0},
    {"section", ROLE_BLOCK, 0, 0, 0},
    {"select", ROLE_UNKNOWN, 0, 0, 0},
    {"small", ROLE_INLINE, 0, 1 / 1.2, 0},
    {"span", ROLE_INLINE, 0, 0, 0},
    {"strike", ROLE_INLINE, FLAG_STRIKE, 0, 0},
    {"strong", ROLE_INLINE, FLAG_BOLD, 0, 0},
    {"style", ROLE_HIDDEN, 0, 0, 0},
    {"sub", ROLE_INLINE, FLAG_SUB, 1 / 1.2, 0},
    {"sup", ROLE_INLINE, FLAG_SUP, 1 / 1.2, 0},
    {"svg", ROLE_UNKNOWN, 0, 0, 0},
    {"table", ROLE_UNKNOWN, 0, 0, 0},
    {"textarea", ROLE_UNKNOWN, 0, 0, 0},
    {"title", ROLE_HIDDEN, 0, 0, 0},
    {"tt", ROLE_INLINE, FLAG_MONO, 0, 0},
    {"u", ROLE_INLINE, FLAG_UNDERLINE, 0, 0},
    {"ul", ROLE_BLOCK, FLAG_LIST, 0, 1},
    {"video", ROLE_UNKNOWN, 0, 0, 0},
};

/* Named characters that labels use, sorted; numbers are read as well. */
static const struct entity {
    const char *name;
    gunichar code;
} entities[] = {
    {"Delta", 0x394},  {"Omega", 0x3a9},   {"Sigma", 0x3a3},  {"alpha", 0x3b1},   {"amp", '&'},      {"apos", '\''},    {"auml", 0xe4},
    {"beta", 0x3b2},   {"bull", 0x2022},   {"cent", 0xa2},    {"check", 0x2713},  {"copy", 0xa9},    {"deg", 0xb0},     {"delta", 0x3b4},
    {"divide", 0xf7},  {"emsp", 0x2003},   {"ensp", 0x2002},  {"epsilon", 0x3b5}, {"euro", 0x20ac},  {"frac12", 0xbd},  {"gamma", 0x3b3},
    {"ge", 0x2265},    {"gt", '>'},        {"harr", 0x2194},  {"hellip", 0x2026}, {"infin", 0x221e}, {"lambda", 0x3bb}, {"laquo", 0xab},
    {"larr", 0x2190},  {"ldquo", 0x201c},  {"le", 0x2264},    {"lsquo", 0x2018},  {"lt", '<'},       {"mdash", 0x2014}, {"micro", 0xb5},
    {"middot", 0xb7},  {"minus", 0x2212},  {"mu", 0x3bc},     {"nbsp", 0xa0},     {"ndash", 0x2013}, {"ne", 0x2260},    {"ouml", 0xf6},
    {"para", 0xb6},    {"pi", 0x3c0},      {"plusmn", 0xb1},  {"pound", 0xa3},    {"quot", '"'},     {"raquo", 0xbb},   {"rarr", 0x2192},
    {"rdquo", 0x201d}, {"reg", 0xae},      {"rsquo", 0x2019}, {"sect", 0xa7},     {"sigma", 0x3c3},  {"sum", 0x2211},   {"szlig", 0xdf},
    {"theta", 0x3b8},  {"thinsp", 0x2009}, {"times", 0xd7},   {"trade", 0x2122},  {"uarr", 0x2191},  {"uuml", 0xfc},    {"zwj", 0x200d},
    {"zwnj", 0x200c},
};

struct element {
    const struct tag *tag;
    struct text_style style;
    enum text_align align;
    double left, right, space_below;
    int n_items;
    double rule_height;
};

struct parser {
    GPtrArray *blocks;
    struct element stack[MAX_DEPTH];
    int depth;
    struct text_block *block; /* under construction, or NULL */
    double pending_space;
    char *pending_marker;
};

static int compare_tags(const void *name, const void *item)
{
    return strcmp(name, ((const struct tag *)item)->name);
}

static const struct tag *find_tag(const char *name)
{
    return bsearch(name, tags, G_N_ELEMENTS(tags), sizeof tags[0], compare_tags);
}

static int compare_entities(const void *name, const void *item)
{
    return strcmp(name, ((const struct entity *)item)->name);
}

/* Reads a character reference behind '&'; 0 when it is none. */
static gunichar read_entity(const char **at)
{
    char name[16] = "";
    size_t length = strcspn(*at, "; <&\n\t");
    if (length == 0 || length >= sizeof name)
        return 0;
    memcpy(name, *at, length);
    const struct entity *entity = bsearch(name, entities, G_N_ELEMENTS(entities), sizeof entities[0], compare_entities);
    gunichar code = entity != NULL ? entity->code : 0;
    if (name[0] == '#')
        code = (gunichar)(g_ascii_tolower(name[1]) == 'x' ? g_ascii_strtoull(name + 2, NULL, 16) : g_ascii_strtoull(name + 1, NULL, 10));
    if (code == 0 || !g_unichar_validate(code) || (code < 32 && code != '\n' && code != '\t'))
        return 0;
    *at += length + ((*at)[length] == ';');
    return code;
}

static void decode_entities(GString *out, const char *text, gsize length)
{
    const char *at = text, *end = text + length;
    while (at < end) {
        if (*at != '&') {
            g_string_append_c(out, *at++);
            continue;
        }
        const char *after = at + 1;
        gunichar code = read_entity(&after);
        if (code != 0 && after <= end)
            g_string_append_unichar(out, code);
        else
            g_string_append_c(out, '&');
        at = code != 0 && after <= end ? after : at + 1;
    }
}

static struct element *top(struct parser *parser)
{
    return &parser->stack[parser->depth];
}

static void free_block(gpointer data)
{
    struct text_block *block = data;
    g_string_free(block->text, TRUE);
    g_array_unref(block->spans);
    g_free(block->marker);
    g_free(block);
}

static struct text_block *new_block(const struct text_style *style, enum text_align align)
{
    struct text_block *block = g_new0(struct text_block, 1);
    block->text = g_string_new(NULL);
    block->spans = g_array_new(FALSE, FALSE, sizeof(struct text_span));
    block->style = *style;
    block->align = align;
    return block;
}

static struct text_block *open_block(struct parser *parser)
{
    struct element *element = top(parser);
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
    block->space_above = parser->pending_space;
    block->marker = g_steal_pointer(&parser->pending_marker);
    parser->pending_space = 0;
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

/* Ends the paragraph under construction; a line break at its very end opens no
 * new line, and a paragraph of nothing is none. */
static void end_block(struct parser *parser)
{
    struct text_block *block = g_steal_pointer(&parser->block);
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

static void append_char(struct parser *parser, struct text_block *block, const char *at, gsize length)
{
    append_styled(block, at, length, &top(parser)->style);
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
    decode_entities(text, raw, length);
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

/* A CSS length in px; `percent_of` for % and em. Negative when it is none. */
static double read_length(const char *value, double em, double percent_of)
{
    char *unit = NULL;
    double number = g_ascii_strtod(value, &unit);
    if (unit == value || !isfinite(number))
        return -1;
    double factor = g_str_has_prefix(unit, "pt")    ? 4.0 / 3
                    : g_str_has_prefix(unit, "em")  ? em
                    : g_str_has_prefix(unit, "rem") ? 16
                    : *unit == '%'                  ? percent_of / 100
                                                    : 1;
    return CLAMP(number * factor, 0, 10000);
}

static double read_font_size(const char *value, double parent)
{
    static const struct {
        const char *name;
        double size;
    } names[] = {{"xx-small", 9}, {"x-small", 10}, {"small", 13}, {"medium", 16}, {"large", 18}, {"x-large", 24}, {"xx-large", 32}};
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++)
        if (strcmp(value, names[i].name) == 0)
            return names[i].size;
    if (strcmp(value, "smaller") == 0 || strcmp(value, "larger") == 0)
        return value[0] == 's' ? parent / 1.2 : parent * 1.2;
    double size = read_length(value, parent, parent);
    return size >= 0 ? fmin(size, LARGEST_FONT) : parent;
}

static const char *intern_family(const char *value)
{
    g_autofree char *plain = g_strndup(value, MIN(strlen(value), 200));
    char *to = plain;
    for (const char *from = plain; *from != '\0'; from++)
        if (*from != '"' && *from != '\'')
            *to++ = *from;
    *to = '\0';
    return g_intern_string(plain);
}

static void apply_css(struct element *element, const char *name, const char *value, double parent_size, double *space_above)
{
    struct text_style *style = &element->style;
    struct color color;
    double length = read_length(value, style->size, 0);
    if (strcmp(name, "color") == 0 && color_parse(value, &color))
        style->color = color;
    else if ((strcmp(name, "background-color") == 0 || strcmp(name, "background") == 0) && color_parse(value, &color)) {
        style->has_background = color.alpha > 0;
        style->background = color;
    } else if (strcmp(name, "font-size") == 0)
        style->size = read_font_size(value, parent_size);
    else if (strcmp(name, "font-family") == 0)
        style->family = intern_family(value);
    else if (strcmp(name, "font-weight") == 0)
        style->is_bold = g_str_has_prefix(value, "bold") || atoi(value) >= 600;
    else if (strcmp(name, "font-style") == 0)
        style->is_italic = strcmp(value, "italic") == 0 || strcmp(value, "oblique") == 0;
    else if (strcmp(name, "text-decoration") == 0 || strcmp(name, "text-decoration-line") == 0) {
        style->is_underlined |= strstr(value, "underline") != NULL;
        style->is_struck |= strstr(value, "line-through") != NULL;
    } else if (strcmp(name, "text-align") == 0)
        element->align = strcmp(value, "center") == 0                               ? ALIGN_CENTER
                         : strcmp(value, "right") == 0 || strcmp(value, "end") == 0 ? ALIGN_RIGHT
                                                                                    : ALIGN_LEFT;
    else if (strcmp(name, "white-space") == 0)
        style->keeps_spaces = g_str_has_prefix(value, "pre") && strcmp(value, "pre-line") != 0;
    else if (strcmp(name, "line-height") == 0)
        style->line_height = strcmp(value, "normal") == 0 ? 0
                             : strpbrk(value, "pe%") != NULL
                                 ? (length > 0 && style->size > 0 ? read_length(value, style->size, style->size) / style->size : 0)
                                 : fmax(0, fmin(length, 10));
    else if (length >= 0 && element->tag->role == ROLE_BLOCK && strcmp(name, "margin") == 0) {
        *space_above = element->space_below = length;
    } else if (length >= 0 && element->tag->role != ROLE_INLINE && (strcmp(name, "margin-top") == 0 || strcmp(name, "padding-top") == 0))
        *space_above = length;
    else if (length >= 0 && element->tag->role != ROLE_INLINE &&
             (strcmp(name, "margin-bottom") == 0 || strcmp(name, "padding-bottom") == 0))
        element->space_below = length;
    else if (length >= 0 && element->tag->role == ROLE_BLOCK && (strcmp(name, "margin-left") == 0 || strcmp(name, "padding-left") == 0))
        element->left += length;
    else if (length >= 0 && element->tag->role == ROLE_BLOCK && (strcmp(name, "margin-right") == 0 || strcmp(name, "padding-right") == 0))
        element->right += length;
}

/* Calls apply_css() for "name: value; …". */
static void apply_declarations(struct element *element, const char *css, double parent_size, double *space_above)
{
    g_auto(GStrv) declarations = g_strsplit(css, ";", 100);
    for (char **declaration = declarations; *declaration != NULL; declaration++) {
        char *colon = strchr(*declaration, ':');
        if (colon == NULL)
            continue;
        *colon = '\0';
        g_autofree char *name = g_ascii_strdown(g_strstrip(*declaration), -1);
        char *important = strstr(colon + 1, "!important");
        if (important != NULL)
            *important = '\0';
        apply_css(element, name, g_strstrip(colon + 1), parent_size, space_above);
    }
}

/* Reads one attribute; false at the end of the tag. The caller frees both. */
static bool read_attribute(const char **at, const char *end, char **ret_name, char **ret_value)
{
    const char *from = *at;
    while (from < end && strchr(" \t\r\n/", *from) != NULL)
        from++;
    const char *name_end = from;
    while (name_end < end && strchr(" \t\r\n=/>", *name_end) == NULL)
        name_end++;
    if (from >= end || name_end == from)
        return false;
    *ret_name = g_ascii_strdown(from, name_end - from);
    from = name_end;
    while (from < end && strchr(" \t\r\n", *from) != NULL)
        from++;
    g_autoptr(GString) value = g_string_new(NULL);
    if (from < end && *from == '=') {
        from++;
        while (from < end && strchr(" \t\r\n", *from) != NULL)
            from++;
        char quote = from < end && (*from == '"' || *from == '\'') ? *from++ : '\0';
        const char *value_end = from;
        while (value_end < end && (quote != '\0' ? *value_end != quote : strchr(" \t\r\n>", *value_end) == NULL))
            value_end++;
        decode_entities(value, from, (gsize)(value_end - from));
        from = value_end < end && quote != '\0' ? value_end + 1 : value_end;
    }
    *ret_value = g_string_free(g_steal_pointer(&value), FALSE);
    *at = from;
    return true;
}

static void apply_attribute(struct element *element, const char *name, const char *value, double parent_size, double *space_above)
{
    static const double sizes[] = {10, 10, 13, 16, 18, 24, 32, 48};
    bool is_font = strcmp(element->tag->name, "font") == 0;
    if (strcmp(name, "style") == 0)
        apply_declarations(element, value, parent_size, space_above);
    else if (strcmp(name, "align") == 0)
        apply_css(element, "text-align", value, parent_size, space_above);
    else if (element->tag->role == ROLE_RULE && strcmp(name, "size") == 0)
        element->rule_height = CLAMP(atoi(value), 1, 100);
    else if (is_font && strcmp(name, "color") == 0)
        apply_css(element, "color", value, parent_size, space_above);
    else if (is_font && strcmp(name, "face") == 0)
        element->style.family = intern_family(value);
    else if (is_font && strcmp(name, "size") == 0)
        element->style.size = sizes[CLAMP(value[0] == '+' || value[0] == '-' ? 3 + atoi(value) : atoi(value), 0, 7)];
}

static void apply_flags(struct parser *parser, struct element *element, double *space_above)
{
    const struct tag *tag = element->tag;
    struct text_style *style = &element->style;
    double parent_size = style->size;
    style->is_bold |= (tag->flags & FLAG_BOLD) != 0;
    style->is_italic |= (tag->flags & FLAG_ITALIC) != 0;
    style->is_underlined |= (tag->flags & FLAG_UNDERLINE) != 0;
    style->is_struck |= (tag->flags & FLAG_STRIKE) != 0;
    style->keeps_spaces |= (tag->flags & FLAG_PRE) != 0;
    if ((tag->flags & FLAG_MONO) != 0)
        style->family = "monospace";
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
    if (tag->size > 0)
        style->size *= tag->size;
    if ((tag->flags & (FLAG_LIST | FLAG_QUOTE)) != 0)
        element->left += LIST_INDENT;
    bool is_nested_list = (tag->flags & FLAG_LIST) != 0 && parser->depth > 0 && (parser->stack[parser->depth].tag->flags & FLAG_ITEM) != 0;
    *space_above = element->space_below = is_nested_list ? 0 : tag->margin * style->size;
}

static void number_item(struct parser *parser)
{
    struct element *list = top(parser);
    bool is_ordered = list->tag != NULL && (list->tag->flags & FLAG_ORDERED) != 0;
    list->n_items++;
    g_free(parser->pending_marker);
    parser->pending_marker = is_ordered ? g_strdup_printf("%d.", list->n_items) : g_strdup("•");
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

static void open_element(struct parser *parser, const struct tag *tag, const char *attributes, const char *end)
{
    if (parser->depth == MAX_DEPTH - 1)
        return;
    struct element element = *top(parser);
    double parent_size = element.style.size, space_above = 0;
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
    apply_flags(parser, &element, &space_above);
    while (read_attribute(&attributes, end, &name, &value)) {
        apply_attribute(&element, name, value, parent_size, &space_above);
        g_clear_pointer(&name, g_free);
        g_clear_pointer(&value, g_free);
    }
    if (tag->role != ROLE_INLINE)
        parser->pending_space = fmax(parser->pending_space, space_above);
    parser->stack[++parser->depth] = element;
    if (tag->role == ROLE_RULE) {
        add_rule(parser);
        parser->pending_space = fmax(parser->pending_space, element.space_below);
        parser->depth--;
    }
}

/* Closes the innermost element of that name and all inside of it; one that is
 * not open is ignored. */
static void close_element(struct parser *parser, const struct tag *tag)
{
    int depth = parser->depth;
    while (depth > 0 && parser->stack[depth].tag != tag)
        depth--;
    while (depth > 0 && parser->depth >= depth) {
        if (top(parser)->tag->role != ROLE_INLINE) {
            end_block(parser);
            parser->pending_space = fmax(parser->pending_space, top(parser)->space_below);
        }
        parser->depth--;
    }
}

struct markup {
    char name[16];
    bool is_closing;
    const char *attributes, *end, *after; /* `end`: the '>' */
};

/* Reads "<name …>" at `at`; false when that is no tag but text. */
static bool read_markup(const char *at, struct markup *markup)
{
    const char *from = at + 1;
    markup->is_closing = *from == '/';
    from += markup->is_closing;
    if (g_str_has_prefix(at, "<!--")) {
        const char *end = strstr(at + 4, "-->");
        *markup = (struct markup){.end = at, .attributes = at, .after = end != NULL ? end + 3 : at + strlen(at)};
        return true;
    }
    if (!g_ascii_isalpha(*from) && *from != '!' && *from != '?')
        return false;
    size_t length = strcspn(from, " \t\r\n/>");
    g_autofree char *lower = g_ascii_strdown(from, (gssize)length);
    g_strlcpy(markup->name, lower, sizeof markup->name);
    markup->attributes = from + length;
    char quote = '\0';
    for (from = markup->attributes; *from != '\0' && (*from != '>' || quote != '\0'); from++)
        if (*from == quote)
            quote = '\0';
        else if (quote == '\0' && (*from == '"' || *from == '\'') && from[-1] == '=')
            quote = *from;
    markup->end = from;
    markup->after = *from == '>' ? from + 1 : from;
    return true;
}

/* Behind the closing tag of what is not shown. */
static const char *skip_hidden(const char *at, const char *name)
{
    g_autofree char *closing = g_strdup_printf("</%s", name);
    gsize length = strlen(closing);
    for (; *at != '\0'; at++)
        if (*at == '<' && g_ascii_strncasecmp(at, closing, length) == 0) {
            const char *end = strchr(at, '>');
            return end != NULL ? end + 1 : at + strlen(at);
        }
    return at;
}

static const char *handle_markup(struct parser *parser, const struct markup *markup)
{
    const struct tag *tag = find_tag(markup->name);
    if (tag == NULL || tag->role == ROLE_UNKNOWN)
        return markup->after;
    if (tag->role == ROLE_HIDDEN)
        return markup->is_closing ? markup->after : skip_hidden(markup->after, markup->name);
    if (tag->role == ROLE_BREAK)
        add_break(parser);
    else if (markup->is_closing)
        close_element(parser, tag);
    else
        open_element(parser, tag, markup->attributes, markup->end);
    return markup->after;
}

GPtrArray *label_html_parse(const char *html, const struct text_style *style, enum text_align align, double *ret_space_below)
{
    static const struct tag root = {"", ROLE_BLOCK, 0, 0, 0};
    g_autofree struct parser *parser = g_new0(struct parser, 1);
    g_autofree char *valid = g_utf8_make_valid(html, -1);
    struct markup markup;
    parser->blocks = g_ptr_array_new_with_free_func(free_block);
    parser->stack[0] = (struct element){.tag = &root, .style = *style, .align = align};
    for (const char *at = valid; *at != '\0';) {
        if (*at == '<' && read_markup(at, &markup)) {
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
    *ret_space_below = parser->pending_space;
    return parser->blocks;
}

GPtrArray *label_text_parse(const char *text, const struct text_style *style, enum text_align align)
{
    GPtrArray *blocks = g_ptr_array_new_with_free_func(free_block);
    struct text_block *block = new_block(style, align);
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    append_styled(block, valid, strlen(valid), style);
    g_ptr_array_add(blocks, block);
    return blocks;
}

/* Properties that lay a label out in ways that this does not. */
static const char *find_unknown_css(const char *css)
{
    static const char *const unknown[] = {"position", "float", "display", "transform", "columns", "writing-mode", "background-image", NULL};
    static const char *const harmless[] = {"block", "inline", "static", "relative", "none", "initial", "inherit", NULL};
    g_auto(GStrv) declarations = g_strsplit(css, ";", 100);
    for (char **declaration = declarations; *declaration != NULL; declaration++) {
        char *colon = strchr(*declaration, ':');
        if (colon == NULL)
            continue;
        *colon = '\0';
        g_strstrip(*declaration);
        g_strstrip(colon + 1);
        bool is_none = strcmp(*declaration, "display") == 0 && strcmp(colon + 1, "none") == 0;
        for (int i = 0; unknown[i] != NULL; i++)
            if (strcmp(unknown[i], *declaration) == 0 && (is_none || !g_strv_contains(harmless, colon + 1)))
                return unknown[i];
    }
    return NULL;
}

const char *label_html_find_unknown(const char *html)
{
    struct markup markup;
    const char *unknown = NULL;
    for (const char *at = strchr(html, '<'); at != NULL && unknown == NULL;) {
        if (!read_markup(at, &markup)) {
            at = strchr(at + 1, '<');
            continue;
        }
        const struct tag *tag = find_tag(markup.name);
        char *name = NULL, *value = NULL;
        if (tag != NULL && tag->role == ROLE_UNKNOWN)
            return tag->name;
        while (!markup.is_closing && read_attribute(&markup.attributes, markup.end, &name, &value)) {
            if (unknown == NULL && strcmp(name, "style") == 0)
                unknown = find_unknown_css(value);
            g_free(name);
            g_free(value);
        }
        at = strchr(tag != NULL && tag->role == ROLE_HIDDEN ? skip_hidden(markup.after, markup.name) : markup.after, '<');
    }
    return unknown;
}

char *label_html_to_text(const char *html)
{
    struct text_style style = {.family = "sans-serif", .size = 12};
    double below;
    g_autoptr(GPtrArray) blocks = label_html_parse(html, &style, ALIGN_LEFT, &below);
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < blocks->len; i++) {
        const struct text_block *block = blocks->pdata[i];
        g_string_append_printf(text, "%s%s", i > 0 ? "\n" : "", block->text->str);
    }
    return g_string_free(text, FALSE);
}
