#include "diagram/drawio/draw_label.h"

#include <string.h>

#include "diagram/drawio/cell_text.h"
#include "diagram/drawio/font.h"
#include "diagram/drawio/label.h"
#include "diagram/drawio/shape.h"

#define SPACE_ABOVE 5                  /* of labels at the top */
#define SPACE_BELOW 1                  /* of labels at the bottom */
#define TEXT_SHIFT 0.5                 /* the original draws text half a unit up left */
#define MAX_LABELS (32u * LABEL_LIMIT) /* bytes of all labels of a page */

/* Where a label goes: its anchor and the room it may take. */
struct label_frame {
    struct point anchor;
    struct rect box; /* in the unturned frame */
    double width, height, turn;
    struct point center; /* of the turn */
    enum text_align align;
    double share_x, share_y; /* how much of the label lies left of and above the anchor */
};

static double align_share(const struct style *style, const char *key, const char *end)
{
    const char *value = style_get(style, key);
    if (value != NULL && strcmp(value, end) == 0)
        return 1;
    return value == NULL || strcmp(value, "center") == 0 || strcmp(value, "middle") == 0 ? 0.5 : 0;
}

static bool is_default(const struct style *style, const char *key, const char *value)
{
    return style_get(style, key) == NULL || style_is(style, key, value);
}

/* Margins of a shape's label, turned and mirrored like the shape. */
static struct rect turned_margins(const struct drawing *drawing, int index)
{
    const struct style *style = &page_cell(drawing->page, index)->style;
    const struct shape_kind *kind = shape_kind_of(style);
    struct rect box = drawing->view->states[index].bounds;
    struct shape shape = {drawing->page, drawing->view, index, style, box.x, box.y, box.width, box.height};
    if (kind == NULL || kind->margins == NULL)
        return (struct rect){0, 0, 0, 0};
    struct rect m = kind->margins(&shape), t = m;
    double turn = style_turn(style);
    if (kind->has_fixed_margins)
        return m;
    if (turn == 90)
        t = (struct rect){m.height, m.x, m.y, m.width};
    else if (turn == 180)
        t = (struct rect){m.width, m.height, m.x, m.y};
    else if (turn == 270)
        t = (struct rect){m.y, m.width, m.height, m.x};
    if (style_flag(style, "flipH", false))
        t = (struct rect){t.width, t.y, t.x, t.height};
    if (style_flag(style, "flipV", false))
        t = (struct rect){t.x, t.height, t.width, t.y};
    return t;
}

/* The box as a text sees it that is turned left by a quarter around a centre. */
static struct rect seen_sideways(struct rect box, struct point center)
{
    struct point middle = point_rotate(rect_center(box), 90, center);
    return (struct rect){middle.x - box.height / 2, middle.y - box.width / 2, box.height, box.width};
}

static void frame_vertex_label(const struct drawing *drawing, int index, struct label_frame *frame)
{
    const struct style *style = &page_cell(drawing->page, index)->style;
    const struct state *state = &drawing->view->states[index];
    struct rect box = state->bounds;
    bool is_sideways = !style_flag(style, "horizontal", true);
    frame->center = rect_center(state->bounds);
    if (is_default(style, "labelPosition", "center") && is_default(style, "verticalLabelPosition", "middle")) {
        struct rect m = turned_margins(drawing, index);
        box = (struct rect){box.x + m.x, box.y + m.y, box.width - m.x - m.width, box.height - m.y - m.height};
    }
    box.width = fmax(box.width, 1);
    box.height = fmax(box.height, 1);
    if (is_sideways)
        box = seen_sideways(box, frame->center);
    box.x += is_sideways ? state->label.y : state->label.x;
    box.y += is_sideways ? state->label.x : state->label.y;
    box.width = fmax(0, style_number(style, "labelWidth", box.width));
    frame->box = box;
    frame->turn = style_number(style, "rotation", 0) + (is_sideways ? -90 : 0);
}

static void frame_edge_label(const struct drawing *drawing, int index, struct label_frame *frame)
{
    const struct cell *cell = page_cell(drawing->page, index);
    struct point at = drawing->view->states[index].label;
    frame->box = (struct rect){at.x, at.y, cell->geometry.rect.width, cell->geometry.rect.height};
    frame->center = at;
    frame->turn = style_flag(&cell->style, "horizontal", true) ? 0 : -90;
}

