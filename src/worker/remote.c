/* The loop of a remote worker. States: unregistered -> idle (a claim waits at the server) -> at a job -> idle …; a lost connection leads to a pause
 * and another try. Handlers run the main loop while they wait, so heartbeats go on during a job; SIGTERM ends the process from within, as in
 * worker.c. */
#include "worker/remote.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "os/file.h"
#include "os/memory.h"
#include "os/process.h"
#include "os/runtime.h"
#include "os/signals.h"
#include "worker/api_client.h"
#include "worker/health.h"
#include "worker/remote_inputs.h"
#include "worker/worker.h"

#define HEARTBEAT_MS 2000
#define HEARTBEAT_TIMEOUT_S 10
#define CLAIM_WAIT_S 25
#define CLAIM_TIMEOUT_S (CLAIM_WAIT_S + 10)
#define PAUSE_FIRST_MS 100
#define PAUSE_LAST_MS 5000
#define LOST_LIMIT_US (3 * G_USEC_PER_SEC) /* when a call fails and nothing was heard for longer, the build is gone */

struct remote {
    enum job_type type;
    struct api_client *api;
    struct worker_context context;
    char *runtime_dir, *token, *progress;
    const char *host_data_dir;
    gint64 id;         /* 0: not registered */
    bool is_announced; /* CLX_WORKER_ID was given: its row is there already */
    bool is_of_build;  /* lives and dies with its build: announced, or of a swarm service */
    const char *mode;  /* "remote", or "swarm": how it registers itself */
    int grace_s;       /* a job in hand may go on for that long after SIGTERM */
    bool is_leaving;   /* told to stop, and at its last job */
    gint64 job_id;     /* 0: none */
    int job_token;
    bool is_beating; /* a heartbeat is on its way */
    bool has_lost_job;
    bool is_over_memory; /* the job in hand has met the limit of the container */
    gint64 heard_at;     /* monotonic, us: the last answer */
    unsigned pause_ms;
    guint64 cpu_ms;
    gint64 beaten_at;
    json_t *answer; /* of the claim that has come */
    bool is_answered;
    bool is_active;  /* the build knows it, and it may claim */
    GError *problem; /* of the claim */
};

static void log_line(const struct remote *remote, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void log_line(const struct remote *remote, const char *format, ...)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *time = g_date_time_format(now, "%F %T");
    g_autofree char *text = NULL;
    va_list values;

    va_start(values, format);
    text = g_strdup_vprintf(format, values);
    va_end(values);
    fprintf(stderr, "%s worker %" G_GINT64_FORMAT ": %s\n", time, remote->id, text);
}

/* ---- the end ---- */

G_NORETURN static void finish(struct remote *remote, const char *reason, bool is_told)
{
    log_line(remote, "ends: %s", reason);
    process_kill_descendants(getpid());
    if (is_told && remote->id)
        json_decref(api_client_post(remote->api, "/api/worker/unregister",
                                    json_pack("{s:I, s:s}", "worker_id", (json_int_t)remote->id, "reason", reason), NULL));
    cache_close(remote->context.cache);
    if (remote->runtime_dir)
        file_remove_tree(remote->runtime_dir, NULL);
    exit(is_told ? EXIT_SUCCESS : EXIT_FAILURE);
}

static gboolean on_grace_over(gpointer data)
{
    finish(data, "told to stop, and its job took too long", true);
}

/* A job in hand is ended first, where that was granted; who cannot wait says so by a second signal. */
static void on_signal(int signal_number, gpointer data)
{
    struct remote *remote = data;

    if (signal_number == SIGTERM && remote->grace_s > 0 && remote->job_id && !remote->is_leaving) {
        remote->is_leaving = true;
        log_line(remote, "told to stop (SIGTERM): ends its job first");
        g_timeout_add_seconds((guint)remote->grace_s, on_grace_over, remote);
        return;
    }
    finish(data, signal_number == SIGTERM ? "told to stop (SIGTERM)" : "told to stop (SIGINT)", true);
}

/* ---- what is heard ---- */

static void note_answer(struct remote *remote, const GError *error)
{
    if (!error || !g_error_matches(error, CLX_ERROR, CLX_ERROR_INFRASTRUCTURE)) {
        remote->heard_at = g_get_monotonic_time();
        remote->pause_ms = PAUSE_FIRST_MS;
    }
    if (g_error_matches(error, CLX_ERROR, CLX_ERROR_USAGE) && remote->is_of_build)
        finish(remote, error->message, false);
    if (!g_error_matches(error, CLX_ERROR, CLX_ERROR_NOT_FOUND))
        return;
    if (remote->is_of_build)
        finish(remote, "the build does not know it any more", false);
    remote->is_active = false;
    remote->id = 0; /* another build, or it was taken for dead: register again */
}

