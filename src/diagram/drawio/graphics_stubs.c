/* cairo, pango, librsvg and gdk-pixbuf, loaded when the first diagram is drawn (see os/library.h). */
#include <cairo-pdf.h>
#include <librsvg/rsvg.h>
#include <pango/pangocairo.h>

#include "os/library.h"

#define CAIRO "libcairo.so.2"
#define OBJECT "libgobject-2.0.so.0"
#define PANGO "libpango-1.0.so.0"
#define PANGOCAIRO "libpangocairo-1.0.so.0"
#define PIXBUF "libgdk_pixbuf-2.0.so.0"
#define RSVG "librsvg-2.so.2"

#undef g_object_ref /* macros that keep the type */
#undef g_object_unref

LIBRARY_STUB_VOID(CAIRO, cairo_clip, (cairo_t * cr), (cr))
LIBRARY_STUB_VOID(CAIRO, cairo_clip_extents, (cairo_t * cr, double *x1, double *y1, double *x2, double *y2), (cr, x1, y1, x2, y2))
LIBRARY_STUB_VOID(CAIRO, cairo_close_path, (cairo_t * cr), (cr))
LIBRARY_STUB(CAIRO, cairo_t *, cairo_create, (cairo_surface_t * target), (target))
LIBRARY_STUB_VOID(CAIRO, cairo_curve_to, (cairo_t * cr, double x1, double y1, double x2, double y2, double x3, double y3),
                  (cr, x1, y1, x2, y2, x3, y3))
LIBRARY_STUB_VOID(CAIRO, cairo_destroy, (cairo_t * cr), (cr))
LIBRARY_STUB_VOID(CAIRO, cairo_fill_preserve, (cairo_t * cr), (cr))
LIBRARY_STUB(CAIRO, cairo_font_options_t *, cairo_font_options_create, (void), ())
LIBRARY_STUB_VOID(CAIRO, cairo_font_options_destroy, (cairo_font_options_t * options), (options))
LIBRARY_STUB_VOID(CAIRO, cairo_font_options_set_antialias, (cairo_font_options_t * options, cairo_antialias_t antialias),
                  (options, antialias))
LIBRARY_STUB_VOID(CAIRO, cairo_font_options_set_hint_metrics, (cairo_font_options_t * options, cairo_hint_metrics_t hint_metrics),
                  (options, hint_metrics))
LIBRARY_STUB_VOID(CAIRO, cairo_font_options_set_hint_style, (cairo_font_options_t * options, cairo_hint_style_t hint_style),
                  (options, hint_style))
LIBRARY_STUB(CAIRO, cairo_pattern_t *, cairo_get_source, (cairo_t * cr), (cr))
LIBRARY_STUB(CAIRO, cairo_surface_t *, cairo_image_surface_create, (cairo_format_t format, int width, int height), (format, width, height))
LIBRARY_STUB(CAIRO, cairo_surface_t *, cairo_image_surface_create_from_png_stream, (cairo_read_func_t read_func, void *closure),
             (read_func, closure))
LIBRARY_STUB(CAIRO, unsigned char *, cairo_image_surface_get_data, (cairo_surface_t * surface), (surface))
LIBRARY_STUB(CAIRO, int, cairo_image_surface_get_height, (cairo_surface_t * surface), (surface))
LIBRARY_STUB(CAIRO, int, cairo_image_surface_get_stride, (cairo_surface_t * surface), (surface))
LIBRARY_STUB(CAIRO, int, cairo_image_surface_get_width, (cairo_surface_t * surface), (surface))
LIBRARY_STUB_VOID(CAIRO, cairo_line_to, (cairo_t * cr, double x, double y), (cr, x, y))
LIBRARY_STUB_VOID(CAIRO, cairo_matrix_init, (cairo_matrix_t * matrix, double xx, double yx, double xy, double yy, double x0, double y0),
                  (matrix, xx, yx, xy, yy, x0, y0))
