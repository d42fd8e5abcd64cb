#include <errno.h>
#include <sys/stat.h>

#include "base/error.h"
#include "diagram/plantuml_includes.h"
#include "os/file.h"
#include "web/api_private.h"

#define FRESH_US G_USEC_PER_SEC /* that long a folder is not looked at again: jobs of a course share their templates */

struct listing {
    struct worker_api *api;
    json_t *inputs;
    GHashTable *seen;
    const char *root; /* of a walk */
    GError *error;
};

static bool add_file(struct listing *listing, const char *path)
{
    struct stat info;
    g_autofree char *sha256 = NULL;

    if (!g_hash_table_add(listing->seen, g_strdup(path)))
        return true;
    if (stat(path, &info) != 0) {
        g_set_error(&listing->error, CLX_ERROR, CLX_ERROR_NOT_FOUND, "%s: %s", path, g_strerror(errno));
        return false;
    }
    if (!S_ISREG(info.st_mode))
        return true;
    sha256 = cache_file_hash(listing->api->cache, path, &info, DIGEST_BYTES, &listing->error);
    if (!sha256)
        return false;
    json_array_append_new(listing->inputs, json_pack("{s:s, s:s, s:I, s:b}", "path", path, "sha256", sha256, "size",
                                                     (json_int_t)info.st_size, "executable", (info.st_mode & 0111) != 0));
    g_hash_table_replace(listing->api->inputs, g_steal_pointer(&sha256), g_strdup(path));
    return true;
}

static bool visit(const char *relative, const struct stat *info, gpointer data)
{
    struct listing *listing = data;
    g_autofree char *path = g_build_filename(listing->root, relative, NULL);

    return add_file(listing, path);
}

/* What was found in a folder, and when. */
struct folder {
    gint64 seen_at; /* monotonic, us */
    json_t *inputs;
};

static void folder_free(gpointer data)
{
    struct folder *folder = data;

    json_decref(folder->inputs);
    g_free(folder);
}

GHashTable *api_inputs_new_listings(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, folder_free);
}

static json_t *list_folder(struct listing *listing, const char *path)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    struct listing own = {.api = listing->api, .inputs = json_array(), .seen = seen, .root = path};

    if (g_file_test(path, G_FILE_TEST_IS_DIR) && !file_walk(path, NULL, visit, &own, own.error ? NULL : &own.error) && !own.error)
        g_set_error(&own.error, CLX_ERROR, CLX_ERROR_FAILED, "%s: cannot be read", path);
    if (!own.error)
        return own.inputs;
    json_decref(own.inputs);
    listing->error = own.error;
    return NULL;
}

static const json_t *get_folder(struct listing *listing, const char *path)
{
    struct folder *folder = g_hash_table_lookup(listing->api->listings, path);
    json_t *inputs;

    if (folder && g_get_monotonic_time() - folder->seen_at < FRESH_US)
        return folder->inputs;
    inputs = list_folder(listing, path);
    if (!inputs)
        return NULL;
    folder = g_new(struct folder, 1);
    *folder = (struct folder){g_get_monotonic_time(), inputs};
    g_hash_table_replace(listing->api->listings, g_strdup(path), folder);
    return inputs;
}

static void add_folders(struct listing *listing, const json_t *folders)
{
    size_t i, k;
    json_t *path, *input;

    json_array_foreach(folders, i, path)
    {
        if (!json_is_string(path) || listing->error)
            continue;
        json_array_foreach(get_folder(listing, json_string_value(path)), k,
                           input) if (g_hash_table_add(listing->seen, g_strdup(json_get_text(input, "path", ""))))
            json_array_append(listing->inputs, input);
    }
}

/* What a diagram includes; a file that is missing is the renderer's matter. */
static void add_includes(struct listing *listing, const char *source)
{
    g_autofree char *folder = g_path_get_dirname(source);
    g_autoptr(GBytes) text = file_read(source, FILE_READ_LIMIT, NULL);

    if (!text)
        return;
    g_autoptr(GPtrArray) includes = plantuml_find_includes(g_bytes_get_data(text, NULL), folder);
    for (unsigned i = 0; i < includes->len; i++) {
        g_autofree char *path = g_build_filename(folder, includes->pdata[i], NULL);
        if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
            add_file(listing, path);
    }
}

json_t *api_list_inputs(struct worker_api *api, const struct job *job, GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    struct listing listing = {.api = api, .inputs = json_array(), .seen = seen};
    const char *source = json_get_text(job->payload, "source", NULL);
    size_t i;
    json_t *file;

    if (source && add_file(&listing, source) && job->type == JOB_PLANTUML)
        add_includes(&listing, source);
    json_array_foreach(json_object_get(job->payload, "topic_files"), i, file)
    {
        const char *path = json_get_text(file, "path", NULL);
        if (path && !listing.error)
            add_file(&listing, path);
    }
    if (!listing.error)
        add_folders(&listing, json_object_get(job->payload, "template_dirs"));
    if (!listing.error)
        return listing.inputs;
    json_decref(listing.inputs);
    g_propagate_error(error, listing.error);
    return NULL;
}
