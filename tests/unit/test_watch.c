#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "os/file.h"
#include "os/watch.h"

#define DEADLINE_S 60
#define TOO_MANY "overflow"

static char *folder;
static struct file_watch *watch;
static GHashTable *told; /* paths below `folder`; TOO_MANY */

static void on_changed(const char *path, gpointer data)
{
    g_hash_table_add(told, g_strdup(path != NULL ? path + strlen(folder) + 1 : TOO_MANY));
}

static bool enter(const char *path, gpointer data)
{
    return !g_str_has_suffix(path, "/secret");
}

static void set_up(void)
{
    struct file_watch_options options = {.changed = on_changed, .enter = enter};
    folder = g_dir_make_tmp("clx-watch-XXXXXX", NULL);
    told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    watch = file_watch_new(&options, NULL);
    ck_assert_ptr_nonnull(watch);
}

static void tear_down(void)
{
    file_watch_free(watch);
    g_hash_table_unref(told);
    ck_assert(file_remove_tree(folder, NULL));
    g_free(folder);
}

static char *below(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

static void make_folder(const char *name)
{
    g_autofree char *path = below(name);
    ck_assert_int_eq(mkdir(path, 0777), 0);
}

/* In place, as some editors do. */
static void put(const char *name, const char *text)
{
    g_autofree char *path = below(name);
    FILE *file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

static void move(const char *name, const char *new_name)
{
    g_autofree char *from = below(name), *to = below(new_name);
    ck_assert_int_eq(rename(from, to), 0);
}

static void drop(const char *name)
{
    g_autofree char *path = below(name);
    ck_assert(file_remove_tree(path, NULL));
}

static gboolean on_deadline(gpointer data)
{
    ck_abort_msg("nobody told '%s'", (const char *)data);
    return G_SOURCE_REMOVE;
}

/* Waits until the path is told, and forgets what was told until then. */
static void assert_told(const char *name)
{
    guint deadline = g_timeout_add_seconds(DEADLINE_S, on_deadline, (gpointer)name);
    while (!g_hash_table_contains(told, name))
        g_main_context_iteration(NULL, TRUE);
    g_source_remove(deadline);
    g_hash_table_remove_all(told);
}

/* The events come in their order: what was to be told before this one has been told. */
static void assert_not_told(const char *name)
{
    static int n;
    g_autofree char *last = g_strdup_printf("last%d", ++n);
    guint deadline = g_timeout_add_seconds(DEADLINE_S, on_deadline, last);
    put(last, "");
    while (!g_hash_table_contains(told, last))
        g_main_context_iteration(NULL, TRUE);
    g_source_remove(deadline);
    ck_assert_msg(!g_hash_table_contains(told, name), "%s was told", name);
    g_hash_table_remove_all(told);
}

static void watch_all(void)
{
    ck_assert(file_watch_add_tree(watch, folder, NULL));
}

START_TEST(whatever_happens_to_a_file_is_told)
{
    make_folder("a");
    put("a/old", "1");
    watch_all();
    put("a/old", "2");
    assert_told("a/old");
    put("a/new", "1");
    assert_told("a/new");
    put("a/.new.swp", "2");
    move("a/.new.swp", "a/new"); /* editors that write aside */
    assert_told("a/new");
    move("a/new", "a/renamed");
    assert_told("a/renamed");
    g_autofree char *path = below("a/renamed"), *link_path = below("a/link"), *hard = below("a/hard");
    ck_assert_int_eq(chmod(path, 0755), 0);
    assert_told("a/renamed");
    ck_assert_int_eq(symlink("renamed", link_path), 0);
    assert_told("a/link");
    ck_assert_int_eq(link(path, hard), 0);
    assert_told("a/hard");
    drop("a/old");
    assert_told("a/old");
}
END_TEST

START_TEST(a_folder_comes_with_all_that_is_in_it)
{
    watch_all();
    make_folder("new");
    make_folder("new/deep");
    put("new/deep/file", "1");
    assert_told("new/deep/file");
    put("new/deep/another", "1");
    assert_told("new/deep/another");
    ck_assert_uint_eq(file_watch_count(watch), 3);
}
END_TEST

START_TEST(a_folder_that_is_moved_in_or_away_is_told)
{
    g_autofree char *outside = g_dir_make_tmp("clx-watch-aside-XXXXXX", NULL), *path = below("in"),
                    *file = g_build_filename(outside, "f", NULL);
    ck_assert(file_write_atomic(file, "1", 1, NULL));
    watch_all();
    ck_assert_int_eq(rename(outside, path), 0);
    assert_told("in/f");
    ck_assert_int_eq(rename(path, outside), 0);
    assert_told("in");
    ck_assert_uint_eq(file_watch_count(watch), 1);
    ck_assert(file_write_atomic(file, "22", 2, NULL));
    assert_not_told("in/f");
    ck_assert(file_remove_tree(outside, NULL));
}
END_TEST

START_TEST(a_renamed_folder_is_known_by_its_new_name_only)
{
    make_folder("one");
    make_folder("one/deep");
    watch_all();
    move("one", "two");
    put("two/deep/file", "1");
    assert_told("two/deep/file");
    put("two/deep/file", "2");
    assert_told("two/deep/file");
    make_folder("one");
    put("one/file", "1");
    assert_told("one/file");
    put("two/deep/file", "3");
    assert_not_told("one/deep/file");
}
END_TEST

START_TEST(a_folder_that_is_not_entered_says_nothing)
{
    make_folder("secret");
    watch_all();
    put("secret/file", "1");
    assert_not_told("secret/file");
    make_folder("a");
    make_folder("a/secret");
    put("a/secret/file", "1");
    assert_not_told("a/secret/file");
}
END_TEST

START_TEST(of_a_folder_with_one_watched_file_only_that_one_is_told)
{
    make_folder("specs");
    g_autofree char *path = below("specs/course.yaml");
    ck_assert(file_watch_add_file(watch, path, NULL));
    put("specs/other", "1");
    put("specs/course.yaml", "1");
    while (g_hash_table_size(told) == 0)
        g_main_context_iteration(NULL, TRUE);
    ck_assert(g_hash_table_contains(told, "specs/course.yaml"));
    ck_assert(!g_hash_table_contains(told, "specs/other"));
    drop("specs/course.yaml");
    assert_told("specs/course.yaml");
    put("specs/.tmp", "1");
    move("specs/.tmp", "specs/course.yaml");
    assert_told("specs/course.yaml");
}
END_TEST

static unsigned long queue_limit(void)
{
    g_autofree char *text = NULL;
    ck_assert(g_file_get_contents("/proc/sys/fs/inotify/max_queued_events", &text, NULL, NULL));
    return strtoul(text, NULL, 10);
}

START_TEST(an_overflow_is_told_and_adding_the_tree_again_finds_what_was_lost)
{
    g_autofree char *path = below("touched");
    put("touched", "1");
    put("other", "1");
    g_autofree char *other = below("other");
    watch_all();
    /* Two files in turn: the kernel merges equal events that follow each other. */
    for (unsigned long n = queue_limit(); n > 0; n--)
        ck_assert_int_eq(utimensat(AT_FDCWD, n % 2 == 0 ? path : other, NULL, 0), 0);
    make_folder("lost");
    assert_told(TOO_MANY);
    put("lost/file", "1");
    assert_not_told("lost/file");
    watch_all();
    put("lost/file", "2");
    assert_told("lost/file");
}
END_TEST

START_TEST(thousands_of_files_at_once_are_all_told)
{
    watch_all();
    for (int n = 0; n < 3000; n++) {
        g_autofree char *directory = g_strdup_printf("d%d", n / 100), *name = g_strdup_printf("d%d/f%d", n / 100, n);
        if (n % 100 == 0)
            make_folder(directory);
        put(name, "1");
        if (n % 500 == 0)
            g_main_context_iteration(NULL, FALSE);
    }
    guint deadline = g_timeout_add_seconds(DEADLINE_S, on_deadline, (gpointer) "3000 files");
    while (g_hash_table_size(told) < 3000)
        g_main_context_iteration(NULL, TRUE);
    g_source_remove(deadline);
    ck_assert_uint_eq(g_hash_table_size(told), 3000);
}
END_TEST

START_TEST(what_is_not_there_cannot_be_watched)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = below("nowhere");
    ck_assert(!file_watch_add_tree(watch, path, &error));
    ck_assert(g_error_matches(error, CLX_ERROR, CLX_ERROR_NOT_FOUND));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("watch");
    TCase *tests = tcase_create("watch");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, whatever_happens_to_a_file_is_told);
    tcase_add_test(tests, a_folder_comes_with_all_that_is_in_it);
    tcase_add_test(tests, a_folder_that_is_moved_in_or_away_is_told);
    tcase_add_test(tests, a_renamed_folder_is_known_by_its_new_name_only);
    tcase_add_test(tests, a_folder_that_is_not_entered_says_nothing);
    tcase_add_test(tests, of_a_folder_with_one_watched_file_only_that_one_is_told);
    tcase_add_test(tests, an_overflow_is_told_and_adding_the_tree_again_finds_what_was_lost);
    tcase_add_test(tests, thousands_of_files_at_once_are_all_told);
    tcase_add_test(tests, what_is_not_there_cannot_be_watched);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
