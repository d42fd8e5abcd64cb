#include "diagram/drawio_browser.h"
#include "docker/image.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "clx-config.h"
#include "docker/archive.h"
#include "docker/credentials.h"

#define LAST_LINES 12            /* of a step that failed */
#define LINE_LIMIT (1024 * 1024) /* of what an engine says at once */

/* A reply of JSON objects, one a line, that come while the engine works. */
struct following {
    GString *rest;
    GHashTable *layers; /* id -> struct layer *: how far each one is */
    GQueue *last;       /* lines */
    image_progress *progress;
    gpointer data;
    char *problem;
    bool is_given_up;
};

/* It comes, and then is unpacked: that begins to count anew, and is not looked at. */
struct layer {
    gint64 current, total;
};

char *image_default(const char *worker_type)
{
    return g_strdup_printf("localhost/clx-%s:latest", worker_type);
}

void image_info_clear(struct image_info *info)
{
    g_free(info->id);
    g_free(info->created);
    g_free(info->version);
    *info = (struct image_info){0};
}

/* ---- following what the engine says ---- */

static struct layer sum_layers(struct following *following, const json_t *object)
{
    const json_t *detail = json_object_get(object, "progressDetail");
    const char *id = json_get_text(object, "id", NULL);
    struct layer sum = {0}, *layer;
    GHashTableIter iter;
    gpointer value;

    if (!id || json_get_int(detail, "total", 0) <= 0)
        return sum;
    layer = g_hash_table_lookup(following->layers, id);
    if (!layer)
        g_hash_table_insert(following->layers, g_strdup(id), layer = g_new0(struct layer, 1));
    layer->total = json_get_int(detail, "total", 0);
    layer->current = CLAMP(json_get_int(detail, "current", 0), layer->current, layer->total);
    g_hash_table_iter_init(&iter, following->layers);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        sum.current += ((struct layer *)value)->current;
        sum.total += ((struct layer *)value)->total;
    }
    return sum;
}

static void keep_line(struct following *following, const char *text)
{
    g_queue_push_tail(following->last, g_strdup(text));
    if (following->last->length > LAST_LINES)
        g_free(g_queue_pop_head(following->last));
}

static bool take_line(struct following *following, const char *line)
{
    g_autoptr(json_t) object = json_parse(line, strlen(line), NULL);
    const char *problem = json_get_text(object, "error", NULL);
    g_autofree char *text = g_strdup(json_get_text(object, "stream", json_get_text(object, "status", "")));
    struct layer sum = sum_layers(following, object);

    if (problem && !following->problem)
        following->problem = g_strdup(problem);
    if (!*g_strstrip(text))
        return true;
    keep_line(following, text);
    following->is_given_up = following->progress && !following->progress(text, sum.current, sum.total, following->data);
    return !following->is_given_up;
}

static bool on_part(const void *data, size_t length, gpointer user_data)
{
    struct following *following = user_data;
    char *end;

    g_string_append_len(following->rest, data, (gssize)length);
    while ((end = memchr(following->rest->str, '\n', following->rest->len))) {
        *end = '\0';
        if (!take_line(following, following->rest->str))
            return false;
        g_string_erase(following->rest, 0, end - following->rest->str + 1);
    }
    return following->rest->len < LINE_LIMIT;
}

static bool goes_on(gpointer user_data)
{
    struct following *following = user_data;

    following->is_given_up |= following->progress && !following->progress(NULL, 0, 0, following->data);
    return !following->is_given_up;
}

static char *join_last(struct following *following)
{
    GString *text = g_string_new(NULL);

    for (GList *link = following->last->head; link; link = link->next)
        g_string_append_printf(text, "\n%s", (const char *)link->data);
    return g_string_free(text, FALSE);
}

static bool judge(struct following *following, bool has_come, GError **error)
{
    g_autofree char *problem = following->problem, *last = join_last(following);

    if (following->is_given_up) {
        g_clear_error(error);
        g_set_error(error, CLX_ERROR, CLX_ERROR_FAILED, "given up");
        return false;
    }
    if (!has_come || !problem)
        return has_come;
    g_set_error(error, CLX_ERROR, CLX_ERROR_FAILED, "docker: %s%s", problem, last);
    return false;
}

struct request {
    const char *path;
    const struct http_header *headers;
    const void *body;
    size_t length;
};

static bool follow(struct engine *engine, const struct request *request, image_progress *progress, gpointer data, GError **error)
{
    g_autoptr(GString) rest = g_string_new(NULL);
    g_autoptr(GHashTable) layers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    struct following following = {.rest = rest, .layers = layers, .last = g_queue_new(), .progress = progress, .data = data};
    const struct http_call call = {.method = "POST",
                                   .path = request->path,
                                   .headers = request->headers,
                                   .body = request->body,
                                   .body_length = request->length,
                                   .part = on_part,
                                   .goes_on = goes_on,
                                   .data = &following};
    bool ok = judge(&following, engine_stream(engine, &call, error), error);

    g_queue_free_full(following.last, g_free);
    return ok;
}

/* ---- look, pull, push ---- */

static void read_info(const json_t *answer, struct image_info *ret_info)
{
    const json_t *labels = json_object_get(json_object_get(answer, "Config"), "Labels");

    *ret_info = (struct image_info){
        .id = g_strdup(json_get_text(answer, "Id", "")),
        .created = g_strdup(json_get_text(answer, "Created", "")),
        .version = g_strdup(json_get_text(labels, LABEL_VERSION, NULL)),
        .size = (guint64)json_get_int(answer, "Size", 0),
    };
}

