/* What the commands with one notebook source as operand share: reading and expanding it without queue, workers or a build. */
#pragma once

#include "cli/command.h"
#include "notebook/notebook.h"

/* The options of such a command, for its table: --language, --prog-lang, --template-dir, --spec, --define. */
#define SOURCE_COMMAND_OPTIONS                                                                                                             \
    {"define", 'D', "NAME=VALUE", "a variable for templates", true}, {"language", 'L', "CODE", "the language code (default: en)"},         \
        {"prog-lang", 0, "NAME", "the programming language (default: by suffix)", false, prog_lang_names},                                 \
        {"spec", 0, "FILE", "a course whose name, author, organization and templates count"},                                              \
    {                                                                                                                                      \
        "template-dir", 0, "DIR", "templates that shadow the built-in ones"                                                                \
    }

struct source_text {
    const char *path, *language; /* borrowed */
    enum format format;
    enum prog_lang prog_lang;
    GBytes *source, *text;                     /* as it stands in the file; expanded (NULL before) */
    GArray *lines;                             /* source line of each line of `text` */
    char *template_dir;                        /* or NULL */
    char *author, *organization, *course_name; /* never NULL */
};

/* Reads and expands the source of the first operand for a format; prints mistakes and returns the exit status, 0 when `source` can be used.
 * The caller clears it in every case. */
int source_command_expand(struct invocation *invocation, enum format format, struct source_text *source);
void source_text_clear(struct source_text *source);

/* The cells of the expanded source that a kind shows (kind -1: all cells); prints warnings and mistakes. NULL after an error: return 2. */
struct notebook *source_command_read(const struct invocation *invocation, const struct source_text *source, int kind);

/* The title for the source's language: the header macro's, else the file's stem. The caller frees it. */
char *source_text_title(const struct source_text *source);
