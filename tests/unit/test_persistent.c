/* Workers that belong to no build. */
#include <signal.h>
#include <string.h>

#include "base/error.h"
#include "os/process.h"
#include "store/doorbell.h"
#include "supervisor/discovery.h"
#include "supervisor/persistent.h"
#include "supervisor_fixture.h"

#define DEADLINE_MS 3000

static struct lifecycle_options options_for(struct fixture *fixture)
{
    return (struct lifecycle_options){
        .store = fixture->store,
        .settings = fixture->settings,
        .jobs_db = fixture->jobs_db,
        .cache_db = fixture->cache_db,
        .workspace = fixture->folder,
        .program = own_program,
        .needed = {[JOB_NOTEBOOK] = true},
    };
}

static void start_persistent(struct fixture *fixture, int n_started, int n_present)
{
    struct lifecycle_options options = options_for(fixture);
    g_autoptr(GError) error = NULL;
    int n_found = -1, n = persistent_start(&options, &n_found, &error);

    g_assert_no_error(error);
    ck_assert_int_eq(n, n_started);
    ck_assert_int_eq(n_found, n_present);
}

static void copy_row(const struct worker_row *row, gpointer data)
{
    struct worker_row *copy = data;

    if (copy->id)
        return;
    copy->id = row->id;
    copy->pid = row->pid;
    copy->status = row->status;
    copy->jobs_processed = row->jobs_processed;
    copy->session_id = row->session_id ? (char *)"of a build" : NULL;
}

static struct worker_row first_worker(struct fixture *fixture)
{
    struct worker_row row = {0};

    ck_assert(worker_list(fixture->store, copy_row, &row, NULL));
    return row;
}

static int count_workers(struct fixture *fixture)
{
    int n = 0;

    ck_assert(worker_list(fixture->store, count_row, &n, NULL));
    return n;
}

static void stop_persistent(struct fixture *fixture, int n_expected)
{
    g_autoptr(GError) error = NULL;
    int n = persistent_stop(fixture->store, NULL, DEADLINE_MS, &error);

    g_assert_no_error(error);
    ck_assert_int_eq(n, n_expected);
    ck_assert_int_eq(count_workers(fixture), 0);
}

static void run_build(struct fixture *fixture, const char *session_id)
{
    gint64 id;

    fixture->session_id = session_id;
    start(fixture);
    id = submit(fixture, "ok");
    wait_until(fixture, is_ended, id);
    ck_assert_int_eq(status_of(fixture, id), JOB_COMPLETED);
    lifecycle_manager_free(g_steal_pointer(&fixture->manager));
}

START_TEST(they_are_started_once_and_stopped_on_command)
{
    struct fixture *fixture = new_fixture();
    struct worker_row row;

    start_persistent(fixture, 1, 0);
    start_persistent(fixture, 0, 1);
    row = first_worker(fixture);
    ck_assert_int_eq(row.status, WORKER_IDLE);
    ck_assert(process_is_alive((pid_t)row.pid, 0));
    stop_persistent(fixture, 1);
    ck_assert(!process_is_alive((pid_t)row.pid, 0));
    free_fixture(fixture);
}
END_TEST

START_TEST(they_serve_one_build_after_another)
{
    struct fixture *fixture = new_fixture();
    struct worker_row row;
    g_autofree char *events = NULL;

    start_persistent(fixture, 1, 0);
    run_build(fixture, "first");
    run_build(fixture, "second");
    row = first_worker(fixture);
    ck_assert_int_eq(row.jobs_processed, 2);
    ck_assert_ptr_null(row.session_id);
    events = list_events(fixture);
    ck_assert_msg(strstr(events, "worker_starting") == NULL, "%s", events);
    stop_persistent(fixture, 1);
    free_fixture(fixture);
}
END_TEST

START_TEST(they_serve_two_builds_at_once)
{
    struct fixture *fixture = new_fixture();
    gint64 first, second;

    start_persistent(fixture, 1, 0);
    fixture->session_id = "first";
    first = submit(fixture, "ok");
    fixture->session_id = "second";
    second = submit(fixture, "ok");
    wait_until(fixture, is_ended, first);
    wait_until(fixture, is_ended, second);
    ck_assert_int_eq(first_worker(fixture).jobs_processed, 2);
    stop_persistent(fixture, 1);
    free_fixture(fixture);
}
END_TEST

static bool is_idle(struct fixture *fixture, gint64 value)
{
    return first_worker(fixture).status == WORKER_IDLE;
}

static void start_staying(struct fixture *fixture)
{
    g_assert(settings_override(fixture->settings, "worker_management.auto_stop", "false", NULL));
    start(fixture);
}

static bool is_gone(struct fixture *fixture, gint64 pid)
{
    return !process_is_alive((pid_t)pid, 0);
}

START_TEST(they_survive_their_killed_parent)
{
    struct fixture *fixture = new_fixture();
    const char *const argv[] = {own_program, "manage", fixture->folder, NULL};
    struct process build;
    struct worker_row row;

    ck_assert(process_spawn(&(struct process_options){.argv = argv, .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = 2}, &build, NULL));
    wait_until(fixture, is_idle, 0);
    row = first_worker(fixture);
    ck_assert(process_signal(&build, SIGKILL));
    wait_until(fixture, is_gone, build.pid);
    process_reap(&build, NULL);
    process_clear(&build);
    ck_assert_int_ge(discovery_tidy(fixture->store, NULL), 0);
    ck_assert_int_eq(first_worker(fixture).status, WORKER_IDLE);
    run_build(fixture, "next");
    ck_assert_int_eq(first_worker(fixture).pid, row.pid);
    ck_assert_int_eq(first_worker(fixture).jobs_processed, 1);
    stop_persistent(fixture, 1);
    free_fixture(fixture);
}
END_TEST

