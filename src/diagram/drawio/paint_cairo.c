/* PNG and PDF by cairo. */
#include <cairo-pdf.h>
#include <librsvg/rsvg.h>
#include <string.h>

#include "base/error.h"
#include "diagram/drawio/image.h"
#include "diagram/drawio/label.h"
#include "diagram/drawio/paint.h"

#define MITER_LIMIT 10
#define MAX_SIDE 32767
#define MAX_PIXELS (160.0 * 1024 * 1024)
#define MAX_IMAGE_PIXELS (64.0 * 1024 * 1024)
#define MAX_EFFORT (400.0 * 1024 * 1024) /* pixels of pictures within the picture: images, and what is seen through */
#define IMAGE_SHIFT 0.5                  /* pixels: the original moves images back on whole ones */
#define POINTS_PER_UNIT 0.75             /* a unit is 1/96 inch */

struct painter {
    const struct canvas *canvas;
    const struct paint_options *options;
    cairo_t *cairo;
    double thinnest;              /* line, in units */
    double effort;                /* so far */
    unsigned n_opaque, n_omitted; /* shapes and images for which too much of it was spent already */
};

static void add_path(cairo_t *cairo, const struct segment *segments, guint n)
{
    cairo_new_path(cairo);
    for (const struct segment *s = segments; s < segments + n; s++) {
        if (s->kind == SEGMENT_MOVE)
            cairo_move_to(cairo, s->p[0].x, s->p[0].y);
        else if (s->kind == SEGMENT_LINE)
            cairo_line_to(cairo, s->p[0].x, s->p[0].y);
        else if (s->kind == SEGMENT_CURVE)
            cairo_curve_to(cairo, s->p[0].x, s->p[0].y, s->p[1].x, s->p[1].y, s->p[2].x, s->p[2].y);
        else
            cairo_close_path(cairo);
    }
}

static void add_stops(cairo_pattern_t *pattern, const struct fill *fill)
{
    cairo_pattern_add_color_stop_rgba(pattern, 0, fill->from.red, fill->from.green, fill->from.blue, fill->from.alpha);
    cairo_pattern_add_color_stop_rgba(pattern, 1, fill->to.red, fill->to.green, fill->to.blue, fill->to.alpha);
}

/* Gradients run across the box of what they fill. */
static cairo_pattern_t *make_gradient(const struct fill *fill, struct rect b)
{
    double x0 = b.x, y0 = b.y, x1 = b.x + b.width, y1 = b.y + b.height;
    cairo_pattern_t *pattern;
    if (fill->gradient == GRADIENT_EAST)
        pattern = cairo_pattern_create_linear(x0, 0, x1, 0);
    else if (fill->gradient == GRADIENT_WEST)
        pattern = cairo_pattern_create_linear(x1, 0, x0, 0);
    else if (fill->gradient == GRADIENT_NORTH)
        pattern = cairo_pattern_create_linear(0, y1, 0, y0);
    else if (fill->gradient == GRADIENT_SOUTH)
        pattern = cairo_pattern_create_linear(0, y0, 0, y1);
    else {
        cairo_matrix_t to_unit;
        pattern = cairo_pattern_create_radial(0.5, 0.5, 0, 0.5, 0.5, 0.5);
        cairo_matrix_init(&to_unit, 1 / fmax(b.width, 1e-3), 0, 0, 1 / fmax(b.height, 1e-3), -b.x / fmax(b.width, 1e-3),
                          -b.y / fmax(b.height, 1e-3));
        cairo_pattern_set_matrix(pattern, &to_unit);
    }
    add_stops(pattern, fill);
    return pattern;
}

static void set_fill(cairo_t *cairo, const struct fill *fill, struct rect bounds)
{
    if (fill->gradient == GRADIENT_NONE) {
        cairo_set_source_rgba(cairo, fill->from.red, fill->from.green, fill->from.blue, fill->from.alpha);
        return;
    }
    cairo_pattern_t *pattern = make_gradient(fill, bounds);
    cairo_set_source(cairo, pattern);
    cairo_pattern_destroy(pattern);
}

