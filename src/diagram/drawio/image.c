#include "diagram/drawio/image.h"

#include <string.h>

#include "base/error.h"

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

struct picture_image *picture_image_new(const char *source, bool keeps_aspect, GError **error)
{
    const char *payload = g_str_has_prefix(source, "data:image/") && strlen(source) < MAX_SOURCE ? strchr(source, ',') : NULL;
    if (payload == NULL) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_SOURCE, "the image '%.60s' is not embedded in the file", source);
        return NULL;
    }
    g_autoptr(GBytes) data = decode(source, payload + 1, (gsize)(payload - source));
    if (g_bytes_get_size(data) < 8) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_SOURCE, "an embedded image is damaged");
        return NULL;
    }
    if (g_str_has_prefix(source, "data:image/svg") && has_costly_filter(data)) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_SOURCE, "an embedded image whose filters take too long");
        return NULL;
    }
    struct picture_image *image = g_new0(struct picture_image, 1);
    const char *type = source + strlen("data:");
    image->media_type = g_strndup(type, strcspn(type, ";,"));
    image->keeps_aspect = keeps_aspect;
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
