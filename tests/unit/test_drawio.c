/* Reading Draw.io files and drawing them without the original. How near the pictures come to the original's is the matter of tests/drawio. */
#include <cairo.h>
#include <check.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

#include "base/error.h"
#include "diagram/drawio/drawio_native.h"
#include "diagram/drawio/label_check.h"
#include "diagram/drawio/label_html.h"
#include "diagram/drawio/paint.h"
#include "diagram/drawio/route.h"

#define HEAD "<mxGraphModel><root><mxCell id='0'/><mxCell id='1' parent='0'/>"
#define TAIL "</root></mxGraphModel>"
#define BOX(id, style, x, y)                                                                                                               \
    "<mxCell id='" id "' value='" id "' style='" style "' vertex='1' parent='1'><mxGeometry x='" x "' y='" y                               \
    "' width='100' height='40' as='geometry'/></mxCell>"

static const struct picture_options svg_options = {.format = PICTURE_SVG, .page = 1, .border = 0};

static drawio_file *load(const char *text)
{
    GError *error = NULL;
    drawio_file *file = drawio_file_load(text, strlen(text), &error);
    ck_assert_msg(file != NULL, "%s", error != NULL ? error->message : "");
    return file;
}

static char *draw(const char *text, GPtrArray *warnings)
{
    g_autoptr(drawio_file) file = load(text);
    g_autoptr(GBytes) svg = drawio_draw(file, &svg_options, warnings, NULL);
    ck_assert_ptr_nonnull(svg);
    return g_strndup(g_bytes_get_data(svg, NULL), g_bytes_get_size(svg));
}

static char *first_warning(const char *text)
{
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *svg = draw(text, warnings);
    return g_strdup(warnings->len > 0 ? warnings->pdata[0] : "");
}

static char *load_error(const char *text)
{
    GError *error = NULL;
    g_autoptr(drawio_file) file = drawio_file_load(text, strlen(text), &error);
    g_autoptr(GBytes) svg = file != NULL ? drawio_draw(file, &svg_options, NULL, &error) : NULL;
    ck_assert_ptr_null(svg);
    ck_assert(g_error_matches(error, CLX_ERROR, CLX_ERROR_SOURCE));
    char *message = g_strdup(error->message);
    g_error_free(error);
    return message;
}

static void assert_contains(const char *text, const char *part)
{
    ck_assert_msg(strstr(text, part) != NULL, "'%s' is not in: %s", part, text);
}

static char *first_reason(const char *text)
{
    g_autoptr(drawio_file) file = load(text);
    g_autoptr(GPtrArray) reasons = g_ptr_array_new_with_free_func(g_free);
    bool can_draw = drawio_can_draw(file, &svg_options, reasons);
    ck_assert(can_draw == (reasons->len == 0));
    return g_strdup(reasons->len > 0 ? reasons->pdata[0] : "");
}

START_TEST(draws_a_box_with_its_text)
{
    g_autofree char *svg = draw(HEAD BOX("Hello", "html=1;", "10", "20") TAIL, NULL);
    assert_contains(svg, "width=\"101\" height=\"41\"");
    assert_contains(svg, "<path d=\"M 0.5 0.5 L 100.5 0.5 L 100.5 40.5 L 0.5 40.5 Z\" fill=\"#ffffff\" stroke=\"#000000\"");
    assert_contains(svg, ">Hello</text>");
}
END_TEST

START_TEST(gives_the_same_bytes_each_time)
{
    for (int format = 0; format < N_PICTURE_FORMATS; format++) {
        struct picture_options options = {.format = format, .page = 1, .border = 5, .scale = 1};
        g_autoptr(drawio_file) file = load(HEAD BOX("a", "rounded=1;fillColor=#ff0000;gradientColor=#00ff00;", "0", "0") TAIL);
        g_autoptr(GBytes) first = drawio_draw(file, &options, NULL, NULL), second = drawio_draw(file, &options, NULL, NULL);
        ck_assert(g_bytes_equal(first, second));
    }
}
END_TEST

START_TEST(says_before_drawing_which_cell_it_cannot_draw)
{
    static const char *const cases[][2] = {
        {"shape=mxgraph.aws4.ec2;", "shape 'mxgraph.aws4.ec2'"},
        {"sketch=1;", "hand-drawn"},
        {"shape=image;image=https://example.org/a.png;", "not embedded"},
        {"rounded=1;html=1;", ""},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *cell = g_strdup_printf(HEAD "<mxCell id='k3' style='%s' vertex='1' parent='1'><mxGeometry width='9' height='9' "
                                                     "as='geometry'/></mxCell>" TAIL,
                                                cases[i][0]);
        g_autofree char *reason = first_reason(cell);
        assert_contains(reason, cases[i][1]);
        if (cases[i][1][0] != '\0')
            assert_contains(reason, "page 1 'Page-1', cell 'k3'");
        else
            ck_assert_str_eq(reason, "");
    }
}
END_TEST

