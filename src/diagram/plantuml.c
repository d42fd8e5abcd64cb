/* One JVM per format stays and draws one diagram after the other: a source goes to its standard input, the picture comes out followed by
 * a delimiter, and what is wrong comes on standard error before that. */
#include "diagram/diagram.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "diagram/picture.h"
#include "diagram/plantuml_source.h"
#include "os/file.h"
#include "os/process.h"

#define SOURCE_LIMIT (16u * 1024 * 1024)
#define OUTPUT_LIMIT (256u * 1024 * 1024)
#define DEADLINE_MS 60000

struct jvm {
    struct process process; /* pid 0: not running */
    int in, out, err;       /* our ends */
    char *delimiter;
};

struct plantuml {
    char *jar, *java; /* as given */
    struct jvm jvms[N_PICTURE_FORMATS];
};

/* One diagram on its way. */
struct drawing {
    struct jvm *jvm;
    const char *rest; /* not yet written */
    GByteArray *picture;
    GString *problems;
    bool is_done, has_died, is_late;
};

/* ---- finding the tools ---- */

char *plantuml_find_jar(const char *given)
{
    const char *const places[] = {given, g_getenv("PLANTUML_JAR"), "/usr/share/plantuml/plantuml.jar",
                                  "/usr/local/share/plantuml/plantuml.jar"};
    for (unsigned i = 0; i < G_N_ELEMENTS(places); i++)
        if (places[i] != NULL && g_file_test(places[i], G_FILE_TEST_IS_REGULAR))
            return g_strdup(places[i]);
    return NULL;
}

char *plantuml_find_java(const char *given)
{
    const char *home = g_getenv("JAVA_HOME");
    g_autofree char *own = home != NULL ? g_build_filename(home, "bin", "java", NULL) : NULL;
    if (given != NULL)
        return g_find_program_in_path(given);
    if (own != NULL && g_file_test(own, G_FILE_TEST_IS_EXECUTABLE))
        return g_steal_pointer(&own);
    return g_find_program_in_path("java");
}

char *plantuml_fingerprint(const char *jar)
{
    g_autofree char *path = plantuml_find_jar(jar);
    struct stat info;
    if (path == NULL || stat(path, &info) != 0)
        return g_strdup("none");
    return g_strdup_printf("%s %lld %lld", path, (long long)info.st_size, (long long)info.st_mtime);
}

/* ---- the JVM ---- */

static void stop_jvm(struct jvm *jvm)
{
    if (jvm->process.pid <= 0)
        return;
    close(jvm->in);
    close(jvm->out);
    close(jvm->err);
    process_kill_descendants(jvm->process.pid);
    process_signal(&jvm->process, SIGKILL);
    process_end(&jvm->process, 0);
    g_free(jvm->delimiter);
    *jvm = (struct jvm){0};
}

static void close_pair(int pair[2])
{
    close(pair[0]);
    close(pair[1]);
}

static bool make_pipes(int pipes[3][2], GError **error)
{
    for (unsigned i = 0; i < 3; i++) {
        if (pipe2(pipes[i], O_CLOEXEC) == 0)
            continue;
        g_set_error(error, CLX_ERROR, CLX_ERROR_INFRASTRUCTURE, "cannot make a pipe: %s", g_strerror(errno));
        while (i-- > 0)
            close_pair(pipes[i]);
        return false;
    }
    return true;
}

static bool spawn_jvm(struct jvm *jvm, const char *java, const char *jar, const char *format, GError **error)
{
    int pipes[3][2];
    g_autofree char *delimiter = g_uuid_string_random();
    const char *const argv[] = {java,
                                "-Djava.awt.headless=true",
                                "-XX:TieredStopAtLevel=1",
                                "-XX:+UseSerialGC",
                                "-Dhttp.proxyHost=127.0.0.1",
                                "-Dhttp.proxyPort=9",
                                "-Dhttps.proxyHost=127.0.0.1",
                                "-Dhttps.proxyPort=9",
                                "-DPLANTUML_LIMIT_SIZE=16384",
                                "-jar",
                                jar,
                                "-pipe",
                                "-pipedelimitor",
                                delimiter,
                                "-stdrpt:1",
                                "-charset",
                                "UTF-8",
                                format,
                                NULL};
    if (!make_pipes(pipes, error))
        return false;
    struct process_options options = {
        .argv = argv, .stdin_fd = pipes[0][0], .stdout_fd = pipes[1][1], .stderr_fd = pipes[2][1], .death_signal = SIGKILL};
    bool started = process_spawn(&options, &jvm->process, error);
    close(pipes[0][0]);
    close(pipes[1][1]);
    close(pipes[2][1]);
    jvm->in = pipes[0][1];
    jvm->out = pipes[1][0];
    jvm->err = pipes[2][0];
    if (!started) {
        close(jvm->in);
        close(jvm->out);
        close(jvm->err);
        *jvm = (struct jvm){0};
        return false;
    }
    g_unix_set_fd_nonblocking(jvm->in, TRUE, NULL);
    g_unix_set_fd_nonblocking(jvm->out, TRUE, NULL);
    g_unix_set_fd_nonblocking(jvm->err, TRUE, NULL);
    jvm->delimiter = g_steal_pointer(&delimiter);
    return true;
}

