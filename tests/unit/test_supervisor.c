#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "os/process.h"
#include "supervisor/discovery.h"
#include "supervisor_fixture.h"

START_TEST(job_is_done_and_events_are_in_order)
{
    struct fixture *fixture = new_fixture();
    g_autofree char *events = NULL;
    int n_rows = 0;
    gint64 id = submit(fixture, "ok");

    start(fixture);
    wait_until(fixture, is_ended, id);
    ck_assert_int_eq(status_of(fixture, id), JOB_COMPLETED);
    lifecycle_manager_stop(fixture->manager);
    events = list_events(fixture);
    ck_assert_msg(g_str_has_prefix(events, "pool_starting worker_starting worker_registered worker_ready "), "%s", events);
    ck_assert_msg(g_str_has_suffix(events, "pool_stopping worker_stopping worker_stopped pool_stopped "), "%s", events);
    ck_assert(worker_list(fixture->store, count_row, &n_rows, NULL));
    ck_assert_int_eq(n_rows, 0);
    free_fixture(fixture);
}
END_TEST

START_TEST(wrong_source_fails_at_once)
{
    struct fixture *fixture = new_fixture();
    gint64 id = submit(fixture, "fail");
    g_autoptr(job) job = NULL;

    start(fixture);
    wait_until(fixture, is_ended, id);
    ck_assert_int_eq(job_find(fixture->store, id, &job, NULL), 1);
    ck_assert_int_eq(job->status, JOB_FAILED);
    ck_assert_int_eq(job->attempts, 1);
    ck_assert_str_eq(json_get_text(job->error, "type", ""), "source");
    free_fixture(fixture);
}
END_TEST

static bool is_second_attempt(struct fixture *fixture, gint64 id)
{
    g_autoptr(job) job = NULL;

    ck_assert_int_eq(job_find(fixture->store, id, &job, NULL), 1);
    return job->attempts == 2 && job->status == JOB_PROCESSING;
}

START_TEST(job_of_a_killed_worker_goes_to_the_next_one)
{
    struct fixture *fixture = new_fixture();
    struct worker_row row;
    gint64 id;

    start(fixture);
    id = submit(fixture, "wait");
    wait_until(fixture, has_straggler, 0);
    row = find_busy(fixture);
    ck_assert_int_eq(kill((pid_t)row.pid, SIGKILL), 0);
    wait_until(fixture, is_second_attempt, id);
    ck_assert_int_eq(count_processes(row.executor_id), 0);
    g_free(row.executor_id);
    free_fixture(fixture);
}
END_TEST

START_TEST(job_that_kills_two_workers_is_quarantined)
{
    struct fixture *fixture = new_fixture();
    gint64 id = submit(fixture, "die"), good = submit(fixture, "ok");
    g_autoptr(job) job = NULL;

    start(fixture);
    wait_until(fixture, is_ended, id);
    wait_until(fixture, is_ended, good);
    ck_assert_int_eq(job_find(fixture->store, id, &job, NULL), 1);
    ck_assert_int_eq(job->status, JOB_FAILED);
    ck_assert_int_eq(job->attempts, 2);
    ck_assert_ptr_nonnull(strstr(json_get_text(job->error, "message", ""), "quarantined"));
    ck_assert_int_eq(status_of(fixture, good), JOB_COMPLETED);
    ck_assert_ptr_null(fixture->failure);
    free_fixture(fixture);
}
END_TEST

static bool has_failed(struct fixture *fixture, gint64 value)
{
    return fixture->failure != NULL;
}

START_TEST(crash_loop_stops_the_pool)
{
    struct fixture *fixture = new_fixture();

    make_manager(fixture, "/bin/false");
    ck_assert(lifecycle_manager_start(fixture->manager, NULL));
    wait_until(fixture, has_failed, 0);
    ck_assert_ptr_nonnull(strstr(fixture->failure, "died 5 times"));
    free_fixture(fixture);
}
END_TEST

START_TEST(missing_program_stops_the_pool)
{
    struct fixture *fixture = new_fixture();

    make_manager(fixture, "/nonexistent/clx");
    ck_assert(lifecycle_manager_start(fixture->manager, NULL));
    ck_assert_ptr_nonnull(strstr(fixture->failure, "cannot start"));
    free_fixture(fixture);
}
END_TEST

/* What eats is the worker itself, or what it has started; it is killed by the kernel, or by the supervisor that has measured it. */
static void check_memory_limit(const char *what, const char *has_groups)
{
    struct fixture *fixture = new_fixture();
    gint64 id = submit(fixture, what), good = submit(fixture, "ok");
    g_autoptr(job) job = NULL;

    ck_assert(settings_override(fixture->settings, "worker_management.notebook.memory_limit", "200m", NULL));
    ck_assert(settings_override(fixture->settings, "worker_management.control_groups", has_groups, NULL));
    start(fixture);
    wait_until(fixture, is_ended, id);
    ck_assert_int_eq(job_find(fixture->store, id, &job, NULL), 1);
    ck_assert_str_eq(json_get_text(job->error, "message", ""), "memory limit 200m exceeded");
    ck_assert_int_eq(job->attempts, 1);
    ck_assert_double_gt(json_real_value(json_object_get(job->error, "peak_memory_mib")), 100);
    wait_until(fixture, is_ended, good);
    ck_assert_int_eq(status_of(fixture, good), JOB_COMPLETED);
    ck_assert_ptr_null(fixture->failure);
    free_fixture(fixture);
}

