/* The key of a row is a hash over everything that is known before a job runs (inputs.h). What it reads besides, templates and includes, is
 * known afterwards: the row holds one variant for each state of those that was seen, newest first, and the one whose state is today's is
 * the result. A variant is a result, or the mistake in the source that the job ended with:
 *
 *   {deps: [{folder, name, sha256 or null}], outputs: {"LANGUAGE KIND FORMAT": sha256}, warnings}
 *   {deps, error, wanted: [{language, kind, format}]}
 *
 * The list of outputs is no part of the key: a build of one language finds the results of a whole build, and adds to them. */
#include "build/result_cache.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/hash.h"
#include "build/inputs.h"
#include "build/result_version.h"
#include "diagram/diagram.h"
#include "diagram/fonts.h"
#include "notebook/html_katex.h"
#include "notebook/kernel/kernel.h"

#define VARIANT_LIMIT 4
#define KERNEL "kernel "

struct result_cache {
    struct result_cache_options options;
    GHashTable *files;  /* path -> struct known_file * */
    GHashTable *tools;  /* "drawio", "kernel NAME", … -> fingerprint, looked for when a job first needs it */
    GHashTable *inputs; /* job -> json_t *: of those looked up */
};

/* A file is looked at once. */
struct known_file {
    struct stat info;
    int problem;                        /* of looking at it, an errno; 0: it is a regular file */
    char *hashes[1 + (int)DIGEST_TEXT]; /* by enum file_digest; NULL: not needed yet */
};

static void json_free(gpointer data)
{
    json_decref(data);
}

static void known_file_free(gpointer data)
{
    struct known_file *file = data;
    for (unsigned i = 0; i < G_N_ELEMENTS(file->hashes); i++)
        g_free(file->hashes[i]);
    g_free(file);
}

struct result_cache *result_cache_new(const struct result_cache_options *options)
{
    struct result_cache *results = g_new0(struct result_cache, 1);
    results->options = *options;
    results->files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, known_file_free);
    results->tools = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    results->inputs = g_hash_table_new_full(NULL, NULL, NULL, json_free);
    return results;
}

void result_cache_free(struct result_cache *results)
{
    if (results == NULL)
        return;
    g_hash_table_unref(results->files);
    g_hash_table_unref(results->tools);
    g_hash_table_unref(results->inputs);
    g_free(results);
}

/* ---- inputs ---- */

static struct known_file *look_at(struct result_cache *results, const char *path)
{
    struct known_file *file = g_hash_table_lookup(results->files, path);
    if (file != NULL)
        return file;
    file = g_new0(struct known_file, 1);
    if (stat(path, &file->info) != 0)
        file->problem = errno;
    else if (!S_ISREG(file->info.st_mode))
        file->problem = EISDIR;
    g_hash_table_insert(results->files, g_strdup(path), file);
    return file;
}

static const char *hash_file(struct result_cache *results, const char *path, enum file_digest digest, GError **error)
{
    struct known_file *file = look_at(results, path);
    if (file->problem != 0) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_NOT_FOUND, "cannot read '%s': %s", path,
                    file->problem == EISDIR ? "not a regular file" : g_strerror(file->problem));
        return NULL;
    }
    if (file->hashes[digest] == NULL)
        file->hashes[digest] = cache_file_hash(results->options.cache, path, &file->info, digest, error);
    return file->hashes[digest];
}

const char *result_cache_file_hash(struct result_cache *results, const char *path, bool *ret_is_executable, GError **error)
{
    const char *hash = hash_file(results, path, DIGEST_BYTES, error);
    if (hash != NULL)
        *ret_is_executable = (look_at(results, path)->info.st_mode & 0111) != 0;
    return hash;
}

/* A run sees whether a file may be executed. One that cannot be read is an input too: the job will say so, and nothing of it is kept. */
static char *describe_file(struct result_cache *results, const char *path)
{
    bool is_executable;
    const char *hash = result_cache_file_hash(results, path, &is_executable, NULL);
    return hash != NULL ? g_strconcat(hash, is_executable ? "+x" : "", NULL) : g_strdup("unreadable");
}

