#include "cli/spec_command.h"

struct course *spec_command_load_quietly(struct invocation *invocation, struct diag_list *diags)
{
    g_auto(GStrv) targets = invocation_list(invocation, "targets"), languages = invocation_list(invocation, "language");
    const struct course_options options = {
        .data_dir = invocation_option(invocation, "data-dir"),
        .output_dir = invocation_option(invocation, "output-dir"),
        .targets = (const char *const *)targets,
        .languages = (const char *const *)languages,
        .is_speaker_only = invocation_option(invocation, "speaker-only") != NULL,
    };
    return course_load(invocation_operand(invocation, 0), &options, diags);
}

struct course *spec_command_load(struct invocation *invocation)
{
    g_autoptr(diag_list) diags = diag_list_new();
    struct course *course = spec_command_load_quietly(invocation, diags);
    report_diags(invocation, diags);
    return course;
}
