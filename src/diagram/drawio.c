#include "diagram/diagram.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "os/file.h"
#include "os/process.h"

#define DEADLINE_MS 120000
#define PICTURE_LIMIT (256u * 1024 * 1024)
#define LOG_LIMIT (16u * 1024 * 1024)
#define MAX_ARGUMENTS 16

struct export
{
    struct process process;
    bool has_ended, is_late;
};

char *drawio_find_program(const char *given)
{
    const char *named = given != NULL && *given != '\0' ? given : g_getenv("DRAWIO_EXECUTABLE");
    return g_find_program_in_path(named != NULL && *named != '\0' ? named : "drawio");
}

char *drawio_fingerprint(const char *executable)
{
    g_autofree char *path = drawio_find_program(executable);
    struct stat info;
    if (path == NULL || stat(path, &info) != 0)
        return g_strdup("none");
    return g_strdup_printf("%s %lld %lld", path, (long long)info.st_size, (long long)info.st_mtime);
}

static gboolean on_end(gint fd, GIOCondition condition, gpointer data)
{
    ((struct export *)data)->has_ended = true;
    return G_SOURCE_CONTINUE;
}

static gboolean on_deadline(gpointer data)
{
    ((struct export *)data)->is_late = true;
    return G_SOURCE_CONTINUE;
}

/* Waits for the program and ends all that it started; its wait status, or -1 when it was late. */
static int wait_for_end(struct export *export)
{
    int status = -1;
    guint ended = g_unix_fd_add(export->process.pidfd, G_IO_IN, on_end, export);
    guint timer = g_timeout_add(DEADLINE_MS, on_deadline, export);
    while (!export->has_ended && !export->is_late)
        g_main_context_iteration(NULL, TRUE);
    g_source_remove(ended);
    g_source_remove(timer);
    process_kill_descendants(export->process.pid);
    process_signal_group(&export->process, SIGKILL);
    if (export->has_ended)
        process_reap(&export->process, &status);
    process_end(&export->process, 0);
    return status;
}

static void fill_arguments(const char *argv[MAX_ARGUMENTS], const char *program, const char *format, const char *out, const char *source)
{
    g_autofree char *xvfb = g_getenv("DISPLAY") == NULL ? g_find_program_in_path("xvfb-run") : NULL;
    const char *const arguments[] = {program, "-x", "-f", format, "-s", "3", "-b", "20", "-o", out, source, NULL};
    unsigned n = 0;
    if (xvfb != NULL) {
        argv[n++] = "xvfb-run";
        argv[n++] = "-a";
    }
    memcpy(&argv[n], arguments, sizeof arguments);
}

static GBytes *fail(const char *name, int status, const char *log_path, GError **error)
{
    g_autoptr(GBytes) log = file_read(log_path, LOG_LIMIT, NULL);
    g_autofree char *text = log != NULL ? g_utf8_make_valid(g_bytes_get_data(log, NULL), MIN(g_bytes_get_size(log), 2000)) : g_strdup("");
    g_autofree char *end = status == -1               ? g_strdup_printf("took longer than %d s", DEADLINE_MS / 1000)
                           : WIFSIGNALED(status)      ? g_strdup_printf("was killed by signal %d", WTERMSIG(status))
                           : WEXITSTATUS(status) != 0 ? g_strdup_printf("ended with exit status %d", WEXITSTATUS(status))
                                                      : g_strdup("wrote no picture");
    g_strstrip(text);
    g_set_error(error, CLX_ERROR, CLX_ERROR_INFRASTRUCTURE, "%s: Draw.io %s%s%s", name, end, *text != '\0' ? ": " : "", text);
    return NULL;
}

static GBytes *export_page(const char *program, const char *folder, const char *source, const char *name, const char *format,
                           GError **error)
{
    g_autofree char *file = g_strdup_printf("out.%s", format);
    g_autofree char *out = g_build_filename(folder, file, NULL);
    g_autofree char *log_path = g_build_filename(folder, "log", NULL);
    const char *argv[MAX_ARGUMENTS];
    struct export export = {0};
    int log = open(log_path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    fill_arguments(argv, program, format, out, source);
    struct process_options options = {
        .argv = argv, .folder = folder, .stdin_fd = -1, .stdout_fd = log, .stderr_fd = log, .death_signal = SIGKILL};
    bool started = process_spawn(&options, &export.process, error);
    if (log >= 0)
        close(log);
    if (!started)
        return NULL;
    int status = wait_for_end(&export);
    g_autoptr(GBytes) picture = status == 0 ? file_read(out, PICTURE_LIMIT, NULL) : NULL;
    if (picture == NULL || g_bytes_get_size(picture) == 0)
        return fail(name, status, log_path, error);
    return g_steal_pointer(&picture);
}

GBytes *drawio_render(const char *executable, const char *source_path, const char *name, const char *format, GError **error)
{
    g_autofree char *program = drawio_find_program(executable);
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
    GBytes *picture = export_page(program, folder, source, name, strcmp(format, "svg") == 0 ? "svg" : "png", error);
    file_remove_tree(folder, NULL);
    return picture;
}
