/* PlantUML's diagrams: from a source to its pictures, by a resident JVM (plantuml_jvm.h). */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "diagram/diagram.h"
#include "diagram/plantuml_archive.h"
#include "diagram/plantuml_fonts.h"
#include "diagram/plantuml_jvm.h"
#include "diagram/plantuml_source.h"
#include "diagram/svg_to_pdf.h"
#include "os/file.h"

#define SOURCE_LIMIT (16u * 1024 * 1024)
#define MEMORY_LIMIT ((guint64)1024 * 1024 * 1024)
#define ARCHIVE_AFTER 3 /* diagrams of one JVM */
#define TRIES 2         /* of a diagram on which a JVM ended that others had used */

struct plantuml {
    char *jar, *java; /* as given */
    char *folder;     /* for temporary files; removed at the end */
    char *base;       /* as given, or NULL */
    guint64 memory_limit;
    bool makes_archive;
    bool lacks_archive;         /* the running JVM started without */
    struct plantuml_jvm *jvm;   /* NULL: not running */
    char *root;                 /* of the running JVM, */
    enum picture_format format; /* and its format */
    unsigned n_drawn;           /* by it */
    struct plantuml_archiving *archiving;
    int first_line; /* what this PlantUML calls the first line of a diagram; -1: not known yet */
};

/* One source on its way. */
struct task {
    struct plantuml *plantuml;
    const struct plantuml_request *request;
    const char *root;           /* absolute */
    enum picture_format format; /* that PlantUML draws */
};

/* ---- the JVM ---- */

static void stop(struct plantuml *plantuml)
{
    g_clear_pointer(&plantuml->jvm, plantuml_jvm_free);
    g_clear_pointer(&plantuml->root, g_free);
    plantuml->n_drawn = 0;
}

static bool make_folder(struct plantuml *plantuml, GError **error)
{
    if (plantuml->folder != NULL)
        return true;
    g_autofree char *folder = g_build_filename(plantuml->base != NULL ? plantuml->base : g_get_tmp_dir(), "clx-plantuml-XXXXXX", NULL);
    if (g_mkdtemp_full(folder, 0700) == NULL) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_INFRASTRUCTURE, "cannot make the folder '%s'", folder);
        return false;
    }
    plantuml->folder = g_steal_pointer(&folder);
    return true;
}

static bool find_tools(const struct plantuml *plantuml, char **ret_java, char **ret_jar, GError **error)
{
    g_autofree char *jar = plantuml_find_jar(plantuml->jar), *java = plantuml_find_java(plantuml->java);
    if (jar != NULL && java != NULL) {
        *ret_jar = g_steal_pointer(&jar);
        *ret_java = g_steal_pointer(&java);
        return true;
    }
    g_set_error(error, CLX_ERROR, CLX_ERROR_NOT_FOUND, "%s is not there: apt-get install plantuml%s",
                java == NULL ? "java" : "plantuml.jar", java == NULL ? "" : ", or set PLANTUML_JAR");
    return false;
}

static bool start_with(struct task *task, const char *java, const char *jar, GError **error)
{
    struct plantuml *plantuml = task->plantuml;
    g_autofree char *archive = plantuml_archive_path(java, jar);
    bool has_archive = g_file_test(archive, G_FILE_TEST_IS_REGULAR);
    struct plantuml_jvm_options options = {
        .java = java,
        .jar = jar,
        .archive = has_archive ? archive : NULL,
        .root = task->root,
        .folder = plantuml->folder,
        .format = task->format,
        .memory_limit = plantuml->memory_limit,
    };
    plantuml->jvm = plantuml_jvm_start(&options, error);
    if (plantuml->jvm == NULL)
        return false;
    plantuml->root = g_strdup(task->root);
    plantuml->format = task->format;
    plantuml->lacks_archive = !has_archive && plantuml->makes_archive;
    return true;
}

/* For some diagrams only it would not be finished, again and again. */
static void make_archive(struct task *task)
{
    struct plantuml *plantuml = task->plantuml;
    g_autofree char *java = NULL, *jar = NULL;
    if (!plantuml->lacks_archive || plantuml->n_drawn != ARCHIVE_AFTER || plantuml->archiving != NULL ||
        !find_tools(plantuml, &java, &jar, NULL))
        return;
    g_autofree char *archive = plantuml_archive_path(java, jar);
    struct plantuml_jvm_options options = {.java = java,
                                           .jar = jar,
                                           .root = plantuml->folder,
                                           .folder = plantuml->folder,
                                           .format = task->format,
                                           .memory_limit = plantuml->memory_limit};
    plantuml->archiving = plantuml_archiving_start(&options, archive);
}