START_TEST(leaves_broken_cells_out_with_a_warning)
{
    static const char *const cases[][2] = {
        {HEAD "<mxCell id='x' parent='y' vertex='1'/><mxCell id='y' parent='x' vertex='1'/>" TAIL, "cell 'x': is an ancestor of itself"},
        {HEAD "<mxCell id='x' parent='gone' vertex='1'/>" TAIL, "its parent 'gone' is not there"},
        {HEAD "<mxCell id='e' edge='1' parent='1' source='gone' target='1'><mxGeometry as='geometry'/></mxCell>" TAIL,
         "source is not there"},
        {HEAD BOX("a", "", "NaN", "0") TAIL, "cell 'a': the geometry's x is 'NaN'"},
        {HEAD BOX("a", "", "0", "1e300") TAIL, "cell 'a': the geometry's y is '1e300'"},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *warning = first_warning(cases[i][0]);
        assert_contains(warning, cases[i][1]);
        assert_contains(warning, "page 1 'Page-1'");
    }
}
END_TEST

START_TEST(names_what_is_broken_in_a_file)
{
    static const char *const cases[][2] = {
        {"<mxfile><diagram>", "broken XML in line 1"},
        {"<html/>", "no Draw.io file"},
        {"<mxfile/>", "no page"},
        {"<svg/>", "holds no diagram"},
        {"<mxfile><diagram name='P'>!!!</diagram></mxfile>", "page 1 'P': the diagram is neither XML nor base64"},
        {"<mxfile><diagram name='P'>aGVsbG8gd29ybGQ=</diagram></mxfile>", "page 1 'P': the compressed diagram is damaged"},
        {"<mxfile><diagram name='P'/></mxfile>", "page 1 'P': holds no cells"},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *message = load_error(cases[i][0]);
        assert_contains(message, cases[i][1]);
    }
}
END_TEST

START_TEST(refuses_a_page_that_is_not_there)
{
    GError *error = NULL;
    struct picture_options options = svg_options;
    g_autoptr(drawio_file) file = load(HEAD TAIL);
    options.page = 2;
    ck_assert(drawio_can_draw(file, &options, NULL));
    ck_assert_ptr_null(drawio_draw(file, &options, NULL, &error));
    assert_contains(error->message, "page 2 is not there: the file has 1 page");
    g_error_free(error);
}
END_TEST

START_TEST(shows_the_layers_that_are_asked_for)
{
    static const char *const second[] = {"Second", NULL}, *const first[] = {"1", NULL};
    struct picture_options options = svg_options;
    g_autoptr(drawio_file) file = load(HEAD "<mxCell id='2' value='Second' parent='0' visible='0'/>" BOX(
        "below", "", "0",
        "0") "<mxCell id='u' value='above' vertex='1' parent='2'><mxGeometry width='50' height='20' as='geometry'/></mxCell>" TAIL);
    const char *const *choices[] = {NULL, second, first};
    const char *shown[] = {">below<", ">above<", ">below<"}, *hidden[] = {">above<", ">below<", ">above<"};
    for (int i = 0; i < 3; i++) {
        options.layers = choices[i];
        g_autoptr(GBytes) svg = drawio_draw(file, &options, NULL, NULL);
        g_autofree char *text = g_strndup(g_bytes_get_data(svg, NULL), g_bytes_get_size(svg));
        assert_contains(text, shown[i]);
        ck_assert_ptr_null(strstr(text, hidden[i]));
    }
}
END_TEST

START_TEST(refuses_pictures_that_are_too_large)
{
    GError *error = NULL;
    struct picture_options options = {.format = PICTURE_PNG, .page = 1, .scale = 3};
    g_autoptr(drawio_file) file = load(HEAD BOX("a", "", "0", "0") BOX("b", "", "900000", "0") TAIL);
    ck_assert_ptr_null(drawio_draw(file, &options, NULL, &error));
    assert_contains(error->message, "choose a smaller scale");
    g_error_free(error);
}
END_TEST

/* A page with `n` boxes whose labels are `length` letters long. */
static char *make_page(unsigned n, unsigned length)
{
    GString *text = g_string_new(HEAD);
    g_autofree char *label = g_strnfill(length, 'x');
    for (unsigned i = 0; i < n; i++)
        g_string_append_printf(text,
                               "<mxCell id='c%u' value='%s' style='a=b;' vertex='1' parent='1'>"
                               "<mxGeometry width='9' height='9' as='geometry'/></mxCell>",
                               i, label);
    g_string_append(text, TAIL);
    return g_string_free(text, FALSE);
}

START_TEST(leaves_labels_out_that_would_take_too_long)
{
    g_autofree char *one = make_page(1, 40000), *many = make_page(600, 2000);
    g_autofree char *reason = first_reason(one), *warning = first_warning(one), *last = first_warning(many), *none = first_reason(many);
    assert_contains(reason, "page 1 'Page-1', cell 'c0': a label of 40000 bytes");
    assert_contains(warning, "page 1 'Page-1', cell 'c0' is simplified: a label of 40000 bytes");
    assert_contains(last,
                    "cell 'c524': a label of 2000 bytes is more than one label (32768) or all of the page (1048576) may have; left out");
    ck_assert_str_eq(none, "");
}
END_TEST

START_TEST(reads_pages_of_more_than_ten_megabytes)
{
    g_autofree char *text = make_page(400, 30000), *reason = first_reason(text);
    ck_assert_uint_gt(strlen(text), 12000000);
    ck_assert_str_eq(reason, "");
}
END_TEST

