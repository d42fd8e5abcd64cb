/* The browser shows one page of ours, whose every request is paused and answered here: with files of the application and of our own data
 * folder, and with a refusal for everything else. So the page sees the made-up host below and nothing of this machine or of the network. */
#include "diagram/drawio_browser.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "diagram/devtools.h"
#include "os/data.h"
#include "os/file.h"

#define HOST "http://drawio.invalid/"
#define START_TIMEOUT_MS 60000
#define DRAW_TIMEOUT_MS 60000
#define MEMORY_LIMIT (1024u * 1024 * 1024)
#define DRAWINGS_LIMIT 500 /* of one browser */
#define TRIES 3            /* of one drawing, when the browser crashes */
#define SERVED_LIMIT (32u * 1024 * 1024)
#define SIDE_LIMIT 16384 /* pixels: what the browser's compositor can hold */
#define PIXEL_BYTES 16   /* of a picture, in all the processes that hold a copy of it */
#define BLOCKED_LIMIT 100

struct drawio_browser {
    char *chromium, *application; /* as given */
    char *base_folder;            /* as given, or NULL */
    guint64 memory_limit;
    int timeout_ms;
    struct devtools *devtools; /* NULL: not running */
    char *folder;              /* of the running browser */
    char *root;                /* the application's folder while it runs */
    unsigned n_drawings, max_drawings;
    GPtrArray *blocked; /* addresses that the present drawing asked for in vain */
};

/* ---- what the page may load ---- */

static const char *find_content_type(const char *path)
{
    static const struct {
        const char *suffix, *type;
    } types[] = {
        {".css", "text/css"},       {".gif", "image/gif"}, {".html", "text/html"},    {".jpg", "image/jpeg"},
        {".js", "text/javascript"}, {".png", "image/png"}, {".svg", "image/svg+xml"}, {".xml", "text/xml"},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(types); i++)
        if (g_str_has_suffix(path, types[i].suffix))
            return types[i].type;
    return "application/octet-stream";
}

/* A file of ours or of the application; NULL when the path leads elsewhere or to nothing. */
static GBytes *read_served(const struct drawio_browser *browser, const char *path)
{
    bool is_ours = strcmp(path, "page.html") == 0 || strcmp(path, "page.js") == 0;
    g_autofree char *ours = data_path("drawio");
    const char *root = is_ours ? ours : browser->root;
    g_autofree char *file = g_canonicalize_filename(path, root);
    g_autofree char *prefix = g_strconcat(root, "/", NULL);
    return g_str_has_prefix(file, prefix) ? file_read(file, SERVED_LIMIT, NULL) : NULL;
}

static void refuse(struct drawio_browser *browser, const char *id, const char *url)
{
    devtools_send(browser->devtools, "Fetch.failRequest", json_pack("{s:s, s:s}", "requestId", id, "errorReason", "BlockedByClient"));
    if (browser->blocked->len < BLOCKED_LIMIT && !g_ptr_array_find_with_equal_func(browser->blocked, url, g_str_equal, NULL))
        g_ptr_array_add(browser->blocked, g_strdup(url));
}

