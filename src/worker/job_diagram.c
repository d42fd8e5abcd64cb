#include "worker/job_diagram.h"

#include "base/error.h"
#include "diagram/diagram.h"
#include "diagram/plantuml_includes.h"
#include "os/file.h"

/* The picture goes to the cache; the result names it. */
static json_t *store_picture(GBytes *picture, const char *name, GPtrArray *warnings, struct worker_context *context, GError **error)
{
    gsize length;
    const void *data = g_bytes_get_data(picture, &length);
    g_autofree char *sha256 = cache_put_object(context->cache, data, length, error);

    if (!sha256)
        return NULL;
    json_t *packed = json_array();
    for (unsigned i = 0; i < warnings->len; i++)
        json_array_append_new(packed, json_pack("{s:s, s:i, s:i, s:s}", "file", name, "line", 0, "col", 0, "message", warnings->pdata[i]));
    return json_pack("{s:[{s:s, s:I}], s:o}", "outputs", "sha256", sha256, "size", (json_int_t)length, "warnings", packed);
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

json_t *job_plantuml_run(const json_t *payload, struct worker_context *context, GError **error)
{
    const char *source = json_get_text(payload, "source", ""), *name = json_get_text(payload, "name", source);
    g_autoptr(GBytes) picture = NULL;
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);

    add_includes(source, context);
    if (!context->plantuml)
        context->plantuml = plantuml_new(json_get_text(payload, "tool", NULL), NULL);
    picture = plantuml_render(context->plantuml, source, name, json_get_text(payload, "format", "png"), error);
    return picture ? store_picture(picture, name, warnings, context, error) : NULL;
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
    };

    return drawio_new(&settings);
}

json_t *job_drawio_run(const json_t *payload, struct worker_context *context, GError **error)
{
    const char *source = json_get_text(payload, "source", ""), *name = json_get_text(payload, "name", source);
    struct picture_options options = picture_options(payload);
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);

    if (!context->drawio)
        context->drawio = make_drawio(json_object_get(payload, "tool"), context);
    g_autoptr(GBytes) picture = drawio_render(context->drawio, source, name, &options, warnings, error);
    return picture ? store_picture(picture, name, warnings, context, error) : NULL;
}
