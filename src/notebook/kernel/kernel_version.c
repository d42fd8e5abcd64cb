#include "notebook/kernel/kernel_version.h"

#include <string.h>

static int compare_texts(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* "ipykernel" of "-m ipykernel_launcher"; NULL for a kernel that is no Python module. */
static char *find_distribution(const struct kernelspec *spec)
{
    char *const *word = spec->argv;
    while (*word != NULL && strcmp(*word, "-m") != 0)
        word++;
    const char *module = *word != NULL ? word[1] : NULL;
    if (module == NULL)
        return NULL;
    char *name = g_strndup(module, strcspn(module, "."));
    char *launcher = g_str_has_suffix(name, "_launcher") ? strrchr(name, '_') : NULL;
    if (launcher != NULL)
        *launcher = '\0';
    return name;
}

/* Names of distributions know neither case nor which of "-_." stands between their words, and end before the version. */
static bool is_metadata_of(const char *entry, const char *distribution)
{
    if (!g_str_has_suffix(entry, ".dist-info") && !g_str_has_suffix(entry, ".egg-info"))
        return false;
    size_t i = 0;
    for (; distribution[i] != '\0'; i++) {
        bool is_separator = strchr("-_.", distribution[i]) != NULL;
        bool is_equal = is_separator ? entry[i] != '\0' && strchr("-_.", entry[i]) != NULL
                                     : g_ascii_tolower(entry[i]) == g_ascii_tolower(distribution[i]);
        if (!is_equal)
            return false;
    }
    return entry[i] == '-' && g_ascii_isdigit(entry[i + 1]);
}

static void add_versions(GPtrArray *found, const char *folder, const char *const *distributions)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    for (const char *entry; dir != NULL && (entry = g_dir_read_name(dir)) != NULL;)
        for (unsigned i = 0; distributions[i] != NULL; i++)
            if (is_metadata_of(entry, distributions[i]))
                g_ptr_array_add(found, g_strdup(entry));
}

/* PREFIX/lib/python3…/{site,dist}-packages */
static void add_prefix(GPtrArray *found, const char *prefix, const char *const *distributions)
{
    g_autofree char *lib = g_build_filename(prefix, "lib", NULL);
    g_autoptr(GDir) dir = g_dir_open(lib, 0, NULL);
    for (const char *entry; dir != NULL && (entry = g_dir_read_name(dir)) != NULL;) {
        if (!g_str_has_prefix(entry, "python3"))
            continue;
        g_autofree char *site = g_build_filename(lib, entry, "site-packages", NULL);
        g_autofree char *dist = g_build_filename(lib, entry, "dist-packages", NULL);
        add_versions(found, site, distributions);
        add_versions(found, dist, distributions);
    }
}

static void add_python_path(GPtrArray *found, const char *const *distributions)
{
    g_auto(GStrv) folders = g_strsplit(g_getenv("PYTHONPATH") != NULL ? g_getenv("PYTHONPATH") : "", ":", -1);
    for (char **folder = folders; *folder != NULL; folder++)
        add_versions(found, *folder, distributions);
}

char *kernel_version(const struct kernelspec *spec, const char *program)
{
    g_autofree char *distribution = program != NULL ? find_distribution(spec) : NULL;
    if (distribution == NULL)
        return g_strdup("");
    const char *const distributions[] = {distribution, "ipython", NULL};
    g_autofree char *bin = g_path_get_dirname(program), *prefix = g_path_get_dirname(bin);
    g_autofree char *user = g_build_filename(g_get_home_dir(), ".local", NULL);
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);
    add_prefix(found, prefix, distributions);
    add_prefix(found, "/usr/local", distributions);
    add_prefix(found, user, distributions);
    add_python_path(found, distributions);
    g_ptr_array_sort(found, compare_texts);
    g_ptr_array_add(found, NULL);
    return g_strjoinv("\n", (char **)found->pdata);
}
