#include "cli/command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/glossary.h"
#include "base/text.h"
#include "clx-config.h"

struct given_option {
    const struct option *option;
    const char *value;
};

static const char *const level_names[] = {"debug", "info", "warning", "error", NULL};
const char *const list_format_names[] = {"table", "json", NULL};

const struct option global_options[] = {
    {"jobs-db-path", 0, "FILE", "the jobs database (default: clx_jobs.db)"},
    {"cache-db-path", 0, "FILE", "the cache database (default: clx_cache.db)"},
    {"config", 0, "FILE", "read this instead of the project's file"},
    {"directory", 'C', "DIR", "work as if started in DIR"},
    {"log-level", 0, "LEVEL", "what workers write to their logs", false, level_names},
    {"no-color", 0, NULL, "no colours (also NO_COLOR)"},
    {"verbose", 'v', NULL, "say more"},
    {"quiet", 'q', NULL, "say only what went wrong"},
    {"help", 'h', NULL, "this text"},
    {NULL},
};

/* ---- look-ups ---- */

static const struct given_option *find_given(const struct invocation *invocation, const char *name)
{
    const struct given_option *found = NULL;
    for (unsigned i = 0; i < invocation->options->len; i++) {
        const struct given_option *given = invocation->options->pdata[i];
        if (strcmp(given->option->name, name) == 0)
            found = given;
    }
    return found;
}

const char *invocation_option(const struct invocation *invocation, const char *name)
{
    const struct given_option *given = find_given(invocation, name);
    return given != NULL ? given->value : NULL;
}

char **invocation_list(const struct invocation *invocation, const char *name)
{
    if (find_given(invocation, name) == NULL)
        return NULL;
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    for (unsigned i = 0; i < invocation->options->len; i++) {
        const struct given_option *given = invocation->options->pdata[i];
        if (strcmp(given->option->name, name) != 0)
            continue;
        g_auto(GStrv) values = g_strsplit(given->value, ",", -1);
        g_strv_builder_addv(builder, (const char **)values);
    }
    return g_strv_builder_end(builder);
}

int invocation_choice(const struct invocation *invocation, const char *name, int fallback)
{
    const struct given_option *given = find_given(invocation, name);
    return given != NULL ? glossary_find(given->option->choices, given->value) : fallback;
}

const char *invocation_operand(const struct invocation *invocation, unsigned index)
{
    return index < invocation->operands->len ? invocation->operands->pdata[index] : NULL;
}

static bool override(struct settings *settings, const struct invocation *invocation, const char *option, const char *key)
{
    g_autoptr(GError) error = NULL;
    const char *value = invocation_option(invocation, option);
    if (value == NULL || settings_override(settings, key, value, &error))
        return true;
    report_error(error);
    return false;
}

struct settings *invocation_settings(struct invocation *invocation)
{
    if (invocation->settings != NULL)
        return invocation->settings;
    g_autoptr(diag_list) diags = diag_list_new();
    g_autofree char *folder = g_get_current_dir();
    g_autoptr(settings) settings = settings_load(folder, invocation_option(invocation, "config"), diags);
    report_diags(invocation, diags);
    if (settings == NULL || !override(settings, invocation, "jobs-db-path", "paths.jobs_db_path") ||
        !override(settings, invocation, "cache-db-path", "paths.cache_db_path") ||
        !override(settings, invocation, "log-level", "logging.level"))
        return NULL;
    invocation->settings = g_steal_pointer(&settings);
    return invocation->settings;
}

/* ---- parsing ---- */

static const struct option *find_in(const struct option *options, const char *name, size_t length, char letter)
{
    for (const struct option *option = options; option != NULL && option->name != NULL; option++)
        if (name != NULL ? strlen(option->name) == length && strncmp(option->name, name, length) == 0 : option->letter == letter)
            return option;
    return NULL;
}

static const struct option *find_option(const struct command *command, const char *name, size_t length, char letter)
{
    const struct option *option = command != NULL ? find_in(command->options, name, length, letter) : NULL;
    return option != NULL ? option : find_in(global_options, name, length, letter);
}

static int unknown_option(const struct command *command, const char *word)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (const struct option *option = command != NULL ? command->options : NULL; option != NULL && option->name != NULL; option++)
        g_ptr_array_add(names, (gpointer)option->name);
    for (const struct option *option = global_options; option->name != NULL; option++)
        g_ptr_array_add(names, (gpointer)option->name);
    g_ptr_array_add(names, NULL);
    g_autofree char *bare = g_strndup(word + 2, strcspn(word + 2, "="));
    const char *nearest = word[1] == '-' ? text_nearest(bare, (const char *const *)names->pdata) : NULL;
    const char *command_name = command != NULL ? command->name : "";
    if (nearest != NULL)
        return report_failure(2, "unknown option '%s'\ndid you mean '--%s'?", word, nearest);
    return report_failure(2, "unknown option '%s'\nsee 'clx %s%s--help'", word, command_name, command_name[0] != '\0' ? " " : "");
}

