#include "docker/image.h"

#include <string.h>

#include "base/error.h"

/* A reply of JSON objects, one a line, that come while the engine works. */
struct lines {
    GString *rest;
    image_progress *progress;
    gpointer data;
    char *problem;
};

char *image_default(const char *worker_type)
{
    return g_strdup_printf("localhost/clx-%s:latest", worker_type);
}

static void take_line(struct lines *lines, const char *line)
{
    g_autoptr(json_t) object = json_parse(line, strlen(line), NULL);
    const char *problem = json_get_text(object, "error", NULL);
    g_autofree char *text = g_strdup(json_get_text(object, "stream", json_get_text(object, "status", "")));

    if (problem && !lines->problem)
        lines->problem = g_strdup(problem);
    if (*g_strstrip(text) && lines->progress)
        lines->progress(text, lines->data);
}

static bool on_part(const void *data, size_t length, gpointer user_data)
{
    struct lines *lines = user_data;
    char *end;

    g_string_append_len(lines->rest, data, (gssize)length);
    while ((end = memchr(lines->rest->str, '\n', lines->rest->len))) {
        *end = '\0';
        take_line(lines, lines->rest->str);
        g_string_erase(lines->rest, 0, end - lines->rest->str + 1);
    }
    return true;
}

static bool follow(struct engine *engine, const char *path, const void *body, size_t length, const char *type, image_progress *progress,
                   gpointer data, GError **error)
{
    g_autoptr(GString) rest = g_string_new(NULL);
    struct lines lines = {.rest = rest, .progress = progress, .data = data};
    bool ok = engine_stream(engine, "POST", path, body, length, type, on_part, &lines, error);
    g_autofree char *problem = lines.problem;

    if (!ok || !problem)
        return ok;
    g_set_error(error, CLX_ERROR, CLX_ERROR_FAILED, "docker: %s", problem);
    return false;
}

int image_exists(struct engine *engine, const char *image, GError **error)
{
    g_autofree char *escaped = g_uri_escape_string(image, "/:@", FALSE), *path = g_strdup_printf("/images/%s/json", escaped);
    g_autoptr(GError) problem = NULL;

    if (engine_do(engine, "GET", path, NULL, NULL, &problem))
        return 1;
    if (g_error_matches(problem, CLX_ERROR, CLX_ERROR_NOT_FOUND))
        return 0;
    g_propagate_error(error, g_steal_pointer(&problem));
    return -1;
}

bool image_pull(struct engine *engine, const char *image, image_progress *progress, gpointer data, GError **error)
{
    g_autofree char *escaped = g_uri_escape_string(image, NULL, FALSE);
    g_autofree char *path = g_strconcat("/images/create?fromImage=", escaped, NULL);

    return follow(engine, path, NULL, 0, NULL, progress, data, error);
}
