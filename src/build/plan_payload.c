/* What a worker is told, in two halves: what counts for the result is part of its key and made for every job; the rest says only where
 * things are, and is made for the jobs that have to run. */
#include <string.h>

#include "build/plan_private.h"
#include "course/layout.h"

/* ---- what counts ---- */

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

/* Sources call the picture of a diagram img/x.png, whatever is made of it. */
static void pack_image(const struct course *course, json_t *images, const struct topic_file *file, const char *picture)
{
    const char *suffix = course->image_format == IMAGES_SVG ? ".svg" : ".png";
    bool is_diagram = file->file_class == FILE_PLANTUML || file->file_class == FILE_DRAWIO;
    g_autofree char *name = is_diagram ? layout_diagram_name(file, picture, ".png") : g_strdup(file->relative);
    g_autofree char *shared = course->shares_images ? layout_shared_name(file, picture, suffix) : NULL;
    g_autofree char *target = shared != NULL ? g_strconcat(LAYOUT_UP_TO_COURSE, shared, NULL)
                              : is_diagram   ? layout_diagram_name(file, picture, suffix)
                                             : NULL;
    if (target != NULL && strcmp(name, target) != 0)
        json_object_set_new(images, name, json_string(target));
}

/* What an image is called in the source -> what it is called in every output of the notebook, where that is something else. */
static json_t *pack_images(const struct course *course, const struct topic *topic)
{
    json_t *images = json_object();
    for (unsigned i = 0; i < topic->files->len; i++) {
        const struct topic_file *file = topic->files->pdata[i];
        pack_image(course, images, file, NULL);
        for (char **picture = file->more_pictures; picture != NULL && *picture != NULL; picture++)
            pack_image(course, images, file, *picture);
    }
    return images;
}

static json_t *pack_notebook(const struct plan *plan, const struct plan_job *job)
{
    const struct course *course = plan->course;
    json_t *settings = json_pack("{s:s, s:s, s:s, s:b, s:b, s:i}", "name", job->name, "prog_lang", prog_lang_names[job->prog_lang],
                                 "kernel", prog_langs[job->prog_lang].kernel, "evaluate", job->topic->is_evaluated, "skip_errors",
                                 job->topic->skips_errors, "cell_timeout", plan->options->cell_timeout_s);
    json_object_set_new(settings, "globals",
                        json_pack("{s:s, s:s}", "author", course->author != NULL ? course->author : "", "organization",
                                  course->organization != NULL ? course->organization : ""));
    json_object_set_new(settings, "course_name", pack_course_names(course));
    json_object_set_new(settings, "titles", pack_titles(course, job->file));
    if (course->shares_images || course->image_format != IMAGES_PNG)
        json_object_set_new(settings, "shared_images", pack_images(course, job->topic));
    return settings;
}

/* The loader's order: the course's own templates shadow those beside the notebook, which shadow the built-in ones. */
static char **list_template_dirs(const struct plan *plan, const struct plan_job *job)
{
    const char *own = plan->course->template_dir, *built_in = plan->options->templates_dir, *special = prog_lang_names[job->prog_lang];
    g_autoptr(GStrvBuilder) folders = g_strv_builder_new();
    g_autofree char *beside = g_path_get_dirname(job->source);
    g_autofree char *own_special = own != NULL ? g_build_filename(own, special, NULL) : NULL;
    g_autofree char *built_in_special = built_in != NULL ? g_build_filename(built_in, special, NULL) : NULL;
    if (own != NULL)
        g_strv_builder_add_many(folders, own_special, own, NULL);
    g_strv_builder_add(folders, beside);
    if (built_in != NULL)
        g_strv_builder_add_many(folders, built_in_special, built_in, NULL);
    return g_strv_builder_end(folders);
}

void plan_settle_job(const struct plan *plan, struct plan_job *job)
{
    if (job->type == JOB_NOTEBOOK) {
        job->settings = pack_notebook(plan, job);
        job->template_dirs = list_template_dirs(plan, job);
        return;
    }
    char *folder = g_path_get_dirname(job->source);
    job->settings = json_pack("{s:s, s:s}", "name", job->name, "format", image_format_names[plan->course->image_format]);
    job->template_dirs = g_new0(char *, 2);
    job->template_dirs[0] = folder;
}

/* ---- where things are ---- */

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

static json_t *pack_drawio(const struct drawio_settings *drawio)
{
    return json_pack("{s:s, s:s?, s:s?, s:s?}", "renderer", drawio_renderer_names[drawio->renderer], "executable", drawio->executable,
                     "chromium", drawio->chromium, "application", drawio->application);
}

static json_t *pack_texts(char **texts)
{
    json_t *array = json_array();
    for (; *texts != NULL; texts++)
        json_array_append_new(array, json_string(*texts));
    return array;
}

