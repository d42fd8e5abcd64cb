#include <check.h>
#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "config/toml.h"

static const char *const tags[] = {NULL,   NULL,       "string",         "integer",    "float",
                                   "bool", "datetime", "datetime-local", "date-local", "time-local"};

static char *cases_folder(void)
{
    const char *cases = g_getenv("CLX_CASES"), *root = g_getenv("CLX_SOURCE_ROOT");
    return cases != NULL ? g_build_filename(cases, "toml", NULL) : g_build_filename(root, "..", "shared", "cases", "toml", NULL);
}

static struct toml *parse(const char *text)
{
    g_autoptr(diag_list) diags = diag_list_new();
    return toml_parse(text, strlen(text), "t.toml", diags);
}

static char *first_error(const char *text)
{
    g_autoptr(diag_list) diags = diag_list_new();
    g_autoptr(toml) root = toml_parse(text, strlen(text), "t.toml", diags);
    ck_assert_ptr_null(root);
    ck_assert_uint_eq(diags->items->len, 1);
    return diag_format(diags->items->pdata[0]);
}

/* Fractions of seconds may end in zeros. */
static char *trim_fraction(const char *text)
{
    GString *out = g_string_new(text);
    char *dot = strchr(out->str, '.');
    gssize end = dot != NULL ? dot + 1 + strspn(dot + 1, "0123456789") - out->str : 0;
    while (dot != NULL && end > 0 && (out->str[end - 1] == '0' || out->str[end - 1] == '.')) {
        bool was_dot = out->str[end - 1] == '.';
        g_string_erase(out, --end, 1);
        if (was_dot)
            break;
    }
    return g_string_free(out, FALSE);
}

static bool equals(const struct toml *value, const json_t *expected);

static bool equals_scalar(const struct toml *value, const json_t *expected)
{
    const json_t *text = json_object_get(expected, "value");
    const char *want = json_string_value(text);
    if (strcmp(json_get_text(expected, "type", ""), tags[value->type]) != 0)
        return false;
    if (value->type == TOML_STRING)
        return json_string_length(text) == value->length && memcmp(want, value->text, value->length) == 0;
    if (value->type == TOML_INTEGER)
        return g_ascii_strtoll(want, NULL, 10) == value->integer;
    if (value->type == TOML_FLOAT)
        return isnan(value->real) ? strstr(want, "nan") != NULL : g_ascii_strtod(want, NULL) == value->real;
    g_autofree char *a = trim_fraction(value->text), *b = trim_fraction(want);
    return strcmp(a, b) == 0;
}

static bool equals_table(const struct toml *table, const json_t *expected)
{
    if (!json_is_object(expected) || json_object_size(expected) != table->items->len)
        return false;
    for (guint i = 0; i < table->items->len; i++) {
        const char *key = table->keys->pdata[i];
        const json_t *member = json_object_get(expected, strcmp(key, "\xc0\x80") == 0 ? "<NUL>" : key);
        if (member == NULL || !equals(table->items->pdata[i], member))
            return false;
    }
    return true;
}

static bool equals(const struct toml *value, const json_t *expected)
{
    if (value->type == TOML_TABLE)
        return equals_table(value, expected);
    if (value->type != TOML_ARRAY)
        return json_is_object(expected) && equals_scalar(value, expected);
    if (!json_is_array(expected) || json_array_size(expected) != value->items->len)
        return false;
    for (guint i = 0; i < value->items->len; i++)
        if (!equals(value->items->pdata[i], json_array_get(expected, i)))
            return false;
    return true;
}

static bool check_valid(const char *path, const char *text, gsize length)
{
    g_autoptr(diag_list) diags = diag_list_new();
    g_autoptr(toml) root = toml_parse(text, length, path, diags);
    g_autofree char *stem = g_strndup(path, strlen(path) - strlen(".toml"));
    g_autofree char *json_path = g_strconcat(stem, ".json", NULL);
    g_autofree char *json = NULL;
    ck_assert(g_file_get_contents(json_path, &json, NULL, NULL));
    GString *readable = g_string_new(json); /* jansson takes no U+0000 in keys */
    g_string_replace(readable, "\"\\u0000\":", "\"<NUL>\":", 0);
    json_error_t error;
    g_autoptr(json_t) expected = json_loads(readable->str, JSON_ALLOW_NUL, &error);
    g_string_free(readable, TRUE);
    ck_assert_msg(expected != NULL, "%s: %s", json_path, error.text);
    g_autofree char *problems = diag_list_format(diags);
    if (root == NULL)
        g_printerr("refused: %s", problems);
    return root != NULL && equals(root, expected);
}

static bool check_invalid(const char *path, const char *text, gsize length)
{
    g_autoptr(diag_list) diags = diag_list_new();
    g_autoptr(toml) root = toml_parse(text, length, path, diags);
    const struct diag *diag = diags->items->len == 1 ? diags->items->pdata[0] : NULL;
    return root == NULL && diag != NULL && diag->line > 0 && diag->col > 0;
}