LIBRARY_STUB_VOID(CAIRO, cairo_move_to, (cairo_t * cr, double x, double y), (cr, x, y))
LIBRARY_STUB_VOID(CAIRO, cairo_new_path, (cairo_t * cr), (cr))
LIBRARY_STUB_VOID(CAIRO, cairo_paint, (cairo_t * cr), (cr))
LIBRARY_STUB_VOID(CAIRO, cairo_paint_with_alpha, (cairo_t * cr, double alpha), (cr, alpha))
LIBRARY_STUB_VOID(CAIRO, cairo_pattern_add_color_stop_rgba,
                  (cairo_pattern_t * pattern, double offset, double red, double green, double blue, double alpha),
                  (pattern, offset, red, green, blue, alpha))
LIBRARY_STUB(CAIRO, cairo_pattern_t *, cairo_pattern_create_linear, (double x0, double y0, double x1, double y1), (x0, y0, x1, y1))
LIBRARY_STUB(CAIRO, cairo_pattern_t *, cairo_pattern_create_radial,
             (double cx0, double cy0, double radius0, double cx1, double cy1, double radius1), (cx0, cy0, radius0, cx1, cy1, radius1))
LIBRARY_STUB_VOID(CAIRO, cairo_pattern_destroy, (cairo_pattern_t * pattern), (pattern))
LIBRARY_STUB_VOID(CAIRO, cairo_pattern_set_filter, (cairo_pattern_t * pattern, cairo_filter_t filter), (pattern, filter))
LIBRARY_STUB_VOID(CAIRO, cairo_pattern_set_matrix, (cairo_pattern_t * pattern, const cairo_matrix_t *matrix), (pattern, matrix))
LIBRARY_STUB(CAIRO, cairo_surface_t *, cairo_pdf_surface_create_for_stream,
             (cairo_write_func_t write_func, void *closure, double width_in_points, double height_in_points),
             (write_func, closure, width_in_points, height_in_points))
LIBRARY_STUB_VOID(CAIRO, cairo_pdf_surface_set_metadata, (cairo_surface_t * surface, cairo_pdf_metadata_t metadata, const char *utf8),
                  (surface, metadata, utf8))
LIBRARY_STUB_VOID(CAIRO, cairo_pop_group_to_source, (cairo_t * cr), (cr))
LIBRARY_STUB_VOID(CAIRO, cairo_push_group, (cairo_t * cr), (cr))
LIBRARY_STUB_VOID(CAIRO, cairo_rectangle, (cairo_t * cr, double x, double y, double width, double height), (cr, x, y, width, height))
LIBRARY_STUB_VOID(CAIRO, cairo_restore, (cairo_t * cr), (cr))
LIBRARY_STUB_VOID(CAIRO, cairo_save, (cairo_t * cr), (cr))
LIBRARY_STUB_VOID(CAIRO, cairo_scale, (cairo_t * cr, double sx, double sy), (cr, sx, sy))
LIBRARY_STUB_VOID(CAIRO, cairo_set_dash, (cairo_t * cr, const double *dashes, int num_dashes, double offset),
                  (cr, dashes, num_dashes, offset))
LIBRARY_STUB_VOID(CAIRO, cairo_set_line_cap, (cairo_t * cr, cairo_line_cap_t line_cap), (cr, line_cap))
LIBRARY_STUB_VOID(CAIRO, cairo_set_line_join, (cairo_t * cr, cairo_line_join_t line_join), (cr, line_join))
LIBRARY_STUB_VOID(CAIRO, cairo_set_line_width, (cairo_t * cr, double width), (cr, width))
LIBRARY_STUB_VOID(CAIRO, cairo_set_miter_limit, (cairo_t * cr, double limit), (cr, limit))
LIBRARY_STUB_VOID(CAIRO, cairo_set_source, (cairo_t * cr, cairo_pattern_t *source), (cr, source))
LIBRARY_STUB_VOID(CAIRO, cairo_set_source_rgb, (cairo_t * cr, double red, double green, double blue), (cr, red, green, blue))
LIBRARY_STUB_VOID(CAIRO, cairo_set_source_rgba, (cairo_t * cr, double red, double green, double blue, double alpha),
                  (cr, red, green, blue, alpha))