/* Takes the spacings off the box and finds the anchor within it. */
static void anchor_label(const struct style *style, bool is_edge, struct label_frame *frame)
{
    double spacing = style_number(style, "spacing", 2);
    double left = style_number(style, "spacingLeft", 0) + spacing, right = style_number(style, "spacingRight", 0) + spacing;
    double above = style_number(style, "spacingTop", 0) + spacing, below = style_number(style, "spacingBottom", 0) + spacing;
    frame->share_x = align_share(style, "align", "right");
    frame->share_y = align_share(style, "verticalAlign", "bottom");
    frame->align = frame->share_x == 0 ? ALIGN_LEFT : frame->share_x == 1 ? ALIGN_RIGHT : ALIGN_CENTER;
    frame->anchor = (struct point){frame->box.x + frame->share_x * (is_edge ? 0 : frame->box.width),
                                   frame->box.y + frame->share_y * (is_edge ? 0 : frame->box.height)};
    frame->width = frame->box.width;
    frame->height = frame->box.height;
    const char *overflow = style_get(style, "overflow");
    if (overflow != NULL && (strcmp(overflow, "fill") == 0 || strcmp(overflow, "width") == 0))
        return;
    frame->anchor.x += frame->share_x == 0 ? left : frame->share_x == 1 ? -right : (left - right) / 2;
    frame->anchor.y += frame->share_y == 0 ? above + SPACE_ABOVE : frame->share_y == 1 ? -below - SPACE_BELOW : (above - below) / 2;
    if (!is_edge && is_default(style, "labelPosition", "center") && style_get(style, "labelWidth") == NULL)
        frame->width = fmax(0, frame->width - left - right);
    if (!is_edge && is_default(style, "verticalLabelPosition", "middle"))
        frame->height = fmax(0, frame->height - above - below);
}

void draw_label_options(const struct style *style, struct label_options *options)
{
    int bits = (int)style_number(style, "fontStyle", 0);
    const char *family = style_get(style, "fontFamily");
    options->style = (struct text_style){
        .size = CLAMP(style_number(style, "fontSize", 12), 0.1, 1000),
        .is_bold = (bits & 1) != 0,
        .is_italic = (bits & 2) != 0,
        .is_underlined = (bits & 4) != 0,
        .is_struck = (bits & 8) != 0,
        .line_height = 1.2,
    };
    text_style_set_family(&options->style, family != NULL && strlen(family) < MAX_FAMILY ? family : "Helvetica");
    if (!style_color(style, "fontColor", &options->style.color))
        options->style.color = (struct color){0, 0, 0, 1};
    options->has_background = style_color(style, "labelBackgroundColor", &options->background);
    options->has_border = style_color(style, "labelBorderColor", &options->border);
    options->is_html = cell_text_is_html(style);
}

static void paint_box(struct canvas *canvas, struct rect box, const struct color *fill, const struct color *border)
{
    canvas_save(canvas);
    canvas->state.fill = (struct fill){.is_set = fill != NULL};
    if (fill != NULL)
        canvas->state.fill.from = *fill;
    canvas->state.stroke = (struct stroke){.is_set = border != NULL, .width = 1};
    if (border != NULL)
        canvas->state.stroke.color = *border;
    canvas_rect(canvas, box.x, box.y, box.width, box.height);
    canvas_fill_and_stroke(canvas);
    canvas_restore(canvas);
}

/* Plain text put at a place: its lines as high as the font is. */
static struct rect plain_box(const struct label *label, double x, double y)
{
    double ascent, descent, gap;
    font_measure(label->options.fonts, &label->options.style, &ascent, &descent, &gap);
    double first = g_array_index(label->lines, struct label_line, 0).baseline;
    double last = g_array_index(label->lines, struct label_line, label->lines->len - 1).baseline;
    return (struct rect){x, y + first - ascent, label->width, last - first + ascent + descent};
}

/* The part of a box within another. */
static struct rect rect_cut(struct rect box, struct rect within)
{
    double x = fmax(box.x, within.x), y = fmax(box.y, within.y);
    double right = fmin(box.x + box.width, within.x + within.width), bottom = fmin(box.y + box.height, within.y + within.height);
    return (struct rect){x, y, fmax(0, right - x), fmax(0, bottom - y)};
}

static void paint_round(struct canvas *canvas, struct rect box, const struct color *color, bool is_filled)
{
    canvas_save(canvas);
    canvas->state.fill = (struct fill){.is_set = is_filled, .from = *color};
    canvas->state.stroke = (struct stroke){.is_set = !is_filled, .width = 1, .color = *color};
    canvas_ellipse(canvas, box.x, box.y, box.width, box.height);
    canvas_fill_and_stroke(canvas);
    canvas_restore(canvas);
}

/* A rule or a bullet; a bullet outside of the clip is left out. */
static void paint_own_box(struct canvas *canvas, const struct label_box *box, double x, double y, const struct rect *clip)
{
    struct rect at = {x + box->rect.x, y + box->rect.y, box->rect.width, box->rect.height};
    if (box->shape == BOX_FILLED) {
        paint_box(canvas, at, &box->color, NULL);
        return;
    }
    if (clip != NULL && (at.x < clip->x || at.y < clip->y || at.y + at.height > clip->y + clip->height))
        return;
    paint_round(canvas, at, &box->color, box->shape == BOX_DISC);
}

