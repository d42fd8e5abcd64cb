/* Submissions and claim-and-complete pairs per second, the latter with a short and with a long queue.
 * usage: bench-store FOLDER; prints "SUBMISSIONS PAIRS PAIRS-OF-THE-LONG-QUEUE". */
#include <glib.h>
#include <stdio.h>

#include "store/store.h"

#define N_SHORT 2000 /* all of them are claimed */
#define N_LONG 100000

static bool submit_jobs(struct store *store, int n_jobs, double *ret_per_second, GError **error)
{
    gint64 start = g_get_monotonic_time();
    for (int i = 0; i < n_jobs; i++) {
        g_autoptr(json_t) payload = json_object();
        struct job job = {.type = JOB_NOTEBOOK,
                          .input_file = (char *)"in",
                          .output_file = (char *)"out",
                          .content_hash = (char *)"0",
                          .session_id = (char *)"bench",
                          .payload = payload};
        if (!job_submit(store, &job, error))
            return false;
    }
    *ret_per_second = n_jobs * 1e6 / (double)(g_get_monotonic_time() - start);
    return true;
}

static bool claim_jobs(struct store *store, gint64 worker, double *ret_per_second, GError **error)
{
    g_autoptr(json_t) result = json_object();
    gint64 start = g_get_monotonic_time();
    for (int i = 0; i < N_SHORT; i++) {
        g_autoptr(job) job = NULL;
        if (job_claim(store, worker, JOB_NOTEBOOK, &job, error) != 1 || !job_complete(store, job->id, worker, job->attempts, result, error))
            return false;
    }
    *ret_per_second = N_SHORT * 1e6 / (double)(g_get_monotonic_time() - start);
    return true;
}

static bool submit_queue(struct store *store, GError **error)
{
    double ignored;
    return store_begin(store, error) && submit_jobs(store, N_LONG, &ignored, error) && store_commit(store, error);
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(argc > 1 ? argv[1] : ".", "clx_jobs.db", NULL);
    g_autoptr(store) store = store_open(path, &error);
    gint64 worker = store != NULL ? worker_preregister(store, JOB_NOTEBOOK, "bench-1", "bench", "direct", NULL, &error) : -1;
    double inserts = 0, pairs = 0, pairs_of_long = 0;
    if (worker < 0 || !worker_activate(store, worker, &error) || !submit_jobs(store, N_SHORT, &inserts, &error) ||
        !claim_jobs(store, worker, &pairs, &error) || !submit_queue(store, &error) || !claim_jobs(store, worker, &pairs_of_long, &error)) {
        fprintf(stderr, "bench-store: %s\n", error != NULL ? error->message : "a job was not there");
        return 1;
    }
    printf("%.0f %.0f %.0f\n", inserts, pairs, pairs_of_long);
    return 0;
}
