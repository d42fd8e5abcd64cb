#include <check.h>
#include <glib/gstdio.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "os/file.h"
#include "store/store.h"

static char *folder;
static char *path;
static struct store *jobs;

static void sql(const char *text)
{
    sqlite3 *handle;
    char *message = NULL;

    ck_assert_int_eq(sqlite3_open(path, &handle), SQLITE_OK);
    ck_assert_msg(sqlite3_exec(handle, text, NULL, NULL, &message) == SQLITE_OK, "%s", message);
    sqlite3_close(handle);
}

static int sql_fails(const char *text)
{
    sqlite3 *handle;
    int code;

    ck_assert_int_eq(sqlite3_open(path, &handle), SQLITE_OK);
    code = sqlite3_exec(handle, text, NULL, NULL, NULL);
    sqlite3_close(handle);
    return code != SQLITE_OK;
}

static void make_folder(void)
{
    folder = g_dir_make_tmp("clx-store-XXXXXX", NULL);
    path = g_build_filename(folder, "clx_jobs.db", NULL);
}

static void remove_folder(void)
{
    file_remove_tree(folder, NULL);
    g_free(path);
    g_free(folder);
}

static void set_up(void)
{
    g_autoptr(GError) error = NULL;

    make_folder();
    jobs = store_open(path, &error);
    ck_assert_msg(jobs != NULL, "%s", error ? error->message : "");
}

static void tear_down(void)
{
    store_close(jobs);
    remove_folder();
}

static gint64 submit(const char *session)
{
    struct job job = {.type = JOB_NOTEBOOK, .input_file = (char *)"/in", .output_file = (char *)"/out", .content_hash = (char *)"h"};

    job.session_id = (char *)session;
    job.payload = json_object();
    ck_assert(job_submit(jobs, &job, NULL));
    json_decref(job.payload);
    return job.id;
}

static gint64 worker(const char *session)
{
    static int n = 0;
    g_autofree char *name = g_strdup_printf("direct-notebook-%d", n++);
    gint64 id = worker_preregister(jobs, JOB_NOTEBOOK, name, session, "direct", NULL, NULL);

    ck_assert_int_gt(id, 0);
    ck_assert(worker_activate(jobs, id, NULL));
    return id;
}

static struct job *claim(gint64 worker_id)
{
    struct job *job = NULL;

    ck_assert_int_ge(job_claim(jobs, worker_id, JOB_NOTEBOOK, &job, NULL), 0);
    return job;
}

static enum job_status status_of(gint64 id)
{
    g_autoptr(job) job = NULL;

    ck_assert_int_eq(job_find(jobs, id, &job, NULL), 1);
    return job->status;
}

static void find_worker(const struct worker_row *row, gpointer data)
{
    struct worker_row *wanted = data;

    if (row->id != wanted->id)
        return;
    wanted->status = row->status;
    wanted->current_job = row->current_job;
    wanted->jobs_processed = row->jobs_processed;
    wanted->jobs_failed = row->jobs_failed;
}

static struct worker_row worker_of(gint64 id)
{
    struct worker_row row = {.id = id, .status = N_WORKER_STATUSES};

    ck_assert(worker_list(jobs, find_worker, &row, NULL));
    return row;
}

START_TEST(claims_by_priority_then_age)
{
    gint64 w = worker("s");
    gint64 first = submit("s"), second = submit("s");
    g_autoptr(job) a = NULL, b = NULL;

    g_autofree char *text = g_strdup_printf("UPDATE jobs SET priority = 5 WHERE id = %d", (int)second);
    sql(text);
    a = claim(w);
    ck_assert_int_eq(a->id, second);
    ck_assert_int_eq(worker_of(w).status, WORKER_BUSY);
    ck_assert_int_eq(worker_of(w).current_job, second);
    ck_assert(job_complete(jobs, a->id, w, a->attempts, NULL, NULL));
    ck_assert_int_eq(worker_of(w).status, WORKER_IDLE);
    ck_assert_int_eq(worker_of(w).jobs_processed, 1);
    b = claim(w);
    ck_assert_int_eq(b->id, first);
}
END_TEST

START_TEST(busy_worker_gets_no_second_job)
{
    gint64 w = worker("s");
    g_autoptr(job) a = NULL;

    submit("s");
    submit("s");
    a = claim(w);
    ck_assert_ptr_nonnull(a);
    ck_assert_ptr_null(claim(w));
}
END_TEST

