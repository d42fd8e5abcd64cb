#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "build/progress.h"

static void check_fit(const char *text, unsigned width, const char *expected)
{
    g_autofree char *fitting = progress_fit(text, width);
    ck_assert_str_eq(fitting, expected);
}

START_TEST(lines_are_cut_by_columns_not_by_bytes)
{
    check_fit("slides_lists.py", 6, "slides");
    check_fit("äöü", 2, "äö");
    check_fit("日本語", 5, "日本");
    check_fit("e\xcc\x81t\xc3\xa9", 2, "e\xcc\x81t");
    check_fit("short", 80, "short");
    check_fit("", 0, "");
}
END_TEST

START_TEST(nothing_that_moves_the_cursor_gets_through)
{
    check_fit("a\033[2Jb\nc", 80, "a[2Jbc");
    check_fit("bad\xff", 80, "bad\xef\xbf\xbd");
}
END_TEST

START_TEST(durations_read_like_a_clock)
{
    static const struct {
        double seconds;
        const char *text;
    } cases[] = {{0, "0 s"}, {-3, "0 s"}, {59.9, "59 s"}, {60, "1:00"}, {80, "1:20"}, {3723, "1:02:03"}, {1e300, "99:59:59"}};
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = progress_duration(cases[i].seconds);
        ck_assert_str_eq(text, cases[i].text);
    }
}
END_TEST

/* What is written to standard error meanwhile; the caller frees it. */
static char *capture(void (*act)(struct progress *progress))
{
    int ends[2], saved = dup(STDERR_FILENO);
    char text[4096];
    struct progress *progress = progress_new(12);
    ck_assert_int_eq(pipe(ends), 0);
    dup2(ends[1], STDERR_FILENO);
    act(progress);
    dup2(saved, STDERR_FILENO);
    close(ends[1]);
    ssize_t length = read(ends[0], text, sizeof text - 1);
    ck_assert_int_ge(length, 0);
    close(ends[0]);
    close(saved);
    progress_free(progress);
    return g_strndup(text, (gsize)length);
}

static void show_twice(struct progress *progress)
{
    progress_show(progress, (const char *const[]){"notebook 1/2 and more", "plantuml", NULL});
    progress_show(progress, (const char *const[]){"notebook 2/2", "plantuml", NULL});
    progress_hide(progress);
    progress_hide(progress);
}

START_TEST(the_lines_stand_still_and_leave_nothing)
{
    g_autofree char *written = capture(show_twice);
    ck_assert_str_eq(written, "notebook 1/\nplantuml\033[1A\r\033[Jnotebook 2/\nplantuml\033[1A\r\033[J");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("progress");
    TCase *tcase = tcase_create("progress");
    tcase_add_test(tcase, lines_are_cut_by_columns_not_by_bytes);
    tcase_add_test(tcase, nothing_that_moves_the_cursor_gets_through);
    tcase_add_test(tcase, durations_read_like_a_clock);
    tcase_add_test(tcase, the_lines_stand_still_and_leave_nothing);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