LIBRARY_STUB_VOID(CAIRO, cairo_set_source_surface, (cairo_t * cr, cairo_surface_t *surface, double x, double y), (cr, surface, x, y))
LIBRARY_STUB_VOID(CAIRO, cairo_show_page, (cairo_t * cr), (cr))
LIBRARY_STUB(CAIRO, cairo_status_t, cairo_status, (cairo_t * cr), (cr))
LIBRARY_STUB(CAIRO, const char *, cairo_status_to_string, (cairo_status_t status), (status))
LIBRARY_STUB_VOID(CAIRO, cairo_stroke, (cairo_t * cr), (cr))
LIBRARY_STUB_VOID(CAIRO, cairo_surface_destroy, (cairo_surface_t * surface), (surface))
LIBRARY_STUB_VOID(CAIRO, cairo_surface_finish, (cairo_surface_t * surface), (surface))
LIBRARY_STUB_VOID(CAIRO, cairo_surface_flush, (cairo_surface_t * surface), (surface))
LIBRARY_STUB_VOID(CAIRO, cairo_surface_mark_dirty, (cairo_surface_t * surface), (surface))
LIBRARY_STUB(CAIRO, cairo_status_t, cairo_surface_status, (cairo_surface_t * surface), (surface))
LIBRARY_STUB_VOID(CAIRO, cairo_transform, (cairo_t * cr, const cairo_matrix_t *matrix), (cr, matrix))
LIBRARY_STUB_VOID(CAIRO, cairo_translate, (cairo_t * cr, double tx, double ty), (cr, tx, ty))
LIBRARY_STUB_VOID(CAIRO, cairo_user_to_device_distance, (cairo_t * cr, double *dx, double *dy), (cr, dx, dy))
LIBRARY_STUB(CAIRO, const char *, cairo_version_string, (void), ())
LIBRARY_STUB(OBJECT, gpointer, g_object_ref, (gpointer object), (object))
LIBRARY_STUB_VOID(OBJECT, g_object_unref, (gpointer object), (object))
LIBRARY_STUB(OBJECT, gulong, g_signal_connect_data,
             (gpointer instance, const gchar *detailed_signal, GCallback c_handler, gpointer data, GClosureNotify destroy_data,
              GConnectFlags connect_flags),
             (instance, detailed_signal, c_handler, data, destroy_data, connect_flags))
LIBRARY_STUB(PIXBUF, int, gdk_pixbuf_get_height, (const GdkPixbuf *pixbuf), (pixbuf))
LIBRARY_STUB(PIXBUF, int, gdk_pixbuf_get_n_channels, (const GdkPixbuf *pixbuf), (pixbuf))
LIBRARY_STUB(PIXBUF, guchar *, gdk_pixbuf_get_pixels, (const GdkPixbuf *pixbuf), (pixbuf))
LIBRARY_STUB(PIXBUF, int, gdk_pixbuf_get_rowstride, (const GdkPixbuf *pixbuf), (pixbuf))
LIBRARY_STUB(PIXBUF, int, gdk_pixbuf_get_width, (const GdkPixbuf *pixbuf), (pixbuf))
LIBRARY_STUB(PIXBUF, gboolean, gdk_pixbuf_loader_close, (GdkPixbufLoader * loader, GError **error), (loader, error))
LIBRARY_STUB(PIXBUF, GdkPixbuf *, gdk_pixbuf_loader_get_pixbuf, (GdkPixbufLoader * loader), (loader))
LIBRARY_STUB(PIXBUF, GdkPixbufLoader *, gdk_pixbuf_loader_new, (void), ())
LIBRARY_STUB_VOID(PIXBUF, gdk_pixbuf_loader_set_size, (GdkPixbufLoader * loader, int width, int height), (loader, width, height))
LIBRARY_STUB(PIXBUF, gboolean, gdk_pixbuf_loader_write, (GdkPixbufLoader * loader, const guchar *buf, gsize count, GError **error),
             (loader, buf, count, error))
