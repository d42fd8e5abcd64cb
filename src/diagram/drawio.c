/* Who draws a Draw.io file is decided page by page, before anything is drawn. */
#include <string.h>

#include "base/error.h"
#include "diagram/diagram.h"
#include "diagram/drawio/drawio_native.h"
#include "diagram/drawio_browser.h"
#include "diagram/drawio_desktop.h"
#include "os/file.h"

const char *const drawio_renderer_names[] = {"auto", "native", "browser", "desktop", NULL};

struct drawio {
    enum drawio_renderer renderer;
    char *executable, *chromium, *application;
    struct drawio_browser *browser;
};

/* One file on its way. */
struct task {
    struct drawio *drawio;
    GBytes *bytes;
    struct drawio_file *file;
    const char *path, *name;
    const struct picture_options *options;
    GPtrArray *warnings;
};

struct drawio *drawio_new(const struct drawio_settings *settings)
{
    struct drawio *drawio = g_new0(struct drawio, 1);
    struct drawio_browser_options options = {.chromium = settings->chromium,
                                             .application = settings->application,
                                             .folder = settings->folder,
                                             .memory_limit = settings->memory_limit};
    drawio->renderer = settings->renderer;
    drawio->executable = g_strdup(settings->executable);
    drawio->chromium = g_strdup(settings->chromium);
    drawio->application = g_strdup(settings->application);
    drawio->browser = drawio_browser_new(&options);
    return drawio;
}

void drawio_free(struct drawio *drawio)
{
    if (drawio == NULL)
        return;
    drawio_browser_free(drawio->browser);
    g_free(drawio->executable);
    g_free(drawio->chromium);
    g_free(drawio->application);
    g_free(drawio);
}

static bool has_browser(const struct drawio *drawio)
{
    g_autofree char *chromium = drawio_browser_find_chromium(drawio->chromium);
    g_autofree char *application = drawio_browser_find_application(drawio->application);
    return chromium != NULL && application != NULL;
}

static bool has_desktop(const struct drawio *drawio)
{
    g_autofree char *program = drawio_desktop_find(drawio->executable);
    return program != NULL;
}

/* The stencil libraries of the original, when it is installed. */
static bool load(struct task *task, GError **error)
{
    gsize length;
    const void *data = g_bytes_get_data(task->bytes, &length);
    g_autofree char *application = drawio_browser_find_application(task->drawio->application);
    g_autofree char *stencils = application != NULL ? g_build_filename(application, "stencils", NULL) : NULL;
    task->file = drawio_file_load(data, length, error);
    if (task->file != NULL)
        drawio_file_set_stencils(task->file, stencils);
    return task->file != NULL;
}

static enum drawio_renderer choose(const struct task *task)
{
    if (task->drawio->renderer != DRAWIO_AUTO)
        return task->drawio->renderer;
    if (drawio_can_draw(task->file, task->options, NULL))
        return DRAWIO_NATIVE;
    return has_browser(task->drawio) ? DRAWIO_BROWSER : has_desktop(task->drawio) ? DRAWIO_DESKTOP : DRAWIO_NATIVE;
}

static GBytes *draw_natively(struct task *task, GError **error)
{
    return drawio_draw(task->file, task->options, task->warnings, error);
}

static char *native_fingerprint(void)
{
    return drawio_native_fingerprint();
}

static void task_clear(struct task *task)
{
    drawio_file_free(task->file);
}

static GBytes *draw(struct task *task, GError **error)
{
    switch (choose(task)) {
    case DRAWIO_BROWSER:
        return drawio_browser_draw(task->drawio->browser, task->bytes, task->options, task->warnings, error);
    case DRAWIO_DESKTOP:
        return drawio_desktop_draw(task->drawio->executable, task->path, task->name, task->options, error);
    case DRAWIO_AUTO:
    case DRAWIO_NATIVE:
        break;
    }
    return draw_natively(task, error);
}

GBytes *drawio_render(struct drawio *drawio, const char *source_path, const char *name, const struct picture_options *options,
                      GPtrArray *warnings, GError **error)
{
    g_autoptr(GBytes) bytes = file_read(source_path, FILE_READ_LIMIT, error);
    g_autoptr(GError) problem = NULL;
    if (bytes == NULL)
        return NULL;
    struct task task = {drawio, bytes, NULL, source_path, name, options, warnings};
    GBytes *picture = load(&task, &problem) ? draw(&task, &problem) : NULL;
    task_clear(&task);
    if (problem == NULL)
        return picture;
    if (problem->code != CLX_ERROR_NOT_FOUND && !g_str_has_prefix(problem->message, name)) /* the desktop program's have it */
        g_prefix_error(&problem, "%s: ", name);
    g_propagate_error(error, g_steal_pointer(&problem));
    return picture;
}

char *drawio_fingerprint(const struct drawio_settings *settings)
{
    g_autofree char *native = native_fingerprint();
    g_autofree char *browser = drawio_browser_fingerprint(settings->chromium, settings->application);
    g_autofree char *desktop = drawio_desktop_fingerprint(settings->executable);
    const char *parts[] = {native, browser, desktop};
    if (settings->renderer == DRAWIO_AUTO)
        return g_strdup_printf("auto; %s; %s; %s", native, browser, desktop);
    return g_strdup_printf("%s; %s", drawio_renderer_names[settings->renderer], parts[settings->renderer - DRAWIO_NATIVE]);
}
