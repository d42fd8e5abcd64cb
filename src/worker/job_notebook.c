#include "worker/job_notebook.h"

#include <string.h>

#include "base/error.h"
#include "notebook/html.h"
#include "notebook/images.h"
#include "notebook/jinja/jinja.h"
#include "notebook/notebook.h"
#include "os/file.h"
#include "worker/execution.h"

#define SOURCE_LIMIT (16u * 1024 * 1024)

struct notebook_job {
    const json_t *payload;
    struct worker_context *context;
    const char *name;
    GBytes *source;
    enum prog_lang prog_lang;
    char **folders; /* of templates */
    GHashTable *seen_warnings;
    json_t *outputs, *warnings;
};

static char **list_folders(const json_t *folders)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    size_t i;
    json_t *folder;
    json_array_foreach(folders, i, folder) if (json_is_string(folder)) g_strv_builder_add(builder, json_string_value(folder));
    return g_strv_builder_end(builder);
}

static void job_clear(struct notebook_job *job)
{
    g_clear_pointer(&job->source, g_bytes_unref);
    g_clear_pointer(&job->folders, g_strfreev);
    g_clear_pointer(&job->seen_warnings, g_hash_table_unref);
    json_decref(job->outputs);
    json_decref(job->warnings);
}

static bool job_init(struct notebook_job *job, const json_t *payload, struct worker_context *context, GError **error)
{
    int prog_lang = glossary_find(prog_lang_names, json_get_text(payload, "prog_lang", ""));
    *job = (struct notebook_job){.payload = payload, .context = context};
    if (prog_lang < 0) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_FAILED, "job without a programming language");
        return false;
    }
    job->prog_lang = (enum prog_lang)prog_lang;
    job->name = json_get_text(payload, "name", "");
    job->folders = list_folders(json_object_get(payload, "template_dirs"));
    job->seen_warnings = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    job->outputs = json_array();
    job->warnings = json_array();
    job->source = file_read(json_get_text(payload, "source", ""), SOURCE_LIMIT, error);
    return job->source != NULL;
}

/* What a source may name: the payload's globals and those of this language and format. */
static json_t *make_globals(const struct notebook_job *job, const char *language, enum format format)
{
    json_t *globals = json_deep_copy(json_object_get(job->payload, "globals"));
    if (globals == NULL)
        globals = json_object();
    const json_t *course_names = json_object_get(job->payload, "course_name");
    json_object_set_new(globals, "is_notebook", json_boolean(format == FORMAT_NOTEBOOK));
    json_object_set_new(globals, "is_html", json_boolean(format == FORMAT_HTML));
    json_object_set_new(globals, "lang", json_string(language));
    json_object_set_new(globals, "course_name", json_string(json_get_text(course_names, language, "")));
    json_object_set_new(globals, "prog_lang", json_string(prog_langs[job->prog_lang].name));
    return globals;
}

/* A template that is missing in one folder counts as well: put there, it would shadow the one that was found further on. */
static void on_template(unsigned folder, const char *name, bool is_found, gpointer data)
{
    const struct notebook_job *job = data;
    worker_add_dep(job->context, folder, job->folders[folder], name);
}

static char *expand(struct notebook_job *job, const char *language, enum format format, GArray *lines, GError **error)
{
    gsize length;
    const char *text = g_bytes_get_data(job->source, &length);
    if (g_str_has_suffix(job->name, ".ipynb"))
        return g_strndup(text, length);
    g_autoptr(json_t) globals = make_globals(job, language, format);
    struct jinja_options options = {
        .line_comment = g_str_has_suffix(job->name, ".md") ? "#" : prog_langs[job->prog_lang].comment,
        .folders = (const char *const *)job->folders,
        .globals = globals,
        .looked_up = on_template,
        .data = job,
    };
    return jinja_render_mapped(text, length, job->name, &options, NULL, lines, error);
}

