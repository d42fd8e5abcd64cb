/* SVG, written as text. Page coordinates are moved so that the shown part begins at 0, 0. */
#include <string.h>

#include "diagram/drawio/image.h"
#include "diagram/drawio/label.h"
#include "diagram/drawio/paint.h"

#define IMAGE_SHIFT 0.5 /* the original moves images back on whole units */

struct writer {
    const struct canvas *canvas;
    const struct paint_options *options;
    GString *defs, *body;
    unsigned n_defs;
    GHashTable *gradients; /* definition to id */
};

/* A number with at most two decimals, without trailing zeros. */
static void add_number(GString *out, double value)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    g_ascii_formatd(text, sizeof text, "%.2f", value == 0 ? 0 : value);
    char *end = text + strlen(text);
    while (end > text && end[-1] == '0')
        end--;
    if (end > text && end[-1] == '.')
        end--;
    *end = '\0';
    g_string_append(out, strcmp(text, "-0") == 0 ? "0" : text);
}

static void add_attribute(GString *out, const char *name, double value)
{
    g_string_append_printf(out, " %s=\"", name);
    add_number(out, value);
    g_string_append_c(out, '"');
}

static void add_color(GString *out, const char *name, const struct color *color)
{
    g_string_append_printf(out, " %s=\"#%02x%02x%02x\"", name, (unsigned)(color->red * 255 + 0.5), (unsigned)(color->green * 255 + 0.5),
                           (unsigned)(color->blue * 255 + 0.5));
    if (color->alpha < 1) {
        g_autofree char *opacity = g_strdup_printf("%s-opacity", name);
        add_attribute(out, opacity, color->alpha);
    }
}

static void add_escaped(GString *out, const char *text, gssize length)
{
    g_autofree char *escaped = g_markup_escape_text(text, length);
    for (const char *at = escaped; *at != '\0'; at++) /* a break that was typed inside of a line is a space */
        g_string_append_c(out, *at == '\n' || *at == '\r' ? ' ' : *at);
}

static bool is_translation(const struct matrix *m)
{
    return m->xx == 1 && m->yx == 0 && m->xy == 0 && m->yy == 1;
}

/* Coordinates of translated primitives are written moved; others keep theirs and get a transform. */
static struct point origin_of(const struct writer *writer, const struct op *op)
{
    const struct rect *view = &writer->options->view;
    return is_translation(&op->matrix) ? (struct point){op->matrix.x0 - view->x, op->matrix.y0 - view->y} : (struct point){0, 0};
}

static void add_transform(struct writer *writer, const struct op *op)
{
    const struct matrix *m = &op->matrix;
    if (is_translation(m))
        return;
    char text[6][G_ASCII_DTOSTR_BUF_SIZE];
    double values[6] = {m->xx, m->yx, m->xy, m->yy, m->x0 - writer->options->view.x, m->y0 - writer->options->view.y};
    for (int i = 0; i < 6; i++)
        g_ascii_formatd(text[i], sizeof text[i], i < 4 ? "%.5f" : "%.2f", values[i]);
    g_string_append_printf(writer->body, " transform=\"matrix(%s %s %s %s %s %s)\"", text[0], text[1], text[2], text[3], text[4], text[5]);
}

static void add_point(GString *out, struct point p, struct point origin)
{
    g_string_append_c(out, ' ');
    add_number(out, p.x + origin.x);
    g_string_append_c(out, ' ');
    add_number(out, p.y + origin.y);
}

static void add_segments(struct writer *writer, const struct op *op)
{
    static const char letters[] = {'M', 'L', 'C', 'Z'};
    static const unsigned n_points[] = {1, 1, 3, 0};
    struct point origin = origin_of(writer, op);
    g_string_append(writer->body, "<path d=\"");
    for (guint i = 0; i < op->n; i++) {
        const struct segment *s = &g_array_index(writer->canvas->segments, struct segment, op->first + i);
        g_string_append_printf(writer->body, "%s%c", i > 0 ? " " : "", letters[s->kind]);
        for (unsigned p = 0; p < n_points[s->kind]; p++)
            add_point(writer->body, s->p[p], origin);
    }
    g_string_append_c(writer->body, '"');
}

static void add_stop(GString *out, int offset, const struct color *color)
{
    g_string_append_printf(out, "<stop offset=\"%d\"", offset);
    add_color(out, "stop-color", color);
    /* add_color() wrote stop-color-opacity for a translucent one; the attribute is called stop-opacity */
    char *wrong = strstr(out->str, "stop-color-opacity");
    if (wrong != NULL)
        g_string_erase(out, wrong - out->str + 5, 6);
    g_string_append(out, "/>");
}