json_t *plan_job_wanted(const struct plan_job *job)
{
    json_t *wanted = json_array();
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (unsigned i = 0; job->type == JOB_NOTEBOOK && i < job->outputs->len; i++) {
        const struct course_output *output = ((const struct plan_output *)job->outputs->pdata[i])->output;
        const char *kind = kind_names[output->kind], *format = format_names[output->format];
        if (g_hash_table_add(seen, g_strjoin(" ", output->language, kind, format, NULL)))
            json_array_append_new(wanted, json_pack("{s:s, s:s, s:s}", "language", output->language, "kind", kind, "format", format));
    }
    return wanted;
}

static void add_places(json_t *payload, const struct plan *plan, const struct plan_job *job)
{
    json_object_set_new(payload, "outputs", plan_job_wanted(job));
    json_object_set_new(payload, "template_dirs", pack_texts(job->template_dirs));
    json_object_set_new(payload, "topic_dir", json_string(job->topic->folder));
    json_object_set_new(payload, "topic_files", list_topic_files(job));
    json_object_set_new(payload, "warm_kernels", json_boolean(!plan->options->starts_cold));
    if (plan->options->preload != NULL)
        json_object_set_new(payload, "preload", json_string(plan->options->preload));
}

static void add_plantuml(json_t *payload, const struct plan *plan)
{
    json_object_set_new(payload, "tool", json_pack("s?", plan->options->plantuml_jar));
    json_object_set_new(payload, "root", json_string(plan->course->root));
    if (plan->options->java != NULL)
        json_object_set_new(payload, "java", json_string(plan->options->java));
}

json_t *plan_job_payload(const struct plan *plan, const struct plan_job *job, const char *inputs_hash, bool is_run_forced)
{
    json_t *payload = json_copy(job->settings);
    json_object_set_new(payload, "source", json_string(job->source));
    if (job->type == JOB_DRAWIO)
        json_object_set_new(payload, "tool", pack_drawio(&plan->options->drawio));
    if (job->type == JOB_PLANTUML)
        add_plantuml(payload, plan);
    if (job->type != JOB_NOTEBOOK)
        return payload;
    add_places(payload, plan, job);
    json_object_set_new(payload, "inputs_hash", json_string(inputs_hash));
    if (is_run_forced)
        json_object_set_new(payload, "force_execute", json_true());
    return payload;
}

/* ---- what comes back ---- */

#define DIAGRAM_OBJECT "picture"
#define OBJECT_NAME_SIZE 80

static void name_object(char name[OBJECT_NAME_SIZE], const char *language, const char *kind, const char *format)
{
    const char *const parts[] = {language, kind, format};
    size_t length = 0;
    for (unsigned i = 0; i < G_N_ELEMENTS(parts) && parts[i] != NULL; i++) {
        if (i > 0 && length + 1 < OBJECT_NAME_SIZE)
            name[length++] = ' ';
        length += MIN(g_strlcpy(name + length, parts[i], OBJECT_NAME_SIZE - length), OBJECT_NAME_SIZE - 1 - length);
    }
}

/* Names of pictures may be long. The caller frees it. */
static char *name_picture(const char *picture)
{
    return picture != NULL ? g_strconcat(DIAGRAM_OBJECT " ", picture, NULL) : g_strdup(DIAGRAM_OBJECT);
}

json_t *plan_pack_result(const json_t *result)
{
    json_t *packed = json_copy((json_t *)result), *outputs = json_object(), *object;
    size_t i;
    json_array_foreach(json_object_get(result, "outputs"), i, object)
    {
        char variant[OBJECT_NAME_SIZE];
        const char *language = json_get_text(object, "language", NULL);
        g_autofree char *picture = language == NULL ? name_picture(json_get_text(object, "picture", NULL)) : NULL;
        if (language != NULL)
            name_object(variant, language, json_get_text(object, "kind", NULL), json_get_text(object, "format", NULL));
        json_object_set(outputs, language != NULL ? variant : picture, json_object_get(object, "sha256"));
    }
    json_object_set_new(packed, "outputs", outputs);
    return packed;
}

const char *plan_find_object(const struct plan_output *output, const json_t *result)
{
    const struct course_output *wanted = output->output;
    char variant[OBJECT_NAME_SIZE];
    g_autofree char *picture = wanted->what != OUTPUT_NOTEBOOK ? name_picture(wanted->picture) : NULL;
    if (wanted->what == OUTPUT_NOTEBOOK)
        name_object(variant, wanted->language, kind_names[wanted->kind], format_names[wanted->format]);
    const char *sha256 = json_get_text(json_object_get(result, "outputs"), picture != NULL ? picture : variant, NULL);
    return sha256 != NULL && strlen(sha256) == 64 && strspn(sha256, "0123456789abcdef") == 64 ? sha256 : NULL;
}
