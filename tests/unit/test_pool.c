/* The limits of a pool: starting, silence, progress. */
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/process.h"
#include "store/doorbell.h"
#include "supervisor/executor_direct.h"
#include "supervisor/pool_manager.h"
#include "supervisor_fixture.h"

#define BELL "pool-" SESSION

struct rig {
    struct fixture *fixture;
    struct event_logger logger;
    struct executor executor;
    struct pool *pool;
    guint timer;
};

static struct rig rig;

static void on_failed(enum job_type type, const char *message, gpointer data)
{
    rig.fixture->failure = g_strdup(message);
}

static gboolean on_timer(gpointer data)
{
    pool_look(rig.pool);
    pool_check_limits(rig.pool);
    return G_SOURCE_CONTINUE;
}

/* A pool whose limits are looked at every `interval_ms`. */
static void make_pool(int n_workers, int n_parallel, int startup_timeout_s, guint interval_ms, int silence, int time)
{
    struct fixture *fixture = new_fixture();

    rig.fixture = fixture;
    rig.logger = (struct event_logger){fixture->store, SESSION};
    rig.executor.class = &executor_direct;
    rig.executor.options = (struct executor_options){.program = own_program,
                                                     .jobs_db = fixture->jobs_db,
                                                     .cache_db = fixture->cache_db,
                                                     .workspace = fixture->folder,
                                                     .ready_bell = BELL};
    rig.pool = pool_new(&(struct pool_options){.type = JOB_NOTEBOOK,
                                               .n_workers = n_workers,
                                               .store = fixture->store,
                                               .logger = &rig.logger,
                                               .executor = &rig.executor,
                                               .session_id = SESSION,
                                               .startup_timeout_s = startup_timeout_s,
                                               .startup_parallel = n_parallel,
                                               .heartbeat_limit_s = silence,
                                               .max_job_time_s = time,
                                               .failed = on_failed});
    rig.timer = g_timeout_add(interval_ms, on_timer, NULL);
    ck_assert(session_add(fixture->store, SESSION, NULL));
    pool_start(rig.pool);
}

static void free_pool(void)
{
    g_source_remove(rig.timer);
    pool_request_stop(rig.pool);
    pool_finish_stop(rig.pool, g_get_monotonic_time());
    pool_free(rig.pool);
    free_fixture(rig.fixture);
    unsetenv("CLX_TEST_START");
}

static bool is_ready(struct fixture *fixture, gint64 value)
{
    return pool_is_ready(rig.pool);
}

static bool has_failed(struct fixture *fixture, gint64 value)
{
    return fixture->failure != NULL;
}

static void find_message(const struct event_row *row, gpointer data)
{
    const char **wanted = data;

    if (*wanted && row->message && strstr(row->message, *wanted))
        *wanted = NULL;
}

static bool was_told(const char *message)
{
    ck_assert(event_list(rig.fixture->store, 0, "worker_failed", NULL, NULL, find_message, &message, NULL));
    return message == NULL;
}

static bool has_started_again(struct fixture *fixture, gint64 value)
{
    g_autofree char *events = list_events(fixture);
    const char *first = strstr(events, "worker_starting ");

    return first && strstr(first + 1, "worker_starting ");
}

START_TEST(one_that_does_not_get_ready_is_replaced)
{
    setenv("CLX_TEST_START", "hang", 1);
    make_pool(1, 1, 1, 100, 1000, 1000);
    wait_until(rig.fixture, has_started_again, 0);
    ck_assert(was_told("not ready within startup_timeout"));
    ck_assert_ptr_null(rig.fixture->failure);
    free_pool();
}
END_TEST

START_TEST(no_more_than_startup_parallel_start_at_once)
{
    g_autofree char *events = NULL;

    make_pool(3, 1, 30, 100, 1000, 1000);
    wait_until(rig.fixture, is_ready, 0);
    events = list_events(rig.fixture);
    ck_assert_str_eq(events, "pool_starting worker_starting worker_registered worker_ready worker_starting worker_registered worker_ready "
                             "worker_starting worker_registered worker_ready pool_started ");
    free_pool();
}
END_TEST

