/* The queue between processes. usage: bench-queue FOLDER; prints the median and the 99th percentile in ms from a submission to its claim by a
 * waiting process, then claim-and-complete pairs per second by 1 and by 8 processes with 100 and with 100 000 jobs queued beside. */
#include <glib.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/doorbell.h"
#include "store/store.h"

#define N_SUBMISSIONS 1000
#define N_PAIRS 4000 /* over all processes */
#define MAX_PROCESSES 8

G_NORETURN static void die(const GError *error)
{
    fprintf(stderr, "bench-queue: %s\n", error != NULL ? error->message : "a process failed");
    _exit(1);
}

static struct store *open_store(const char *path)
{
    g_autoptr(GError) error = NULL;
    struct store *store = store_open(path, &error);
    if (store == NULL)
        die(error);
    return store;
}

static void submit(struct store *store, const char *session, int n_jobs)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) payload = json_object();
    if (n_jobs > 1 && !store_begin(store, &error))
        die(error);
    for (int i = 0; i < n_jobs; i++) {
        struct job job = {.type = JOB_NOTEBOOK, .content_hash = (char *)"0", .session_id = (char *)session, .payload = payload};
        if (!job_submit(store, &job, &error))
            die(error);
    }
    if (n_jobs > 1 && !store_commit(store, &error))
        die(error);
}

static gint64 add_worker(struct store *store, const char *session)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *name = g_strdup_printf("bench-%08x", g_random_int());
    gint64 worker = worker_preregister(store, JOB_NOTEBOOK, name, session, "direct", NULL, &error);
    if (worker < 0 || !worker_activate(store, worker, &error))
        die(error);
    return worker;
}

static bool claim(struct store *store, gint64 worker, gint64 *ret_claimed_at)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(job) job = NULL;
    int got = job_claim(store, worker, JOB_NOTEBOOK, &job, &error);
    *ret_claimed_at = g_get_monotonic_time();
    if (got < 0 || (got == 1 && !job_complete(store, job->id, worker, job->attempts, NULL, &error)))
        die(error);
    return got == 1;
}

/* A worker that waits at its doorbell and tells when it has claimed. */
G_NORETURN static void wait_and_claim(const char *path, int out)
{
    g_autofree char *bell = NULL;
    struct store *store = open_store(path);
    gint64 worker = add_worker(store, "claim"), claimed_at = 0;
    struct pollfd item = {.fd = doorbell_listen(path, "notebook", &bell, NULL), .events = POLLIN};
    if (item.fd < 0 || write(out, &claimed_at, sizeof claimed_at) < 0)
        die(NULL);
    for (int n = 0; n < N_SUBMISSIONS && poll(&item, 1, -1) > 0;) {
        doorbell_drain(item.fd);
        for (; claim(store, worker, &claimed_at); n++)
            if (write(out, &claimed_at, sizeof claimed_at) < 0)
                die(NULL);
    }
    unlink(bell);
    store_close(store);
    _exit(0);
}

static int compare(const void *a, const void *b)
{
    gint64 x = *(const gint64 *)a, y = *(const gint64 *)b;
    return (x > y) - (x < y);
}

static void measure_claims(const char *path)
{
    static gint64 times[N_SUBMISSIONS];
    int pipe_fds[2];
    gint64 claimed_at;
    if (pipe(pipe_fds) != 0)
        die(NULL);
    if (fork() == 0)
        wait_and_claim(path, pipe_fds[1]);
    struct store *store = open_store(path);
    if (read(pipe_fds[0], &claimed_at, sizeof claimed_at) < 0)
        die(NULL);
    for (int i = 0; i < N_SUBMISSIONS; i++) {
        submit(store, "claim", 1);
        gint64 start = g_get_monotonic_time();
        doorbell_ring(path, "notebook");
        if (read(pipe_fds[0], &claimed_at, sizeof claimed_at) != sizeof claimed_at)
            die(NULL);
        times[i] = MAX(claimed_at - start, 0);
    }
    wait(NULL);
    store_close(store);
    qsort(times, N_SUBMISSIONS, sizeof times[0], compare);
    printf("%.3f %.3f", (double)times[N_SUBMISSIONS / 2] / 1000, (double)times[N_SUBMISSIONS * 99 / 100] / 1000);
}

/* Says by a byte that it stands at the start. */
G_NORETURN static void claim_many(const char *path, const char *session, int n, int ready_fd, int start_fd)
{
    struct store *store = open_store(path);
    gint64 worker = add_worker(store, session), ignored;
    char byte;
    if (write(ready_fd, "", 1) != 1 || read(start_fd, &byte, 1) < 0) /* all begin when the other end is closed */
        die(NULL);
    while (n-- > 0)
        claim(store, worker, &ignored);
    store_close(store);
    _exit(0);
}

static double measure_pairs(const char *path, int n_processes, int n_queued)
{
    g_autofree char *session = g_strdup_printf("s%d-%d", n_processes, n_queued);
    int pipe_fds[2], ready_fds[2];
    char byte;
    struct store *store = open_store(path);
    submit(store, session, N_PAIRS + n_queued);
    store_close(store);
    if (pipe(pipe_fds) != 0 || pipe(ready_fds) != 0)
        die(NULL);
    for (int i = 0; i < n_processes; i++)
        if (fork() == 0) {
            close(pipe_fds[1]);
            claim_many(path, session, N_PAIRS / n_processes, ready_fds[1], pipe_fds[0]);
        }
    close(ready_fds[1]);
    for (int i = 0; i < n_processes; i++)
        if (read(ready_fds[0], &byte, 1) != 1)
            die(NULL);
    close(ready_fds[0]);
    gint64 start = g_get_monotonic_time();
    close(pipe_fds[1]);
    for (int i = 0; i < n_processes; i++)
        wait(NULL);
    close(pipe_fds[0]);
    return N_PAIRS * 1e6 / (double)(g_get_monotonic_time() - start);
}

int main(int argc, char **argv)
{
    g_autofree char *path = g_build_filename(argc > 1 ? argv[1] : ".", "clx_jobs.db", NULL);
    store_close(open_store(path));
    measure_claims(path);
    for (int n_processes = 1; n_processes <= MAX_PROCESSES; n_processes *= MAX_PROCESSES)
        for (int n_queued = 100; n_queued <= 100000; n_queued *= 1000)
            printf(" %.0f", measure_pairs(path, n_processes, n_queued));
    putchar('\n');
    return 0;
}