/* No line is thinner than a pixel. */
static void set_stroke(cairo_t *cairo, const struct stroke *stroke, double thinnest)
{
    cairo_set_source_rgba(cairo, stroke->color.red, stroke->color.green, stroke->color.blue, stroke->color.alpha);
    cairo_set_line_width(cairo, fmax(stroke->width, thinnest));
    cairo_set_dash(cairo, stroke->dashes, (int)stroke->n_dashes, 0);
    cairo_set_line_cap(cairo, stroke->is_round ? CAIRO_LINE_CAP_ROUND : CAIRO_LINE_CAP_BUTT);
    cairo_set_line_join(cairo, stroke->is_round ? CAIRO_LINE_JOIN_ROUND : CAIRO_LINE_JOIN_MITER);
    cairo_set_miter_limit(cairo, MITER_LIMIT);
}

/* True if a picture within the picture may have this many pixels. */
static bool spend(struct painter *painter, double pixels)
{
    bool is_affordable = painter->effort + pixels <= MAX_EFFORT;
    if (is_affordable)
        painter->effort += pixels;
    return is_affordable;
}

static double clipped_pixels(cairo_t *cairo)
{
    double x0, y0, x1, y1;
    cairo_clip_extents(cairo, &x0, &y0, &x1, &y1);
    double width = x1 - x0, height = y1 - y0, zero = 0;
    cairo_user_to_device_distance(cairo, &width, &zero);
    double across = hypot(width, zero);
    zero = 0;
    cairo_user_to_device_distance(cairo, &zero, &height);
    return across * hypot(zero, height);
}

/* What is seen through needs a picture of its own, no larger than what is drawn on it; false if there were too many of them. */
static bool begin_group(struct painter *painter, struct rect box, double margin)
{
    struct rect room = rect_grow(box, margin);
    cairo_rectangle(painter->cairo, room.x, room.y, room.width, room.height);
    cairo_clip(painter->cairo);
    bool is_affordable = spend(painter, clipped_pixels(painter->cairo));
    if (is_affordable)
        cairo_push_group(painter->cairo);
    painter->n_opaque += !is_affordable;
    return is_affordable;
}

static void end_group(cairo_t *cairo, double opacity)
{
    cairo_pop_group_to_source(cairo);
    cairo_paint_with_alpha(cairo, opacity);
}

static void paint_path(struct painter *painter, const struct op *op)
{
    cairo_t *cairo = painter->cairo;
    bool is_stroked = op->stroke.is_set;
    if (!op->fill.is_set && !is_stroked)
        return;
    /* The sharpest corner of a line reaches MITER_LIMIT times its half width. */
    bool is_group = op->opacity < 1 && begin_group(painter, op->bounds, is_stroked ? MITER_LIMIT * op->stroke.width / 2 + 1 : 1);
    add_path(cairo, &g_array_index(painter->canvas->segments, struct segment, op->first), op->n);
    if (op->fill.is_set) {
        set_fill(cairo, &op->fill, op->bounds);
        cairo_fill_preserve(cairo);
    }
    if (is_stroked) {
        set_stroke(cairo, &op->stroke, painter->thinnest);
        cairo_stroke(cairo);
    } else
        cairo_new_path(cairo); /* what pango draws behind and through a text would fill it again */
    if (is_group)
        end_group(cairo, op->opacity);
}

static void paint_label(struct painter *painter, const struct op *op)
{
    cairo_t *cairo = painter->cairo;
    if (op->is_clipped) {
        cairo_rectangle(cairo, op->clip.x, op->clip.y, op->clip.width, op->clip.height);
        cairo_clip(cairo);
    }
    bool is_group = op->opacity < 1 && begin_group(painter, op->bounds, op->label->options.style.size * 2);
    for (guint i = 0; i < op->label->lines->len; i++) {
        const struct label_line *line = &g_array_index(op->label->lines, struct label_line, i);
        cairo_move_to(cairo, op->bounds.x + line->x, op->bounds.y + line->baseline);
        pango_cairo_show_layout_line(cairo, line->line);
    }
    if (is_group)
        end_group(cairo, op->opacity);
}

