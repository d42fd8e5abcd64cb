#include <stdio.h>
#include <string.h>

#include "cli/command.h"

#define WIDTH 80
#define OPTION_COLUMN 29
#define COMMAND_COLUMN 21

char *help_join(const char *const *names, const char *last)
{
    GString *text = g_string_new(NULL);
    for (const char *const *name = names; *name != NULL; name++)
        g_string_append_printf(text, "%s%s", name == names ? "" : name[1] != NULL ? ", " : last, *name);
    return g_string_free(text, FALSE);
}

/* Two blanks and `left`, then `text` from `column` on, its words wrapped; a `left` that is too long has a line of its own. */
static void print_entry(const char *left, unsigned column, const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    unsigned at = (unsigned)printf("  %s", left);
    if (at + 1 > column) {
        putchar('\n');
        at = 0;
    }
    printf("%*s", (int)(column - at), "");
    at = column;
    for (char **word = words; *word != NULL; word++) {
        unsigned length = (unsigned)strlen(*word);
        if (word != words && at + 1 + length > WIDTH) {
            printf("\n%*s", (int)column, "");
            at = column;
        } else if (word != words) {
            at += (unsigned)printf(" ");
        }
        at += (unsigned)printf("%s", *word);
    }
    putchar('\n');
}

static void print_option(const struct option *option)
{
    g_autofree char *letter = option->letter != 0 ? g_strdup_printf("-%c, ", option->letter) : g_strdup("    ");
    g_autofree char *left = g_strconcat(letter, "--", option->name, option->argument != NULL ? " " : "",
                                        option->argument != NULL ? option->argument : "", NULL);
    g_autofree char *choices = option->choices != NULL ? help_join(option->choices, " or ") : NULL;
    g_autofree char *text = g_strconcat(option->help, choices != NULL ? ": " : "", choices, NULL);
    print_entry(left, OPTION_COLUMN, text);
}

static void print_options(const char *title, const struct option *options)
{
    if (options == NULL || options->name == NULL)
        return;
    printf("\n%s:\n", title);
    for (const struct option *option = options; option->name != NULL; option++)
        print_option(option);
}

static void print_program_help(void)
{
    puts("Build courses: notebooks, pages and code from one tree of sources.\n");
    puts("usage: clx COMMAND [OPTION]... [ARGUMENT]...\n");
    for (const struct command *const *command = commands; *command != NULL; command++)
        print_entry((*command)->name, COMMAND_COLUMN, (*command)->purpose);
    print_options("options of every command", global_options);
    puts("\nexample: clx build course.yaml\nclx COMMAND --help says more.");
}

void help_print(const struct command *command)
{
    if (command == NULL) {
        print_program_help();
        return;
    }
    printf("%s\n\nusage: clx %s [OPTION]...%s%s\n", command->purpose, command->name, command->operands[0] != '\0' ? " " : "",
           command->operands);
    if (command->choices != NULL) {
        g_autofree char *choices = help_join(command->choices, " or ");
        putchar('\n');
        print_entry(command->operands, OPTION_COLUMN, choices);
    }
    print_options("options", command->options);
    print_options("options of every command", global_options);
    if (command->example != NULL)
        printf("\nexample: %s\n", command->example);
}
