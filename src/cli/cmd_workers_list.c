#include <stdio.h>

#include "cli/jobs_command.h"
#include "cli/listing.h"
#include "store/job_views.h"
#include "supervisor/discovery.h"

static const struct column columns[] = {
    {"ID", true},
    {"TYPE"},
    {"EXECUTOR", .shrinks = true, .leaves = 9},
    {"STATUS"},
    {"HEALTH", .leaves = 1},
    {"UP", true, .leaves = 5},
    {"JOBS", true, .leaves = 4},
    {"FAILED", true, .leaves = 8},
    {"CPU", true, .leaves = 7},
    {"MEMORY", true, .leaves = 6},
    {"JOB", true, .leaves = 2},
    {"FOR", true, .leaves = 3},
    {"NOW", .shrinks = true},
};

struct worker_listing {
    struct store *store;
    char **statuses, **types;
    struct listing *table; /* NULL: JSON */
    json_t *rows;
};

static const char *health_of(const struct worker_row *row, const char *fault)
{
    return fault != NULL ? "faulty" : row->status == WORKER_CREATED ? "starting" : "healthy";
}

static json_t *worker_to_json(const struct worker_row *row, const char *fault, const struct job_view *job)
{
    json_t *object = json_pack("{s:I, s:s, s:s, s:s, s:s, s:s?, s:s, s:s?, s:s?, s:s?, s:I, s:I, s:I, s:I}", "id", (json_int_t)row->id,
                               "worker_type", row->worker_type, "executor_id", row->executor_id, "status", worker_status_names[row->status],
                               "health", health_of(row, fault), "fault", fault, "execution_mode", row->execution_mode, "started_at",
                               row->started_at, "last_heartbeat", row->last_heartbeat, "session_id", row->session_id, "pid",
                               (json_int_t)row->pid, "parent_pid", (json_int_t)row->parent_pid, "jobs_processed",
                               (json_int_t)row->jobs_processed, "jobs_failed", (json_int_t)row->jobs_failed);
    g_autoptr(json_t) more = json_pack("{s:f, s:f, s:f, s:f, s:f, s:f, s:o, s:s?, s:o, s:s?}", "peak_memory", row->peak_memory,
                                       "avg_processing_time", row->avg_processing_time, "cpu_usage", row->cpu_usage, "memory_usage",
                                       row->memory_usage, "uptime_seconds", row->age_s, "heartbeat_age_seconds", row->heartbeat_age_s,
                                       "current_job", row->current_job != 0 ? json_integer(row->current_job) : json_null(), "current_file",
                                       job != NULL ? job->input_file : NULL, "job_seconds",
                                       job != NULL ? json_real(job->run_s) : json_null(), "progress", row->progress);
    json_object_update(object, more);
    return object;
}

/* What a person wants to know most: the fault, what is being done, or for which file. */
static char *describe_now(const struct worker_row *row, const char *fault, const struct job_view *job)
{
    if (fault != NULL)
        return g_strdup(fault);
    if (job == NULL)
        return g_strdup(row->progress);
    g_autofree char *name = g_path_get_basename(job->input_file);
    return row->progress != NULL ? g_strdup_printf("%s (%s)", name, row->progress) : g_steal_pointer(&name);
}

static void add_row(struct listing *table, const struct worker_row *row, const char *fault, const struct job_view *job)
{
    listing_add(table, g_strdup_printf("%" G_GINT64_FORMAT, row->id), g_strdup(row->worker_type), g_strdup(row->executor_id),
                g_strdup(worker_status_names[row->status]), g_strdup(health_of(row, fault)), format_duration(row->age_s),
                g_strdup_printf("%" G_GINT64_FORMAT, row->jobs_processed), g_strdup_printf("%" G_GINT64_FORMAT, row->jobs_failed),
                g_strdup_printf("%.0f%%", row->cpu_usage), g_strdup_printf("%.0f MB", row->memory_usage),
                job != NULL ? g_strdup_printf("%" G_GINT64_FORMAT, job->id) : NULL, job != NULL ? format_duration(job->run_s) : NULL,
                describe_now(row, fault, job));
}

static void list_worker(const struct worker_row *row, const char *fault, gpointer data)
{
    struct worker_listing *listing = data;
    g_autoptr(job_view) job = NULL;
    if (!jobs_command_is_wanted(listing->statuses, worker_status_names[row->status]) ||
        !jobs_command_is_wanted(listing->types, row->worker_type))
        return;
    if (row->current_job != 0)
        job_view_find(listing->store, row->current_job, &job, NULL);
    if (listing->table != NULL)
        add_row(listing->table, row, fault, job);
    else
        json_array_append_new(listing->rows, worker_to_json(row, fault, job));
}

static int run_list(struct invocation *invocation)
{
    g_auto(GStrv) statuses = invocation_list(invocation, "status"), types = invocation_list(invocation, "type");
    bool is_json = invocation_choice(invocation, "format", LIST_TABLE) == LIST_JSON;
    g_autoptr(listing) table = is_json ? NULL : listing_new(columns, G_N_ELEMENTS(columns));
    g_autoptr(json_t) rows = json_array();
    g_autoptr(store) store = NULL;
    g_autoptr(GError) error = NULL;
    int status, opened = jobs_command_open(invocation, &store, &status);
    if (opened < 0)
        return status;
    struct worker_listing listing = {store, statuses, types, table, rows};
    if (opened > 0 && !discovery_examine(store, list_worker, &listing, &error))
        return report_error(error);
    if (is_json)
        print_json(rows);
    else if (listing_print(table) == 0)
        report_done(invocation, "no workers\n");
    return 0;
}

static const struct option options[] = {
    {"status", 0, "STATUS", "only workers in this status", true, worker_status_names},
    {"type", 0, "TYPE", "only workers of this type", true, job_type_names},
    {"format", 0, "FORMAT", "how to print them", false, list_format_names},
    {NULL},
};

extern const struct command cmd_workers_list;
const struct command cmd_workers_list = {
    .name = "workers list",
    .operands = "",
    .purpose = "List the workers with what they do and how they are.",
    .example = "clx workers list --status=idle,busy --format=json",
    .options = options,
    .run = run_list,
};
