#include "cli/cache_command.h"

struct cache *cache_command_open(struct invocation *invocation, struct settings **ret_settings)
{
    g_autoptr(GError) error = NULL;
    struct settings *settings = invocation_settings(invocation);
    if (settings == NULL)
        return NULL;
    const char *path = settings_cache_db(settings);
    if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
        report_failure(1, "there is no cache '%s' yet\nbuild a course first, or name the cache with --cache-db-path", path);
        return NULL;
    }
    struct cache *cache = cache_open(path, &error);
    if (cache == NULL)
        report_error(error);
    if (ret_settings != NULL)
        *ret_settings = settings;
    return cache;
}

int cache_command_limits(struct invocation *invocation, struct settings *settings)
{
    static const struct {
        const char *option, *key;
    } limits[] = {{"max-size", "cache.max_size"}, {"max-age", "cache.max_age"}};
    for (unsigned i = 0; i < G_N_ELEMENTS(limits); i++) {
        g_autoptr(GError) error = NULL;
        const char *given = invocation_option(invocation, limits[i].option);
        if (given != NULL && !settings_override(settings, limits[i].key, given, &error))
            return report_failure(2, "--%s: %s", limits[i].option, error->message);
    }
    return 0;
}

struct cache_limits cache_command_get_limits(const struct settings *settings)
{
    return (struct cache_limits){settings_get_size(settings, "cache.max_size"), (int)settings_get_int(settings, "cache.max_age")};
}

void cache_command_tell(const struct invocation *invocation, const struct cache_collection *removed, bool is_dry_run)
{
    g_autofree char *size = g_format_size((guint64)removed->bytes);
    report_done(invocation, "cache: %d results and %d objects (%s) %s\n", (int)removed->n_results, (int)removed->n_objects, size,
                is_dry_run ? "would be removed" : "removed");
}
