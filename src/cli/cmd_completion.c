/* Completion scripts for three shells, written from the tables of commands and options. All know three kinds of values: files, folders and
 * the choices of a table. */
#include <stdio.h>
#include <string.h>

#include "base/glossary.h"
#include "cli/command.h"

enum value_kind { VALUE_ANY, VALUE_FILE, VALUE_FOLDER, VALUE_CHOICE };

static enum value_kind kind_of(const char *argument, const char *const *choices)
{
    if (choices != NULL)
        return VALUE_CHOICE;
    if (strstr(argument, "FILE") != NULL || strcmp(argument, "SPEC") == 0)
        return VALUE_FILE;
    return strcmp(argument, "DIR") == 0 ? VALUE_FOLDER : VALUE_ANY;
}

static char *join_words(const char *const *words)
{
    return g_strjoinv(" ", (char **)words);
}

/* The names of all commands and of their first words ("workers"), in the order of the table. */
static GPtrArray *list_names(void)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (const struct command *const *command = commands; *command != NULL; command++) {
        const char *name = (*command)->name, *blank = strchr(name, ' ');
        if (blank != NULL && g_hash_table_add(seen, g_strndup(name, (gsize)(blank - name))))
            g_ptr_array_add(names, g_strndup(name, (gsize)(blank - name)));
        g_ptr_array_add(names, g_strdup(name));
    }
    return names;
}

/* What may follow a name: the next words of the longer ones, blank-separated; empty for a whole command. */
static char *list_next(const GPtrArray *names, const char *name)
{
    GString *text = g_string_new(NULL);
    g_autofree char *prefix = name[0] != '\0' ? g_strconcat(name, " ", NULL) : g_strdup("");
    for (unsigned i = 0; i < names->len; i++) {
        const char *other = names->pdata[i], *rest = other + strlen(prefix);
        if (g_str_has_prefix(other, prefix) && strchr(rest, ' ') == NULL)
            g_string_append_printf(text, "%s%s", text->len > 0 ? " " : "", rest);
    }
    return g_string_free(text, FALSE);
}

static const struct command *find_by_name(const char *name)
{
    for (const struct command *const *command = commands; *command != NULL; command++)
        if (strcmp((*command)->name, name) == 0)
            return *command;
    return NULL;
}

/* The choices between quotes; nothing without any. */
static void put_quoted(const char *const *choices)
{
    g_autofree char *words = choices != NULL ? join_words(choices) : NULL;
    if (words != NULL)
        printf("'%s'", words);
}

/* ---- bash ---- */

/* Cases "name:option" of the options that take a value; `name` as the shell writes it. */
static void put_bash_values(const char *name, const struct option *options)
{
    static const char *const actions[] = {"return", "kind=-f", "kind=-d", "words="};
    for (const struct option *option = options; option != NULL && option->name != NULL; option++) {
        if (option->argument == NULL)
            continue;
        enum value_kind kind = kind_of(option->argument, option->choices);
        printf("    %s:--%s", name, option->name);
        if (option->letter != 0)
            printf(" | %s:-%c", name, option->letter);
        printf(") %s", actions[kind]);
        put_quoted(option->choices);
        puts(" ;;");
    }
}

static void put_bash_options(const struct option *options)
{
    for (const struct option *option = options; option != NULL && option->name != NULL; option++)
        printf(" --%s", option->name);
}

/* With a dash the options, without one the operands. */
static void put_bash_words(const struct command *command, const char *next)
{
    enum value_kind kind = command != NULL ? kind_of(command->operands, command->choices) : VALUE_ANY;
    fputs("        if [[ $cur == -* ]]; then words='", stdout);
    put_bash_options(command != NULL ? command->options : NULL);
    put_bash_options(global_options);
    fputs(kind == VALUE_FILE ? "'; else kind=-f" : "'; else words=", stdout);
    if (kind == VALUE_CHOICE)
        put_quoted(command->choices);
    else if (kind != VALUE_FILE)
        printf("'%s'", next);
    puts("; fi ;;");
}

static void put_bash_command(const GPtrArray *names, const char *name)
{
    g_autofree char *next = list_next(names, name);
    printf("    '%s':*)\n", name);
    put_bash_words(find_by_name(name), next);
}

/* The global options whose next word is no command. */
static void put_bash_valued(void)
{
    const char *separator = "";
    for (const struct option *option = global_options; option->name != NULL; option++) {
        if (option->argument == NULL)
            continue;
        printf("%s--%s", separator, option->name);
        if (option->letter != 0)
            printf(" | -%c", option->letter);
        separator = " | ";
    }
}