START_TEST(refuses_images_whose_filters_take_too_long)
{
    g_autofree char *reason =
        first_reason(HEAD BOX("a", "shape=image;image=data:image/svg+xml,%3Csvg%3E%3CfeGaussianBlur/%3E%3C/svg%3E;", "0", "0")
                         BOX("b", "shape=image;image=data:image/svg+xml,%3Csvg%3E%3CfeTurbulence/%3E%3C/svg%3E;", "0", "0") TAIL);
    assert_contains(reason, "cell 'b': an embedded image whose filters take too long");
}
END_TEST

START_TEST(refuses_more_pages_than_anybody_has)
{
    GString *text = g_string_new("<mxfile>");
    for (int i = 0; i < 10001; i++)
        g_string_append(text, "<diagram/>");
    g_string_append(text, "</mxfile>");
    g_autofree char *file = g_string_free(text, FALSE), *message = load_error(file);
    assert_contains(message, "10000");
}
END_TEST

/* 80 MB of blanks in 80 KB: raw deflate in base64, as the original packs its pages. */
START_TEST(refuses_what_unpacks_to_too_much)
{
    static guchar packed[200000];
    g_autofree char *blanks = g_strnfill(80000000, ' ');
    z_stream stream = {.next_in = (guchar *)blanks, .avail_in = 80000000, .next_out = packed, .avail_out = sizeof packed};
    ck_assert_int_eq(deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    ck_assert_int_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
    deflateEnd(&stream);
    g_autofree char *base64 = g_base64_encode(packed, stream.total_out);
    g_autofree char *text = g_strdup_printf("<mxfile><diagram name='P'>%s</diagram></mxfile>", base64), *message = load_error(text);
    assert_contains(message, "page 1 'P': ");
    assert_contains(message, "64 MiB");
}
END_TEST

START_TEST(routes_edges_around_their_ends)
{
    g_autofree char *svg =
        draw(HEAD BOX("a", "", "0", "0")
                 BOX("b", "", "200", "200") "<mxCell id='e' style='edgeStyle=orthogonalEdgeStyle;rounded=0;endArrow=none;' edge='1' "
                                            "parent='1' source='a' target='b'>"
                                            "<mxGeometry relative='1' as='geometry'/></mxCell>" TAIL,
             NULL);
    assert_contains(svg, "<path d=\"M 100.5 20.5 L 250.5 20.5 L 250.5 200.5\" fill=\"none\"");
}
END_TEST

START_TEST(reads_labels_as_a_browser_does)
{
    static const char *const cases[][2] = {
        {"a  b\n c", "a b c"},
        {"a<br>b<br>", "a\nb"},
        {"<div>a</div><div>b</div>", "a\nb"},
        {"<script>x</script>a&amp;b&#228;", "a&bä"},
        {"1 &lt; 2 < 3", "1 < 2 < 3"},
        {"<b>bold", "bold"},
        {"<div><br></div>x", "\nx"},
        {"<p>a<div>b</div>", "a\nb"},
        {"<ul><li>a<li>b</ul>", "a\nb"},
        {"&frac34;&check;&nosuch;", "¾✓&nosuch;"},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = label_html_to_text(cases[i][0]);
        ck_assert_str_eq(text, cases[i][1]);
    }
}
END_TEST

START_TEST(fills_in_placeholders)
{
    static const char file[] =
        "<mxfile><diagram name='Plan'>" HEAD
        "<object id='o' label='%name% of %page% %pagenumber%, %none% %%name%' name='Part' placeholders='1'>"
        "<mxCell vertex='1' parent='1' style='html=0'><mxGeometry width='400' height='40' as='geometry'/></mxCell></object>" TAIL
        "</diagram></mxfile>";
    g_autofree char *svg = draw(file, NULL);
    assert_contains(svg, "Part of Plan 1, %none% %name%");
    g_autofree char *reason = first_reason(HEAD "<object id='o' label='%date%' placeholders='1'><mxCell vertex='1' parent='1'>"
                                                "<mxGeometry width='9' height='9' as='geometry'/></mxCell></object>" TAIL);
    assert_contains(reason, "cell 'o': the placeholder 'date'");
}
END_TEST

START_TEST(refuses_colours_that_are_none)
{
    g_autofree char *line = first_reason(HEAD BOX("a", "strokeColor=default;", "0", "0") TAIL),
                    *fill = first_reason(HEAD BOX("b", "fillColor=light-dark(#ff, #000);", "0", "0") TAIL),
                    *text = first_reason(HEAD BOX("c", "fontColor=default;fillColor=inherit;", "0", "0") TAIL);
    assert_contains(line, "cell 'a': the colour 'default' (strokeColor)");
    assert_contains(fill, "cell 'b': the colour 'light-dark(#ff, #000)' (fillColor)");
    ck_assert_str_eq(text, "");
}
END_TEST

START_TEST(draws_what_a_page_shows_in_the_light)
{
    g_autofree char *svg = draw(HEAD BOX("a", "fillColor=light-dark(rgb(255, 0, 1), #000);strokeColor=transparent;", "0", "0") TAIL, NULL);
    assert_contains(svg, "fill=\"#ff0001\"/>");
}
END_TEST

/* As browsers do with their default of 13 px for fonts of one width. */
START_TEST(sets_words_for_sizes_smaller_in_monospace)
{
    g_autofree char *svg = draw(
        HEAD "<mxCell id='a' value='&lt;font size=\"4\"&gt;a&lt;code&gt;b&lt;/code&gt;&lt;/font&gt;' style='html=1;' vertex='1' parent='1'>"
             "<mxGeometry width='80' height='40' as='geometry'/></mxCell>" TAIL,
        NULL);
    assert_contains(svg, "font-size=\"18\" font-family=\"Helvetica\"");
    assert_contains(svg, "font-size=\"16\" font-family=\"monospace\"");
}
END_TEST

#define LABEL(html)                                                                                                                        \
    HEAD "<mxCell id='a' value='" html "' style='html=1;whiteSpace=wrap;align=left;' vertex='1' parent='1'>"                               \
         "<mxGeometry width='200' height='100' as='geometry'/></mxCell>" TAIL

/* As large as the font of the item, not of the heading in it. */
START_TEST(gives_markers_the_look_of_their_item)
{
    g_autofree char *number = draw(LABEL("&lt;ol&gt;&lt;li&gt;&lt;h1&gt;a&lt;/h1&gt;&lt;/li&gt;&lt;/ol&gt;"), NULL);
    g_autofree char *discs = draw(LABEL("&lt;ul&gt;&lt;li&gt;a&lt;ul&gt;&lt;li&gt;b&lt;/ul&gt;&lt;/ul&gt;"), NULL);
    assert_contains(number, "font-size=\"12\" font-family=\"Helvetica\" fill=\"#000000\"");
    assert_contains(number, ">1.</text>");
    assert_contains(discs, "Z\" fill=\"#000000\"");
    assert_contains(discs, "fill=\"none\" stroke=\"#000000\"");
    ck_assert_ptr_null(strstr(discs, "•"));
}
END_TEST

static double last_baseline(const char *svg)
{
    const char *text = g_strrstr(svg, "<text ");
    return g_ascii_strtod(strstr(text, " y=\"") + strlen(" y=\""), NULL);
}

START_TEST(makes_an_empty_paragraph_of_its_end)
{
    g_autofree char *without = draw(LABEL("&lt;div&gt;a&lt;/div&gt;b"), NULL);
    g_autofree char *with = draw(LABEL("&lt;p&gt;&lt;div&gt;a&lt;/div&gt;&lt;/p&gt;b"), NULL);
    ck_assert_double_eq_tol(last_baseline(with) - last_baseline(without), 12, 0.1); /* one above, one below; in the middle of the box */
}
END_TEST

START_TEST(refuses_curved_loops_without_a_style)
{
    g_autofree char *loop =
        first_reason(HEAD BOX("a", "", "0", "0") "<mxCell id='e' style='curved=1;' edge='1' parent='1' source='a' target='a'>"
                                                 "<mxGeometry relative='1' as='geometry'/></mxCell>" TAIL);
    g_autofree char *free_line =
        first_reason(HEAD "<mxCell id='e' style='curved=1;' edge='1' parent='1'><mxGeometry relative='1' as='geometry'>"
                          "<mxPoint x='0' y='0' as='sourcePoint'/><mxPoint x='9' y='0' as='targetPoint'/></mxGeometry></mxCell>" TAIL);
    assert_contains(loop, "a curved loop without an edge style");
    ck_assert_str_eq(free_line, "");
}
END_TEST

#define ELBOW(y)                                                                                                                           \
    HEAD "<mxCell id='e' style='edgeStyle=elbowEdgeStyle;elbow=vertical;' edge='1' parent='1'><mxGeometry relative='1' as='geometry'>"     \
         "<mxPoint x='0' y='0' as='sourcePoint'/><mxPoint x='60' y='" y "' as='targetPoint'/></mxGeometry></mxCell>" TAIL

START_TEST(refuses_elbows_between_loose_ends_on_one_line)
{
    g_autofree char *flat = first_reason(ELBOW("0")), *high = first_reason(ELBOW("30"));
    assert_contains(flat, "an elbow between loose ends that lie on one line");
    ck_assert_str_eq(high, "");
}
END_TEST

START_TEST(inherits_colours_from_layers_too)
{
    g_autofree char *svg = draw(HEAD BOX("a", "fillColor=inherit;strokeColor=inherit;", "0", "0") TAIL, NULL);
    assert_contains(svg, "fill=\"#ffffff\" stroke=\"#000000\"");
}
END_TEST

START_TEST(draws_fat_arrows_with_their_heads)
{
    g_autofree char *svg =
        draw(HEAD "<mxCell id='e' style='shape=flexArrow;' edge='1' parent='1'><mxGeometry relative='1' as='geometry'>"
                  "<mxPoint x='0' y='0' as='sourcePoint'/><mxPoint x='100' y='0' as='targetPoint'/></mxGeometry></mxCell>" TAIL,
             NULL);
    g_autofree char *reason =
        first_reason(HEAD "<mxCell id='e' style='shape=wire;' edge='1' parent='1'><mxGeometry relative='1' as='geometry'>"
                          "<mxPoint x='0' y='0' as='sourcePoint'/><mxPoint x='100' y='0' as='targetPoint'/></mxGeometry></mxCell>" TAIL);
    assert_contains(svg, "<path d=\"M 1 21.5 L 1 11.5 L 81 11.5 L 81 1 L 100 16.5 L 81 32 L 81 21.5 Z");
    assert_contains(reason, "edges of the shape 'wire'");
}
END_TEST

START_TEST(says_what_in_a_label_it_cannot_draw)
{
    static const char *const cases[][2] = {
        {"<p><table><tr>", "the element <table>"},
        {"<foo>x</foo>", "the element <foo>"},
        {"<p style='position:absolute'>", "the style 'position: absolute'"},
        {"<span style='padding: 3px'>", "the style 'padding: 3px'"},
        {"<span style='letter-spacing: 2px'>", "the style 'letter-spacing: 2px'"},
        {"<p dir=rtl>", "the attribute dir=\"rtl\""},
        {"<p style='margin:0px'>a<br/>b<o:p></o:p></p>", NULL},
        {"<span style='letter-spacing: normal; float: none; color: rgb(1, 2, 3); font-size: 12px'>a</span>", NULL},
        {"<!-- <table> --> 1 < 2", NULL},
        {"<div style='background: #ff0'>", "the style 'background: #ff0'"},
        {"<span style='background: #ff0; text-wrap: nowrap; font-size: initial'>", NULL},
        {"<span style='font-size: 2vw'>", "the style 'font-size: 2vw'"},
        {"<span style='line-height: 0'>", "the style 'line-height: 0'"},
        {"<span style='text-decoration: underline wavy'>", "the style 'text-decoration: underline wavy'"},
        {"<p style='text-align: justify'>", "the style 'text-align: justify'"},
        {"<p style='margin: 0 auto'>", NULL},
        {"<span style='color: light-dark(#fff, #000)'>", "the style 'color: light-dark(#fff, #000)'"},
        {"<ol start='3'>", "the attribute start=\"3\""},
        {"a</p>", NULL},
        {"a</br>", "</br>, which closes what is not open,"},
        {"<ul><li><hr>", "<hr> inside of a list item"},
        {"<h1><h3>a", "<h3> inside of a heading"},
        {"<p><b>a<div>", "<div> inside of a styled paragraph"},
        {"a &nosuch; b", "the character &nosuch;"},
        {"a&shy;b", "the soft hyphen"},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *unknown = label_check_html(cases[i][0]);
        if (cases[i][1] == NULL)
            ck_assert_ptr_null(unknown);
        else
            ck_assert_str_eq(unknown, cases[i][1]);
    }
}
END_TEST

START_TEST(draws_pictures_of_an_installed_application)
{
    static const char picture[] = "<svg xmlns='http://www.w3.org/2000/svg' width='4' height='2'><rect width='4' height='2'/></svg>";
    g_autofree char *folder = g_dir_make_tmp("clx-pictures-XXXXXX", NULL), *stencils = g_build_filename(folder, "stencils", NULL),
                    *pictures = g_build_filename(folder, "img", NULL), *path = g_build_filename(pictures, "a.svg", NULL);
    ck_assert(g_mkdir(stencils, 0700) == 0 && g_mkdir(pictures, 0700) == 0 && g_file_set_contents(path, picture, -1, NULL));
    g_autoptr(drawio_file) file = load(HEAD BOX("a", "shape=image;image=img/a.svg;", "0", "0") TAIL);
    g_autoptr(drawio_file) outside = load(HEAD BOX("a", "shape=image;image=img/../img/a.svg;", "0", "0") TAIL);
    ck_assert(!drawio_can_draw(file, &svg_options, NULL));
    drawio_file_set_stencils(file, stencils);
    drawio_file_set_stencils(outside, stencils);
    ck_assert(drawio_can_draw(file, &svg_options, NULL));
    ck_assert(!drawio_can_draw(outside, &svg_options, NULL));
    g_autoptr(GBytes) svg = drawio_draw(file, &svg_options, NULL, NULL);
    g_autofree char *text = g_strndup(g_bytes_get_data(svg, NULL), g_bytes_get_size(svg));
    assert_contains(text, "preserveAspectRatio=\"none\" xlink:href=\"data:image/svg+xml;base64,"); /* a browser stretches it */
    g_unlink(path);
    g_rmdir(pictures);
    g_rmdir(stencils);
    g_rmdir(folder);
}
END_TEST

START_TEST(draws_stencils_of_an_installed_application)
{
    static const char library[] =
        "<shapes name='mxgraph.demo'><shape name='Two Lines' w='100' h='50' aspect='variable' strokewidth='inherit'>"
        "<foreground><path><move x='0' y='0'/><line x='100' y='50'/></path><stroke/></foreground></shape>"
        "<shape name='Words' w='9' h='9'><foreground><text str='x'/></foreground></shape></shapes>";
    g_autofree char *folder = g_dir_make_tmp("clx-stencils-XXXXXX", NULL), *path = g_build_filename(folder, "demo.xml", NULL);
    ck_assert(g_file_set_contents(path, library, -1, NULL));
    g_autoptr(drawio_file) file = load(HEAD BOX("a", "shape=mxgraph.demo.two_lines;", "0", "0") TAIL);
    g_autoptr(drawio_file) words = load(HEAD BOX("a", "shape=mxgraph.demo.words;", "0", "0") TAIL);
    ck_assert(!drawio_can_draw(file, &svg_options, NULL));
    drawio_file_set_stencils(file, folder);
    drawio_file_set_stencils(words, folder);
    ck_assert(drawio_can_draw(file, &svg_options, NULL));
    ck_assert(!drawio_can_draw(words, &svg_options, NULL));
    g_autoptr(GBytes) svg = drawio_draw(file, &svg_options, NULL, NULL);
    g_autofree char *text = g_strndup(g_bytes_get_data(svg, NULL), g_bytes_get_size(svg));
    assert_contains(text, "M 0.5 0.5 L 100.5 40.5\"");
    g_unlink(path);
    g_rmdir(folder);
}
END_TEST

START_TEST(draws_icons_of_clouds_inside_of_their_boxes)
{
    static const char library[] = "<shapes name='mxgraph.demo'><shape name='Bar' w='10' h='10' aspect='fixed' strokewidth='inherit'>"
                                  "<foreground><path><move x='0' y='0'/><line x='10' y='10'/><line x='0' y='10'/><close/></path>"
                                  "<fillstroke/></foreground></shape></shapes>";
    static const char *const cases[][2] = {
        {"mxgraph.aws4.resourceIcon;resIcon=mxgraph.demo.bar",
         "M 18.5 8.5 L 82.5 72.5 L"}, /* in boxes of 100 by 80; the line is half a unit */
        {"mxgraph.aws4.productIcon;prIcon=mxgraph.demo.bar", "M 16.5 16.5 L 84.5 84.5 L"},
        {"mxgraph.aws4.group;grIcon=mxgraph.demo.bar", "M 0.5 0.5 L 25.5 25.5 L"},
        {"mxgraph.aws4.groupCenter;grIcon=mxgraph.demo.bar", "M 38 0.5 L 63 25.5 L"},
        {"mxgraph.aws4.group2;grIcon=mxgraph.demo.bar", "M 3 3 L 23 23 L"},
        {"mxgraph.gcp2.hexIcon;prIcon=bar", "M 23.3 13.3 L 77.7 67.7 L"},
        {"mxgraph.gcp2.doubleRect", "M 9.5 8.5"}, /* the one behind */
        {"mxgraph.aws4.group;grIcon=mxgraph.demo.foo", NULL},
        {"mxgraph.aws4.group", "M 0.5 0.5 L 100.5 0.5"},
    };
    g_autofree char *folder = g_dir_make_tmp("clx-icons-XXXXXX", NULL), *path = g_build_filename(folder, "demo.xml", NULL),
                    *other = g_build_filename(folder, "gcp2.xml", NULL);
    ck_assert(g_file_set_contents(path, library, -1, NULL) && g_file_set_contents(other, library, -1, NULL));
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text =
            g_strdup_printf(HEAD "<mxCell id='k' style='shape=%s;' vertex='1' parent='1'><mxGeometry width='100' height='80' "
                                 "as='geometry'/></mxCell>" TAIL,
                            cases[i][0]);
        g_autoptr(drawio_file) file = load(text);
        g_autoptr(GPtrArray) reasons = g_ptr_array_new_with_free_func(g_free);
        drawio_file_set_stencils(file, folder);
        ck_assert_int_eq(drawio_can_draw(file, &svg_options, reasons), cases[i][1] != NULL);
        if (cases[i][1] == NULL)
            assert_contains(reasons->pdata[0], "the shape 'mxgraph.demo.foo' as the icon of 'mxgraph.aws4.group'");
        g_autoptr(GBytes) svg = drawio_draw(file, &svg_options, NULL, NULL);
        g_autofree char *drawn = g_strndup(g_bytes_get_data(svg, NULL), g_bytes_get_size(svg));
        assert_contains(drawn, cases[i][1] != NULL ? cases[i][1] : "M 0.5 0.5 L 100.5 0.5");
    }
    g_unlink(other);
    g_unlink(path);
    g_rmdir(folder);
}
END_TEST

