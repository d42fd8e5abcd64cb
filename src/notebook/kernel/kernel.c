/* One run: start, wait until the kernel answers and its iopub channel is heard, then cell by cell. A request is done when both its reply
 * (shell) and "idle" (iopub) have come, in either order. Death is an event of the pidfd, a deadline a timer: nothing is asked twice. */
#include "notebook/kernel/kernel.h"

#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/error.h"
#include "base/hash.h"
#include "notebook/kernel/cell_outputs.h"
#include "notebook/kernel/channels.h"
#include "notebook/kernel/failure.h"
#include "notebook/kernel/kernel_version.h"
#include "notebook/kernel/kernelspec.h"

#define START_TIMEOUT_MS 60000
#define MIN_HEAR_MS 4 /* a subscriber that came late missed the first "idle": ask again, after a pause that doubles */
#define MAX_HEAR_MS 100
#define INTERRUPT_GRACE_MS 5000
#define END_GRACE_MS 1000 /* between the end of a kernel's connections and its own */
#define N_INTERRUPTS 3    /* at a deadline, in half of the grace each: one that comes before the kernel has begun with the cell is lost */
#define DEFAULT_CELL_TIMEOUT_S 300

enum wait_result { WAIT_DONE, WAIT_DIED, WAIT_LATE };

struct run {
    struct notebook *notebook;
    const struct kernel_options *options;
    struct kernelspec *spec;
    struct kernel_process *kernel;
    struct channels *channels;
    GHashTable *displays;
    struct cell_outputs *outputs; /* of the running cell, or NULL */
    char *request_id;
    json_t *reply;   /* content of the reply to the request */
    json_t *failure; /* content of the error message of the running cell */
    int execution_count;
    bool is_idle, has_died, is_late, wants_input, shows_too_much;
    guint death_source, grace_source, lost_source;
};

/* ---- events ---- */

static void interrupt(struct run *run)
{
    if (!run->spec->interrupts_by_message) {
        process_signal(&run->kernel->process, SIGINT);
        return;
    }
    g_free(channels_send(run->channels, CHANNEL_CONTROL, "interrupt_request", json_object(), NULL));
}

static guint get_grace_ms(const struct run *run)
{
    return run->options->interrupt_grace_ms > 0 ? (guint)run->options->interrupt_grace_ms : INTERRUPT_GRACE_MS;
}

static gboolean on_grace_end(gpointer data)
{
    struct run *run = data;
    run->is_late = true;
    run->grace_source = 0;
    return G_SOURCE_REMOVE;
}

/* Ends a cell that must not go on; one that does not react is given up. */
static void stop_cell(struct run *run)
{
    interrupt(run);
    if (run->grace_source == 0)
        run->grace_source = g_timeout_add(get_grace_ms(run), on_grace_end, run);
}

static void stop_flood(struct run *run)
{
    run->shows_too_much = true;
    stop_cell(run);
}

static void take_iopub(struct run *run, const struct message *message)
{
    if (strcmp(message->type, "update_display_data") == 0)
        displays_update(run->displays, message->content);
    if (g_strcmp0(message->parent_id, run->request_id) != 0)
        return;
    if (strcmp(message->type, "status") == 0)
        run->is_idle |= strcmp(json_get_text(message->content, "execution_state", ""), "idle") == 0;
    else if (strcmp(message->type, "execute_input") == 0)
        run->execution_count = (int)json_get_int(message->content, "execution_count", 0);
    if (strcmp(message->type, "error") == 0) {
        json_decref(run->failure);
        run->failure = json_incref(message->content);
    }
    if (run->outputs != NULL && !run->shows_too_much && !cell_outputs_add(run->outputs, message->type, message->content))
        stop_flood(run);
}

static gboolean on_lost_by_flood(gpointer data)
{
    struct run *run = data;
    run->lost_source = 0;
    stop_cell(run);
    return G_SOURCE_REMOVE;
}

/* A kernel that lives loses the connection by a message that is too large; one that ends is left alone, so that its exit status counts. */
static void on_lost(gpointer data)
{
    struct run *run = data;
    if (run->outputs == NULL || run->shows_too_much)
        return;
    run->shows_too_much = true;
    run->lost_source = g_timeout_add(END_GRACE_MS, on_lost_by_flood, run);
}

