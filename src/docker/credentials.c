#include "docker/credentials.h"

#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "docker/config.h"

/* The first part of a name is a registry if it looks like a host; without one the name is the engine's matter. */
static char *find_registry(const char *image)
{
    const char *slash = strchr(image, '/');
    g_autofree char *first = slash ? g_strndup(image, (gsize)(slash - image)) : NULL;

    return first && (strpbrk(first, ".:") || g_str_equal(first, "localhost")) ? g_steal_pointer(&first) : NULL;
}

/* "user:password" in base64 -> the object that an engine expects, in base64 for URLs. */
static char *encode(const char *registry, const char *auth, const char *identity)
{
    gsize length = 0;
    g_autofree char *plain = auth ? (char *)g_base64_decode(auth, &length) : NULL, *text = g_strndup(plain ? plain : "", length);
    char *colon = strchr(text, ':');
    g_autoptr(json_t) object = json_object();

    if (colon) {
        *colon = '\0';
        json_object_set_new(object, "username", json_string(text));
        json_object_set_new(object, "password", json_string(colon + 1));
    }
    if (identity)
        json_object_set_new(object, "identitytoken", json_string(identity));
    if (colon || identity)
        json_object_set_new(object, "serveraddress", json_string(registry));
    g_autofree char *json = json_to_text(object);
    char *encoded = g_base64_encode((const guchar *)json, strlen(json));
    g_strdelimit(encoded, "+", '-');
    return g_strdelimit(encoded, "/", '_');
}

char *credentials_find(const char *image, GError **error)
{
    g_autofree char *registry = find_registry(image);
    g_autoptr(json_t) config = registry ? docker_config_read() : NULL;
    const json_t *kept = json_object_get(json_object_get(config, "auths"), registry ? registry : "");
    const char *auth = json_get_text(kept, "auth", NULL), *identity = json_get_text(kept, "identitytoken", NULL);

    if (!auth && !identity && registry && (kept || json_object_get(json_object_get(config, "credHelpers"), registry)) &&
        (json_object_get(config, "credsStore") || json_object_get(config, "credHelpers"))) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_FAILED,
                    "the credentials for %s are kept by a program of docker (credsStore, credHelpers), which clx does not ask\n"
                    "push with docker itself, or keep them in a DOCKER_CONFIG of their own without credsStore",
                    registry);
        return NULL;
    }
    return encode(registry, auth, identity);
}
