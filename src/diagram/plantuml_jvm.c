#include "diagram/plantuml_jvm.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "os/file.h"
#include "os/process.h"

#define OUTPUT_LIMIT (256u * 1024 * 1024)
#define PROBLEMS_LIMIT (1024u * 1024)
#define DEADLINE_MS 120000
#define MIB (1024u * 1024)
#define MIN_HEAP_MIB 128u

struct plantuml_jvm {
    struct process process;
    int in, out, err; /* our ends */
    char *delimiter;
};

/* One diagram on its way. */
struct drawing {
    struct plantuml_jvm *jvm;
    const char *rest; /* not yet written */
    struct plantuml_answer *answer;
    bool is_done, has_died, is_late;
};

/* ---- starting ---- */

/* No word of the JVM's own goes to standard output, where the pictures come from. */
char **plantuml_jvm_command(const struct plantuml_jvm_options *options)
{
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();
    guint64 heap_mib = MAX(options->memory_limit / MIB / 4 * 3, MIN_HEAP_MIB);
    g_autofree char *heap = g_strdup_printf("-Xmx%" G_GUINT64_FORMAT "m", heap_mib);
    g_autofree char *size = g_strdup_printf("-DPLANTUML_LIMIT_SIZE=%d", PLANTUML_SIDE_LIMIT);
    g_autofree char *temporary = g_strconcat("-Djava.io.tmpdir=", options->folder, NULL);
    g_autofree char *home = g_strconcat("-Duser.home=", options->folder, NULL);
    g_autofree char *archive = options->archive != NULL ? g_strconcat("-XX:SharedArchiveFile=", options->archive, NULL) : NULL;
    const char *const before[] = {options->java,
                                  heap,
                                  "-XX:TieredStopAtLevel=1",
                                  "-XX:+UseSerialGC",
                                  "-XX:-UsePerfData",
                                  "-XX:+ExitOnOutOfMemoryError",
                                  "-Xshare:auto",
                                  "-Xlog:disable",
                                  "-Djava.awt.headless=true",
                                  temporary,
                                  home,
                                  size};
    const char *const after[] = {
        "-jar", options->jar, "-stdrpt:1", "-nometadata", "-charset", "UTF-8", options->format == PICTURE_SVG ? "-tsvg" : "-tpng"};
    for (unsigned i = 0; i < G_N_ELEMENTS(before); i++)
        g_strv_builder_add(words, before[i]);
    if (archive != NULL)
        g_strv_builder_add(words, archive);
    for (unsigned i = 0; i < G_N_ELEMENTS(after); i++)
        g_strv_builder_add(words, after[i]);
    return g_strv_builder_end(words);
}

static void add_configuration(GPtrArray *paths)
{
    g_autoptr(GDir) dir = g_dir_open("/etc", 0, NULL);
    for (const char *name; dir != NULL && (name = g_dir_read_name(dir)) != NULL;)
        if (g_str_has_prefix(name, "java") || strcmp(name, "fonts") == 0 || g_str_has_prefix(name, "ld.so."))
            g_ptr_array_add(paths, g_build_filename("/etc", name, NULL));
    g_ptr_array_add(paths, g_strdup("/etc/localtime"));
}

static void add_user_fonts(GPtrArray *paths)
{
    const char *home = g_get_home_dir();
    g_ptr_array_add(paths, g_build_filename(home, ".fonts", NULL));
    g_ptr_array_add(paths, g_build_filename(g_get_user_data_dir(), "fonts", NULL));
    g_ptr_array_add(paths, g_build_filename(g_get_user_config_dir(), "fontconfig", NULL));
    g_ptr_array_add(paths, g_build_filename(g_get_user_cache_dir(), "fontconfig", NULL));
}

/* The folder above bin/ that a Java program belongs to, or the folder of any other one. */
static char *find_home(const char *program)
{
    g_autofree char *found = g_find_program_in_path(program);
    g_autofree char *path = found != NULL ? realpath(found, NULL) : NULL;
    g_autofree char *bin = g_path_get_dirname(path != NULL ? path : program);
    return g_str_has_suffix(bin, "/bin") ? g_path_get_dirname(bin) : g_steal_pointer(&bin);
}