static void add_option(struct invocation *invocation, const struct option *option, const char *value)
{
    struct given_option *given = g_new0(struct given_option, 1);
    given->option = option;
    given->value = value != NULL ? value : "";
    g_ptr_array_add(invocation->options, given);
}

/* "--name", "--name=value" or "--name value"; returns 0 or an exit status. */
static int parse_long(struct invocation *invocation, char **argv, int *index)
{
    const char *name = argv[*index] + 2, *equals = strchr(name, '=');
    size_t length = equals != NULL ? (size_t)(equals - name) : strlen(name);
    const struct option *option = find_option(invocation->command, name, length, 0);
    if (option == NULL)
        return unknown_option(invocation->command, argv[*index]);
    if (option->argument == NULL && equals != NULL)
        return report_failure(2, "option '--%s' takes no value", option->name);
    const char *value = equals != NULL ? equals + 1 : NULL;
    if (option->argument != NULL && value == NULL && (value = argv[*index + 1]) != NULL)
        ++*index;
    if (option->argument != NULL && value == NULL)
        return report_failure(2, "option '--%s' needs a value: %s", option->name, option->argument);
    add_option(invocation, option, value);
    return 0;
}

/* "-v", "-vq", "-Cdir" or "-C dir". */
static int parse_short(struct invocation *invocation, char **argv, int *index)
{
    for (const char *letter = argv[*index] + 1; *letter != '\0'; letter++) {
        const struct option *option = find_option(invocation->command, NULL, 0, *letter);
        if (option == NULL)
            return unknown_option(invocation->command, argv[*index]);
        if (option->argument == NULL) {
            add_option(invocation, option, NULL);
            continue;
        }
        const char *value = letter[1] != '\0' ? letter + 1 : argv[++*index];
        if (value == NULL)
            return report_failure(2, "option '-%c' needs a value: %s", *letter, option->argument);
        add_option(invocation, option, value);
        return 0;
    }
    return 0;
}

/* Options until the end (or, before the command is known, until the first operand). */
static int parse(struct invocation *invocation, char **argv, int *index)
{
    for (; argv[*index] != NULL; ++*index) {
        const char *word = argv[*index];
        if (strcmp(word, "--") == 0) {
            while (argv[++*index] != NULL)
                g_ptr_array_add(invocation->operands, argv[*index]);
            return 0;
        }
        if (word[0] != '-' || word[1] == '\0') {
            if (invocation->command == NULL)
                return 0;
            g_ptr_array_add(invocation->operands, argv[*index]);
            continue;
        }
        int status = word[1] == '-' ? parse_long(invocation, argv, index) : parse_short(invocation, argv, index);
        if (status != 0)
            return status;
    }
    return 0;
}

const struct command *command_find(char *const *argv, int *index)
{
    g_autofree char *two = argv[*index + 1] != NULL ? g_strconcat(argv[*index], " ", argv[*index + 1], NULL) : NULL;
    for (const struct command *const *command = commands; *command != NULL; command++) {
        if (two != NULL && strcmp((*command)->name, two) == 0) {
            *index += 2;
            return *command;
        }
        if (strcmp((*command)->name, argv[*index]) == 0) {
            *index += 1;
            return *command;
        }
    }
    return NULL;
}

int command_report_unknown(const char *word, const char *next)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    g_autoptr(GString) group = g_string_new(NULL);
    g_autofree char *prefix = g_strconcat(word, " ", NULL);
    for (const struct command *const *command = commands; *command != NULL; command++) {
        g_ptr_array_add(names, (gpointer)(*command)->name);
        if (g_str_has_prefix((*command)->name, prefix))
            g_string_append_printf(group, "%s%s", group->len > 0 ? ", " : "", (*command)->name + strlen(prefix));
    }
    g_ptr_array_add(names, NULL);
    if (group->len > 0 && next != NULL)
        return report_failure(2, "unknown command '%s %s'\n'clx %s' needs one of: %s", word, next, word, group->str);
    if (group->len > 0)
        return report_failure(2, "'clx %s' needs one of: %s", word, group->str);
    g_autofree char *both = next != NULL ? g_strconcat(word, " ", next, NULL) : NULL;
    const char *nearest = text_nearest(word, (const char *const *)names->pdata);
    if (nearest == NULL && both != NULL)
        nearest = text_nearest(both, (const char *const *)names->pdata);
    if (nearest != NULL)
        return report_failure(2, "unknown command '%s'\ndid you mean 'clx %s'?", word, nearest);
    return report_failure(2, "unknown command '%s'\nsee 'clx help'", word);
}