static json_t *list_topic_files(struct result_cache *results, const struct plan_job *job)
{
    json_t *files = json_object();
    for (unsigned i = 0; i < job->topic->files->len; i++) {
        const struct topic_file *file = job->topic->files->pdata[i];
        if (strcmp(file->path, job->source) == 0)
            continue;
        g_autofree char *hash = describe_file(results, file->path);
        json_object_set_new(files, file->relative, json_string(hash));
    }
    return files;
}

/* Its bytes, not where it is or since when; NULL when it is not there. Takes `path`. */
static const char *hash_program(struct result_cache *results, char *path)
{
    g_autofree char *given = path, *real_path = path != NULL ? realpath(path, NULL) : NULL;
    return real_path != NULL ? hash_file(results, real_path, DIGEST_BYTES, NULL) : NULL;
}

/* The program, the Java that runs it (whose file "release" holds its version), and what lays out its graphs. */
static char *find_plantuml_print(struct result_cache *results)
{
    const struct plan_options *plan = results->options.plan;
    g_autofree char *java = plantuml_find_java(plan->java), *real_java = java != NULL ? realpath(java, NULL) : NULL;
    g_autofree char *release = real_java != NULL ? g_build_filename(real_java, "..", "..", "release", NULL) : NULL;
    const char *jar = hash_program(results, plantuml_find_jar(plan->plantuml_jar));
    const char *home = release != NULL ? hash_program(results, g_canonicalize_filename(release, NULL)) : NULL;
    const char *dot = hash_program(results, g_find_program_in_path("dot"));
    if (jar == NULL || java == NULL)
        return g_strdup("none");
    return g_strdup_printf("%s; java %s; dot %s", jar, home != NULL ? home : java, dot != NULL ? dot : "none");
}

static char *find_print(struct result_cache *results, const char *tool)
{
    if (strcmp(tool, "plantuml") == 0)
        return find_plantuml_print(results);
    if (strcmp(tool, "fonts") == 0)
        return fonts_fingerprint();
    if (strcmp(tool, "drawio") == 0)
        return drawio_fingerprint(&results->options.plan->drawio);
    return g_str_has_prefix(tool, KERNEL) ? kernel_fingerprint(tool + strlen(KERNEL), NULL) : katex_fingerprint();
}

/* What else makes the results. A kernel that is not installed is a fingerprint too: the job will say so, and nothing of it is kept. */
static void add_tool(struct result_cache *results, json_t *tools, const char *tool)
{
    const char *print = g_hash_table_lookup(results->tools, tool);
    if (print == NULL) {
        char *found = find_print(results, tool);
        print = found != NULL ? found : (found = g_strdup("none"));
        g_hash_table_insert(results->tools, g_strdup(tool), found);
    }
    json_object_set_new(tools, tool, json_string(print));
}

static json_t *list_tools(struct result_cache *results, const struct plan_job *job)
{
    json_t *tools = json_object();
    add_tool(results, tools, job->type == JOB_NOTEBOOK ? "katex" : job_type_names[job->type]);
    if (job->type != JOB_NOTEBOOK)
        add_tool(results, tools, "fonts");
    if (job->type == JOB_NOTEBOOK && job->topic->is_evaluated) {
        g_autofree char *kernel = g_strconcat(KERNEL, prog_langs[job->prog_lang].kernel, NULL);
        add_tool(results, tools, kernel);
    }
    return tools;
}

static char *hash_json(const json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS);
    char *hash = hash_sha256_hex(text, strlen(text));
    free(text);
    return hash;
}

static json_t *collect_inputs(struct result_cache *results, const struct plan_job *job)
{
    const char *source = hash_file(results, job->source, DIGEST_TEXT, NULL);
    g_autoptr(json_t) files = job->type == JOB_NOTEBOOK ? list_topic_files(results, job) : json_object();
    return json_pack("{s:s, s:s, s:O, s:O, s:o}", "program", result_version, "source", source != NULL ? source : "unreadable", "files",
                     files, "settings", job->settings, "tool", list_tools(results, job));
}

