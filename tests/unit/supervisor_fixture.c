#include "supervisor_fixture.h"

#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "config/fit.h"
#include "os/file.h"
#include "os/process.h"
#include "store/doorbell.h"
#include "supervisor/executor_direct.h"
#include "worker/worker.h"

#define LIMIT_S 20

/* ---- the worker's side ---- */

/* A process that takes all memory it gets, until it is killed. */
static void start_glutton(void)
{
    const char *const argv[] = {"tail", "/dev/zero", NULL};
    struct process process;

    g_assert(process_spawn(&(struct process_options){.argv = argv, .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1}, &process, NULL));
    while (process_reap(&process, NULL) == 0)
        g_main_context_iteration(NULL, TRUE); /* heartbeats wake it */
    process_clear(&process);
}

/* A process in a group of its own that outlives a careless parent. */
static void start_straggler(void)
{
    const char *const argv[] = {"sleep", "1000", NULL};
    struct process process;

    g_assert(process_spawn(&(struct process_options){.argv = argv, .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1, .new_group = true},
                           &process, NULL));
}

static json_t *run_scripted(const json_t *payload, struct worker_context *context, GError **error)
{
    const char *what = json_get_text(payload, "do", "");

    if (g_str_equal(what, "stop"))
        raise(SIGSTOP);
    if (g_str_equal(what, "die"))
        raise(SIGKILL);
    if (g_str_equal(what, "fail")) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_SOURCE, "a.py:3: wrong");
        return NULL;
    }
    if (g_str_equal(what, "wait")) {
        start_straggler();
        context->report("waiting", context->data);
        for (;;)
            g_main_context_iteration(NULL, TRUE);
    }
    if (g_str_equal(what, "deaf"))
        for (;;)
            pause();
    if (g_str_equal(what, "feed"))
        start_glutton();
    if (g_str_equal(what, "eat")) {
        volatile char *food = g_malloc(300u << 20);

        for (size_t i = 0; i < 300u << 20; i += 1024)
            food[i] = 1;
        for (;;)
            g_main_context_iteration(NULL, TRUE);
    }
    return json_pack("{s:[]}", "outputs");
}

job_handler *const job_handlers[N_JOB_TYPES] = {run_scripted, run_scripted, run_scripted};

/* ---- the build's side ---- */

char *own_program;

static void on_failed(enum job_type type, const char *message, gpointer data)
{
    struct fixture *fixture = data;

    g_free(fixture->failure);
    fixture->failure = g_strdup(message);
}

void make_manager(struct fixture *fixture, const char *program)
{
    struct lifecycle_options options = {
        .store = fixture->store,
        .settings = fixture->settings,
        .session_id = fixture->session_id,
        .jobs_db = fixture->jobs_db,
        .cache_db = fixture->cache_db,
        .workspace = fixture->folder,
        .program = program,
        .needed = {[JOB_NOTEBOOK] = true},
        .failed = on_failed,
        .data = fixture,
    };

    fixture->manager = lifecycle_manager_new(&options);
}

static void open_fixture(struct fixture *fixture, const char *folder)
{
    g_autoptr(diag_list) diags = diag_list_new();
    g_autoptr(GError) error = NULL;

    *fixture = (struct fixture){.folder = g_strdup(folder), .session_id = SESSION};
    fixture->jobs_db = g_build_filename(folder, "clx_jobs.db", NULL);
    fixture->cache_db = g_build_filename(folder, "clx_cache.db", NULL);
    fixture->store = store_open(fixture->jobs_db, &error);
    g_assert_no_error(error);
    fixture->settings = settings_load(folder, NULL, diags);
    g_assert_nonnull(fixture->settings);
    g_assert(settings_override(fixture->settings, "worker_management.notebook.count", "1", NULL));
}

struct fixture *new_fixture(void)
{
    struct fixture *fixture = g_new0(struct fixture, 1);
    g_autofree char *folder = g_dir_make_tmp("clx-super-XXXXXX", NULL);

    open_fixture(fixture, folder);
    return fixture;
}

void free_fixture(struct fixture *fixture)
{
    lifecycle_manager_free(fixture->manager);
    settings_free(fixture->settings);
    store_close(fixture->store);
    file_remove_tree(fixture->folder, NULL);
    g_free(fixture->folder);
    g_free(fixture->jobs_db);
    g_free(fixture->cache_db);
    g_free(fixture->failure);
    g_free(fixture);
}

