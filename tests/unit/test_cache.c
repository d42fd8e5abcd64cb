#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/hash.h"
#include "os/file.h"
#include "store/cache.h"

static char *folder;
static struct cache *results;

#define KEY "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void set_up(void)
{
    g_autofree char *path = NULL;

    folder = g_dir_make_tmp("clx-cache-XXXXXX", NULL);
    path = g_build_filename(folder, "clx_cache.db", NULL);
    results = cache_open(path, NULL);
    ck_assert_ptr_nonnull(results);
}

static void tear_down(void)
{
    cache_close(results);
    file_remove_tree(folder, NULL);
    g_free(folder);
}

START_TEST(object_comes_back_by_its_name)
{
    g_autofree char *name = cache_put_object(results, "hello", 5, NULL);
    g_autofree char *again = cache_put_object(results, "hello", 5, NULL);
    g_autoptr(GBytes) bytes = cache_get_object(results, name, NULL);

    ck_assert_str_eq(name, "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
    ck_assert_str_eq(name, again);
    ck_assert(cache_has_object(results, name, 5));
    ck_assert(!cache_has_object(results, name, 6));
    ck_assert_uint_eq(g_bytes_get_size(bytes), 5);
}
END_TEST

START_TEST(damaged_object_is_not_found_and_removed)
{
    g_autofree char *name = cache_put_object(results, "hello", 5, NULL);
    g_autofree char *path = cache_object_path(results, name);
    g_autoptr(GError) error = NULL;

    ck_assert(g_file_set_contents(path, "hellO", 5, NULL));
    ck_assert_ptr_null(cache_get_object(results, name, &error));
    ck_assert(g_error_matches(error, CLX_ERROR, CLX_ERROR_NOT_FOUND));
    ck_assert(!cache_has_object(results, name, -1));
}
END_TEST

START_TEST(name_that_is_no_hash_leads_nowhere)
{
    ck_assert(!cache_has_object(results, "../../../../etc/passwd", -1));
    ck_assert_ptr_null(cache_get_object(results, "../../../../etc/passwd", NULL));
}
END_TEST

START_TEST(result_is_added_replaced_and_removed)
{
    g_autoptr(json_t) one = json_pack("{si}", "a", 1), two = json_pack("{si}", "a", 2), found = NULL;

    ck_assert_int_eq(cache_find_result(results, KEY, &found, NULL), 0);
    ck_assert(cache_add_result(results, KEY, one, NULL));
    ck_assert(cache_add_result(results, KEY, two, NULL));
    ck_assert_int_eq(cache_find_result(results, KEY, &found, NULL), 1);
    ck_assert_int_eq(json_get_int(found, "a", 0), 2);
    ck_assert(cache_remove_result(results, KEY, NULL));
    json_decref(g_steal_pointer(&found));
    ck_assert_int_eq(cache_find_result(results, KEY, &found, NULL), 0);
    ck_assert(!cache_add_result(results, "short", one, NULL));
}
END_TEST

START_TEST(file_hash_follows_the_file)
{
    g_autofree char *path = g_build_filename(folder, "f", NULL), *one = NULL, *two = NULL;
    struct timespec old[2] = {{.tv_sec = 1000000}, {.tv_sec = 1000000}};
    struct stat info;

    ck_assert(g_file_set_contents(path, "one", 3, NULL));
    ck_assert_int_eq(utimensat(AT_FDCWD, path, old, 0), 0);
    ck_assert_int_eq(stat(path, &info), 0);
    one = cache_file_hash(results, path, &info, DIGEST_BYTES, NULL);
    ck_assert(g_file_set_contents(path, "two!", 4, NULL));
    ck_assert_int_eq(stat(path, &info), 0);
    two = cache_file_hash(results, path, &info, DIGEST_BYTES, NULL);
    ck_assert_str_ne(one, two);
    g_free(g_steal_pointer(&one));
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_ptr_null(cache_file_hash(results, path, &info, DIGEST_BYTES, NULL));
}
END_TEST

static void add_path(const struct manifest_row *row, gpointer data)
{
    ck_assert_str_eq(row->sha256, KEY);
    ck_assert_str_eq(row->scope, "spec/en//");
    ck_assert_int_eq(row->root_length, 1);
    g_string_append_printf(data, "%s:%d:%d ", row->path, (int)row->size, (int)row->mtime_ns);
}

static bool set_row(const char *course, const char *path, gint64 size, gint64 mtime_ns)
{
    struct manifest_row row = {path, KEY, NULL, size, mtime_ns, "spec/en//", 1};

    return cache_manifest_set(results, course, &row, NULL);
}

START_TEST(manifest_is_kept_per_course)
{
    g_autoptr(GString) text = g_string_new(NULL);

    ck_assert(cache_begin(results, NULL));
    ck_assert(set_row("a", "/x", 1, 2));
    ck_assert(set_row("a", "/w", 3, 4));
    ck_assert(set_row("b", "/y", 5, 6));
    ck_assert(cache_manifest_remove(results, "a", "/x", NULL));
    ck_assert(cache_commit(results, NULL));
    ck_assert(cache_manifest_list(results, "a", add_path, text, NULL));
    ck_assert_str_eq(text->str, "/w:3:4 ");
}
END_TEST

START_TEST(facts_of_a_file_are_known_until_it_changes)
{
    g_autofree char *path = g_build_filename(folder, "source", NULL), *facts = NULL, *again = NULL;
    struct timespec past[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
    struct stat info;

    ck_assert(g_file_set_contents(path, "one", 3, NULL));
    ck_assert_int_eq(utimensat(AT_FDCWD, path, past, 0), 0);
    ck_assert_int_eq(stat(path, &info), 0);
    info.st_ctim.tv_sec = 1000; /* as if it had been there for long */
    cache_keep_file_facts(results, path, &info, "{}");
    g_autofree char *hash = cache_file_hash(results, path, &info, DIGEST_TEXT, NULL);
    facts = cache_file_facts(results, path, &info);
    ck_assert_str_eq(facts, "{}");
    info.st_ctim.tv_nsec++;
    again = cache_file_facts(results, path, &info);
    ck_assert_ptr_null(again);
}
END_TEST

START_TEST(line_endings_do_not_matter_to_a_text)
{
    g_autofree char *unix_hash = hash_text_hex("a\nb\rc\n", 6), *dos_hash = hash_text_hex("a\r\nb\rc\r\n", 8);
    g_autofree char *other_hash = hash_text_hex("a\nb\nc\n", 6), *end_hash = hash_text_hex("a\r", 2), *none = hash_text_hex("a", 1);

    ck_assert_str_eq(unix_hash, dos_hash);
    ck_assert_str_ne(unix_hash, other_hash);
    ck_assert_str_ne(end_hash, none);
}
END_TEST

START_TEST(forgotten_results_leave_the_manifest)
{
    g_autoptr(json_t) one = json_pack("{si}", "a", 1), found = NULL;
    g_auto(GStrv) courses = NULL;

    ck_assert(cache_add_result(results, KEY, one, NULL));
    ck_assert(set_row("a", "/x", 1, 2));
    ck_assert(cache_clear_results(results, NULL));
    ck_assert_int_eq(cache_find_result(results, KEY, &found, NULL), 0);
    courses = cache_list_courses(results, NULL);
    ck_assert_str_eq(courses[0], "a");
    ck_assert_ptr_null(courses[1]);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {object_comes_back_by_its_name,
                                  damaged_object_is_not_found_and_removed,
                                  name_that_is_no_hash_leads_nowhere,
                                  result_is_added_replaced_and_removed,
                                  file_hash_follows_the_file,
                                  manifest_is_kept_per_course,
                                  facts_of_a_file_are_known_until_it_changes,
                                  line_endings_do_not_matter_to_a_text,
                                  forgotten_results_leave_the_manifest};
    Suite *suite = suite_create("cache");
    TCase *tcase = tcase_create("cache");
    SRunner *runner = srunner_create(suite);
    int n_failed;

    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
