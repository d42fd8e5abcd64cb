#include "build/report.h"

#include <stdio.h>
#include <string.h>

#include "build/progress.h"

const char *const report_mode_names[] = {"default", "verbose", "quiet", "json", NULL};
static const char *const outcome_names[N_REPORT_OUTCOMES] = {"completed", "cached", "failed", "cancelled"};

#define SLOWEST_COUNT 3
#define SLOW_S 1.0 /* a job that took less is never named as slow */

struct timed_job {
    char *name;
    double seconds;
};

static void timed_job_clear(gpointer data)
{
    struct timed_job *timed = data;
    g_free(timed->name);
}

struct report {
    struct report_options options;
    unsigned totals[N_JOB_TYPES], ended[N_JOB_TYPES], cached[N_JOB_TYPES];
    unsigned outcomes[N_REPORT_OUTCOMES];
    unsigned n_executed, n_saved;  /* runs of code that were made, and that known outputs spared */
    unsigned n_known_failures;     /* of the failed ones: those that did not run again */
    GArray *slowest;               /* struct timed_job, the slowest first; at most SLOWEST_COUNT */
    struct diag_list *diags;       /* warnings and errors, in their order */
    GHashTable *problems;          /* job that failed -> its const struct diag */
    GHashTable *told;              /* messages of report_add_error() */
    json_t *jobs;                  /* array, for the JSON document */
    GHashTable *reasons;           /* job -> const reason */
    struct progress *progress;     /* NULL: not wanted */
    gint64 started_us, running_us; /* monotonic: the report's start, the first progress */
};

struct report *report_new(const struct report_options *options)
{
    struct report *report = g_new0(struct report, 1);
    report->options = *options;
    report->diags = diag_list_new();
    report->told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    report->jobs = json_array();
    report->reasons = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    report->problems = g_hash_table_new(NULL, NULL);
    report->slowest = g_array_new(FALSE, FALSE, sizeof(struct timed_job));
    g_array_set_clear_func(report->slowest, timed_job_clear);
    if (options->has_progress)
        report->progress = progress_new(0);
    report->started_us = g_get_monotonic_time();
    return report;
}

void report_free(struct report *report)
{
    if (report == NULL)
        return;
    diag_list_free(report->diags);
    json_decref(report->jobs);
    g_hash_table_unref(report->reasons);
    g_hash_table_unref(report->problems);
    g_hash_table_unref(report->told);
    g_array_unref(report->slowest);
    progress_free(report->progress);
    g_free(report);
}

static void hide_progress(struct report *report)
{
    if (report->progress != NULL)
        progress_hide(report->progress);
}

static void add_diag(struct report *report, const struct diag *diag)
{
    if (diag->severity == DIAG_NOTE && report->options.mode != REPORT_VERBOSE)
        return;
    diag_add(report->diags, diag->severity, diag->file, diag->line, diag->col, diag->hint, "%s", diag->message);
}

void report_add_diags(struct report *report, const struct diag_list *diags)
{
    for (unsigned i = 0; i < diags->items->len; i++)
        add_diag(report, diags->items->pdata[i]);
}

void report_add_error(struct report *report, const char *message)
{
    if (g_hash_table_add(report->told, g_strdup(message)))
        diag_add_text(report->diags, DIAG_ERROR, NULL, message, NULL);
}

void report_plan(struct report *report, const struct plan *plan)
{
    for (int type = 0; type < N_JOB_TYPES; type++)
        report->totals[type] = plan_count_jobs(plan, (enum job_type)type);
}

void report_run(struct report *report, const struct plan_job *job, const char *reason)
{
    g_hash_table_insert(report->reasons, (gpointer)job, g_strdup(reason));
    if (!report->options.is_explained || report->options.mode == REPORT_JSON)
        return;
    hide_progress(report);
    fprintf(stderr, "%s %s: %s\n", job_type_names[job->type], job->name, reason);
}

static void add_warnings(struct report *report, const struct plan_job *job, const json_t *result)
{
    size_t i;
    json_t *warning;
    json_array_foreach(json_object_get(result, "warnings"), i, warning)
    {
        diag_add(report->diags, DIAG_WARNING, json_get_text(warning, "file", job->name), (int)json_get_int(warning, "line", 0),
                 (int)json_get_int(warning, "col", 0), json_get_text(warning, "hint", NULL), "%s", json_get_text(warning, "message", ""));
    }
}

