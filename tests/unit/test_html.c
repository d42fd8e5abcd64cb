#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "notebook/ansi.h"
#include "notebook/html.h"
#include "notebook/html_fragment.h"

static char *render(enum cell_type type, const char *source, json_t *metadata, json_t *outputs)
{
    g_autoptr(json_t) own_metadata = metadata != NULL ? metadata : json_object();
    g_autoptr(json_t) own_outputs = outputs;
    struct cell cell = {.type = type, .source = (char *)source, .metadata = own_metadata, .outputs = own_outputs, .execution_count = 3};
    g_autoptr(GPtrArray) cells = g_ptr_array_new();
    g_ptr_array_add(cells, &cell);
    struct notebook notebook = {.cells = cells, .prog_lang = PROG_LANG_PYTHON};
    struct html_options options = {.title = "A <title>", .language = "en", .kind = KIND_COMPLETED, .author = "A & B"};
    return html_render(&notebook, &options);
}

static void assert_contains(const char *text, const char *part)
{
    ck_assert_msg(strstr(text, part) != NULL, "%s is missing", part);
}

static void assert_lacks(const char *text, const char *part)
{
    ck_assert_msg(strstr(text, part) == NULL, "%s should not be there", part);
}

static void assert_fragment(const char *fragment, const char *wanted)
{
    g_autoptr(GString) out = g_string_new(NULL);
    html_append_fragment(out, fragment, &(struct html_origin){0});
    ck_assert_str_eq(out->str, wanted);
}

static void assert_output_style(const char *css, const char *wanted)
{
    g_autofree char *fragment = g_strdup_printf("<style>%s</style>", css);
    g_autofree char *whole = wanted != NULL ? g_strdup_printf("<style>@scope {%s}</style>", wanted) : g_strdup("");
    g_autoptr(GString) out = g_string_new(NULL);
    html_append_fragment(out, fragment, &(struct html_origin){.is_output = true});
    ck_assert_str_eq(out->str, whole);
}

static void assert_ansi(const char *text, const char *wanted)
{
    g_autoptr(GString) out = g_string_new(NULL);
    ansi_append_html(out, text);
    ck_assert_str_eq(out->str, wanted);
}

START_TEST(code_has_its_prompt_and_colours)
{
    g_autofree char *page = render(CELL_CODE, "def f(): return '<b>'", NULL, NULL);
    assert_contains(page, "In [3]:");
    assert_contains(page, "<span class=\"k\">def</span> <span class=\"nf\">f</span>");
    assert_contains(page, "&#39;&lt;b&gt;&#39;");
    assert_contains(page, "<title>A &lt;title&gt;</title>");
    assert_contains(page, "A &amp; B");
}
END_TEST

START_TEST(styles_of_outputs_hold_in_their_place_only)
{
    static const char *const kept[] = {
        ".a { color: red }",
        "/* } */ .a::before { content: \"}\" }",
        ".a { background: url( data:image/png;base64,x'y ) }",
        "@media (width < 9em) { .a { content: '\\'}' } }",
        ".a { background: url( 'img/x.png' ); width: calc(1px) } #url { color: red }",
        ".a > .\xc3\xa4 { color: var(--x) }",
        "",
    };
    static const char *const refused[] = {
        "} body { display: none } .a {",
        ".a { content: '}",
        ".a { content: '\n' } } b { c: '",
        ".a { background: url(x') } } b { c: url('y) }",
        "\\75rl(x')} b {} .c { d: url(')",
        "/* ",
        "a { b: (] }",
        "xurl(/*) { url(*/) } b {}",
        "#url(/*) { url(*/) } b {}",
        "@url(/*) { url(*/) } b {}",
        "<url(/*) { url(*/) } b {}",
        "\xc3\x97url(} b {} a{b:c(/*){)/**/}}",
        "a { b: url(//evil.example/x) }",
        "a { b: url( '/\\2f evil.example' ) }",
        "a { b: image-set('//evil.example/x' 1x) }",
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(kept); i++)
        assert_output_style(kept[i], kept[i]);
    for (unsigned i = 0; i < G_N_ELEMENTS(refused); i++)
        assert_output_style(refused[i], NULL);
    assert_output_style(".a { content: '<!--' }", ".a { content: '\\3c !--' }");
}
END_TEST

