#include <check.h>
#include <stdlib.h>

#include "base/diag.h"
#include "base/hash.h"
#include "base/text.h"

START_TEST(sha3_of_empty_text)
{
    g_autofree char *hex = hash_sha3_224_hex("", 0);
    ck_assert_str_eq(hex, "6b4e03423667dbb73b6e15454f0eb1abd4597f9a1b078e3f5b5a6bc7");
}
END_TEST

START_TEST(nearest_name_is_found_and_strangers_are_not)
{
    const char *const names[] = {"sections", "languages", "output_dir", NULL};
    ck_assert_str_eq(text_nearest("secitons", names), "sections");
    ck_assert_ptr_null(text_nearest("zzz", names));
}
END_TEST

START_TEST(fields_do_not_collide)
{
    struct hasher *a = hasher_new(), *b = hasher_new();
    hasher_add_field(a, "ab", "c");
    hasher_add_field(b, "a", "bc");
    g_autofree char *x = hasher_finish(a), *y = hasher_finish(b);
    ck_assert_str_ne(x, y);
}
END_TEST

START_TEST(diagnostics_name_place_and_remedy)
{
    g_autoptr(diag_list) list = diag_list_new();
    diag_add(list, DIAG_ERROR, "a.yaml", 3, 5, "do this", "bad %s", "key");
    g_autofree char *text = diag_list_format(list);
    ck_assert_str_eq(text, "a.yaml:3:5: error: bad key\n  do this\n");
    ck_assert(diag_has_errors(list));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base");
    TCase *tcase = tcase_create("base");
    tcase_add_test(tcase, sha3_of_empty_text);
    tcase_add_test(tcase, nearest_name_is_found_and_strangers_are_not);
    tcase_add_test(tcase, fields_do_not_collide);
    tcase_add_test(tcase, diagnostics_name_place_and_remedy);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