START_TEST(warns_of_a_font_that_is_missing)
{
    g_autofree char *warning = first_warning(HEAD BOX("a", "fontFamily=No Such Font;", "0", "0") TAIL);
    assert_contains(warning, "the font 'No Such Font' is not installed");
}
END_TEST

START_TEST(forgets_the_fonts_of_a_drawing)
{
    g_autofree char *svg = draw(HEAD BOX("a", "fontFamily=No Such Font;", "0", "0")
                                    BOX("&lt;font face=&apos;Nor This One&apos;&gt;b&lt;/font&gt;", "html=1;", "0", "0") TAIL,
                                NULL);
    assert_contains(svg, "Nor This One");
    ck_assert_uint_eq(g_quark_try_string("No Such Font"), 0);
    ck_assert_uint_eq(g_quark_try_string("Nor This One"), 0);
}
END_TEST

START_TEST(cuts_long_lists_of_families_between_letters)
{
    struct text_style style = {.size = 12}, same = {.size = 12};
    GString *long_list = g_string_new("'x'");
    while (long_list->len < 1000)
        g_string_append(long_list, "\xc3\xa4");
    text_style_set_family(&style, long_list->str);
    ck_assert_uint_eq(strlen(style.family), MAX_FAMILY - 1);
    g_string_insert(long_list, 0, "y");
    text_style_set_family(&style, long_list->str);
    ck_assert_uint_eq(strlen(style.family), MAX_FAMILY - 2);
    ck_assert(g_utf8_validate(style.family, -1, NULL));
    text_style_set_family(&style, "\"Arial\", serif");
    text_style_set_family(&same, "Arial, serif");
    ck_assert_mem_eq(&style, &same, sizeof style);
    g_string_free(long_list, TRUE);
}
END_TEST