static gboolean on_pause_over(gpointer data)
{
    *(bool *)data = true;
    return G_SOURCE_REMOVE;
}

static void check_build(struct remote *remote, const GError *error)
{
    if (error && remote->is_of_build && g_get_monotonic_time() - remote->heard_at > LOST_LIMIT_US)
        finish(remote, "its build is gone", !remote->is_announced); /* in a swarm an error would have it started again */
}

/* Waits in the main loop, so that signals are heard; twice as long each time. */
static void pause_a_moment(struct remote *remote, const GError *error)
{
    bool is_over = false;

    check_build(remote, error);
    if (remote->pause_ms == PAUSE_LAST_MS / 2 || remote->pause_ms == PAUSE_FIRST_MS)
        log_line(remote, "%s", error->message);
    g_timeout_add(remote->pause_ms, on_pause_over, &is_over);
    remote->pause_ms = MIN(remote->pause_ms * 2, PAUSE_LAST_MS);
    while (!is_over)
        g_main_context_iteration(NULL, TRUE);
}

/* ---- heartbeat ---- */

static void lose_job(struct remote *remote, const char *reason)
{
    if (!remote->job_id || remote->has_lost_job)
        return;
    log_line(remote, "job %" G_GINT64_FORMAT " %s", remote->job_id, reason);
    remote->has_lost_job = true;
    process_kill_descendants(getpid());
}

static void on_beaten(json_t *answer, const GError *error, gpointer data)
{
    struct remote *remote = data;

    remote->is_beating = false;
    note_answer(remote, error);
    check_build(remote, error);
    if (error && remote->id == 0)
        lose_job(remote, "is no longer this worker's");
    if (answer && remote->job_id && json_get_bool(answer, "cancelled", false))
        lose_job(remote, "was cancelled");
}

static json_t *describe_state(struct remote *remote)
{
    gint64 now = g_get_monotonic_time();
    guint64 memory = 0, cpu_ms = 0;
    double percent = 0;

    process_tree_usage(getpid(), &memory, &cpu_ms);
    if (remote->beaten_at && cpu_ms > remote->cpu_ms)
        percent = (double)(cpu_ms - remote->cpu_ms) * 100000.0 / (double)MAX(now - remote->beaten_at, 1);
    remote->cpu_ms = cpu_ms;
    remote->beaten_at = now;
    return json_pack("{s:I, s:s?, s:f, s:f, s:I, s:i}", "worker_id", (json_int_t)remote->id, "progress", remote->progress, "cpu_usage",
                     percent, "memory_usage", (double)memory / 1048576.0, "job_id", (json_int_t)remote->job_id, "token", remote->job_token);
}

static gboolean on_heartbeat(gpointer data)
{
    struct remote *remote = data;

    health_beat(remote->runtime_dir);
    if (remote->is_beating || !remote->id)
        return G_SOURCE_CONTINUE;
    remote->is_beating = true;
    api_client_send(remote->api, "/api/worker/heartbeat", describe_state(remote), HEARTBEAT_TIMEOUT_S, on_beaten, remote);
    return G_SOURCE_CONTINUE;
}

static void on_progress(const char *progress, gpointer data)
{
    struct remote *remote = data;

    g_free(remote->progress);
    remote->progress = g_strdup(progress);
}

/* ---- jobs ---- */

static const char *error_type(const GError *error)
{
    if (g_error_matches(error, CLX_ERROR, CLX_ERROR_SOURCE))
        return "source";
    return g_error_matches(error, CLX_ERROR, CLX_ERROR_NOT_FOUND) ? "not_found" : "infrastructure";
}

static bool deliver_outputs(struct remote *remote, const json_t *result, GError **error)
{
    size_t i;
    json_t *output;

    json_array_foreach(json_object_get(result, "outputs"), i, output)
    {
        const char *sha256 = json_get_text(output, "sha256", "");
        g_autoptr(GBytes) bytes = cache_get_object(remote->context.cache, sha256, error);

        if (!bytes || !api_client_deliver(remote->api, sha256, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), error))
            return false;
    }
    return true;
}

/* The kernel of the system ended something that the job had started: the limit is the reason, whatever the handler saw of it. */
static void note_memory(struct remote *remote, const struct memory_limit *before, GError **error)
{
    struct memory_limit now;

    remote->is_over_memory = memory_read_limit(&now) && now.n_kills > before->n_kills;
    if (!remote->is_over_memory)
        return;
    g_clear_error(error);
    g_autofree char *limit = memory_format_size(now.bytes);
    g_set_error(error, CLX_ERROR, CLX_ERROR_INFRASTRUCTURE, "memory limit %s exceeded", limit);
}

