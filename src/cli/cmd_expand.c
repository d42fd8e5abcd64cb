#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "cli/command.h"
#include "notebook/jinja/jinja.h"
#include "notebook/notebook.h"
#include "os/data.h"
#include "os/file.h"

#define SOURCE_LIMIT (16u * 1024 * 1024)

struct expansion {
    const char *path, *language;
    int format, kind; /* kind -1: everything */
    enum prog_lang prog_lang;
    GBytes *text;
    GArray *lines;
};

/* The search path: --template-dir with the language's own folder first, the folder of the file, the built-in templates. */
static char **make_folders(const struct invocation *invocation, const struct expansion *expansion)
{
    const char *language = prog_langs[expansion->prog_lang].name, *own = invocation_option(invocation, "template-dir");
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_autofree char *folder = g_path_get_dirname(expansion->path);
    g_autofree char *special = own != NULL ? g_build_filename(own, language, NULL) : NULL;
    g_autofree char *relative = g_build_filename("templates", language, NULL);
    g_autofree char *built_in = data_path(relative);
    if (own != NULL)
        g_strv_builder_add_many(builder, special, own, NULL);
    g_strv_builder_add_many(builder, folder, built_in, NULL);
    return g_strv_builder_end(builder);
}

static json_t *make_globals(const struct expansion *expansion)
{
    return json_pack("{s:b, s:b, s:s, s:s, s:s, s:s, s:s}", "is_notebook", expansion->format == FORMAT_NOTEBOOK, "is_html",
                     expansion->format == FORMAT_HTML, "lang", expansion->language, "prog_lang", prog_langs[expansion->prog_lang].name,
                     "author", "", "organization", "", "course_name", "");
}

static bool expand(const struct invocation *invocation, struct expansion *expansion, GError **error)
{
    g_autoptr(GBytes) source = file_read(expansion->path, SOURCE_LIMIT, error);
    if (source == NULL)
        return false;
    gsize length;
    const char *text = g_bytes_get_data(source, &length);
    g_auto(GStrv) folders = make_folders(invocation, expansion);
    g_autoptr(json_t) globals = make_globals(expansion);
    struct jinja_options options = {
        .line_comment = g_str_has_suffix(expansion->path, ".md") ? "#" : prog_langs[expansion->prog_lang].comment,
        .folders = (const char *const *)folders,
        .globals = globals,
    };
    expansion->text = jinja_render_bytes(text, length, expansion->path, &options, NULL, expansion->lines, error);
    return expansion->text != NULL;
}

/* Keeps only what the kind shows; false after its mistakes have been printed. */
static bool keep_kind(const struct invocation *invocation, struct expansion *expansion)
{
    g_autoptr(diag_list) diags = diag_list_new();
    gsize length;
    const char *data = g_bytes_get_data(expansion->text, &length);
    g_autofree char *text = length > 0 ? g_strndup(data, length) : g_strdup("");
    g_autoptr(notebook) notebook = notebook_read(text, expansion->path, expansion->prog_lang, expansion->lines, diags);
    report_diags(invocation, diags);
    if (notebook == NULL)
        return false;
    g_autoptr(notebook) derived =
        notebook_derive(notebook, expansion->language, (enum kind)expansion->kind, (enum format)expansion->format);
    char *code = notebook_to_code(derived);
    g_bytes_unref(expansion->text);
    expansion->text = g_bytes_new_take(code, strlen(code));
    return true;
}

static int print_expansion(const struct invocation *invocation, struct expansion *expansion)
{
    g_autoptr(GError) error = NULL;
    if (!expand(invocation, expansion, &error)) {
        report_error(error);
        return 2;
    }
    if (expansion->kind >= 0 && !keep_kind(invocation, expansion))
        return 2;
    gsize length;
    const char *data = g_bytes_get_data(expansion->text, &length);
    if (length > 0)
        fwrite(data, 1, length, stdout);
    return 0;
}

static int run_expand(struct invocation *invocation)
{
    const char *path = invocation_operand(invocation, 0);
    int of_suffix = prog_lang_of_suffix(path);
    int prog_lang = invocation_choice(invocation, "prog-lang", of_suffix >= 0 ? of_suffix : PROG_LANG_PYTHON);
    const char *language = invocation_option(invocation, "language");
    struct expansion expansion = {.path = path, .language = language != NULL ? language : "en"};
    expansion.format = invocation_choice(invocation, "format", FORMAT_NOTEBOOK);
    expansion.kind = invocation_choice(invocation, "kind", -1);
    expansion.prog_lang = (enum prog_lang)prog_lang;
    expansion.lines = g_array_new(FALSE, FALSE, sizeof(guint));
    int status = print_expansion(invocation, &expansion);
    g_array_unref(expansion.lines);
    g_clear_pointer(&expansion.text, g_bytes_unref);
    return status;
}

static const struct option options[] = {
    {"language", 'L', "CODE", "the language code 'lang' (default: en)"},
    {"format", 0, "FORMAT", "the output (default: notebook)", false, format_names},
    {"kind", 0, "KIND", "only the cells of this kind, as a code file", false, kind_names},
    {"prog-lang", 0, "NAME", "the programming language (default: by suffix)", false, prog_lang_names},
    {"template-dir", 0, "DIR", "templates that shadow the built-in ones"},
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