START_TEST(page_asks_no_other_host)
{
    g_autofree char *page = render(CELL_MARKDOWN, "$x$ ![p](img/x.png)", NULL, NULL);
    assert_contains(page, "default-src 'none'");
    assert_contains(page, "<img src=\"img/x.png\" alt=\"p\">");
    assert_contains(page, "<span class=\"maths\">$x$</span>");
    assert_lacks(page, "src=\"http");
    assert_lacks(page, "url(fonts/");
}
END_TEST

START_TEST(katex_is_only_in_pages_with_maths)
{
    g_autofree char *without = render(CELL_MARKDOWN, "costs $5 and $6 more", NULL, NULL);
    ck_assert_uint_lt(strlen(without), 60000);
    assert_lacks(without, "@font-face");
}
END_TEST

START_TEST(the_richest_output_is_shown)
{
    json_t *outputs = json_pack("[{s:s, s:i, s:{s:s, s:[s,s]}}]", "output_type", "execute_result", "execution_count", 3, "data",
                                "text/plain", "PLAIN", "text/html", "<i>ri", "ch</i>");
    g_autofree char *page = render(CELL_CODE, "x", NULL, outputs);
    assert_contains(page, "Out[3]:");
    assert_contains(page, "<i>rich</i>");
    assert_lacks(page, "PLAIN");
}
END_TEST

START_TEST(outputs_stay_in_their_place)
{
    json_t *outputs = json_pack("[{s:s, s:{s:s}}, {s:s, s:s, s:s}]", "output_type", "display_data", "data", "text/html",
                                "</div></main><script>alert(1)</script><img src=x onerror=alert(2)><!-- <b>", "output_type", "stream",
                                "name", "stderr", "text", "<script>alert(3)</script>");
    g_autofree char *page = render(CELL_CODE, "x", NULL, outputs);
    assert_contains(page, "<div class=\"rich\"><img src=\"x\" alt=\"\"></div>");
    assert_contains(page, "&lt;script&gt;alert(3)");
    assert_lacks(page, "alert(1)");
    assert_lacks(page, "onerror");
}
END_TEST

START_TEST(errors_keep_their_colours)
{
    json_t *outputs = json_pack("[{s:s, s:s, s:s, s:[s, s]}]", "output_type", "error", "ename", "E", "evalue", "v", "traceback",
                                "\033[0;31mE\033[0m", "<b>");
    g_autofree char *page = render(CELL_CODE, "x", NULL, outputs);
    assert_contains(page, "class=\"out error\"><pre><span class=\"a1\">E</span>\n&lt;b&gt;</pre>");
}
END_TEST

START_TEST(malformed_outputs_do_no_harm)
{
    json_t *outputs = json_pack("[n, i, s, {}, {s:s}, {s:s, s:i}, {s:s, s:{s:i}}]", 7, "x", "output_type", "error", "output_type", "stream",
                                "text", 5, "output_type", "display_data", "data", "text/html", 3);
    g_autofree char *page = render(CELL_CODE, "x", json_pack("{s:i, s:s}", "slideshow", 1, "tags", "t"), outputs);
    assert_contains(page, "</html>");
}
END_TEST

START_TEST(slides_are_marked_by_metadata_or_tag)
{
    g_autofree char *by_metadata = render(CELL_MARKDOWN, "x", json_pack("{s:{s:s}}", "slideshow", "slide_type", "subslide"), NULL);
    assert_contains(by_metadata, "data-slide=\"subslide\"");
    g_autofree char *by_tag = render(CELL_MARKDOWN, "x", json_pack("{s:[s,s]}", "tags", "keep", "notes"), NULL);
    assert_contains(by_tag, "<aside class=\"cell text\" data-slide=\"notes\" aria-label=\"Speaker notes\">");
}
END_TEST