/* Checks all .toml files below a folder; the number of them, and of failures in `failed`. */
static int check_folder(const char *folder, bool (*check)(const char *, const char *, gsize), int *failed)
{
    int count = 0;
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    ck_assert_ptr_nonnull(dir);
    for (const char *name; (name = g_dir_read_name(dir)) != NULL;) {
        g_autofree char *path = g_build_filename(folder, name, NULL), *text = NULL;
        gsize length = 0;
        if (g_file_test(path, G_FILE_TEST_IS_DIR))
            count += check_folder(path, check, failed);
        if (!g_str_has_suffix(name, ".toml"))
            continue;
        ck_assert(g_file_get_contents(path, &text, &length, NULL));
        count++;
        if (!check(path, text, length)) {
            g_printerr("wrong: %s\n", path);
            ++*failed;
        }
    }
    return count;
}

static void check_suite(const char *part, bool (*check)(const char *, const char *, gsize))
{
    g_autofree char *folder = cases_folder(), *path = g_build_filename(folder, part, NULL);
    int failed = 0;
    if (!g_file_test(path, G_FILE_TEST_IS_DIR)) {
        g_print("skipped: public TOML suite (%s), none at %s\n", part, path);
        return;
    }
    ck_assert_int_gt(check_folder(path, check, &failed), 100);
    ck_assert_int_eq(failed, 0);
}

START_TEST(public_valid_documents_give_their_values)
{
    check_suite("valid", check_valid);
}
END_TEST

START_TEST(public_invalid_documents_are_refused)
{
    check_suite("invalid", check_invalid);
}
END_TEST

START_TEST(values_know_their_places)
{
    g_autoptr(toml) root = parse("# x\n[a]\nb = 1\n  \"ä\".c = [1,\n 'z']\n");
    ck_assert_ptr_nonnull(root);
    const struct toml *a = toml_find(root, "a"), *b = toml_find(a, "b"), *c = toml_find(toml_find(a, "ä"), "c");
    ck_assert_int_eq(a->line, 2);
    ck_assert_int_eq(b->line, 3);
    ck_assert_int_eq(b->col, 5);
    ck_assert_int_eq(c->line, 4);
    ck_assert_int_eq(c->col, 11);
    ck_assert_int_eq(((struct toml *)c->items->pdata[1])->line, 5);
}
END_TEST

static const struct {
    const char *text, *place;
} wrong[] = {
    {"a = 1\nb = tru\n", "t.toml:2:5:"},   {"a = 1\na = 2\n", "t.toml:2:1:"}, {"[a]\n[a]\n", "t.toml:2:2:"},
    {"a = {b = 1}\n[a]\n", "t.toml:2:2:"}, {"a = [1\n", "t.toml:2:1:"},       {"a = 99999999999999999999", "t.toml:1:5:"},
    {"s = \"ab\nc\"", "t.toml:1:8:"},      {"a = 1 b = 2", "t.toml:1:7:"},    {"ä = 1", "t.toml:1:1:"},
    {"a = '''\nb", "t.toml:1:5:"},         {"a.b = 1\na = 2", "t.toml:2:1:"}, {"a = 2021-02-29", "t.toml:1:5:"},
};

START_TEST(mistakes_are_reported_with_their_place)
{
    g_autofree char *message = first_error(wrong[_i].text);
    ck_assert_msg(g_str_has_prefix(message, wrong[_i].place), "%s", message);
}
END_TEST

START_TEST(deep_nesting_is_refused)
{
    GString *text = g_string_new("a = ");
    for (int i = 0; i < 100000; i++)
        g_string_append_c(text, '[');
    g_autofree char *deep = g_string_free(text, FALSE);
    g_autofree char *message = first_error(deep);
    ck_assert_ptr_nonnull(strstr(message, "nesting"));
}
END_TEST

START_TEST(strings_and_numbers_have_their_values)
{
    g_autoptr(toml) root = parse("s = \"\"\"\na\\\n   b\"\"\"\"\nh = 0xff\nf = 1_0.5\nt = 1979-05-27 07:32:00z\n");
    ck_assert_ptr_nonnull(root);
    ck_assert_str_eq(toml_find(root, "s")->text, "ab\"");
    ck_assert_int_eq(toml_find(root, "h")->integer, 255);
    ck_assert_double_eq(toml_find(root, "f")->real, 10.5);
    ck_assert_str_eq(toml_find(root, "t")->text, "1979-05-27T07:32:00Z");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("toml");
    TCase *tcase = tcase_create("toml");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, public_valid_documents_give_their_values);
    tcase_add_test(tcase, public_invalid_documents_are_refused);
    tcase_add_test(tcase, values_know_their_places);
    tcase_add_loop_test(tcase, mistakes_are_reported_with_their_place, 0, G_N_ELEMENTS(wrong));
    tcase_add_test(tcase, deep_nesting_is_refused);
    tcase_add_test(tcase, strings_and_numbers_have_their_values);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