static void on_event(struct devtools *devtools, const char *method, const json_t *params, gpointer data)
{
    struct drawio_browser *browser = data;
    if (strcmp(method, "Fetch.requestPaused") != 0)
        return;
    const char *id = json_get_text(params, "requestId", ""), *url = json_get_text(json_object_get(params, "request"), "url", "");
    g_autofree char *escaped = g_str_has_prefix(url, HOST) ? g_strndup(url + strlen(HOST), strcspn(url + strlen(HOST), "?#")) : NULL;
    g_autofree char *path = escaped != NULL ? g_uri_unescape_string(escaped, NULL) : NULL;
    g_autoptr(GBytes) bytes = path != NULL ? read_served(browser, path) : NULL;
    if (bytes == NULL) {
        refuse(browser, id, url);
        return;
    }
    g_autofree char *body = g_base64_encode(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    devtools_send(devtools, "Fetch.fulfillRequest",
                  json_pack("{s:s, s:i, s:[{s:s, s:s}], s:s}", "requestId", id, "responseCode", 200, "responseHeaders", "name",
                            "Content-Type", "value", find_content_type(path), "body", body));
}

/* ---- the browser ---- */

static void stop(struct drawio_browser *browser)
{
    g_clear_pointer(&browser->devtools, devtools_free);
    if (browser->folder != NULL)
        file_remove_tree(browser->folder, NULL);
    g_clear_pointer(&browser->folder, g_free);
    g_clear_pointer(&browser->root, g_free);
}

static json_t *call(struct drawio_browser *browser, const char *method, json_t *params, GError **error)
{
    return devtools_call(browser->devtools, method, params, browser->timeout_ms, error);
}

static bool call_plain(struct drawio_browser *browser, const char *method, json_t *params, GError **error)
{
    g_autoptr(json_t) result = call(browser, method, params, error);
    return result != NULL;
}

/* The value of a JavaScript expression (a promise: what it resolves to). */
static json_t *evaluate(struct drawio_browser *browser, const char *expression, GError **error)
{
    g_autoptr(json_t) result = call(browser, "Runtime.evaluate",
                                    json_pack("{s:s, s:b, s:b}", "expression", expression, "awaitPromise", 1, "returnByValue", 1), error);
    const json_t *exception = json_object_get(json_object_get(result, "exceptionDetails"), "exception");
    if (result == NULL)
        return NULL;
    json_t *value = json_object_get(json_object_get(result, "result"), "value");
    if (exception == NULL && value != NULL)
        return json_incref(value);
    g_set_error(error, CLX_ERROR, CLX_ERROR_INFRASTRUCTURE, "the page failed: %s", json_get_text(exception, "description", "no value"));
    return NULL;
}

static bool attach(struct drawio_browser *browser, GError **error)
{
    g_autoptr(json_t) target =
        devtools_call(browser->devtools, "Target.createTarget", json_pack("{s:s}", "url", "about:blank"), START_TIMEOUT_MS, error);
    if (target == NULL)
        return false;
    g_autoptr(json_t) attached = call(browser, "Target.attachToTarget",
                                      json_pack("{s:s, s:b}", "targetId", json_get_text(target, "targetId", ""), "flatten", 1), error);
    if (attached == NULL)
        return false;
    devtools_set_session(browser->devtools, json_get_text(attached, "sessionId", ""));
    return true;
}

static bool load_page(struct drawio_browser *browser, GError **error)
{
    static const char wait[] = "new Promise(done => { const look = () => typeof draw === 'function' && document.readyState === 'complete'"
                               " ? done(typeof Graph === 'function') : setTimeout(look, 5); look(); })";
    if (!call_plain(browser, "Inspector.enable", NULL, error) ||
        !call_plain(browser, "Fetch.enable", json_pack("{s:[{s:s}]}", "patterns", "urlPattern", "*"), error) ||
        !call_plain(browser, "Page.navigate", json_pack("{s:s}", "url", HOST "page.html"), error))
        return false;
    g_autoptr(json_t) is_loaded = evaluate(browser, wait, error);
    if (is_loaded == NULL)
        return false;
    if (json_is_true(is_loaded))
        return true;
    g_set_error(error, CLX_ERROR, CLX_ERROR_INFRASTRUCTURE, "'%s' is not the application that clx knows", browser->root);
    return false;
}

static char *make_folder(const struct drawio_browser *browser, GError **error)
{
    g_autofree char *folder =
        g_build_filename(browser->base_folder != NULL ? browser->base_folder : g_get_tmp_dir(), "clx-browser-XXXXXX", NULL);
    if (g_mkdtemp_full(folder, 0700) != NULL)
        return g_steal_pointer(&folder);
    g_set_error(error, CLX_ERROR, CLX_ERROR_INFRASTRUCTURE, "cannot make the folder '%s': %s", folder, g_strerror(errno));
    return NULL;
}

static bool find_tools(const struct drawio_browser *browser, char **ret_chromium, char **ret_application, GError **error)
{
    g_autofree char *chromium = drawio_browser_find_chromium(browser->chromium);
    g_autofree char *application = drawio_browser_find_application(browser->application);
    if (chromium != NULL && application != NULL) {
        *ret_chromium = g_steal_pointer(&chromium);
        *ret_application = g_steal_pointer(&application);
        return true;
    }
    g_set_error(error, CLX_ERROR, CLX_ERROR_NOT_FOUND, "%s",
                chromium == NULL
                    ? "Chromium is not there: apt-get install chromium-headless-shell, or set external_tools.chromium"
                    : "the Draw.io application is not there: clx doctor --install drawio, or set external_tools.drawio_application");
    return false;
}

static bool start(struct drawio_browser *browser, GError **error)
{
    g_autofree char *chromium = NULL;
    if (browser->devtools != NULL)
        return true;
    if (!find_tools(browser, &chromium, &browser->root, error) || (browser->folder = make_folder(browser, error)) == NULL) {
        stop(browser);
        return false;
    }
    struct devtools_options options = {.program = chromium, .folder = browser->folder, .on_event = on_event, .data = browser};
    browser->n_drawings = 0;
    browser->devtools = devtools_start(&options, error);
    return browser->devtools != NULL && attach(browser, error) && load_page(browser, error);
}

/* ---- one drawing ---- */

static json_t *pack_job(GBytes *file, const struct picture_options *options)
{
    gsize length;
    const guint8 *data = g_bytes_get_data(file, &length);
    json_t *layers = json_array();
    for (const char *const *layer = options->layers; layer != NULL && *layer != NULL; layer++)
        json_array_append_new(layers, json_string(*layer));
    json_t *job = json_pack("{s:s, s:i, s:f, s:f, s:b, s:i, s:o}", "format", picture_format_names[options->format], "page",
                            (int)MAX(options->page, 1), "scale", options->scale > 0 ? options->scale : (double)PICTURE_SCALE, "border",
                            options->border >= 0 ? options->border : (double)PICTURE_BORDER, "transparent",
                            options->background == PICTURE_TRANSPARENT, "limit", SIDE_LIMIT, "layers", layers);
    bool is_png = length > 8 && memcmp(data, "\x89PNG", 4) == 0;
    g_autofree char *text = is_png ? g_base64_encode(data, length) : g_utf8_make_valid((const char *)data, (gssize)length);
    json_object_set_new(job, is_png ? "png" : "text", json_string(text));
    return job;
}

static GBytes *decode(const json_t *result, GError **error)
{
    gsize length = 0;
    g_autofree guchar *data = g_base64_decode(json_get_text(result, "data", ""), &length);
    if (length > 0)
        return g_bytes_new_take(g_steal_pointer(&data), length);
    g_set_error(error, CLX_ERROR, CLX_ERROR_INFRASTRUCTURE, "the browser gave no picture");
    return NULL;
}

static GBytes *take_png(struct drawio_browser *browser, int width, int height, bool is_transparent, GError **error)
{
    int alpha = is_transparent ? 0 : 255;
    json_t *screen = json_pack("{s:i, s:i, s:i, s:b}", "width", width, "height", height, "deviceScaleFactor", 1, "mobile", 0);
    json_t *color = json_pack("{s:{s:i, s:i, s:i, s:i}}", "color", "r", 255, "g", 255, "b", 255, "a", alpha);
    json_t *picture = json_pack("{s:s, s:{s:i, s:i, s:i, s:i, s:i}}", "format", "png", "clip", "x", 0, "y", 0, "width", width, "height",
                                height, "scale", 1);
    devtools_send(browser->devtools, "Emulation.setDeviceMetricsOverride", screen);
    devtools_send(browser->devtools, "Emulation.setDefaultBackgroundColorOverride", color);
    g_autoptr(json_t) shot = call(browser, "Page.captureScreenshot", picture, error);
    return shot != NULL ? decode(shot, error) : NULL;
}

/* A PDF says when it was made; one that is made again must have the same bytes. */
static GBytes *fix_dates(GBytes *pdf)
{
    static const char *const keys[] = {"/CreationDate (D:", "/ModDate (D:"};
    gsize length;
    char *data = g_bytes_unref_to_data(pdf, &length);
    for (unsigned i = 0; i < G_N_ELEMENTS(keys); i++)
        for (char *at = data; (at = memmem(at, length - (gsize)(at - data), keys[i], strlen(keys[i]))) != NULL;) {
            at += strlen(keys[i]);
            for (unsigned n = 0; at + n < data + length && at[n] != ')'; n++)
                if (g_ascii_isdigit(at[n]))
                    at[n] = "19700101000000"[MIN(n, 13)];
        }
    return g_bytes_new_take(data, length);
}

static GBytes *take_pdf(struct drawio_browser *browser, int width, int height, GError **error)
{
    g_autofree char *style = g_strdup_printf(
        "(() => { let style = document.getElementById('paper') || document.head.appendChild(document.createElement('style'));"
        " style.id = 'paper'; style.textContent = '@page { size: %dpx %dpx; margin: 0 }'; return true; })()",
        width, height);
    g_autoptr(json_t) is_set = evaluate(browser, style, error);
    g_autoptr(json_t) paper = is_set == NULL
                                  ? NULL
                                  : call(browser, "Page.printToPDF",
                                         json_pack("{s:b, s:b, s:f, s:f, s:i, s:i, s:i, s:i, s:s}", "printBackground", 1,
                                                   "preferCSSPageSize", 1, "paperWidth", width / 96.0, "paperHeight", height / 96.0,
                                                   "marginTop", 0, "marginBottom", 0, "marginLeft", 0, "marginRight", 0, "pageRanges", "1"),
                                         error);
    GBytes *pdf = paper != NULL ? decode(paper, error) : NULL;
    return pdf != NULL ? fix_dates(pdf) : NULL;
}

static void tell(GPtrArray *warnings, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void tell(GPtrArray *warnings, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (warnings != NULL)
        g_ptr_array_add(warnings, g_strdup_vprintf(format, arguments));
    va_end(arguments);
}

static void tell_scale(const json_t *answer, const struct picture_options *options, GPtrArray *warnings)
{
    double wanted = options->scale > 0 ? options->scale : PICTURE_SCALE, used = json_number_value(json_object_get(answer, "scale"));
    if (options->format == PICTURE_PNG && used < wanted)
        tell(warnings, "drawn at scale %g instead of %g: the picture may be at most %d pixels wide and high", used, wanted, SIDE_LIMIT);
}

static void tell_blocked(const char *url, GPtrArray *warnings)
{
    if (g_str_has_prefix(url, HOST))
        tell(warnings, "the installed Draw.io application has no '%s'", url + strlen(HOST));
    else
        tell(warnings, "'%s' is not shown: only pictures inside of the file are", url);
}

static GBytes *take_picture(struct drawio_browser *browser, const json_t *answer, const struct picture_options *options,
                            GPtrArray *warnings, GError **error)
{
    const char *problem = json_get_text(answer, "problem", NULL), *svg = json_get_text(answer, "svg", NULL);
    int width = (int)json_get_int(answer, "width", 0), height = (int)json_get_int(answer, "height", 0);
    if (problem != NULL || width <= 0 || height <= 0 || (svg == NULL && MAX(width, height) > SIDE_LIMIT)) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_SOURCE, "%s", problem != NULL ? problem : "the drawing is too large for a picture");
        return NULL;
    }
    if (svg != NULL)
        return g_bytes_new(svg, strlen(svg));
    if (options->format == PICTURE_PDF)
        return take_pdf(browser, width, height, error);
    tell_scale(answer, options, warnings);
    return take_png(browser, width, height, options->background == PICTURE_TRANSPARENT, error);
}