/* What diagrams may read: what is the same for everybody on this machine, fonts, and the course. */
static char **list_readable(const struct plantuml_jvm_options *options)
{
    static const char *const system[] = {"/usr", "/lib", "/lib32", "/lib64", "/bin", "/var/cache/fontconfig"};
    const char *dot = g_getenv("GRAPHVIZ_DOT");
    GPtrArray *paths = g_ptr_array_new();
    for (unsigned i = 0; i < G_N_ELEMENTS(system); i++)
        g_ptr_array_add(paths, g_strdup(system[i]));
    add_configuration(paths);
    add_user_fonts(paths);
    g_ptr_array_add(paths, find_home(options->java));
    if (dot != NULL)
        g_ptr_array_add(paths, find_home(dot));
    g_ptr_array_add(paths, g_strdup(options->jar));
    if (options->archive != NULL)
        g_ptr_array_add(paths, g_strdup(options->archive));
    g_ptr_array_add(paths, g_strdup(options->root));
    g_ptr_array_add(paths, NULL);
    return (char **)g_ptr_array_free(paths, FALSE);
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

static bool spawn(struct plantuml_jvm *jvm, const struct plantuml_jvm_options *options, int in, int out, int err, GError **error)
{
    g_auto(GStrv) command = plantuml_jvm_command(options), readable = list_readable(options);
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_autofree char *allowed = g_strconcat("PLANTUML_ALLOWLIST_PATH=", options->root, NULL);
    const char *const more[] = {"-pipe", "-pipedelimitor", jvm->delimiter, NULL};
    const char *const env[] = {"PLANTUML_SECURITY_PROFILE=ALLOWLIST", allowed, "LC_ALL=C.UTF-8", NULL};
    for (char **word = command; *word != NULL; word++)
        g_ptr_array_add(argv, *word);
    for (unsigned i = 0; i < G_N_ELEMENTS(more); i++)
        g_ptr_array_add(argv, (char *)more[i]);
    struct process_options spawn_options = {
        .argv = (const char *const *)argv->pdata,
        .env = env,
        .folder = options->folder,
        .stdin_fd = in,
        .stdout_fd = out,
        .stderr_fd = err,
        .death_signal = SIGKILL,
        .is_offline = true,
        .readable = (const char *const *)readable,
        .writable = options->folder,
    };
    return process_spawn(&spawn_options, &jvm->process, error);
}

struct plantuml_jvm *plantuml_jvm_start(const struct plantuml_jvm_options *options, GError **error)
{
    int pipes[3][2];
    if (!make_pipes(pipes, error))
        return NULL;
    struct plantuml_jvm *jvm = g_new0(struct plantuml_jvm, 1);
    *jvm = (struct plantuml_jvm){.process = {.pidfd = -1}, .in = pipes[0][1], .out = pipes[1][0], .err = pipes[2][0]};
    jvm->delimiter = g_uuid_string_random();
    bool has_started = spawn(jvm, options, pipes[0][0], pipes[1][1], pipes[2][1], error);
    close(pipes[0][0]);
    close(pipes[1][1]);
    close(pipes[2][1]);
    if (!has_started) {
        plantuml_jvm_free(jvm);
        return NULL;
    }
    g_unix_set_fd_nonblocking(jvm->in, TRUE, NULL);
    g_unix_set_fd_nonblocking(jvm->out, TRUE, NULL);
    g_unix_set_fd_nonblocking(jvm->err, TRUE, NULL);
    return jvm;
}

void plantuml_jvm_free(struct plantuml_jvm *jvm)
{
    if (jvm == NULL)
        return;
    close(jvm->in);
    close(jvm->out);
    close(jvm->err);
    if (jvm->process.pid > 0) {
        process_kill_descendants(jvm->process.pid);
        process_signal(&jvm->process, SIGKILL);
        process_end(&jvm->process, 0);
    }
    g_free(jvm->delimiter);
    g_free(jvm);
}

pid_t plantuml_jvm_pid(const struct plantuml_jvm *jvm)
{
    return jvm->process.pid;
}

guint64 plantuml_jvm_memory(const struct plantuml_jvm *jvm)
{
    guint64 memory = 0, cpu_ms = 0;
    process_tree_usage(jvm->process.pid, &memory, &cpu_ms);
    return memory;
}

/* ---- one diagram ---- */

static gboolean on_writable(gint fd, GIOCondition condition, gpointer data)
{
    struct drawing *drawing = data;
    ssize_t n = file_write_to_pipe(fd, drawing->rest, strlen(drawing->rest));
    if (n > 0)
        drawing->rest += n;
    return *drawing->rest != '\0' && (n > 0 || errno == EAGAIN) ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

/* The delimiter ends the picture, and a line; the picture before it is cut off there. */
static bool find_delimiter(struct drawing *drawing)
{
    GByteArray *picture = drawing->answer->picture;
    size_t length = strlen(drawing->jvm->delimiter), total = picture->len;
    size_t tail = MIN(total, length + 2);
    const guint8 *found = total > 0 ? memmem(picture->data + total - tail, tail, drawing->jvm->delimiter, length) : NULL;
    if (found == NULL || picture->data[total - 1] != '\n')
        return false;
    g_byte_array_set_size(picture, (guint)(found - picture->data));
    return true;
}

static gboolean on_picture(gint fd, GIOCondition condition, gpointer data)
{
    struct drawing *drawing = data;
    guint8 buffer[65536];
    ssize_t n = read(fd, buffer, sizeof buffer);
    if (n > 0 && drawing->answer->picture->len < OUTPUT_LIMIT)
        g_byte_array_append(drawing->answer->picture, buffer, (guint)n);
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
    if (n > 0 && drawing->answer->problems->len < PROBLEMS_LIMIT)
        g_string_append_len(drawing->answer->problems, buffer, n);
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

void plantuml_jvm_draw(struct plantuml_jvm *jvm, const char *text, struct plantuml_answer *ret_answer)
{
    *ret_answer = (struct plantuml_answer){.picture = g_byte_array_new(), .problems = g_string_new(NULL)};
    struct drawing drawing = {.jvm = jvm, .rest = text, .answer = ret_answer};
    GSource *in = watch(jvm->in, G_IO_OUT, on_writable, &drawing);
    GSource *out = watch(jvm->out, G_IO_IN | G_IO_HUP, on_picture, &drawing);
    GSource *err = watch(jvm->err, G_IO_IN | G_IO_HUP, on_problem, &drawing);
    guint timer = g_timeout_add(DEADLINE_MS, on_deadline, &drawing);
    while (!drawing.is_done && !drawing.has_died && !drawing.is_late)
        g_main_context_iteration(NULL, TRUE);
    while (on_problem(jvm->err, G_IO_IN, &drawing) == G_SOURCE_CONTINUE && errno != EAGAIN)
        continue;
    g_source_remove(timer);
    unwatch(in);
    unwatch(out);
    unwatch(err);
    ret_answer->end = drawing.is_done ? PLANTUML_DONE : drawing.has_died ? PLANTUML_DIED : PLANTUML_LATE;
}

void plantuml_answer_clear(struct plantuml_answer *answer)
{
    g_byte_array_unref(answer->picture);
    g_string_free(answer->problems, TRUE);
}
