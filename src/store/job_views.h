/* Jobs as people see and steer them, beside the ways of builds and workers in store.h. */
#pragma once

#include "store/store.h"

struct job_view {
    gint64 id, worker_id; /* worker_id 0: none yet */
    char *type;
    enum job_status status;
    char *input_file, *output_file, *content_hash, *session_id;
    int attempts, max_attempts, kills;
    char *created_at, *started_at, *completed_at, *cancelled_by; /* UTC, or NULL */
    char *payload, *result, *error;                              /* JSON, or NULL */
    double run_s, age_s;                                         /* since the last claim until its end or now; since its submission */
};
void job_view_free(struct job_view *view);
typedef struct job_view job_view;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(job_view, job_view_free)

/* A job by its id: 1 and the view, 0 none, -1 error. */
int job_view_find(struct store *store, gint64 id, struct job_view **ret_view, GError **error);

struct job_filter {
    const char *session_id, *statuses, *types; /* names between commas ("failed,cancelled"); NULL: all */
    gint64 limit;                              /* the newest so many; -1: all */
};

/* The jobs that a filter lets through, oldest first. */
typedef void job_view_each(const struct job_view *view, gpointer data);
bool job_view_list(struct store *store, const struct job_filter *filter, job_view_each *each, gpointer data, GError **error);

/* The executor ids of the workers that had a job: those that died over it, then the one that has or had it last. */
typedef void executor_each(const char *executor_id, gpointer data);
bool job_list_executors(struct store *store, gint64 id, executor_each *each, gpointer data, GError **error);

/* Submits a copy of a failed or cancelled job that belongs to no build, so that workers of no build that have this fit do it: its id, 0 when the job is in
 * another status (or there is none), -1 error. */
gint64 job_retry(struct store *store, gint64 id, const char *fit, GError **error);