/* Where the inputs of a source's latest result are kept. */
static char *key_of_latest(const struct result_cache *results, const struct plan_job *job)
{
    struct hasher *hasher = hasher_new();
    hasher_add_field(hasher, "latest", results->options.course->spec_path);
    hasher_add_field(hasher, "topic", job->topic->id);
    hasher_add_field(hasher, "source", job->source);
    return hasher_finish(hasher);
}

/* ---- templates and includes ---- */

char *result_cache_dep_path(const struct plan_job *job, const json_t *dep)
{
    const char *name = json_get_text(dep, "name", "");
    if (g_path_is_absolute(name))
        return g_strdup(name);
    gint64 folder = json_get_int(dep, "folder", 0), n_folders = g_strv_length(job->template_dirs);
    return folder >= 0 && folder < n_folders ? g_build_filename(job->template_dirs[folder], name, NULL) : g_strdup(name);
}

/* The hash of what a dependency is today; NULL when it is not there. */
static const char *hash_dep(struct result_cache *results, const struct plan_job *job, const json_t *dep)
{
    g_autofree char *path = result_cache_dep_path(job, dep);
    return hash_file(results, path, DIGEST_TEXT, NULL);
}

static bool has_current_deps(struct result_cache *results, const struct plan_job *job, const json_t *variant)
{
    size_t i;
    json_t *dep;
    json_array_foreach(json_object_get(variant, "deps"), i,
                       dep) if (g_strcmp0(hash_dep(results, job, dep), json_get_text(dep, "sha256", NULL)) != 0) return false;
    return true;
}

/* name -> hash of what is there, for explanations; `results` NULL: as the variant has it, else as it is today. */
static json_t *pack_deps(struct result_cache *results, const struct plan_job *job, const json_t *variant)
{
    json_t *packed = json_object(), *dep;
    size_t i;
    json_array_foreach(json_object_get(variant, "deps"), i, dep)
    {
        const char *hash = results != NULL ? hash_dep(results, job, dep) : json_get_text(dep, "sha256", NULL);
        if (hash != NULL)
            json_object_set_new(packed, json_get_text(dep, "name", ""), json_string(hash));
    }
    return packed;
}

/* ---- variants ---- */

static bool is_same_output(const json_t *one, const json_t *other)
{
    static const char *const keys[] = {"language", "kind", "format", "picture"};
    for (unsigned i = 0; i < G_N_ELEMENTS(keys); i++)
        if (g_strcmp0(json_get_text(one, keys[i], NULL), json_get_text(other, keys[i], NULL)) != 0)
            return false;
    return true;
}

static bool has_output(const json_t *outputs, const json_t *wanted)
{
    size_t i;
    json_t *output;
    json_array_foreach(outputs, i, output) if (is_same_output(output, wanted)) return true;
    return false;
}

/* Whether the objects are in the cache is seen when they are published; those of current outputs need not be. */
static bool has_outputs(const struct plan_job *job, const json_t *result)
{
    for (unsigned i = 0; i < job->outputs->len; i++)
        if (plan_find_object(job->outputs->pdata[i], result) == NULL)
            return false;
    return true;
}

/* A mistake holds for whoever wants at least what was wanted when it showed. */
static bool concerns(const json_t *variant, const struct plan_job *job)
{
    g_autoptr(json_t) ours = plan_job_wanted(job);
    size_t i;
    json_t *wanted;
    json_array_foreach(json_object_get(variant, "wanted"), i, wanted) if (!has_output(ours, wanted)) return false;
    return true;
}

static bool is_usable(const json_t *variant, const struct plan_job *job)
{
    return json_object_get(variant, "error") != NULL ? concerns(variant, job) : has_outputs(job, variant);
}

/* What a row without a usable variant says about the reason; the caller frees it. */
static char *explain_variants(struct result_cache *results, const struct plan_job *job, const json_t *variants)
{
    const json_t *newest = json_array_get(variants, 0);
    g_autoptr(json_t) before = json_pack("{s:o}", "deps", pack_deps(NULL, job, newest));
    g_autoptr(json_t) now = json_pack("{s:o}", "deps", pack_deps(results, job, newest));
    char *reason = inputs_explain(before, now);
    return reason != NULL ? reason : g_strdup("an output is wanted that the earlier result does not have");
}

