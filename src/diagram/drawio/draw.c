#include "diagram/drawio/draw.h"

#include <string.h>

#include "diagram/drawio/connector.h"
#include "diagram/drawio/font.h"
#include "diagram/drawio/image.h"
#include "diagram/drawio/label.h"
#include "diagram/drawio/perimeter.h"
#include "diagram/drawio/route.h"
#include "diagram/drawio/shape.h"
#include "diagram/drawio/stencil.h"

#define SPACE_ABOVE 5  /* of labels at the top */
#define SPACE_BELOW 1  /* of labels at the bottom */
#define TEXT_SHIFT 0.5 /* the original draws text half a unit up left */

static bool has_value(const struct style *style, const char *key, const char *value)
{
    const char *own = style_get(style, key);
    return own != NULL && strcmp(own, value) == 0;
}

static bool is_html(const struct style *style)
{
    return style_flag(style, "html", false) || has_value(style, "whiteSpace", "wrap");
}

static const char *label_text(const struct cell *cell)
{
    return style_flag(&cell->style, "noLabel", false) || !cell->has_geometry ? "" : cell->label;
}

/* Style keys whose mere presence (with this value; NULL: any but none) changes
 * the picture in ways that are not drawn here. */
static const struct unknown_key {
    const char *key, *value, *what;
} unknown_keys[] = {
    {"comic", "1", "hand-drawn lines (comic)"}, {"flowAnimation", "1", NULL},         {"fontSource", NULL, NULL},
    {"glass", "1", "the glass effect"},         {"jumpStyle", "arc", "line jumps"},   {"jumpStyle", "gap", "line jumps"},
    {"jumpStyle", "line", "line jumps"},        {"jumpStyle", "sharp", "line jumps"}, {"sketch", "1", "hand-drawn lines (sketch)"},
};

static char *find_unknown_key(const struct style *style)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(unknown_keys); i++) {
        const struct unknown_key *unknown = &unknown_keys[i];
        if (unknown->what != NULL && has_value(style, unknown->key, unknown->value))
            return g_strdup(unknown->what);
    }
    return NULL;
}

static char *find_unknown_of_edge(const struct style *style)
{
    static const char *const ends[] = {"startArrow", "endArrow"};
    const char *shape = style_get(style, "shape");
    if (shape != NULL && strcmp(shape, "connector") != 0)
        return g_strdup_printf("edges of the shape '%.60s'", shape);
    if (!route_is_known(style))
        return g_strdup_printf("the edge style '%.60s'", style_get(style, "edgeStyle"));
    for (int i = 0; i < 2; i++)
        if (!connector_knows_marker(style_get(style, ends[i])))
            return g_strdup_printf("the arrow '%.60s'", style_get(style, ends[i]));
    return NULL;
}

static char *find_unknown_image(const struct style *style)
{
    const char *shape = style_get(style, "shape"), *source = style_get(style, "image");
    g_autoptr(GError) error = NULL;
    if (shape == NULL || (strcmp(shape, "image") != 0 && strcmp(shape, "label") != 0) || source == NULL)
        return NULL;
    struct picture_image *image = picture_image_new(source, true, &error);
    picture_image_free(image);
    return image == NULL ? g_strdup(error->message) : NULL;
}

static char *find_unknown_of_vertex(const struct page *page, const struct style *style)
{
    const char *shape = style_get(style, "shape");
    if (shape != NULL && shape_find(shape) == NULL && stencils_find(page->stencils, shape) == NULL)
        return g_strdup_printf("the shape '%.80s'", shape);
    if (!perimeter_is_known(style))
        return g_strdup_printf("the outline '%.60s'", style_get(style, "perimeter"));
    return find_unknown_image(style);
}

static bool has_maths(const char *label)
{
    return strstr(label, "$$") != NULL || strstr(label, "\\(") != NULL || strstr(label, "`") != NULL;
}

static char *find_unknown_in_label(const struct page *page, const struct cell *cell)
{
    const char *label = label_text(cell);
    const char *unknown = style_flag(&cell->style, "html", false) ? label_html_find_unknown(label) : NULL;
    if (unknown != NULL)
        return g_strdup_printf("'%s' in the HTML of its label", unknown);
    if (page->has_math && has_maths(label))
        return g_strdup("mathematics in its label");
    return NULL;
}