/* The message of a job's error begins with its place in most cases; else it is about the file of the job. */
static void add_problem(struct report *report, const struct plan_job *job, const json_t *problem)
{
    const char *message = json_get_text(problem, "message", "failed without a message");
    const char *hint = json_get_bool(problem, "cached", false) ? "nothing it depends on changed since; --ignore-cache tries again" : NULL;
    diag_add_text(report->diags, DIAG_ERROR, job->name, message, json_get_text(problem, "details", hint));
    g_hash_table_insert(report->problems, (gpointer)job, report->diags->items->pdata[report->diags->items->len - 1]);
}

/* Takes the job into the list of the slowest if it belongs there. */
static void rank(struct report *report, const struct plan_job *job, double seconds)
{
    unsigned place = 0;
    while (place < report->slowest->len && g_array_index(report->slowest, struct timed_job, place).seconds >= seconds)
        place++;
    if (seconds < SLOW_S || place >= SLOWEST_COUNT)
        return;
    struct timed_job timed = {g_strdup(job->name), seconds};
    g_array_insert_val(report->slowest, place, timed);
    if (report->slowest->len > SLOWEST_COUNT)
        g_array_set_size(report->slowest, SLOWEST_COUNT);
}

static void remember(struct report *report, const struct plan_job *job, enum report_outcome outcome, double seconds, const json_t *problem)
{
    json_t *entry = json_pack("{s:s, s:s, s:s, s:i}", "type", job_type_names[job->type], "file", job->name, "outcome",
                              outcome_names[outcome], "outputs", (int)job->outputs->len);
    const char *reason = g_hash_table_lookup(report->reasons, job);
    if (reason != NULL)
        json_object_set_new(entry, "reason", json_string(reason));
    if (outcome == REPORT_DONE || outcome == REPORT_FAILED)
        json_object_set_new(entry, "duration_s", json_real(seconds));
    if (problem != NULL)
        json_object_set(entry, "error", (json_t *)problem);
    json_array_append_new(report->jobs, entry);
}

/* Without a terminal, and in verbose mode, each job that ran has a line. */
static void print_end(struct report *report, const struct plan_job *job, enum report_outcome outcome)
{
    bool is_verbose = report->options.mode == REPORT_VERBOSE;
    bool is_plain = report->options.mode == REPORT_DEFAULT && !report->options.has_progress;
    if (!is_verbose && !(is_plain && (outcome == REPORT_DONE || outcome == REPORT_FAILED)) &&
        !(outcome == REPORT_FAILED && report->options.mode == REPORT_DEFAULT))
        return;
    hide_progress(report);
    fprintf(stderr, "%s %u/%u %s %s\n", job_type_names[job->type], report->ended[job->type], report->totals[job->type], job->name,
            outcome_names[outcome]);
}

void report_end(struct report *report, const struct plan_job *job, enum report_outcome outcome, const json_t *result, const json_t *problem)
{
    bool has_run = outcome == REPORT_DONE || (outcome == REPORT_FAILED && !json_get_bool(problem, "cached", false));
    double seconds = has_run ? json_get_real(result != NULL ? result : problem, "duration_s", 0) : 0;
    report->ended[job->type]++;
    report->cached[job->type] += outcome == REPORT_CACHED;
    report->outcomes[outcome]++;
    if (outcome == REPORT_DONE) {
        report->n_executed += (unsigned)json_get_int(json_object_get(result, "runs"), "executed", 0);
        report->n_saved += (unsigned)json_get_int(json_object_get(result, "runs"), "saved", 0);
    }
    report->n_known_failures += json_get_bool(problem, "cached", false);
    rank(report, job, seconds);
    add_warnings(report, job, result);
    if (outcome == REPORT_FAILED)
        add_problem(report, job, problem);
    remember(report, job, outcome, seconds, problem);
    print_end(report, job, outcome);
}

static bool is_entry_of(const json_t *entry, const struct plan_job *job)
{
    return strcmp(json_get_text(entry, "type", ""), job_type_names[job->type]) == 0 &&
           strcmp(json_get_text(entry, "file", ""), job->name) == 0;
}

void report_take_back(struct report *report, const struct plan_job *job)
{
    gpointer diag = g_hash_table_lookup(report->problems, job);
    size_t i = json_array_size(report->jobs);
    while (i > 0 && !is_entry_of(json_array_get(report->jobs, i - 1), job))
        i--;
    g_assert(i > 0);
    report->ended[job->type]--;
    report->outcomes[diag != NULL ? REPORT_FAILED : REPORT_CANCELLED]--;
    json_array_remove(report->jobs, i - 1);
    g_hash_table_remove(report->problems, job);
    if (diag != NULL)
        g_ptr_array_remove(report->diags->items, diag);
}

