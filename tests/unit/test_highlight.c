#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "notebook/highlight.h"

static void assert_html(int lexer, const char *code, const char *wanted)
{
    g_autoptr(GString) out = g_string_new(NULL);
    highlight_append_html(out, lexer, code);
    ck_assert_str_eq(out->str, wanted);
}

static void collect(const char *type, const char *css, const char *text, size_t length, gpointer data)
{
    g_string_append_len(data, text, length);
}

static void assert_nothing_is_lost(const char *text, size_t length)
{
    for (int lang = 0; lang < N_PROG_LANGS; lang++) {
        g_autoptr(GString) out = g_string_new(NULL);
        highlight_split(highlight_of_prog_lang(lang), text, length, collect, out);
        ck_assert_uint_eq(out->len, length);
        ck_assert(memcmp(out->str, text, length) == 0);
    }
}

START_TEST(every_language_has_a_lexer)
{
    for (int lang = 0; lang < N_PROG_LANGS; lang++)
        ck_assert_int_ge(highlight_of_prog_lang(lang), 0);
    ck_assert_int_eq(highlight_find("C++"), highlight_of_prog_lang(PROG_LANG_CPP));
    ck_assert_int_eq(highlight_find("no-such-language"), -1);
}
END_TEST

START_TEST(tokens_become_spans)
{
    assert_html(highlight_find("python"), "x = 1", "<span class=\"n\">x</span> <span class=\"o\">=</span> <span class=\"mi\">1</span>");
    assert_html(highlight_find("c"), "size_t n;", "<span class=\"kt\">size_t</span> <span class=\"n\">n</span><span class=\"p\">;</span>");
    assert_html(-1, "<x>", "&lt;x&gt;");
    assert_html(highlight_find("rust"), "", "");
}
END_TEST

START_TEST(no_byte_is_lost)
{
    assert_nothing_is_lost("", 0);
    assert_nothing_is_lost("\xff\xfe broken", 9);
    assert_nothing_is_lost("\"\"\"' ` /* // \xe2\x82\xac \\", 17);
    static const char *const pieces[] = {"(", "{", "f\"{", "/*", "'", "R\"(", "`${", "#if 0\n", "a<", "\\\n"};
    for (size_t i = 0; i < G_N_ELEMENTS(pieces); i++) {
        g_autoptr(GString) text = g_string_new(NULL);
        for (int n = 0; n < 1000; n++)
            g_string_append(text, pieces[i]);
        assert_nothing_is_lost(text->str, text->len);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("highlight");
    TCase *tcase = tcase_create("highlight");
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, every_language_has_a_lexer);
    tcase_add_test(tcase, tokens_become_spans);
    tcase_add_test(tcase, no_byte_is_lost);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
