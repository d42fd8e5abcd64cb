#include "web/preview.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "net/http_listen.h"
#include "net/http_server.h"
#include "os/file.h"
#include "web/preview_data.h"
#include "web/preview_page.h"

#define PORTS 100
#define SEARCH_LIMIT 50
#define SOURCE_LIMIT (4u * 1024 * 1024)

/* A file of an output tree, as it was after the last build. */
struct known_file {
    gint64 size, mtime_ns;
    guint64 inode;
};

struct page {
    char *url, *path, *source, *name; /* name: of the source, below the course root */
    json_t *entry;                    /* of pages.json */
};

struct preview {
    struct http_server *server;
    char *address;
    GPtrArray *roots;   /* char *: the n-th is /t/<n>/ */
    GPtrArray *pages;   /* struct page * */
    GHashTable *files;  /* path -> struct known_file * */
    GPtrArray *streams; /* struct http_request * of /_clx/events */
    json_t *state;      /* the last event */
    unsigned n_builds;
};

static void page_free(gpointer data)
{
    struct page *page = data;
    g_free(page->url);
    g_free(page->path);
    g_free(page->source);
    g_free(page->name);
    json_decref(page->entry);
    g_free(page);
}

/* ---- what there is ---- */

static unsigned find_root(struct preview *preview, const char *root)
{
    for (unsigned i = 0; i < preview->roots->len; i++)
        if (strcmp(preview->roots->pdata[i], root) == 0)
            return i;
    g_ptr_array_add(preview->roots, g_strdup(root));
    return preview->roots->len - 1;
}

static char *name_below(const char *root, const char *path)
{
    size_t length = strlen(root);
    bool is_below = strncmp(path, root, length) == 0 && path[length] == '/';
    return g_utf8_make_valid(is_below ? path + length + 1 : path, -1);
}

static struct page *page_new(struct preview *preview, const struct course *course, const struct course_output *output)
{
    struct page *page = g_new0(struct page, 1);
    g_autofree char *escaped = g_uri_escape_string(output->path, "/", false);
    const char *section = output->section != NULL ? text_map_get(output->section->name, output->language) : "";
    g_autofree char *title = g_path_get_basename(output->path);
    char *dot = strrchr(title, '.');
    if (dot != NULL)
        *dot = '\0';
    page->url = g_strdup_printf("/t/%u/%s", find_root(preview, output->target->root), escaped);
    page->path = g_build_filename(output->target->root, output->path, NULL);
    page->source = g_strdup(output->source);
    page->name = name_below(course->root, output->source);
    page->entry = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "url", page->url, "title", title, "section", section, "language",
                            output->language, "kind", kind_names[output->kind], "target", output->target->name, "source", page->name);
    return page;
}

/* All pages that the course has, also those that this build left out. */
static void list_pages(struct preview *preview, const struct build *build)
{
    const GPtrArray *outputs = build_plan(build)->course_outputs;
    g_ptr_array_set_size(preview->pages, 0);
    for (unsigned i = 0; i < outputs->len; i++) {
        const struct course_output *output = outputs->pdata[i];
        if (output->what == OUTPUT_NOTEBOOK && output->format == FORMAT_HTML)
            g_ptr_array_add(preview->pages, page_new(preview, build_get_options(build)->course, output));
    }
}

/* Looks at a file; true if it is not what it was after the build before. */
static bool has_changed(struct preview *preview, const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0)
        return false;
    struct known_file now = {info.st_size, (gint64)info.st_mtim.tv_sec * 1000000000 + info.st_mtim.tv_nsec, info.st_ino};
    struct known_file *known = g_hash_table_lookup(preview->files, path);
    if (known != NULL && known->size == now.size && known->mtime_ns == now.mtime_ns && known->inode == now.inode)
        return false;
    g_hash_table_replace(preview->files, g_strdup(path), g_memdup2(&now, sizeof now));
    return true;
}

/* A page is shown anew when it changed, or a picture in a folder beside it did. */
static bool shows(const struct page *page, const char *path)
{
    if (strcmp(page->path, path) == 0)
        return true;
    g_autofree char *folder = g_path_get_dirname(page->path);
    size_t length = strlen(folder);
    return !g_str_has_suffix(path, ".html") && strncmp(path, folder, length) == 0 && path[length] == '/';
}