static json_t *run_handler(struct remote *remote, const json_t *job, GError **error)
{
    g_autofree char *folder = g_build_filename(remote->runtime_dir, "inputs", NULL);
    g_autoptr(json_t) payload = remote_inputs_prepare(remote->api, job, remote->host_data_dir, folder, error);
    g_autoptr(json_t) result = NULL;
    struct memory_limit before = {0};

    if (!payload) { /* an input that changed or vanished meanwhile: the build decides anew */
        if (error && *error)
            (*error)->code = CLX_ERROR_INFRASTRUCTURE;
        return NULL;
    }
    remote->context.deps = json_array();
    memory_read_limit(&before);
    result = job_handlers[remote->type](payload, &remote->context, error);
    if (!result)
        note_memory(remote, &before, error);
    if (result)
        json_object_set(result, "deps", remote->context.deps);
    g_clear_pointer(&remote->context.deps, json_decref);
    return result && deliver_outputs(remote, result, error) ? g_steal_pointer(&result) : NULL;
}

static json_t *describe_end(const struct remote *remote, const json_t *result, const GError *problem)
{
    if (result)
        return json_pack("{s:I, s:s, s:i, s:O}", "worker_id", (json_int_t)remote->id, "status", "completed", "token", remote->job_token,
                         "result", result);
    g_autofree char *message = g_utf8_make_valid(problem->message, -1);
    return json_pack("{s:I, s:s, s:i, s:{s:s, s:s, s:b}}", "worker_id", (json_int_t)remote->id, "status", "failed", "token",
                     remote->job_token, "error", "type", error_type(problem), "message", message, "is_final", remote->is_over_memory);
}

/* Told until somebody has heard it, or nobody is interested any more. */
static void report_end(struct remote *remote, const json_t *result, const GError *problem)
{
    g_autofree char *path = g_strdup_printf("/api/worker/jobs/%" G_GINT64_FORMAT "/status", remote->job_id);
    g_autoptr(GError) refused = NULL;

    while (remote->id && !remote->has_lost_job) {
        g_autoptr(GError) error = NULL;
        g_autoptr(json_t) answer = api_client_post(remote->api, path, describe_end(remote, result, problem), &error);

        note_answer(remote, error);
        if (answer)
            return;
        if (!g_error_matches(error, CLX_ERROR, CLX_ERROR_INFRASTRUCTURE)) {
            log_line(remote, "%s", error->message);
            if (!result || !g_error_matches(error, CLX_ERROR, CLX_ERROR_FAILED))
                return;
            result = NULL; /* what was made is no good: the job fails, and may be tried again */
            problem = refused = g_steal_pointer(&error);
            continue;
        }
        pause_a_moment(remote, error);
    }
}

static void run_job(struct remote *remote, const json_t *job)
{
    g_autoptr(GError) problem = NULL;
    g_autoptr(json_t) result = NULL;

    remote->job_id = json_get_int(job, "id", 0);
    remote->job_token = (int)json_get_int(job, "token", 0);
    remote->has_lost_job = remote->is_over_memory = false;
    log_line(remote, "job %" G_GINT64_FORMAT ": %s", remote->job_id, json_get_text(job, "input_file", ""));
    result = run_handler(remote, job, &problem);
    if (!result)
        log_line(remote, "job %" G_GINT64_FORMAT " failed: %s", remote->job_id, problem->message);
    report_end(remote, result, problem);
    remote->job_id = 0;
    g_clear_pointer(&remote->progress, g_free);
    if (remote->is_leaving)
        finish(remote, "told to stop (SIGTERM)", true);
}

static void on_claimed(json_t *answer, const GError *error, gpointer data)
{
    struct remote *remote = data;

    remote->is_answered = true;
    remote->answer = answer ? json_incref(answer) : NULL;
    remote->problem = error ? g_error_copy(error) : NULL;
    note_answer(remote, error);
}

static void claim_and_run(struct remote *remote)
{
    g_autoptr(json_t) answer = NULL;
    g_autoptr(GError) problem = NULL;
    json_t *job;

    remote->is_answered = false;
    api_client_send(remote->api, "/api/worker/jobs/claim",
                    json_pack("{s:I, s:s, s:i, s:i}", "worker_id", (json_int_t)remote->id, "job_type", job_type_names[remote->type], "wait",
                              CLAIM_WAIT_S, "api_version", 2),
                    CLAIM_TIMEOUT_S, on_claimed, remote);
    while (!remote->is_answered)
        g_main_context_iteration(NULL, TRUE);
    answer = g_steal_pointer(&remote->answer);
    problem = g_steal_pointer(&remote->problem);
    job = answer ? json_object_get(answer, "job") : NULL;
    if (json_is_object(job))
        run_job(remote, job);
    else if (problem)
        pause_a_moment(remote, problem);
}