/* Hands the laid-out label to the canvas: its background, its rules and bullets, its text. */
static void put_label(struct canvas *canvas, struct label *label, double x, double y, const struct rect *clip)
{
    const struct label_options *options = &label->options;
    struct rect box = {x, y, label->width, label->height};
    if (!options->is_html)
        box = rect_grow(plain_box(label, x, y), 1);
    if (clip != NULL && !options->is_html)
        box = rect_cut(box, *clip);
    else if (clip != NULL)
        box = *clip;
    if (options->has_background || options->has_border)
        paint_box(canvas, box, options->has_background ? &options->background : NULL, options->has_border ? &options->border : NULL);
    for (guint i = 0; i < label->boxes->len; i++)
        paint_own_box(canvas, &g_array_index(label->boxes, struct label_box, i), x, y, clip);
    canvas_label(canvas, label, x, y, clip);
}

/* The block of HTML as the original makes it: a box one unit high at the anchor, in which the browser aligns another with the text. */
struct html_room {
    enum overflow { OVERFLOW_VISIBLE, OVERFLOW_HIDDEN, OVERFLOW_FILL, OVERFLOW_WIDTH, OVERFLOW_BLOCK } overflow;
    bool wraps;
    double outer, inner; /* widths of the two boxes; inner 0: as wide as the text, the outer at most where that is clipped */
};

static enum overflow find_overflow(const struct style *style, bool is_edge)
{
    static const char *const names[] = {"visible", "hidden", "fill", "width", "block"};
    for (int i = OVERFLOW_HIDDEN; i <= OVERFLOW_BLOCK; i++)
        if (style_is(style, "overflow", names[i]) && !(is_edge && i == OVERFLOW_HIDDEN))
            return (enum overflow)i;
    return OVERFLOW_VISIBLE;
}

static struct html_room find_html_room(const struct style *style, bool is_edge, double width)
{
    struct html_room room = {find_overflow(style, is_edge), style_is(style, "whiteSpace", "wrap"), 1, 0};
    bool is_given = room.overflow == OVERFLOW_WIDTH || room.overflow == OVERFLOW_BLOCK;
    if (room.wraps || room.overflow == OVERFLOW_HIDDEN || room.overflow == OVERFLOW_FILL)
        room.outer = round(width + 2);
    else if (is_given)
        room.outer = round(width);
    if (is_given || room.overflow == OVERFLOW_FILL)
        room.inner = round(width);
    return room;
}

static void place_html(struct canvas *canvas, struct label *label, const struct label_frame *frame, const struct html_room *room)
{
    bool is_fixed = room->wraps || room->overflow != OVERFLOW_VISIBLE;
    bool is_filled = room->overflow == OVERFLOW_FILL;
    bool is_low = room->overflow == OVERFLOW_HIDDEN || (room->overflow == OVERFLOW_WIDTH && frame->height > 0) ||
                  (room->overflow == OVERFLOW_BLOCK && frame->share_y == 0.5);
    double width = room->overflow == OVERFLOW_HIDDEN ? fmin(label->width, room->outer) : label->width;
    double left = round(frame->anchor.x - (is_fixed ? frame->share_x * (frame->width + 2) : 0)) - TEXT_SHIFT;
    double x = left + frame->share_x * (room->outer - width);
    double height = is_filled ? round(frame->height) : is_low ? fmin(label->height, round(frame->height)) : label->height;
    double top = round(frame->anchor.y - (is_filled ? frame->share_y * frame->height : 0)) - TEXT_SHIFT +
                 frame->share_y * ((is_filled ? round(frame->height) : 1) - height);
    struct rect clip = {x, top, width, height};
    bool is_clipped = room->overflow != OVERFLOW_VISIBLE && room->overflow != OVERFLOW_BLOCK;
    put_label(canvas, label, x, top, is_clipped ? &clip : NULL);
}

static void place_plain(struct canvas *canvas, const struct style *style, struct label *label, const struct label_frame *frame)
{
    bool is_clipped = style_is(style, "overflow", "hidden") && frame->width > 0 && frame->height > 0;
    double height = is_clipped ? fmin(label->height, frame->height) : label->height;
    double x = frame->anchor.x - TEXT_SHIFT - frame->share_x * label->width;
    double y = frame->anchor.y - TEXT_SHIFT - (frame->share_y == 0.5 ? height / 2 : frame->share_y == 1 ? height + 1 : 0);
    struct rect clip = {frame->anchor.x - frame->share_x * frame->width - 2, frame->anchor.y - frame->share_y * frame->height - 2,
                        frame->width + 4, frame->height + 4};
    put_label(canvas, label, x, y, is_clipped ? &clip : NULL);
}