static json_t *list_changed(struct preview *preview, const struct plan *plan)
{
    json_t *urls = json_array();
    g_autoptr(GHashTable) added = g_hash_table_new(g_str_hash, g_str_equal);
    for (unsigned i = 0; i < plan->outputs->len; i++) {
        const char *path = ((const struct plan_output *)plan->outputs->pdata[i])->path;
        if (!has_changed(preview, path) || preview->n_builds == 0)
            continue;
        for (unsigned k = 0; k < preview->pages->len; k++) {
            const struct page *page = preview->pages->pdata[k];
            if (shows(page, path) && g_hash_table_add(added, page->url))
                json_array_append_new(urls, json_string(page->url));
        }
    }
    return urls;
}

/* The pages of the sources that were edited, so that a browser can go there. */
static json_t *list_edited(const struct preview *preview, const GPtrArray *changed)
{
    json_t *pages = json_array();
    for (unsigned i = 0; i < preview->pages->len; i++) {
        const struct page *page = preview->pages->pdata[i];
        if (g_ptr_array_find_with_equal_func((GPtrArray *)changed, page->source, g_str_equal, NULL))
            json_array_append(pages, page->entry);
    }
    return pages;
}

static json_t *list_errors(const struct diag_list *messages)
{
    json_t *errors = json_array();
    for (unsigned i = 0; i < messages->items->len; i++) {
        const struct diag *diag = messages->items->pdata[i];
        if (diag->severity == DIAG_ERROR)
            json_array_append_new(errors, json_pack("{s:s?, s:i, s:i, s:s, s:s?}", "file", diag->file, "line", diag->line, "col", diag->col,
                                                    "message", diag->message, "hint", diag->hint));
    }
    return errors;
}

/* ---- events ---- */

static void send_state(const struct preview *preview, struct http_request *request)
{
    g_autofree char *text = json_to_text(preview->state);
    http_stream_send_event(request, "state", text);
}

void preview_update(struct preview *preview, const struct build *build, const struct diag_list *messages, const GPtrArray *changed)
{
    const struct plan *plan = build != NULL ? build_plan(build) : NULL;
    if (plan != NULL)
        list_pages(preview, build);
    json_t *urls = plan != NULL ? list_changed(preview, plan) : json_array();
    preview->n_builds += plan != NULL;
    json_decref(preview->state);
    preview->state = json_pack("{s:i, s:o, s:o, s:o}", "build", (int)preview->n_builds, "errors", list_errors(messages), "changed", urls,
                               "follow", list_edited(preview, changed));
    for (unsigned i = 0; i < preview->streams->len; i++)
        send_state(preview, preview->streams->pdata[i]);
}

struct listener {
    struct preview *preview;
    struct http_request *request;
};

static void on_gone(gpointer data)
{
    struct listener *listener = data;
    g_ptr_array_remove_fast(listener->preview->streams, listener->request);
    g_free(listener);
}

/* A page that comes late hears of errors, but is not told to go anywhere: it is what it asked for. */
static void greet(const struct preview *preview, struct http_request *request)
{
    g_autoptr(json_t) greeting = json_copy(preview->state);
    json_object_set_new(greeting, "changed", json_array());
    json_object_set_new(greeting, "follow", json_array());
    g_autofree char *text = json_to_text(greeting);
    http_stream_send_event(request, "state", text);
}

static void serve_events(struct preview *preview, struct http_request *request)
{
    static const struct http_header headers[] = {{"Content-Type", "text/event-stream"}, {"Cache-Control", "no-store"}, {NULL, NULL}};
    struct listener *listener = g_new(struct listener, 1);
    *listener = (struct listener){preview, request};
    http_request_on_gone(request, on_gone, listener);
    http_stream_begin(request, headers);
    g_ptr_array_add(preview->streams, request);
    greet(preview, request);
}

/* ---- files ---- */