void start(struct fixture *fixture)
{
    g_autoptr(GError) error = NULL;

    make_manager(fixture, own_program);
    lifecycle_manager_start(fixture->manager, &error);
    g_assert_no_error(error);
}

gint64 submit(struct fixture *fixture, const char *what)
{
    g_autofree char *fit = settings_get_bool(fixture->settings, "worker_management.reuse_workers")
                               ? fit_hash(own_program, fixture->cache_db)
                               : g_strdup(FIT_NONE);
    struct job job = {
        .fit = fit, .type = JOB_NOTEBOOK, .session_id = (char *)fixture->session_id, .payload = json_pack("{s:s}", "do", what)};

    ck_assert(job_submit(fixture->store, &job, NULL));
    json_decref(job.payload);
    doorbell_ring(fixture->jobs_db, "notebook");
    return job.id;
}

static gboolean on_wake(gpointer data)
{
    return G_SOURCE_CONTINUE;
}

/* Runs the main loop until something is true; the limit only bounds a failure. */
void wait_until(struct fixture *fixture, condition *is_true, gint64 value)
{
    gint64 end = g_get_monotonic_time() + LIMIT_S * G_USEC_PER_SEC;
    guint timer = g_timeout_add(5, on_wake, NULL);

    while (!is_true(fixture, value)) {
        ck_assert_msg(g_get_monotonic_time() < end, "waited in vain");
        g_main_context_iteration(NULL, TRUE);
    }
    g_source_remove(timer);
}

enum job_status status_of(struct fixture *fixture, gint64 id)
{
    g_autoptr(job) job = NULL;

    ck_assert_int_eq(job_find(fixture->store, id, &job, NULL), 1);
    return job->status;
}

bool is_ended(struct fixture *fixture, gint64 id)
{
    return status_of(fixture, id) >= JOB_COMPLETED;
}

static void copy_waiting(const struct worker_row *row, gpointer data)
{
    struct worker_row *found = data;

    if (row->status != WORKER_BUSY || found->id)
        return;
    found->id = row->id;
    found->pid = row->pid;
    found->executor_id = g_strdup(row->executor_id);
}

struct worker_row find_busy(struct fixture *fixture)
{
    struct worker_row found = {0};

    ck_assert(worker_list(fixture->store, copy_waiting, &found, NULL));
    return found;
}

/* The straggler carries the worker's environment and runs beside it. */
int count_processes(const char *executor_id)
{
    g_autoptr(GDir) dir = g_dir_open("/proc", 0, NULL);
    int n = 0;

    for (const char *name = g_dir_read_name(dir); name; name = g_dir_read_name(dir))
        n += executor_direct_is_worker(g_ascii_strtoll(name, NULL, 10), executor_id);
    return n;
}

bool has_straggler(struct fixture *fixture, gint64 value)
{
    struct worker_row row = find_busy(fixture);
    bool result = row.executor_id && count_processes(row.executor_id) == 2;

    g_free(row.executor_id);
    return result;
}

static void add_event_type(const struct event_row *row, gpointer data)
{
    g_string_append_printf(data, "%s ", row->event_type);
}

char *list_events(struct fixture *fixture)
{
    GString *text = g_string_new(NULL);

    ck_assert(event_list(fixture->store, 0, NULL, fixture->session_id, NULL, add_event_type, text, NULL));
    return g_string_free(text, FALSE);
}

void count_row(const struct worker_row *row, gpointer data)
{
    ++*(int *)data;
}

static int run_tests(const TTest *const *tests, size_t n_tests)
{
    Suite *suite = suite_create("supervisor");
    TCase *tcase = tcase_create("processes");
    SRunner *runner = srunner_create(suite);
    int n_failed;

    tcase_set_timeout(tcase, 120);
    for (size_t i = 0; i < n_tests; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

int supervisor_main(int argc, char **argv, void (*manage)(struct fixture *fixture), const TTest *const *tests, size_t n_tests)
{
    int status = 0;

    if (argc == 3 && g_str_equal(argv[1], "worker"))
        return worker_run((enum job_type)glossary_find(job_type_names, argv[2]));
    own_program = g_file_read_link("/proc/self/exe", NULL);
    if (argc == 3 && g_str_equal(argv[1], "manage")) {
        struct fixture fixture;

        open_fixture(&fixture, argv[2]);
        manage(&fixture);
        for (;;)
            g_main_context_iteration(NULL, TRUE);
    }
    status = run_tests(tests, n_tests);
    g_free(own_program);
    return status;
}