struct reader {
    const guint8 *data;
    gsize left;
};

static cairo_status_t read_bytes(void *closure, unsigned char *to, unsigned length)
{
    struct reader *reader = closure;
    if (length > reader->left)
        return CAIRO_STATUS_READ_ERROR;
    memcpy(to, reader->data, length);
    reader->data += length;
    reader->left -= length;
    return CAIRO_STATUS_SUCCESS;
}

/* The pixels of a decoded picture as cairo wants them. */
static cairo_surface_t *surface_of_pixbuf(GdkPixbuf *pixbuf)
{
    int width = gdk_pixbuf_get_width(pixbuf), height = gdk_pixbuf_get_height(pixbuf), n = gdk_pixbuf_get_n_channels(pixbuf);
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, width, height);
    if (cairo_surface_status(surface) != CAIRO_STATUS_SUCCESS)
        return surface;
    const guchar *pixels = gdk_pixbuf_get_pixels(pixbuf);
    for (int y = 0; y < height; y++) {
        guint32 *to = (guint32 *)(void *)(cairo_image_surface_get_data(surface) + (gsize)y * cairo_image_surface_get_stride(surface));
        const guchar *from = pixels + (gsize)y * gdk_pixbuf_get_rowstride(pixbuf);
        for (int x = 0; x < width; x++, from += n) {
            guint32 a = n == 4 ? from[3] : 255;
            to[x] = a << 24 | from[0] * a / 255 << 16 | from[1] * a / 255 << 8 | from[2] * a / 255;
        }
    }
    cairo_surface_mark_dirty(surface);
    return surface;
}

static void on_size(GdkPixbufLoader *loader, int width, int height, gpointer data)
{
    if ((double)width * height > MAX_IMAGE_PIXELS)
        gdk_pixbuf_loader_set_size(loader, 1, 1);
}

static cairo_surface_t *decode_raster(const guint8 *data, gsize length)
{
    cairo_surface_t *surface = NULL;
    GdkPixbufLoader *loader = gdk_pixbuf_loader_new();
    g_signal_connect_data(loader, "size-prepared", G_CALLBACK(on_size), NULL, NULL, 0);
    bool is_good = gdk_pixbuf_loader_write(loader, data, length, NULL);
    is_good = gdk_pixbuf_loader_close(loader, NULL) && is_good;
    GdkPixbuf *pixbuf = is_good ? gdk_pixbuf_loader_get_pixbuf(loader) : NULL;
    if (pixbuf != NULL)
        surface = surface_of_pixbuf(pixbuf);
    g_object_unref(loader);
    return surface;
}

/* Width and height that a PNG claims, before memory is given for them. */
static bool is_sane_png(const guint8 *data, gsize length)
{
    if (length < 24)
        return false;
    guint32 width = (guint32)data[16] << 24 | (guint32)data[17] << 16 | (guint32)data[18] << 8 | data[19];
    guint32 height = (guint32)data[20] << 24 | (guint32)data[21] << 16 | (guint32)data[22] << 8 | data[23];
    return (double)width * height <= MAX_IMAGE_PIXELS;
}

static cairo_surface_t *decode_image(const struct picture_image *image)
{
    gsize length = 0;
    const guint8 *data = g_bytes_get_data(image->data, &length);
    if (memcmp(data, "\x89PNG", 4) != 0)
        return decode_raster(data, length);
    if (!is_sane_png(data, length))
        return NULL;
    struct reader reader = {data, length};
    cairo_surface_t *surface = cairo_image_surface_create_from_png_stream(read_bytes, &reader);
    if (cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS)
        return surface;
    cairo_surface_destroy(surface);
    return NULL;
}