char *draw_find_unknown(const struct page *page, const struct cell *cell)
{
    char *unknown = find_unknown_key(&cell->style);
    if (unknown == NULL)
        unknown = cell->is_edge ? find_unknown_of_edge(&cell->style) : find_unknown_of_vertex(page, &cell->style);
    return unknown != NULL ? unknown : find_unknown_in_label(page, cell);
}

static enum gradient gradient_direction(const struct style *style)
{
    static const struct {
        const char *name;
        enum gradient gradient;
    } directions[] = {{"east", GRADIENT_EAST}, {"north", GRADIENT_NORTH}, {"radial", GRADIENT_RADIAL}, {"west", GRADIENT_WEST}};
    for (unsigned i = 0; i < G_N_ELEMENTS(directions); i++)
        if (has_value(style, "gradientDirection", directions[i].name))
            return directions[i].gradient;
    return GRADIENT_SOUTH;
}

static void set_dashes(struct canvas *canvas, const struct style *style)
{
    const char *pattern = style_get(style, "dashPattern");
    double dashes[MAX_DASHES] = {3, 3};
    unsigned n = 2;
    if (!style_flag(style, "dashed", false))
        return;
    if (pattern != NULL) {
        g_auto(GStrv) parts = g_strsplit_set(pattern, " ,", MAX_DASHES + 1);
        n = 0;
        for (char **part = parts; *part != NULL && n < MAX_DASHES; part++)
            if (**part != '\0')
                dashes[n++] = g_ascii_strtod(*part, NULL);
    }
    canvas_set_dashes(canvas, dashes, n, style_flag(style, "fixDash", false) ? 1 : canvas->state.stroke.width);
}

static double share(const struct style *style, const char *key)
{
    return CLAMP(style_number(style, key, 100) / 100, 0, 1);
}

/* Sets up colours, lines and effects as the style wants them. */
static void configure(struct canvas *canvas, const struct page *page, const struct style *style)
{
    struct color color;
    struct canvas_state *state = &canvas->state;
    canvas_reset(canvas);
    state->stroke.width = fmax(0, style_number(style, "strokeWidth", 1));
    state->stroke.is_set = shape_color(style, "strokeColor", "#000000", &color);
    state->stroke.color = color;
    state->fill.is_set = shape_color(style, "fillColor", "#ffffff", &state->fill.from);
    if (state->fill.is_set && shape_color(style, "gradientColor", "#ffffff", &state->fill.to))
        state->fill.gradient = gradient_direction(style);
    state->opacity = share(style, "opacity");
    state->fill_opacity = share(style, "fillOpacity");
    state->stroke_opacity = share(style, "strokeOpacity");
    state->has_shadow = style_flag(style, "shadow", page->has_shadow);
    set_dashes(canvas, style);
}

static double turn_of(const struct style *style)
{
    return has_value(style, "direction", "north")   ? 270
           : has_value(style, "direction", "west")  ? 180
           : has_value(style, "direction", "south") ? 90
                                                    : 0;
}

/* The shape in its own frame: as if it pointed east. */
static struct shape frame_shape(const struct drawing *drawing, int index)
{
    const struct style *style = &page_cell(drawing->page, index)->style;
    struct rect box = drawing->view->states[index].bounds;
    double turn = turn_of(style);
    struct shape shape = {drawing->page, drawing->view, index, style, box.x, box.y, box.width, box.height};
    if (turn == 90 || turn == 270) {
        shape.x += (box.width - box.height) / 2;
        shape.y += (box.height - box.width) / 2;
        shape.width = box.height;
        shape.height = box.width;
    }
    return shape;
}

static void add_bounds(struct drawing *drawing, double by)
{
    if (drawing->canvas->bounds.width >= 0)
        drawing->bounds = rect_join(drawing->bounds, rect_grow(drawing->canvas->bounds, by));
}

/* A vertex counts with its box, turned, whatever its shape does. */
static void bound_vertex(struct drawing *drawing, int index)
{
    const struct style *style = &page_cell(drawing->page, index)->style;
    struct rect box = rect_rotate(drawing->view->states[index].bounds, style_number(style, "rotation", 0));
    if (drawing->canvas->state.has_shadow) {
        box.width += CANVAS_SHADOW_X;
        box.height += CANVAS_SHADOW_Y;
    }
    drawing->canvas->bounds = box;
    add_bounds(drawing, fmax(0, style_number(style, "strokeWidth", 1)) / 2);
}