static const char *define_gradient(struct writer *writer, const struct fill *fill)
{
    static const char *const directions[] = {
        [GRADIENT_SOUTH] = "x1=\"0\" y1=\"0\" x2=\"0\" y2=\"1\"",
        [GRADIENT_EAST] = "x1=\"0\" y1=\"0\" x2=\"1\" y2=\"0\"",
        [GRADIENT_NORTH] = "x1=\"0\" y1=\"1\" x2=\"0\" y2=\"0\"",
        [GRADIENT_WEST] = "x1=\"1\" y1=\"0\" x2=\"0\" y2=\"0\"",
        [GRADIENT_RADIAL] = "",
    };
    const char *element = fill->gradient == GRADIENT_RADIAL ? "radialGradient" : "linearGradient";
    g_autoptr(GString) stops = g_string_new(NULL);
    add_stop(stops, 0, &fill->from);
    add_stop(stops, 1, &fill->to);
    g_autofree char *definition = g_strdup_printf("%s>%s</%s>", directions[fill->gradient], stops->str, element);
    const char *id = g_hash_table_lookup(writer->gradients, definition);
    if (id == NULL) {
        id = g_strdup_printf("g%u", ++writer->n_defs);
        g_string_append_printf(writer->defs, "<%s id=\"%s\" %s", element, id, definition);
        g_hash_table_insert(writer->gradients, g_steal_pointer(&definition), (char *)id);
    }
    return id;
}

static void add_fill(struct writer *writer, const struct fill *fill)
{
    if (!fill->is_set)
        g_string_append(writer->body, " fill=\"none\"");
    else if (fill->gradient == GRADIENT_NONE)
        add_color(writer->body, "fill", &fill->from);
    else
        g_string_append_printf(writer->body, " fill=\"url(#%s)\"", define_gradient(writer, fill));
}

static void add_stroke(GString *out, const struct stroke *stroke)
{
    if (!stroke->is_set)
        return;
    add_color(out, "stroke", &stroke->color);
    if (stroke->width > 1) /* no line is thinner */
        add_attribute(out, "stroke-width", stroke->width);
    g_string_append(out, stroke->is_round ? " stroke-linejoin=\"round\" stroke-linecap=\"round\"" : " stroke-miterlimit=\"10\"");
    for (unsigned i = 0; i < stroke->n_dashes; i++) {
        g_string_append(out, i == 0 ? " stroke-dasharray=\"" : " ");
        add_number(out, stroke->dashes[i]);
    }
    if (stroke->n_dashes > 0)
        g_string_append_c(out, '"');
}

static void write_path(struct writer *writer, const struct op *op)
{
    if (!op->fill.is_set && !op->stroke.is_set)
        return;
    add_segments(writer, op);
    add_transform(writer, op);
    add_fill(writer, &op->fill);
    add_stroke(writer->body, &op->stroke);
    if (op->opacity < 1)
        add_attribute(writer->body, "opacity", op->opacity);
    g_string_append(writer->body, "/>\n");
}

static const struct text_style *style_at(const struct text_block *block, guint offset)
{
    for (guint i = 0; i < block->spans->len; i++) {
        const struct text_span *span = &g_array_index(block->spans, struct text_span, i);
        if (offset < span->end)
            return &span->style;
    }
    return &block->style;
}

static void write_background(struct writer *writer, const struct text_style *style, double x, double baseline, double width)
{
    if (!style->has_background)
        return;
    g_string_append(writer->body, "<rect");
    add_attribute(writer->body, "x", x);
    add_attribute(writer->body, "y", baseline - style->size * 0.93);
    add_attribute(writer->body, "width", width);
    add_attribute(writer->body, "height", style->size * 1.17);
    add_color(writer->body, "fill", &style->background);
    g_string_append(writer->body, "/>");
}

/* One run of glyphs of one style; textLength keeps its place where other fonts are installed. */
static void write_run(struct writer *writer, const struct label_line *line, const PangoGlyphItem *run, double x, double baseline,
                      double width)
{
    const char *text = pango_layout_get_text(line->layout) + run->item->offset;
    const struct text_style *style = line->style != NULL ? line->style : style_at(line->block, (guint)run->item->offset);
    write_background(writer, style, x, baseline, width);
    baseline -= style->rise;
    g_string_append(writer->body, "<text");
    add_attribute(writer->body, "x", x);
    add_attribute(writer->body, "y", baseline);
    add_attribute(writer->body, "font-size", style->size);
    g_autofree char *family = g_markup_escape_text(style->family, -1);
    g_string_append_printf(writer->body, " font-family=\"%s\"%s%s", family, style->is_bold ? " font-weight=\"bold\"" : "",
                           style->is_italic ? " font-style=\"italic\"" : "");
    if (style->is_underlined || style->is_struck)
        g_string_append_printf(writer->body, " text-decoration=\"%s%s%s\"", style->is_underlined ? "underline" : "",
                               style->is_underlined && style->is_struck ? " " : "", style->is_struck ? "line-through" : "");
    add_color(writer->body, "fill", &style->color);
    add_attribute(writer->body, "textLength", width);
    g_string_append(writer->body, " lengthAdjust=\"spacingAndGlyphs\" xml:space=\"preserve\">");
    add_escaped(writer->body, text, run->item->length);
    g_string_append(writer->body, "</text>");
}