/* The part of `box` that an image of this size fills without distortion. */
static struct rect fit(struct rect box, double width, double height)
{
    double scale = fmin(box.width / width, box.height / height);
    double w = width * scale, h = height * scale;
    return (struct rect){box.x + (box.width - w) / 2, box.y + (box.height - h) / 2, w, h};
}

static bool paint_vector(struct painter *painter, const struct op *op)
{
    gsize length = 0;
    const guint8 *data = g_bytes_get_data(op->image->data, &length);
    RsvgHandle *handle = rsvg_handle_new_from_data(data, length, NULL);
    RsvgRectangle viewport = {op->bounds.x, op->bounds.y, op->bounds.width, op->bounds.height};
    if (handle == NULL)
        return false;
    gdouble width = 0, height = 0;
    cairo_rectangle(painter->cairo, op->bounds.x, op->bounds.y, op->bounds.width, op->bounds.height);
    cairo_clip(painter->cairo);
    painter->effort += clipped_pixels(painter->cairo);
    if (!op->image->keeps_aspect && rsvg_handle_get_intrinsic_size_in_pixels(handle, &width, &height) && width > 0 && height > 0) {
        cairo_translate(painter->cairo, op->bounds.x, op->bounds.y);
        cairo_scale(painter->cairo, op->bounds.width / width, op->bounds.height / height);
        viewport = (RsvgRectangle){0, 0, width, height};
    }
    bool is_group = op->opacity < 1 && begin_group(painter, (struct rect){viewport.x, viewport.y, viewport.width, viewport.height}, 0);
    bool is_good = rsvg_handle_render_document(handle, painter->cairo, &viewport, NULL);
    if (is_group)
        end_group(painter->cairo, op->opacity);
    g_object_unref(handle);
    return is_good;
}

static bool paint_raster(struct painter *painter, const struct op *op)
{
    cairo_surface_t *surface = decode_image(op->image);
    if (surface == NULL)
        return false;
    double width = cairo_image_surface_get_width(surface), height = cairo_image_surface_get_height(surface);
    painter->effort += width * height;
    struct rect box = op->image->keeps_aspect ? fit(op->bounds, width, height) : op->bounds;
    cairo_translate(painter->cairo, box.x, box.y);
    cairo_scale(painter->cairo, box.width / width, box.height / height);
    cairo_set_source_surface(painter->cairo, surface, 0, 0);
    cairo_pattern_set_filter(cairo_get_source(painter->cairo), CAIRO_FILTER_GOOD);
    cairo_paint_with_alpha(painter->cairo, op->opacity);
    cairo_surface_destroy(surface);
    return true;
}

static void paint_image(struct painter *painter, const struct op *op)
{
    if (op->bounds.width <= 0 || op->bounds.height <= 0)
        return;
    if (painter->effort > MAX_EFFORT) {
        painter->n_omitted++;
        return;
    }
    double device = 1, other = 0;
    cairo_user_to_device_distance(painter->cairo, &device, &other);
    double shift = IMAGE_SHIFT / fmax(hypot(device, other), 1e-6);
    cairo_translate(painter->cairo, -shift, -shift);
    bool is_vector = g_str_has_prefix(op->image->media_type, "image/svg");
    bool is_good = is_vector ? paint_vector(painter, op) : paint_raster(painter, op);
    if (!is_good && painter->options->warnings != NULL)
        g_ptr_array_add(painter->options->warnings,
                        g_strdup_printf("an embedded image (%.40s) is damaged or too large; left out", op->image->media_type));
}

static void tell_economies(const struct painter *painter)
{
    GPtrArray *warnings = painter->options->warnings;
    if (warnings != NULL && painter->n_opaque > 0)
        g_ptr_array_add(
            warnings, g_strdup_printf("too many large shapes that are seen through: %u are drawn as if they were not", painter->n_opaque));
    if (warnings != NULL && painter->n_omitted > 0)
        g_ptr_array_add(warnings, g_strdup_printf("too many large images: %u are left out", painter->n_omitted));
}