/* A large picture on its way through the browser's processes, on top of what they have by now, would be too much. */
static bool lacks_room(const struct drawio_browser *browser, const json_t *answer)
{
    guint64 width = (guint64)json_get_int(answer, "width", 0), height = (guint64)json_get_int(answer, "height", 0);
    return browser->n_drawings > 0 && json_get_text(answer, "svg", NULL) == NULL &&
           devtools_memory(browser->devtools) + width * height * PIXEL_BYTES > browser->memory_limit;
}

static GBytes *draw_once(struct drawio_browser *browser, json_t *job, const struct picture_options *options, GPtrArray *warnings,
                         GError **error)
{
    if (!start(browser, error))
        return NULL;
    g_ptr_array_set_size(browser->blocked, 0);
    g_autofree char *text = json_to_text(job), *expression = g_strdup_printf("draw(%s)", text);
    g_autoptr(json_t) answer = evaluate(browser, expression, error);
    if (answer == NULL)
        return NULL;
    if (lacks_room(browser, answer)) {
        stop(browser);
        return draw_once(browser, job, options, warnings, error);
    }
    if (json_get_bool(answer, "isEmpty", false))
        tell(warnings, "the page is empty");
    for (unsigned i = 0; i < browser->blocked->len; i++)
        tell_blocked(browser->blocked->pdata[i], warnings);
    return take_picture(browser, answer, options, warnings, error);
}