static void write_line(struct writer *writer, const struct op *op, const struct label_line *line, struct point origin)
{
    double x = op->bounds.x + line->x + origin.x, baseline = op->bounds.y + line->baseline + origin.y;
    for (const GSList *runs = line->line->runs; runs != NULL; runs = runs->next) {
        const PangoGlyphItem *run = runs->data;
        double width = (double)pango_glyph_string_get_width(run->glyphs) / PANGO_SCALE;
        if (width > 0)
            write_run(writer, line, run, x, baseline, width);
        x += width;
    }
}

static void begin_clip(struct writer *writer, const struct op *op, struct point origin)
{
    if (!op->is_clipped)
        return;
    g_string_append_printf(writer->defs, "<clipPath id=\"c%u\"><rect", ++writer->n_defs);
    add_attribute(writer->defs, "x", op->clip.x + origin.x);
    add_attribute(writer->defs, "y", op->clip.y + origin.y);
    add_attribute(writer->defs, "width", fmax(0, op->clip.width));
    add_attribute(writer->defs, "height", fmax(0, op->clip.height));
    g_string_append(writer->defs, "/></clipPath>");
    g_string_append_printf(writer->body, " clip-path=\"url(#c%u)\"", writer->n_defs);
}

static void write_label(struct writer *writer, const struct op *op)
{
    struct point origin = origin_of(writer, op);
    g_string_append(writer->body, "<g");
    add_transform(writer, op);
    begin_clip(writer, op, origin);
    if (op->opacity < 1)
        add_attribute(writer->body, "opacity", op->opacity);
    g_string_append_c(writer->body, '>');
    for (guint i = 0; i < op->label->lines->len; i++)
        write_line(writer, op, &g_array_index(op->label->lines, struct label_line, i), origin);
    g_string_append(writer->body, "</g>\n");
}

static void write_image(struct writer *writer, const struct op *op)
{
    gsize length = 0;
    const guint8 *data = g_bytes_get_data(op->image->data, &length);
    g_autofree char *encoded = g_base64_encode(data, length), *type = g_markup_escape_text(op->image->media_type, -1);
    struct point origin = origin_of(writer, op);
    g_string_append(writer->body, "<image");
    add_attribute(writer->body, "x", op->bounds.x + origin.x - IMAGE_SHIFT);
    add_attribute(writer->body, "y", op->bounds.y + origin.y - IMAGE_SHIFT);
    add_attribute(writer->body, "width", op->bounds.width);
    add_attribute(writer->body, "height", op->bounds.height);
    add_transform(writer, op);
    if (op->opacity < 1)
        add_attribute(writer->body, "opacity", op->opacity);
    g_string_append_printf(writer->body, "%s xlink:href=\"data:%s;base64,%s\"/>\n",
                           op->image->keeps_aspect ? "" : " preserveAspectRatio=\"none\"", type, encoded);
}

static void write_ops(struct writer *writer)
{
    for (guint i = 0; i < writer->canvas->ops->len; i++) {
        const struct op *op = &g_array_index(writer->canvas->ops, struct op, i);
        if (op->kind == OP_PATH)
            write_path(writer, op);
        else if (op->kind == OP_LABEL)
            write_label(writer, op);
        else
            write_image(writer, op);
    }
}

static GBytes *join(const struct writer *writer)
{
    double width = fmax(1, ceil(writer->options->view.width - 1e-6)), height = fmax(1, ceil(writer->options->view.height - 1e-6));
    GString *out = g_string_sized_new(writer->body->len + writer->defs->len + 1000);
    g_string_append_printf(out,
                           "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                           "<svg xmlns=\"http://www.w3.org/2000/svg\" "
                           "xmlns:xlink=\"http://www.w3.org/1999/xlink\" version=\"1.1\" "
                           "width=\"%.0f\" height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\">\n",
                           width, height, width, height);
    if (writer->defs->len > 0)
        g_string_append_printf(out, "<defs>%s</defs>\n", writer->defs->str);
    if (!writer->options->is_transparent) {
        g_string_append(out, "<rect width=\"100%\" height=\"100%\"");
        add_color(out, "fill", &writer->options->background);
        g_string_append(out, "/>\n");
    }
    g_string_append_len(out, writer->body->str, (gssize)writer->body->len);
    g_string_append(out, "</svg>\n");
    return g_string_free_to_bytes(out);
}

GBytes *paint_svg(const struct canvas *canvas, const struct paint_options *options)
{
    struct writer writer = {canvas, options, g_string_new(NULL), g_string_new(NULL), 0, NULL};
    writer.gradients = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    write_ops(&writer);
    GBytes *svg = join(&writer);
    g_string_free(writer.defs, TRUE);
    g_string_free(writer.body, TRUE);
    g_hash_table_unref(writer.gradients);
    return svg;
}
