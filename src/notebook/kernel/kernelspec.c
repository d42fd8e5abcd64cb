#include "notebook/kernel/kernelspec.h"

#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "os/file.h"

#define SPEC_LIMIT (1024u * 1024)

void kernelspec_free(struct kernelspec *spec)
{
    if (spec == NULL)
        return;
    g_free(spec->folder);
    g_free(spec->text);
    g_free(spec->language);
    g_strfreev(spec->argv);
    g_strfreev(spec->env);
    g_free(spec);
}

static void add_prefix(GPtrArray *folders, const char *prefix)
{
    if (prefix != NULL && *prefix != '\0')
        g_ptr_array_add(folders, g_build_filename(prefix, "share", "jupyter", NULL));
}

/* The prefix of the first Python on PATH: what sys.prefix says in an environment. */
static void add_python_prefix(GPtrArray *folders)
{
    g_autofree char *python = g_find_program_in_path("python3");
    if (python == NULL)
        return;
    g_autofree char *bin = g_path_get_dirname(python);
    g_autofree char *prefix = g_path_get_dirname(bin);
    add_prefix(folders, prefix);
}

/* Jupyter's data folders, the first one wins. */
static GPtrArray *list_folders(void)
{
    GPtrArray *folders = g_ptr_array_new_with_free_func(g_free);
    const char *path = g_getenv("JUPYTER_PATH"), *own = g_getenv("JUPYTER_DATA_DIR");
    g_auto(GStrv) given = g_strsplit(path != NULL ? path : "", ":", -1);
    for (char **folder = given; *folder != NULL; folder++)
        if (**folder != '\0')
            g_ptr_array_add(folders, g_strdup(*folder));
    add_prefix(folders, g_getenv("VIRTUAL_ENV"));
    add_prefix(folders, g_getenv("CONDA_PREFIX"));
    g_ptr_array_add(folders, own != NULL ? g_strdup(own) : g_build_filename(g_get_user_data_dir(), "jupyter", NULL));
    add_python_prefix(folders);
    add_prefix(folders, "/usr/local");
    add_prefix(folders, "/usr");
    return folders;
}

static char *replace(const char *text, const char *from, const char *to)
{
    g_auto(GStrv) parts = g_strsplit(text, from, -1);
    return g_strjoinv(to, parts);
}

static char *expand_argument(const char *argument, const char *folder)
{
    g_autofree char *with_folder = replace(argument, "{resource_dir}", folder);
    const char *share = strstr(folder, "/share/jupyter/kernels/");
    g_autofree char *prefix = share != NULL ? g_strndup(folder, (gsize)(share - folder)) : g_strdup("/usr");
    return replace(with_folder, "{prefix}", prefix);
}

/* The program of this name in `prefix`, or NULL; the caller frees it. "python" may be there as "python3" only, as in Debian, whose kernels
 * count on Jupyter to put the right interpreter in. */
static char *find_in_prefix(const char *prefix, const char *name)
{
    g_autofree char *program = g_build_filename(prefix, "bin", name, NULL);
    if (g_file_test(program, G_FILE_TEST_IS_EXECUTABLE))
        return g_steal_pointer(&program);
    return strcmp(name, "python") == 0 ? find_in_prefix(prefix, "python3") : NULL;
}

/* A spec in an environment that names no path for its interpreter means the environment's own. */
static void prefer_own_interpreter(struct kernelspec *spec)
{
    const char *share = strstr(spec->folder, "/share/jupyter/kernels/");
    if (share == NULL || strchr(spec->argv[0], '/') != NULL)
        return;
    g_autofree char *prefix = g_strndup(spec->folder, (gsize)(share - spec->folder));
    char *program = find_in_prefix(prefix, spec->argv[0]);
    if (program == NULL)
        return;
    g_free(spec->argv[0]);
    spec->argv[0] = program;
}