/* Another version of clx, another cache, another PATH: all of this is in the fit. */
START_TEST(one_that_does_not_fit_is_neither_reused_nor_takes_jobs)
{
    struct fixture *fixture = new_fixture();
    g_autofree char *events = NULL;
    const char *path = g_getenv("PATH");
    g_autofree char *longer = g_strconcat(path, ":/nonexistent", NULL);

    start_persistent(fixture, 1, 0);
    g_setenv("PATH", longer, TRUE);
    run_build(fixture, "other");
    events = list_events(fixture);
    ck_assert_msg(strstr(events, "worker_starting") != NULL, "%s", events);
    ck_assert_int_eq(first_worker(fixture).jobs_processed, 0);
    stop_persistent(fixture, 1);
    free_fixture(fixture);
}
END_TEST

START_TEST(without_reuse_they_are_left_alone)
{
    struct fixture *fixture = new_fixture();

    start_persistent(fixture, 1, 0);
    ck_assert(settings_override(fixture->settings, "worker_management.reuse_workers", "false", NULL));
    run_build(fixture, "fresh");
    ck_assert_int_eq(first_worker(fixture).jobs_processed, 0);
    stop_persistent(fixture, 1);
    free_fixture(fixture);
}
END_TEST

static bool has_no_workers(struct fixture *fixture, gint64 value)
{
    return count_workers(fixture) == 0;
}

START_TEST(they_end_after_the_idle_timeout)
{
    struct fixture *fixture = new_fixture();
    gint64 pid;

    ck_assert(settings_override(fixture->settings, "worker_management.idle_timeout", "1", NULL));
    start_persistent(fixture, 1, 0);
    pid = first_worker(fixture).pid;
    wait_until(fixture, has_no_workers, 0);
    ck_assert_int_ne(pid, 0);
    free_fixture(fixture);
}
END_TEST

START_TEST(stopping_ends_even_one_that_does_not_listen)
{
    struct fixture *fixture = new_fixture();
    struct worker_row row;
    gint64 id;

    start_persistent(fixture, 1, 0);
    id = submit(fixture, "wait");
    wait_until(fixture, has_straggler, 0);
    row = find_busy(fixture);
    ck_assert_int_eq(kill((pid_t)row.pid, SIGSTOP), 0);
    ck_assert_int_eq(persistent_stop(fixture->store, "notebook", 100, NULL), 1);
    ck_assert_int_eq(count_processes(row.executor_id), 0);
    ck_assert_int_eq(count_workers(fixture), 0);
    ck_assert_int_eq(status_of(fixture, id), JOB_PENDING);
    g_free(row.executor_id);
    free_fixture(fixture);
}
END_TEST

static void add_reason(const struct worker_row *row, const char *reason, gpointer data)
{
    g_string_append_printf(data, "%s;", reason);
}

START_TEST(cleanup_finds_the_faulty_ones_only)
{
    struct fixture *fixture = new_fixture();
    g_autoptr(GString) some = g_string_new(NULL), all = g_string_new(NULL);
    gint64 dead;

    start_persistent(fixture, 1, 0);
    dead = worker_preregister(fixture->store, JOB_DRAWIO, "direct-drawio-0-00000000", NULL, "direct", NULL, NULL);
    ck_assert(worker_set_status(fixture->store, dead, WORKER_DEAD, NULL));
    ck_assert(discovery_find_faulty(fixture->store, false, add_reason, some, NULL));
    ck_assert_str_eq(some->str, "dead;");
    ck_assert(discovery_find_faulty(fixture->store, true, add_reason, all, NULL));
    ck_assert_str_eq(all->str, "healthy;dead;");
    ck_assert(worker_remove(fixture->store, dead, NULL));
    stop_persistent(fixture, 1);
    free_fixture(fixture);
}
END_TEST

START_TEST(a_worker_that_cannot_start_is_an_error)
{
    struct fixture *fixture = new_fixture();
    struct lifecycle_options options = options_for(fixture);
    g_autoptr(GError) error = NULL;
    int n_found;

    options.program = "/bin/false";
    ck_assert_int_eq(persistent_start(&options, &n_found, &error), -1);
    ck_assert_ptr_nonnull(strstr(error->message, "died 5 times"));
    free_fixture(fixture);
}
END_TEST

int main(int argc, char **argv)
{
    const TTest *const tests[] = {they_are_started_once_and_stopped_on_command,
                                  they_serve_one_build_after_another,
                                  they_serve_two_builds_at_once,
                                  they_survive_their_killed_parent,
                                  they_end_after_the_idle_timeout,
                                  stopping_ends_even_one_that_does_not_listen,
                                  cleanup_finds_the_faulty_ones_only,
                                  a_worker_that_cannot_start_is_an_error,
                                  one_that_does_not_fit_is_neither_reused_nor_takes_jobs,
                                  without_reuse_they_are_left_alone};

    return supervisor_main(argc, argv, start_staying, tests, G_N_ELEMENTS(tests));
}