LIBRARY_STUB(PANGO, PangoAttribute *, pango_attr_allow_breaks_new, (gboolean allow_breaks), (allow_breaks))
LIBRARY_STUB(PANGO, PangoAttribute *, pango_attr_background_alpha_new, (guint16 alpha), (alpha))
LIBRARY_STUB(PANGO, PangoAttribute *, pango_attr_background_new, (guint16 red, guint16 green, guint16 blue), (red, green, blue))
LIBRARY_STUB(PANGO, PangoAttribute *, pango_attr_font_desc_new, (const PangoFontDescription *desc), (desc))
LIBRARY_STUB(PANGO, PangoAttribute *, pango_attr_foreground_alpha_new, (guint16 alpha), (alpha))
LIBRARY_STUB(PANGO, PangoAttribute *, pango_attr_foreground_new, (guint16 red, guint16 green, guint16 blue), (red, green, blue))
LIBRARY_STUB(PANGO, PangoAttrList *, pango_attr_list_copy, (PangoAttrList * list), (list))
LIBRARY_STUB_VOID(PANGO, pango_attr_list_insert, (PangoAttrList * list, PangoAttribute *attr), (list, attr))
LIBRARY_STUB(PANGO, PangoAttrList *, pango_attr_list_new, (void), ())
LIBRARY_STUB_VOID(PANGO, pango_attr_list_unref, (PangoAttrList * list), (list))
LIBRARY_STUB(PANGO, PangoAttribute *, pango_attr_rise_new, (int rise), (rise))
LIBRARY_STUB(PANGO, PangoAttribute *, pango_attr_shape_new_with_data,
             (const PangoRectangle *ink_rect, const PangoRectangle *logical_rect, gpointer data, PangoAttrDataCopyFunc copy_func,
              GDestroyNotify destroy_func),
             (ink_rect, logical_rect, data, copy_func, destroy_func))
LIBRARY_STUB(PANGO, PangoAttribute *, pango_attr_strikethrough_new, (gboolean strikethrough), (strikethrough))
LIBRARY_STUB(PANGO, PangoAttribute *, pango_attr_underline_new, (PangoUnderline underline), (underline))
LIBRARY_STUB_VOID(PANGOCAIRO, pango_cairo_context_set_font_options, (PangoContext * context, const cairo_font_options_t *options),
                  (context, options))
LIBRARY_STUB_VOID(PANGOCAIRO, pango_cairo_context_set_resolution, (PangoContext * context, double dpi), (context, dpi))
LIBRARY_STUB_VOID(PANGOCAIRO, pango_cairo_context_set_shape_renderer,
                  (PangoContext * context, PangoCairoShapeRendererFunc func, gpointer data, GDestroyNotify dnotify),
                  (context, func, data, dnotify))
LIBRARY_STUB(PANGOCAIRO, PangoFontMap *, pango_cairo_font_map_get_default, (void), ())
LIBRARY_STUB_VOID(PANGOCAIRO, pango_cairo_show_glyph_string, (cairo_t * cr, PangoFont *font, PangoGlyphString *glyphs), (cr, font, glyphs))
LIBRARY_STUB_VOID(PANGOCAIRO, pango_cairo_show_layout_line, (cairo_t * cr, PangoLayoutLine *line), (cr, line))
LIBRARY_STUB(PANGO, PangoFontMetrics *, pango_context_get_metrics,
             (PangoContext * context, const PangoFontDescription *desc, PangoLanguage *language), (context, desc, language))
LIBRARY_STUB(PANGO, PangoFont *, pango_context_load_font, (PangoContext * context, const PangoFontDescription *desc), (context, desc))
LIBRARY_STUB_VOID(PANGO, pango_context_set_round_glyph_positions, (PangoContext * context, gboolean round_positions),
                  (context, round_positions))
LIBRARY_STUB(PANGO, PangoFontDescription *, pango_font_describe, (PangoFont * font), (font))
LIBRARY_STUB_VOID(PANGO, pango_font_description_free, (PangoFontDescription * desc), (desc))
LIBRARY_STUB(PANGO, const char *, pango_font_description_get_family, (const PangoFontDescription *desc), (desc))
LIBRARY_STUB(PANGO, PangoFontDescription *, pango_font_description_new, (void), ())
LIBRARY_STUB_VOID(PANGO, pango_font_description_set_absolute_size, (PangoFontDescription * desc, double size), (desc, size))
LIBRARY_STUB_VOID(PANGO, pango_font_description_set_family, (PangoFontDescription * desc, const char *family), (desc, family))
LIBRARY_STUB_VOID(PANGO, pango_font_description_set_style, (PangoFontDescription * desc, PangoStyle style), (desc, style))
LIBRARY_STUB_VOID(PANGO, pango_font_description_set_weight, (PangoFontDescription * desc, PangoWeight weight), (desc, weight))
LIBRARY_STUB_VOID(PANGO, pango_font_get_glyph_extents,
                  (PangoFont * font, PangoGlyph glyph, PangoRectangle *ink_rect, PangoRectangle *logical_rect),
                  (font, glyph, ink_rect, logical_rect))