/* What a browser keeps from one drawing to the next must not add up. */
static void retire_worn_out(struct drawio_browser *browser)
{
    if (++browser->n_drawings >= browser->max_drawings || devtools_memory(browser->devtools) > browser->memory_limit)
        stop(browser);
}

GBytes *drawio_browser_draw(struct drawio_browser *browser, GBytes *file, const struct picture_options *options, GPtrArray *warnings,
                            GError **error)
{
    g_autoptr(json_t) job = pack_job(file, options);
    for (unsigned i = 1;; i++) {
        g_autoptr(GError) problem = NULL;
        GBytes *picture = draw_once(browser, job, options, warnings, &problem);
        bool has_crashed = browser->devtools != NULL && devtools_has_crashed(browser->devtools);
        if (problem == NULL || problem->code == CLX_ERROR_SOURCE)
            retire_worn_out(browser);
        else
            stop(browser);
        if (picture != NULL)
            return picture;
        if (!has_crashed || i == TRIES) {
            if (has_crashed)
                g_prefix_error(&problem, "tried %u times: ", i);
            g_propagate_error(error, g_steal_pointer(&problem));
            return NULL;
        }
    }
}

struct drawio_browser *drawio_browser_new(const struct drawio_browser_options *options)
{
    struct drawio_browser *browser = g_new0(struct drawio_browser, 1);
    browser->chromium = g_strdup(options->chromium);
    browser->application = g_strdup(options->application);
    browser->base_folder = g_strdup(options->folder);
    browser->memory_limit = options->memory_limit > 0 ? options->memory_limit : MEMORY_LIMIT;
    browser->timeout_ms = options->timeout_ms > 0 ? options->timeout_ms : DRAW_TIMEOUT_MS;
    browser->max_drawings = options->max_drawings > 0 ? options->max_drawings : DRAWINGS_LIMIT;
    browser->blocked = g_ptr_array_new_with_free_func(g_free);
    return browser;
}

void drawio_browser_free(struct drawio_browser *browser)
{
    if (browser == NULL)
        return;
    stop(browser);
    g_ptr_array_unref(browser->blocked);
    g_free(browser->chromium);
    g_free(browser->application);
    g_free(browser->base_folder);
    g_free(browser);
}

pid_t drawio_browser_pid(const struct drawio_browser *browser)
{
    return browser->devtools != NULL ? devtools_pid(browser->devtools) : 0;
}