static const char *type_of(const char *path)
{
    static const struct {
        const char *suffix, *type;
    } types[] = {
        {".css", "text/css; charset=utf-8"},
        {".gif", "image/gif"},
        {".html", "text/html; charset=utf-8"},
        {".ipynb", "application/json"},
        {".jpeg", "image/jpeg"},
        {".jpg", "image/jpeg"},
        {".js", "text/javascript; charset=utf-8"},
        {".json", "application/json"},
        {".mp4", "video/mp4"},
        {".pdf", "application/pdf"},
        {".png", "image/png"},
        {".svg", "image/svg+xml"},
        {".webm", "video/webm"},
        {".webp", "image/webp"},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(types); i++)
        if (g_str_has_suffix(path, types[i].suffix))
            return types[i].type;
    return g_str_has_suffix(path, ".bin") ? "application/octet-stream" : "text/plain; charset=utf-8";
}

/* The file that /t/<n>/<path> names: a regular one whose real place is below that tree. The caller frees it; NULL for any other. */
static char *find_file(const struct preview *preview, const char *path)
{
    char *rest;
    guint64 n = g_ascii_strtoull(path, &rest, 10);
    if (rest == path || *rest != '/' || n >= preview->roots->len)
        return NULL;
    g_autofree char *wanted = g_build_filename(preview->roots->pdata[n], rest + 1, NULL);
    g_autofree char *real = realpath(wanted, NULL), *root = realpath(preview->roots->pdata[n], NULL);
    size_t length = root != NULL ? strlen(root) : 0;
    if (real == NULL || root == NULL || strncmp(real, root, length) != 0 || real[length] != '/' ||
        !g_file_test(real, G_FILE_TEST_IS_REGULAR))
        return NULL;
    return g_strdup(real);
}

static void serve_page(struct http_request *request, const char *path)
{
    static const struct http_header headers[] = {{"Content-Type", "text/html; charset=utf-8"}, {"Cache-Control", "no-store"}, {NULL, NULL}};
    g_autoptr(GBytes) page = file_read(path, FILE_READ_LIMIT, NULL);
    if (page == NULL) {
        http_reply_text(request, 404, "text/plain", "the page is gone\n");
        return;
    }
    g_autoptr(GBytes) live = preview_page_enliven(page);
    http_reply(request, 200, headers, live);
}

static void serve_file(struct preview *preview, struct http_request *request, const char *path)
{
    g_autofree char *file = find_file(preview, path);
    struct stat info;
    int fd = file != NULL && !g_str_has_suffix(file, ".html") ? open(file, O_RDONLY | O_CLOEXEC) : -1;
    if (file != NULL && g_str_has_suffix(file, ".html")) {
        serve_page(request, file);
    } else if (fd < 0 || fstat(fd, &info) != 0) {
        http_reply_text(request, 404, "text/html; charset=utf-8", preview_missing_html);
    } else {
        struct http_header headers[] = {{"Content-Type", type_of(file)}, {"Cache-Control", "no-store"}, {NULL, NULL}};
        http_reply_file(request, 200, headers, fd, 0, (guint64)info.st_size);
    }
}

/* ---- the index ---- */

static void serve_json(struct http_request *request, const json_t *value)
{
    g_autofree char *text = json_to_text(value);
    http_reply_text(request, 200, "application/json", text);
}

static void serve_list(struct preview *preview, struct http_request *request)
{
    g_autoptr(json_t) list = json_array();
    for (unsigned i = 0; i < preview->pages->len; i++)
        json_array_append(list, ((const struct page *)preview->pages->pdata[i])->entry);
    serve_json(request, list);
}

/* The first line that holds the folded text, shortened; NULL when none does. The caller frees it. */
static char *find_line(const char *path, const char *folded)
{
    g_autoptr(GBytes) bytes = file_read(path, SOURCE_LIMIT, NULL);
    g_auto(GStrv) lines = bytes != NULL ? g_strsplit(g_bytes_get_data(bytes, NULL), "\n", -1) : NULL;
    for (char **line = lines; line != NULL && *line != NULL; line++) {
        g_autofree char *valid = g_utf8_make_valid(*line, -1), *plain = g_utf8_casefold(valid, -1);
        if (strstr(plain, folded) != NULL)
            return g_utf8_substring(valid, 0, MIN(g_utf8_strlen(valid, -1), 120));
    }
    return NULL;
}