START_TEST(fragments_are_balanced)
{
    assert_fragment("<b>x<i>y</b>z</i>", "<b>x<i>y</i></b>z");
    assert_fragment("<div><p>a<br>b", "<div><p>a<br>b</p></div>");
    assert_fragment("1 < 2 <a title='x\"y' ONCLICK=z>", "1 &lt; 2 <a title=\"x&quot;y\"></a>");
    assert_fragment("<style>a</div><b></style>c", "<style>a\\3c /div>\\3c b></style>c");
    assert_fragment("a<b title=\"x", "a&lt;b title=\"x");
    assert_fragment("<svg><path d='1'/><g/></svg>", "<svg><path d=\"1\"></path><g></g></svg>");
    assert_fragment("<html><body onload=x><base href=y>t</body>", "t");
}
END_TEST

/* What a parser would do by itself is written out, so that no end tag can mean an element around the fragment. */
START_TEST(elements_end_where_a_parser_ends_them)
{
    assert_fragment("<li><div><li>x</li></div></li>", "<li><div></div></li><li>x</li>");
    assert_fragment("<ul><li><ul><li>x</ul><li>y</ul>", "<ul><li><ul><li>x</li></ul></li><li>y</li></ul>");
    assert_fragment("<dt><div><dd>x", "<dt><div></div></dt><dd>x</dd>");
    assert_fragment("<p><i>a<div>b</div></i>c</p>", "<p><i>a</i></p><div>b</div>c");
    assert_fragment("<h1>a<h2>b", "<h1>a</h1><h2>b</h2>");
    assert_fragment("<a>a<div><a>b", "<a>a<div></div></a><a>b</a>");
    assert_fragment("<button>a<div><button>b", "<button>a<div></div></button><button>b</button>");
    assert_fragment("<ruby>a<rt>b<rt>c</ruby><rt>d", "<ruby>a<rt>b</rt><rt>c</rt></ruby>d");
    assert_fragment("<div><main>a</div></main>", "<div>a</div>");
    assert_fragment("<textarea><b></textarea><select><option>a<form><template>", "<b>a</b>");
}
END_TEST

START_TEST(parts_of_tables_stand_in_tables_only)
{
    assert_fragment("<tr><td>a</td></tr></table>", "a");
    assert_fragment("<table><tr><td>a<td>b<tr><th>c</table>",
                    "<table><tbody><tr><td>a</td><td>b</td></tr><tr><th>c</th></tr></tbody></table>");
    assert_fragment("<table><col><div><caption>a</table>", "<table><colgroup><col></colgroup><caption>a</caption></table>");
    assert_fragment("<table>a<tr><td>b", "<table><tbody><tr><td>a</td></tr><tr><td>b</td></tr></tbody></table>");
    assert_fragment("<table><td></div><table><td>a</table></table>",
                    "<table><tbody><tr><td><table><tbody><tr><td>a</td></tr></tbody></table></td></tr></tbody></table>");
}
END_TEST

START_TEST(svg_holds_no_html)
{
    assert_fragment("<svg><main><p>a</p></main></svg>b", "<svg></svg><p>a</p>b");
    assert_fragment("<svg><g><foreignObject><title><input>a</g><image href='x'/></svg>", "<svg><g>a</g><image href=\"x\"></image></svg>");
    assert_fragment("<math><mi>x</mi><a>y</a><svg></math><svg><style>a{b:'&amp;'}<p></style></svg>", "<math><mi>x</mi>y</math><svg></svg>");
    assert_fragment("<svg><style><p><plaintext></style>", "<svg><style>\\3c p>\\3c plaintext></style></svg>");
}
END_TEST

START_TEST(attributes_stay_in_their_element)
{
    assert_fragment("<img src=//evil.example/x><img src=/a/b.png alt=x>", "<img src=\"data:,\" alt=\"\"><img src=\"/a/b.png\" alt=\"x\">");
    assert_fragment("<img src='/&#47;evil.example'><img src=file:x>", "<img src=\"data:,\" alt=\"\"><img src=\"data:,\" alt=\"\">");
    assert_fragment("<a href='java&#115;cript:x'></a><a href=' JavaScript:x'></a>", "<a></a><a></a>");
    assert_fragment("<a href='x\"y'></a><a href='<y'></a><a href='x/\"'></a>", "<a></a><a></a><a href=\"x/&quot;\"></a>");
    assert_fragment("<a href='data:text/html,x'></a><a href='a&amp;b:c?d=&lt;'></a>", "<a></a><a href=\"a&amp;b:c?d=&lt;\"></a>");
    assert_fragment("<a href='https://x/' download name=a></a><img name=body src=x alt>",
                    "<a href=\"https://x/\" download name=\"a\"></a><img src=\"x\" alt>");
    assert_fragment("<button popovertarget=x autofocus formaction=y>", "<button></button>");
    assert_fragment("<iframe src=x><b></iframe>a", "a");
    assert_fragment("<iframe width=3 src='https://x/?a=\"1\"&b'>t</iframe>b",
                    "<a href=\"https://x/?a=&quot;1&quot;&b\">https://x/?a=&quot;1&quot;&b</a>b");
    assert_fragment("<table><iframe src='http://x/'></iframe><tr><td>a",
                    "<table><tbody><tr><td>http://x/</td></tr><tr><td>a</td></tr></tbody></table>");
}
END_TEST

