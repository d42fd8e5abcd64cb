#include <check.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/file.h"
#include "store/doorbell.h"

static char *folder;
static char *db_path;

static void set_up(void)
{
    folder = g_dir_make_tmp("clx-bell-XXXXXX", NULL);
    db_path = g_build_filename(folder, "clx_jobs.db", NULL);
}

static void tear_down(void)
{
    file_remove_tree(folder, NULL);
    g_free(db_path);
    g_free(folder);
}

static int has_rung(int fd)
{
    struct pollfd item = {.fd = fd, .events = POLLIN};

    return poll(&item, 1, 0) == 1;
}

static void stop_listening(int fd, char *path)
{
    close(fd);
    unlink(path);
    g_free(path);
}

START_TEST(rings_every_listener_of_the_channel_only)
{
    char *paths[3];
    int one = doorbell_listen(db_path, "notebook", &paths[0], NULL);
    int two = doorbell_listen(db_path, "notebook", &paths[1], NULL);
    int other = doorbell_listen(db_path, "plantuml", &paths[2], NULL);

    doorbell_ring(db_path, "notebook");
    doorbell_ring(db_path, "notebook");
    ck_assert(has_rung(one) && has_rung(two) && !has_rung(other));
    doorbell_drain(one);
    ck_assert(!has_rung(one));
    stop_listening(one, paths[0]);
    stop_listening(two, paths[1]);
    stop_listening(other, paths[2]);
}
END_TEST

START_TEST(dead_listener_is_swept_away)
{
    char *path;
    int fd = doorbell_listen(db_path, "build-x", &path, NULL);

    close(fd);
    ck_assert_int_eq(access(path, F_OK), 0);
    doorbell_ring(db_path, "build-x");
    ck_assert_int_ne(access(path, F_OK), 0);
    g_free(path);
}
END_TEST

START_TEST(endless_ringing_does_not_block)
{
    char *path;
    int fd = doorbell_listen(db_path, "notebook", &path, NULL);

    for (int i = 0; i < 2000; i++)
        doorbell_ring(db_path, "notebook");
    ck_assert(has_rung(fd));
    doorbell_drain(fd);
    ck_assert(!has_rung(fd));
    stop_listening(fd, path);
}
END_TEST

START_TEST(other_spelling_of_the_path_is_the_same_bell)
{
    g_autofree char *other = g_build_filename(folder, ".", "clx_jobs.db", NULL);
    char *path;
    int fd = doorbell_listen(db_path, "notebook", &path, NULL);

    doorbell_ring(other, "notebook");
    ck_assert(has_rung(fd));
    stop_listening(fd, path);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {rings_every_listener_of_the_channel_only, dead_listener_is_swept_away, endless_ringing_does_not_block,
                                  other_spelling_of_the_path_is_the_same_bell};
    Suite *suite = suite_create("doorbell");
    TCase *tcase = tcase_create("doorbell");
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
