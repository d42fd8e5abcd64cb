#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "notebook/jinja/jinja.h"

static char *render(const char *text, GError **error)
{
    g_autoptr(json_t) globals = json_pack("{s:b,s:s}", "is_notebook", 1, "lang", "de");
    const char *const folders[] = {NULL};
    struct jinja_options options = {.line_comment = "#", .folders = folders, .globals = globals};
    return jinja_render(text, strlen(text), "main.py", &options, NULL, error);
}

static void expect(const char *text, const char *wanted)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *result = render(text, &error);
    ck_assert_msg(result != NULL, "%s", error ? error->message : "no error");
    ck_assert_str_eq(result, wanted);
}

static void expect_error(const char *text, const char *message)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *result = render(text, &error);
    ck_assert_ptr_null(result);
    ck_assert_msg(g_str_has_prefix(error->message, message), "%s", error->message);
}

START_TEST(renders_line_statements)
{
    expect("a\n# j2 for i in [1, 2]\n\nx{{ i }}\n# j2 endfor\n\nend\n", "a\nx1\nx2\nend\n");
}
END_TEST

START_TEST(renders_expressions)
{
    expect("{{ 7 // 2 }} {{ -7 % 3 }} {{ 2 ** 100 }} {{ 'a' ~ 1 }} {{ 1 < 2 < 3 }} {{ 'abc'[::-1] }} {{ lang }}",
           "3 2 1267650600228229401496703205376 a1 True cba de");
    expect("{% macro m(a, b=2) %}{{ a }}{{ b }}{% endmacro %}{{ m(1) }}", "12");
}
END_TEST

START_TEST(reports_the_place_of_errors)
{
    expect_error("a\n  {{ x }}\n", "main.py:2:6: 'x' is undefined");
    expect_error("{% if 1 %}", "main.py:1:9: unexpected end of template");
    expect_error("{{ 1 | nofilter }}", "main.py:1:8: no filter named 'nofilter'");
}
END_TEST