static const struct shape_kind *kind_of(const struct style *style)
{
    const char *name = style_get(style, "shape");
    return name != NULL ? shape_find(name) : NULL;
}

static void draw_vertex(struct drawing *drawing, int index)
{
    const struct style *style = &page_cell(drawing->page, index)->style;
    struct canvas *canvas = drawing->canvas;
    const struct shape_kind *kind = kind_of(style);
    struct shape shape = frame_shape(drawing, index);
    bool flip_h = style_flag(style, "flipH", false), flip_v = style_flag(style, "flipV", false);
    double turn = turn_of(style);
    configure(canvas, drawing->page, style);
    bool is_turned = turn == 90 || turn == 270;
    canvas_turn(canvas, style_number(style, "rotation", 0) + turn, is_turned ? flip_v : flip_h, is_turned ? flip_h : flip_v,
                rect_center(drawing->view->states[index].bounds));
    bound_vertex(drawing, index);
    const char *name = style_get(style, "shape");
    const xmlNode *stencil = kind == NULL && name != NULL ? stencils_find(drawing->page->stencils, name) : NULL;
    if (kind != NULL)
        kind->paint(canvas, &shape);
    else if (stencil != NULL)
        stencil_paint(canvas, stencil, &shape);
    else
        shape_rectangle(canvas, &shape, 0, 0, shape.width, shape.height);
    if (kind != NULL && drawing->warnings != NULL && has_value(style, "shape", "image") && style_get(style, "image") != NULL) {
        char *problem = find_unknown_image(style);
        if (problem != NULL)
            g_ptr_array_add(drawing->warnings, g_strdup_printf("cell '%.60s': %s; left out", page_cell(drawing->page, index)->id, problem));
        g_free(problem);
    }
}

static void draw_edge(struct drawing *drawing, int index)
{
    const struct style *style = &page_cell(drawing->page, index)->style;
    configure(drawing->canvas, drawing->page, style);
    canvas_start_bounds(drawing->canvas);
    connector_paint(drawing->canvas, style, drawing->view->states[index].points);
    double grow = drawing->canvas->state.stroke.width / 2;
    if (!style_flag(style, "curved", false)) { /* the original measures the points and makes room
                               for the markers */
        double marker = fmax(style_get(style, "startArrow") != NULL ? style_number(style, "startSize", 6) + 1 : 0,
                             style_get(style, "endArrow") != NULL ? style_number(style, "endSize", 6) + 1 : 0);
        drawing->canvas->bounds = drawing->view->states[index].bounds;
        grow += marker;
    }
    add_bounds(drawing, grow);
}

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
    return style_get(style, key) == NULL || has_value(style, key, value);
}

static void swap_box(struct rect *box)
{
    double by = (box->width - box->height) / 2;
    *box = (struct rect){box->x + by, box->y - by, box->height, box->width};
}