int image_inspect(struct engine *engine, const char *image, struct image_info *ret_info, GError **error)
{
    g_autofree char *escaped = g_uri_escape_string(image, "/:@", FALSE), *path = g_strdup_printf("/images/%s/json", escaped);
    g_autoptr(json_t) answer = NULL;
    g_autoptr(GError) problem = NULL;

    if (engine_do(engine, "GET", path, NULL, &answer, &problem)) {
        if (ret_info)
            read_info(answer, ret_info);
        return 1;
    }
    if (g_error_matches(problem, CLX_ERROR, CLX_ERROR_NOT_FOUND))
        return 0;
    g_propagate_error(error, g_steal_pointer(&problem));
    return -1;
}

/* "host:5000/name:tag": the tag follows the last colon behind the last slash. A digest ("name@sha256:…") is part of the repository, and leaves no tag. */
static void divide(const char *name, char **ret_repository, char **ret_tag)
{
    const char *slash = strrchr(name, '/'), *base = slash ? slash : name, *colon = strchr(base, '@') ? NULL : strrchr(base, ':');

    *ret_repository = colon ? g_strndup(name, (gsize)(colon - name)) : g_strdup(name);
    *ret_tag = g_strdup(colon ? colon + 1 : strchr(base, '@') ? "" : "latest");
}

bool image_pull(struct engine *engine, const char *image, image_progress *progress, gpointer data, GError **error)
{
    g_autofree char *repository = NULL, *tag = NULL, *auth = credentials_find(image, error);

    divide(image, &repository, &tag);
    g_autofree char *escaped = g_uri_escape_string(repository, NULL, FALSE), *escaped_tag = g_uri_escape_string(tag, NULL, FALSE);
    g_autofree char *path = g_strdup_printf("/images/create?fromImage=%s&tag=%s", escaped, escaped_tag);
    const struct http_header headers[] = {{"X-Registry-Auth", auth}, {NULL, NULL}};

    return auth && follow(engine, &(struct request){path, headers}, progress, data, error);
}

static bool add_name(struct engine *engine, const char *image, const char *repository, const char *tag, GError **error)
{
    g_autofree char *escaped = g_uri_escape_string(image, "/:@", FALSE), *repo = g_uri_escape_string(repository, NULL, FALSE);
    g_autofree char *escaped_tag = g_uri_escape_string(tag, NULL, FALSE);
    g_autofree char *path = g_strdup_printf("/images/%s/tag?repo=%s&tag=%s", escaped, repo, escaped_tag);

    return engine_do(engine, "POST", path, NULL, NULL, error);
}

bool image_push(struct engine *engine, const char *image, const char *as, image_progress *progress, gpointer data, GError **error)
{
    g_autofree char *repository = NULL, *tag = NULL, *auth = credentials_find(as, error);

    if (!auth)
        return false;
    divide(as, &repository, &tag);
    if (!g_str_equal(image, as) && !add_name(engine, image, repository, tag, error))
        return false;
    g_autofree char *escaped = g_uri_escape_string(repository, "/:@", FALSE), *escaped_tag = g_uri_escape_string(tag, NULL, FALSE);
    g_autofree char *path = g_strdup_printf("/images/%s/push?tag=%s", escaped, escaped_tag);
    const struct http_header headers[] = {{"X-Registry-Auth", auth}, {NULL, NULL}};
    return follow(engine, &(struct request){path, headers}, progress, data, error);
}

/* ---- build ---- */

static GByteArray *make_context(const struct image_build_options *options, GError **error)
{
    g_autoptr(GByteArray) context = g_byte_array_new();

    if (!archive_add_folder(context, "", options->dockerfiles, error) ||
        !archive_add_file(context, "root/usr/local/bin/clx", options->program, error) ||
        !archive_add_folder(context, "root/usr/local/share/clx", options->data, error) ||
        (options->application && !archive_add_folder(context, "root" DRAWIO_APPLICATION_SYSTEM_FOLDER, options->application, error)))
        return NULL;
    archive_finish(context);
    return g_steal_pointer(&context);
}

static void add_parameter(GString *path, const char *name, const char *value)
{
    g_autofree char *escaped = g_uri_escape_string(value, NULL, FALSE);

    g_string_append_printf(path, "&%s=%s", name, escaped);
}

static void add_json(GString *path, const char *name, json_t *object)
{
    g_autoptr(json_t) owned = object;
    g_autofree char *text = json_to_text(object);

    add_parameter(path, name, text);
}

static char *make_build_path(const struct image_build_options *options)
{
    GString *path = g_string_new("/build?rm=1&forcerm=1");
    json_t *arguments = json_object();

    if (options->base)
        json_object_set_new(arguments, "BASE", json_string(options->base));
    if (options->packages)
        json_object_set_new(arguments, "PACKAGES", json_string(options->packages));
    add_parameter(path, "t", options->name);
    g_string_append_printf(path, "&dockerfile=%s.Dockerfile", options->worker_type);
    if (options->network)
        add_parameter(path, "networkmode", options->network);
    if (options->is_uncached)
        add_parameter(path, "nocache", "1");
    add_json(path, "buildargs", arguments);
    add_json(path, "labels", json_pack("{s:s, s:s}", LABEL_VERSION, CLX_VERSION, "clx.worker_type", options->worker_type));
    return g_string_free(path, FALSE);
}

bool image_build(struct engine *engine, const struct image_build_options *options, image_progress *progress, gpointer data, GError **error)
{
    static const struct http_header headers[] = {{"Content-Type", "application/x-tar"}, {NULL, NULL}};
    g_autoptr(GByteArray) context = make_context(options, error);
    g_autofree char *path = make_build_path(options);

    return context && follow(engine, &(struct request){path, headers, context->data, context->len}, progress, data, error);
}
