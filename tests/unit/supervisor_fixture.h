/* What the tests of the supervisor share: real processes that are really killed. The test program is its own worker ("worker TYPE") with
 * jobs that do what their payload says ("ok", "fail", "die", "stop", "wait", "deaf", "eat", "feed"), and its own build ("manage FOLDER"), which a test kills. */
#pragma once

#include <check.h>
#include <stdbool.h>

#include "config/settings.h"
#include "store/store.h"
#include "supervisor/lifecycle_manager.h"

#define SESSION "test-session"

struct fixture {
    const char *session_id; /* of the next manager and the next jobs */
    char *folder, *jobs_db, *cache_db;
    struct store *store;
    struct settings *settings;
    struct lifecycle_manager *manager;
    char *failure; /* the message of a pool that was stopped for good */
};

extern char *own_program;

struct fixture *new_fixture(void);
void free_fixture(struct fixture *fixture);

/* A manager of notebook workers, made or made and started. */
void make_manager(struct fixture *fixture, const char *program);
void start(struct fixture *fixture);

/* A job that does what its name says; its id. */
gint64 submit(struct fixture *fixture, const char *what);

/* Runs the main loop until something is true; the limit only bounds a failure. */
typedef bool condition(struct fixture *fixture, gint64 value);
void wait_until(struct fixture *fixture, condition *is_true, gint64 value);

enum job_status status_of(struct fixture *fixture, gint64 id);
bool is_ended(struct fixture *fixture, gint64 id);

/* A busy worker, id 0 if there is none; the caller frees its executor_id. */
struct worker_row find_busy(struct fixture *fixture);
int count_processes(const char *executor_id);

/* The straggler of a job "wait" carries the worker's environment and runs beside it. */
bool has_straggler(struct fixture *fixture, gint64 value);

/* The types of all events of the current session, each followed by a space; the caller frees it. */
char *list_events(struct fixture *fixture);
void count_row(const struct worker_row *row, gpointer data);

/* The main function of a test program; `manage` is what its build does before it runs its main loop for ever. */
int supervisor_main(int argc, char **argv, void (*manage)(struct fixture *fixture), const TTest *const *tests, size_t n_tests);