START_TEST(memory_limit_fails_the_job_by_name)
{
    check_memory_limit("eat", "true");
    check_memory_limit("feed", "true");
}
END_TEST

START_TEST(memory_limit_is_measured_where_there_are_no_control_groups)
{
    check_memory_limit("eat", "false");
    check_memory_limit("feed", "false");
}
END_TEST

START_TEST(stopping_in_a_job_gives_it_back_and_leaves_nobody)
{
    struct fixture *fixture = new_fixture();
    struct worker_row row;
    gint64 id;

    start(fixture);
    id = submit(fixture, "wait");
    wait_until(fixture, has_straggler, 0);
    row = find_busy(fixture);
    lifecycle_manager_stop(fixture->manager);
    ck_assert_int_eq(status_of(fixture, id), JOB_PENDING);
    ck_assert_int_eq(count_processes(row.executor_id), 0);
    g_free(row.executor_id);
    free_fixture(fixture);
}
END_TEST

static bool is_gone(struct fixture *fixture, gint64 pid)
{
    return !process_is_alive((pid_t)pid, 0);
}

static bool has_no_processes(struct fixture *fixture, gint64 value)
{
    return count_processes(fixture->failure) == 0;
}

START_TEST(nobody_survives_a_killed_build)
{
    struct fixture *fixture = new_fixture();
    const char *const argv[] = {own_program, "manage", fixture->folder, NULL};
    struct process build;
    struct worker_row row;
    gint64 id = submit(fixture, "wait"), killed_at;
    g_autofree char *events = NULL;

    ck_assert(process_spawn(&(struct process_options){.argv = argv, .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = 2}, &build, NULL));
    wait_until(fixture, has_straggler, 0);
    row = find_busy(fixture);
    fixture->failure = row.executor_id;
    killed_at = g_get_monotonic_time();
    ck_assert(process_signal(&build, SIGKILL));
    wait_until(fixture, is_gone, build.pid);
    wait_until(fixture, has_no_processes, 0);
    ck_assert_int_lt(g_get_monotonic_time() - killed_at, 5 * G_USEC_PER_SEC);
    process_reap(&build, NULL);
    process_clear(&build);
    events = list_events(fixture);
    ck_assert_msg(strstr(events, "parent_died worker_stopped") != NULL, "%s", events);
    ck_assert_int_eq(status_of(fixture, id), JOB_PENDING);
    ck_assert_int_ge(discovery_tidy(fixture->store, NULL), 0);
    ck_assert_int_eq(status_of(fixture, id), JOB_CANCELLED);
    free_fixture(fixture);
}
END_TEST

static void copy_heartbeat(const struct worker_row *row, gpointer data)
{
    g_free(*(char **)data);
    *(char **)data = g_strdup(row->last_heartbeat);
}

/* `value` counts down the heartbeats that are still waited for. */
static bool has_beaten(struct fixture *fixture, gint64 n)
{
    static char *last;
    static gint64 n_seen;
    char *now = NULL;

    ck_assert(worker_list(fixture->store, copy_heartbeat, &now, NULL));
    n_seen += g_strcmp0(last, now) != 0;
    g_free(last);
    last = now;
    return n_seen > n;
}

/* Three heartbeats are at least 4 s, and the limit is 3 s. */
START_TEST(a_build_that_was_stopped_for_a_while_blames_nobody)
{
    struct fixture *fixture = new_fixture();
    const char *const argv[] = {own_program, "manage", fixture->folder, NULL};
    const char *const env[] = {"CLX_WORKER_MANAGEMENT__HEARTBEAT_TIMEOUT=3", NULL};
    struct process build;
    gint64 id = submit(fixture, "wait");
    g_autofree char *events = NULL;
    g_autoptr(job) job = NULL;

    ck_assert(
        process_spawn(&(struct process_options){.argv = argv, .env = env, .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = 2}, &build, NULL));
    wait_until(fixture, has_straggler, 0);
    ck_assert(process_signal(&build, SIGSTOP));
    wait_until(fixture, has_beaten, 3);
    ck_assert(process_signal(&build, SIGCONT));
    wait_until(fixture, has_beaten, 5);
    events = list_events(fixture);
    ck_assert_str_eq(events, "pool_starting worker_starting worker_registered worker_ready pool_started ");
    ck_assert_int_eq(job_find(fixture->store, id, &job, NULL), 1);
    ck_assert_int_eq(job->attempts, 1);
    process_end(&build, 0);
    free_fixture(fixture);
}
END_TEST

int main(int argc, char **argv)
{
    const TTest *const tests[] = {job_is_done_and_events_are_in_order,
                                  wrong_source_fails_at_once,
                                  job_of_a_killed_worker_goes_to_the_next_one,
                                  job_that_kills_two_workers_is_quarantined,
                                  crash_loop_stops_the_pool,
                                  missing_program_stops_the_pool,
                                  memory_limit_fails_the_job_by_name,
                                  memory_limit_is_measured_where_there_are_no_control_groups,
                                  stopping_in_a_job_gives_it_back_and_leaves_nobody,
                                  nobody_survives_a_killed_build,
                                  a_build_that_was_stopped_for_a_while_blames_nobody};

    return supervisor_main(argc, argv, start, tests, G_N_ELEMENTS(tests));
}
