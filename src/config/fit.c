#include "config/fit.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "clx-config.h"

#define HASH_LENGTH 16

/* What decides which kernels, tools and modules a worker finds. */
static const char *const variables[] = {
    "HOME",        "PATH",         "JUPYTER_PATH", "JUPYTER_DATA_DIR", "XDG_DATA_HOME",     "PYTHONPATH",
    "VIRTUAL_ENV", "CONDA_PREFIX", "JAVA_HOME",    "PLANTUML_JAR",     "DRAWIO_EXECUTABLE", "LANG",
    "LC_ALL",      "TZ",           NULL,
};

static void add_program(struct hasher *hasher, const char *program)
{
    struct stat info;
    g_autofree char *mark = NULL;
    if (stat(program, &info) == 0)
        mark = g_strdup_printf("%lld %lld.%09ld", (long long)info.st_size, (long long)info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
    hasher_add_field(hasher, "program", program);
    hasher_add_field(hasher, "file", mark);
}

char *fit_hash(const char *program, const char *cache_db)
{
    struct hasher *hasher = hasher_new();
    hasher_add_field(hasher, "version", CLX_VERSION);
    add_program(hasher, program);
    hasher_add_field(hasher, "cache", cache_db);
    for (const char *const *name = variables; *name != NULL; name++)
        hasher_add_field(hasher, *name, g_getenv(*name));
    g_autofree char *hash = hasher_finish(hasher);
    return g_strndup(hash, HASH_LENGTH);
}

/* Paths that are not UTF-8 are left out: they are told for people only. */
json_t *fit_describe(const char *program, const char *cache_db)
{
    g_autofree char *hash = fit_hash(program, cache_db);
    json_t *object = json_pack("{s:s, s:s}", "version", CLX_VERSION, "fit", hash);
    json_object_set_new(object, "program", json_string(program));
    json_object_set_new(object, "cache_db", json_string(cache_db));
    return object;
}