/* Warnings repeat for each language and format: each is told once. */
static void add_warning(struct notebook_job *job, const struct diag *diag)
{
    if (!g_hash_table_add(job->seen_warnings, diag_format(diag)))
        return;
    json_array_append_new(job->warnings, json_pack("{s:s?, s:i, s:i, s:s, s:s*}", "file", diag->file, "line", diag->line, "col", diag->col,
                                                   "message", diag->message, "hint", diag->hint));
}

static bool take_diags(struct notebook_job *job, const struct diag_list *diags, GError **error)
{
    g_autoptr(GString) errors = g_string_new(NULL);
    for (unsigned i = 0; i < diags->items->len; i++) {
        const struct diag *diag = diags->items->pdata[i];
        if (diag->severity != DIAG_ERROR) {
            add_warning(job, diag);
            continue;
        }
        if (errors->len > 0)
            g_string_append_c(errors, '\n');
        g_string_append_printf(errors, "%s:%d:%d: %s", diag->file != NULL ? diag->file : job->name, diag->line, diag->col, diag->message);
        if (diag->hint != NULL)
            g_string_append_printf(errors, "\n%s", diag->hint);
    }
    if (errors->len == 0)
        return true;
    g_set_error_literal(error, CLX_ERROR, CLX_ERROR_SOURCE, errors->str);
    return false;
}

static struct notebook *read_cells(struct notebook_job *job, const char *language, enum format format, GError **error)
{
    g_autoptr(GArray) lines = g_array_new(FALSE, FALSE, sizeof(guint));
    g_autofree char *text = expand(job, language, format, lines, error);
    if (text == NULL)
        return NULL;
    g_autoptr(diag_list) diags = diag_list_new();
    g_autoptr(notebook) notebook = notebook_read(text, job->name, job->prog_lang, lines, diags);
    if (!take_diags(job, diags, error))
        return NULL;
    if (notebook == NULL)
        g_set_error(error, CLX_ERROR, CLX_ERROR_SOURCE, "%s: cannot be read as a notebook", job->name);
    return g_steal_pointer(&notebook);
}

static char *render(const struct notebook_job *job, const struct notebook *notebook, const char *language, enum kind kind,
                    enum format format)
{
    g_autoptr(notebook) derived = notebook_derive(notebook, language, kind, format);
    notebook_rename_images(derived, json_object_get(job->payload, "shared_images"));
    if (format == FORMAT_NOTEBOOK)
        return notebook_to_ipynb(derived);
    if (format == FORMAT_CODE)
        return notebook_to_code(derived);
    const json_t *globals = json_object_get(job->payload, "globals");
    struct html_options options = {
        .title = json_get_text(json_object_get(job->payload, "titles"), language, ""),
        .language = language,
        .kind = kind,
        .author = json_get_text(globals, "author", NULL),
        .organization = json_get_text(globals, "organization", NULL),
        .course_name = json_get_text(json_object_get(job->payload, "course_name"), language, NULL),
    };
    return html_render(derived, &options);
}

static bool write_output(struct notebook_job *job, const struct notebook *notebook, const char *language, enum kind kind,
                         enum format format, GError **error)
{
    g_autofree char *text = render(job, notebook, language, kind, format);
    size_t length = strlen(text);
    g_autofree char *sha256 = cache_put_object(job->context->cache, text, length, error);
    if (sha256 == NULL)
        return false;
    json_array_append_new(job->outputs, json_pack("{s:s, s:s, s:s, s:s, s:I}", "language", language, "kind", kind_names[kind], "format",
                                                  format_names[format], "sha256", sha256, "size", (json_int_t)length));
    return true;
}

/* Which kinds the payload asks for, in one language and format; true if any. */
static bool find_kinds(const json_t *payload, const char *language, enum format format, bool ret_kinds[N_KINDS])
{
    bool is_any = false;
    size_t i;
    json_t *output;
    json_array_foreach(json_object_get(payload, "outputs"), i, output)
    {
        int kind = glossary_find(kind_names, json_get_text(output, "kind", ""));
        if (kind < 0 || strcmp(json_get_text(output, "language", ""), language) != 0 ||
            strcmp(json_get_text(output, "format", ""), format_names[format]) != 0)
            continue;
        ret_kinds[kind] = true;
        is_any = true;
    }
    return is_any;
}