static const char bash_head[] = "# Completion of clx for bash; made by \"clx completion bash\".\n"
                                "_clx()\n"
                                "{\n"
                                "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} name= words= kind=-W i\n"
                                "    if [[ $cur == = ]]; then cur=; elif [[ $prev == = ]]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi\n"
                                "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
                                "        case ${COMP_WORDS[i]} in\n"
                                "        ";
static const char bash_names[] = ") ((i++)); [[ ${COMP_WORDS[i]} != = ]] || ((i++)) ;;\n"
                                 "        *) case \"${name:+$name }${COMP_WORDS[i]}\" in\n"
                                 "            ";
static const char bash_cases[] = ") name=${name:+$name }${COMP_WORDS[i]} ;;\n"
                                 "            esac ;;\n"
                                 "        esac\n"
                                 "    done\n"
                                 "    case \"$name:$prev\" in\n";
static const char bash_tail[] = "    esac\n"
                                "    if [[ $kind == -W ]]; then\n"
                                "        mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
                                "    else\n"
                                "        mapfile -t COMPREPLY < <(compgen \"$kind\" -- \"$cur\")\n"
                                "        compopt -o filenames 2>/dev/null\n"
                                "    fi\n"
                                "}\n"
                                "complete -F _clx clx\n";

static void print_bash(const GPtrArray *names)
{
    fputs(bash_head, stdout);
    put_bash_valued();
    fputs(bash_names, stdout);
    for (unsigned i = 0; i < names->len; i++)
        printf("%s'%s'", i > 0 ? " | " : "", (const char *)names->pdata[i]);
    fputs(bash_cases, stdout);
    for (const struct command *const *command = commands; *command != NULL; command++) {
        g_autofree char *name = g_strdup_printf("'%s'", (*command)->name);
        put_bash_values(name, (*command)->options);
    }
    put_bash_values("*", global_options);
    for (unsigned i = 0; i < names->len; i++)
        put_bash_command(names, names->pdata[i]);
    put_bash_command(names, "");
    fputs(bash_tail, stdout);
}

/* ---- zsh ---- */

/* A text between single quotes, with what _arguments takes for its own escaped. */
static void put_zsh_text(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            fputs("'\\''", stdout);
        else if (strchr("[]:\\", *text) != NULL)
            printf("\\%c", *text);
        else
            putchar(*text);
    }
}

static void put_zsh_action(const char *argument, const char *const *choices)
{
    static const char *const actions[] = {"", "_files", "_files -/", ""};
    g_autofree char *words = choices != NULL ? join_words(choices) : NULL;
    printf(":%s:", argument);
    if (words != NULL)
        printf("(%s)", words);
    else
        fputs(actions[kind_of(argument, choices)], stdout);
}

static void put_zsh_option(const char *dashes, const char *name, const struct option *option)
{
    printf(" \\\n        '%s%s%s%s[", option->is_repeatable ? "*" : "", dashes, name,
           option->argument == NULL ? ""
           : dashes[1] == '-'       ? "="
                                    : "+");
    put_zsh_text(option->help);
    putchar(']');
    if (option->argument != NULL)
        put_zsh_action(option->argument, option->choices);
    putchar('\'');
}

static void put_zsh_options(const struct option *options)
{
    for (const struct option *option = options; option != NULL && option->name != NULL; option++) {
        const char letter[] = {option->letter, '\0'};
        put_zsh_option("--", option->name, option);
        if (option->letter != 0)
            put_zsh_option("-", letter, option);
    }
}

static void put_zsh_command(const GPtrArray *names, const char *name)
{
    const struct command *command = find_by_name(name);
    g_autofree char *next = list_next(names, name);
    printf("    '%s') _arguments -s", name);
    put_zsh_options(command != NULL ? command->options : NULL);
    put_zsh_options(global_options);
    if (command == NULL)
        printf(" \\\n        '1:command:(%s)'", next);
    else if (command->operands[0] != '\0') {
        fputs(" \\\n        '*", stdout);
        put_zsh_action("operand", command->choices);
        fputs(command->choices == NULL && kind_of(command->operands, NULL) == VALUE_FILE ? "_files'" : "'", stdout);
    }
    puts(" ;;");
}