static GStrv read_argv(const json_t *argv, const char *folder)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    size_t i;
    json_t *item;
    json_array_foreach(argv, i, item)
    {
        if (!json_is_string(item))
            return NULL;
        g_autofree char *argument = expand_argument(json_string_value(item), folder);
        g_strv_builder_add(builder, argument);
    }
    return i > 0 ? g_strv_builder_end(builder) : NULL;
}

/* "${NAME}" becomes the variable's value in our environment. */
static char *expand_variables(const char *value)
{
    GString *result = g_string_new(NULL);
    for (const char *p = value; *p != '\0';) {
        const char *end = g_str_has_prefix(p, "${") ? strchr(p, '}') : NULL;
        g_autofree char *name = end != NULL ? g_strndup(p + 2, (gsize)(end - p - 2)) : NULL;
        const char *known = name != NULL ? g_getenv(name) : NULL;
        if (known == NULL) {
            g_string_append_c(result, *p++);
            continue;
        }
        g_string_append(result, known);
        p = end + 1;
    }
    return g_string_free(result, FALSE);
}

static GStrv read_env(json_t *env)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    const char *name;
    json_t *value;
    json_object_foreach(env, name, value)
    {
        if (!json_is_string(value) || *name == '\0' || strchr(name, '=') != NULL)
            continue;
        g_autofree char *expanded = expand_variables(json_string_value(value));
        g_autofree char *entry = g_strdup_printf("%s=%s", name, expanded);
        g_strv_builder_add(builder, entry);
    }
    return g_strv_builder_end(builder);
}

static struct kernelspec *read_spec(const char *folder, const char *path, GError **error)
{
    g_autoptr(GBytes) bytes = file_read(path, SPEC_LIMIT, error);
    if (bytes == NULL)
        return NULL;
    g_autoptr(json_t) json = json_parse(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), error);
    if (json == NULL) {
        g_prefix_error(error, "%s:", path);
        return NULL;
    }
    g_autoptr(kernelspec) spec = g_new0(struct kernelspec, 1);
    spec->folder = g_strdup(folder);
    spec->text = g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    spec->language = g_ascii_strdown(json_get_text(json, "language", ""), -1);
    spec->argv = read_argv(json_object_get(json, "argv"), folder);
    spec->env = read_env(json_object_get(json, "env"));
    spec->interrupts_by_message = strcmp(json_get_text(json, "interrupt_mode", "signal"), "message") == 0;
    if (spec->argv == NULL) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_FAILED, "%s: 'argv' must be a list of at least one string", path);
        return NULL;
    }
    prefer_own_interpreter(spec);
    return g_steal_pointer(&spec);
}

static const char *find_remedy(const char *name)
{
    static const struct {
        const char *name, *remedy;
    } remedies[] = {
        {".net-csharp", "dotnet tool install -g Microsoft.dotnet-interactive && dotnet interactive jupyter install"},
        {"deno", "deno jupyter --install"},
        {"java", "install IJava or rapaio-jupyter-kernel"},
        {"python3", "apt-get install python3-ipykernel"},
        {"rust", "cargo install evcxr_jupyter && evcxr_jupyter --install"},
        {"xcpp20", "conda install -c conda-forge xeus-cpp"},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(remedies); i++)
        if (strcmp(remedies[i].name, name) == 0)
            return remedies[i].remedy;
    return "install its kernel; 'jupyter kernelspec list' shows those that are there";
}

struct kernelspec *kernelspec_find(const char *name, GError **error)
{
    g_autoptr(GPtrArray) folders = list_folders();
    bool is_name = *name != '\0' && *name != '.' && strchr(name, '/') == NULL;
    is_name = is_name || (g_str_has_prefix(name, ".net-") && strchr(name, '/') == NULL);
    for (unsigned i = 0; is_name && i < folders->len; i++) {
        g_autofree char *folder = g_build_filename(folders->pdata[i], "kernels", name, NULL);
        g_autofree char *path = g_build_filename(folder, "kernel.json", NULL);
        if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
            return read_spec(folder, path, error);
    }
    g_set_error(error, CLX_ERROR, CLX_ERROR_NOT_FOUND, "kernel '%s' is not installed: %s", name, find_remedy(name));
    return NULL;
}