/* One value against the choices, or the empty ones of a list; 0 or an exit status. */
static int check_value(const char *what, const char *value, const char *const *choices)
{
    if (glossary_find(choices, value) >= 0)
        return 0;
    g_autofree char *all = g_strjoinv(", ", (char **)choices);
    const char *nearest = text_nearest(value, choices);
    if (nearest != NULL)
        return report_failure(2, "%s: unknown value '%s'\ndid you mean '%s'?\nuse one of: %s", what, value, nearest, all);
    return report_failure(2, "%s: unknown value '%s'\nuse one of: %s", what, value, all);
}

static int check_option(const struct given_option *given)
{
    const struct option *option = given->option;
    g_autofree char *what = g_strconcat("--", option->name, NULL);
    if (option->choices == NULL)
        return 0;
    if (!option->is_repeatable)
        return check_value(what, given->value, option->choices);
    g_auto(GStrv) values = g_strsplit(given->value, ",", -1);
    for (char **value = values; *value != NULL; value++)
        if (check_value(what, *value, option->choices) != 0)
            return 2;
    return values[0] != NULL ? 0 : check_value(what, "", option->choices);
}

static int check_choices(const struct invocation *invocation)
{
    const struct command *command = invocation->command;
    for (unsigned i = 0; i < invocation->options->len; i++)
        if (check_option(invocation->options->pdata[i]) != 0)
            return 2;
    const char *operand = invocation_operand(invocation, 0);
    return command->choices != NULL && operand != NULL ? check_value(command->operands, operand, command->choices) : 0;
}

static int run_command(struct invocation *invocation)
{
    const struct command *command = invocation->command;
    const char *folder = invocation_option(invocation, "directory");
    int n = (int)invocation->operands->len;
    if (invocation_option(invocation, "help") != NULL) {
        help_print(command);
        return 0;
    }
    if (n < command->min_operands)
        return report_failure(2, "missing argument: clx %s %s\nsee 'clx %s --help'", command->name, command->operands, command->name);
    if (command->max_operands >= 0 && n > command->max_operands)
        return report_failure(2, "unexpected argument '%s'\nsee 'clx %s --help'",
                              (const char *)invocation->operands->pdata[command->max_operands], command->name);
    if (check_choices(invocation) != 0)
        return 2;
    if (folder != NULL && chdir(folder) != 0)
        return report_failure(2, "cannot enter the folder '%s': %s", folder, g_strerror(errno));
    if (invocation_option(invocation, "no-color") != NULL)
        g_setenv("NO_COLOR", "1", TRUE);
    invocation->is_quiet = invocation_option(invocation, "quiet") != NULL;
    invocation->is_verbose = invocation_option(invocation, "verbose") != NULL;
    invocation->has_color = report_has_color();
    int status = command->run(invocation);
    if (fflush(stdout) != 0 && status == 0)
        return report_failure(1, "cannot write the output: %s", g_strerror(errno));
    return status;
}

static int dispatch(struct invocation *invocation, char **argv)
{
    int index = 1;
    if (argv[1] != NULL && strcmp(argv[1], "--version") == 0) {
        printf("clx %s\n", CLX_VERSION);
        return 0;
    }
    int status = parse(invocation, argv, &index);
    if (status != 0)
        return status;
    if (argv[index] == NULL && invocation_option(invocation, "help") == NULL)
        return report_failure(2, "no command\nsee 'clx help'");
    if (argv[index] == NULL) {
        help_print(NULL);
        return 0;
    }
    invocation->command = command_find(argv, &index);
    if (invocation->command == NULL)
        return command_report_unknown(argv[index], argv[index + 1]);
    status = parse(invocation, argv, &index);
    return status != 0 ? status : run_command(invocation);
}

int command_main(int argc, char **argv)
{
    struct invocation invocation = {.options = g_ptr_array_new_with_free_func(g_free), .operands = g_ptr_array_new()};
    int status = dispatch(&invocation, argv);
    settings_free(invocation.settings);
    g_ptr_array_unref(invocation.options);
    g_ptr_array_unref(invocation.operands);
    return status;
}
