#include "build/plan.h"

#include <string.h>

#include "base/text.h"
#include "course/layout.h"

static void output_free(gpointer data)
{
    struct plan_output *output = data;
    g_free(output->path);
    g_free(output);
}

static void plan_job_free(gpointer data)
{
    struct plan_job *job = data;
    g_free(job->source);
    g_free(job->name);
    g_free(job->shipped);
    json_decref(job->payload);
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

/* The loader's order: the course's own templates shadow those beside the notebook, which shadow the built-in ones. */
static json_t *list_template_dirs(const struct course *course, const struct plan_job *job, enum prog_lang prog_lang, const char *built_in)
{
    json_t *folders = json_array();
    if (course->template_dir != NULL) {
        g_autofree char *special = g_build_filename(course->template_dir, prog_lang_names[prog_lang], NULL);
        json_array_append_new(folders, json_string(special));
        json_array_append_new(folders, json_string(course->template_dir));
    }
    g_autofree char *own = g_path_get_dirname(job->source);
    json_array_append_new(folders, json_string(own));
    if (built_in != NULL) {
        g_autofree char *special = g_build_filename(built_in, prog_lang_names[prog_lang], NULL);
        json_array_append_new(folders, json_string(special));
        json_array_append_new(folders, json_string(built_in));
    }
    return folders;
}

static json_t *list_topic_files(const struct plan_job *job)
{
    json_t *files = json_array();
    for (unsigned i = 0; i < job->topic->files->len; i++) {
        const struct topic_file *file = job->topic->files->pdata[i];
        if (strcmp(file->path, job->source) != 0)
            json_array_append_new(files, json_pack("{s:s, s:s}", "relative", file->relative, "path", file->path));
    }
    return files;
}

static json_t *pack_course_names(const struct course *course)
{
    json_t *names = json_object();
    for (char **language = course->languages; *language != NULL; language++)
        json_object_set_new(names, *language, json_string(text_map_get(course->name, *language)));
    return names;
}

static json_t *pack_titles(const struct course *course, const struct topic_file *file)
{
    json_t *titles = json_object();
    for (unsigned i = 0; file->titles != NULL && course->languages[i] != NULL && file->titles[i] != NULL; i++)
        json_object_set_new(titles, course->languages[i], json_string(file->titles[i]));
    return titles;
}

/* In image mode shared: what an image is called in the source -> what it is called in every output of the notebook. */
static json_t *pack_shared_images(const struct topic *topic)
{
    json_t *images = json_object();
    for (unsigned i = 0; i < topic->files->len; i++) {
        const struct topic_file *file = topic->files->pdata[i];
        g_autofree char *shared = layout_shared_name(file);
        if (shared == NULL)
            continue;
        bool is_diagram = file->file_class == FILE_PLANTUML || file->file_class == FILE_DRAWIO;
        g_autofree char *name = is_diagram ? layout_diagram_name(file, ".png") : g_strdup(file->relative);
        g_autofree char *target = g_strconcat(LAYOUT_UP_TO_COURSE, shared, NULL);
        json_object_set_new(images, name, json_string(target));
    }
    return images;
}

static enum prog_lang notebook_prog_lang(const struct course *course, const struct plan_job *job)
{
    if (job->topic->prog_lang >= 0)
        return (enum prog_lang)job->topic->prog_lang;
    return job->file->prog_lang >= 0 ? (enum prog_lang)job->file->prog_lang : course->prog_lang;
}

static json_t *pack_notebook(const struct course *course, const struct plan_job *job, const struct plan_options *options)
{
    enum prog_lang prog_lang = notebook_prog_lang(course, job);
    json_t *payload =
        json_pack("{s:s, s:s, s:s, s:[]}", "source", job->source, "name", job->name, "prog_lang", prog_lang_names[prog_lang], "outputs");
    json_object_set_new(payload, "globals",
                        json_pack("{s:s, s:s}", "author", course->author != NULL ? course->author : "", "organization",
                                  course->organization != NULL ? course->organization : ""));
    json_object_set_new(payload, "course_name", pack_course_names(course));
    json_object_set_new(payload, "titles", pack_titles(course, job->file));
    json_object_set_new(payload, "template_dirs", list_template_dirs(course, job, prog_lang, options->templates_dir));
    json_object_set_new(payload, "topic_dir", json_string(job->topic->folder));
    json_object_set_new(payload, "topic_files", list_topic_files(job));
    json_object_set_new(payload, "kernel", json_string(prog_langs[prog_lang].kernel));
    json_object_set_new(payload, "evaluate", json_boolean(job->topic->is_evaluated));
    json_object_set_new(payload, "skip_errors", json_boolean(job->topic->skips_errors));
    json_object_set_new(payload, "cell_timeout", json_integer(options->cell_timeout_s));
    if (course->shares_images)
        json_object_set_new(payload, "shared_images", pack_shared_images(job->topic));
    json_object_set_new(payload, "warm_kernels", json_boolean(!options->starts_cold));
    if (options->preload != NULL)
        json_object_set_new(payload, "preload", json_string(options->preload));
    return payload;
}

static json_t *pack_drawio(const struct drawio_settings *drawio)
{
    return json_pack("{s:s, s:s?, s:s?, s:s?}", "renderer", drawio_renderer_names[drawio->renderer], "executable", drawio->executable,
                     "chromium", drawio->chromium, "application", drawio->application);
}

static json_t *pack_diagram(const struct plan_job *job, const struct plan_options *options)
{
    json_t *tool = job->type == JOB_DRAWIO ? pack_drawio(&options->drawio) : json_pack("s?", options->plantuml_jar);
    return json_pack("{s:s, s:s, s:s, s:o}", "source", job->source, "name", job->name, "format", "png", "tool", tool);
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

static struct plan_job *plan_job_new(const struct course *course, const struct course_output *output, const struct plan_options *options)
{
    struct plan_job *job = g_new0(struct plan_job, 1);
    job->type = job_type_of(output);
    job->section = output->section;
    job->topic = output->topic;
    job->file = output->topic_file;
    job->source = g_strdup(output->source);
    job->name = name_below(course->root, output->source);
    job->outputs = g_ptr_array_new();
    job->payload = job->type == JOB_NOTEBOOK ? pack_notebook(course, job, options) : pack_diagram(job, options);
    if (job->type == JOB_DRAWIO)
        job->shipped = find_shipped(job->source);
    return job;
}

/* Asks a notebook job for a language, kind and format, once however many targets want it. */
static void request_variant(struct plan_job *job, const struct course_output *output)
{
    json_t *variants = json_object_get(job->payload, "outputs");
    g_autoptr(json_t) variant = json_pack("{s:s, s:s, s:s}", "language", output->language, "kind", kind_names[output->kind], "format",
                                          format_names[output->format]);
    size_t i;
    json_t *other;
    json_array_foreach(variants, i, other) if (json_equal(other, variant)) return;
    json_array_append(variants, variant);
}

/* One job per source; a source that two topics name with different flags is two jobs. */
static char *job_identity(const struct course_output *output)
{
    return g_strdup_printf("%s\n%p", output->source, output->what == OUTPUT_NOTEBOOK ? (const void *)output->topic : NULL);
}

static void add_output(struct plan *plan, const struct course *course, const struct course_output *source,
                       const struct plan_options *options, GHashTable *jobs)
{
    struct plan_output *output = g_new0(struct plan_output, 1);
    output->output = source;
    output->path = g_build_filename(source->target->root, source->path, NULL);
    g_ptr_array_add(plan->outputs, output);
    if (source->what == OUTPUT_COPY) {
        g_ptr_array_add(plan->copies, output);
        return;
    }
    g_autofree char *identity = job_identity(source);
    struct plan_job *job = g_hash_table_lookup(jobs, identity);
    if (job == NULL) {
        job = plan_job_new(course, source, options);
        g_ptr_array_add(plan->jobs, job);
        g_hash_table_insert(jobs, g_steal_pointer(&identity), job);
    }
    g_ptr_array_add(job->outputs, output);
    if (source->what == OUTPUT_NOTEBOOK)
        request_variant(job, source);
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
    if (job->payload != NULL)
        return;
    g_autofree char *name = g_utf8_make_valid(job->name, -1);
    diag_add(diags, DIAG_ERROR, name, 0, 0, "rename the file", "the name is not valid UTF-8");
}

struct plan *plan_new(const struct course *course, const struct plan_options *options, struct diag_list *diags)
{
    g_autoptr(plan) plan = g_new0(struct plan, 1);
    plan->course_outputs = course_outputs(course, diags);
    plan->outputs = g_ptr_array_new_with_free_func(output_free);
    plan->copies = g_ptr_array_new();
    plan->jobs = g_ptr_array_new_with_free_func(plan_job_free);
    g_autoptr(GHashTable) jobs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (unsigned i = 0; i < plan->course_outputs->len; i++)
        if (is_wanted(plan->course_outputs->pdata[i], options->only) && !(options->skips_runs && shows_run(plan->course_outputs->pdata[i])))
            add_output(plan, course, plan->course_outputs->pdata[i], options, jobs);
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

static bool is_variant(const json_t *object, const struct course_output *output)
{
    return strcmp(json_get_text(object, "language", ""), output->language) == 0 &&
           strcmp(json_get_text(object, "kind", ""), kind_names[output->kind]) == 0 &&
           strcmp(json_get_text(object, "format", ""), format_names[output->format]) == 0;
}

const char *plan_find_object(const struct plan_output *output, const json_t *result, gint64 *ret_size)
{
    size_t i;
    json_t *object;
    json_array_foreach(json_object_get(result, "outputs"), i, object)
    {
        if (output->output->what == OUTPUT_NOTEBOOK && !is_variant(object, output->output))
            continue;
        const char *sha256 = json_get_text(object, "sha256", NULL);
        if (sha256 == NULL || strlen(sha256) != 64 || strspn(sha256, "0123456789abcdef") != 64)
            return NULL;
        *ret_size = json_get_int(object, "size", -1);
        return sha256;
    }
    return NULL;
}
