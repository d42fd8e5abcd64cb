/* Archives of any bytes: no crash; what is taken over is what its name says, and a result comes only with its objects. */
#include <glib.h>
#include <glib/gstdio.h>
#include <stdint.h>
#include <stdlib.h>

#include "os/file.h"
#include "store/cache_upkeep.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *folder;

static void remove_folder(void)
{
    file_remove_tree(folder, NULL);
    g_free(folder);
}

/* One cache for all inputs: making one takes longer than reading most archives. */
static struct cache *the_cache(void)
{
    static struct cache *cache;
    if (cache != NULL)
        return cache;
    folder = g_dir_make_tmp("clx-fuzz-archive-XXXXXX", NULL);
    g_assert(folder != NULL);
    atexit(remove_folder);
    g_autofree char *path = g_build_filename(folder, "cache.db", NULL);
    cache = cache_open(path, NULL);
    g_assert(cache != NULL);
    return cache;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cache *cache = the_cache();
    g_autofree char *path = g_build_filename(folder, "archive", NULL);
    g_autoptr(GError) error = NULL;
    struct cache_stats before, after;
    struct cache_cargo cargo = {0};
    g_assert(g_file_set_contents(path, (const char *)data, (gssize)size, NULL));
    g_assert(cache_get_stats(cache, &before, NULL));
    bool ok = cache_import(cache, path, &cargo, &error);
    g_assert(ok == (error == NULL));
    g_assert(cache_get_stats(cache, &after, NULL));
    g_assert(!ok || after.n_results - before.n_results == cargo.n_results);
    g_assert(cache_clear_results(cache, NULL));
    return 0;
}
