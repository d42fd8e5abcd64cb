#include "build/plan.h"

#include <string.h>

#include "base/text.h"
#include "build/plan_private.h"

static void output_free(gpointer data)
{
    struct plan_output *output = data;
    g_free(output);
}

static void plan_job_free(gpointer data)
{
    struct plan_job *job = data;
    g_free(job->source);
    g_free(job->name);
    g_free(job->shipped);
    json_decref(job->settings);
    g_strfreev(job->template_dirs);
    g_ptr_array_unref(job->outputs);
    g_free(job);
}

void plan_free(struct plan *plan)
{
    if (plan == NULL)
        return;
    g_clear_pointer(&plan->jobs, g_ptr_array_unref);
    g_clear_pointer(&plan->copies, g_ptr_array_unref);
    g_clear_pointer(&plan->outputs, g_ptr_array_unref);
    g_clear_pointer(&plan->course_outputs, g_ptr_array_unref);
    g_free(plan);
}

static char *name_below(const char *root, const char *path)
{
    size_t length = strlen(root);
    if (strncmp(path, root, length) == 0 && path[length] == '/')
        return g_strdup(path + length + 1);
    return g_path_get_basename(path);
}

static enum prog_lang notebook_prog_lang(const struct course *course, const struct plan_job *job)
{
    if (job->topic->prog_lang >= 0)
        return (enum prog_lang)job->topic->prog_lang;
    return job->file->prog_lang >= 0 ? (enum prog_lang)job->file->prog_lang : course->prog_lang;
}

/* The picture that an earlier tool left for a diagram: <dir>/img/x.png for <dir>/drawio/x.drawio and for <dir>/x.drawio. */
static char *find_shipped(const char *source)
{
    g_autofree char *folder = g_path_get_dirname(source);
    g_autofree char *folder_name = g_path_get_basename(folder);
    g_autofree char *above = strcmp(folder_name, "drawio") == 0 ? g_path_get_dirname(folder) : g_strdup(folder);
    g_autofree char *stem = g_path_get_basename(source);
    char *dot = strrchr(stem, '.');
    if (dot != NULL)
        *dot = '\0';
    g_autofree char *name = g_strconcat(stem, ".png", NULL);
    g_autofree char *path = g_build_filename(above, "img", name, NULL);
    return g_file_test(path, G_FILE_TEST_IS_REGULAR) ? g_steal_pointer(&path) : NULL;
}

static enum job_type job_type_of(const struct course_output *output)
{
    if (output->what == OUTPUT_NOTEBOOK)
        return JOB_NOTEBOOK;
    return output->topic_file->file_class == FILE_DRAWIO ? JOB_DRAWIO : JOB_PLANTUML;
}

static struct plan_job *plan_job_new(const struct plan *plan, const struct course_output *output)
{
    const struct course *course = plan->course;
    struct plan_job *job = g_new0(struct plan_job, 1);
    job->type = job_type_of(output);
    job->section = output->section;
    job->topic = output->topic;
    job->file = output->topic_file;
    job->source = g_strdup(output->source);
    job->name = name_below(course->root, output->source);
    job->outputs = g_ptr_array_new();
    if (job->type == JOB_NOTEBOOK)
        job->prog_lang = notebook_prog_lang(course, job);
    plan_settle_job(plan, job);
    if (job->type == JOB_DRAWIO)
        job->shipped = find_shipped(job->source);
    return job;
}

/* One job per source; a source that two topics name with different flags is two jobs. */
static char *job_identity(const struct course_output *output)
{
    return g_strdup_printf("%s\n%p", output->source, output->what == OUTPUT_NOTEBOOK ? (const void *)output->topic : NULL);
}