START_TEST(sessions_do_not_touch_one_another)
{
    gint64 a = worker("a"), shared = worker(NULL);
    gint64 id = submit("b");
    g_autoptr(job) job = NULL;

    ck_assert_ptr_null(claim(a));
    job = claim(shared);
    ck_assert_int_eq(job->id, id);
}
END_TEST

START_TEST(shared_worker_takes_only_what_it_fits)
{
    g_autoptr(json_t) config = json_pack("{s:s}", "fit", "mine");
    gint64 shared = worker_preregister(jobs, JOB_NOTEBOOK, "direct-notebook-0-cd", NULL, "direct", config, NULL);
    g_autoptr(job) job = NULL;
    g_autofree char *text = g_strdup_printf("UPDATE jobs SET fit = 'other' WHERE id = %d", (int)submit("s"));

    ck_assert(worker_activate(jobs, shared, NULL));
    sql(text);
    ck_assert_ptr_null(claim(shared));
    sql("UPDATE jobs SET fit = 'mine'");
    job = claim(shared);
    ck_assert_ptr_nonnull(job);
    ck_assert_str_eq(job->fit, "mine");
}
END_TEST

START_TEST(stale_token_changes_nothing)
{
    gint64 one = worker("s"), two = worker("s"), id = submit("s");
    g_autoptr(job) a = claim(one), b = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) result = json_object();

    ck_assert_int_eq(job_release_worker(jobs, one, "lost", NULL), 1);
    b = claim(two);
    ck_assert_int_eq(b->attempts, 2);
    ck_assert(!job_complete(jobs, id, one, a->attempts, result, &error));
    ck_assert(g_error_matches(error, CLX_ERROR, CLX_ERROR_STALE));
    ck_assert(!job_fail(jobs, id, one, a->attempts, result, false, NULL));
    ck_assert(!job_give_back(jobs, id, one, a->attempts, NULL));
    ck_assert_int_eq(job_is_current(jobs, id, one, a->attempts, NULL), 0);
    ck_assert_int_eq(job_is_current(jobs, id, two, b->attempts, NULL), 1);
    ck_assert_int_eq(status_of(id), JOB_PROCESSING);
    ck_assert(job_complete(jobs, id, two, b->attempts, result, NULL));
    ck_assert(!job_complete(jobs, id, two, b->attempts, result, NULL));
}
END_TEST

START_TEST(second_killed_worker_quarantines)
{
    gint64 id = submit("s");
    g_autoptr(job) job = NULL;

    for (int i = 0; i < 2; i++) {
        gint64 w = worker("s");
        g_autoptr(job) claimed = claim(w);

        ck_assert_ptr_nonnull(claimed);
        ck_assert_int_eq(status_of(id), JOB_PROCESSING);
        ck_assert_int_eq(job_release_worker(jobs, w, "killed by signal 9", NULL), 1);
        ck_assert_int_eq(status_of(id), i == 0 ? JOB_PENDING : JOB_FAILED);
    }
    ck_assert_int_eq(job_find(jobs, id, &job, NULL), 1);
    ck_assert_ptr_nonnull(strstr(json_get_text(job->error, "message", ""), "quarantined"));
}
END_TEST

START_TEST(attempts_run_out_but_giving_back_is_free)
{
    gint64 w = worker("s"), id = submit("s");
    g_autoptr(json_t) problem = json_pack("{ss}", "message", "no");

    for (int i = 0; i < 5; i++) {
        g_autoptr(job) job = claim(w);

        ck_assert(job_give_back(jobs, id, w, job->attempts, NULL));
    }
    for (int i = 0; i < 3; i++) {
        g_autoptr(job) job = claim(w);

        ck_assert_ptr_nonnull(job);
        ck_assert(job_fail(jobs, id, w, job->attempts, problem, true, NULL));
        ck_assert_int_eq(status_of(id), i < 2 ? JOB_PENDING : JOB_FAILED);
    }
    ck_assert_int_eq(worker_of(w).jobs_failed, 1);
}
END_TEST

static void add_id(const struct job *job, gpointer data)
{
    gint64 id = job->id;

    g_array_append_val((GArray *)data, id);
}

