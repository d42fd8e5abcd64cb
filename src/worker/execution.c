#include "worker/execution.h"

#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "notebook/kernel/kernel.h"
#include "os/file.h"

#define EXECUTION_VERSION "1"

struct execution {
    const json_t *payload;
    struct worker_context *context;
};

static void report_cell(int cell, int n_cells, gpointer data)
{
    const struct worker_context *context = ((struct execution *)data)->context;
    g_autofree char *text = g_strdup_printf("cell %d of %d", cell, n_cells);
    if (context->report != NULL)
        context->report(text, context->data);
}

/* Everything that can change what a run gives: kernel, files, settings and the code cells in order. */
static char *make_key(const struct notebook *notebook, const json_t *payload, const char *fingerprint)
{
    struct hasher *hasher = hasher_new();
    hasher_add_field(hasher, "execution", EXECUTION_VERSION);
    hasher_add_field(hasher, "kernel", fingerprint);
    hasher_add_field(hasher, "inputs", json_get_text(payload, "inputs_hash", ""));
    hasher_add_field(hasher, "skip_errors", json_get_bool(payload, "skip_errors", false) ? "yes" : "no");
    for (unsigned i = 0; i < notebook->cells->len; i++) {
        const struct cell *cell = notebook->cells->pdata[i];
        if (cell->type != CELL_CODE)
            continue;
        hasher_add_field(hasher, cell_has_tag(cell, "raises-exception") ? "raises" : "cell", cell->source);
    }
    return hasher_finish(hasher);
}

static json_t *pack_outputs(const struct notebook *notebook)
{
    json_t *cells = json_array();
    for (unsigned i = 0; i < notebook->cells->len; i++) {
        const struct cell *cell = notebook->cells->pdata[i];
        if (cell->type != CELL_CODE)
            continue;
        json_t *entry = json_object();
        json_object_set_new(entry, "outputs", cell->outputs != NULL ? json_deep_copy(cell->outputs) : json_array());
        json_object_set_new(entry, "execution_count", json_integer(cell->execution_count));
        json_array_append_new(cells, entry);
    }
    return cells;
}

/* Gives the n-th code cell the n-th entry; false if the numbers differ. */
static bool unpack_outputs(struct notebook *notebook, const json_t *cells)
{
    size_t n = 0;
    for (unsigned i = 0; i < notebook->cells->len; i++) {
        struct cell *cell = notebook->cells->pdata[i];
        if (cell->type != CELL_CODE)
            continue;
        const json_t *entry = json_array_get(cells, n++);
        json_t *outputs = json_object_get(entry, "outputs");
        if (!json_is_array(outputs))
            return false;
        json_decref(cell->outputs);
        cell->outputs = json_incref(outputs);
        cell->execution_count = (int)json_get_int(entry, "execution_count", 0);
    }
    return n == json_array_size(cells);
}

static bool load_execution(struct notebook *notebook, const char *key, bool is_forced, struct worker_context *context)
{
    g_autoptr(json_t) result = NULL;
    if (context->cache == NULL || is_forced || cache_find_result(context->cache, key, &result, NULL) != 1)
        return false;
    const char *object = json_get_text(result, "object", NULL);
    g_autoptr(GBytes) bytes = object != NULL ? cache_get_object(context->cache, object, NULL) : NULL;
    if (bytes == NULL)
        return false;
    gsize length;
    const char *text = g_bytes_get_data(bytes, &length);
    g_autoptr(json_t) cells = json_parse(text, length, NULL);
    return cells != NULL && unpack_outputs(notebook, cells);
}

static bool save_execution(const struct notebook *notebook, const char *key, struct worker_context *context, GError **error)
{
    if (context->cache == NULL)
        return true;
    g_autoptr(json_t) cells = pack_outputs(notebook);
    g_autofree char *text = json_to_text(cells);
    g_autofree char *object = cache_put_object(context->cache, text, strlen(text), error);
    if (object == NULL)
        return false;
    g_autoptr(json_t) result = json_pack("{s:s}", "object", object);
    return cache_add_result(context->cache, key, result, error);
}

static bool is_inside(const char *relative)
{
    g_auto(GStrv) parts = g_strsplit(relative, "/", -1);
    return !g_path_is_absolute(relative) && !g_strv_contains((const char *const *)parts, "..");
}