static bool has_read_fonts(void)
{
    g_autofree char *maps = NULL;
    ck_assert(g_file_get_contents("/proc/self/maps", &maps, NULL, NULL));
    return strstr(maps, "/fonts/") != NULL;
}

START_TEST(identifies_itself_without_reading_fonts)
{
    g_autofree char *fingerprint = drawio_native_fingerprint();
    ck_assert(!has_read_fonts());
    g_autofree char *svg = draw(HEAD BOX("a", "", "0", "0") TAIL, NULL);
    ck_assert(has_read_fonts());
    assert_contains(fingerprint, "pango 1.");
}
END_TEST

/* Processor time of drawing a page with one edge that has `n_points` and 5000 empty labels. */
static double time_labels_of_edge(unsigned n_points)
{
    GString *text = g_string_new(HEAD "<mxCell id='e' edge='1' parent='1'><mxGeometry relative='1' as='geometry'>"
                                      "<mxPoint as='sourcePoint'/><mxPoint x='9' y='9' as='targetPoint'/><Array as='points'>");
    for (unsigned i = 0; i < n_points; i++)
        g_string_append_printf(text, "<mxPoint x='%u' y='%u'/>", i, i % 7);
    g_string_append(text, "</Array></mxGeometry></mxCell>");
    for (unsigned i = 0; i < 5000; i++)
        g_string_append_printf(text,
                               "<mxCell id='l%u' style='edgeLabel' vertex='1' connectable='0' parent='e'>"
                               "<mxGeometry x='0.9' relative='1' as='geometry'/></mxCell>",
                               i);
    g_string_append(text, TAIL);
    clock_t start = clock();
    g_autofree char *svg = draw(text->str, NULL);
    clock_t end = clock();
    g_string_free(text, TRUE);
    return (double)(end - start);
}