/* A JVM draws one format, and sees one course: for another one it starts anew, which a build never needs. */
static bool start(struct task *task, GError **error)
{
    struct plantuml *plantuml = task->plantuml;
    g_autofree char *java = NULL, *jar = NULL;
    if (plantuml->jvm != NULL && plantuml->format == task->format && strcmp(plantuml->root, task->root) == 0)
        return true;
    stop(plantuml);
    return find_tools(plantuml, &java, &jar, error) && make_folder(plantuml, error) && start_with(task, java, jar, error);
}

/* False when it could not be started. A JVM that ends on a diagram after others may have been ended by whatever happened before: that diagram has
 * a second one. */
static bool draw(struct task *task, const char *text, struct plantuml_answer *ret_answer, GError **error)
{
    struct plantuml *plantuml = task->plantuml;
    for (unsigned i = 1;; i++) {
        if (!start(task, error))
            return false;
        plantuml_jvm_draw(plantuml->jvm, text, ret_answer);
        bool is_first = plantuml->n_drawn++ == 0;
        make_archive(task);
        if (ret_answer->end == PLANTUML_DONE && plantuml_jvm_memory(plantuml->jvm) <= plantuml->memory_limit)
            return true;
        stop(plantuml);
        if (ret_answer->end != PLANTUML_DIED || is_first || i == TRIES)
            return true;
        plantuml_answer_clear(ret_answer);
    }
}

/* ---- judging ---- */

static char *find_value(const char *report, const char *key)
{
    g_auto(GStrv) lines = g_strsplit(report, "\n", -1);
    for (char **line = lines; *line != NULL; line++)
        if (g_str_has_prefix(*line, key))
            return g_strchomp(g_strdup(*line + strlen(key)));
    return NULL;
}

/* Older versions count the lines of a diagram from 0, newer ones from 1: a diagram with a mistake in its second line tells. */
static int find_first_line(struct task *task)
{
    struct plantuml_answer answer;
    if (task->plantuml->first_line >= 0 || !draw(task, "@startuml\n!include no-such-file.iuml\n@enduml\n", &answer, NULL))
        return MAX(task->plantuml->first_line, 0);
    g_autofree char *number = find_value(answer.problems->str, "lineNumber=");
    plantuml_answer_clear(&answer);
    return task->plantuml->first_line = number != NULL ? MAX(atoi(number) - 1, 0) : 0;
}

static void fail(const struct task *task, int line, int code, GError **error, const char *format, ...) G_GNUC_PRINTF(5, 6);
static void fail(const struct task *task, int line, int code, GError **error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(error, CLX_ERROR, code, "%s:%d: %s", task->request->name, line, message);
}

static bool holds(const GByteArray *bytes, const char *text)
{
    return bytes->len > 0 && memmem(bytes->data, bytes->len, text, strlen(text)) != NULL;
}

/* The program's own exceptions come from the diagram, and would come again; anything else may not. */
static void fail_dead(const struct task *task, const struct plantuml_block *block, const struct plantuml_answer *answer, GError **error)
{
    static const char exception[] = "Exception in thread \"main\" ";
    const char *found = strstr(answer->problems->str, exception);
    g_autofree char *first = found != NULL ? g_strndup(found + strlen(exception), strcspn(found + strlen(exception), "\n"))
                                           : g_strndup(answer->problems->str, strcspn(answer->problems->str, "\n"));
    if (answer->end == PLANTUML_LATE)
        fail(task, block->line, CLX_ERROR_INFRASTRUCTURE, error, "PlantUML did not draw it in time");
    else if (holds(answer->picture, "OutOfMemoryError") || strstr(answer->problems->str, "OutOfMemoryError") != NULL)
        fail(task, block->line, CLX_ERROR_SOURCE, error,
             "PlantUML has not enough memory for this diagram (%" G_GUINT64_FORMAT " MiB, from worker_management.plantuml.memory_limit)",
             task->plantuml->memory_limit / (1024 * 1024));
    else if (found != NULL)
        fail(task, block->line, CLX_ERROR_SOURCE, error, "PlantUML breaks down on this diagram: %s", first);
    else
        fail(task, block->line, CLX_ERROR_INFRASTRUCTURE, error, "PlantUML died while drawing it%s%s", *first != '\0' ? ": " : "", first);
}

