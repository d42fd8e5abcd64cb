/* Finding the results of jobs by everything that goes into them, so that only what changed is made again. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "base/json.h"
#include "build/plan.h"
#include "store/cache.h"

struct result_cache;

struct result_cache_options {
    struct cache *cache;             /* borrowed */
    const struct course *course;     /* borrowed */
    const struct plan_options *plan; /* borrowed: what draws the diagrams */
    bool is_ignored;                 /* --ignore-cache: nothing is found, results are still kept */
    bool is_run_forced;              /* --force-execute: nothing is found for jobs that run code, and the code runs */
};

struct result_cache *result_cache_new(const struct result_cache_options *options);
void result_cache_free(struct result_cache *results);
typedef struct result_cache result_cache;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(result_cache, result_cache_free)

/* The hash of a file's bytes as the cache knows it by its stat; each file is looked at once. Borrowed; NULL with `error`. */
const char *result_cache_file_hash(struct result_cache *results, const char *path, bool *ret_is_executable, GError **error);

/* Looks a job's result up: 1 and the result (the caller's; `error` in it is the mistake in the source that the job ended with), 0 none, -1
 * error. In every case but an error `ret_key` holds the key under which a result is to be kept and `ret_reason` why there is none, with
 * what it was and what it is now; the caller frees both. */
int result_cache_find(struct result_cache *results, const struct plan_job *job, char **ret_key, char **ret_reason, json_t **ret_result,
                      GError **error);

/* True if the job's code has to run whatever is known (--force-execute). */
bool result_cache_is_run_forced(const struct result_cache *results, const struct plan_job *job);

/* The hash of all files of the topic but the source, of a job that result_cache_find() looked up; the caller frees it. */
char *result_cache_inputs_hash(const struct result_cache *results, const struct plan_job *job);

/* True if an input of the job is no longer what result_cache_find() saw, or, by the `deps` of its result, what the worker read: nobody knows
 * which of its states the result shows. */
bool result_cache_is_outdated(struct result_cache *results, const struct plan_job *job, const json_t *result);

/* Keeps a result (as plan_pack_result() made it), or the mistake in the source that a job ended with, under the key that result_cache_find() gave. */
bool result_cache_add(struct result_cache *results, const struct plan_job *job, const char *key, const json_t *result, GError **error);
bool result_cache_add_problem(struct result_cache *results, const struct plan_job *job, const char *key, const json_t *problem,
                              GError **error);

/* The mistakes in its source that are kept under the key of a job are forgotten, so that a build runs it again. */
bool result_cache_forget_mistakes(struct cache *cache, const char *key, GError **error);

/* Remembers the inputs of what is now in the output tree: a later build names those that changed since. */
bool result_cache_note_latest(struct result_cache *results, const struct plan_job *job, GError **error);

/* The path of an entry of `deps`; the caller frees it. */
char *result_cache_dep_path(const struct plan_job *job, const json_t *dep);

/* The inputs of a job that result_cache_find() looked up, as explained in inputs.h. Borrowed. */
const json_t *result_cache_inputs(const struct result_cache *results, const struct plan_job *job);
