/* What a notebook worker does with many notebooks: all kinds in two languages, as notebooks and code files, without queue and kernel.
 * usage: bench-notebook FOLDER SOURCE…; prints "SECONDS-OF-PROCESSOR FILES BYTES KIB-BEFORE KIB-AFTER" (resident, after a tenth and at the end).
 */
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "os/data.h"
#include "worker/job_notebook.h"

static json_t *make_payload(const char *source)
{
    static const char *const languages[] = {"de", "en"};
    g_autofree char *folder = g_path_get_dirname(source), *name = g_path_get_basename(source), *built_in = data_path("templates/python");
    json_t *outputs = json_array();
    for (int language = 0; language < 2; language++)
        for (int kind = 0; kind < N_KINDS; kind++)
            for (int format = FORMAT_NOTEBOOK; format <= FORMAT_CODE; format++)
                json_array_append_new(outputs, json_pack("{s:s, s:s, s:s}", "language", languages[language], "kind", kind_names[kind],
                                                         "format", format_names[format]));
    return json_pack("{s:s, s:s, s:s, s:[s, s], s:{s:s, s:s}, s:{s:s, s:s}, s:o}", "source", source, "name", name, "prog_lang", "python",
                     "template_dirs", folder, built_in, "course_name", "de", "Kurs", "en", "Course", "globals", "author", "A",
                     "organization", "O", "outputs", outputs);
}

static bool run_notebook(const char *source, struct worker_context *context, gint64 *files, gint64 *bytes, GError **error)
{
    g_autoptr(json_t) payload = make_payload(source), deps = json_array();
    context->deps = deps;
    g_autoptr(json_t) result = job_notebook_run(payload, context, error);
    size_t i;
    json_t *output;
    json_array_foreach(json_object_get(result, "outputs"), i, output)
    {
        ++*files;
        *bytes += json_get_int(output, "size", 0);
    }
    return result != NULL;
}

static double processor_seconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* Now, not at the most: what getrusage() says of that begins with the process that started this one. */
static long resident_kib(void)
{
    g_autofree char *text = NULL;
    long pages = 0;
    if (g_file_get_contents("/proc/self/statm", &text, NULL, NULL) && strchr(text, ' ') != NULL)
        pages = strtol(strchr(text, ' '), NULL, 10);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(argc > 1 ? argv[1] : ".", "clx_cache.db", NULL);
    struct worker_context context = {.cache = cache_open(path, &error)};
    gint64 files = 0, bytes = 0;
    double start = processor_seconds();
    long early = 0;
    for (int i = 2; i < argc && error == NULL; i++) {
        run_notebook(argv[i], &context, &files, &bytes, &error);
        if (i - 2 == argc / 10)
            early = resident_kib();
    }
    if (error != NULL) {
        fprintf(stderr, "bench-notebook: %s\n", error->message);
        return 1;
    }
    printf("%.3f %" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %ld %ld\n", processor_seconds() - start, files, bytes, early, resident_kib());
    cache_close(context.cache);
    return 0;
}
