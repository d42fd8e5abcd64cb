#include <stdio.h>

#include "base/json.h"
#include "cli/spec_command.h"

static json_t *names_json(const char *const *names, const bool *flags)
{
    json_t *array = json_array();
    for (int i = 0; names[i] != NULL; i++)
        if (flags[i])
            json_array_append_new(array, json_string(names[i]));
    return array;
}

static json_t *target_json(const struct output_target *target)
{
    json_t *object = json_object(), *languages = json_array();
    for (char **language = target->languages; *language != NULL; language++)
        json_array_append_new(languages, json_string(*language));
    json_object_set_new(object, "name", json_string(target->name));
    json_object_set_new(object, "path", json_string(target->root));
    json_object_set_new(object, "is_default", json_boolean(target->is_default));
    json_object_set_new(object, "kinds", names_json(kind_names, target->kinds));
    json_object_set_new(object, "formats", names_json(format_names, target->formats));
    json_object_set_new(object, "languages", languages);
    return object;
}

static void print_targets(const struct course *course)
{
    g_autoptr(json_t) array = json_array();
    for (unsigned i = 0; i < course->targets->len; i++)
        json_array_append_new(array, target_json(course->targets->pdata[i]));
    print_json(array);
}

/* "a,b" of the names whose flags are set; the caller frees it. */
static char *join_names(const char *const *names, const bool *flags)
{
    GString *text = g_string_new(NULL);
    for (int i = 0; names[i] != NULL; i++)
        if (flags[i])
            g_string_append_printf(text, "%s%s", text->len > 0 ? "," : "", names[i]);
    return g_string_free(text, FALSE);
}

static void print_table(const struct course *course)
{
    printf("%-16s %-30s %-20s %-12s %s\n", "NAME", "KINDS", "FORMATS", "LANGUAGES", "PATH");
    for (unsigned i = 0; i < course->targets->len; i++) {
        const struct output_target *target = course->targets->pdata[i];
        g_autofree char *kinds = join_names(kind_names, target->kinds), *formats = join_names(format_names, target->formats);
        g_autofree char *languages = g_strjoinv(",", target->languages);
        printf("%-16s %-30s %-20s %-12s %s\n", target->name, kinds, formats, languages, target->root);
    }
}

static int run_targets(struct invocation *invocation)
{
    bool is_json = invocation_choice(invocation, "format", LIST_TABLE) == LIST_JSON;
    g_autoptr(course) course = spec_command_load(invocation);
    if (course == NULL)
        return 2;
    if (is_json)
        print_targets(course);
    else
        print_table(course);
    return 0;
}

static const struct option command_options[] = {
    {"data-dir", 'd', "DIR", "the course root"},
    {"image-format", 0, "FORMAT", "what diagrams become", false, image_format_names},
    {"image-mode", 0, "MODE", "images beside each notebook or once per course", false, image_mode_names},
    {"format", 0, "FORMAT", "how to print them", false, list_format_names},
    {NULL},
};

extern const struct command cmd_targets;
const struct command cmd_targets = {
    .name = "targets",
    .operands = "SPEC",
    .purpose = "List the output targets of a course.",
    .example = "clx targets course.yaml --format json",
    .options = command_options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run_targets,
};