/* Margins of a shape's label, turned and mirrored like the shape. */
static struct rect turned_margins(const struct drawing *drawing, int index)
{
    const struct style *style = &page_cell(drawing->page, index)->style;
    const struct shape_kind *kind = kind_of(style);
    struct shape shape = frame_shape(drawing, index);
    if (kind == NULL || kind->margins == NULL)
        return (struct rect){0, 0, 0, 0};
    struct rect m = kind->margins(&shape), t = m;
    double turn = turn_of(style);
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

static void frame_vertex_label(const struct drawing *drawing, int index, struct label_frame *frame)
{
    const struct style *style = &page_cell(drawing->page, index)->style;
    const struct state *state = &drawing->view->states[index];
    struct rect box = state->bounds;
    bool is_sideways = !style_flag(style, "horizontal", true);
    if (is_default(style, "labelPosition", "center") && is_default(style, "verticalLabelPosition", "middle")) {
        struct rect m = turned_margins(drawing, index);
        box = (struct rect){box.x + m.x, box.y + m.y, fmax(0, box.width - m.x - m.width), fmax(0, box.height - m.y - m.height)};
    }
    box.x += state->label.x;
    box.y += state->label.y;
    box.width = fmax(box.width, 1);
    box.height = fmax(box.height, 1);
    if (is_sideways)
        swap_box(&box);
    box.width = fmax(0, style_number(style, "labelWidth", box.width));
    frame->box = box;
    frame->turn = style_number(style, "rotation", 0) + (is_sideways ? -90 : 0);
    frame->center = rect_center(state->bounds);
    if (is_sideways && style_number(style, "rotation", 0) == 0) /* turned around its own box, which may be a title bar */
        frame->center = rect_center(box);
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

static void read_text_style(const struct style *style, struct label_options *options)
{
    int bits = (int)style_number(style, "fontStyle", 0);
    const char *family = style_get(style, "fontFamily");
    options->style = (struct text_style){
        .family = g_intern_string(family != NULL && strlen(family) < 200 ? family : "Helvetica"),
        .size = CLAMP(style_number(style, "fontSize", 12), 0.1, 1000),
        .is_bold = (bits & 1) != 0,
        .is_italic = (bits & 2) != 0,
        .is_underlined = (bits & 4) != 0,
        .is_struck = (bits & 8) != 0,
        .line_height = 1.2,
    };
    if (!shape_color(style, "fontColor", "#000000", &options->style.color))
        options->style.color = (struct color){0, 0, 0, 1};
    options->has_background = shape_color(style, "labelBackgroundColor", "#ffffff", &options->background);
    options->has_border = shape_color(style, "labelBorderColor", "#000000", &options->border);
    options->is_html = is_html(style);
}

/* The label as HTML: what was typed as plain text is escaped, and its line
 * breaks are kept. */
static char *label_source(const struct cell *cell)
{
    const struct style *style = &cell->style;
    if (!is_html(style))
        return g_strdup(cell->label);
    g_autofree char *html = style_flag(style, "html", false) ? g_strdup(cell->label) : g_markup_escape_text(cell->label, -1);
    if (has_value(style, "nl2Br", "0") || strchr(html, '\n') == NULL)
        return g_steal_pointer(&html);
    g_auto(GStrv) lines = g_strsplit(html, "\n", -1);
    return g_strjoinv("<br>", lines);
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

/* Hands the laid-out label to the canvas: its background, its rules, its text.
 */
static void put_label(struct canvas *canvas, struct label *label, double x, double y, const struct rect *clip)
{
    const struct label_options *options = &label->options;
    struct rect box = {x, y, label->width, label->height};
    if (clip != NULL)
        box.height = fmin(box.height, clip->height);
    if (options->has_background || options->has_border)
        paint_box(canvas, box, options->has_background ? &options->background : NULL, options->has_border ? &options->border : NULL);
    for (guint i = 0; i < label->rules->len; i++) {
        const struct label_box *rule = &g_array_index(label->rules, struct label_box, i);
        struct rect at = {x + rule->rect.x, y + rule->rect.y, rule->rect.width, rule->rect.height};
        paint_box(canvas, at, &rule->color, NULL);
    }
    canvas_label(canvas, label, x, y, clip);
}

static void place_html(struct canvas *canvas, const struct style *style, struct label *label, const struct label_frame *frame, double room)
{
    const char *overflow = style_get(style, "overflow");
    bool is_clipped = overflow != NULL && (strcmp(overflow, "hidden") == 0 || strcmp(overflow, "block") == 0);
    bool is_filled = overflow != NULL && strcmp(overflow, "fill") == 0;
    double left = round(frame->anchor.x - frame->share_x * room) - TEXT_SHIFT;
    double height = is_clipped ? fmin(label->height, round(frame->height)) : label->height;
    /* The browser aligns the label in a box one unit high. */
    double top = round(frame->anchor.y) - TEXT_SHIFT + frame->share_y * (1 - height);
    double x = left + frame->share_x * ((room > 0 ? room : 1) - label->width);
    struct rect clip = {left, top, room, height};
    if (is_filled) {
        x = round(frame->box.x) - TEXT_SHIFT;
        top = round(frame->box.y) - TEXT_SHIFT;
        clip = (struct rect){x, top, round(frame->box.width), round(frame->box.height)};
    }
    put_label(canvas, label, x, top, is_clipped || is_filled ? &clip : NULL);
}

static void place_plain(struct canvas *canvas, const struct style *style, struct label *label, const struct label_frame *frame)
{
    bool is_clipped = has_value(style, "overflow", "hidden");
    double height = label->height;
    double x = frame->anchor.x - TEXT_SHIFT - frame->share_x * label->width;
    double y = frame->anchor.y - TEXT_SHIFT - (frame->share_y == 0.5 ? height / 2 : frame->share_y == 1 ? height + 1 : 0);
    struct rect clip = {frame->anchor.x - frame->share_x * frame->width - 2, frame->anchor.y - frame->share_y * frame->height - 2,
                        frame->width + 4, frame->height + 4};
    put_label(canvas, label, x, y, is_clipped ? &clip : NULL);
}

/* Once per family: that text is set in another font than the author chose. */
static void tell_missing_font(struct drawing *drawing, const char *family)
{
    if (g_ptr_array_find(drawing->families, family, NULL))
        return;
    g_ptr_array_add(drawing->families, (char *)family);
    if (drawing->warnings != NULL && !font_is_installed(family))
        g_ptr_array_add(drawing->warnings, g_strdup_printf("the font '%.60s' is not installed; '%s' is used", family, font_choose(family)));
}

static void draw_label(struct drawing *drawing, int index)
{
    const struct cell *cell = page_cell(drawing->page, index);
    const struct style *style = &cell->style;
    struct label_options options = {0};
    struct label_frame frame = {0};
    if (label_text(cell)[0] == '\0')
        return;
    if (cell->is_edge)
        frame_edge_label(drawing, index, &frame);
    else
        frame_vertex_label(drawing, index, &frame);
    anchor_label(style, cell->is_edge, &frame);
    read_text_style(style, &options);
    options.align = frame.align;
    const char *overflow = style_get(style, "overflow");
    bool wraps = has_value(style, "whiteSpace", "wrap") && options.is_html,
         fills = overflow != NULL && (strcmp(overflow, "fill") == 0 || strcmp(overflow, "width") == 0);
    double room = fills ? round(frame.box.width) : wraps && frame.width > 0 ? round(frame.width + 2) : 0;
    if (wraps && room > 0)
        options.width = room;
    if (fills && options.is_html)
        options.full_width = room;
    g_autofree char *source = label_source(cell);
    struct label *label = label_new(source, &options);
    tell_missing_font(drawing, options.style.family);
    if (label->n_unknown > 0 && drawing->warnings != NULL)
        g_ptr_array_add(drawing->warnings,
                        g_strdup_printf("cell '%.60s': %d characters of its label are in no installed font", cell->id, label->n_unknown));
    canvas_reset(drawing->canvas);
    canvas_turn(drawing->canvas, frame.turn, false, false, frame.center);
    drawing->canvas->state.opacity =
        share(style, "textOpacity") *
        (style_get(style, "opacity") != NULL && style_get(style, "textOpacity") == NULL ? share(style, "opacity") : 1);
    canvas_start_bounds(drawing->canvas);
    if (options.is_html)
        place_html(drawing->canvas, style, label, &frame, room);
    else
        place_plain(drawing->canvas, style, label, &frame);
    if (overflow != NULL && (strcmp(overflow, "hidden") == 0 || strcmp(overflow, "fill") == 0)) { /* not measured: the room for it counts */
        struct rect given = {frame.anchor.x - frame.share_x * frame.width, frame.anchor.y - frame.share_y * frame.height, frame.width,
                             frame.height};
        drawing->canvas->bounds = matrix_apply_rect(&drawing->canvas->state.matrix, given);
    }
    add_bounds(drawing, 0);
}

void draw_page(struct drawing *drawing)
{
    drawing->bounds = RECT_EMPTY;
    drawing->families = g_ptr_array_new();
    for (guint i = 0; i < drawing->view->order->len; i++) {
        int index = g_array_index(drawing->view->order, int, i);
        const struct cell *cell = page_cell(drawing->page, index);
        if (cell->is_edge)
            draw_edge(drawing, index);
        else
            draw_vertex(drawing, index);
        draw_label(drawing, index);
    }
    g_ptr_array_unref(drawing->families);
}
