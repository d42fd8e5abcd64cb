/* One file into another form, without a course's queue and workers. The forms stand in one table: `suffixes` is what names them when only
 * --output says what is wanted. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "cli/command.h"
#include "cli/convert_diagram.h"
#include "cli/source_command.h"
#include "notebook/html.h"
#include "os/file.h"

static const char *const form_names[] = {"ipynb", "code", "html", "png", "svg", "pdf", NULL};

static char *to_ipynb(const struct source_text *source, const struct notebook *notebook, enum kind kind)
{
    return notebook_to_ipynb(notebook);
}

static char *to_code(const struct source_text *source, const struct notebook *notebook, enum kind kind)
{
    return notebook_to_code(notebook);
}

static char *to_html(const struct source_text *source, const struct notebook *notebook, enum kind kind)
{
    g_autofree char *title = source_text_title(source);
    struct html_options options = {
        .title = title,
        .language = source->language,
        .kind = kind,
        .author = source->author,
        .organization = source->organization,
        .course_name = source->course_name,
    };
    return html_render(notebook, &options);
}

/* Of notebooks, in the order of form_names; the other forms are those of diagrams. */
static const struct form {
    enum format format;
    char *(*make)(const struct source_text *source, const struct notebook *notebook, enum kind kind);
    const char *suffixes; /* of output files, each followed by a blank */
} forms[] = {
    {FORMAT_NOTEBOOK, to_ipynb, ".ipynb "},
    {FORMAT_CODE, to_code, ".py .cpp .c .cs .java .ts .rs "},
    {FORMAT_HTML, to_html, ".html .htm "},
};

/* What --to says, else the suffix of --output; -1: neither. */
static int find_form(const struct invocation *invocation)
{
    int form = invocation_choice(invocation, "to", -1);
    const char *output = invocation_option(invocation, "output"), *suffix = output != NULL ? strrchr(output, '.') : NULL;
    g_autofree char *word = suffix != NULL ? g_strconcat(suffix, " ", NULL) : NULL;
    for (int i = 0; form < 0 && word != NULL && i < (int)G_N_ELEMENTS(forms); i++)
        if (strstr(forms[i].suffixes, word) != NULL)
            return i;
    return form;
}

/* Writes to --output, or to standard output when it was not given or is "-". */
static int write_result(const struct invocation *invocation, const char *text)
{
    const char *output = invocation_option(invocation, "output");
    g_autoptr(GError) error = NULL;
    if (output == NULL || strcmp(output, "-") == 0)
        return fputs(text, stdout) >= 0 ? 0 : 1;
    if (!file_write_atomic(output, text, strlen(text), &error))
        return report_error(error);
    report_done(invocation, "wrote %s\n", output);
    return 0;
}

static int convert(struct invocation *invocation, const struct form *form)
{
    struct source_text source;
    enum kind kind = (enum kind)invocation_choice(invocation, "kind", KIND_COMPLETED);
    int status = source_command_expand(invocation, form->format, &source);
    g_autoptr(notebook) notebook = status == 0 ? source_command_read(invocation, &source, (int)kind) : NULL;
    g_autofree char *text = notebook != NULL ? form->make(&source, notebook, kind) : NULL;
    source_text_clear(&source);
    return text != NULL ? write_result(invocation, text) : 2;
}

static int run_convert(struct invocation *invocation)
{
    if (convert_is_diagram(invocation_operand(invocation, 0)))
        return convert_diagram(invocation);
    int form = find_form(invocation);
    if (form < 0)
        return report_failure(2, "what shall it become?\ngive --to, or an --output with a known suffix");
    if (form >= (int)G_N_ELEMENTS(forms))
        return report_failure(2, "a notebook becomes ipynb, code or html");
    return convert(invocation, &forms[form]);
}

static const struct option options[] = {
    CONVERT_DIAGRAM_OPTIONS,
    {"kind", 0, "KIND", "who it is for (default: completed)", false, kind_names},
    {"output", 'o', "FILE", "where to write (default: standard output)"},
    {"to", 0, "FORM", "what it becomes (default: by the suffix of --output)", false, form_names},
    SOURCE_COMMAND_OPTIONS,
    {NULL},
};

extern const struct command cmd_convert;
const struct command cmd_convert = {
    .name = "convert",
    .operands = "FILE",
    .purpose = "Make one file from one notebook (no code is run) or one diagram.",
    .example = "clx convert slides_lists.py --language=de --kind=speaker -o lists.ipynb",
    .options = options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run_convert,
};
