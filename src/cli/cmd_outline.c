#include <stdio.h>
#include <string.h>

#include "cli/spec_command.h"
#include "course/layout.h"
#include "os/file.h"

/* Text that stands for itself in Markdown. */
static void append_plain(GString *out, const char *text)
{
    for (const char *p = text; *p != '\0'; p++) {
        if (strchr("\\`*_[]<>#", *p) != NULL)
            g_string_append_c(out, '\\');
        g_string_append_c(out, *p == '\n' || *p == '\r' ? ' ' : *p);
    }
}

static void append_line(GString *out, const char *prefix, const char *text, const char *end)
{
    g_string_append(out, prefix);
    append_plain(out, text);
    g_string_append(out, end);
}

static unsigned language_index(const struct course *course, const char *language)
{
    for (unsigned i = 0; course->languages[i] != NULL; i++)
        if (strcmp(course->languages[i], language) == 0)
            return i;
    return 0;
}

/* A line for each notebook; a topic without one stands for itself. */
static void append_topic(GString *out, const struct topic *topic, unsigned language)
{
    bool has_notebook = false;
    for (unsigned i = 0; i < topic->files->len; i++) {
        const struct topic_file *file = topic->files->pdata[i];
        if (file->file_class != FILE_NOTEBOOK)
            continue;
        append_line(out, "- ", file->titles[language], "\n");
        has_notebook = true;
    }
    if (!has_notebook)
        append_line(out, "- ", topic->id, "\n");
}

/* The outline in one language; the caller frees it. */
static char *make_outline(const struct course *course, const char *language)
{
    GString *out = g_string_new(NULL);
    unsigned index = language_index(course, language);
    append_line(out, "# ", text_map_get(course->name, language), "\n");
    const char *description = text_map_get(course->description, language);
    if (description != NULL && description[0] != '\0')
        append_line(out, "\n", description, "\n");
    for (unsigned i = 0; i < course->sections->len; i++) {
        const struct section *section = course->sections->pdata[i];
        append_line(out, "\n## ", text_map_get(section->name, language), "\n\n");
        for (unsigned k = 0; k < section->topics->len; k++)
            append_topic(out, section->topics->pdata[k], index);
    }
    return g_string_free(out, FALSE);
}

/* One file per language in the folder. */
static bool write_folder(const struct course *course, char *const *languages, const char *folder, GError **error)
{
    for (; *languages != NULL; languages++) {
        g_autofree char *name = layout_sanitize(text_map_get(course->name, *languages));
        g_autofree char *file = g_strdup_printf("%s-%s.md", name, *languages);
        g_autofree char *path = g_build_filename(folder, file, NULL);
        g_autofree char *text = make_outline(course, *languages);
        if (!file_write_atomic(path, text, strlen(text), error))
            return false;
    }
    return true;
}

static int run_outline(struct invocation *invocation)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(diag_list) diags = diag_list_new();
    const char *output = invocation_option(invocation, "output"), *folder = invocation_option(invocation, "output-dir");
    const char *wanted = invocation_option(invocation, "language");
    if (output != NULL && folder != NULL)
        return report_failure(2, "--output and --output-dir exclude each other");
    const struct course_options options = {.data_dir = invocation_option(invocation, "data-dir")};
    g_autoptr(course) course = course_load(invocation_operand(invocation, 0), &options, diags);
    report_diags(invocation, diags);
    if (course == NULL)
        return 2;
    const char *const *known = (const char *const *)course->languages;
    if (wanted != NULL && !g_strv_contains(known, wanted))
        return report_failure(2, "the course has no language '%s'", wanted);
    char *one[] = {(char *)(wanted != NULL ? wanted : g_strv_contains(known, "en") ? "en" : known[0]), NULL};
    if (folder != NULL)
        return write_folder(course, wanted != NULL ? one : course->languages, folder, &error) ? 0 : report_error(error);
    g_autofree char *text = make_outline(course, one[0]);
    if (output != NULL)
        return file_write_atomic(output, text, strlen(text), &error) ? 0 : report_error(error);
    fputs(text, stdout);
    return 0;
}

static const struct option command_options[] = {
    {"data-dir", 0, "DIR", "the course root"},
    {"language", 'L', "LANG", "the language (default: en, else the first)"},
    {"output", 'o', "FILE", "write to a file"},
    {"output-dir", 'd', "DIR", "write a file for each language into a folder"},
    {NULL},
};

extern const struct command cmd_outline;
const struct command cmd_outline = {
    .name = "outline",
    .operands = "SPEC",
    .purpose = "Print a course's sections and topics as a Markdown outline.",
    .example = "clx outline course.yaml -L de -o outline.md",
    .options = command_options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run_outline,
};
