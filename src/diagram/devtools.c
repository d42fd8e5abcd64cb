#include "diagram/devtools.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "os/file.h"
#include "os/process.h"
#include "os/sandbox.h"

#define MESSAGE_LIMIT (64u * 1024 * 1024) /* of json_parse() */
#define LOG_LIMIT (16u * 1024 * 1024)
#define MAX_ARGUMENTS 48

struct devtools {
    struct process process;
    int to, from; /* our ends of the pipes */
    GSource *reader, *writer;
    GByteArray *outgoing, *incoming;
    size_t n_scanned; /* of incoming: known to hold no zero byte */
    char *session, *log_path;
    devtools_event *on_event;
    gpointer data;
    json_int_t last_id, awaited_id;
    json_t *answer;
    bool is_dead, is_late;
};

/* What a browser that serves one page needs not do, and what would make pictures differ from one machine to the next. */
static const char *const flags[] = {
    "--headless",
    "--remote-debugging-pipe",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-breakpad",
    "--disable-client-side-phishing-detection",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-gpu",
    "--disable-sync",
    ("--disable-features=PreloadTopChromeWebUI,Translate,OptimizationHints,MediaRouter,DialMediaRouteProvider,"
     "InterestFeedContentSuggestions,SpareRendererForSitePerProcess"),
    "--font-render-hinting=slight", /* as desktop browsers do it; the headless shell's own is another */
    "--force-color-profile=srgb",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--metrics-recording-only",
    "--mute-audio",
    "--no-pings",
    "--password-store=basic",
    "--proxy-server=http://127.0.0.1:9",
    "--proxy-bypass-list=<-loopback>",
    "--disk-cache-size=1048576",
    "--renderer-process-limit=1",
};

/* ---- messages ---- */

static void take_message(struct devtools *devtools, const char *text, size_t length)
{
    g_autoptr(json_t) message = json_parse(text, length, NULL);
    const json_t *id = json_object_get(message, "id");
    const char *method = json_get_text(message, "method", NULL);
    if (json_is_integer(id) && json_integer_value(id) == devtools->awaited_id)
        devtools->answer = json_incref(message);
    else if (method != NULL && strcmp(method, "Inspector.targetCrashed") == 0)
        devtools->is_dead = true;
    else if (method != NULL && devtools->on_event != NULL)
        devtools->on_event(devtools, method, json_object_get(message, "params"), devtools->data);
}

static void take_messages(struct devtools *devtools)
{
    GByteArray *incoming = devtools->incoming;
    size_t start = 0;
    for (;;) {
        size_t from = MAX(start, devtools->n_scanned);
        const guint8 *end = from < incoming->len ? memchr(incoming->data + from, '\0', incoming->len - from) : NULL;
        if (end == NULL)
            break;
        size_t length = (size_t)(end - incoming->data) - start;
        take_message(devtools, (const char *)incoming->data + start, length);
        start += length + 1;
    }
    if (start > 0)
        g_byte_array_remove_range(incoming, 0, (guint)start);
    devtools->n_scanned = incoming->len;
}

static gboolean on_readable(gint fd, GIOCondition condition, gpointer data)
{
    struct devtools *devtools = data;
    guint8 buffer[65536];
    ssize_t n = read(fd, buffer, sizeof buffer);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return G_SOURCE_CONTINUE;
    if (n <= 0 || devtools->incoming->len > MESSAGE_LIMIT) {
        devtools->is_dead = true;
        return G_SOURCE_REMOVE;
    }
    g_byte_array_append(devtools->incoming, buffer, (guint)n);
    take_messages(devtools);
    return G_SOURCE_CONTINUE;
}

static void drop_source(GSource **source)
{
    if (*source == NULL)
        return;
    g_source_destroy(*source);
    g_clear_pointer(source, g_source_unref);
}

static GSource *watch(int fd, GIOCondition condition, GUnixFDSourceFunc callback, struct devtools *devtools)
{
    GSource *source = g_unix_fd_source_new(fd, condition);
    g_source_set_callback(source, (GSourceFunc)(void (*)(void))callback, devtools, NULL);
    g_source_attach(source, NULL);
    return source;
}