START_TEST(ends_are_polled_in_their_order)
{
    gint64 one = worker("s"), two = worker("s"), cursor = 0;
    gint64 first = submit("s"), second = submit("s"), third = submit("s");
    g_autoptr(job) a = claim(one), b = claim(two);
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));
    int counts[N_JOB_STATUSES];

    ck_assert(job_complete(jobs, second, two, b->attempts, NULL, NULL));
    ck_assert(job_poll_ended(jobs, "s", &cursor, add_id, ids, NULL));
    ck_assert_uint_eq(ids->len, 1);
    ck_assert_int_eq(g_array_index(ids, gint64, 0), second);
    ck_assert(job_complete(jobs, first, one, a->attempts, NULL, NULL));
    ck_assert(job_cancel_session(jobs, "s", "build", NULL));
    ck_assert(job_poll_ended(jobs, "s", &cursor, add_id, ids, NULL));
    ck_assert_uint_eq(ids->len, 3);
    ck_assert_int_eq(g_array_index(ids, gint64, 1), first);
    ck_assert_int_eq(g_array_index(ids, gint64, 2), third);
    ck_assert(job_poll_ended(jobs, "s", &cursor, add_id, ids, NULL));
    ck_assert_uint_eq(ids->len, 3);
    ck_assert(job_count(jobs, "s", counts, NULL));
    ck_assert_int_eq(counts[JOB_COMPLETED], 2);
    ck_assert_int_eq(counts[JOB_CANCELLED], 1);
}
END_TEST

/* As a build takes over what 'clx jobs retry' has had made. */
START_TEST(a_job_of_no_build_is_taken_over_once)
{
    gint64 one = worker("s"), shared = worker(NULL), cursor = 0, free_cursor = 0, own = submit("s"), id = submit(NULL);
    g_autoptr(GArray) free_ids = g_array_new(FALSE, FALSE, sizeof(gint64));
    g_autoptr(json_t) payload = json_object();
    struct job wanted = {.type = JOB_NOTEBOOK, .content_hash = (char *)"h", .payload = payload};
    g_autoptr(job) a = claim(one), b = NULL, found = NULL, other = NULL;
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));
    g_autoptr(GError) error = NULL;

    ck_assert(job_complete(jobs, own, one, a->attempts, NULL, NULL));
    b = claim(shared);
    ck_assert(job_complete(jobs, id, shared, b->attempts, NULL, NULL));
    ck_assert_int_eq(job_find_free(jobs, &wanted, &found, NULL), 1);
    ck_assert_int_eq(found->id, id);
    ck_assert(job_poll_free(jobs, &free_cursor, add_id, free_ids, NULL) && job_poll_free(jobs, &free_cursor, add_id, free_ids, NULL));
    ck_assert_uint_eq(free_ids->len, 1);
    ck_assert_int_eq(g_array_index(free_ids, gint64, 0), id);
    ck_assert_int_eq(job_take_over(jobs, id, "s", NULL), 1);
    ck_assert(job_poll_ended(jobs, "s", &cursor, add_id, ids, NULL));
    ck_assert_uint_eq(ids->len, 2);
    ck_assert_int_eq(g_array_index(ids, gint64, 1), id);
    ck_assert_int_eq(job_find_free(jobs, &wanted, &other, NULL), 0);
    ck_assert_int_eq(job_take_over(jobs, id, "t", &error), 0);
    ck_assert_ptr_null(error);
}
END_TEST

/* What section 3 of the queue's description says, written down once more. */
START_TEST(lists_of_changes_are_those_of_the_description)
{
    static const char *const jobs_say[N_JOB_STATUSES] = {".P..X", "p.CFX", ".....", ".....", "....."};
    static const char *const workers_say[N_WORKER_STATUSES] = {".i..d", "..b.d", ".i.hd", "....d", "....."};

    for (int from = 0; from < N_JOB_STATUSES; from++)
        for (int to = 0; to < N_JOB_STATUSES; to++)
            ck_assert_int_eq(job_may_become(from, to), jobs_say[from][to] != '.');
    for (int from = 0; from < N_WORKER_STATUSES; from++)
        for (int to = 0; to < N_WORKER_STATUSES; to++)
            ck_assert_int_eq(worker_may_become(from, to), workers_say[from][to] != '.');
}
END_TEST

