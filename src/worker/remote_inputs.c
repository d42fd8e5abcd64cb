#include "worker/remote_inputs.h"

#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "os/file.h"

/* Where paths of the build's machine are found here: those below `mounted` (unless NULL) at /source, all others below `folder`. */
struct mapping {
    const char *mounted, *folder;
};

static bool is_below(const char *path, const char *folder)
{
    return folder && *folder && g_str_has_prefix(path, folder) && (path[strlen(folder)] == '/' || path[strlen(folder)] == '\0');
}

static char *map_path(const struct mapping *mapping, const char *path)
{
    if (is_below(path, mapping->mounted))
        return g_strconcat(SOURCE_MOUNT, path + strlen(mapping->mounted), NULL);
    return g_strconcat(mapping->folder, path, NULL);
}

static void map_member(const struct mapping *mapping, json_t *object, const char *key)
{
    const char *path = json_get_text(object, key, NULL);
    g_autofree char *mapped = path ? map_path(mapping, path) : NULL;

    if (mapped)
        json_object_set_new(object, key, json_string(mapped));
}

/* The places of tools are those of the build's machine, and here is another one; which of them is to be used is what the course wants. */
static void keep_choice(json_t *payload)
{
    json_t *renderer = json_object_get(json_object_get(payload, "tool"), "renderer");
    json_t *choice = renderer ? json_pack("{s:O}", "renderer", renderer) : NULL;

    json_object_del(payload, "tool");
    if (choice)
        json_object_set_new(payload, "tool", choice);
}

static json_t *map_payload(const struct mapping *mapping, const json_t *payload)
{
    json_t *mapped = json_deep_copy(payload), *item, *folders = json_object_get(mapped, "template_dirs");
    size_t i;

    map_member(mapping, mapped, "source");
    map_member(mapping, mapped, "root");
    map_member(mapping, mapped, "topic_dir");
    keep_choice(mapped);
    json_object_del(mapped, "java");
    json_array_foreach(json_object_get(mapped, "topic_files"), i, item) map_member(mapping, item, "path");
    json_array_foreach(folders, i, item)
    {
        g_autofree char *path = map_path(mapping, json_is_string(item) ? json_string_value(item) : "");
        json_array_set_new(folders, i, json_string(path));
    }
    return mapped;
}

static bool is_safe(const char *path)
{
    g_autofree char *canonical = g_path_is_absolute(path) ? g_canonicalize_filename(path, "/") : NULL;

    return canonical && g_str_equal(canonical, path);
}

/* Are all inputs below `folder` mounted, with the same bytes? The build may be ahead of what a slow file system shows. */
static bool is_mounted(const char *folder, const json_t *inputs)
{
    struct mapping mapping = {.mounted = folder};
    size_t i;
    json_t *input;

    json_array_foreach(inputs, i, input)
    {
        const char *path = json_get_text(input, "path", "");
        g_autofree char *mapped = is_below(path, folder) ? map_path(&mapping, path) : NULL;
        g_autofree char *hash = mapped ? file_sha256(mapped, NULL) : NULL;

        if (mapped && g_strcmp0(hash, json_get_text(input, "sha256", NULL)) != 0)
            return false;
    }
    return true;
}

static bool fetch_one(struct api_client *client, const struct mapping *mapping, const json_t *input, GError **error)
{
    const char *path = json_get_text(input, "path", ""), *sha256 = json_get_text(input, "sha256", "");
    g_autofree char *mapped = map_path(mapping, path), *hash = NULL;

    if (!is_safe(path)) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_INFRASTRUCTURE, "'%s' is no path of an input", path);
        return false;
    }
    if (is_below(path, mapping->mounted))
        return true;
    hash = g_file_test(mapped, G_FILE_TEST_IS_REGULAR) ? file_sha256(mapped, NULL) : NULL;
    if (g_strcmp0(hash, sha256) != 0 && !api_client_fetch(client, sha256, mapped, error))
        return false;
    return !json_get_bool(input, "executable", false) || chmod(mapped, 0755) == 0;
}

/* A folder that no file came from must exist too: notebooks run in it, templates are looked for in it. */
static void make_folders(const struct mapping *mapping, const json_t *payload)
{
    const char *topic = json_get_text(payload, "topic_dir", NULL);
    size_t i;
    json_t *item;

    if (topic && is_safe(topic) && !is_below(topic, mapping->mounted)) {
        g_autofree char *path = map_path(mapping, topic);
        file_make_folders(path, NULL);
    }
    json_array_foreach(json_object_get(payload, "template_dirs"), i, item) if (json_is_string(item) && is_safe(json_string_value(item)) &&
                                                                               !is_below(json_string_value(item), mapping->mounted))
    {
        g_autofree char *path = map_path(mapping, json_string_value(item));
        file_make_folders(path, NULL);
    }
}

json_t *remote_inputs_prepare(struct api_client *client, const json_t *job, const char *host_data_dir, const char *folder, GError **error)
{
    const json_t *payload = json_object_get(job, "payload"), *inputs = json_object_get(job, "inputs");
    struct mapping mapping = {.mounted = host_data_dir && is_mounted(host_data_dir, inputs) ? host_data_dir : NULL, .folder = folder};
    size_t i;
    json_t *input;

    json_array_foreach(inputs, i, input) if (!fetch_one(client, &mapping, input, error)) return NULL;
    make_folders(&mapping, payload);
    return map_payload(&mapping, payload);
}
