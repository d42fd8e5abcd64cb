/* The jobs of all builds: what became of them, what was written while they ran, and how to stop or repeat one. */
#include <stdio.h>
#include <string.h>

#include "build/result_cache.h"
#include "cli/jobs_command.h"
#include "cli/listing.h"
#include "config/fit.h"
#include "os/file.h"
#include "os/process.h"
#include "store/doorbell.h"
#include "store/job_views.h"
#include "supervisor/worker_log.h"

#define LIST_LIMIT 50
#define LOG_LIMIT (256u * 1024 * 1024)

/* ---- one job ---- */

static json_t *parse_or_null(const char *text)
{
    json_t *value = text != NULL ? json_parse(text, strlen(text), NULL) : NULL;
    return value != NULL ? value : json_null();
}

static json_t *seconds_or_null(const struct job_view *job)
{
    return job->started_at != NULL ? json_real(job->run_s) : json_null();
}

static json_t *view_to_json(const struct job_view *job)
{
    json_t *object =
        json_pack("{s:I, s:s, s:s, s:s, s:s, s:s?, s:o, s:i, s:i, s:i, s:s, s:s?, s:s?, s:s?}", "id", (json_int_t)job->id, "job_type",
                  job->type, "status", job_status_names[job->status], "input_file", job->input_file, "output_file", job->output_file,
                  "session_id", job->session_id, "worker_id", job->worker_id != 0 ? json_integer(job->worker_id) : json_null(), "attempts",
                  job->attempts, "max_attempts", job->max_attempts, "kills", job->kills, "created_at", job->created_at, "started_at",
                  job->started_at, "completed_at", job->completed_at, "cancelled_by", job->cancelled_by);
    json_object_set_new(object, "run_seconds", seconds_or_null(job));
    json_object_set_new(object, "error", parse_or_null(job->error));
    return object;
}

static char *error_message(const struct job_view *job)
{
    g_autoptr(json_t) error = parse_or_null(job->error);
    const char *message = json_get_text(error, "message", NULL);
    return message != NULL ? g_strndup(message, strcspn(message, "\n")) : NULL;
}

/* The job that the operand names; NULL after a message, with the exit status. */
static struct job_view *find_job(struct store *store, const char *operand, int *ret_status)
{
    g_autoptr(GError) error = NULL;
    struct job_view *view = NULL;
    guint64 id;
    *ret_status = 2;
    if (!g_ascii_string_to_unsigned(operand, 10, 1, G_MAXINT64, &id, NULL)) {
        report_failure(2, "'%s' is no job id\nsee 'clx jobs list'", operand);
        return NULL;
    }
    *ret_status = 1;
    int found = store != NULL ? job_view_find(store, (gint64)id, &view, &error) : 0;
    if (found < 0)
        *ret_status = report_error(error);
    else if (found == 0)
        report_failure(1, "there is no job %s\nsee 'clx jobs list'", operand);
    return view;
}

/* ---- jobs list ---- */

static const struct column columns[] = {
    {"ID", true},
    {"TYPE", .leaves = 1},
    {"STATUS"},
    {"FILE", .shrinks = true},
    {"WORKER", true, .leaves = 4},
    {"ATTEMPTS", true, .leaves = 5},
    {"RAN", true, .leaves = 3},
    {"AGE", true, .leaves = 2},
    {"ERROR", .shrinks = true},
};

static void add_row(const struct job_view *job, gpointer data)
{
    char *worker = job->worker_id != 0 ? g_strdup_printf("%" G_GINT64_FORMAT, job->worker_id) : NULL;
    listing_add(data, g_strdup_printf("%" G_GINT64_FORMAT, job->id), g_strdup(job->type), g_strdup(job_status_names[job->status]),
                g_path_get_basename(job->input_file), worker, g_strdup_printf("%d/%d", job->attempts, job->max_attempts),
                job->started_at != NULL ? format_duration(job->run_s) : NULL, format_duration(job->age_s), error_message(job));
}

static void add_json(const struct job_view *job, gpointer data)
{
    json_array_append_new(data, view_to_json(job));
}