/* All pairs: exactly those of the list are allowed, whoever asks. */
START_TEST(job_transitions_are_exactly_those_of_the_list)
{
    for (int from = 0; from < N_JOB_STATUSES; from++)
        for (int to = 0; to < N_JOB_STATUSES; to++) {
            g_autofree char *make = g_strdup_printf(
                "DELETE FROM jobs; INSERT INTO jobs (job_type, status, input_file, output_file, content_hash, payload, worker_id)"
                " VALUES ('notebook', '%s', '', '', '', '{}', 1)",
                job_status_names[from]);
            g_autofree char *change = g_strdup_printf("UPDATE jobs SET status = '%s'", job_status_names[to]);

            sql(make);
            ck_assert_int_eq(sql_fails(change), !(from == to || job_may_become(from, to)));
        }
    ck_assert(sql_fails("UPDATE jobs SET status = 'nonsense'"));
}
END_TEST

START_TEST(worker_transitions_are_exactly_those_of_the_list)
{
    gint64 id = worker("s");

    for (int from = 0; from < N_WORKER_STATUSES; from++)
        for (int to = 0; to < N_WORKER_STATUSES; to++) {
            g_autofree char *make = g_strdup_printf(
                "DELETE FROM workers; INSERT INTO workers (id, worker_type, container_id, status) VALUES (%d, 'notebook', 'x', '%s')",
                (int)id, worker_status_names[from]);

            sql(make);
            ck_assert_int_eq(worker_set_status(jobs, id, to, NULL), from == to || worker_may_become(from, to));
        }
}
END_TEST

START_TEST(activation_needs_status_created)
{
    gint64 id = worker_preregister(jobs, JOB_DRAWIO, "direct-drawio-0-ab", "s", "direct", NULL, NULL);

    ck_assert(worker_activate(jobs, id, NULL));
    ck_assert(!worker_activate(jobs, id, NULL));
    ck_assert(!worker_activate(jobs, id + 1, NULL));
    ck_assert_int_eq(worker_preregister(jobs, JOB_DRAWIO, "direct-drawio-0-ab", "s", "direct", NULL, NULL), -1);
    ck_assert(worker_set_status(jobs, id, WORKER_DEAD, NULL));
    ck_assert(!worker_heartbeat(jobs, id, 1, 2, "x", NULL));
}
END_TEST

START_TEST(an_idle_worker_of_this_machine_may_be_silent_for_longer)
{
    const struct {
        enum worker_status status;
        const char *mode;
        double age_s;
        bool is_silent;
    } cases[] = {
        {WORKER_BUSY, "direct", 11, true}, {WORKER_BUSY, "direct", 9, false}, {WORKER_IDLE, "direct", 69, false},
        {WORKER_IDLE, "direct", 71, true}, {WORKER_IDLE, "docker", 11, true}, {WORKER_IDLE, "remote", 11, true},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct worker_row row = {.status = cases[i].status, .execution_mode = (char *)cases[i].mode, .heartbeat_age_s = cases[i].age_s};

        ck_assert_int_eq(worker_is_silent(&row, 10), cases[i].is_silent);
    }
}
END_TEST

START_TEST(only_what_nobody_has_claimed_is_waiting)
{
    gint64 worker = worker_preregister(jobs, JOB_DRAWIO, "direct-drawio-0-cd", "waits", "direct", NULL, NULL);
    g_autoptr(json_t) payload = json_object();
    struct job job = {.type = JOB_DRAWIO, .session_id = (char *)"waits", .payload = payload};
    g_autoptr(job) claimed = NULL;

    ck_assert(worker_activate(jobs, worker, NULL));
    ck_assert(!job_is_waiting(jobs, JOB_DRAWIO, "waits"));
    ck_assert(job_submit(jobs, &job, NULL));
    ck_assert(job_is_waiting(jobs, JOB_DRAWIO, "waits"));
    ck_assert(!job_is_waiting(jobs, JOB_NOTEBOOK, "waits"));
    ck_assert(!job_is_waiting(jobs, JOB_DRAWIO, "other"));
    ck_assert_int_eq(job_claim(jobs, worker, JOB_DRAWIO, &claimed, NULL), 1);
    ck_assert(!job_is_waiting(jobs, JOB_DRAWIO, "waits"));
}
END_TEST

static void add_event_type(const struct event_row *row, gpointer data)
{
    g_string_append_printf(data, "%s ", row->event_type);
}