START_TEST(places_many_labels_on_a_long_edge_quickly)
{
    time_labels_of_edge(1); /* loads the libraries */
    double few = time_labels_of_edge(1), many = time_labels_of_edge(4900);
    ck_assert_msg(many < 3 * few, "%.0f and %.0f clocks", few, many);
}
END_TEST

START_TEST(draws_no_line_that_is_wider_than_any)
{
    static const char page[] = HEAD BOX("a", "strokeWidth=1e9;", "0", "0") TAIL;
    g_autofree char *reason = first_reason(page), *warning = first_warning(page), *svg = draw(page, NULL);
    g_autofree char *wide = first_reason(HEAD BOX("a", "strokeWidth=1000;", "0", "0") TAIL);
    assert_contains(reason, "page 1 'Page-1', cell 'a': a line 1000000 units wide (at most 1000)");
    assert_contains(warning, "page 1 'Page-1', cell 'a' is simplified: a line 1000000 units wide");
    assert_contains(svg, "width=\"101\" height=\"41\"");
    ck_assert_str_eq(wide, "");
}
END_TEST

static cairo_status_t read_png(void *closure, unsigned char *to, unsigned length)
{
    GByteArray *left = closure;
    if (length > left->len)
        return CAIRO_STATUS_READ_ERROR;
    memcpy(to, left->data, length);
    g_byte_array_remove_range(left, 0, length);
    return CAIRO_STATUS_SUCCESS;
}