void report_retried(struct report *report, const struct plan_job *job, int attempts, gint64 id)
{
    g_autofree char *hint = g_strdup_printf("'clx jobs logs %" G_GINT64_FORMAT "' tells more", id);
    diag_add(report->diags, DIAG_WARNING, job->name, 0, 0, hint,
             "succeeded only at attempt %d: its kernel or worker died, or did not start", attempts);
}

/* From the jobs of the type that have run so far; nothing before there are two, or when all are done. */
static void append_remaining(const struct report *report, int type, GString *line)
{
    unsigned n_run = report->ended[type] - report->cached[type], n_left = report->totals[type] - report->ended[type];
    if (n_run < 2 || n_left == 0)
        return;
    double elapsed = (double)(g_get_monotonic_time() - report->running_us) / 1e6;
    g_autofree char *text = progress_duration(elapsed / n_run * n_left);
    g_string_append_printf(line, "  ETA %s", text);
}

/* The job that has been running longest, and how many more there are. */
static void append_running(int type, const struct running_job *running, unsigned n_running, GString *line)
{
    const struct running_job *longest = NULL;
    unsigned n_same = 0;
    for (unsigned i = 0; i < n_running; i++) {
        if ((int)running[i].job->type != type)
            continue;
        n_same++;
        if (longest == NULL || running[i].seconds > longest->seconds)
            longest = &running[i];
    }
    if (longest == NULL)
        return;
    g_autofree char *name = g_path_get_basename(longest->job->name), *time = progress_duration(longest->seconds);
    g_string_append_printf(line, "  %s", name);
    if (longest->progress != NULL)
        g_string_append_printf(line, ", %s", longest->progress);
    g_string_append_printf(line, ", %s", time);
    if (n_same > 1)
        g_string_append_printf(line, " and %u more", n_same - 1);
}

static char *describe_type(const struct report *report, int type, const struct running_job *running, unsigned n_running)
{
    GString *line = g_string_new(NULL);
    g_string_append_printf(line, "%-8s %u/%u", job_type_names[type], report->ended[type], report->totals[type]);
    if (report->cached[type] > 0)
        g_string_append_printf(line, "  %u cached", report->cached[type]);
    append_remaining(report, type, line);
    append_running(type, running, n_running, line);
    return g_string_free(line, FALSE);
}

void report_progress(struct report *report, const struct running_job *running, unsigned n_running)
{
    char *lines[N_JOB_TYPES + 1] = {NULL};
    unsigned n = 0;
    if (report->progress == NULL)
        return;
    if (report->running_us == 0)
        report->running_us = g_get_monotonic_time();
    for (int type = 0; type < N_JOB_TYPES; type++)
        if (report->totals[type] > 0)
            lines[n++] = describe_type(report, type, running, n_running);
    progress_show(report->progress, (const char *const *)lines);
    while (n > 0)
        g_free(lines[--n]);
}

void report_waits(struct report *report, const char *what, gint64 current, gint64 total)
{
    if (report->progress == NULL) {
        bool is_told = report->options.mode == REPORT_DEFAULT || report->options.mode == REPORT_VERBOSE;
        if (is_told && g_hash_table_add(report->told, g_strdup(what)))
            fprintf(stderr, "%s\n", what);
        return;
    }
    g_autofree char *bytes = g_strdup_printf("%s: %.1f of %.1f MB", what, (double)current / 1e6, (double)total / 1e6);
    const char *const lines[] = {total > 0 ? bytes : what, NULL};
    if (total > 0 || g_hash_table_add(report->told, g_strdup(what)))
        progress_show(report->progress, lines);
}

const struct diag_list *report_messages(const struct report *report)
{
    return report->diags;
}

bool report_is_idle(const struct report *report, struct publish_counts counts)
{
    return counts.written + counts.removed + report->outcomes[REPORT_DONE] + report->outcomes[REPORT_FAILED] == 0 &&
           report_count_errors(report) == 0;
}

unsigned report_count_errors(const struct report *report)
{
    return diag_count(report->diags, DIAG_ERROR) + report->outcomes[REPORT_CANCELLED];
}

static json_t *pack_diags(const struct report *report, enum diag_severity severity)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < report->diags->items->len; i++) {
        const struct diag *diag = report->diags->items->pdata[i];
        if (diag->severity == severity)
            json_array_append_new(list, json_pack("{s:s?, s:i, s:i, s:s, s:s?}", "file", diag->file, "line", diag->line, "col", diag->col,
                                                  "message", diag->message, "hint", diag->hint));
    }
    return list;
}

