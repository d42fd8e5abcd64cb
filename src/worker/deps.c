#include "base/hash.h"
#include "os/file.h"
#include "worker/worker.h"

static bool is_known(const json_t *deps, unsigned folder, const char *name)
{
    size_t i;
    json_t *dep;
    json_array_foreach(deps, i,
                       dep) if (json_get_int(dep, "folder", -1) == folder && g_str_equal(json_get_text(dep, "name", ""), name)) return true;
    return false;
}

void worker_add_dep(struct worker_context *context, unsigned folder, const char *folder_path, const char *name)
{
    if (is_known(context->deps, folder, name))
        return;
    g_autofree char *path = g_path_is_absolute(name) ? g_strdup(name) : g_build_filename(folder_path, name, NULL);
    g_autoptr(GBytes) bytes = file_read(path, FILE_READ_LIMIT, NULL);
    g_autofree char *hash = bytes != NULL ? hash_text_hex(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes)) : NULL;
    json_array_append_new(context->deps, json_pack("{s:i, s:s, s:s?}", "folder", (int)folder, "name", name, "sha256", hash));
}
