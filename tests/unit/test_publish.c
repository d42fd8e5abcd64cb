#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/hash.h"
#include "build/publish.h"
#include "os/file.h"

static char *folder, *root;
static struct cache *objects;

static void set_up(void)
{
    folder = g_dir_make_tmp("clx-publish-XXXXXX", NULL);
    ck_assert_ptr_nonnull(folder);
    root = g_build_filename(folder, "out", NULL);
    g_autofree char *db = g_build_filename(folder, "cache.db", NULL);
    objects = cache_open(db, NULL);
    ck_assert_ptr_nonnull(objects);
}

static void tear_down(void)
{
    cache_close(objects);
    ck_assert(file_remove_tree(folder, NULL));
    g_free(root);
    g_free(folder);
}

static struct publisher *start(void)
{
    struct publisher *publisher = publisher_new(objects, "course", false, NULL);
    ck_assert_ptr_nonnull(publisher);
    return publisher;
}

static bool put(struct publisher *publisher, const char *relative, const char *text, GError **error)
{
    g_autofree char *sha256 = cache_put_object(objects, text, strlen(text), NULL);
    ck_assert_ptr_nonnull(sha256);
    struct publish_place place = {root, relative, "all"};
    return publisher_put_object(publisher, &place, sha256, NULL, error);
}

/* An output that cannot be put there is no error of the others, but counted, with a reason that names `what`. */
static void assert_unwritten(struct publisher *publisher, const char *relative, const char *what)
{
    const char *reason = NULL;
    ck_assert(put(publisher, relative, "two", NULL));
    ck_assert(publisher_flush(publisher, NULL, NULL));
    ck_assert_uint_eq(publisher_count_unwritten(publisher, &reason), 1);
    ck_assert_ptr_nonnull(strstr(reason, what));
    ck_assert_uint_eq(publisher_counts(publisher).written, 0);
}

static bool has_scope(const char *tree, const char *scope, gpointer data)
{
    ck_assert_str_eq(tree, root);
    return g_strcmp0(scope, data) == 0;
}

/* One build that makes the outputs "path=text" and nothing else. */
static struct publish_counts build(const char *const *outputs, struct diag_list *diags)
{
    g_autoptr(publisher) publisher = start();
    g_autoptr(GError) error = NULL;
    for (; *outputs != NULL; outputs++) {
        g_auto(GStrv) parts = g_strsplit(*outputs, "=", 2);
        ck_assert_msg(put(publisher, parts[0], parts[1], &error), "%s", error != NULL ? error->message : "");
    }
    ck_assert(publisher_flush(publisher, NULL, NULL));
    ck_assert(publisher_remove_strays(publisher, has_scope, (char *)"all", diags, NULL));
    return publisher_counts(publisher);
}

#define BUILD(diags, ...) build((const char *const[]){__VA_ARGS__, NULL}, diags)

static void add_row(const struct manifest_row *row, gpointer data)
{
    g_string_append_printf(data, "%s -> %s;", row->path, row->next_sha256);
}

static char *path_of(const char *relative)
{
    return g_build_filename(root, relative, NULL);
}

static void assert_text(const char *relative, const char *expected)
{
    g_autofree char *path = path_of(relative), *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL))
        ck_assert_msg(expected == NULL, "%s is missing", relative);
    else if (expected == NULL)
        ck_abort_msg("%s should not be there", relative);
    else
        ck_assert_str_eq(text, expected);
}

static void write_text(const char *relative, const char *text)
{
    g_autofree char *path = path_of(relative);
    ck_assert(file_write_atomic(path, text, strlen(text), NULL));
}

static gint64 set_mtime(const char *relative, time_t seconds)
{
    g_autofree char *path = path_of(relative);
    struct timespec times[2] = {{.tv_sec = seconds}, {.tv_sec = seconds}};
    ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
    return seconds;
}

static gint64 mtime_of(const char *relative)
{
    g_autofree char *path = path_of(relative);
    struct stat info;
    ck_assert_int_eq(lstat(path, &info), 0);
    return info.st_mtim.tv_sec;
}