static void take_reply(struct run *run, const struct message *message)
{
    if (g_strcmp0(message->parent_id, run->request_id) != 0)
        return;
    json_decref(run->reply);
    run->reply = json_incref(message->content);
}

static void take_message(enum channel channel, const struct message *message, gpointer data)
{
    struct run *run = data;
    if (channel == CHANNEL_IOPUB)
        take_iopub(run, message);
    else if (channel == CHANNEL_SHELL)
        take_reply(run, message);
    else if (channel == CHANNEL_STDIN && strcmp(message->type, "input_request") == 0) {
        run->wants_input = true;
        stop_cell(run);
    }
}

static gboolean on_death(gint fd, GIOCondition condition, gpointer data)
{
    struct run *run = data;
    run->has_died = true;
    run->death_source = 0;
    return G_SOURCE_REMOVE;
}

static gboolean on_deadline(gpointer data)
{
    ((struct run *)data)->is_late = true;
    return G_SOURCE_CONTINUE;
}

static bool is_answered(const struct run *run, bool needs_idle)
{
    return run->reply != NULL && (run->is_idle || !needs_idle);
}

static enum wait_result wait_for_answer(struct run *run, bool needs_idle, guint deadline_ms)
{
    run->is_late = false;
    guint timer = g_timeout_add(deadline_ms, on_deadline, run);
    while (!is_answered(run, needs_idle) && !run->has_died && !run->is_late)
        g_main_context_iteration(NULL, TRUE);
    g_source_remove(timer);
    if (is_answered(run, needs_idle))
        return WAIT_DONE;
    return run->has_died ? WAIT_DIED : WAIT_LATE;
}

static bool send_request(struct run *run, const char *type, json_t *content, GError **error)
{
    g_free(run->request_id);
    json_decref(run->reply);
    run->reply = NULL;
    run->is_idle = run->wants_input = run->shows_too_much = false;
    run->request_id = channels_send(run->channels, CHANNEL_SHELL, type, content, error);
    return run->request_id != NULL;
}

/* ---- starting ---- */

static char *describe_end(struct run *run)
{
    int status = 0;
    if (process_reap(&run->kernel->process, &status) != 1)
        return g_strdup("ended");
    if (WIFSIGNALED(status))
        return g_strdup_printf("was killed by signal %d (%s)%s", WTERMSIG(status), g_strsignal(WTERMSIG(status)),
                               WTERMSIG(status) == SIGKILL ? ", as the system does when memory runs out," : "");
    return g_strdup_printf("ended with exit status %d", WEXITSTATUS(status));
}

static bool fail_start(struct run *run, enum wait_result result, GError **error)
{
    g_autofree char *end = result == WAIT_DIED ? describe_end(run) : g_strdup_printf("did not answer in %d s", START_TIMEOUT_MS / 1000);
    g_autofree char *log = kernel_process_read_log(run->kernel);
    g_set_error(error, CLX_ERROR, CLX_ERROR_INFRASTRUCTURE, "%s: kernel '%s' did not start: it %s%s", run->options->source_name,
                run->options->kernel, end, log);
    return false;
}

static bool wait_until_ready(struct run *run, GError **error)
{
    gint64 end = g_get_monotonic_time() + START_TIMEOUT_MS * (gint64)1000;
    for (guint hear_ms = MIN_HEAR_MS;; hear_ms = MIN(2 * hear_ms, MAX_HEAR_MS)) {
        if (!send_request(run, "kernel_info_request", json_object(), error))
            return false;
        gint64 left_ms = (end - g_get_monotonic_time()) / 1000;
        enum wait_result result = left_ms > 0 ? wait_for_answer(run, false, (guint)left_ms) : WAIT_LATE;
        if (result != WAIT_DONE)
            return fail_start(run, result, error);
        result = wait_for_answer(run, true, hear_ms);
        if (result == WAIT_DONE)
            return true;
        if (result == WAIT_DIED)
            return fail_start(run, result, error);
    }
}

/* A kernel whose working directory holds the topic's files. */
static struct kernel_process *get_kernel(const struct run *run, GError **error)
{
    const struct kernel_options *options = run->options;
    if (options->pool == NULL || options->starts_in_files)
        return kernel_process_start(run->spec, options->runtime_dir, options->fill, options->data, error);
    struct kernel_process *kernel = kernel_pool_take(options->pool, run->spec, options->preload, error);
    if (kernel != NULL && options->fill != NULL && !options->fill(kernel->work, options->data, error))
        g_clear_pointer(&kernel, kernel_process_end);
    return kernel;
}