/* In a picture of a mistake: "[From sub/part.iuml (line 3) ]", with "string" for the diagram itself. The caller frees the file. */
static bool read_place(const GByteArray *svg, char **ret_file, int *ret_line)
{
    static const char from[] = "[From ", line[] = " (line ";
    g_autofree char *text = g_strndup((const char *)svg->data, svg->len);
    const char *start = strstr(text, from), *number = start != NULL ? strstr(start, line) : NULL;
    if (number == NULL || number - start > PATH_MAX)
        return false;
    *ret_file = g_strndup(start + strlen(from), (gsize)(number - start) - strlen(from));
    *ret_line = atoi(number + strlen(line));
    return true;
}

/* The number of a line says nothing of the file that it is in. Pictures do; for that, one has to be drawn as text. */
static bool find_place(struct task *task, const struct plantuml_block *block, const struct plantuml_answer *answer, char **ret_file,
                       int *ret_line)
{
    struct task as_text = *task;
    struct plantuml_answer again;
    if (strstr(block->text, "!include") == NULL)
        return false;
    if (task->format == PICTURE_SVG)
        return read_place(answer->picture, ret_file, ret_line);
    as_text.format = PICTURE_SVG;
    if (!draw(&as_text, block->text, &again, NULL))
        return false;
    bool is_found = read_place(again.picture, ret_file, ret_line);
    plantuml_answer_clear(&again);
    return is_found;
}

/* An included file as messages call it: from the place on that the source's name starts at. The caller frees it. */
static char *name_included(const struct task *task, const char *file)
{
    g_autofree char *source = g_canonicalize_filename(task->request->path, NULL), *folder = g_path_get_dirname(source);
    g_autofree char *path = g_canonicalize_filename(file, folder);
    if (!g_str_has_suffix(source, task->request->name))
        return g_steal_pointer(&path);
    gsize start = strlen(source) - strlen(task->request->name);
    return strncmp(path, source, start) == 0 ? g_strdup(path + start) : g_steal_pointer(&path);
}

static void fail_mistaken(struct task *task, const struct plantuml_block *block, const struct plantuml_answer *answer, GError **error)
{
    const char *report = answer->problems->str;
    g_autofree char *number = find_value(report, "lineNumber="), *label = find_value(report, "label="), *file = NULL;
    const char *problem = label != NULL ? label : "this diagram is empty, or this version of PlantUML does not know its kind";
    int line = number != NULL ? atoi(number) - find_first_line(task) + 1 : 1;
    if (number != NULL && find_place(task, block, answer, &file, &line) && strcmp(file, "string") != 0) {
        g_autofree char *name = name_included(task, file);
        g_set_error(error, CLX_ERROR, CLX_ERROR_SOURCE, "%s:%d: %s (included by %s)", name, line, problem, task->request->name);
        return;
    }
    fail(task, block->line + MAX(line - 1 > block->n_injected ? line - 1 - block->n_injected : line - 1, 0), CLX_ERROR_SOURCE, error, "%s",
         problem);
}

static unsigned png_number(const guint8 *at)
{
    return (unsigned)at[0] << 24 | (unsigned)at[1] << 16 | (unsigned)at[2] << 8 | at[3];
}

static bool is_cut_off(const guint8 *data, gsize length)
{
    return length > 24 && (png_number(data + 16) >= PLANTUML_SIDE_LIMIT || png_number(data + 20) >= PLANTUML_SIDE_LIMIT);
}

static GBytes *take_picture(const struct task *task, const struct plantuml_block *block, const GByteArray *picture, GError **error)
{
    const guint8 *data = picture->data;
    gsize length = picture->len;
    for (; length > 0 && (*data == '\n' || *data == '\r'); length--)
        data++;
    bool is_png = length > 8 && memcmp(data, "\x89PNG\r\n\x1a\n", 8) == 0,
         is_svg = length > 5 && (memcmp(data, "<?xml", 5) == 0 || memcmp(data, "<svg", 4) == 0);
    if (task->format == PICTURE_SVG && is_png) {
        fail(task, block->line, CLX_ERROR_SOURCE, error, "this version of PlantUML draws diagrams of this kind as PNG only");
        return NULL;
    }
    if (task->format == PICTURE_SVG ? !is_svg : !is_png) {
        g_autofree char *text = g_utf8_make_valid((const char *)data, (gssize)MIN(length, 200));
        fail(task, block->line, CLX_ERROR_SOURCE, error, "%s", *g_strstrip(text) != '\0' ? text : "PlantUML drew no picture");
        return NULL;
    }
    if (is_png && is_cut_off(data, length)) {
        fail(task, block->line, CLX_ERROR_SOURCE, error,
             "the picture is too large: more than %d pixels wide or high; make it smaller (\"scale 0.5\"), or several diagrams of it",
             PLANTUML_SIDE_LIMIT);
        return NULL;
    }
    return g_bytes_new(data, length);
}