/* The topic's files, for the kernel's working directory: nothing is written into the sources. */
static bool copy_topic_files(const char *folder, gpointer data, GError **error)
{
    const json_t *files = json_object_get(((struct execution *)data)->payload, "topic_files");
    size_t i;
    json_t *file;
    json_array_foreach(files, i, file)
    {
        const char *relative = json_get_text(file, "relative", ""), *path = json_get_text(file, "path", "");
        if (!is_inside(relative) || relative[0] == '\0')
            continue;
        g_autofree char *target = g_build_filename(folder, relative, NULL);
        if (!file_copy_atomic(path, target, error))
            return false;
    }
    return true;
}

/* Files that some kernel reads from its working directory when it starts. */
static bool is_read_at_start(const char *name)
{
    static const char *const names[] = {".*",           "Cargo.toml",   "deno.json*",       "global.json",   "import_map.json",
                                        "nuget.config", "package.json", "sitecustomize.py", "tsconfig.json", "usercustomize.py"};
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++)
        if (g_pattern_match_simple(names[i], name))
            return true;
    return false;
}

static bool has_files_read_at_start(const json_t *files)
{
    size_t i;
    json_t *file;
    json_array_foreach(files, i, file) if (is_read_at_start(json_get_text(file, "relative", ""))) return true;
    return false;
}

static bool run_in_private_copy(struct notebook *run, const json_t *payload, struct worker_context *context, GError **error)
{
    struct execution execution = {.payload = payload, .context = context};
    struct kernel_options options = {
        .kernel = json_get_text(payload, "kernel", "python3"),
        .preload = json_get_text(payload, "preload", NULL),
        .fill = copy_topic_files,
        .starts_in_files = has_files_read_at_start(json_object_get(payload, "topic_files")),
        .runtime_dir = context->runtime_dir,
        .source_name = json_get_text(payload, "name", ""),
        .cell_timeout_s = (int)json_get_int(payload, "cell_timeout", 0),
        .skips_errors = json_get_bool(payload, "skip_errors", false),
        .progress = report_cell,
        .data = &execution,
    };
    if (json_get_bool(payload, "warm_kernels", true)) {
        if (context->kernels == NULL)
            context->kernels = kernel_pool_new(context->runtime_dir);
        options.pool = context->kernels;
    }
    return kernel_run(run, &options, error);
}

/* The outputs of a derived notebook, given to the cells of the whole one, by index. */
static void share_outputs(struct notebook *notebook, const struct notebook *run)
{
    for (unsigned i = 0; i < run->cells->len; i++) {
        const struct cell *from = run->cells->pdata[i];
        for (unsigned j = 0; from->type == CELL_CODE && j < notebook->cells->len; j++) {
            struct cell *to = notebook->cells->pdata[j];
            if (to->index != from->index)
                continue;
            json_t *outputs = json_incref(from->outputs);
            json_decref(to->outputs);
            to->outputs = outputs;
            to->execution_count = from->execution_count;
        }
    }
}

static bool has_code(const struct notebook *notebook)
{
    for (unsigned i = 0; i < notebook->cells->len; i++)
        if (((const struct cell *)notebook->cells->pdata[i])->type == CELL_CODE)
            return true;
    return false;
}

bool execution_run(struct notebook *notebook, const char *language, const json_t *payload, struct worker_context *context, GError **error)
{
    g_autoptr(notebook) run = notebook_derive(notebook, language, KIND_SPEAKER, FORMAT_HTML);
    if (!has_code(run))
        return true;
    g_autofree char *fingerprint = kernel_fingerprint(json_get_text(payload, "kernel", "python3"), error);
    if (fingerprint == NULL)
        return false;
    g_autofree char *key = make_key(run, payload, fingerprint);
    bool is_forced = json_get_bool(payload, "force_execute", false) && !g_hash_table_contains(context->executed, key);
    bool ok = load_execution(run, key, is_forced, context);
    if (ok)
        context->n_saved++;
    else {
        context->n_executed++;
        g_hash_table_add(context->executed, g_strdup(key));
        ok = run_in_private_copy(run, payload, context, error) && save_execution(run, key, context, error);
    }
    share_outputs(notebook, run);
    return ok;
}