static bool start(struct run *run, GError **error)
{
    run->spec = kernelspec_find(run->options->kernel, error);
    if (run->spec == NULL)
        return false;
    run->kernel = get_kernel(run, error);
    if (run->kernel == NULL)
        return false;
    run->death_source = g_unix_fd_add(run->kernel->process.pidfd, G_IO_IN, on_death, run);
    run->channels = channels_open((const char *const *)run->kernel->addresses, run->kernel->key, take_message, on_lost, run, error);
    if (run->channels == NULL || !wait_until_ready(run, error))
        return false;
    kernel_process_pass_log(run->kernel);
    if (run->options->pool != NULL)
        kernel_pool_prepare(run->options->pool, run->spec, run->options->preload);
    return true;
}

/* ---- cells ---- */

static bool fail_cell(const struct run *run, const struct cell *cell, enum clx_error code, const char *problem, GError **error)
{
    g_autofree char *message = failure_describe(cell, run->options->source_name, 1, problem);
    g_set_error_literal(error, CLX_ERROR, code, message);
    return false;
}

static bool fail_died(struct run *run, const struct cell *cell, GError **error)
{
    g_autofree char *end = describe_end(run);
    g_autofree char *log = kernel_process_read_log(run->kernel);
    g_autofree char *problem = g_strdup_printf("the kernel '%s' %s while it ran this cell%s", run->options->kernel, end, log);
    return fail_cell(run, cell, CLX_ERROR_INFRASTRUCTURE, problem, error);
}

static bool interrupt_cell(struct run *run)
{
    enum wait_result result = WAIT_LATE;
    for (int i = 0; i < N_INTERRUPTS && result == WAIT_LATE; i++) {
        interrupt(run);
        result = wait_for_answer(run, true, get_grace_ms(run) / 2);
    }
    return result == WAIT_DONE;
}

static bool fail_late(struct run *run, const struct cell *cell, int timeout_s, GError **error)
{
    bool stopped = interrupt_cell(run);
    g_autofree char *problem = g_strdup_printf("ran longer than %d s and was %s", timeout_s,
                                               stopped ? "interrupted" : "killed, since it did not react to an interrupt");
    return fail_cell(run, cell, CLX_ERROR_SOURCE, problem, error);
}

static bool may_raise(const struct run *run, const struct cell *cell)
{
    size_t i;
    json_t *tag;
    if (run->options->skips_errors)
        return true;
    json_array_foreach(json_object_get(cell->metadata, "tags"), i,
                       tag) if (g_strcmp0(json_string_value(tag), "raises-exception") == 0) return true;
    return false;
}

static bool check_reply(const struct run *run, const struct cell *cell, GError **error)
{
    const char *status = json_get_text(run->reply, "status", "ok");
    if (run->wants_input)
        return fail_cell(run, cell, CLX_ERROR_SOURCE, "asks for input, which nobody can give here", error);
    if (run->shows_too_much)
        return fail_cell(run, cell, CLX_ERROR_SOURCE, "shows more than 64 MiB or 200000 lines of output", error);
    if (strcmp(status, "aborted") == 0)
        return fail_cell(run, cell, CLX_ERROR_INFRASTRUCTURE, "the kernel did not run this cell", error);
    if (strcmp(status, "error") != 0 && run->failure == NULL)
        return true;
    if (may_raise(run, cell))
        return true;
    g_autoptr(json_t) said = json_pack("[O]", run->failure != NULL ? run->failure : run->reply);
    outputs_hide_folders(said, run->kernel->work);
    g_autofree char *message = failure_format(run->notebook, cell, run->options->source_name, json_array_get(said, 0));
    g_set_error_literal(error, CLX_ERROR, CLX_ERROR_SOURCE, message);
    return false;
}

static json_t *make_execute_request(const struct cell *cell)
{
    return json_pack("{s:s,s:b,s:b,s:{},s:b,s:b}", "code", cell->source, "silent", 0, "store_history", 1, "user_expressions", "allow_stdin",
                     0, "stop_on_error", 0);
}

