#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/source_command.h"

static int print_kind(const struct invocation *invocation, const struct source_text *source, int kind)
{
    g_autoptr(notebook) notebook = source_command_read(invocation, source, kind);
    g_autofree char *code = notebook != NULL ? notebook_to_code(notebook) : NULL;
    if (code != NULL)
        fputs(code, stdout);
    return code != NULL ? 0 : 2;
}

static int print_text(const struct source_text *source)
{
    gsize length;
    const char *data = g_bytes_get_data(source->text, &length);
    if (length > 0)
        fwrite(data, 1, length, stdout);
    return 0;
}

static int run_expand(struct invocation *invocation)
{
    struct source_text source;
    int kind = invocation_choice(invocation, "kind", -1);
    int status = source_command_expand(invocation, (enum format)invocation_choice(invocation, "format", FORMAT_NOTEBOOK), &source);
    if (status == 0)
        status = kind >= 0 ? print_kind(invocation, &source, kind) : print_text(&source);
    source_text_clear(&source);
    return status;
}

static const struct option options[] = {
    {"format", 0, "FORMAT", "the output (default: notebook)", false, format_names},
    {"kind", 0, "KIND", "only the cells of this kind, as a code file", false, kind_names},
    SOURCE_COMMAND_OPTIONS,
    {NULL},
};

extern const struct command cmd_expand;
const struct command cmd_expand = {
    .name = "expand",
    .operands = "FILE",
    .purpose = "Print a source after Jinja.",
    .example = "clx expand --language=de slides_lists.py",
    .options = options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run_expand,
};