LIBRARY_STUB(PANGO, PangoContext *, pango_font_map_create_context, (PangoFontMap * fontmap), (fontmap))
LIBRARY_STUB(PANGO, int, pango_font_metrics_get_ascent, (PangoFontMetrics * metrics), (metrics))
LIBRARY_STUB(PANGO, int, pango_font_metrics_get_height, (PangoFontMetrics * metrics), (metrics))
LIBRARY_STUB(PANGO, int, pango_font_metrics_get_descent, (PangoFontMetrics * metrics), (metrics))
LIBRARY_STUB_VOID(PANGO, pango_font_metrics_unref, (PangoFontMetrics * metrics), (metrics))
LIBRARY_STUB_VOID(PANGO, pango_glyph_string_free, (PangoGlyphString * string), (string))
LIBRARY_STUB(PANGO, int, pango_glyph_string_get_width, (PangoGlyphString * glyphs), (glyphs))
LIBRARY_STUB(PANGO, PangoGlyphString *, pango_glyph_string_new, (void), ())
LIBRARY_STUB_VOID(PANGO, pango_glyph_string_set_size, (PangoGlyphString * string, int new_len), (string, new_len))
LIBRARY_STUB(PANGO, int, pango_layout_get_line_count, (PangoLayout * layout), (layout))
LIBRARY_STUB(PANGO, PangoLayoutLine *, pango_layout_get_line_readonly, (PangoLayout * layout, int line), (layout, line))
LIBRARY_STUB(PANGO, const char *, pango_layout_get_text, (PangoLayout * layout), (layout))
LIBRARY_STUB_VOID(PANGO, pango_layout_line_get_extents, (PangoLayoutLine * line, PangoRectangle *ink_rect, PangoRectangle *logical_rect),
                  (line, ink_rect, logical_rect))
LIBRARY_STUB(PANGO, int, pango_layout_get_unknown_glyphs_count, (PangoLayout * layout), (layout))
LIBRARY_STUB(PANGO, PangoLayout *, pango_layout_new, (PangoContext * context), (context))
LIBRARY_STUB_VOID(PANGO, pango_layout_set_attributes, (PangoLayout * layout, PangoAttrList *attrs), (layout, attrs))
LIBRARY_STUB_VOID(PANGO, pango_layout_set_font_description, (PangoLayout * layout, const PangoFontDescription *desc), (layout, desc))
LIBRARY_STUB_VOID(PANGO, pango_layout_set_text, (PangoLayout * layout, const char *text, int length), (layout, text, length))
LIBRARY_STUB_VOID(PANGO, pango_layout_set_width, (PangoLayout * layout, int width), (layout, width))
LIBRARY_STUB_VOID(PANGO, pango_layout_set_wrap, (PangoLayout * layout, PangoWrapMode wrap), (layout, wrap))
LIBRARY_STUB(PANGO, const char *, pango_version_string, (void), ())
LIBRARY_STUB(RSVG, gboolean, rsvg_handle_get_intrinsic_size_in_pixels, (RsvgHandle * handle, gdouble *out_width, gdouble *out_height),
             (handle, out_width, out_height))
LIBRARY_STUB(RSVG, RsvgHandle *, rsvg_handle_new_from_data, (const guint8 *data, gsize data_len, GError **error), (data, data_len, error))
LIBRARY_STUB(RSVG, gboolean, rsvg_handle_render_document, (RsvgHandle * handle, cairo_t *cr, const RsvgRectangle *viewport, GError **error),
             (handle, cr, viewport, error))

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
/* fontconfig keeps the patterns of the fonts in use until the process ends, where the leak check does not see them; their number does
 * not grow with the diagrams. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libfontconfig\n";
}
#endif
#endif