START_TEST(events_are_listed_in_order)
{
    g_autoptr(GString) text = g_string_new(NULL);

    ck_assert(event_add(jobs, "pool_starting", 0, "notebook", "direct", "s", "x", NULL, NULL));
    ck_assert(event_add(jobs, "worker_ready", 3, "notebook", "direct", "s", NULL, NULL, NULL));
    ck_assert(event_add(jobs, "worker_ready", 3, "notebook", "direct", "t", NULL, NULL, NULL));
    ck_assert(!event_add(jobs, "nonsense", 3, "notebook", "direct", "t", NULL, NULL, NULL));
    ck_assert(event_list(jobs, 0, NULL, "s", NULL, add_event_type, text, NULL));
    ck_assert_str_eq(text->str, "pool_starting worker_ready ");
}
END_TEST

START_TEST(the_story_of_a_dead_session_gets_its_ends)
{
    g_autoptr(GString) text = g_string_new(NULL);

    ck_assert(event_add(jobs, "pool_starting", 0, "notebook", "direct", "s", NULL, NULL, NULL));
    ck_assert(event_add(jobs, "worker_ready", 3, "notebook", "direct", "s", NULL, NULL, NULL));
    ck_assert(event_add(jobs, "worker_ready", 4, "notebook", "direct", "s", NULL, NULL, NULL));
    ck_assert(event_add(jobs, "worker_stopped", 4, "notebook", "direct", "s", NULL, NULL, NULL));
    ck_assert_int_eq(event_has_end(jobs, 3, NULL), 0);
    ck_assert_int_eq(event_has_end(jobs, 4, NULL), 1);
    for (int i = 0; i < 2; i++)
        ck_assert(event_close_session(jobs, "s", "the build died", NULL));
    ck_assert_int_eq(event_has_end(jobs, 3, NULL), 1);
    ck_assert(event_list(jobs, 0, NULL, "s", NULL, add_event_type, text, NULL));
    ck_assert_str_eq(text->str, "pool_starting worker_ready worker_ready worker_stopped worker_failed pool_stopped ");
}
END_TEST

START_TEST(sessions_are_listed)
{
    ck_assert(session_add(jobs, "s", NULL));
    ck_assert(!sql_fails("SELECT 1 / (SELECT count(*) FROM sessions)"));
    ck_assert(session_remove(jobs, "s", NULL));
}
END_TEST

static void assert_refused(const char *message)
{
    g_autofree char *before = NULL, *after = NULL;
    gsize n_before, n_after;
    g_autoptr(GError) error = NULL;

    ck_assert(g_file_get_contents(path, &before, &n_before, NULL));
    ck_assert_ptr_null(store_open(path, &error));
    ck_assert_msg(strstr(error->message, message) != NULL, "%s", error->message);
    ck_assert(g_file_get_contents(path, &after, &n_after, NULL));
    ck_assert_uint_eq(n_before, n_after);
    ck_assert_mem_eq(before, after, n_before);
}

START_TEST(file_that_is_no_database_is_refused_untouched)
{
    ck_assert(g_file_set_contents(path, "this is my shopping list", -1, NULL));
    assert_refused("is not a database");
}
END_TEST

START_TEST(foreign_database_is_refused_untouched)
{
    sql("CREATE TABLE songs (name TEXT)");
    assert_refused("another program");
}
END_TEST

START_TEST(newer_version_is_refused_untouched)
{
    store_close(store_open(path, NULL));
    sql("INSERT INTO schema_version (version) VALUES (99)");
    assert_refused("version 99");
}
END_TEST

START_TEST(missing_file_is_not_made_for_reading)
{
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_null(store_open_readonly(path, &error));
    ck_assert(g_error_matches(error, CLX_ERROR, CLX_ERROR_NOT_FOUND));
    ck_assert(!g_file_test(path, G_FILE_TEST_EXISTS));
}
END_TEST

/* As another user, for root may write everywhere. */
START_TEST(database_in_a_folder_that_may_not_be_written_to_is_read)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(store) store = NULL;

    store_close(store_open(path, NULL));
    ck_assert_int_eq(chmod(path, 0444), 0);
    ck_assert_int_eq(chmod(folder, 0555), 0);
    if (geteuid() == 0)
        ck_assert_int_eq(seteuid(65534), 0);
    store = store_open_readonly(path, &error);
    ck_assert_msg(store != NULL, "%s", error ? error->message : "");
    ck_assert_ptr_null(store_open(path, NULL));
    ck_assert_int_eq(seteuid(getuid()), 0);
    ck_assert_int_eq(chmod(folder, 0755), 0);
}
END_TEST

