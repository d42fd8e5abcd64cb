#include <stdio.h>

#include "base/json.h"
#include "cli/command.h"
#include "config/settings_file.h"

static const char *const origins[] = {"default", "system", "user", "project", "environment", "option"};

static const struct option show_options[] = {
    {"origin", 0, NULL, "also say where each value comes from"},
    {"format", 0, "FORMAT", "how to print them", false, list_format_names},
    {NULL},
};

static void print_setting(const struct setting_view *view, bool has_origin)
{
    printf("%s = %s", view->key, view->text != NULL ? view->text : "(unset)");
    if (has_origin)
        printf("  # %s%s%s", origins[view->origin], view->source != NULL ? ": " : "", view->source != NULL ? view->source : "");
    putchar('\n');
}

static json_t *value_json(const struct settings *settings, const struct setting_view *view)
{
    if (view->text == NULL)
        return json_null();
    if (view->is_bool)
        return json_boolean(settings_get_bool(settings, view->key));
    return view->is_number ? json_integer(settings_get_int(settings, view->key)) : json_string(view->text);
}

static int run_show(struct invocation *invocation)
{
    struct settings *settings = invocation_settings(invocation);
    bool is_json = invocation_choice(invocation, "format", LIST_TABLE) == LIST_JSON;
    g_autoptr(json_t) rows = json_array();
    struct setting_view view;
    if (settings == NULL)
        return 2;
    for (unsigned i = 0; settings_describe(settings, i, &view); i++) {
        if (!is_json)
            print_setting(&view, invocation_option(invocation, "origin") != NULL);
        else
            json_array_append_new(rows, json_pack("{s:s, s:o, s:s, s:s?, s:s}", "key", view.key, "value", value_json(settings, &view),
                                                  "origin", origins[view.origin], "source", view.source, "help", view.help));
    }
    if (is_json)
        print_json(rows);
    return 0;
}

/* Trusts what the project has of "clx.toml" and ".clx/config.toml". */
static int run_trust(struct invocation *invocation)
{
    static const char *const names[] = {"clx.toml", ".clx/config.toml"};
    struct settings *settings = invocation_settings(invocation);
    unsigned count = 0;
    if (settings == NULL)
        return 2;
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *path = g_build_filename(settings_project_root(settings), names[i], NULL);
        if (!g_file_test(path, G_FILE_TEST_EXISTS))
            continue;
        if (!settings_file_trust(path, &error))
            return report_error(error);
        report_done(invocation, "trusted %s as it is now\n", path);
        count++;
    }
    return count > 0 ? 0 : report_failure(2, "no configuration file in %s", settings_project_root(settings));
}

static int run_locate(struct invocation *invocation)
{
    struct settings *settings = invocation_settings(invocation);
    if (settings == NULL)
        return 2;
    printf("project root    %s\n", settings_project_root(settings));
    printf("jobs database   %s\n", settings_jobs_db(settings));
    printf("cache database  %s\n", settings_cache_db(settings));
    return 0;
}

extern const struct command cmd_config_locate;
const struct command cmd_config_locate = {
    .name = "config locate",
    .operands = "",
    .purpose = "Say where configuration and databases are.",
    .example = "clx config locate",
    .run = run_locate,
};

extern const struct command cmd_config_show;
const struct command cmd_config_show = {
    .name = "config show",
    .operands = "",
    .purpose = "Show all settings and where they come from.",
    .example = "clx config show --origin",
    .options = show_options,
    .run = run_show,
};

extern const struct command cmd_config_trust;
const struct command cmd_config_trust = {
    .name = "config trust",
    .operands = "",
    .purpose = "Let the project's configuration, as it is now, name programs.",
    .example = "clx config trust",
    .run = run_trust,
};