START_TEST(unchanged_outputs_keep_their_mtime)
{
    g_autoptr(diag_list) diags = diag_list_new();
    struct publish_counts counts = BUILD(diags, "a/x=one", "a/y=two");
    ck_assert_uint_eq(counts.written, 2);
    set_mtime("a/x", 1000);
    set_mtime("a/y", 1000);
    counts = BUILD(diags, "a/x=one", "a/y=changed");
    ck_assert_uint_eq(counts.written, 1);
    ck_assert_uint_eq(counts.unchanged, 1);
    ck_assert_int_eq(mtime_of("a/x"), 1000);
    ck_assert_int_ne(mtime_of("a/y"), 1000);
    assert_text("a/y", "changed");
}
END_TEST

START_TEST(outputs_changed_or_removed_by_hand_are_made_again)
{
    g_autoptr(diag_list) diags = diag_list_new();
    BUILD(diags, "x=one", "y=two");
    write_text("x", "by hand");
    g_autofree char *y = path_of("y");
    ck_assert_int_eq(unlink(y), 0);
    ck_assert_uint_eq(BUILD(diags, "x=one", "y=two").written, 2);
    assert_text("x", "one");
    assert_text("y", "two");
}
END_TEST

START_TEST(strays_and_the_folders_they_empty_are_removed)
{
    g_autoptr(diag_list) diags = diag_list_new();
    BUILD(diags, "a/b/x=one", "c/y=two", "z=three");
    write_text("c/foreign", "mine");
    write_text(".git/HEAD", "ref");
    struct publish_counts counts = BUILD(diags, "z=three");
    ck_assert_uint_eq(counts.removed, 2);
    g_autofree char *a = path_of("a");
    ck_assert(!g_file_test(a, G_FILE_TEST_EXISTS));
    assert_text("c/y", NULL);
    assert_text("c/foreign", "mine");
    assert_text(".git/HEAD", "ref");
    assert_text("z", "three");
}
END_TEST

START_TEST(a_stray_changed_by_hand_stays_with_a_note)
{
    g_autoptr(diag_list) diags = diag_list_new();
    BUILD(diags, "x=one", "z=three");
    write_text("x", "my notes");
    ck_assert_uint_eq(BUILD(diags, "z=three").removed, 0);
    assert_text("x", "my notes");
    ck_assert_uint_eq(diag_count(diags, DIAG_NOTE), 1);
}
END_TEST

START_TEST(kept_outputs_are_no_strays)
{
    g_autoptr(diag_list) diags = diag_list_new();
    BUILD(diags, "x=one", "z=three");
    g_autoptr(publisher) publisher = start();
    publisher_keep(publisher, root, "x");
    ck_assert(publisher_remove_strays(publisher, has_scope, (char *)"all", diags, NULL));
    assert_text("x", "one");
    assert_text("z", NULL);
}
END_TEST

START_TEST(nothing_that_was_not_considered_is_removed)
{
    g_autoptr(diag_list) diags = diag_list_new();
    BUILD(diags, "x=one");
    g_autoptr(publisher) publisher = start();
    ck_assert(publisher_remove_strays(publisher, has_scope, (char *)"another part", diags, NULL));
    assert_text("x", "one");
}
END_TEST

START_TEST(a_file_that_a_killed_build_was_about_to_write_is_known)
{
    g_autoptr(diag_list) diags = diag_list_new();
    g_autofree char *old = hash_sha256_hex("old", 3), *new = hash_sha256_hex("new", 3);
    g_autofree char *x = path_of("x"), *y = path_of("y"), *z = path_of("z");
    struct manifest_row rows[] = {
        {x, new, new, -1, 0, "all", (int)strlen(root)}, /* was written */
        {y, old, new, 3, 0, "all", (int)strlen(root)},  /* was not, and has its old bytes */
        {z, old, new, 3, 0, "all", (int)strlen(root)},  /* somebody else's bytes */
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++)
        ck_assert(cache_manifest_set(objects, "course", &rows[i], NULL));
    write_text("x", "new");
    write_text("y", "old");
    write_text("z", "mine");
    write_text(".clx-999999999-1.tmp", "half"); /* no process can have this number */
    g_autofree char *own = g_strdup_printf(".clx-%d-77777.tmp", (int)getpid());
    write_text(own, "being written");
    ck_assert_uint_eq(BUILD(diags, "w=one").removed, 2);
    assert_text("x", NULL);
    assert_text("y", NULL);
    assert_text("z", "mine");
    assert_text(".clx-999999999-1.tmp", NULL);
    assert_text(own, "being written");
}
END_TEST