static bool is_busy(struct fixture *fixture, gint64 value)
{
    struct worker_row row = find_busy(fixture);

    g_free(row.executor_id);
    return row.id != 0;
}

static bool is_second_attempt(struct fixture *fixture, gint64 id)
{
    g_autoptr(job) job = NULL;

    ck_assert_int_eq(job_find(fixture->store, id, &job, NULL), 1);
    return job->attempts >= 2;
}

static enum worker_status status_of_worker(gint64 id)
{
    g_autoptr(worker_row) row = NULL;

    ck_assert_int_eq(worker_find(rig.fixture->store, id, &row, NULL), 1);
    return row->status;
}

/* Heartbeats come every 2 s: 60 looks of 100 ms are 6 s. */
START_TEST(a_stopped_worker_is_replaced_and_its_job_goes_on)
{
    gint64 id;
    struct worker_row row;

    make_pool(1, 1, 30, 100, 60, 10000);
    id = submit(rig.fixture, "wait");
    wait_until(rig.fixture, is_busy, 0);
    row = find_busy(rig.fixture);
    ck_assert_int_eq(kill((pid_t)row.pid, SIGSTOP), 0);
    wait_until(rig.fixture, is_second_attempt, id);
    ck_assert(was_told("no heartbeat"));
    ck_assert_int_eq(count_processes(row.executor_id), 0);
    ck_assert_int_eq(status_of_worker(row.id), WORKER_DEAD);
    g_free(row.executor_id);
    free_pool();
}
END_TEST

START_TEST(a_job_without_progress_ends_after_max_job_time_and_is_quarantined)
{
    gint64 id, good;
    g_autoptr(job) job = NULL;
    g_autofree char *events = NULL;

    make_pool(1, 1, 30, 20, 10000, 50);
    id = submit(rig.fixture, "wait");
    good = submit(rig.fixture, "ok");
    wait_until(rig.fixture, is_ended, id);
    wait_until(rig.fixture, is_ended, good);
    ck_assert_int_eq(job_find(rig.fixture->store, id, &job, NULL), 1);
    ck_assert_int_eq(job->status, JOB_FAILED);
    ck_assert_int_eq(job->attempts, 2);
    ck_assert_ptr_nonnull(strstr(json_get_text(job->error, "message", ""), "max_job_time"));
    ck_assert_int_eq(status_of(rig.fixture, good), JOB_COMPLETED);
    events = list_events(rig.fixture);
    ck_assert_msg(strstr(events, "worker_ready worker_stopping worker_failed ") != NULL, "%s", events);
    free_pool();
}
END_TEST

static bool is_hung(struct fixture *fixture, gint64 id)
{
    return status_of_worker(id) == WORKER_HUNG;
}

static bool is_dead(struct fixture *fixture, gint64 id)
{
    return status_of_worker(id) == WORKER_DEAD;
}

/* TERM does not reach it: it hangs until the deadline. Its job is free at once. */
START_TEST(a_hung_worker_that_does_not_obey_is_killed_after_a_deadline)
{
    gint64 id, asked_at;
    struct worker_row row;

    make_pool(1, 1, 30, 20, 100000, 20);
    id = submit(rig.fixture, "deaf");
    wait_until(rig.fixture, is_busy, 0);
    row = find_busy(rig.fixture);
    wait_until(rig.fixture, is_hung, row.id);
    asked_at = g_get_monotonic_time();
    ck_assert_int_eq(status_of(rig.fixture, id), JOB_PENDING);
    wait_until(rig.fixture, is_dead, row.id);
    ck_assert_int_ge(g_get_monotonic_time() - asked_at, G_USEC_PER_SEC);
    ck_assert(was_told("no progress within max_job_time"));
    ck_assert_int_eq(count_processes(row.executor_id), 0);
    g_free(row.executor_id);
    free_pool();
}
END_TEST

