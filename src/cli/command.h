/* The commands of clx: one table, from which parsing, help, completion and the man page are made.
 * A command is src/cli/cmd_<name>.c with `const struct command cmd_<name>` and one line in table.c. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "base/glossary.h"
#include "base/json.h"
#include "config/settings.h"

struct option {
    const char *name;     /* long name, without dashes */
    char letter;          /* short name, or 0 */
    const char *argument; /* name of its argument in the help, or NULL for a flag; FILE and DIR are completed as such */
    const char *help;     /* one line, without the choices */
    bool is_repeatable;
    const char *const *choices; /* NULL-terminated: the only values; checked before the command runs, shown in help and completion */
};

struct invocation;

struct command {
    const char *name;     /* "build", "workers list" */
    const char *operands; /* "SPEC", "[FILE]" or "" */
    const char *purpose;  /* one line, the first of the help */
    const char *example;
    const struct option *options;              /* ends with an entry without a name; NULL: none */
    int min_operands, max_operands;            /* max -1: any number */
    int (*run)(struct invocation *invocation); /* returns the exit status */
    const char *const *choices;                /* of the first operand, as those of an option; NULL: any */
};

struct invocation {
    const struct command *command;
    GPtrArray *options;        /* struct given_option * */
    GPtrArray *operands;       /* char *, borrowed from argv */
    struct settings *settings; /* loaded by invocation_settings() */
    bool is_quiet, is_verbose, has_color;
};

/* The table, ends with NULL. */
extern const struct command *const commands[];

/* The options of every command, ends with an entry without a name. */
extern const struct option global_options[];

/* What --format of the listing commands offers. */
enum list_format { LIST_TABLE, LIST_JSON };
extern const char *const list_format_names[];

/* Parses and runs a command line; returns the exit status. */
int command_main(int argc, char **argv);

/* The last value of an option, "" for a flag, NULL when it was not given. Global options are found too. Borrowed. */
const char *invocation_option(const struct invocation *invocation, const char *name);

/* All values of a repeatable option, also comma-separated ones, as a NULL-terminated array; NULL when it was not given. Caller frees. */
char **invocation_list(const struct invocation *invocation, const char *name);

/* The index of an option's value in its table of choices; `fallback` when it was not given. */
int invocation_choice(const struct invocation *invocation, const char *name, int fallback);

/* The command that the next one or two words name, with `index` moved behind them; NULL when there is none. */
const struct command *command_find(char *const *words, int *index);

/* Says that there is no such command, with what may have been meant; returns 2. */
int command_report_unknown(const char *word, const char *next);

/* The operand at `index`, or NULL. Borrowed. */
const char *invocation_operand(const struct invocation *invocation, unsigned index);

/* The settings with all layers and the global options, loaded once; NULL after the mistakes have been printed (return 2 then). */
struct settings *invocation_settings(struct invocation *invocation);

/* What --image-format or, without it, the setting says that diagrams become. */
enum image_format invocation_image_format(struct invocation *invocation);

/* True if --image-mode or, without it, the setting says that images are shared. */
bool invocation_shares_images(struct invocation *invocation);

/* Prints "clx: error: MESSAGE" on standard error, further lines indented (a place at its start comes first, as in diag_format()); returns
 * the exit status that fits the error. */
int report_error(const GError *error);
int report_failure(int status, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Prints diagnostics on standard error: warnings unless --quiet, notes with --verbose only. */
void report_diags(const struct invocation *invocation, const struct diag_list *diags);

/* Says on standard output what was done, unless --quiet. */
void report_done(const struct invocation *invocation, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Asks on the terminal; true for an answer that begins with y. */
bool report_confirm(const char *question);

/* Prints a JSON document, indented, on standard output. */
void print_json(const json_t *value);

/* True if standard error is a terminal that may have colours: not with NO_COLOR (--no-color sets it) or CI. */
bool report_has_color(void);

/* Help of a command (NULL: of the program), at most 80 columns wide, to standard output. */
void help_print(const struct command *command);

/* "a, b or c" of a NULL-terminated table; the caller frees it. */
char *help_join(const char *const *names, const char *last);