START_TEST(says_what_may_have_been_meant)
{
    static const char *const cases[][2] = {
        {"{{ 'x'|uper }}", "main.py:1:8: no filter named 'uper'\ndid you mean 'upper'?"},
        {"{{ ['x']|map('uper') }}", "main.py:1:10: no filter named 'uper'\ndid you mean 'upper'?"},
        {"{{ 1 is evn }}", "main.py:1:4: no test named 'evn'\ndid you mean 'even'?"},
        {"{{ lng }}", "main.py:1:4: 'lng' is undefined\ndid you mean 'lang'?"},
        {"{{ 'x'.uper() }}", "main.py:1:4: 'str object' has no attribute 'uper'\ndid you mean 'upper'?"},
        {"{{ {'colour': 1}.color }}", "main.py:1:4: 'dict object' has no attribute 'color'\ndid you mean 'colour'?"},
        {"{% incldue 'x' %}", "main.py:1:4: unknown tag 'incldue'\ndid you mean 'include'?"},
        {"{{ header('a') }}",
         "main.py:1:4: 'header' is undefined\na macro is imported before it is called: {% from 'macros.j2' import header %}"},
        {"{% include 'x' %}", "main.py:1:4: template 'x' not found\nlooked in no folder"},
        {"{% include '../x' %}", "main.py:1:4: template '../x' not found\nnames of templates are relative to the template folders"},
        {"{{ 'x'|replace('a') }}", "main.py:1:8: replace() misses an argument (it takes: old new count)"},
        {"{% macro m(a, b) %}{% endmacro %}{{ m(1, 2, 3) }}",
         "main.py:1:37: macro 'm' takes at most 2 arguments, not 3\nits parameters are: a, b"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        expect_error(cases[i][0], cases[i][1]);
    expect("{{ uper is defined }} {{ lng|default('x') }}", "False x");
}
END_TEST

START_TEST(tells_the_way_to_an_error)
{
    expect_error("{% macro m(a) %}{{ a.b }}{% endmacro %}\n{% macro n() %}{{ m(1) }}{% endmacro %}\n{{ n() }}",
                 "main.py:1:20: 'int object' has no attribute 'b'\n  in macro 'm', called from main.py:2:19\n"
                 "  in macro 'n', called from main.py:3:4");
    expect_error("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
                 "main.py:1:16: recursion is too deep, in macro 'm'\n  in macro 'm', called from main.py:1:19\n  (");
}
END_TEST

START_TEST(stops_endless_templates)
{
    expect_error("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "main.py:1:");
    expect_error("{% for i in range(9000000000) %}{% endfor %}", "main.py:1:");
    expect_error("{{ 'x' * 9000000000 }}", "main.py:1:");
}
END_TEST

static char *cases_folder(void)
{
    const char *folder = g_getenv("CLX_CASES"), *root = g_getenv("CLX_SOURCE_ROOT");
    return folder ? g_build_filename(folder, "jinja", NULL) : g_build_filename(root ? root : ".", "..", "shared", "cases", "jinja", NULL);
}

static GBytes *render_file(const char *path, GError **error)
{
    g_autofree char *text = NULL, *folder = g_path_get_dirname(path), *name = g_path_get_basename(path);
    gsize length;
    if (!g_file_get_contents(path, &text, &length, error))
        return NULL;
    g_autoptr(json_t) globals = json_object();
    const char *const folders[] = {folder, NULL};
    struct jinja_options options = {.line_comment = "#", .folders = folders, .globals = globals};
    return jinja_render_bytes(text, length, name, &options, NULL, NULL, error);
}

static char *main_of(const char *folder, const char *name)
{
    static const char *const mains[] = {"main.j2", "main", "child", "top", NULL};
    if (g_str_has_suffix(name, ".out"))
        return g_strdup_printf("%s/%.*s.j2", folder, (int)strlen(name) - 4, name);
    for (int i = 0; mains[i]; i++) {
        char *path = g_build_filename(folder, name, mains[i], NULL);
        if (g_file_test(path, G_FILE_TEST_EXISTS))
            return path;
        g_free(path);
    }
    return NULL;
}

/* True when the case of the golden file `name` gives its text. */
static bool passes(const char *folder, const char *name)
{
    g_autofree char *golden = g_build_filename(folder, name, NULL), *wanted = NULL, *stem = g_strndup(name, strlen(name) - 4);
    g_autofree char *path = main_of(folder, *name == 'd' ? stem : name);
    gsize length;
    g_autoptr(GError) error = NULL;
    if (!path || !g_file_get_contents(golden, &wanted, &length, NULL))
        return false;
    g_autoptr(GBytes) result = render_file(path, &error);
    g_autoptr(GBytes) expected = g_bytes_new(wanted, length);
    bool good = result && g_bytes_equal(result, expected);
    if (!good)
        printf("%s: %s\n", name, error ? error->message : "differs");
    return good;
}

START_TEST(matches_the_cases)
{
    g_autofree char *folder = cases_folder();
    GDir *dir = g_dir_open(folder, 0, NULL);
    int good = 0, bad = 0;
    if (!dir) {
        printf("skipped: matches_the_cases (no %s)\n", folder);
        return;
    }
    for (const char *name; (name = g_dir_read_name(dir));)
        if (g_str_has_suffix(name, ".out"))
            passes(folder, name) ? good++ : bad++;
    g_dir_close(dir);
    printf("jinja: %d of %d cases\n", good, good + bad);
    ck_assert_int_gt(good, 0);
    ck_assert_int_eq(bad, 0);
}
END_TEST

static bool fails_in_line(const char *folder, const char *name, const char *lines)
{
    g_autofree char *path = g_strdup_printf("%s/errors/%s.j2", folder, name);
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) result = render_file(path, &error);
    const char *at = error ? strchr(error->message, ':') : NULL;
    g_autofree char *line = g_strdup_printf(",%d,", at ? atoi(at + 1) : 0), *all = g_strdup_printf(",%s,", lines);
    bool good = at && strstr(all, line);
    if (!good)
        printf("%s (line %s): %s\n", name, lines, error ? error->message : "no error");
    return good;
}

START_TEST(fails_where_the_cases_fail)
{
    g_autofree char *folder = cases_folder(), *index = g_build_filename(folder, "errors", "index.tsv", NULL), *text = NULL;
    int bad = 0;
    if (!g_file_get_contents(index, &text, NULL, NULL)) {
        printf("skipped: fails_where_the_cases_fail (no %s)\n", index);
        return;
    }
    g_auto(GStrv) rows = g_strsplit(g_strchomp(text), "\n", -1);
    for (int i = 0; rows[i]; i++) {
        g_auto(GStrv) cells = g_strsplit(rows[i], "\t", 2);
        bad += !fails_in_line(folder, cells[0], cells[1]);
    }
    ck_assert_int_eq(bad, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("jinja");
    TCase *tests = tcase_create("jinja");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, renders_line_statements);
    tcase_add_test(tests, renders_expressions);
    tcase_add_test(tests, reports_the_place_of_errors);
    tcase_add_test(tests, says_what_may_have_been_meant);
    tcase_add_test(tests, tells_the_way_to_an_error);
    tcase_add_test(tests, stops_endless_templates);
    tcase_add_test(tests, matches_the_cases);
    tcase_add_test(tests, fails_where_the_cases_fail);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
