#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "notebook/markdown.h"

static void assert_html(const char *text, const char *wanted)
{
    g_autoptr(markdown) markdown = markdown_new();
    g_autoptr(GString) out = g_string_new(NULL);
    markdown_append_html(out, text, markdown);
    ck_assert_str_eq(out->str, wanted);
}

START_TEST(blocks_and_inlines)
{
    assert_html("a *b* **c** ~~d~~ `e<`", "<p>a <em>b</em> <strong>c</strong> <del>d</del> <code>e&lt;</code></p>\n");
    assert_html("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n");
    assert_html("3. a\n\n4. b", "<ol start=\"3\">\n<li><p>a</p>\n</li>\n<li><p>b</p>\n</li>\n</ol>\n");
    assert_html("> q\n\n---", "<blockquote>\n<p>q</p>\n</blockquote>\n<hr>\n");
    assert_html("- [x] t", "<ul>\n<li class=\"task\"><input type=\"checkbox\" disabled checked aria-label=\"☑\"> t</li>\n</ul>\n");
}
END_TEST

START_TEST(tables_have_their_alignments)
{
    assert_html("| a | b |\n|:-:|---|\n| 1 | $|x|$ |",
                "<div class=\"table\"><table>\n<thead><tr><th style=\"text-align:center\">a</th><th>b</th></tr></thead>\n<tbody>\n"
                "<tr><td style=\"text-align:center\">1</td><td><span class=\"maths\">$|x|$</span></td></tr>\n</tbody></table></div>\n");
}
END_TEST

START_TEST(links_and_pictures)
{
    assert_html("[a](x?b=1&c=\"d\")", "<p><a href=\"x?b=1&amp;c=%22d%22\">a</a></p>\n");
    assert_html("[a](javascript:x)", "<p><a>a</a></p>\n");
    assert_html("![a *b*](img/p.png \"t\")", "<p><img src=\"img/p.png\" alt=\"a b\" title=\"t\"></p>\n");
    assert_html("<img src=\"img/x.png\" width=3>", "<img src=\"img/x.png\" width=\"3\" alt=\"\">\n");
}
END_TEST

START_TEST(maths_is_kept_from_markdown)
{
    assert_html("$a_1*b_2*c$", "<p><span class=\"maths\">$a_1*b_2*c$</span></p>\n");
    assert_html("$$\na\\\\b\n$$", "<p><span class=\"maths display\">$$\na\\\\b\n$$</span></p>\n");
    assert_html("\\$5 and $6", "<p>$5 and $6</p>\n");
    assert_html("`$x$` $ y $", "<p><code>$x$</code> $ y $</p>\n");
    assert_html("```\n$x$\n```", "<div class=\"source\"><pre><code>$x$</code></pre></div>\n");
    assert_html("    $x$", "<div class=\"source\"><pre><code>$x$</code></pre></div>\n");
    assert_html("<b title=\"$x$\">$y$</b>", "<p><b title=\"$x$\"><span class=\"maths\">$y$</span></b></p>\n");
    assert_html("\\begin{align}a&b\\end{align}", "<p><span class=\"maths display\">\\begin{align}a&amp;b\\end{align}</span></p>\n");
}
END_TEST

START_TEST(headings_have_ids_of_their_own)
{
    g_autoptr(markdown) markdown = markdown_new();
    g_autoptr(GString) out = g_string_new(NULL);
    markdown_append_html(out, "# A b `c`\n\n## A b c\n\nx[^1] y[^1]\n\n[^1]: n", markdown);
    ck_assert_uint_eq(markdown->headings->len, 2);
    const struct heading *second = markdown->headings->pdata[1];
    ck_assert_str_eq(second->id, "A-b-c-1");
    ck_assert_str_eq(second->text, "A b c");
    ck_assert_ptr_nonnull(strstr(out->str, "<li id=\"fn-1-1\">"));
    ck_assert_ptr_nonnull(strstr(out->str, "<sup class=\"footnote\" id=\"fnref-1-1\"><a href=\"#fn-1-1\">1</a></sup> y<sup"));
}
END_TEST

/* What the parser makes of a bracket over two lines is cut, but it is UTF-8 and ends where it ends. */
START_TEST(bracket_with_a_caret_may_go_over_two_lines)
{
    g_autoptr(markdown) markdown = markdown_new();
    g_autoptr(GString) out = g_string_new(NULL);
    assert_html("[^a b\n\xe2\x82\xac x] y", "<p>[^a b\n\xe2\x82\xac x] y</p>\n");
    markdown_append_html(out, "[^a\n\xe2\x82\xac\xe2\x82\xac``] [^n]\n\n[^n]: note", markdown);
    ck_assert(g_utf8_validate(out->str, -1, NULL));
    ck_assert_msg(strstr(out->str, "note") != NULL, "%s", out->str);
}
END_TEST

START_TEST(fences_have_colours)
{
    assert_html("```python\nif x:\n```", "<div class=\"source\"><pre><code><span class=\"k\">if</span> <span class=\"n\">x</span><span "
                                         "class=\"p\">:</span></code></pre></div>\n");
    assert_html("```nothing\n<&\n```", "<div class=\"source\"><pre><code>&lt;&amp;</code></pre></div>\n");
}
END_TEST

START_TEST(attachments_are_put_in)
{
    g_autoptr(markdown) markdown = markdown_new();
    g_autoptr(json_t) attachments = json_pack("{s:{s:s}}", "a.png", "image/png", "QUJD");
    markdown->attachments = attachments;
    g_autoptr(GString) out = g_string_new(NULL);
    markdown_append_html(out, "![x](attachment:a.png)", markdown);
    ck_assert_str_eq(out->str, "<p><img src=\"data:image/png;base64,QUJD\" alt=\"x\"></p>\n");
}
END_TEST

START_TEST(deep_nesting_is_survived)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (int i = 0; i < 5000; i++)
        g_string_append(text, "> <div>*[![");
    g_autoptr(markdown) markdown = markdown_new();
    g_autoptr(GString) out = g_string_new(NULL);
    markdown_append_html(out, text->str, markdown);
    ck_assert_uint_gt(out->len, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("markdown");
    TCase *tcase = tcase_create("markdown");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, blocks_and_inlines);
    tcase_add_test(tcase, tables_have_their_alignments);
    tcase_add_test(tcase, links_and_pictures);
    tcase_add_test(tcase, maths_is_kept_from_markdown);
    tcase_add_test(tcase, headings_have_ids_of_their_own);
    tcase_add_test(tcase, bracket_with_a_caret_may_go_over_two_lines);
    tcase_add_test(tcase, fences_have_colours);
    tcase_add_test(tcase, attachments_are_put_in);
    tcase_add_test(tcase, deep_nesting_is_survived);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
