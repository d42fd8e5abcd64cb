/* The key of a result is a hash over its parts: the program, the source, the other files of the topic, the templates of the course, the
 * settings in the payload, the tool. Absolute paths are no part of it: a course that moved is still cached. The parts of the latest
 * result of each source are kept too, so that a build can say which of them changed. */
#include "build/result_cache.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/hash.h"
#include "build/result_version.h"
#include "notebook/kernel/kernel.h"
#include "os/file.h"

struct result_cache {
    struct result_cache_options options;
    GHashTable *files;   /* path -> hash */
    GHashTable *kernels; /* name -> fingerprint */
    char *templates;     /* hash of the course's template folder; NULL: not known yet */
    GHashTable *parts;   /* job -> json_t *: of those looked up */
};

enum part { PART_PROGRAM, PART_SOURCE, PART_FILES, PART_TEMPLATES, PART_SETTINGS, PART_TOOL, N_PARTS };
static const char *const part_names[N_PARTS] = {"program", "source", "files", "templates", "settings", "tool"};
static const char *const part_changes[N_PARTS] = {
    "clx itself changed", "source changed", "another file of the topic changed", "template changed", "settings changed", "tool changed",
};

static void json_free(gpointer data)
{
    json_decref(data);
}

struct result_cache *result_cache_new(const struct result_cache_options *options)
{
    struct result_cache *results = g_new0(struct result_cache, 1);
    results->options = *options;
    results->files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    results->kernels = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    results->parts = g_hash_table_new_full(NULL, NULL, NULL, json_free);
    return results;
}

void result_cache_free(struct result_cache *results)
{
    if (results == NULL)
        return;
    g_hash_table_unref(results->files);
    g_hash_table_unref(results->kernels);
    g_hash_table_unref(results->parts);
    g_free(results->templates);
    g_free(results);
}

const char *result_cache_file_hash(struct result_cache *results, const char *path, GError **error)
{
    const char *known = g_hash_table_lookup(results->files, path);
    if (known != NULL)
        return known;
    struct stat info;
    if (stat(path, &info) != 0) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_NOT_FOUND, "cannot read '%s': %s", path, g_strerror(errno));
        return NULL;
    }
    char *hash = cache_file_hash(results->options.cache, path, &info, error);
    if (hash != NULL)
        g_hash_table_insert(results->files, g_strdup(path), hash);
    return hash;
}

static char *hash_topic_files(struct result_cache *results, const struct plan_job *job, GError **error)
{
    struct hasher *hasher = hasher_new();
    bool ok = true;
    for (unsigned i = 0; i < job->topic->files->len && ok; i++) {
        const struct topic_file *file = job->topic->files->pdata[i];
        if (strcmp(file->path, job->source) == 0)
            continue;
        const char *hash = result_cache_file_hash(results, file->path, error);
        ok = hash != NULL;
        if (ok)
            hasher_add_field(hasher, file->relative, hash);
    }
    g_autofree char *hex = hasher_finish(hasher);
    return ok ? g_steal_pointer(&hex) : NULL;
}

struct tree_walk {
    struct result_cache *results;
    struct hasher *hasher;
    const char *root;
    GError *error;
};

static bool visit_template(const char *relative, const struct stat *info, gpointer data)
{
    struct tree_walk *walk = data;
    g_autofree char *path = g_build_filename(walk->root, relative, NULL);
    const char *hash = result_cache_file_hash(walk->results, path, &walk->error);
    if (hash != NULL)
        hasher_add_field(walk->hasher, relative, hash);
    return hash != NULL;
}

/* The whole folder counts, not only what was read: a new file may shadow a template of the same name. */
static const char *hash_templates(struct result_cache *results, GError **error)
{
    const char *root = results->options.course->template_dir;
    if (root == NULL)
        return "none";
    if (results->templates != NULL)
        return results->templates;
    struct tree_walk walk = {.results = results, .hasher = hasher_new(), .root = root};
    bool ok = file_walk(root, NULL, visit_template, &walk, error);
    g_autofree char *hex = hasher_finish(walk.hasher);
    if (ok && walk.error == NULL)
        return results->templates = g_steal_pointer(&hex);
    if (walk.error != NULL)
        g_propagate_error(error, walk.error);
    return NULL;
}

/* A kernel that is not installed is a fingerprint too: the job will say so, and nothing of it is kept. */
static const char *kernel_print(struct result_cache *results, const char *kernel)
{
    const char *known = g_hash_table_lookup(results->kernels, kernel);
    if (known != NULL)
        return known;
    char *fingerprint = kernel_fingerprint(kernel, NULL);
    if (fingerprint == NULL)
        fingerprint = g_strdup("none");
    g_hash_table_insert(results->kernels, g_strdup(kernel), fingerprint);
    return fingerprint;
}

static const char *tool_print(struct result_cache *results, const struct plan_job *job)
{
    if (job->type == JOB_PLANTUML)
        return results->options.plantuml_fingerprint;
    if (job->type == JOB_DRAWIO)
        return results->options.drawio_fingerprint;
    return plan_job_runs_code(job) ? kernel_print(results, json_get_text(job->payload, "kernel", "")) : "none";
}

static char *hash_settings(const struct plan_job *job)
{
    static const char *const paths[] = {"source", "template_dirs", "topic_dir", "topic_files", "inputs_hash", "tool", NULL};
    g_autoptr(json_t) settings = json_copy(job->payload);
    for (unsigned i = 0; paths[i] != NULL; i++)
        json_object_del(settings, paths[i]);
    char *text = json_dumps(settings, JSON_COMPACT | JSON_SORT_KEYS);
    char *hex = hash_sha256_hex(text, strlen(text));
    free(text);
    return hex;
}