static gboolean on_writable(gint fd, GIOCondition condition, gpointer data)
{
    struct devtools *devtools = data;
    ssize_t n = file_write_to_pipe(fd, devtools->outgoing->data, devtools->outgoing->len);
    if (n < 0 && errno != EAGAIN && errno != EINTR)
        devtools->is_dead = true;
    if (n > 0)
        g_byte_array_remove_range(devtools->outgoing, 0, (guint)n);
    if (devtools->outgoing->len > 0 && !devtools->is_dead)
        return G_SOURCE_CONTINUE;
    drop_source(&devtools->writer);
    return G_SOURCE_REMOVE;
}

static json_int_t send_message(struct devtools *devtools, const char *method, json_t *params)
{
    json_int_t id = ++devtools->last_id;
    g_autoptr(json_t) message = json_pack("{s:I, s:s, s:o}", "id", id, "method", method, "params", params != NULL ? params : json_object());
    if (devtools->session != NULL)
        json_object_set_new(message, "sessionId", json_string(devtools->session));
    g_autofree char *text = json_to_text(message);
    g_byte_array_append(devtools->outgoing, (const guint8 *)text, (guint)strlen(text) + 1);
    if (devtools->writer == NULL && !devtools->is_dead)
        devtools->writer = watch(devtools->to, G_IO_OUT, on_writable, devtools);
    return id;
}

void devtools_send(struct devtools *devtools, const char *method, json_t *params)
{
    send_message(devtools, method, params);
}

/* ---- calls ---- */

static gboolean on_deadline(gpointer data)
{
    ((struct devtools *)data)->is_late = true;
    return G_SOURCE_CONTINUE;
}

/* The last line of the browser's log that says something; the caller frees it. */
static char *last_words(const struct devtools *devtools)
{
    g_autoptr(GBytes) log = file_read(devtools->log_path, LOG_LIMIT, NULL);
    if (log == NULL || g_bytes_get_size(log) == 0)
        return g_strdup("");
    g_autofree char *text = g_utf8_make_valid(g_bytes_get_data(log, NULL), (gssize)g_bytes_get_size(log));
    char *line = strrchr(g_strchomp(text), '\n');
    return g_strdup_printf(": %s", line != NULL ? line + 1 : text);
}

static json_t *fail(struct devtools *devtools, const char *method, GError **error)
{
    const json_t *problem = json_object_get(devtools->answer, "error");
    if (devtools->answer != NULL)
        g_set_error(error, CLX_ERROR, CLX_ERROR_INFRASTRUCTURE, "the browser refused %s: %s", method,
                    json_get_text(problem, "message", "?"));
    else if (devtools->is_late)
        g_set_error(error, CLX_ERROR, CLX_ERROR_INFRASTRUCTURE, "the browser did not answer in time");
    else {
        g_autofree char *words = last_words(devtools);
        g_set_error(error, CLX_ERROR, CLX_ERROR_INFRASTRUCTURE, "the browser ended%s", words);
    }
    json_decref(devtools->answer);
    devtools->answer = NULL;
    return NULL;
}

json_t *devtools_call(struct devtools *devtools, const char *method, json_t *params, int timeout_ms, GError **error)
{
    devtools->awaited_id = send_message(devtools, method, params);
    guint timer = g_timeout_add((guint)timeout_ms, on_deadline, devtools);
    while (devtools->answer == NULL && !devtools->is_dead && !devtools->is_late)
        g_main_context_iteration(NULL, TRUE);
    g_source_remove(timer);
    devtools->awaited_id = 0;
    json_t *result = json_object_get(devtools->answer, "result");
    if (result == NULL)
        return fail(devtools, method, error);
    json_incref(result);
    json_decref(devtools->answer);
    devtools->answer = NULL;
    return result;
}

void devtools_set_session(struct devtools *devtools, const char *session)
{
    g_free(devtools->session);
    devtools->session = g_strdup(session);
}

bool devtools_is_alive(const struct devtools *devtools)
{
    return !devtools->is_dead && !devtools->is_late;
}

bool devtools_has_crashed(const struct devtools *devtools)
{
    return devtools->is_dead;
}

pid_t devtools_pid(const struct devtools *devtools)
{
    return devtools->process.pid;
}

guint64 devtools_memory(const struct devtools *devtools)
{
    guint64 memory = 0, cpu_ms = 0;
    process_tree_usage(devtools->process.pid, &memory, &cpu_ms);
    return memory;
}

/* ---- the process ---- */