/* Cairo keeps a path that is filled only; pango adds the lines under a text to it. */
START_TEST(does_not_fill_shapes_again_with_the_lines_of_text)
{
    static const char page[] = HEAD "<mxCell id='a' value='&lt;u&gt;x&lt;/u&gt;' "
                                    "style='html=1;fillColor=#ffff00;strokeColor=none;fontColor=#0000ff;' vertex='1' parent='1'>"
                                    "<mxGeometry width='80' height='40' as='geometry'/></mxCell>" TAIL;
    struct picture_options options = {.format = PICTURE_PNG, .scale = 1, .border = 0};
    g_autoptr(drawio_file) file = load(page);
    g_autoptr(GBytes) png = drawio_draw(file, &options, NULL, NULL);
    ck_assert_ptr_nonnull(png);
    GByteArray *left = g_bytes_unref_to_array(g_bytes_ref(png));
    cairo_surface_t *surface = cairo_image_surface_create_from_png_stream(read_png, left);
    ck_assert_int_eq(cairo_surface_status(surface), CAIRO_STATUS_SUCCESS);
    const guint32 *row =
        (const guint32 *)(void *)(cairo_image_surface_get_data(surface) + 3 * (gsize)cairo_image_surface_get_stride(surface));
    ck_assert_uint_eq(row[3] & 0xffffff, 0xffff00);
    cairo_surface_destroy(surface);
    g_byte_array_unref(left);
}
END_TEST