static int parse_limit(const struct invocation *invocation, gint64 *ret_limit)
{
    const char *text = invocation_option(invocation, "limit");
    guint64 limit = LIST_LIMIT;
    if (text != NULL && !g_ascii_string_to_unsigned(text, 10, 1, G_MAXINT32, &limit, NULL))
        return report_failure(2, "--limit: '%s' is no number from 1 on", text);
    *ret_limit = (gint64)limit;
    return 0;
}

static int run_list(struct invocation *invocation)
{
    g_autoptr(store) store = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(listing) table = listing_new(columns, G_N_ELEMENTS(columns));
    g_autoptr(json_t) rows = json_array();
    bool is_json = invocation_choice(invocation, "format", LIST_TABLE) == LIST_JSON;
    struct job_filter filter = {.session_id = invocation_option(invocation, "session")};
    g_auto(GStrv) statuses = invocation_list(invocation, "status"), types = invocation_list(invocation, "type");
    g_autofree char *joined_statuses = statuses != NULL ? g_strjoinv(",", statuses) : NULL;
    g_autofree char *joined_types = types != NULL ? g_strjoinv(",", types) : NULL;
    filter.statuses = joined_statuses;
    filter.types = joined_types;
    int status = parse_limit(invocation, &filter.limit);
    int opened = status == 0 ? jobs_command_open(invocation, &store, &status) : -1;
    if (opened < 0)
        return status;
    if (opened > 0 && !job_view_list(store, &filter, is_json ? add_json : add_row, is_json ? (gpointer)rows : table, &error))
        return report_error(error);
    if (is_json)
        print_json(rows);
    else if (listing_print(table) == 0)
        report_done(invocation, "no jobs\n");
    return 0;
}

static const struct option list_options[] = {
    {"status", 0, "STATUS", "only jobs in this status", true, job_status_names},
    {"type", 0, "TYPE", "only jobs of this type", true, job_type_names},
    {"session", 0, "ID", "only jobs of this build"},
    {"limit", 0, "N", "at most the newest N (default: 50)"},
    {"format", 0, "FORMAT", "how to print them", false, list_format_names},
    {NULL},
};

extern const struct command cmd_jobs_list;
const struct command cmd_jobs_list = {
    .name = "jobs list",
    .operands = "",
    .purpose = "List the jobs of all builds, the newest last.",
    .example = "clx jobs list --status=failed,cancelled",
    .options = list_options,
    .run = run_list,
};

/* ---- jobs show ---- */

static void print_field(const char *name, const char *value)
{
    if (value != NULL)
        printf("%-12s  %s\n", name, value);
}

static void print_job(const struct job_view *job)
{
    g_autofree char *attempts = g_strdup_printf("%d of %d", job->attempts, job->max_attempts);
    g_autofree char *worker = job->worker_id != 0 ? g_strdup_printf("%" G_GINT64_FORMAT, job->worker_id) : NULL;
    g_autofree char *ran = job->started_at != NULL ? g_strdup_printf("%.1f s", job->run_s) : NULL;
    g_autofree char *kills = job->kills > 0 ? g_strdup_printf("%d worker%s", job->kills, job->kills == 1 ? "" : "s") : NULL;
    g_autoptr(json_t) error = parse_or_null(job->error);
    printf("%-12s  %" G_GINT64_FORMAT "\n", "job", job->id);
    print_field("type", job->type);
    print_field("status", job_status_names[job->status]);
    print_field("input", job->input_file);
    print_field("output", job->output_file);
    print_field("session", job->session_id);
    print_field("attempts", attempts);
    print_field("worker", worker);
    print_field("killed", kills);
    print_field("created", job->created_at);
    print_field("started", job->started_at);
    print_field("ended", job->completed_at);
    print_field("ran", ran);
    print_field("cancelled by", job->cancelled_by);
    print_field("error type", json_get_text(error, "type", NULL));
    print_field("error", json_get_text(error, "message", NULL));
}

static int run_show(struct invocation *invocation)
{
    g_autoptr(store) store = NULL;
    int status;
    if (jobs_command_open(invocation, &store, &status) < 0)
        return status;
    g_autoptr(job_view) job = find_job(store, invocation_operand(invocation, 0), &status);
    if (job == NULL)
        return status;
    if (invocation_choice(invocation, "format", LIST_TABLE) == LIST_TABLE) {
        print_job(job);
        return 0;
    }
    g_autoptr(json_t) object = view_to_json(job);
    json_object_set_new(object, "payload", parse_or_null(job->payload));
    json_object_set_new(object, "result", parse_or_null(job->result));
    print_json(object);
    return 0;
}