static void serve_search(struct preview *preview, struct http_request *request)
{
    const char *query = http_request_query(request, "q");
    g_autoptr(json_t) found = json_array();
    g_autofree char *valid = g_utf8_make_valid(query != NULL ? query : "", -1), *folded = g_utf8_casefold(valid, -1);
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (unsigned i = 0; i < preview->pages->len && folded[0] != '\0' && json_array_size(found) < SEARCH_LIMIT; i++) {
        const struct page *page = preview->pages->pdata[i];
        if (!g_hash_table_add(seen, page->source))
            continue;
        g_autofree char *line = find_line(page->source, folded);
        if (line != NULL)
            json_array_append_new(found, json_pack("{s:s, s:s}", "source", page->name, "line", line));
    }
    serve_json(request, found);
}

/* ---- requests ---- */

/* A page of another site may send requests here, under its own name: it is told nothing (DNS rebinding). */
static unsigned admit(struct http_request *request, gpointer data)
{
    static const char *const names[] = {"127.0.0.1", "localhost", "[::1]"};
    const char *host = http_request_header(request, "Host");
    for (unsigned i = 0; host != NULL && i < G_N_ELEMENTS(names); i++) {
        size_t length = strlen(names[i]);
        if (g_ascii_strncasecmp(host, names[i], length) == 0 && (host[length] == '\0' || host[length] == ':'))
            return 0;
    }
    return 403;
}

static void handle(struct http_request *request, gpointer data)
{
    struct preview *preview = data;
    const char *path = http_request_path(request), *method = http_request_method(request);
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        http_reply_text(request, 405, "text/plain", "only GET\n");
    else if (strcmp(path, "/") == 0)
        http_reply_text(request, 200, "text/html; charset=utf-8", preview_index_html);
    else if (strcmp(path, "/_clx/preview.js") == 0)
        http_reply_text(request, 200, "text/javascript; charset=utf-8", preview_js);
    else if (strcmp(path, "/_clx/pages.json") == 0)
        serve_list(preview, request);
    else if (strcmp(path, "/_clx/search") == 0)
        serve_search(preview, request);
    else if (strcmp(path, "/_clx/events") == 0)
        serve_events(preview, request);
    else if (g_str_has_prefix(path, "/t/"))
        serve_file(preview, request, path + strlen("/t/"));
    else
        http_reply_text(request, 404, "text/html; charset=utf-8", preview_missing_html);
}

struct preview *preview_open(unsigned port, bool may_move, GError **error)
{
    unsigned bound;
    int fd = http_listen_tcp("127.0.0.1", port, may_move ? PORTS : 1, &bound, error);
    if (fd < 0)
        return NULL;
    struct preview *preview = g_new0(struct preview, 1);
    struct http_server_options options = {.admit = admit, .handle = handle, .data = preview};
    preview->address = g_strdup_printf("http://127.0.0.1:%u/", bound);
    preview->roots = g_ptr_array_new_with_free_func(g_free);
    preview->pages = g_ptr_array_new_with_free_func(page_free);
    preview->files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    preview->streams = g_ptr_array_new();
    preview->state = json_pack("{s:i, s:[], s:[], s:[]}", "build", 0, "errors", "changed", "follow");
    preview->server = http_server_new(fd, &options, error);
    if (preview->server != NULL)
        return preview;
    preview_free(preview);
    return NULL;
}

void preview_free(struct preview *preview)
{
    if (preview == NULL)
        return;
    if (preview->server != NULL)
        http_server_free(preview->server); /* ends the streams, which leave the list by themselves */
    g_ptr_array_unref(preview->streams);
    g_ptr_array_unref(preview->roots);
    g_ptr_array_unref(preview->pages);
    g_hash_table_unref(preview->files);
    json_decref(preview->state);
    g_free(preview->address);
    g_free(preview);
}

const char *preview_address(const struct preview *preview)
{
    return preview->address;
}