/* Once per family: that text is set in another font than the author chose. */
static void tell_missing_font(struct drawing *drawing, const char *family)
{
    if (!g_hash_table_add(drawing->families, g_strdup(family)))
        return;
    if (drawing->warnings != NULL && !font_is_installed(drawing->fonts, family))
        g_ptr_array_add(drawing->warnings,
                        g_strdup_printf("the font '%.60s' is not installed; '%s' is used", family, font_choose(drawing->fonts, family)));
}

/* Plain text counts with the lines as high as the font is, from where it was put. */
static void bound_plain(struct canvas *canvas, const struct label *label)
{
    const struct op *op = &g_array_index(canvas->ops, struct op, canvas->ops->len - 1);
    canvas->bounds = matrix_apply_rect(&canvas->state.matrix, plain_box(label, op->bounds.x, op->bounds.y));
}

/* What counts for the size of the picture: the room for a clipped or filling label, else the label in whole units, as a browser measures it. */
static void bound_label(struct drawing *drawing, const struct style *style, const struct label *label, const struct label_frame *frame)
{
    bool is_inside = is_default(style, "labelPosition", "center") && is_default(style, "verticalLabelPosition", "middle");
    bool is_hidden = style_is(style, "overflow", "hidden") && label->options.is_html;
    bool is_given = style_is(style, "overflow", "fill") || (style_is(style, "overflow", "hidden") && is_inside);
    bool is_low = is_hidden || (style_is(style, "overflow", "width") && frame->height > 0);
    double width = is_given || style_is(style, "overflow", "width") ? frame->width : round(label->width);
    double height = is_given ? frame->height : is_low ? fmin(round(label->height), round(frame->height)) : round(label->height);
    if (is_hidden && !is_given)
        width = fmin(width, round(frame->width + 2));
    struct rect box = {frame->anchor.x - frame->share_x * width, frame->anchor.y - frame->share_y * height, width, height};
    if (label->options.is_html || is_given)
        drawing->canvas->bounds = matrix_apply_rect(&drawing->canvas->state.matrix, box);
    else
        bound_plain(drawing->canvas, label);
}

/* True if the page still has room for the text; tells of it once for each label that is left out. */
static bool take_room(struct drawing *drawing, const struct cell *cell, const char *text)
{
    size_t length = strlen(text);
    bool has_room = length <= LABEL_LIMIT && drawing->label_bytes + length <= MAX_LABELS;
    if (has_room)
        drawing->label_bytes += length;
    else if (drawing->warnings != NULL)
        g_ptr_array_add(drawing->warnings,
                        g_strdup_printf("cell '%.60s': a label of %zu bytes is more than one label (%u) or all of the page (%u) may have; "
                                        "left out",
                                        cell->id, length, LABEL_LIMIT, MAX_LABELS));
    return has_room;
}

void draw_label(struct drawing *drawing, int index)
{
    const struct cell *cell = page_cell(drawing->page, index);
    const struct style *style = &cell->style;
    struct label_options options = {0};
    struct label_frame frame = {0};
    g_autofree char *source = cell_text_new(drawing->page, cell);
    if (source[0] == '\0' || !take_room(drawing, cell, source))
        return;
    if (cell->is_edge)
        frame_edge_label(drawing, index, &frame);
    else
        frame_vertex_label(drawing, index, &frame);
    anchor_label(style, cell->is_edge, &frame);
    draw_label_options(style, &options);
    options.fonts = drawing->fonts;
    options.align = frame.align;
    struct html_room room = find_html_room(style, cell->is_edge, frame.width);
    options.style.is_unbroken = !room.wraps || !options.is_html;
    options.width = room.outer;
    options.full_width = options.is_html ? room.inner : 0;
    struct label *label = label_new(source, &options);
    tell_missing_font(drawing, options.style.family);
    if (label->n_unknown > 0 && drawing->warnings != NULL)
        g_ptr_array_add(drawing->warnings,
                        g_strdup_printf("cell '%.60s': %d characters of its label are in no installed font", cell->id, label->n_unknown));
    canvas_reset(drawing->canvas);
    canvas_turn(drawing->canvas, frame.turn, false, false, frame.center);
    drawing->canvas->state.opacity = style_share(style, "textOpacity");
    canvas_start_bounds(drawing->canvas);
    if (options.is_html)
        place_html(drawing->canvas, label, &frame, &room);
    else
        place_plain(drawing->canvas, style, label, &frame);
    bound_label(drawing, style, label, &frame);
    draw_add_bounds(drawing, 0);
}