static char *explain_miss(struct result_cache *results, const struct plan_job *job, const json_t *inputs)
{
    g_autofree char *key = key_of_latest(results, job);
    g_autoptr(json_t) latest = NULL;
    if (cache_find_result(results->options.cache, key, &latest, NULL) != 1)
        return g_strdup("no earlier result");
    json_object_del(latest, "deps");
    char *reason = inputs_explain(latest, inputs);
    return reason != NULL ? reason : g_strdup("the result is no longer in the cache");
}

/* 1: usable; 0: not, with the reason; -1: error. */
static int choose(struct result_cache *results, const struct plan_job *job, const json_t *inputs, const char *key, char **ret_reason,
                  json_t **ret_result, GError **error)
{
    g_autoptr(json_t) row = NULL;
    int found = cache_find_result(results->options.cache, key, &row, error);
    if (found < 0)
        return -1;
    const json_t *variants = json_object_get(row, "variants");
    size_t i;
    json_t *variant;
    json_array_foreach(variants, i, variant)
    {
        if (!is_usable(variant, job) || !has_current_deps(results, job, variant))
            continue;
        *ret_result = json_incref(variant);
        return 1;
    }
    *ret_reason = json_array_size(variants) > 0 ? explain_variants(results, job, variants) : explain_miss(results, job, inputs);
    return 0;
}

bool result_cache_is_run_forced(const struct result_cache *results, const struct plan_job *job)
{
    return results->options.is_run_forced && plan_job_runs_code(job);
}

int result_cache_find(struct result_cache *results, const struct plan_job *job, char **ret_key, char **ret_reason, json_t **ret_result,
                      GError **error)
{
    json_t *inputs = collect_inputs(results, job);
    g_hash_table_insert(results->inputs, (gpointer)job, inputs);
    g_autofree char *key = inputs_key(job, inputs);
    int found = 0;
    if (result_cache_is_run_forced(results, job)) {
        *ret_reason = g_strdup("its code is to run again (--force-execute)");
    } else if (results->options.is_ignored) {
        *ret_reason = g_strdup("the cache is ignored");
    } else {
        found = choose(results, job, inputs, key, ret_reason, ret_result, error);
    }
    if (found >= 0)
        *ret_key = g_steal_pointer(&key);
    return found;
}

const json_t *result_cache_inputs(const struct result_cache *results, const struct plan_job *job)
{
    return g_hash_table_lookup(results->inputs, job);
}

char *result_cache_inputs_hash(const struct result_cache *results, const struct plan_job *job)
{
    return hash_json(json_object_get(result_cache_inputs(results, job), "files"));
}

/* ---- keeping ---- */

static bool is_edited(struct result_cache *results, const char *path, enum file_digest digest)
{
    struct stat info;
    const struct known_file *known = g_hash_table_lookup(results->files, path);
    if (known == NULL || known->hashes[digest] == NULL || stat(path, &info) != 0)
        return true;
    g_autofree char *hash = cache_file_hash(results->options.cache, path, &info, digest, NULL);
    return g_strcmp0(hash, known->hashes[digest]) != 0;
}

/* By their hashes today, not by those that were remembered: they may have changed during the job. */
static bool has_edited_deps(struct result_cache *results, const struct plan_job *job, const json_t *result)
{
    size_t i;
    json_t *dep;
    json_array_foreach(json_object_get(result, "deps"), i, dep)
    {
        g_autofree char *path = result_cache_dep_path(job, dep);
        g_hash_table_remove(results->files, path);
    }
    return !has_current_deps(results, job, result);
}

bool result_cache_is_outdated(struct result_cache *results, const struct plan_job *job, const json_t *result)
{
    if (is_edited(results, job->source, DIGEST_TEXT))
        return true;
    for (unsigned i = 0; job->type == JOB_NOTEBOOK && i < job->topic->files->len; i++) {
        const struct topic_file *file = job->topic->files->pdata[i];
        if (strcmp(file->path, job->source) != 0 && is_edited(results, file->path, DIGEST_BYTES))
            return true;
    }
    return has_edited_deps(results, job, result);
}

