#include "cli/spec_command.h"

bool invocation_shares_images(struct invocation *invocation)
{
    const struct settings *settings = invocation_settings(invocation);
    const char *mode = settings != NULL ? settings_get_text(settings, "build.image_mode") : NULL;
    return invocation_choice(invocation, "image-mode", glossary_find(image_mode_names, mode != NULL ? mode : "duplicated")) ==
           IMAGES_SHARED;
}

enum image_format invocation_image_format(struct invocation *invocation)
{
    const struct settings *settings = invocation_settings(invocation);
    const char *format = settings != NULL ? settings_get_text(settings, "build.image_format") : NULL;
    return (enum image_format)invocation_choice(invocation, "image-format",
                                                glossary_find(image_format_names, format != NULL ? format : "png"));
}

struct course *spec_command_load_quietly(struct invocation *invocation, struct diag_list *diags)
{
    g_auto(GStrv) targets = invocation_list(invocation, "targets"), languages = invocation_list(invocation, "language");
    const struct course_options options = {
        .data_dir = invocation_option(invocation, "data-dir"),
        .output_dir = invocation_option(invocation, "output-dir"),
        .targets = (const char *const *)targets,
        .languages = (const char *const *)languages,
        .is_speaker_only = invocation_option(invocation, "speaker-only") != NULL,
        .shares_images = invocation_shares_images(invocation),
        .image_format = invocation_image_format(invocation),
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
