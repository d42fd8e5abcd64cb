#include "cli/source_command.h"

#include <string.h>

#include "base/error.h"
#include "course/model.h"
#include "notebook/jinja/jinja.h"
#include "os/data.h"
#include "os/file.h"

#define SOURCE_LIMIT (16u * 1024 * 1024)

void source_text_clear(struct source_text *source)
{
    g_clear_pointer(&source->source, g_bytes_unref);
    g_clear_pointer(&source->text, g_bytes_unref);
    g_clear_pointer(&source->lines, g_array_unref);
    g_clear_pointer(&source->template_dir, g_free);
    g_clear_pointer(&source->author, g_free);
    g_clear_pointer(&source->organization, g_free);
    g_clear_pointer(&source->course_name, g_free);
}

/* What the course of --spec says; false after its mistakes have been printed. */
static bool take_course(const struct invocation *invocation, struct source_text *source)
{
    const char *spec = invocation_option(invocation, "spec");
    g_autoptr(diag_list) diags = diag_list_new();
    g_autoptr(course) course = NULL;
    if (spec == NULL)
        return true;
    course = course_load(spec, &(struct course_options){0}, diags);
    if (course == NULL) {
        report_diags(invocation, diags);
        return false;
    }
    g_free(source->author);
    g_free(source->organization);
    g_free(source->course_name);
    source->author = g_strdup(course->author != NULL ? course->author : "");
    source->organization = g_strdup(course->organization != NULL ? course->organization : "");
    source->course_name = g_strdup(text_map_get(course->name, source->language));
    source->template_dir = g_strdup(course->template_dir);
    if (prog_lang_of_suffix(source->path) < 0)
        source->prog_lang = course->prog_lang;
    return true;
}

/* The search path: the own template folder with the language's folder first, the folder of the file, the built-in templates. */
static char **make_folders(const struct source_text *source)
{
    const char *language = prog_langs[source->prog_lang].name, *own = source->template_dir;
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_autofree char *folder = g_path_get_dirname(source->path);
    g_autofree char *special = own != NULL ? g_build_filename(own, language, NULL) : NULL;
    g_autofree char *relative = g_build_filename("templates", language, NULL);
    g_autofree char *built_in = data_path(relative);
    if (own != NULL)
        g_strv_builder_add_many(builder, special, own, NULL);
    g_strv_builder_add_many(builder, folder, built_in, NULL);
    return g_strv_builder_end(builder);
}

/* The variables of templates; NULL with `error` for a --define that is not NAME=VALUE. */
static json_t *make_globals(const struct invocation *invocation, const struct source_text *source, GError **error)
{
    g_autoptr(json_t) globals =
        json_pack("{s:b, s:b, s:s, s:s, s:s, s:s, s:s}", "is_notebook", source->format == FORMAT_NOTEBOOK, "is_html",
                  source->format == FORMAT_HTML, "lang", source->language, "prog_lang", prog_langs[source->prog_lang].name, "author",
                  source->author, "organization", source->organization, "course_name", source->course_name);
    g_auto(GStrv) defines = invocation_list(invocation, "define");
    for (char **define = defines; define != NULL && *define != NULL; define++) {
        char *equal = strchr(*define, '=');
        if (equal == NULL || equal == *define) {
            g_set_error(error, CLX_ERROR, CLX_ERROR_USAGE, "--define: '%s' is not NAME=VALUE", *define);
            return NULL;
        }
        *equal = '\0';
        json_object_set_new(globals, *define, json_string(equal + 1));
    }
    return g_steal_pointer(&globals);
}

static bool expand(const struct invocation *invocation, struct source_text *source, GError **error)
{
    source->source = file_read(source->path, SOURCE_LIMIT, error);
    if (source->source == NULL)
        return false;
    gsize length;
    const char *text = g_bytes_get_data(source->source, &length);
    g_auto(GStrv) folders = make_folders(source);
    g_autoptr(json_t) globals = make_globals(invocation, source, error);
    struct jinja_options options = {
        .line_comment = g_str_has_suffix(source->path, ".md") ? "#" : prog_langs[source->prog_lang].comment,
        .folders = (const char *const *)folders,
        .globals = globals,
    };
    if (globals == NULL)
        return false;
    if (g_str_has_suffix(source->path, ".ipynb"))
        source->text = g_bytes_ref(source->source);
    else
        source->text = jinja_render_bytes(text, length, source->path, &options, NULL, source->lines, error);
    return source->text != NULL;
}

int source_command_expand(struct invocation *invocation, enum format format, struct source_text *source)
{
    const char *path = invocation_operand(invocation, 0), *language = invocation_option(invocation, "language");
    int of_suffix = prog_lang_of_suffix(path);
    *source = (struct source_text){
        .path = path,
        .language = language != NULL ? language : "en",
        .format = format,
        .prog_lang = of_suffix >= 0 ? (enum prog_lang)of_suffix : PROG_LANG_PYTHON,
        .lines = g_array_new(FALSE, FALSE, sizeof(guint)),
        .author = g_strdup(""),
        .organization = g_strdup(""),
        .course_name = g_strdup(""),
    };
    if (!take_course(invocation, source))
        return 2;
    source->prog_lang = (enum prog_lang)invocation_choice(invocation, "prog-lang", (int)source->prog_lang);
    const char *templates = invocation_option(invocation, "template-dir");
    if (templates != NULL && !g_file_test(templates, G_FILE_TEST_IS_DIR))
        return report_failure(2, "--template-dir: there is no folder '%s'", templates);
    if (templates != NULL) {
        g_free(source->template_dir);
        source->template_dir = g_strdup(templates);
    }
    g_autoptr(GError) error = NULL;
    if (expand(invocation, source, &error))
        return 0;
    report_error(error);
    return 2;
}

static struct notebook *read_cells(const struct source_text *source, struct diag_list *diags)
{
    gsize length;
    const char *data = g_bytes_get_data(source->text, &length);
    if (length > 0 && memchr(data, '\0', length) != NULL) {
        diag_add(diags, DIAG_ERROR, source->path, 1, 1, NULL, "the text holds a NUL character");
        return NULL;
    }
    g_autofree char *text = length > 0 ? g_strndup(data, length) : g_strdup("");
    return notebook_read(text, source->path, source->prog_lang, source->lines, diags);
}

struct notebook *source_command_read(const struct invocation *invocation, const struct source_text *source, int kind)
{
    g_autoptr(diag_list) diags = diag_list_new();
    g_autoptr(notebook) notebook = read_cells(source, diags);
    report_diags(invocation, diags);
    if (notebook == NULL || diag_has_errors(diags))
        return NULL;
    return kind < 0 ? g_steal_pointer(&notebook) : notebook_derive(notebook, source->language, (enum kind)kind, source->format);
}

char *source_text_title(const struct source_text *source)
{
    gsize length;
    const char *data = g_bytes_get_data(source->source, &length);
    g_autofree char *text = length > 0 ? g_strndup(data, length) : g_strdup(""), *stem = g_path_get_basename(source->path);
    const char *comment = g_str_has_suffix(source->path, ".md") ? "#" : prog_langs[source->prog_lang].comment;
    char *title = notebook_find_title(text, comment, source->language), *dot = strrchr(stem, '.');
    if (dot != NULL)
        *dot = '\0';
    return title != NULL ? title : g_steal_pointer(&stem);
}
