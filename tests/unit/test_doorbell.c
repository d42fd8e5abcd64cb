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
    doorbell_close(path);
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

START_TEST(folder_goes_with_its_last_listener)
{
    char *paths[2];
    int one = doorbell_listen(db_path, "notebook", &paths[0], NULL);
    int two = doorbell_listen(db_path, "plantuml", &paths[1], NULL);
    g_autofree char *place = g_path_get_dirname(paths[0]);

    stop_listening(one, paths[0]);
    ck_assert_int_eq(access(place, F_OK), 0);
    doorbell_ring(db_path, "plantuml");
    ck_assert(has_rung(two));
    stop_listening(two, paths[1]);
    ck_assert_int_ne(access(place, F_OK), 0);
    one = doorbell_listen(db_path, "notebook", &paths[0], NULL); /* and comes with the next one */
    ck_assert_int_ge(one, 0);
    close(one); /* as a killed process leaves it */
    doorbell_sweep(db_path);
    ck_assert_int_ne(access(place, F_OK), 0);
    g_free(paths[0]);
}
END_TEST

/* Many processes come and go at once: the folder vanishes under some that are about to listen in it. */
START_TEST(listeners_come_and_go_without_harm)
{
    enum { N_PROCESSES = 4, N_ROUNDS = 500 };

    for (int n = 0; n < N_PROCESSES; n++) {
        if (fork() != 0)
            continue;
        for (int i = 0; i < N_ROUNDS; i++) {
            char *path;
            int fd = doorbell_listen(db_path, "notebook", &path, NULL);

            if (fd < 0 || access(path, F_OK) != 0)
                _exit(1);
            stop_listening(fd, path);
        }
        _exit(0);
    }
    for (int n = 0; n < N_PROCESSES; n++) {
        int status = -1;

        ck_assert_int_gt(wait(&status), 0);
        ck_assert_int_eq(status, 0);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {rings_every_listener_of_the_channel_only, dead_listener_is_swept_away,
                                  endless_ringing_does_not_block,           other_spelling_of_the_path_is_the_same_bell,
                                  folder_goes_with_its_last_listener,       listeners_come_and_go_without_harm};
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
