#include "diagram/drawio_desktop.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "diagram/tool_run.h"
#include "os/file.h"

#define DEADLINE_MS 120000
#define PICTURE_LIMIT (256u * 1024 * 1024)
#define MAX_ARGUMENTS 24

char *drawio_desktop_find(const char *given)
{
    const char *named = given != NULL && *given != '\0' ? given : g_getenv("DRAWIO_EXECUTABLE");
    return g_find_program_in_path(named != NULL && *named != '\0' ? named : "drawio");
}

char *drawio_desktop_fingerprint(const char *executable)
{
    g_autofree char *path = drawio_desktop_find(executable);
    struct stat info;
    if (path == NULL || stat(path, &info) != 0)
        return g_strdup("none");
    return g_strdup_printf("%s %lld %lld", path, (long long)info.st_size, (long long)info.st_mtime);
}

struct arguments {
    const char *argv[MAX_ARGUMENTS];
    unsigned n;
    char *numbers[3], *layers; /* texts that argv points into */
};

static void arguments_clear(struct arguments *arguments)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(arguments->numbers); i++)
        g_free(arguments->numbers[i]);
    g_free(arguments->layers);
}

static void add(struct arguments *arguments, const char *option, const char *value)
{
    arguments->argv[arguments->n++] = option;
    if (value != NULL)
        arguments->argv[arguments->n++] = value;
}

/* Pages count from 0 in the program; so do layers, of which it knows numbers only. */
static void fill_arguments(struct arguments *arguments, const char *program, const struct picture_options *options, const char *out,
                           const char *source)
{
    g_autofree char *xvfb = g_getenv("DISPLAY") == NULL ? g_find_program_in_path("xvfb-run") : NULL;
    char scale[G_ASCII_DTOSTR_BUF_SIZE], border[G_ASCII_DTOSTR_BUF_SIZE];
    g_ascii_formatd(scale, sizeof scale, "%g", options->scale > 0 ? options->scale : PICTURE_SCALE);
    g_ascii_formatd(border, sizeof border, "%.0f", options->border >= 0 ? options->border : PICTURE_BORDER);
    arguments->numbers[0] = g_strdup(scale);
    arguments->numbers[1] = g_strdup(border);
    arguments->numbers[2] = g_strdup_printf("%u", MAX(options->page, 1) - 1);
    if (xvfb != NULL)
        add(arguments, "xvfb-run", "-a");
    add(arguments, program, "-x");
    add(arguments, "-f", picture_format_names[options->format]);
    add(arguments, "-s", arguments->numbers[0]);
    add(arguments, "-b", arguments->numbers[1]);
    add(arguments, "-o", out);
    if (options->page > 1)
        add(arguments, "-p", arguments->numbers[2]);
    if (options->background == PICTURE_TRANSPARENT && options->format == PICTURE_PNG)
        add(arguments, "-t", NULL);
    if (options->layers != NULL && options->layers[0] != NULL) {
        GString *layers = g_string_new(NULL);
        for (const char *const *layer = options->layers; *layer != NULL; layer++)
            g_string_append_printf(layers, "%s%d", layers->len > 0 ? "," : "", atoi(*layer) - 1);
        arguments->layers = g_string_free(layers, FALSE);
        add(arguments, "-l", arguments->layers);
    }
    add(arguments, source, NULL);
}

static GBytes *export_page(const char *program, const char *folder, const char *source, const char *name,
                           const struct picture_options *options, GError **error)
{
    g_autofree char *file = g_strdup_printf("out.%s", picture_format_names[options->format]);
    g_autofree char *out = g_build_filename(folder, file, NULL);
    g_autofree char *log_path = g_build_filename(folder, "log", NULL);
    struct arguments arguments = {0};
    int status = 0;
    fill_arguments(&arguments, program, options, out, source);
    gboolean has_run = tool_run(arguments.argv, NULL, folder, log_path, DEADLINE_MS, &status, error);
    arguments_clear(&arguments);
    if (!has_run)
        return NULL;
    g_autoptr(GBytes) picture = status == 0 ? file_read(out, PICTURE_LIMIT, NULL) : NULL;
    if (picture != NULL && g_bytes_get_size(picture) > 0)
        return g_steal_pointer(&picture);
    g_autofree char *what = tool_run_describe(status, DEADLINE_MS, log_path);
    g_set_error(error, CLX_ERROR, CLX_ERROR_INFRASTRUCTURE, "%s: Draw.io %s", name, what);
    return NULL;
}

GBytes *drawio_desktop_draw(const char *executable, const char *source_path, const char *name, const struct picture_options *options,
                            GError **error)
{
    g_autofree char *program = drawio_desktop_find(executable);
    g_autofree char *source = g_canonicalize_filename(source_path, NULL);
    g_autofree char *folder = g_build_filename(g_get_tmp_dir(), "clx-drawio-XXXXXX", NULL);
    if (program == NULL) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_NOT_FOUND,
                    "the Draw.io desktop program is not there: install drawio-desktop (and xvfb), or set DRAWIO_EXECUTABLE");
        return NULL;
    }
    if (!g_file_test(source, G_FILE_TEST_IS_REGULAR)) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_NOT_FOUND, "%s: no such file", name);
        return NULL;
    }
    if (g_mkdtemp_full(folder, 0700) == NULL) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_INFRASTRUCTURE, "cannot make a folder in '%s'", g_get_tmp_dir());
        return NULL;
    }
    GBytes *picture = export_page(program, folder, source, name, options, error);
    file_remove_tree(folder, NULL);
    return picture;
}