START_TEST(what_is_about_to_be_written_is_in_the_manifest_before)
{
    g_autoptr(publisher) publisher = start();
    g_autoptr(GError) error = NULL;
    g_autofree char *missing = hash_sha256_hex("never put", 9);
    struct publish_place place = {root, "x", "all"};
    ck_assert(publisher_put_object(publisher, &place, missing, NULL, NULL));
    ck_assert(!publisher_flush(publisher, NULL, &error)); /* stands for the death of the build at the first file */
    g_autoptr(GString) seen = g_string_new(NULL);
    ck_assert(cache_manifest_list(objects, "course", add_row, seen, NULL));
    g_autofree char *expected = g_strdup_printf("%s/x -> %s;", root, missing);
    ck_assert_str_eq(seen->str, expected);
}
END_TEST

START_TEST(a_copy_becomes_executable_when_its_source_does)
{
    g_autofree char *source = g_build_filename(folder, "tool.sh", NULL), *sha256 = hash_sha256_hex("x", 1), *copy = path_of("tool.sh");
    struct publish_place place = {root, "tool.sh", "all"};
    struct stat info;
    ck_assert(file_write_atomic(source, "x", 1, NULL));
    for (int mode = 0644; mode <= 0755; mode += 0111) {
        g_autoptr(publisher) publisher = start();
        ck_assert_int_eq(chmod(source, (mode_t)mode), 0);
        ck_assert(publisher_put_copy(publisher, &place, source, mode == 0755, sha256, NULL) && publisher_flush(publisher, NULL, NULL));
        ck_assert_int_eq(stat(copy, &info), 0);
        ck_assert_int_eq((info.st_mode & 0100) != 0, mode == 0755);
    }
}
END_TEST

START_TEST(a_trusting_build_looks_at_no_output_but_writes_what_is_new)
{
    g_autoptr(diag_list) diags = diag_list_new();
    BUILD(diags, "x=one", "y=two");
    g_autofree char *x = path_of("x");
    ck_assert_int_eq(unlink(x), 0);
    g_autoptr(publisher) publisher = publisher_new(objects, "course", true, NULL);
    ck_assert(put(publisher, "x", "one", NULL) && put(publisher, "y", "three", NULL) && publisher_flush(publisher, NULL, NULL));
    assert_text("x", NULL);
    assert_text("y", "three");
}
END_TEST

START_TEST(a_manifest_cannot_name_a_file_outside_of_a_root)
{
    g_autoptr(diag_list) diags = diag_list_new();
    BUILD(diags, "z=three");
    g_autofree char *victim = g_build_filename(folder, "victim", NULL), *name = path_of("../victim");
    ck_assert(file_write_atomic(victim, "one", 3, NULL));
    g_autofree char *sha256 = hash_sha256_hex("one", 3);
    struct manifest_row row = {name, sha256, NULL, 3, 0, "all", (int)strlen(root)};
    ck_assert(cache_manifest_set(objects, "course", &row, NULL));
    BUILD(diags, "z=three");
    ck_assert(g_file_test(victim, G_FILE_TEST_EXISTS));
}
END_TEST

START_TEST(a_link_is_not_followed_out_of_the_tree)
{
    g_autoptr(diag_list) diags = diag_list_new();
    BUILD(diags, "a/x=one", "z=three");
    g_autofree char *a = path_of("a"), *away = g_build_filename(folder, "away", NULL), *moved = g_build_filename(away, "x", NULL);
    ck_assert_int_eq(rename(a, away), 0);
    ck_assert_int_eq(symlink(away, a), 0);
    g_autoptr(publisher) publisher = start();
    assert_unwritten(publisher, "a/x", "symbolic link");
    BUILD(diags, "z=three");
    g_autofree char *text = NULL;
    ck_assert(g_file_get_contents(moved, &text, NULL, NULL));
    ck_assert_str_eq(text, "one");
}
END_TEST

