#include <stdio.h>

#include "cli/spec_command.h"
#include "course/outputs.h"
#include "os/file.h"

static void check_text(const struct topic_file *file, const char *text, gsize length, struct diag_list *diags)
{
    const char *end = text;
    int line = 1;
    if (length == 0) {
        diag_add(diags, DIAG_WARNING, file->path, 0, 0, NULL, "the file is empty");
        return;
    }
    if (g_utf8_validate(text, (gssize)length, &end))
        return;
    for (const char *p = text; p < end; p++)
        line += *p == '\n';
    diag_add(diags, DIAG_ERROR, file->path, line, 0, "save the file as UTF-8", "the file is not UTF-8 text (byte 0x%02x)",
             (unsigned char)*end);
}

static void check_source(const struct topic_file *file, struct diag_list *diags)
{
    g_autoptr(GError) error = NULL;
    gsize length = 0;
    if (file->file_class == FILE_IMAGE || file->file_class == FILE_DATA)
        return;
    g_autoptr(GBytes) bytes = file_read(file->path, FILE_READ_LIMIT, &error);
    const char *text = bytes != NULL ? g_bytes_get_data(bytes, &length) : NULL;
    if (bytes == NULL)
        diag_add(diags, DIAG_ERROR, NULL, 0, 0, NULL, "%s", error->message);
    else
        check_text(file, text, length, diags);
}

/* Counts the topics on its way. */
static unsigned check_sources(const struct course *course, struct diag_list *diags)
{
    unsigned n_topics = 0;
    for (unsigned i = 0; i < course->sections->len; i++) {
        const struct section *section = course->sections->pdata[i];
        n_topics += section->topics->len;
        for (unsigned k = 0; k < section->topics->len; k++) {
            const struct topic *topic = section->topics->pdata[k];
            for (unsigned n = 0; n < topic->files->len; n++)
                check_source(topic->files->pdata[n], diags);
        }
    }
    return n_topics;
}

static int run_validate(struct invocation *invocation)
{
    g_autoptr(diag_list) diags = diag_list_new();
    g_autoptr(course) course = spec_command_load_quietly(invocation, diags);
    g_autoptr(GPtrArray) outputs = course != NULL ? course_outputs(course, diags) : NULL;
    unsigned n_topics = course != NULL ? check_sources(course, diags) : 0;
    report_diags(invocation, diags);
    if (diag_has_errors(diags)) {
        unsigned n = diag_count(diags, DIAG_ERROR);
        return report_failure(2, "%u mistake%s in '%s'", n, n == 1 ? "" : "s", invocation_operand(invocation, 0));
    }
    report_done(invocation, "%s: valid: %u sections, %u topics, %u outputs, %u warnings\n", invocation_operand(invocation, 0),
                course->sections->len, n_topics, outputs->len, diag_count(diags, DIAG_WARNING));
    return 0;
}

static const struct option command_options[] = {
    {"data-dir", 'd', "DIR", "the course root"},
    {"image-format", 0, "FORMAT", "what diagrams become", false, image_format_names},
    {"image-mode", 0, "MODE", "images beside each notebook or once per course", false, image_mode_names},
    {NULL},
};

extern const struct command cmd_validate;
const struct command cmd_validate = {
    .name = "validate",
    .operands = "SPEC",
    .purpose = "Report every mistake in a spec and its sources without building.",
    .example = "clx validate course.yaml",
    .options = command_options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run_validate,
};