static void paint_all(const struct canvas *canvas, const struct paint_options *options, cairo_t *cairo, double scale)
{
    struct painter painter = {.canvas = canvas, .options = options, .cairo = cairo, .thinnest = 1 / fmax(options->scale, 1)};
    if (!options->is_transparent) {
        cairo_set_source_rgb(cairo, options->background.red, options->background.green, options->background.blue);
        cairo_paint(cairo);
    }
    cairo_scale(cairo, scale, scale);
    cairo_translate(cairo, -options->view.x, -options->view.y);
    for (guint i = 0; i < canvas->ops->len; i++) {
        const struct op *op = &g_array_index(canvas->ops, struct op, i);
        const struct matrix *m = &op->matrix;
        cairo_matrix_t matrix = {m->xx, m->yx, m->xy, m->yy, m->x0, m->y0};
        cairo_save(cairo);
        cairo_transform(cairo, &matrix);
        if (op->kind == OP_PATH)
            paint_path(&painter, op);
        else if (op->kind == OP_LABEL)
            paint_label(&painter, op);
        else
            paint_image(&painter, op);
        cairo_restore(cairo);
    }
    tell_economies(&painter);
}

GBytes *paint_png(const struct canvas *canvas, const struct paint_options *options, GError **error)
{
    double width = fmax(1, ceil(options->view.width * options->scale - 1e-6)),
           height = fmax(1, ceil(options->view.height * options->scale - 1e-6));
    if (width > MAX_SIDE || height > MAX_SIDE || width * height > MAX_PIXELS) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_SOURCE,
                    "the picture would be %.0f x %.0f pixels: choose a smaller "
                    "scale or SVG",
                    width, height);
        return NULL;
    }
    cairo_surface_t *surface =
        cairo_image_surface_create(options->is_transparent ? CAIRO_FORMAT_ARGB32 : CAIRO_FORMAT_RGB24, (int)width, (int)height);
    cairo_t *cairo = cairo_create(surface);
    paint_all(canvas, options, cairo, options->scale);
    cairo_status_t status = cairo_status(cairo);
    cairo_destroy(cairo);
    cairo_surface_flush(surface);
    GBytes *png = NULL;
    if (status == CAIRO_STATUS_SUCCESS)
        png = png_encode(cairo_image_surface_get_data(surface), (unsigned)width, (unsigned)height,
                         (unsigned)cairo_image_surface_get_stride(surface), options->is_transparent);
    else
        g_set_error(error, CLX_ERROR, CLX_ERROR_SOURCE, "cairo cannot draw it: %s", cairo_status_to_string(status));
    cairo_surface_destroy(surface);
    return png;
}

static cairo_status_t write_bytes(void *closure, const unsigned char *data, unsigned length)
{
    g_byte_array_append(closure, data, length);
    return CAIRO_STATUS_SUCCESS;
}

GBytes *paint_pdf(const struct canvas *canvas, const struct paint_options *options, GError **error)
{
    GByteArray *out = g_byte_array_new();
    double width = fmax(1, options->view.width * POINTS_PER_UNIT), height = fmax(1, options->view.height * POINTS_PER_UNIT);
    cairo_surface_t *surface = cairo_pdf_surface_create_for_stream(write_bytes, out, width, height);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, "1970-01-01T00:00:00Z"); /* the same bytes each time */
    cairo_t *cairo = cairo_create(surface);
    paint_all(canvas, options, cairo, POINTS_PER_UNIT);
    cairo_show_page(cairo);
    cairo_status_t status = cairo_status(cairo);
    cairo_destroy(cairo);
    cairo_surface_finish(surface);
    cairo_surface_destroy(surface);
    if (status == CAIRO_STATUS_SUCCESS)
        return g_byte_array_free_to_bytes(out);
    g_byte_array_unref(out);
    g_set_error(error, CLX_ERROR, CLX_ERROR_SOURCE, "cairo cannot draw it: %s", cairo_status_to_string(status));
    return NULL;
}