static void print_zsh(const GPtrArray *names)
{
    puts("#compdef clx\n# Completion of clx for zsh; made by \"clx completion zsh\".\n_clx()\n{\n    local name=\n    integer i n=1\n"
         "    for ((i = 2; i < CURRENT; i++)); do\n        case ${name:+$name }$words[i] in");
    for (unsigned i = 0; i < names->len; i++)
        printf("%s'%s'", i > 0 ? " | " : "        ", (const char *)names->pdata[i]);
    puts(") name=${name:+$name }$words[i]; n=$i ;;\n        esac\n    done\n"
         "    words=(clx \"${(@)words[n+1,-1]}\")\n    ((CURRENT -= n - 1))\n    case $name in");
    for (unsigned i = 0; i < names->len; i++)
        put_zsh_command(names, names->pdata[i]);
    put_zsh_command(names, "");
    puts("    esac\n}\nif [[ $funcstack[1] == _clx ]]; then _clx \"$@\"; else compdef _clx clx; fi");
}

/* ---- fish ---- */

static void put_fish_text(const char *text)
{
    for (; *text != '\0'; text++)
        printf(strchr("'\\", *text) != NULL ? "\\%c" : "%c", *text);
}

static void put_fish_value(const char *argument, const char *const *choices)
{
    enum value_kind kind = kind_of(argument, choices);
    g_autofree char *words = choices != NULL ? join_words(choices) : NULL;
    if (kind == VALUE_FILE)
        fputs(" -r -F", stdout);
    else if (kind == VALUE_FOLDER)
        fputs(" -x -a '(__fish_complete_directories)'", stdout);
    else if (kind == VALUE_CHOICE)
        printf(" -x -a '%s'", words);
    else
        fputs(" -x", stdout);
}

static void put_fish_options(const char *name, const struct option *options)
{
    for (const struct option *option = options; option != NULL && option->name != NULL; option++) {
        fputs("complete -c clx", stdout);
        if (name != NULL)
            printf(" -n '__clx_at \"%s\"'", name);
        printf(" -l %s", option->name);
        if (option->letter != 0)
            printf(" -s %c", option->letter);
        if (option->argument != NULL)
            put_fish_value(option->argument, option->choices);
        fputs(" -d '", stdout);
        put_fish_text(option->help);
        puts("'");
    }
}

static void put_fish_command(const GPtrArray *names, const char *name)
{
    const struct command *command = find_by_name(name);
    g_autofree char *next = list_next(names, name);
    put_fish_options(name, command != NULL ? command->options : NULL);
    if (command == NULL)
        printf("complete -c clx -n '__clx_at \"%s\"' -a '%s'\n", name, next);
    else if (command->operands[0] != '\0' && kind_of(command->operands, command->choices) != VALUE_ANY) {
        printf("complete -c clx -n '__clx_at \"%s\"'", name);
        put_fish_value(command->operands, command->choices);
        putchar('\n');
    }
}

static void print_fish(const GPtrArray *names)
{
    fputs("# Completion of clx for fish; made by \"clx completion fish\".\nset -g __clx_names", stdout);
    for (unsigned i = 0; i < names->len; i++)
        printf(" '%s'", (const char *)names->pdata[i]);
    puts("\nfunction __clx_at\n    set -l name\n    for word in (commandline -opc)[2..-1]\n"
         "        set -l next (string trim -- \"$name $word\")\n        contains -- \"$next\" $__clx_names; and set name \"$next\"\n"
         "    end\n    test \"$name\" = \"$argv[1]\"\nend\ncomplete -c clx -f");
    put_fish_options(NULL, global_options);
    for (unsigned i = 0; i < names->len; i++)
        put_fish_command(names, names->pdata[i]);
    put_fish_command(names, "");
}

/* ---- the command ---- */

static const char *const shell_names[] = {"bash", "zsh", "fish", NULL};

static int run_completion(struct invocation *invocation)
{
    static void (*const printers[])(const GPtrArray *names) = {print_bash, print_zsh, print_fish};
    g_autoptr(GPtrArray) names = list_names();
    printers[glossary_find(shell_names, invocation_operand(invocation, 0))](names);
    return 0;
}

extern const struct command cmd_completion;
const struct command cmd_completion = {
    .name = "completion",
    .operands = "SHELL",
    .purpose = "Print the completion script of a shell.",
    .example = "source <(clx completion bash)",
    .min_operands = 1,
    .max_operands = 1,
    .run = run_completion,
    .choices = shell_names,
};