START_TEST(older_version_is_migrated)
{
    g_autoptr(job) done = NULL, open = NULL;
    g_autoptr(store) migrated = NULL;
    g_autoptr(GError) error = NULL;

    sql("CREATE TABLE schema_version (version INTEGER PRIMARY KEY, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);"
        "INSERT INTO schema_version (version) VALUES (7);"
        "CREATE TABLE jobs (id INTEGER PRIMARY KEY AUTOINCREMENT, job_type TEXT NOT NULL, status TEXT NOT NULL, priority INTEGER DEFAULT 0,"
        " input_file TEXT NOT NULL, output_file TEXT NOT NULL, content_hash TEXT NOT NULL, payload TEXT NOT NULL, worker_id INTEGER,"
        " attempts INTEGER DEFAULT 0);"
        "CREATE INDEX jobs_claim ON jobs (status);"
        "CREATE TABLE workers (id INTEGER PRIMARY KEY, worker_type TEXT, container_id TEXT UNIQUE, status TEXT);"
        "INSERT INTO jobs (id, job_type, status, input_file, output_file, content_hash, payload) VALUES"
        " (4, 'notebook', 'completed', 'a', 'b', 'c', '{}'), (5, 'plantuml', 'pending', 'a', 'b', 'c', '{}');"
        "INSERT INTO workers VALUES (1, 'notebook', 'x', 'busy');");
    migrated = store_open(path, &error);
    ck_assert_msg(migrated != NULL, "%s", error ? error->message : "");
    ck_assert_int_eq(job_find(migrated, 4, &done, NULL), 1);
    ck_assert_int_eq(done->status, JOB_COMPLETED);
    ck_assert_int_eq(job_find(migrated, 5, &open, NULL), 1);
    ck_assert_int_eq(open->status, JOB_CANCELLED);
    ck_assert(sql_fails("SELECT * FROM old_jobs"));
    ck_assert(!sql_fails("SELECT kills, session_id FROM jobs"));
}
END_TEST

static void count_rows(const struct worker_row *row, gpointer data)
{
    ++*(int *)data;
    ck_assert_int_eq(row->status, WORKER_DEAD);
    ck_assert_int_eq(row->pid, 0);
    ck_assert_str_eq(row->execution_mode, g_str_has_prefix(row->executor_id, "direct-") ? "direct" : "docker");
}

/* As the earlier implementation made them: columns that came later have no default, and rows from before have nothing there. */
START_TEST(older_version_with_containers_is_migrated)
{
    g_autoptr(store) migrated = NULL;
    g_autoptr(GError) error = NULL;
    int n = 0;

    sql("CREATE TABLE schema_version (version INTEGER PRIMARY KEY, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);"
        "INSERT INTO schema_version (version) VALUES (7);"
        "CREATE TABLE jobs (id INTEGER PRIMARY KEY AUTOINCREMENT, job_type TEXT NOT NULL, status TEXT NOT NULL, priority INTEGER DEFAULT 0,"
        " input_file TEXT NOT NULL, output_file TEXT NOT NULL, content_hash TEXT NOT NULL, payload TEXT NOT NULL, worker_id INTEGER,"
        " attempts INTEGER DEFAULT 0);"
        "CREATE TABLE workers (id INTEGER PRIMARY KEY AUTOINCREMENT, worker_type TEXT NOT NULL, container_id TEXT NOT NULL UNIQUE,"
        " status TEXT NOT NULL, started_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, last_heartbeat TIMESTAMP DEFAULT CURRENT_TIMESTAMP,"
        " cpu_usage REAL, memory_usage REAL, jobs_processed INTEGER DEFAULT 0, jobs_failed INTEGER DEFAULT 0, avg_processing_time REAL,"
        " execution_mode TEXT, config TEXT, session_id TEXT, managed_by TEXT, parent_pid INTEGER);"
        "CREATE INDEX idx_workers_status ON workers (status);"
        "INSERT INTO workers (worker_type, container_id, status, execution_mode, config, session_id, managed_by, parent_pid) VALUES"
        " ('notebook', '0123456789abcdef', 'idle', 'docker', '{\"image\": \"mhoelzl/clx-notebook-processor:0.5.0\"}', 's', 'cli', 4711),"
        " ('plantuml', 'fedcba9876543210', 'hung', 'docker', NULL, NULL, NULL, NULL),"
        " ('drawio', 'direct-drawio-0-abcdef01', 'busy', NULL, NULL, NULL, NULL, NULL);"
        "CREATE TABLE worker_events (id INTEGER PRIMARY KEY AUTOINCREMENT, event_type TEXT NOT NULL, worker_id INTEGER, worker_type TEXT "
        "NOT NULL,"
        " execution_mode TEXT, message TEXT, metadata TEXT, created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, session_id TEXT,"
        " correlation_id TEXT);"
        "INSERT INTO worker_events (event_type, worker_type, execution_mode) VALUES ('worker_ready', 'notebook', 'docker');");
    migrated = store_open(path, &error);
    ck_assert_msg(migrated != NULL, "%s", error ? error->message : "");
    ck_assert(worker_list(migrated, count_rows, &n, NULL));
    ck_assert_int_eq(n, 3);
    ck_assert(sql_fails("INSERT INTO workers (worker_type, container_id) VALUES ('notebook', '0123456789abcdef')"));
    sql("DELETE FROM worker_events WHERE execution_mode = 'docker'");
}
END_TEST