START_TEST(outputs_take_no_name_of_the_page)
{
    g_autoptr(GHashTable) ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GString) out = g_string_new(NULL);
    html_append_fragment(out, "<i id=mine></i>", &(struct html_origin){.ids = ids});
    html_append_fragment(out, "<b id=mine></b><b id='&#109;ine'></b><b id=own></b>", &(struct html_origin){.is_output = true, .ids = ids});
    ck_assert_str_eq(out->str, "<i id=\"mine\"></i><b></b><b></b><b id=\"own\"></b>");
}
END_TEST

START_TEST(styles_of_an_output_s_element_load_nothing)
{
    g_autoptr(GString) out = g_string_new(NULL);
    html_append_fragment(
        out, "<b style='font:&quot;A&quot;'></b><b style='x:u&#114;l(y)'></b><b style='x:\\75rl(y)'></b><b style='x:url(//y)'></b>",
        &(struct html_origin){.is_output = true});
    ck_assert_str_eq(out->str, "<b style=\"font:&quot;A&quot;\"></b><b></b><b></b><b></b>");
}
END_TEST

START_TEST(characters_that_html_forbids_are_replaced)
{
    assert_ansi("a\xc2\x85\xef\xbf\xbe\xef\xbf\xbd\xc3\xa4", "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xc3\xa4");
}
END_TEST

START_TEST(terminal_colours)
{
    assert_ansi("a<\033[1;32mb\033[0mc", "a&lt;<span class=\"a2 a-b\">b</span>c");
    assert_ansi("\033[38;5;196mx\033[39my", "<span class=\"a\" style=\"--l:#cc0000;--d:#ff6666;\">x</span>y");
    assert_ansi("\033[48;2;0;0;0mx", "<span style=\"color:#ffffff;background:#000000\">x</span>");
    assert_ansi("10%\r20%\nok\r\n\033]0;title\a\033[2Kz\033[", "20%\nok\nz");
    assert_ansi("\033[38;5m\033[38;2;1mx\033[0m\001", "x\xef\xbf\xbd");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("html");
    TCase *tcase = tcase_create("html");
    tcase_add_test(tcase, code_has_its_prompt_and_colours);
    tcase_add_test(tcase, styles_of_outputs_hold_in_their_place_only);
    tcase_add_test(tcase, page_asks_no_other_host);
    tcase_add_test(tcase, katex_is_only_in_pages_with_maths);
    tcase_add_test(tcase, the_richest_output_is_shown);
    tcase_add_test(tcase, outputs_stay_in_their_place);
    tcase_add_test(tcase, errors_keep_their_colours);
    tcase_add_test(tcase, malformed_outputs_do_no_harm);
    tcase_add_test(tcase, slides_are_marked_by_metadata_or_tag);
    tcase_add_test(tcase, fragments_are_balanced);
    tcase_add_test(tcase, elements_end_where_a_parser_ends_them);
    tcase_add_test(tcase, parts_of_tables_stand_in_tables_only);
    tcase_add_test(tcase, svg_holds_no_html);
    tcase_add_test(tcase, attributes_stay_in_their_element);
    tcase_add_test(tcase, outputs_take_no_name_of_the_page);
    tcase_add_test(tcase, styles_of_an_output_s_element_load_nothing);
    tcase_add_test(tcase, characters_that_html_forbids_are_replaced);
    tcase_add_test(tcase, terminal_colours);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