static json_t *collect_parts(struct result_cache *results, struct plan_job *job, GError **error)
{
    const char *source = result_cache_file_hash(results, job->source, error);
    if (source == NULL)
        return NULL;
    bool is_notebook = job->type == JOB_NOTEBOOK;
    g_autofree char *files = is_notebook ? hash_topic_files(results, job, error) : g_strdup("none");
    if (files == NULL)
        return NULL;
    const char *templates = is_notebook ? hash_templates(results, error) : "none";
    if (templates == NULL)
        return NULL;
    if (is_notebook)
        json_object_set_new(job->payload, "inputs_hash", json_string(files));
    g_autofree char *settings = hash_settings(job);
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", part_names[PART_PROGRAM], result_version, part_names[PART_SOURCE], source,
                     part_names[PART_FILES], files, part_names[PART_TEMPLATES], templates, part_names[PART_SETTINGS], settings,
                     part_names[PART_TOOL], tool_print(results, job));
}

static char *key_of_parts(const struct plan_job *job, const json_t *parts)
{
    struct hasher *hasher = hasher_new();
    hasher_add_field(hasher, "type", job_type_names[job->type]);
    for (int i = 0; i < N_PARTS; i++)
        hasher_add_field(hasher, part_names[i], json_get_text(parts, part_names[i], NULL));
    return hasher_finish(hasher);
}

/* Where the parts of a source's latest result are kept. */
static char *key_of_latest(const struct result_cache *results, const struct plan_job *job)
{
    struct hasher *hasher = hasher_new();
    hasher_add_field(hasher, "latest", results->options.course->spec_path);
    hasher_add_field(hasher, "topic", job->topic->id);
    hasher_add_field(hasher, "source", job->source);
    return hasher_finish(hasher);
}

static const char *find_reason(struct result_cache *results, const struct plan_job *job, const json_t *parts)
{
    g_autofree char *key = key_of_latest(results, job);
    g_autoptr(json_t) latest = NULL;
    if (cache_find_result(results->options.cache, key, &latest, NULL) != 1)
        return "no earlier result";
    for (int i = 0; i < N_PARTS; i++)
        if (strcmp(json_get_text(latest, part_names[i], ""), json_get_text(parts, part_names[i], "")) != 0)
            return part_changes[i];
    return "the result is no longer in the cache";
}

static bool has_current_deps(struct result_cache *results, const json_t *result)
{
    size_t i;
    json_t *dep;
    json_array_foreach(json_object_get(result, "deps"), i, dep)
    {
        const char *hash = result_cache_file_hash(results, json_get_text(dep, "path", ""), NULL);
        if (hash == NULL || strcmp(hash, json_get_text(dep, "sha256", "")) != 0)
            return false;
    }
    return true;
}

/* Whether the objects are in the cache is seen when they are published; those of current outputs need not be. */
static bool has_outputs(const struct plan_job *job, const json_t *result)
{
    gint64 size;
    for (unsigned i = 0; i < job->outputs->len; i++)
        if (plan_find_object(job->outputs->pdata[i], result, &size) == NULL)
            return false;
    return true;
}

/* 1: usable; 0: not, with the reason; -1: error. */
static int check_result(struct result_cache *results, const struct plan_job *job, const json_t *parts, const char *key,
                        const char **ret_reason, json_t **ret_result, GError **error)
{
    g_autoptr(json_t) result = NULL;
    if (results->options.is_ignored) {
        *ret_reason = "the cache is ignored";
        return 0;
    }
    int found = cache_find_result(results->options.cache, key, &result, error);
    if (found < 0)
        return -1;
    if (found == 0)
        *ret_reason = find_reason(results, job, parts);
    else if (!has_current_deps(results, result))
        *ret_reason = part_changes[PART_TEMPLATES];
    else if (!has_outputs(job, result))
        *ret_reason = "the result lacks an output";
    else {
        *ret_result = g_steal_pointer(&result);
        return 1;
    }
    return 0;
}

int result_cache_find(struct result_cache *results, struct plan_job *job, char **ret_key, char **ret_reason, json_t **ret_result,
                      GError **error)
{
    json_t *parts = collect_parts(results, job, error);
    if (parts == NULL)
        return -1;
    g_hash_table_insert(results->parts, job, parts);
    g_autofree char *key = key_of_parts(job, parts);
    const char *reason = NULL;
    int found = check_result(results, job, parts, key, &reason, ret_result, error);
    if (found < 0)
        return -1;
    *ret_key = g_steal_pointer(&key);
    *ret_reason = g_strdup(reason);
    return found;
}

/* A file that was edited while its job ran: nobody knows which of its states the result shows. */
static bool is_edited(struct result_cache *results, const char *path)
{
    struct stat info;
    const char *known = g_hash_table_lookup(results->files, path);
    if (known == NULL || stat(path, &info) != 0)
        return true;
    g_autofree char *hash = cache_file_hash(results->options.cache, path, &info, NULL);
    return hash == NULL || strcmp(hash, known) != 0;
}

static bool has_edited_inputs(struct result_cache *results, const struct plan_job *job)
{
    if (is_edited(results, job->source))
        return true;
    for (unsigned i = 0; job->type == JOB_NOTEBOOK && i < job->topic->files->len; i++)
        if (is_edited(results, ((const struct topic_file *)job->topic->files->pdata[i])->path))
            return true;
    return false;
}

bool result_cache_add(struct result_cache *results, const struct plan_job *job, const char *key, const json_t *result, GError **error)
{
    if (has_edited_inputs(results, job))
        return true;
    if (!cache_add_result(results->options.cache, key, result, error))
        return false;
    const json_t *parts = g_hash_table_lookup(results->parts, job);
    g_autofree char *latest = key_of_latest(results, job);
    return parts == NULL || cache_add_result(results->options.cache, latest, parts, error);
}
