#include "worker/job_diagram.h"

#include <string.h>

#include "base/error.h"
#include "course/diagram_names.h"
#include "diagram/diagram.h"
#include "diagram/plantuml_includes.h"
#include "os/file.h"

static json_t *pack_warnings(const char *name, const GPtrArray *warnings)
{
    json_t *packed = json_array();

    for (unsigned i = 0; i < warnings->len; i++)
        json_array_append_new(packed, json_pack("{s:s, s:i, s:i, s:s}", "file", name, "line", 0, "col", 0, "message", warnings->pdata[i]));
    return packed;
}

/* The picture goes to the cache; the result names it. `name`: of a further picture of the source, or NULL. */
static bool store_picture(json_t *outputs, GBytes *picture, const char *name, struct worker_context *context, GError **error)
{
    gsize length;
    const void *data = g_bytes_get_data(picture, &length);
    g_autofree char *sha256 = cache_put_object(context->cache, data, length, error);

    if (!sha256)
        return false;
    json_t *output = json_pack("{s:s, s:I}", "sha256", sha256, "size", (json_int_t)length);
    if (name)
        json_object_set_new(output, "picture", json_string(name));
    json_array_append_new(outputs, output);
    return true;
}

/* Before the picture is drawn: also one with a mistake depends on them. */
static void add_includes(const char *source, struct worker_context *context)
{
    g_autofree char *folder = g_path_get_dirname(source);
    g_autoptr(GBytes) text = file_read(source, FILE_READ_LIMIT, NULL);

    if (!text)
        return;
    g_autoptr(GPtrArray) includes = plantuml_find_includes(g_bytes_get_data(text, NULL), folder);
    for (unsigned i = 0; i < includes->len; i++)
        worker_add_dep(context, 0, folder, includes->pdata[i]);
}

/* What a tool may take of the worker's memory: the rest is the worker's own, and what its tools need for a moment. */
static guint64 tool_memory_limit(const struct worker_context *context)
{
    return context->memory_limit / 8 * 7;
}

/* A worker that stays serves builds with other settings, too: whether the present tool is of these. If not, the one that is made now will be. Takes `made_of`. */
static bool is_made_of(struct worker_context *context, json_t *made_of)
{
    bool is_same = context->tool && json_equal(context->tool, made_of);

    json_decref(context->tool);
    context->tool = made_of;
    return is_same;
}

static struct picture_options picture_options(const json_t *payload)
{
    int format = glossary_find(picture_format_names, json_get_text(payload, "format", "png"));
    int background = glossary_find(picture_background_names, json_get_text(payload, "background", "white"));

    return (struct picture_options){
        .format = format >= 0 ? (enum picture_format)format : PICTURE_PNG,
        .background = background >= 0 ? (enum picture_background)background : PICTURE_WHITE,
        .border = -1,
    };
}

/* The names that the build expects the pictures under. */
static GPtrArray *name_pictures(const char *source, GError **error)
{
    g_autoptr(GBytes) bytes = file_read(source, FILE_READ_LIMIT, error);
    g_autofree char *stem = g_path_get_basename(source);

    if (!bytes)
        return NULL;
    if (strrchr(stem, '.'))
        *strrchr(stem, '.') = '\0';
    g_autofree char *text = g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    return diagram_names(text, stem);
}

static bool store_pictures(json_t *outputs, const char *source, const GPtrArray *pictures, struct worker_context *context, GError **error)
{
    g_autoptr(GPtrArray) names = name_pictures(source, error);

    if (!names)
        return false;
    for (unsigned i = 0; i < names->len; i++) {
        const struct diagram_name *name = names->pdata[i];

        if (name->block >= pictures->len) {
            g_set_error(error, CLX_ERROR, CLX_ERROR_INFRASTRUCTURE, "%s: was changed while it was drawn", source);
            return false;
        }
        if (!store_picture(outputs, pictures->pdata[name->block], i > 0 ? name->name : NULL, context, error))
            return false;
    }
    return true;
}

static struct plantuml *make_plantuml(const json_t *payload, const struct worker_context *context)
{
    struct plantuml_settings settings = {
        .jar = json_get_text(payload, "tool", NULL),
        .java = json_get_text(payload, "java", NULL),
        .folder = context->runtime_dir,
        .memory_limit = tool_memory_limit(context),
        .makes_archive = true,
    };

    return plantuml_new(&settings);
}

json_t *job_plantuml_run(const json_t *payload, struct worker_context *context, GError **error)
{
    const char *source = json_get_text(payload, "source", ""), *name = json_get_text(payload, "name", source);
    struct plantuml_request request = {
        .path = source, .name = name, .root = json_get_text(payload, "root", NULL), .format = picture_options(payload).format};
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(json_t) outputs = json_array();

    add_includes(source, context);
    if (!is_made_of(context, json_pack("[O?, O?]", json_object_get(payload, "tool"), json_object_get(payload, "java")))) {
        plantuml_free(context->plantuml);
        context->plantuml = make_plantuml(payload, context);
    }
    g_autoptr(GPtrArray) pictures = plantuml_render(context->plantuml, &request, warnings, error);
    if (!pictures || !store_pictures(outputs, source, pictures, context, error))
        return NULL;
    return json_pack("{s:O, s:o}", "outputs", outputs, "warnings", pack_warnings(name, warnings));
}

static struct drawio *make_drawio(const json_t *tool, const struct worker_context *context)
{
    int renderer = glossary_find(drawio_renderer_names, json_get_text(tool, "renderer", "auto"));
    struct drawio_settings settings = {
        .renderer = renderer >= 0 ? (enum drawio_renderer)renderer : DRAWIO_AUTO,
        .executable = json_get_text(tool, "executable", NULL),
        .chromium = json_get_text(tool, "chromium", NULL),
        .application = json_get_text(tool, "application", NULL),
        .folder = context->runtime_dir,
        .memory_limit = tool_memory_limit(context),
    };

    return drawio_new(&settings);
}

json_t *job_drawio_run(const json_t *payload, struct worker_context *context, GError **error)
{
    const char *source = json_get_text(payload, "source", ""), *name = json_get_text(payload, "name", source);
    struct picture_options options = picture_options(payload);
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);

    if (!is_made_of(context, json_pack("[O?]", json_object_get(payload, "tool")))) {
        drawio_free(context->drawio);
        context->drawio = make_drawio(json_object_get(payload, "tool"), context);
    }
    g_autoptr(GBytes) picture = drawio_render(context->drawio, source, name, &options, warnings, error);
    g_autoptr(json_t) outputs = json_array();
    if (!picture || !store_picture(outputs, picture, NULL, context, error))
        return NULL;
    return json_pack("{s:O, s:o}", "outputs", outputs, "warnings", pack_warnings(name, warnings));
}
