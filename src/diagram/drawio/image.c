#include "diagram/drawio/image.h"

#include <string.h>

#include "base/error.h"
#include "diagram/drawio/stencil.h"

#define MAX_SOURCE (48u * 1024 * 1024)

static GBytes *decode(const char *header, const char *payload, gsize header_length)
{
    gsize length = 0;
    bool is_base64 = g_strstr_len(header, (gssize)header_length, ";base64") != NULL;
    g_autofree char *plain = g_uri_unescape_string(payload, NULL);
    /* In a style the semicolon ends a value, so the original leaves ";base64" out. */
    bool looks_like_text = payload[0] == '<' || g_str_has_prefix(payload, "%3C") || g_str_has_prefix(payload, "%3c");
    if (!is_base64 && looks_like_text && plain != NULL)
        return g_bytes_new(plain, strlen(plain));
    guchar *bytes = g_base64_decode(plain != NULL ? plain : payload, &length);
    return g_bytes_new_take(bytes, length);
}

/* The filters whose work has no bounds in the size of the picture; shadows and the like are none of them. */
static bool has_costly_filter(GBytes *data)
{
    static const char *const filters[] = {"feTurbulence", "feConvolveMatrix", "feMorphology", "feDiffuseLighting", "feSpecularLighting"};
    gsize length = 0;
    const char *text = g_bytes_get_data(data, &length);
    for (unsigned i = 0; i < G_N_ELEMENTS(filters); i++)
        if (g_strstr_len(text, (gssize)length, filters[i]) != NULL)
            return true;
    return false;
}

/* A picture in SVG that says nothing of its own coordinates is stretched by browsers. */
static bool is_stretched(GBytes *data)
{
    gsize length = 0;
    const char *text = g_bytes_get_data(data, &length), *root = g_strstr_len(text, (gssize)length, "<svg");
    const char *end = root != NULL ? memchr(root, '>', length - (gsize)(root - text)) : NULL;
    return end != NULL &&
           (g_strstr_len(root, end - root, "viewBox") == NULL || g_strstr_len(root, end - root, "preserveAspectRatio=\"none\"") != NULL);
}

static GBytes *read_embedded(const char *source, char **ret_type)
{
    const char *payload = strlen(source) < MAX_SOURCE ? strchr(source, ',') : NULL, *type = source + strlen("data:");
    if (payload == NULL)
        return NULL;
    *ret_type = g_strndup(type, strcspn(type, ";,"));
    return decode(source, payload + 1, (gsize)(payload - source));
}

/* A picture of the application. */
static GBytes *read_file(const char *source, const struct stencils *stencils, char **ret_type)
{
    static const char *const types[][2] = {{".svg", "image/svg+xml"}, {".png", "image/png"}, {".jpg", "image/jpeg"}, {".gif", "image/gif"}};
    g_autofree char *path = stencils_find_image(stencils, source), *text = NULL;
    gsize length = 0;
    for (unsigned i = 0; path != NULL && i < G_N_ELEMENTS(types); i++)
        if (g_str_has_suffix(path, types[i][0]))
            *ret_type = g_strdup(types[i][1]);
    if (*ret_type == NULL || !g_file_get_contents(path, &text, &length, NULL) || length > MAX_SOURCE)
        return NULL;
    return g_bytes_new_take(g_steal_pointer(&text), length);
}

struct picture_image *picture_image_new(const char *source, bool keeps_aspect, const struct stencils *stencils, GError **error)
{
    g_autofree char *type = NULL;
    bool is_embedded = g_str_has_prefix(source, "data:image/");
    g_autoptr(GBytes) data = is_embedded ? read_embedded(source, &type) : read_file(source, stencils, &type);
    if (data == NULL) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_SOURCE, "the image '%.60s' is not embedded in the file", source);
        return NULL;
    }
    if (g_bytes_get_size(data) < 8) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_SOURCE, "an embedded image is damaged");
        return NULL;
    }
    if (g_str_has_prefix(type, "image/svg") && has_costly_filter(data)) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_SOURCE, "an embedded image whose filters take too long");
        return NULL;
    }
    struct picture_image *image = g_new0(struct picture_image, 1);
    image->media_type = g_steal_pointer(&type);
    image->keeps_aspect = keeps_aspect && !(g_str_has_prefix(image->media_type, "image/svg") && is_stretched(data));
    image->data = g_steal_pointer(&data);
    return image;
}

void picture_image_free(struct picture_image *image)
{
    if (image == NULL)
        return;
    g_bytes_unref(image->data);
    g_free(image->media_type);
    g_free(image);
}
