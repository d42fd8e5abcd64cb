#include "build/explain.h"

#include <string.h>

#include "build/result_cache.h"

static bool is_named_by(const struct plan_job *job, const char *path)
{
    if (strcmp(job->source, path) == 0)
        return true;
    for (unsigned i = 0; i < job->outputs->len; i++)
        if (strcmp(((const struct plan_output *)job->outputs->pdata[i])->path, path) == 0)
            return true;
    for (unsigned i = 0; job->type == JOB_NOTEBOOK && i < job->topic->files->len; i++)
        if (strcmp(((const struct topic_file *)job->topic->files->pdata[i])->path, path) == 0)
            return true;
    return false;
}

static bool is_read_by(const struct plan_job *job, const json_t *result, const char *path)
{
    size_t i;
    json_t *dep;
    json_array_foreach(json_object_get(result, "deps"), i, dep)
    {
        g_autofree char *read = result_cache_dep_path(job, dep);
        g_autofree char *canonical = g_canonicalize_filename(read, NULL);
        if (strcmp(canonical, path) == 0)
            return true;
    }
    return false;
}

/* 1: it has to do with the file, 0: not, -1: error. */
static int explain_job(struct result_cache *results, struct plan_job *job, const char *path, explain_each *each, gpointer data,
                       GError **error)
{
    g_autofree char *key = NULL, *reason = NULL;
    g_autoptr(json_t) result = NULL;
    int found = result_cache_find(results, job, &key, &reason, &result, error);
    if (found < 0)
        return -1;
    if (!is_named_by(job, path) && !is_read_by(job, result, path))
        return 0;
    each(job, found == 1 ? NULL : reason, result_cache_inputs(results, job), result, data);
    return 1;
}

static int explain_jobs(const struct build_options *options, struct result_cache *results, const struct plan *plan, const char *path,
                        explain_each *each, gpointer data, GError **error)
{
    int n = 0;
    if (!cache_begin_reading(options->cache, error))
        return -1;
    for (unsigned i = 0; i < plan->jobs->len && n >= 0; i++) {
        int one = explain_job(results, plan->jobs->pdata[i], path, each, data, error);
        n = one < 0 ? -1 : n + one;
    }
    return cache_end_reading(options->cache, n >= 0 ? error : NULL) ? n : -1;
}

int explain_file(const struct build_options *options, const char *path, explain_each *each, gpointer data, GError **error)
{
    g_autoptr(diag_list) diags = diag_list_new();
    g_autoptr(plan) plan = plan_new(options->course, &options->plan, diags);
    if (plan == NULL)
        return 0;
    struct result_cache_options result_options = {.cache = options->cache, .course = options->course, .plan = &options->plan};
    g_autoptr(result_cache) results = result_cache_new(&result_options);
    return explain_jobs(options, results, plan, path, each, data, error);
}