/* Rows that are equal, that go on from left to right, from top to bottom, and that do neither. */
static guint32 pixel_at(unsigned x, unsigned y)
{
    guint32 value = y < 3 ? 0 : y < 20 ? x : y < 40 ? y : (x * 2654435761u ^ y * 40503u) >> 7 & 255;
    return (value * 7 & 255) << 16 | (value * 3 & 255) << 8 | value;
}

START_TEST(packs_the_pixels_that_it_is_given)
{
    enum { WIDTH = 300, HEIGHT = 300 };
    g_autofree guint32 *pixels = g_new(guint32, WIDTH * HEIGHT);
    for (int has_alpha = 0; has_alpha < 2; has_alpha++) {
        for (unsigned i = 0; i < WIDTH * HEIGHT; i++) {
            guint32 pixel = pixel_at(i % WIDTH, i / WIDTH);
            pixels[i] = !has_alpha || i % 5 != 0 ? 0xff000000 | pixel : i % 2 == 0 ? 0 : 0x80000000 | (pixel >> 1 & 0x7f7f7f);
        }
        g_autoptr(GBytes) png = png_encode((const unsigned char *)pixels, WIDTH, HEIGHT, WIDTH * 4, has_alpha);
        GByteArray *left = g_bytes_unref_to_array(g_bytes_ref(png));
        cairo_surface_t *surface = cairo_image_surface_create_from_png_stream(read_png, left);
        ck_assert_int_eq(cairo_surface_status(surface), CAIRO_STATUS_SUCCESS);
        ck_assert_int_eq(cairo_image_surface_get_stride(surface), WIDTH * 4);
        const guint32 *decoded = (const guint32 *)(const void *)cairo_image_surface_get_data(surface);
        for (unsigned i = 0; i < WIDTH * HEIGHT; i++)
            ck_assert_uint_eq(decoded[i], pixels[i]);
        cairo_surface_destroy(surface);
        g_byte_array_unref(left);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("drawio");
    TCase *cases = tcase_create("renderer");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, draws_a_box_with_its_text);
    tcase_add_test(cases, gives_the_same_bytes_each_time);
    tcase_add_test(cases, says_before_drawing_which_cell_it_cannot_draw);
    tcase_add_test(cases, leaves_broken_cells_out_with_a_warning);
    tcase_add_test(cases, names_what_is_broken_in_a_file);
    tcase_add_test(cases, refuses_a_page_that_is_not_there);
    tcase_add_test(cases, shows_the_layers_that_are_asked_for);
    tcase_add_test(cases, refuses_pictures_that_are_too_large);
    tcase_add_test(cases, leaves_labels_out_that_would_take_too_long);
    tcase_add_test(cases, reads_pages_of_more_than_ten_megabytes);
    tcase_add_test(cases, refuses_images_whose_filters_take_too_long);
    tcase_add_test(cases, refuses_more_pages_than_anybody_has);
    tcase_add_test(cases, refuses_what_unpacks_to_too_much);
    tcase_add_test(cases, routes_edges_around_their_ends);
    tcase_add_test(cases, reads_labels_as_a_browser_does);
    tcase_add_test(cases, draws_what_a_page_shows_in_the_light);
    tcase_add_test(cases, inherits_colours_from_layers_too);
    tcase_add_test(cases, sets_words_for_sizes_smaller_in_monospace);
    tcase_add_test(cases, gives_markers_the_look_of_their_item);
    tcase_add_test(cases, makes_an_empty_paragraph_of_its_end);
    tcase_add_test(cases, refuses_curved_loops_without_a_style);
    tcase_add_test(cases, refuses_elbows_between_loose_ends_on_one_line);
    tcase_add_test(cases, does_not_fill_shapes_again_with_the_lines_of_text);
    tcase_add_test(cases, fills_in_placeholders);
    tcase_add_test(cases, refuses_colours_that_are_none);
    tcase_add_test(cases, draws_fat_arrows_with_their_heads);
    tcase_add_test(cases, says_what_in_a_label_it_cannot_draw);
    tcase_add_test(cases, draws_pictures_of_an_installed_application);
    tcase_add_test(cases, draws_stencils_of_an_installed_application);
    tcase_add_test(cases, draws_icons_of_clouds_inside_of_their_boxes);
    tcase_add_test(cases, warns_of_a_font_that_is_missing);
    tcase_add_test(cases, forgets_the_fonts_of_a_drawing);
    tcase_add_test(cases, cuts_long_lists_of_families_between_letters);
    tcase_add_test(cases, identifies_itself_without_reading_fonts);
    tcase_add_test(cases, places_many_labels_on_a_long_edge_quickly);
    tcase_add_test(cases, draws_no_line_that_is_wider_than_any);
    tcase_add_test(cases, packs_the_pixels_that_it_is_given);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