static bool make_pipes(int to[2], int from[2], GError **error)
{
    if (pipe2(to, O_CLOEXEC) == 0) {
        if (pipe2(from, O_CLOEXEC) == 0)
            return true;
        close(to[0]);
        close(to[1]);
    }
    g_set_error(error, CLX_ERROR, CLX_ERROR_INFRASTRUCTURE, "cannot make a pipe: %s", g_strerror(errno));
    return false;
}

/* The browser keeps its settings and caches in the folder; fonts of the user are still found. */
static char **make_env(const char *folder)
{
    g_autofree char *data = g_build_filename(g_get_home_dir(), ".local", "share", NULL);
    const char *data_home = g_getenv("XDG_DATA_HOME");
    GPtrArray *env = g_ptr_array_new();
    g_ptr_array_add(env, g_strdup_printf("HOME=%s", folder));
    g_ptr_array_add(env, g_strdup_printf("XDG_CONFIG_HOME=%s", folder));
    g_ptr_array_add(env, g_strdup_printf("XDG_CACHE_HOME=%s", folder));
    g_ptr_array_add(env, g_strdup_printf("XDG_DATA_HOME=%s", data_home != NULL ? data_home : data));
    g_ptr_array_add(env, NULL);
    return (char **)g_ptr_array_free(env, FALSE);
}

static bool spawn(struct devtools *devtools, const struct devtools_options *options, int in, int out, GError **error)
{
    g_autofree char *profile = g_strdup_printf("--user-data-dir=%s/profile", options->folder);
    const char *argv[MAX_ARGUMENTS];
    unsigned n = 0;
    argv[n++] = options->program;
    for (unsigned i = 0; i < G_N_ELEMENTS(flags); i++)
        argv[n++] = flags[i];
    argv[n++] = profile;
    if (geteuid() == 0 || !sandbox_has_user_namespaces())
        argv[n++] = "--no-sandbox"; /* it refuses root, and in a container there is none */
    argv[n++] = "about:blank";
    argv[n] = NULL;
    int log = open(devtools->log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const int more[] = {in, out};
    g_auto(GStrv) env = make_env(options->folder);
    struct process_options spawn_options = {
        .argv = argv,
        .env = (const char *const *)env,
        .folder = options->folder,
        .stdin_fd = -1,
        .stdout_fd = log,
        .stderr_fd = log,
        .death_signal = SIGKILL,
        .new_group = true, /* those whom it leaves behind are found by it */
        .is_offline = true,
        .more_fds = more,
        .n_more_fds = G_N_ELEMENTS(more),
    };
    bool ok = process_spawn(&spawn_options, &devtools->process, error);
    if (log >= 0)
        close(log);
    return ok;
}

struct devtools *devtools_start(const struct devtools_options *options, GError **error)
{
    int to[2], from[2];
    if (!make_pipes(to, from, error))
        return NULL;
    g_autoptr(devtools) devtools = g_new0(struct devtools, 1);
    *devtools =
        (struct devtools){.process = {.pidfd = -1}, .to = to[1], .from = from[0], .on_event = options->on_event, .data = options->data};
    devtools->incoming = g_byte_array_new();
    devtools->outgoing = g_byte_array_new();
    devtools->log_path = g_build_filename(options->folder, "browser.log", NULL);
    bool ok = spawn(devtools, options, to[0], from[1], error);
    close(to[0]);
    close(from[1]);
    if (!ok)
        return NULL;
    g_unix_set_fd_nonblocking(devtools->to, TRUE, NULL);
    g_unix_set_fd_nonblocking(devtools->from, TRUE, NULL);
    devtools->reader = watch(devtools->from, G_IO_IN | G_IO_HUP, on_readable, devtools);
    return g_steal_pointer(&devtools);
}

void devtools_free(struct devtools *devtools)
{
    if (devtools == NULL)
        return;
    drop_source(&devtools->reader);
    drop_source(&devtools->writer);
    if (devtools->process.pid > 0) {
        process_kill_descendants(devtools->process.pid);
        process_signal(&devtools->process, SIGKILL);
        process_end(&devtools->process, 0);
    }
    close(devtools->to);
    close(devtools->from);
    g_byte_array_unref(devtools->incoming);
    g_byte_array_unref(devtools->outgoing);
    json_decref(devtools->answer);
    g_free(devtools->session);
    g_free(devtools->log_path);
    g_free(devtools);
}