static const struct option show_options[] = {
    {"format", 0, "FORMAT", "how to print it; json has payload and result too", false, list_format_names},
    {NULL},
};

extern const struct command cmd_jobs_show;
const struct command cmd_jobs_show = {
    .name = "jobs show",
    .operands = "ID",
    .purpose = "Show all that is known of one job.",
    .example = "clx jobs show 12",
    .options = show_options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run_show,
};

/* ---- jobs logs ---- */

struct logs {
    const char *jobs_db;
    char *begin; /* what the first line of the job holds */
    unsigned n_lines;
};

/* Prints the lines from the job's beginning until the worker turns to another one. */
static void print_part(struct logs *logs, char **lines)
{
    bool is_inside = false;
    for (; *lines != NULL; lines++) {
        if (strstr(*lines, ": job ") != NULL && strstr(*lines, ", attempt ") != NULL)
            is_inside = strstr(*lines, logs->begin) != NULL;
        if (!is_inside || **lines == '\0')
            continue;
        puts(*lines);
        logs->n_lines++;
    }
}

static void print_log(const char *executor_id, gpointer data)
{
    struct logs *logs = data;
    g_autofree char *path = worker_log_path(logs->jobs_db, executor_id);
    g_autoptr(GBytes) bytes = strchr(executor_id, '/') == NULL ? file_read(path, LOG_LIMIT, NULL) : NULL;
    if (bytes == NULL || g_bytes_get_size(bytes) == 0)
        return;
    g_autofree char *text = g_utf8_make_valid(g_bytes_get_data(bytes, NULL), (gssize)g_bytes_get_size(bytes));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    print_part(logs, lines);
}

static int run_logs(struct invocation *invocation)
{
    g_autoptr(store) store = NULL;
    g_autoptr(GError) error = NULL;
    int status;
    if (jobs_command_open(invocation, &store, &status) < 0)
        return status;
    g_autoptr(job_view) job = find_job(store, invocation_operand(invocation, 0), &status);
    if (job == NULL)
        return status;
    g_autofree char *begin = g_strdup_printf(": job %" G_GINT64_FORMAT ", attempt ", job->id);
    struct logs logs = {.jobs_db = settings_jobs_db(invocation_settings(invocation)), .begin = begin};
    if (!job_list_executors(store, job->id, print_log, &logs, &error))
        return report_error(error);
    if (logs.n_lines == 0)
        report_done(invocation, job->attempts == 0 ? "no worker has begun this job\n" : "the logs of its workers are gone\n");
    return 0;
}

extern const struct command cmd_jobs_logs;
const struct command cmd_jobs_logs = {
    .name = "jobs logs",
    .operands = "ID",
    .purpose = "Show what the workers of a job wrote while they were at it.",
    .example = "clx jobs logs 12",
    .min_operands = 1,
    .max_operands = 1,
    .run = run_logs,
};

/* ---- jobs cancel, jobs retry ---- */

typedef int job_action(struct invocation *invocation, struct store *store, const struct job_view *job);

/* Does it to every job that is named; the first failure decides the exit status, the others are tried all the same. */
static int for_each(struct invocation *invocation, job_action *action)
{
    g_autoptr(store) store = NULL;
    int status, result = 0;
    if (jobs_command_open_writable(invocation, &store, &status) < 0)
        return status;
    for (unsigned i = 0; i < invocation->operands->len; i++) {
        g_autoptr(job_view) job = find_job(store, invocation_operand(invocation, i), &status);
        if (job != NULL)
            status = action(invocation, store, job);
        result = result != 0 ? result : status;
    }
    return result;
}