static bool has_writer(struct fixture *fixture, gint64 pid)
{
    return store_find_writer(fixture->store) == pid;
}

static gboolean on_late(gpointer data)
{
    *(bool *)data = true;
    return G_SOURCE_REMOVE;
}

/* Only its numbers. */
static void copy_row(const struct worker_row *row, gpointer data)
{
    *(struct worker_row *)data = (struct worker_row){.id = row->id, .pid = row->pid};
}

static void count_failed(const struct event_row *row, gpointer data)
{
    ++*(int *)data;
}

/* No heartbeat can be written for 5 s, and 150 looks of 20 ms are 3 s. */
START_TEST(a_database_that_another_process_locks_makes_no_worker_hung)
{
    struct process locker;
    bool is_late = false;
    int n_failed = 0;

    make_pool(2, 2, 30, 20, 150, 10000);
    wait_until(rig.fixture, is_ready, 0);
    ck_assert(process_spawn(&(struct process_options){.argv = (const char *const[]){own_program, "lock", rig.fixture->jobs_db, NULL},
                                                      .stdin_fd = -1,
                                                      .stdout_fd = -1,
                                                      .stderr_fd = 2},
                            &locker, NULL));
    wait_until(rig.fixture, has_writer, locker.pid);
    g_timeout_add(5000, on_late, &is_late);
    while (!is_late)
        g_main_context_iteration(NULL, TRUE);
    ck_assert(has_writer(rig.fixture, locker.pid));
    process_end(&locker, 1000);
    ck_assert(event_list(rig.fixture->store, 0, "worker_failed", NULL, NULL, count_failed, &n_failed, NULL));
    ck_assert(event_list(rig.fixture->store, 0, "worker_stopping", NULL, NULL, count_failed, &n_failed, NULL));
    ck_assert_int_eq(n_failed, 0);
    free_pool();
}
END_TEST

START_TEST(a_worker_whose_row_is_deleted_ends_and_is_replaced)
{
    gint64 id;
    struct worker_row row;

    make_pool(1, 1, 30, 100, 1000, 1000);
    id = submit(rig.fixture, "wait");
    wait_until(rig.fixture, is_busy, 0);
    row = find_busy(rig.fixture);
    ck_assert(worker_remove(rig.fixture->store, row.id, NULL));
    wait_until(rig.fixture, is_second_attempt, id);
    ck_assert_int_eq(count_processes(row.executor_id), 0);
    ck_assert_ptr_null(rig.fixture->failure);
    g_free(row.executor_id);
    free_pool();
}
END_TEST

/* The most that was ever told of the one worker: its row is gone, and its process with it. */
START_TEST(a_worker_whose_row_is_deleted_and_that_is_killed_has_an_end)
{
    struct worker_row row = {0};
    int n_failed = 0;

    make_pool(1, 1, 30, 100, 1000, 1000);
    wait_until(rig.fixture, is_ready, 0);
    ck_assert(worker_list(rig.fixture->store, copy_row, &row, NULL));
    ck_assert_int_eq(kill((pid_t)row.pid, SIGSTOP), 0);
    ck_assert(worker_remove(rig.fixture->store, row.id, NULL));
    ck_assert_int_eq(kill((pid_t)row.pid, SIGKILL), 0);
    wait_until(rig.fixture, has_started_again, 0);
    ck_assert(event_list(rig.fixture->store, 0, "worker_failed", NULL, NULL, count_failed, &n_failed, NULL));
    ck_assert_int_eq(n_failed, 1);
    free_pool();
}
END_TEST

static int count_ends(void)
{
    int n = 0;

    ck_assert(event_list(rig.fixture->store, 0, "worker_failed", NULL, NULL, count_failed, &n, NULL));
    ck_assert(event_list(rig.fixture->store, 0, "worker_stopping", NULL, NULL, count_failed, &n, NULL));
    return n;
}

