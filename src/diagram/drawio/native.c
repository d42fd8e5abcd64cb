/* The renderer's outside: decide, then draw. */
#include <string.h>

#include "base/error.h"
#include "diagram/drawio/draw.h"
#include "diagram/drawio/file.h"
#include "diagram/drawio/font.h"
#include "diagram/drawio/paint.h"
#include "diagram/drawio/support.h"

#define VERSION "8" /* counts changes of what is drawn */
#define MAX_REASONS 20
#define MAX_WARNINGS 100
#define TINY 1e-6      /* less than what counts */
#define LINE_SHIFT 0.5 /* pixels by which the original moves all, so that thin lines are sharp */

static unsigned page_number(const struct picture_options *options)
{
    return options->page > 0 ? options->page : 1;
}

static char *page_place(const struct drawio_file *file, unsigned number)
{
    return g_strdup_printf("page %u '%.60s', ", number, drawio_file_page_name(file, number));
}

bool drawio_can_draw(struct drawio_file *file, const struct picture_options *options, GPtrArray *reasons)
{
    unsigned number = page_number(options);
    const struct page *page = drawio_file_get_page(file, number, NULL);
    bool can_draw = true;
    if (page == NULL)
        return true;
    g_autoptr(view) view = view_new(page, options->layers, NULL, NULL);
    g_autofree char *place = page_place(file, number);
    for (guint i = 0; i < view->order->len; i++) {
        const struct cell *cell = page_cell(page, g_array_index(view->order, int, i));
        g_autofree char *unknown = support_find_unknown(page, cell);
        if (unknown == NULL)
            continue;
        can_draw = false;
        if (reasons == NULL)
            break;
        if (reasons->len < MAX_REASONS)
            g_ptr_array_add(reasons, g_strdup_printf("%scell '%.60s': %s", place, cell->id, unknown));
    }
    if (page->has_background_image) {
        can_draw = false;
        if (reasons != NULL && reasons->len < MAX_REASONS)
            g_ptr_array_add(reasons, g_strdup_printf("%sbackground image", place));
    }
    return can_draw;
}

/* Prefixes what was told while drawing with the page, drops what is more than anybody reads. */
static void hand_over(const struct drawio_file *file, unsigned number, const GPtrArray *told, GPtrArray *warnings)
{
    g_autofree char *place = page_place(file, number);
    for (guint i = 0; warnings != NULL && i < told->len && i < MAX_WARNINGS; i++)
        g_ptr_array_add(warnings, g_strconcat(place, told->pdata[i], NULL));
    if (warnings != NULL && told->len > MAX_WARNINGS)
        g_ptr_array_add(warnings, g_strdup_printf("%sand %u more", place, told->len - MAX_WARNINGS));
}

static void tell_unknown(const struct page *page, const struct view *view, GPtrArray *told)
{
    for (guint i = 0; i < view->order->len; i++) {
        const struct cell *cell = page_cell(page, g_array_index(view->order, int, i));
        g_autofree char *unknown = support_find_unknown(page, cell);
        if (unknown != NULL)
            g_ptr_array_add(told, g_strdup_printf("cell '%.60s' is simplified: %s", cell->id, unknown));
    }
}

static double border_of(const struct picture_options *options)
{
    return options->border >= 0 ? options->border : PICTURE_BORDER;
}

static double scale_of(const struct picture_options *options)
{
    return options->format != PICTURE_PNG ? 1 : options->scale > 0 ? options->scale : PICTURE_SCALE;
}

static struct paint_options make_paint_options(const struct page *page, const struct picture_options *options, struct rect bounds)
{
    struct paint_options paint = {.is_transparent = options->background == PICTURE_TRANSPARENT, .background = {1, 1, 1, 1}};
    paint.scale = scale_of(options);
    if (bounds.width < 0)
        bounds = (struct rect){0, 0, 0, 0};
    paint.view = rect_grow(bounds, border_of(options));
    if (options->format == PICTURE_SVG) { /* the original moves the drawing by whole units there */
        paint.view.x = ceil(paint.view.x - TINY);
        paint.view.y = ceil(paint.view.y - TINY);
    }
    paint.view.x -= LINE_SHIFT / paint.scale;
    paint.view.y -= LINE_SHIFT / paint.scale;
    if (page->background != NULL)
        color_parse(page->background, &paint.background);
    return paint;
}

static GBytes *paint(const struct canvas *canvas, const struct paint_options *paint_options, enum picture_format format, GError **error)
{
    if (format == PICTURE_SVG)
        return paint_svg(canvas, paint_options);
    return format == PICTURE_PDF ? paint_pdf(canvas, paint_options, error) : paint_png(canvas, paint_options, error);
}

/* Draws the page as it is laid out; returns the bounds. Routes that are rounded to pixels are laid out anew when it is known where these lie. */
static struct rect draw_on_grid(struct view *view, const struct picture_options *options, const struct fonts *fonts, struct canvas *canvas,
                                GPtrArray *told)
{
    g_autoptr(view) exact = NULL;
    struct drawing drawing = {.page = view->page, .view = view, .canvas = canvas, .fonts = fonts, .warnings = told};
    if (view->uses_grid) {
        g_autoptr(canvas) first = canvas_new();
        struct drawing trial = {.page = view->page, .view = view, .canvas = first, .fonts = fonts};
        draw_page(&trial);
        struct grid grid = {scale_of(options), border_of(options) - trial.bounds.x, border_of(options) - trial.bounds.y};
        drawing.view = exact = view_new(view->page, options->layers, NULL, &grid);
    }
    draw_page(&drawing);
    return drawing.bounds;
}

GBytes *drawio_draw(struct drawio_file *file, const struct picture_options *options, GPtrArray *warnings, GError **error)
{
    unsigned number = page_number(options);
    const struct page *page = drawio_file_get_page(file, number, error);
    if (page == NULL)
        return NULL;
    g_autoptr(GPtrArray) told = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < page->problems->len; i++)
        g_ptr_array_add(told, g_strdup(page->problems->pdata[i]));
    g_autoptr(view) view = view_new(page, options->layers, told, NULL);
    tell_unknown(page, view, told);
    g_autoptr(fonts) fonts = fonts_new();
    g_autoptr(canvas) canvas = canvas_new();
    struct rect bounds = draw_on_grid(view, options, fonts, canvas, told);
    struct paint_options paint_options = make_paint_options(page, options, bounds);
    paint_options.warnings = told;
    GBytes *picture = paint(canvas, &paint_options, options->format, error);
    if (picture == NULL)
        g_prefix_error(error, "page %u '%.60s': ", number, drawio_file_page_name(file, number));
    hand_over(file, number, told, warnings);
    return picture;
}

char *drawio_native_fingerprint(void)
{
    return g_strdup_printf("native " VERSION " cairo %s pango %s", cairo_version_string(), pango_version_string());
}