static bool has_run(const struct notebook *notebook)
{
    for (unsigned i = 0; i < notebook->cells->len; i++)
        if (((const struct cell *)notebook->cells->pdata[i])->outputs != NULL)
            return true;
    return false;
}

/* Keeps the page of a run that failed beside the logs, and tells where: also that of a kernel that died. */
static void keep_partial_page(const struct notebook_job *job, const struct notebook *notebook, const char *language, GError **error)
{
    if (job->context->log_folder == NULL || error == NULL || !has_run(notebook))
        return;
    if (!g_error_matches(*error, CLX_ERROR, CLX_ERROR_SOURCE) && !g_error_matches(*error, CLX_ERROR, CLX_ERROR_INFRASTRUCTURE))
        return;
    g_autofree char *page = render(job, notebook, language, KIND_SPEAKER, FORMAT_HTML);
    g_autofree char *name = g_strdup_printf("%s.%s.html", job->name, language);
    g_autofree char *path = g_build_filename(job->context->log_folder, "failed", g_strdelimit(name, "/", '_'), NULL);
    if (!file_write_atomic(path, page, strlen(page), NULL))
        return;
    g_autofree char *message = g_strdup_printf("%s\n    page up to there: %s", (*error)->message, path);
    int code = (*error)->code;
    g_clear_error(error);
    g_set_error_literal(error, CLX_ERROR, code, message);
}

static bool run_code(struct notebook_job *job, struct notebook *notebook, const char *language, GError **error)
{
    if (execution_run(notebook, language, job->payload, job->context, error))
        return true;
    keep_partial_page(job, notebook, language, error);
    return false;
}

static bool make_outputs(struct notebook_job *job, const char *language, enum format format, GError **error)
{
    bool kinds[N_KINDS] = {false};
    if (!find_kinds(job->payload, language, format, kinds))
        return true;
    g_autoptr(notebook) notebook = read_cells(job, language, format, error);
    if (notebook == NULL)
        return false;
    bool is_run = format == FORMAT_HTML && json_get_bool(job->payload, "evaluate", true) && (kinds[KIND_COMPLETED] || kinds[KIND_SPEAKER]);
    if (is_run && !run_code(job, notebook, language, error))
        return false;
    for (int kind = 0; kind < N_KINDS; kind++)
        if (kinds[kind] && !write_output(job, notebook, language, (enum kind)kind, format, error))
            return false;
    return true;
}

static GPtrArray *list_languages(const json_t *payload)
{
    GPtrArray *languages = g_ptr_array_new();
    size_t i;
    json_t *output;
    json_array_foreach(json_object_get(payload, "outputs"), i, output)
    {
        char *language = (char *)json_get_text(output, "language", NULL);
        if (language != NULL && !g_ptr_array_find_with_equal_func(languages, language, g_str_equal, NULL))
            g_ptr_array_add(languages, language);
    }
    return languages;
}

static json_t *make_all(struct notebook_job *job, GError **error)
{
    g_autoptr(GPtrArray) languages = list_languages(job->payload);
    for (unsigned i = 0; i < languages->len; i++)
        for (int format = 0; format < N_FORMATS; format++)
            if (!make_outputs(job, languages->pdata[i], (enum format)format, error))
                return NULL;
    return json_pack("{s:O, s:O, s:{s:i, s:i}}", "outputs", job->outputs, "warnings", job->warnings, "runs", "executed",
                     job->context->n_executed, "saved", job->context->n_saved);
}

json_t *job_notebook_run(const json_t *payload, struct worker_context *context, GError **error)
{
    struct notebook_job job;
    g_autoptr(GHashTable) executed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    context->executed = executed;
    context->n_executed = context->n_saved = 0;
    json_t *result = job_init(&job, payload, context, error) ? make_all(&job, error) : NULL;
    job_clear(&job);
    context->executed = NULL;
    return result;
}