bool result_cache_note_latest(struct result_cache *results, const struct plan_job *job, GError **error)
{
    g_autofree char *key = key_of_latest(results, job);
    const json_t *inputs = g_hash_table_lookup(results->inputs, job);
    return inputs == NULL || cache_add_result(results->options.cache, key, inputs, error);
}

/* Adds what an earlier result of the same state has and this one has not: outputs that this build did not want. */
static void take_over(json_t *variant, const json_t *earlier)
{
    size_t i;
    json_t *item, *warnings = json_object_get(variant, "warnings");
    json_object_update_missing(json_object_get(variant, "outputs"), json_object_get(earlier, "outputs"));
    json_array_foreach(json_object_get(earlier, "warnings"), i, item)
    {
        size_t k;
        json_t *known;
        bool is_known = false;
        json_array_foreach(warnings, k, known) is_known |= json_equal(known, item) != 0;
        if (!is_known)
            json_array_append(warnings, item);
    }
}

/* The variants of a row with a new one in front. */
static json_t *renew(const json_t *row, json_t *variant)
{
    json_t *variants = json_array(), *earlier;
    bool is_result = json_object_get(variant, "outputs") != NULL;
    size_t i;
    json_array_append(variants, variant);
    json_array_foreach(json_object_get(row, "variants"), i, earlier)
    {
        bool is_same_state = json_equal(json_object_get(earlier, "deps"), json_object_get(variant, "deps"));
        bool is_same_sort = (json_object_get(earlier, "outputs") != NULL) == is_result;
        if (is_same_state && is_same_sort && is_result)
            take_over(variant, earlier);
        if (!(is_same_state && is_same_sort) && json_array_size(variants) < VARIANT_LIMIT)
            json_array_append(variants, earlier);
    }
    return json_pack("{s:o}", "variants", variants);
}

static bool add_variant(struct result_cache *results, const struct plan_job *job, const char *key, json_t *variant, GError **error)
{
    g_autoptr(json_t) row = NULL;
    if (cache_find_result(results->options.cache, key, &row, error) < 0)
        return false;
    g_autoptr(json_t) renewed = renew(row, variant);
    if (!cache_add_result(results->options.cache, key, renewed, error))
        return false;
    json_t *inputs = g_hash_table_lookup(results->inputs, job);
    json_object_set_new(inputs, "deps", pack_deps(NULL, job, variant));
    return result_cache_note_latest(results, job, error);
}

bool result_cache_add(struct result_cache *results, const struct plan_job *job, const char *key, const json_t *result, GError **error)
{
    g_autoptr(json_t) variant = json_deep_copy(result);
    return add_variant(results, job, key, variant, error);
}

bool result_cache_add_problem(struct result_cache *results, const struct plan_job *job, const char *key, const json_t *problem,
                              GError **error)
{
    const json_t *deps = json_object_get(problem, "deps");
    g_autoptr(json_t) variant = json_pack("{s:o}", "error", json_deep_copy(problem));
    json_object_set_new(variant, "deps", deps != NULL ? json_deep_copy(deps) : json_array());
    json_object_set_new(variant, "wanted", plan_job_wanted(job));
    json_object_del(json_object_get(variant, "error"), "deps");
    return add_variant(results, job, key, variant, error);
}

bool result_cache_forget_mistakes(struct cache *cache, const char *key, GError **error)
{
    g_autoptr(json_t) row = NULL, kept = json_array();
    int found = cache_find_result(cache, key, &row, error);
    size_t i;
    json_t *variant;
    json_array_foreach(json_object_get(row, "variants"), i, variant) if (json_object_get(variant, "error") == NULL)
        json_array_append(kept, variant);
    if (found != 1 || json_array_size(kept) == json_array_size(json_object_get(row, "variants")))
        return found >= 0;
    g_autoptr(json_t) renewed = json_pack("{s:O}", "variants", kept);
    return cache_add_result(cache, key, renewed, error);
}
