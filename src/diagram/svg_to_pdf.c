#include "diagram/svg_to_pdf.h"

#include "base/error.h"
#include "diagram/tool_run.h"
#include "os/file.h"

#define DEADLINE_MS 60000
#define PICTURE_LIMIT (256u * 1024 * 1024)

static GBytes *convert(const char *folder, GBytes *svg, const char *name, GError **error)
{
    static const char *const argv[] = {"rsvg-convert", "--format=pdf", "--output=out.pdf", "in.svg", NULL};
    static const char *const env[] = {"SOURCE_DATE_EPOCH=0", NULL};
    g_autofree char *in = g_build_filename(folder, "in.svg", NULL), *out = g_build_filename(folder, "out.pdf", NULL);
    g_autofree char *log = g_build_filename(folder, "log", NULL);
    gsize length;
    const void *data = g_bytes_get_data(svg, &length);
    int status = 0;
    if (!file_write_atomic(in, data, length, error) || !tool_run(argv, env, folder, log, DEADLINE_MS, &status, error))
        return NULL;
    GBytes *pdf = status == 0 ? file_read(out, PICTURE_LIMIT, NULL) : NULL;
    if (pdf != NULL)
        return pdf;
    g_autofree char *what = tool_run_describe(status, DEADLINE_MS, log);
    g_set_error(error, CLX_ERROR, CLX_ERROR_INFRASTRUCTURE, "%s: rsvg-convert %s", name, what);
    return NULL;
}

GBytes *svg_to_pdf(GBytes *svg, const char *name, GError **error)
{
    g_autofree char *folder = g_build_filename(g_get_tmp_dir(), "clx-pdf-XXXXXX", NULL);
    g_autofree char *program = g_find_program_in_path("rsvg-convert");
    if (program == NULL || g_mkdtemp_full(folder, 0700) == NULL) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_NOT_FOUND, "%s",
                    program == NULL ? "rsvg-convert, which makes the PDF, is not there: apt-get install librsvg2-bin"
                                    : "cannot make a folder for temporary files");
        return NULL;
    }
    GBytes *pdf = convert(folder, svg, name, error);
    file_remove_tree(folder, NULL);
    return pdf;
}