/* 50 looks of 20 ms are 1 s, and the first heartbeat comes after 2 s. */
START_TEST(an_idle_worker_owes_no_heartbeat_but_must_not_be_stopped)
{
    const char *message = "no heartbeat";
    bool is_late = false;
    struct worker_row row = {0};

    make_pool(1, 1, 30, 20, 50, 10000);
    wait_until(rig.fixture, is_ready, 0);
    g_timeout_add(1800, on_late, &is_late);
    while (!is_late)
        g_main_context_iteration(NULL, TRUE);
    ck_assert_int_eq(count_ends(), 0);
    ck_assert(worker_list(rig.fixture->store, copy_row, &row, NULL));
    ck_assert_int_eq(kill((pid_t)row.pid, SIGSTOP), 0);
    wait_until(rig.fixture, has_started_again, 0);
    ck_assert(event_list(rig.fixture->store, 0, "worker_stopping", NULL, NULL, find_message, &message, NULL));
    ck_assert_msg(!message, "it goes on to obey, and stops in order");
    free_pool();
}
END_TEST

START_TEST(an_idle_worker_whose_row_is_deleted_is_replaced)
{
    struct worker_row row = {0};

    make_pool(1, 1, 30, 100, 1000, 1000);
    wait_until(rig.fixture, is_ready, 0);
    ck_assert(worker_list(rig.fixture->store, copy_row, &row, NULL));
    ck_assert(worker_remove(rig.fixture->store, row.id, NULL));
    wait_until(rig.fixture, has_started_again, 0);
    ck_assert_ptr_null(rig.fixture->failure);
    free_pool();
}
END_TEST

START_TEST(a_pool_whose_workers_all_die_gives_up)
{
    struct worker_row row;

    make_pool(1, 1, 30, 100, 1000, 1000);
    submit(rig.fixture, "wait");
    wait_until(rig.fixture, is_busy, 0);
    row = find_busy(rig.fixture);
    rig.executor.options.program = "/bin/false";
    ck_assert_int_eq(kill((pid_t)row.pid, SIGKILL), 0);
    wait_until(rig.fixture, has_failed, 0);
    ck_assert_ptr_nonnull(strstr(rig.fixture->failure, "died 5 times within a minute"));
    g_free(row.executor_id);
    free_pool();
}
END_TEST

/* Holds the database until it is ended. */
static int lock_database(const char *path)
{
    g_autoptr(store) store = store_open(path, NULL);

    if (!store || !store_begin(store, NULL))
        return 1;
    for (;;)
        pause();
}

int main(int argc, char **argv)
{
    const TTest *const tests[] = {one_that_does_not_get_ready_is_replaced,
                                  no_more_than_startup_parallel_start_at_once,
                                  a_stopped_worker_is_replaced_and_its_job_goes_on,
                                  a_job_without_progress_ends_after_max_job_time_and_is_quarantined,
                                  a_hung_worker_that_does_not_obey_is_killed_after_a_deadline,
                                  a_database_that_another_process_locks_makes_no_worker_hung,
                                  a_worker_whose_row_is_deleted_ends_and_is_replaced,
                                  an_idle_worker_owes_no_heartbeat_but_must_not_be_stopped,
                                  an_idle_worker_whose_row_is_deleted_is_replaced,
                                  a_worker_whose_row_is_deleted_and_that_is_killed_has_an_end,
                                  a_pool_whose_workers_all_die_gives_up};

    if (!g_strcmp0(g_getenv("CLX_TEST_START"), "hang") && argc == 3)
        for (;;)
            pause();
    if (argc == 3 && g_str_equal(argv[1], "lock"))
        return lock_database(argv[2]);
    return supervisor_main(argc, argv, start, tests, G_N_ELEMENTS(tests));
}