static GBytes *render_block(struct task *task, const struct plantuml_block *block, GError **error)
{
    struct plantuml_answer answer;
    if (!draw(task, block->text, &answer, error))
        return NULL;
    GBytes *picture = NULL;
    g_autofree char *status = find_value(answer.problems->str, "status=");
    if (answer.end != PLANTUML_DONE)
        fail_dead(task, block, &answer, error);
    else if (status != NULL)
        fail_mistaken(task, block, &answer, error);
    else
        picture = take_picture(task, block, answer.picture, error);
    plantuml_answer_clear(&answer);
    if (picture == NULL || task->request->format != PICTURE_PDF)
        return picture;
    g_autoptr(GBytes) svg = picture;
    return svg_to_pdf(svg, task->request->name, error);
}

/* ---- a source ---- */

static void bytes_free(gpointer data)
{
    g_bytes_unref(data);
}

static GPtrArray *render(struct task *task, const GPtrArray *blocks, GError **error)
{
    g_autoptr(GPtrArray) pictures = g_ptr_array_new_with_free_func(bytes_free);
    if (task->request->number > blocks->len) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_SOURCE, "%s: there is no diagram %u: the file has %u", task->request->name,
                    task->request->number, blocks->len);
        return NULL;
    }
    for (unsigned i = 0; i < blocks->len; i++) {
        if (task->request->number > 0 && task->request->number != i + 1)
            continue;
        GBytes *picture = render_block(task, blocks->pdata[i], error);
        if (picture == NULL)
            return NULL;
        g_ptr_array_add(pictures, picture);
    }
    return g_steal_pointer(&pictures);
}

GPtrArray *plantuml_render(struct plantuml *plantuml, const struct plantuml_request *request, GPtrArray *warnings, GError **error)
{
    g_autoptr(GBytes) bytes = file_read(request->path, SOURCE_LIMIT, error);
    if (bytes == NULL)
        return NULL;
    g_autofree char *text = g_utf8_make_valid(g_bytes_get_data(bytes, NULL), (gssize)g_bytes_get_size(bytes));
    g_autofree char *absolute = g_canonicalize_filename(request->path, NULL);
    g_autofree char *folder = g_path_get_dirname(absolute);
    g_autofree char *root = g_canonicalize_filename(request->root != NULL ? request->root : folder, NULL);
    struct plantuml_place place = {.name = request->name, .folder = folder, .root = root};
    g_autoptr(GPtrArray) blocks = plantuml_source_read(text, &place, request->format == PICTURE_PNG, error);
    if (blocks == NULL)
        return NULL;
    struct task task = {plantuml, request, root, request->format == PICTURE_PNG ? PICTURE_PNG : PICTURE_SVG};
    GPtrArray *pictures = render(&task, blocks, error);
    if (pictures != NULL && warnings != NULL)
        plantuml_warn_of_fonts(text, warnings);
    return pictures;
}

struct plantuml *plantuml_new(const struct plantuml_settings *settings)
{
    struct plantuml *plantuml = g_new0(struct plantuml, 1);
    plantuml->jar = g_strdup(settings->jar);
    plantuml->java = g_strdup(settings->java);
    plantuml->base = g_strdup(settings->folder);
    plantuml->memory_limit = settings->memory_limit > 0 ? settings->memory_limit : MEMORY_LIMIT;
    plantuml->makes_archive = settings->makes_archive;
    plantuml->first_line = -1;
    return plantuml;
}

void plantuml_free(struct plantuml *plantuml)
{
    if (plantuml == NULL)
        return;
    stop(plantuml);
    plantuml_archiving_free(plantuml->archiving);
    if (plantuml->folder != NULL)
        file_remove_tree(plantuml->folder, NULL);
    g_free(plantuml->jar);
    g_free(plantuml->java);
    g_free(plantuml->folder);
    g_free(plantuml->base);
    g_free(plantuml);
}

pid_t plantuml_pid(const struct plantuml *plantuml)
{
    return plantuml->jvm != NULL ? plantuml_jvm_pid(plantuml->jvm) : 0;
}
