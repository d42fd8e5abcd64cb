/* `clx help`, and the manual page made from the same tables. */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "clx-config.h"

/* ---- the manual page, in the man macros of roff ---- */

static void put_roff(const char *text)
{
    if (*text == '.' || *text == '\'')
        fputs("\\&", stdout);
    for (; *text != '\0'; text++) {
        if (*text == '\\')
            fputs("\\e", stdout);
        else if (*text == '-')
            fputs("\\-", stdout);
        else
            putchar(*text);
    }
}

static void put_paragraph(const char *head, const char *text, const char *more)
{
    fputs(".TP\n.B ", stdout);
    put_roff(head);
    putchar('\n');
    put_roff(text);
    if (more != NULL) {
        fputs(": ", stdout);
        put_roff(more);
    }
    putchar('\n');
}

static void put_options(const struct option *options)
{
    for (const struct option *option = options; option != NULL && option->name != NULL; option++) {
        g_autofree char *letter = option->letter != 0 ? g_strdup_printf("-%c, ", option->letter) : g_strdup("");
        g_autofree char *head = g_strdup_printf("%s--%s%s%s", letter, option->name, option->argument != NULL ? " " : "",
                                                option->argument != NULL ? option->argument : "");
        g_autofree char *choices = option->choices != NULL ? help_join(option->choices, " or ") : NULL;
        put_paragraph(head, option->help, choices);
    }
}

static void put_command(const struct command *command)
{
    g_autofree char *usage =
        g_strdup_printf("clx %s [OPTION]...%s%s", command->name, command->operands[0] != '\0' ? " " : "", command->operands);
    fputs(".SS ", stdout);
    put_roff(usage);
    putchar('\n');
    put_roff(command->purpose);
    putchar('\n');
    if (command->choices != NULL) {
        g_autofree char *choices = help_join(command->choices, " or ");
        put_paragraph(command->operands, "one of", choices);
    }
    put_options(command->options);
    if (command->example != NULL) {
        fputs(".PP\nExample:\n.RS\n.nf\n", stdout);
        put_roff(command->example);
        fputs("\n.fi\n.RE\n", stdout);
    }
}

static void put_settings(void)
{
    struct setting_view view;
    for (unsigned i = 0; settings_describe(NULL, i, &view); i++) {
        g_autofree char *standard = view.text != NULL ? g_strdup_printf("default: %s", view.text) : NULL;
        g_autofree char *help = g_strdup_printf("%s%s%s%s", view.help, standard != NULL ? " (" : "", standard != NULL ? standard : "",
                                                standard != NULL ? ")" : "");
        put_paragraph(view.key, help, NULL);
    }
}

static const struct {
    const char *head, *text;
} statuses[] = {
    {"0", "success"},
    {"1", "the command or the build failed; a job that failed is a failure"},
    {"2", "wrong usage, spec or configuration"},
    {"130", "interrupted"},
};

static const struct {
    const char *head, *text;
} files[] = {
    {"clx.toml, .clx/config.toml", "settings of a project; the nearest folder upwards with one of them, or with .clx/, is its root"},
    {"~/.config/clx/config.toml", "settings of a user"},
    {SETTINGS_SYSTEM_FILE, "settings of all users"},
    {"clx_jobs.db, clx_jobs.logs/", "jobs, workers and their events; the logs of the workers"},
    {"clx_cache.db, clx_cache.objects/", "results of earlier builds"},
};

static void print_manual(void)
{
    printf(".\\\" Made from the tables of the program by \"clx help --man\".\n.TH CLX 1 \"\" \"clx %s\" \"User Commands\"\n", CLX_VERSION);
    puts(".SH NAME\nclx \\- build courses: notebooks, pages, diagrams and code from one tree of sources");
    puts(".SH SYNOPSIS\n.B clx\n.I COMMAND\n[\\fIOPTION\\fR]... [\\fIARGUMENT\\fR]...");
    puts(".SH COMMANDS");
    for (const struct command *const *command = commands; *command != NULL; command++)
        put_command(*command);
    puts(".SH OPTIONS OF EVERY COMMAND");
    put_options(global_options);
    puts(".SH SETTINGS\nAn option takes precedence over the environment, which does over the project's file, the user's, the system's and "
         "the"
         " default. The variable of a setting is named after it:\n.B CLX_WORKER_MANAGEMENT__AUTO_START\nfor"
         " worker_management.auto_start.");
    put_settings();
    puts(".SH EXIT STATUS");
    for (unsigned i = 0; i < G_N_ELEMENTS(statuses); i++)
        put_paragraph(statuses[i].head, statuses[i].text, NULL);
    puts(".SH FILES");
    for (unsigned i = 0; i < G_N_ELEMENTS(files); i++)
        put_paragraph(files[i].head, files[i].text, NULL);
}

/* ---- the command ---- */

static int run_help(struct invocation *invocation)
{
    char *const words[] = {(char *)invocation_operand(invocation, 0), (char *)invocation_operand(invocation, 1), NULL};
    int index = 0;
    if (invocation_option(invocation, "man") != NULL) {
        print_manual();
        return 0;
    }
    const struct command *command = words[0] != NULL ? command_find(words, &index) : NULL;
    if (words[0] != NULL && (command == NULL || words[index] != NULL))
        return command_report_unknown(words[0], words[1]);
    help_print(command);
    return 0;
}

static const struct option options[] = {
    {"man", 0, NULL, "print the manual page instead, as roff"},
    {NULL},
};

extern const struct command cmd_help;
const struct command cmd_help = {
    .name = "help",
    .operands = "[COMMAND]",
    .purpose = "Show how a command is used.",
    .example = "clx help workers list",
    .options = options,
    .max_operands = 2,
    .run = run_help,
};
