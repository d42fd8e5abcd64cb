#include "cli/convert_diagram.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/error.h"
#include "base/glossary.h"
#include "cli/diagram_tools.h"
#include "course/classify.h"
#include "os/file.h"
#include "os/scratch.h"

#define MAX_SCALE 20
#define MAX_BORDER 10000
#define MAX_PAGE 100000

static bool is_drawio(const char *path)
{
    return g_str_has_suffix(path, ".drawio") || g_str_has_suffix(path, ".drawio.svg") || g_str_has_suffix(path, ".drawio.png");
}

bool convert_is_diagram(const char *path)
{
    return is_drawio(path) || classify_file(path, false) == FILE_PLANTUML;
}

/* A number of an option within bounds; `fallback` when it was not given. False after telling what is wrong. */
static bool read_number(const struct invocation *invocation, const char *name, double min, double max, double fallback, double *ret_number)
{
    const char *text = invocation_option(invocation, name);
    char *end = NULL;
    *ret_number = text != NULL ? g_ascii_strtod(text, &end) : fallback;
    if (text == NULL || (end != text && *end == '\0' && *ret_number >= min && *ret_number <= max))
        return true;
    report_failure(2, "--%s: '%s' must be a number from %g to %g", name, text, min, max);
    return false;
}

/* What --to says, else the suffix of --output, else PNG; -1: something that no diagram can be. */
static int find_format(const struct invocation *invocation)
{
    const char *to = invocation_option(invocation, "to"), *output = invocation_option(invocation, "output");
    const char *suffix = output != NULL ? strrchr(output, '.') : NULL;
    if (to != NULL)
        return glossary_find(picture_format_names, to);
    return suffix != NULL ? glossary_find(picture_format_names, suffix + 1) : PICTURE_PNG;
}

/* PlantUML draws the picture that its source says; a page is one of its diagrams. */
static bool check_drawio_options(const struct invocation *invocation)
{
    static const char *const names[] = {"background", "border", "layer", "scale"};
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++)
        if (invocation_option(invocation, names[i]) != NULL) {
            report_failure(2, "--%s is for Draw.io files only", names[i]);
            return false;
        }
    return true;
}

static bool read_options(const struct invocation *invocation, struct picture_options *ret_options)
{
    double page, scale, border;
    int format = find_format(invocation);
    if (format < 0) {
        report_failure(2, "a diagram becomes png, svg or pdf");
        return false;
    }
    if (!read_number(invocation, "page", 1, MAX_PAGE, 1, &page) ||
        !read_number(invocation, "scale", 0.01, MAX_SCALE, PICTURE_SCALE, &scale) ||
        !read_number(invocation, "border", 0, MAX_BORDER, PICTURE_BORDER, &border))
        return false;
    *ret_options = (struct picture_options){
        .format = (enum picture_format)format,
        .background = (enum picture_background)invocation_choice(invocation, "background", PICTURE_WHITE),
        .page = (unsigned)page,
        .scale = scale,
        .border = border,
    };
    return true;
}

/* The folder whose files the diagram may include: the project's, when the source belongs to it. */
static char *find_root(const struct settings *settings, const char *path)
{
    g_autofree char *source = g_canonicalize_filename(path, NULL), *root = g_canonicalize_filename(settings_project_root(settings), NULL);
    bool is_inside = g_str_has_prefix(source, root) && source[strlen(root)] == '/';
    return is_inside ? g_steal_pointer(&root) : g_path_get_dirname(source);
}

static GBytes *draw_plantuml(const struct settings *settings, const char *path, const struct picture_options *options, GPtrArray *warnings,
                             GError **error)
{
    struct plantuml_settings plantuml_settings = {.jar = settings_get_text(settings, "external_tools.plantuml_jar"),
                                                  .java = settings_get_text(settings, "external_tools.java")};
    g_autofree char *root = find_root(settings, path);
    struct plantuml_request request = {.path = path, .name = path, .root = root, .format = options->format, .number = options->page};
    g_autoptr(plantuml) plantuml = plantuml_new(&plantuml_settings);
    g_autoptr(GPtrArray) pictures = plantuml_render(plantuml, &request, warnings, error);
    return pictures != NULL ? g_bytes_ref(pictures->pdata[0]) : NULL;
}

static GBytes *draw_drawio(const struct settings *settings, const char *path, const struct picture_options *options, GPtrArray *warnings,
                           GError **error)
{
    struct drawio_settings drawio_settings = drawio_options(settings);
    g_autoptr(drawio) drawio = drawio_new(&drawio_settings);
    return drawio_render(drawio, path, path, options, warnings, error);
}

/* The picture goes to --output, to standard output with "-" or when that is no terminal, else beside the source. */
static int write_picture(const struct invocation *invocation, GBytes *picture, const struct picture_options *options)
{
    const char *output = invocation_option(invocation, "output"), *path = invocation_operand(invocation, 0);
    g_autoptr(GError) error = NULL;
    gsize length;
    const void *data = g_bytes_get_data(picture, &length);
    if (output == NULL ? !isatty(STDOUT_FILENO) : strcmp(output, "-") == 0)
        return fwrite(data, 1, length, stdout) == length ? 0 : 1;
    g_autofree char *stem = g_strndup(path, strlen(path) - strlen(strrchr(path, '.')));
    g_autofree char *beside = g_strdup_printf("%s.%s", stem, picture_format_names[options->format]);
    if (!file_write_atomic(output != NULL ? output : beside, data, length, &error))
        return report_error(error);
    report_done(invocation, "wrote %s\n", output != NULL ? output : beside);
    return 0;
}

static void tell_warnings(const struct invocation *invocation, const char *path, const GPtrArray *warnings)
{
    g_autoptr(diag_list) diags = diag_list_new();
    for (unsigned i = 0; i < warnings->len; i++)
        diag_add(diags, DIAG_WARNING, path, 0, 0, NULL, "%s", (const char *)warnings->pdata[i]);
    report_diags(invocation, diags);
}

int convert_diagram(struct invocation *invocation)
{
    const char *path = invocation_operand(invocation, 0);
    const struct settings *settings = invocation_settings(invocation);
    struct picture_options options;
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    if (settings == NULL || !read_options(invocation, &options) || (!is_drawio(path) && !check_drawio_options(invocation)))
        return 2;
    g_autoptr(scratch) scratch = scratch_open(&error);
    if (scratch == NULL)
        return report_error(error);
    g_auto(GStrv) layers = invocation_list(invocation, "layer");
    options.layers = (const char *const *)layers;
    g_autoptr(GBytes) picture = is_drawio(path) ? draw_drawio(settings, path, &options, warnings, &error)
                                                : draw_plantuml(settings, path, &options, warnings, &error);
    tell_warnings(invocation, path, warnings);
    return picture != NULL ? write_picture(invocation, picture, &options) : report_error(error);
}