/* The build is told at once; the worker looks at its next heartbeat. */
static int cancel(struct invocation *invocation, struct store *store, const struct job_view *job)
{
    g_autoptr(GError) error = NULL;
    int changed = job_cancel(store, job->id, "user", &error);
    if (changed < 0)
        return report_error(error);
    if (changed == 0)
        return report_failure(1, "job %" G_GINT64_FORMAT " has ended: %s", job->id, job_status_names[job->status]);
    if (job->session_id != NULL) {
        g_autofree char *channel = g_strconcat("build-", job->session_id, NULL);
        doorbell_ring(settings_jobs_db(invocation_settings(invocation)), channel);
    }
    report_done(invocation, "cancelled job %" G_GINT64_FORMAT "\n", job->id);
    return 0;
}

static int run_cancel(struct invocation *invocation)
{
    return for_each(invocation, cancel);
}

extern const struct command cmd_jobs_cancel;
const struct command cmd_jobs_cancel = {
    .name = "jobs cancel",
    .operands = "ID...",
    .purpose = "Cancel jobs that wait or run.",
    .example = "clx jobs cancel 12 13",
    .min_operands = 1,
    .max_operands = -1,
    .run = run_cancel,
};

struct takers {
    const char *type, *fit;
    int n;
};

static void count_taker(const struct worker_row *row, gpointer data)
{
    struct takers *takers = data;
    takers->n += row->session_id == NULL && (row->status == WORKER_IDLE || row->status == WORKER_BUSY) &&
                 strcmp(row->worker_type, takers->type) == 0 && g_strcmp0(row->fit, takers->fit) == 0;
}

/* A build would tell the mistake again that the job ended with, and not run it. */
static bool forget_mistakes(const struct settings *settings, const struct job_view *job, GError **error)
{
    struct cache *cache = job->content_hash != NULL ? cache_open(settings_cache_db(settings), error) : NULL;
    bool ok = job->content_hash == NULL || (cache != NULL && result_cache_forget_mistakes(cache, job->content_hash, error));
    cache_close(cache);
    return ok;
}

struct builds {
    const char *jobs_db, *session_id;
    bool is_running; /* the build that the job is of */
};

static void tell_build(const struct session_row *row, gpointer data)
{
    struct builds *builds = data;
    g_autofree char *channel = g_strconcat("build-", row->session_id, NULL);
    builds->is_running |=
        g_strcmp0(row->session_id, builds->session_id) == 0 && process_is_alive_since((pid_t)row->pid, row->start_time, row->boot_id);
    doorbell_ring(builds->jobs_db, channel);
}

/* Its own build takes it back, and one that watches the course builds anew; the others leave it alone. */
static bool tell_builds(struct store *store, struct builds *builds, GError **error)
{
    return session_list(store, tell_build, builds, error);
}

static int retry(struct invocation *invocation, struct store *store, const struct job_view *job)
{
    g_autoptr(GError) error = NULL;
    const struct settings *settings = invocation_settings(invocation);
    g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *fit = fit_hash(program != NULL ? program : "", settings_cache_db(settings));
    struct takers takers = {job->type, fit, 0};
    struct builds builds = {settings_jobs_db(settings), job->session_id, false};
    gint64 id = job_retry(store, job->id, fit, &error);
    if (id < 0 || !worker_list(store, count_taker, &takers, &error) || (id > 0 && !forget_mistakes(settings, job, &error)))
        return report_error(error);
    if (id == 0)
        return report_failure(1, "job %" G_GINT64_FORMAT " is %s\nonly failed and cancelled jobs can be tried again", job->id,
                              job_status_names[job->status]);
    if (!tell_builds(store, &builds, &error))
        return report_error(error);
    doorbell_ring(builds.jobs_db, job->type);
    report_done(invocation, "job %" G_GINT64_FORMAT " is queued again as job %" G_GINT64_FORMAT "; the %s build publishes its result%s\n",
                job->id, id, builds.is_running ? "running" : "next",
                builds.is_running || takers.n > 0 ? ""
                                                  : "\nno worker waits for it: 'clx workers start' starts some, or the next build does it");
    return 0;
}

static int run_retry(struct invocation *invocation)
{
    return for_each(invocation, retry);
}

extern const struct command cmd_jobs_retry;
const struct command cmd_jobs_retry = {
    .name = "jobs retry",
    .operands = "ID...",
    .purpose = "Queue failed or cancelled jobs again; their build or the next publishes them.",
    .example = "clx jobs retry 12",
    .min_operands = 1,
    .max_operands = -1,
    .run = run_retry,
};