static double seconds_since_start(const struct report *report)
{
    return (double)(g_get_monotonic_time() - report->started_us) / 1e6;
}

static void print_json(struct report *report, const char *course, const char *status, struct publish_counts counts)
{
    g_autoptr(json_t) document = json_pack("{s:s, s:s?}", "status", status, "course", course);
    json_t *tally = json_object();
    for (int outcome = 0; outcome < N_REPORT_OUTCOMES; outcome++)
        json_object_set_new(tally, outcome_names[outcome], json_integer(report->outcomes[outcome]));
    json_object_set_new(document, "counts",
                        json_pack("{s:o, s:{s:i, s:i, s:i}, s:{s:i, s:i}}", "jobs", tally, "files", "written", (int)counts.written,
                                  "unchanged", (int)counts.unchanged, "removed", (int)counts.removed, "runs", "executed",
                                  (int)report->n_executed, "saved", (int)report->n_saved));
    json_object_set(document, "jobs", report->jobs);
    json_object_set_new(document, "warnings", pack_diags(report, DIAG_WARNING));
    json_object_set_new(document, "errors", pack_diags(report, DIAG_ERROR));
    json_object_set_new(document, "timings", json_pack("{s:f}", "total_s", seconds_since_start(report)));
    char *text = json_dumps(document, JSON_INDENT(2));
    if (text != NULL)
        puts(text);
    free(text);
}

static const char *group_of(const struct diag *diag)
{
    return diag->file != NULL ? diag->file : "";
}

/* All messages of one file stand together, in the order in which the files first appeared. */
static void print_grouped(const struct report *report, enum diag_severity severity)
{
    g_autoptr(GHashTable) printed = g_hash_table_new(g_str_hash, g_str_equal);
    const GPtrArray *items = report->diags->items;
    for (unsigned i = 0; i < items->len; i++) {
        const struct diag *first = items->pdata[i];
        if (first->severity != severity || !g_hash_table_add(printed, (char *)group_of(first)))
            continue;
        for (unsigned j = i; j < items->len; j++) {
            const struct diag *diag = items->pdata[j];
            if (diag->severity != severity || strcmp(group_of(diag), group_of(first)) != 0)
                continue;
            g_autofree char *text = report->options.has_color ? diag_format_colored(diag) : diag_format(diag);
            fputs(text, stderr);
        }
    }
}

static void print_summary(const struct report *report, const char *course, const char *status, struct publish_counts counts)
{
    unsigned n_run = report->outcomes[REPORT_DONE] + report->outcomes[REPORT_FAILED] - report->n_known_failures;
    printf("%s %s: %u file%s written, %u unchanged, %u removed; %u job%s run, %u cached, %u failed", course, status, counts.written,
           counts.written == 1 ? "" : "s", counts.unchanged, counts.removed, n_run, n_run == 1 ? "" : "s", report->outcomes[REPORT_CACHED],
           report->outcomes[REPORT_FAILED]);
    if (report->outcomes[REPORT_CANCELLED] > 0)
        printf(", %u cancelled", report->outcomes[REPORT_CANCELLED]);
    printf("; ");
    if (report->n_executed + report->n_saved > 0)
        printf("code run %u time%s, %u saved; ", report->n_executed, report->n_executed == 1 ? "" : "s", report->n_saved);
    printf("%.1f s\n", seconds_since_start(report));
}

static void print_slowest(const struct report *report)
{
    for (unsigned i = 0; i < report->slowest->len; i++) {
        const struct timed_job *timed = &g_array_index(report->slowest, struct timed_job, i);
        fprintf(stderr, "%s %5.1f s  %s\n", i == 0 ? "slowest:" : "        ", timed->seconds, timed->name);
    }
}

void report_finish(struct report *report, const char *course, const char *status, struct publish_counts counts)
{
    hide_progress(report);
    if (report->options.mode == REPORT_JSON) {
        print_json(report, course, status, counts);
        fflush(stdout);
        return;
    }
    if (report->options.mode == REPORT_VERBOSE)
        print_grouped(report, DIAG_NOTE);
    if (report->options.mode != REPORT_QUIET)
        print_grouped(report, DIAG_WARNING);
    print_grouped(report, DIAG_ERROR);
    if (report->options.mode != REPORT_QUIET)
        print_slowest(report);
    fflush(stderr);
    if (report->options.mode != REPORT_QUIET && course != NULL)
        print_summary(report, course, status, counts);
    fflush(stdout);
}