static void add_output(struct plan *plan, const struct course_output *source, GHashTable *jobs)
{
    struct plan_output *output = g_new0(struct plan_output, 1);
    output->output = source;
    output->path = source->absolute;
    g_ptr_array_add(plan->outputs, output);
    if (source->what == OUTPUT_COPY) {
        g_ptr_array_add(plan->copies, output);
        return;
    }
    g_autofree char *identity = job_identity(source);
    struct plan_job *job = g_hash_table_lookup(jobs, identity);
    if (job == NULL) {
        job = plan_job_new(plan, source);
        g_ptr_array_add(plan->jobs, job);
        g_hash_table_insert(jobs, g_steal_pointer(&identity), job);
    }
    g_ptr_array_add(job->outputs, output);
}

static bool is_wanted(const struct course_output *output, const char *only)
{
    if (only == NULL)
        return true;
    return (output->topic != NULL && g_strcmp0(output->topic->id, only) == 0) ||
           (output->section != NULL && section_has_name(output->section, only));
}

/* A page that shows what its code does. */
static bool shows_run(const struct course_output *output)
{
    return output->what == OUTPUT_NOTEBOOK && output->format == FORMAT_HTML && output->kind != KIND_CODE_ALONG &&
           output->topic->is_evaluated;
}

static void complain_about_only(const struct course *course, const char *only, struct diag_list *diags)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (unsigned i = 0; i < course->sections->len; i++) {
        const struct section *section = course->sections->pdata[i];
        for (char **language = course->languages; *language != NULL; language++)
            g_ptr_array_add(names, (char *)text_map_get(section->name, *language));
        for (unsigned j = 0; j < section->topics->len; j++)
            g_ptr_array_add(names, ((const struct topic *)section->topics->pdata[j])->id);
    }
    g_ptr_array_add(names, NULL);
    g_autofree char *hint = text_did_you_mean(only, (const char *const *)names->pdata);
    diag_add(diags, DIAG_ERROR, course->spec_path, 0, 0, hint, "no section or topic is called '%s'", only);
}

/* JSON, which carries the job, is UTF-8. */
static void check_job(const struct plan_job *job, struct diag_list *diags)
{
    if (g_utf8_validate(job->source, -1, NULL))
        return;
    g_autofree char *name = g_utf8_make_valid(job->name, -1);
    diag_add(diags, DIAG_ERROR, name, 0, 0, "rename the file", "the name is not valid UTF-8");
}

struct plan *plan_new(const struct course *course, const struct plan_options *options, struct diag_list *diags)
{
    g_autoptr(plan) plan = g_new0(struct plan, 1);
    plan->course = course;
    plan->options = options;
    plan->course_outputs = course_outputs(course, diags);
    plan->outputs = g_ptr_array_new_with_free_func(output_free);
    plan->copies = g_ptr_array_new();
    plan->jobs = g_ptr_array_new_with_free_func(plan_job_free);
    g_autoptr(GHashTable) jobs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (unsigned i = 0; i < plan->course_outputs->len; i++)
        if (is_wanted(plan->course_outputs->pdata[i], options->only) && !(options->skips_runs && shows_run(plan->course_outputs->pdata[i])))
            add_output(plan, plan->course_outputs->pdata[i], jobs);
    for (unsigned i = 0; i < plan->jobs->len; i++)
        check_job(plan->jobs->pdata[i], diags);
    if (options->only != NULL && plan->outputs->len == 0)
        complain_about_only(course, options->only, diags);
    return diag_has_errors(diags) ? NULL : g_steal_pointer(&plan);
}

unsigned plan_count_jobs(const struct plan *plan, enum job_type type)
{
    unsigned count = 0;
    for (unsigned i = 0; i < plan->jobs->len; i++)
        count += ((const struct plan_job *)plan->jobs->pdata[i])->type == type;
    return count;
}

bool plan_job_runs_code(const struct plan_job *job)
{
    if (job->type != JOB_NOTEBOOK || !job->topic->is_evaluated)
        return false;
    for (unsigned i = 0; i < job->outputs->len; i++)
        if (shows_run(((const struct plan_output *)job->outputs->pdata[i])->output))
            return true;
    return false;
}