START_TEST(a_link_in_the_place_of_an_output_is_replaced_not_written_through)
{
    g_autoptr(diag_list) diags = diag_list_new();
    write_text("dummy", "");
    g_autofree char *x = path_of("x"), *away = g_build_filename(folder, "away", NULL), *text = NULL;
    ck_assert(file_write_atomic(away, "precious", 8, NULL));
    ck_assert_int_eq(symlink(away, x), 0);
    BUILD(diags, "x=one");
    assert_text("x", "one");
    ck_assert(g_file_get_contents(away, &text, NULL, NULL));
    ck_assert_str_eq(text, "precious");
}
END_TEST

START_TEST(paths_that_leave_the_root_are_refused)
{
    static const char *const bad[] = {"../x", "/x", "a/../../x", "", "a//x", NULL};
    g_autoptr(publisher) publisher = start();
    for (unsigned i = 0; bad[i] != NULL; i++) {
        g_autoptr(GError) error = NULL;
        ck_assert_msg(!put(publisher, bad[i], "one", &error), "'%s' was accepted", bad[i]);
    }
}
END_TEST

/* Root may write anywhere, but not below a file: that stands for every folder that cannot be written. */
START_TEST(a_root_that_cannot_be_written_is_a_clear_error)
{
    ck_assert(file_write_atomic(root, "a file", 6, NULL));
    g_autoptr(publisher) publisher = start();
    assert_unwritten(publisher, "a/x", root);
    g_autofree char *text = NULL;
    ck_assert(g_file_get_contents(root, &text, NULL, NULL));
    ck_assert_str_eq(text, "a file");
}
END_TEST

START_TEST(a_missing_object_is_not_found_and_leaves_the_old_output)
{
    g_autoptr(diag_list) diags = diag_list_new();
    BUILD(diags, "x=one");
    g_autoptr(publisher) publisher = start();
    g_autoptr(GError) error = NULL;
    g_autofree char *missing = hash_sha256_hex("never put", 9);
    struct publish_place place = {root, "x", "all"};
    g_autoptr(GPtrArray) owners = g_ptr_array_new();
    ck_assert(publisher_put_object(publisher, &place, missing, folder, NULL));
    ck_assert(publisher_flush(publisher, owners, NULL));
    ck_assert_uint_eq(owners->len, 1);
    ck_assert_ptr_eq(owners->pdata[0], folder);
    ck_assert(publisher_put_object(publisher, &place, missing, folder, NULL));
    ck_assert(!publisher_flush(publisher, NULL, &error));
    ck_assert(g_error_matches(error, CLX_ERROR, CLX_ERROR_NOT_FOUND));
    assert_text("x", "one");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("publish");
    TCase *tests = tcase_create("publish");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, unchanged_outputs_keep_their_mtime);
    tcase_add_test(tests, outputs_changed_or_removed_by_hand_are_made_again);
    tcase_add_test(tests, strays_and_the_folders_they_empty_are_removed);
    tcase_add_test(tests, a_stray_changed_by_hand_stays_with_a_note);
    tcase_add_test(tests, kept_outputs_are_no_strays);
    tcase_add_test(tests, nothing_that_was_not_considered_is_removed);
    tcase_add_test(tests, a_file_that_a_killed_build_was_about_to_write_is_known);
    tcase_add_test(tests, what_is_about_to_be_written_is_in_the_manifest_before);
    tcase_add_test(tests, a_copy_becomes_executable_when_its_source_does);
    tcase_add_test(tests, a_trusting_build_looks_at_no_output_but_writes_what_is_new);
    tcase_add_test(tests, a_manifest_cannot_name_a_file_outside_of_a_root);
    tcase_add_test(tests, a_link_is_not_followed_out_of_the_tree);
    tcase_add_test(tests, a_link_in_the_place_of_an_output_is_replaced_not_written_through);
    tcase_add_test(tests, paths_that_leave_the_root_are_refused);
    tcase_add_test(tests, a_root_that_cannot_be_written_is_a_clear_error);
    tcase_add_test(tests, a_missing_object_is_not_found_and_leaves_the_old_output);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