START_TEST(claim_uses_an_index)
{
    sqlite3 *handle;
    sqlite3_stmt *statement;
    g_autoptr(GString) plan = g_string_new(NULL);

    ck_assert_int_eq(sqlite3_open(path, &handle), SQLITE_OK);
    ck_assert_int_eq(
        sqlite3_prepare_v2(handle,
                           "EXPLAIN QUERY PLAN SELECT id FROM jobs WHERE job_type = ?1 AND status = 'pending' AND session_id = ?2"
                           " ORDER BY priority DESC, id LIMIT 1",
                           -1, &statement, NULL),
        SQLITE_OK);
    while (sqlite3_step(statement) == SQLITE_ROW)
        g_string_append(plan, (const char *)sqlite3_column_text(statement, 3));
    sqlite3_finalize(statement);
    sqlite3_close(handle);
    ck_assert_msg(strstr(plan->str, "INDEX jobs_claim ") != NULL, "%s", plan->str);
    ck_assert_ptr_null(strstr(plan->str, "TEMP B-TREE"));
}
END_TEST

int main(void)
{
    const TTest *const with_store[] = {claims_by_priority_then_age,
                                       busy_worker_gets_no_second_job,
                                       sessions_do_not_touch_one_another,
                                       shared_worker_takes_only_what_it_fits,
                                       stale_token_changes_nothing,
                                       second_killed_worker_quarantines,
                                       attempts_run_out_but_giving_back_is_free,
                                       ends_are_polled_in_their_order,
                                       a_job_of_no_build_is_taken_over_once,
                                       lists_of_changes_are_those_of_the_description,
                                       job_transitions_are_exactly_those_of_the_list,
                                       worker_transitions_are_exactly_those_of_the_list,
                                       activation_needs_status_created,
                                       an_idle_worker_of_this_machine_may_be_silent_for_longer,
                                       only_what_nobody_has_claimed_is_waiting,
                                       events_are_listed_in_order,
                                       the_story_of_a_dead_session_gets_its_ends,
                                       sessions_are_listed,
                                       claim_uses_an_index};
    const TTest *const with_file[] = {file_that_is_no_database_is_refused_untouched,
                                      foreign_database_is_refused_untouched,
                                      newer_version_is_refused_untouched,
                                      missing_file_is_not_made_for_reading,
                                      database_in_a_folder_that_may_not_be_written_to_is_read,
                                      older_version_is_migrated,
                                      older_version_with_containers_is_migrated};
    Suite *suite = suite_create("store");
    TCase *statements = tcase_create("statements"), *opening = tcase_create("opening");
    SRunner *runner = srunner_create(suite);
    int n_failed;

    tcase_set_timeout(statements, 60);
    tcase_add_checked_fixture(statements, set_up, tear_down);
    tcase_add_checked_fixture(opening, make_folder, remove_folder);
    for (size_t i = 0; i < G_N_ELEMENTS(with_store); i++)
        tcase_add_test(statements, with_store[i]);
    for (size_t i = 0; i < G_N_ELEMENTS(with_file); i++)
        tcase_add_test(opening, with_file[i]);
    suite_add_tcase(suite, statements);
    suite_add_tcase(suite, opening);
    srunner_run_all(runner, CK_NORMAL);
    n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