static bool start_jvm(struct plantuml *plantuml, enum picture_format format, GError **error)
{
    if (plantuml->jvms[format].process.pid > 0)
        return true;
    g_autofree char *jar = plantuml_find_jar(plantuml->jar);
    g_autofree char *java = plantuml_find_java(plantuml->java);
    if (jar != NULL && java != NULL)
        return spawn_jvm(&plantuml->jvms[format], java, jar, format == PICTURE_SVG ? "-tsvg" : "-tpng", error);
    g_set_error(error, CLX_ERROR, CLX_ERROR_NOT_FOUND, "%s is not there: apt-get install plantuml%s",
                java == NULL ? "java" : "plantuml.jar", java == NULL ? "" : ", or set PLANTUML_JAR");
    return false;
}

/* ---- one diagram ---- */

static gboolean on_writable(gint fd, GIOCondition condition, gpointer data)
{
    struct drawing *drawing = data;
    ssize_t n = write(fd, drawing->rest, strlen(drawing->rest));
    if (n > 0)
        drawing->rest += n;
    return *drawing->rest != '\0' && (n > 0 || errno == EAGAIN) ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static bool find_delimiter(struct drawing *drawing)
{
    size_t length = strlen(drawing->jvm->delimiter), total = drawing->picture->len;
    const guint8 *data = drawing->picture->data;
    size_t tail = MIN(total, length + 2);
    const guint8 *found = total > 0 ? memmem(data + total - tail, tail, drawing->jvm->delimiter, length) : NULL;
    if (found == NULL || data[total - 1] != '\n')
        return false;
    g_byte_array_set_size(drawing->picture, (guint)(found - data));
    return true;
}

static gboolean on_picture(gint fd, GIOCondition condition, gpointer data)
{
    struct drawing *drawing = data;
    guint8 buffer[65536];
    ssize_t n = read(fd, buffer, sizeof buffer);
    if (n > 0 && drawing->picture->len < OUTPUT_LIMIT)
        g_byte_array_append(drawing->picture, buffer, (guint)n);
    if (n == 0)
        drawing->has_died = true;
    drawing->is_done = find_delimiter(drawing);
    return G_SOURCE_CONTINUE;
}

static gboolean on_problem(gint fd, GIOCondition condition, gpointer data)
{
    struct drawing *drawing = data;
    char buffer[4096];
    ssize_t n = read(fd, buffer, sizeof buffer);
    if (n > 0 && drawing->problems->len < SOURCE_LIMIT)
        g_string_append_len(drawing->problems, buffer, n);
    return n > 0 || (n < 0 && errno == EAGAIN) ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static gboolean on_deadline(gpointer data)
{
    ((struct drawing *)data)->is_late = true;
    return G_SOURCE_CONTINUE;
}

static GSource *watch(int fd, GIOCondition condition, GUnixFDSourceFunc callback, struct drawing *drawing)
{
    GSource *source = g_unix_fd_source_new(fd, condition);
    g_source_set_callback(source, (GSourceFunc)(void (*)(void))callback, drawing, NULL);
    g_source_attach(source, NULL);
    return source;
}

static void unwatch(GSource *source)
{
    g_source_destroy(source);
    g_source_unref(source);
}

static void draw(struct drawing *drawing)
{
    GSource *in = watch(drawing->jvm->in, G_IO_OUT, on_writable, drawing);
    GSource *out = watch(drawing->jvm->out, G_IO_IN | G_IO_HUP, on_picture, drawing);
    GSource *err = watch(drawing->jvm->err, G_IO_IN | G_IO_HUP, on_problem, drawing);
    guint timer = g_timeout_add(DEADLINE_MS, on_deadline, drawing);
    while (!drawing->is_done && !drawing->has_died && !drawing->is_late)
        g_main_context_iteration(NULL, TRUE);
    while (on_problem(drawing->jvm->err, G_IO_IN, drawing) == G_SOURCE_CONTINUE && errno != EAGAIN)
        continue;
    g_source_remove(timer);
    unwatch(in);
    unwatch(out);
    unwatch(err);
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

static GBytes *fail_dead(struct drawing *drawing, const char *name, GError **error)
{
    g_autofree char *first = g_strndup(drawing->problems->str, strcspn(drawing->problems->str, "\n"));
    g_set_error(error, CLX_ERROR, CLX_ERROR_INFRASTRUCTURE, "%s: PlantUML %s%s%s", name,
                drawing->is_late ? "did not draw it in time" : "died while drawing it", *first != '\0' ? ": " : "", first);
    stop_jvm(drawing->jvm);
    return NULL;
}

static GBytes *judge(struct drawing *drawing, const struct plantuml_source *source, const char *name, GError **error)
{
    g_autofree char *status = find_value(drawing->problems->str, "status=");
    g_autofree char *number = find_value(drawing->problems->str, "lineNumber=");
    g_autofree char *label = find_value(drawing->problems->str, "label=");
    if (!drawing->is_done)
        return fail_dead(drawing, name, error);
    if (status == NULL && drawing->picture->len > 0)
        return g_bytes_new(drawing->picture->data, drawing->picture->len);
    int offset = number != NULL ? atoi(number) : 0;
    int line = source->line + MAX(offset > source->n_injected ? offset - source->n_injected : offset, 0);
    const char *problem = label != NULL ? label : "this diagram is empty, or PlantUML does not know its kind";
    g_set_error(error, CLX_ERROR, CLX_ERROR_SOURCE, "%s:%d: %s", name, line, problem);
    return NULL;
}

static GBytes *render(struct plantuml *plantuml, enum picture_format format, const struct plantuml_source *source, const char *name,
                      GError **error)
{
    if (!start_jvm(plantuml, format, error))
        return NULL;
    struct drawing drawing = {.jvm = &plantuml->jvms[format], .rest = source->text};
    drawing.picture = g_byte_array_new();
    drawing.problems = g_string_new(NULL);
    draw(&drawing);
    GBytes *picture = judge(&drawing, source, name, error);
    g_byte_array_unref(drawing.picture);
    g_string_free(drawing.problems, TRUE);
    return picture;
}

GBytes *plantuml_render(struct plantuml *plantuml, const char *source_path, const char *name, const char *format, GError **error)
{
    g_autoptr(GBytes) bytes = file_read(source_path, SOURCE_LIMIT, error);
    struct plantuml_source source;
    if (bytes == NULL)
        return NULL;
    g_autofree char *text = g_utf8_make_valid(g_bytes_get_data(bytes, NULL), (gssize)g_bytes_get_size(bytes));
    g_autofree char *absolute = g_canonicalize_filename(source_path, NULL);
    g_autofree char *folder = g_path_get_dirname(absolute);
    enum picture_format kind = strcmp(format, "svg") == 0 ? PICTURE_SVG : PICTURE_PNG;
    if (!plantuml_source_read(text, name, folder, kind == PICTURE_PNG, &source, error))
        return NULL;
    GBytes *picture = render(plantuml, kind, &source, name, error);
    plantuml_source_clear(&source);
    return picture;
}

struct plantuml *plantuml_new(const char *jar, const char *java)
{
    struct plantuml *plantuml = g_new0(struct plantuml, 1);
    plantuml->jar = g_strdup(jar);
    plantuml->java = g_strdup(java);
    return plantuml;
}

void plantuml_free(struct plantuml *plantuml)
{
    if (plantuml == NULL)
        return;
    for (unsigned i = 0; i < N_PICTURE_FORMATS; i++)
        stop_jvm(&plantuml->jvms[i]);
    g_free(plantuml->jar);
    g_free(plantuml->java);
    g_free(plantuml);
}