/* ---- the start ---- */

static json_t *introduce(struct remote *remote, GError **error)
{
    if (remote->is_announced)
        return api_client_post(remote->api, "/api/worker/activate", json_pack("{s:I}", "worker_id", (json_int_t)remote->id), error);
    g_autofree char *name = g_strdup_printf("%s-%s-%s-%d", remote->mode, job_type_names[remote->type], g_get_host_name(), (int)getpid());
    return api_client_post(remote->api, "/api/worker/register",
                           json_pack("{s:s, s:s, s:s, s:i}", "worker_type", job_type_names[remote->type], "container_id", name,
                                     "execution_mode", remote->mode, "parent_pid", (int)getppid()),
                           error);
}

static void register_or_pause(struct remote *remote)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) answer = introduce(remote, &error);

    if (!answer) {
        note_answer(remote, error);
        if (remote->is_of_build && !g_error_matches(error, CLX_ERROR, CLX_ERROR_INFRASTRUCTURE))
            finish(remote, error->message, false);
        pause_a_moment(remote, error);
        return;
    }
    note_answer(remote, NULL);
    if (!remote->is_announced)
        remote->id = json_get_int(answer, "worker_id", 0);
    remote->is_active = true;
    log_line(remote, "ready");
}

/* Overwritten too: what a process was started with stays readable in /proc/PID/environ, and a notebook runs as the same user. */
static char *take_token_from_environment(void)
{
    char *value = getenv("CLX_API_TOKEN"), *token = g_strdup(value);

    if (value)
        memset(value, '-', strlen(value));
    g_unsetenv("CLX_API_TOKEN");
    return token;
}

static char *read_token(GError **error)
{
    const char *file = g_getenv("CLX_API_TOKEN_FILE");
    g_autoptr(GBytes) text = NULL;

    if (!file)
        return take_token_from_environment();
    text = file_read(file, 4096, error);
    return text ? g_strstrip(g_strdup(g_bytes_get_data(text, NULL))) : NULL;
}

static bool set_up(struct remote *remote, GError **error)
{
    g_autofree char *name = health_folder_name(remote->type), *cache_db = NULL;
    const char *id = g_getenv("CLX_WORKER_ID");

    remote->token = read_token(error);
    if (!remote->token) {
        if (error && !*error)
            g_set_error(error, CLX_ERROR, CLX_ERROR_USAGE, "CLX_API_TOKEN or CLX_API_TOKEN_FILE must hold the token of the build");
        return false;
    }
    struct memory_limit limit = {0};
    memory_read_limit(&limit);
    const char *mode = g_getenv("CLX_EXECUTION_MODE"), *grace = g_getenv("CLX_STOP_GRACE");
    remote->is_announced = id != NULL;
    remote->mode = mode && *mode ? mode : "remote";
    remote->is_of_build = remote->is_announced || g_str_equal(remote->mode, "swarm");
    remote->grace_s = grace ? (int)CLAMP(g_ascii_strtoll(grace, NULL, 10), 0, 86400) : 0;
    remote->id = id ? g_ascii_strtoll(id, NULL, 10) : 0;
    remote->api = api_client_new(g_getenv("CLX_API_URL"), remote->token);
    remote->host_data_dir = g_getenv("CLX_HOST_DATA_DIR");
    remote->runtime_dir = runtime_make_folder(name, error);
    if (!remote->runtime_dir || (remote->type != JOB_NOTEBOOK && !runtime_keep_temporary_files(remote->runtime_dir, error)))
        return false;
    cache_db = g_build_filename(remote->runtime_dir, "cache.db", NULL);
    remote->context = (struct worker_context){.runtime_dir = remote->runtime_dir,
                                              .workspace = g_getenv("WORKSPACE_PATH"),
                                              .report = on_progress,
                                              .data = remote,
                                              .memory_limit = limit.bytes};
    remote->context.cache = cache_open(cache_db, error);
    remote->heard_at = g_get_monotonic_time();
    remote->pause_ms = PAUSE_FIRST_MS;
    return remote->context.cache != NULL;
}

int remote_worker_run(enum job_type type)
{
    static const int signal_numbers[] = {SIGTERM, SIGINT, 0};
    struct remote remote = {.type = type};
    g_autoptr(GError) error = NULL;

    process_become_subreaper();
    if (!set_up(&remote, &error)) {
        log_line(&remote, "%s", error->message);
        return clx_error_exit_status(error);
    }
    signals_watch(signal_numbers, on_signal, &remote);
    g_timeout_add(HEARTBEAT_MS, on_heartbeat, &remote);
    for (;;)
        if (remote.is_active)
            claim_and_run(&remote);
        else
            register_or_pause(&remote);
}
