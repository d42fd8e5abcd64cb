#include "worker/job_diagram.h"

#include "base/error.h"
#include "diagram/diagram.h"
#include "diagram/plantuml_includes.h"
#include "os/file.h"

/* The picture goes to the cache; the result names it. */
static json_t *store_picture(GBytes *picture, struct worker_context *context, GError **error)
{
    gsize length;
    const void *data = g_bytes_get_data(picture, &length);
    g_autofree char *sha256 = cache_put_object(context->cache, data, length, error);

    if (!sha256)
        return NULL;
    return json_pack("{s:[{s:s, s:I}], s:[]}", "outputs", "sha256", sha256, "size", (json_int_t)length, "warnings");
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

json_t *job_plantuml_run(const json_t *payload, struct worker_context *context, GError **error)
{
    const char *source = json_get_text(payload, "source", "");
    g_autoptr(GBytes) picture = NULL;

    add_includes(source, context);
    if (!context->plantuml)
        context->plantuml = plantuml_new(json_get_text(payload, "tool", NULL), NULL);
    picture =
        plantuml_render(context->plantuml, source, json_get_text(payload, "name", source), json_get_text(payload, "format", "png"), error);
    return picture ? store_picture(picture, context, error) : NULL;
}

json_t *job_drawio_run(const json_t *payload, struct worker_context *context, GError **error)
{
    const char *source = json_get_text(payload, "source", "");
    g_autoptr(GBytes) picture = drawio_render(json_get_text(payload, "tool", NULL), source, json_get_text(payload, "name", source),
                                              json_get_text(payload, "format", "png"), error);

    return picture ? store_picture(picture, context, error) : NULL;
}
