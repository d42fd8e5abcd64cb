/* Shapes of AWS and Google Cloud: most hold an icon that is a stencil of its own, named by another key of the style. */
#include "diagram/drawio/shape.h"
#include "diagram/drawio/stencil.h"

#define GROUP_ICON 25   /* the side of the icon of a group, whatever the group's size */
#define CARD_SHIFT 8    /* between the two of a double rectangle */
#define PRODUCT_FRAME 1 /* the width of the frame of a product */

static const struct color white = {1, 1, 1, 1};

static void paint_box(struct canvas *c, const struct shape *s, double width, double height, bool is_stroked)
{
    canvas_rect(c, s->x, s->y, width, height);
    if (is_stroked)
        canvas_fill_and_stroke(c);
    else
        canvas_fill(c);
    c->state.has_shadow = false;
}

/* What follows is filled with the colour of lines (`fallback` when the style has none; NULL: not at all). */
static void fill_like_lines(struct canvas *c, const struct shape *s, const struct color *fallback)
{
    struct color color = {0};
    bool is_set = style_color(s->style, "strokeColor", &color);
    c->state.fill = (struct fill){.is_set = is_set || fallback != NULL, .from = is_set || fallback == NULL ? color : *fallback};
}

/* Draws the icon that the style names into a box that is relative to the shape's. The original turns stencils by the
 * direction of the style, and so this one a second time: its box stands upright where the shape's lies. Lines of stencils are drawn where
 * they take events of the pointer. */
static void paint_icon(struct canvas *c, const struct shape *s, struct rect box)
{
    g_autofree char *name = shape_kind_of(s->style)->icon(s->style);
    const xmlNode *stencil = name != NULL ? stencils_find(s->page->stencils, name) : NULL;
    double turn = style_turn(s->style);
    struct shape icon = *s;
    if (stencil == NULL || box.width <= 0 || box.height <= 0)
        return;
    bool is_upright = turn == 90 || turn == 270;
    icon.width = is_upright ? box.height : box.width;
    icon.height = is_upright ? box.width : box.height;
    icon.x += box.x + (box.width - icon.width) / 2;
    icon.y += box.y + (box.height - icon.height) / 2;
    c->state.stroke.is_set = c->state.stroke.is_set && style_flag(s->style, "pointerEvents", false);
    stencil_paint(c, stencil, &icon);
}

static char *resource_icon(const struct style *style)
{
    return g_strdup(style_get(style, "resIcon"));
}

static void paint_resource(struct canvas *c, const struct shape *s)
{
    double w = s->width, h = s->height;
    paint_box(c, s, w, h, false);
    fill_like_lines(c, s, &(struct color){0, 0, 0, 1});
    paint_icon(c, s, (struct rect){w * 0.1, h * 0.1, w * 0.8, h * 0.8});
}

static char *product_icon(const struct style *style)
{
    return g_strdup(style_get(style, "prIcon"));
}

/* A box in the colour of lines; in it, as high as it is wide, one in the colour of fills, which is white when there is none. */
static void paint_product(struct canvas *c, const struct shape *s)
{
    double inner = s->width - 2 * PRODUCT_FRAME, inset = PRODUCT_FRAME + s->width * 0.15, side = s->width * 0.7 - 2 * PRODUCT_FRAME;
    struct fill fill = c->state.fill;
    if (!fill.is_set) {
        fill = (struct fill){.is_set = true, .from = white};
        if (style_color(s->style, "gradientColor", &fill.to))
            fill.gradient = shape_gradient(s->style);
    }
    fill_like_lines(c, s, NULL);
    paint_box(c, s, s->width, s->height, false);
    c->state.fill = fill;
    if (inner > 0) {
        canvas_rect(c, s->x + PRODUCT_FRAME, s->y + PRODUCT_FRAME, inner, inner);
        canvas_fill(c);
    }
    fill_like_lines(c, s, NULL);
    paint_icon(c, s, (struct rect){inset, inset, side, side});
}

static char *group_icon(const struct style *style)
{
    return g_strdup(style_get(style, "grIcon"));
}

static void paint_group_at(struct canvas *c, const struct shape *s, double icon_x)
{
    paint_box(c, s, s->width, s->height, style_flag(s->style, "grStroke", true));
    fill_like_lines(c, s, &(struct color){0, 0, 0, 1});
    paint_icon(c, s, (struct rect){icon_x, 0, GROUP_ICON, GROUP_ICON});
}

static void paint_group(struct canvas *c, const struct shape *s)
{
    paint_group_at(c, s, 0);
}

static void paint_group_center(struct canvas *c, const struct shape *s)
{
    paint_group_at(c, s, (s->width - GROUP_ICON) / 2);
}

/* A group whose icon is white on a square in the colour of lines. */
static void paint_group2(struct canvas *c, const struct shape *s)
{
    paint_box(c, s, s->width, s->height, true);
    fill_like_lines(c, s, &(struct color){0, 0, 0, 1});
    paint_box(c, s, GROUP_ICON, GROUP_ICON, false);
    c->state.fill = (struct fill){.is_set = true, .from = white};
    paint_icon(c, s, (struct rect){GROUP_ICON * 0.1, GROUP_ICON * 0.1, GROUP_ICON * 0.8, GROUP_ICON * 0.8});
}

static char *hexagon_icon(const struct style *style)
{
    const char *name = style_get(style, "prIcon");
    return g_strconcat("mxgraph.gcp2.", name != NULL ? name : "compute_engine", NULL);
}

/* Nothing but the icon, which is a hexagon itself; without gradient. */
static void paint_hexagon_icon(struct canvas *c, const struct shape *s)
{
    double w = s->width, h = s->height;
    c->state.fill = (struct fill){.is_set = true, .from = c->state.fill.is_set ? c->state.fill.from : white};
    paint_icon(c, s, (struct rect){w * 0.17, h * 0.16, w * 0.66, h * 0.68});
}

/* Two cards, one behind the other. */
static void paint_double_rectangle(struct canvas *c, const struct shape *s)
{
    double w = fmax(0, s->width - CARD_SHIFT), h = fmax(0, s->height - CARD_SHIFT);
    canvas_round_rect(c, s->x + CARD_SHIFT, s->y + CARD_SHIFT, w, h, 1, 1);
    canvas_fill_and_stroke(c);
    canvas_round_rect(c, s->x, s->y, w, h, 1, 1);
    canvas_fill_and_stroke(c);
}

const struct shape_kind shape_cloud_kinds[] = {
    {"mxgraph.aws4.group", paint_group, NULL, .icon = group_icon},
    {"mxgraph.aws4.group2", paint_group2, NULL, .icon = group_icon},
    {"mxgraph.aws4.groupCenter", paint_group_center, NULL, .icon = group_icon},
    {"mxgraph.aws4.productIcon", paint_product, NULL, .icon = product_icon},
    {"mxgraph.aws4.resourceIcon", paint_resource, NULL, .icon = resource_icon},
    {"mxgraph.gcp2.doubleRect", paint_double_rectangle, NULL},
    {"mxgraph.gcp2.hexIcon", paint_hexagon_icon, NULL, .icon = hexagon_icon},
    {NULL, NULL, NULL},
};