static void set_outputs(struct run *run, struct cell *cell)
{
    json_decref(cell->outputs);
    cell->outputs = cell_outputs_finish(g_steal_pointer(&run->outputs));
    outputs_hide_folders(cell->outputs, run->kernel->work);
    cell->execution_count = run->execution_count;
}

static bool run_cell(struct run *run, struct cell *cell, GError **error)
{
    int timeout_s = run->options->cell_timeout_s > 0 ? run->options->cell_timeout_s : DEFAULT_CELL_TIMEOUT_S;
    json_decref(run->failure);
    run->failure = NULL;
    run->execution_count = 0;
    json_t *request = make_execute_request(cell);
    if (request == NULL)
        return fail_cell(run, cell, CLX_ERROR_SOURCE, "is not valid UTF-8", error);
    if (!send_request(run, "execute_request", request, error))
        return false;
    run->outputs = cell_outputs_new(run->displays);
    enum wait_result result = wait_for_answer(run, true, (guint)MIN(timeout_s, G_MAXINT / 1000) * 1000);
    bool is_stopped = run->wants_input || run->shows_too_much; /* check_reply() says why */
    bool done = result == WAIT_DIED                  ? fail_died(run, cell, error)
                : result == WAIT_LATE && !is_stopped ? fail_late(run, cell, timeout_s, error)
                                                     : true;
    set_outputs(run, cell);
    return done && check_reply(run, cell, error);
}

static bool is_runnable(const struct cell *cell)
{
    return cell->type == CELL_CODE && cell->source[strspn(cell->source, " \t\r\n\f\v")] != '\0';
}

static int count_runnable(const struct notebook *notebook)
{
    int n = 0;
    for (unsigned i = 0; i < notebook->cells->len; i++)
        n += is_runnable(notebook->cells->pdata[i]);
    return n;
}

static void set_empty_outputs(struct cell *cell)
{
    json_decref(cell->outputs);
    cell->outputs = json_array();
    cell->execution_count = 0;
}

static bool run_cells(struct run *run, GError **error)
{
    int n_cells = count_runnable(run->notebook), n = 0;
    for (unsigned i = 0; i < run->notebook->cells->len; i++) {
        struct cell *cell = run->notebook->cells->pdata[i];
        if (cell->type == CELL_CODE && !is_runnable(cell))
            set_empty_outputs(cell);
        if (!is_runnable(cell))
            continue;
        if (run->options->progress != NULL)
            run->options->progress(++n, n_cells, run->options->data);
        if (!run_cell(run, cell, error))
            return false;
    }
    return true;
}

static void clear_run(struct run *run)
{
    if (run->death_source != 0)
        g_source_remove(run->death_source);
    if (run->grace_source != 0)
        g_source_remove(run->grace_source);
    if (run->lost_source != 0)
        g_source_remove(run->lost_source);
    channels_close(run->channels);
    kernel_process_end(run->kernel);
    kernelspec_free(run->spec);
    g_hash_table_unref(run->displays);
    json_decref(run->reply);
    json_decref(run->failure);
    g_free(run->request_id);
}

bool kernel_run(struct notebook *notebook, const struct kernel_options *options, GError **error)
{
    struct run run = {.notebook = notebook, .options = options, .displays = displays_new()};
    bool ok = start(&run, error) && run_cells(&run, error);
    clear_run(&run);
    return ok;
}

char *kernel_fingerprint(const char *kernel, GError **error)
{
    g_autoptr(kernelspec) spec = kernelspec_find(kernel, error);
    struct stat info;
    if (spec == NULL)
        return NULL;
    g_autofree char *program = g_find_program_in_path(spec->argv[0]);
    bool is_there = program != NULL && stat(program, &info) == 0;
    g_autofree char *state = is_there ? g_strdup_printf("%lld %lld", (long long)info.st_mtime, (long long)info.st_size) : NULL;
    g_autofree char *argv = g_strjoinv("\n", spec->argv), *version = kernel_version(spec, program);
    struct hasher *hasher = hasher_new();
    hasher_add_field(hasher, "folder", spec->folder);
    hasher_add_field(hasher, "kernel.json", spec->text);
    hasher_add_field(hasher, "argv", argv);
    hasher_add_field(hasher, "program", program);
    hasher_add_field(hasher, "state", state);
    hasher_add_field(hasher, "version", version);
    return hasher_finish(hasher);
}
