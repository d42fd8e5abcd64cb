#include "build/report.h"

#include <stdio.h>
#include <string.h>

const char *const report_mode_names[] = {"default", "verbose", "quiet", "json", NULL};
static const char *const outcome_names[N_REPORT_OUTCOMES] = {"completed", "cached", "failed", "cancelled"};

#define PROGRESS_WIDTH 78

struct report {
    struct report_options options;
    unsigned totals[N_JOB_TYPES], ended[N_JOB_TYPES];
    unsigned outcomes[N_REPORT_OUTCOMES];
    unsigned n_known_failures; /* of the failed ones: those that did not run again */
    struct diag_list *diags;   /* warnings and errors, in their order */
    json_t *jobs;              /* array, for the JSON document */
    GHashTable *reasons;       /* job -> const reason */
    bool is_line_open;         /* a progress line stands on the terminal */
    gint64 started_us;
};

struct report *report_new(const struct report_options *options)
{
    struct report *report = g_new0(struct report, 1);
    report->options = *options;
    report->diags = diag_list_new();
    report->jobs = json_array();
    report->reasons = g_hash_table_new_full(NULL, NULL, NULL, g_free);
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
    g_free(report);
}

static void close_line(struct report *report)
{
    if (report->is_line_open)
        fputs("\r\033[K", stderr);
    report->is_line_open = false;
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
    close_line(report);
    fprintf(stderr, "%s %s: %s\n", job_type_names[job->type], job->name, reason);
}

static void add_warnings(struct report *report, const struct plan_job *job, const json_t *result)
{
    size_t i;
    json_t *warning;
    json_array_foreach(json_object_get(result, "warnings"), i, warning)
    {
        diag_add(report->diags, DIAG_WARNING, json_get_text(warning, "file", job->name), (int)json_get_int(warning, "line", 0),
                 (int)json_get_int(warning, "col", 0), NULL, "%s", json_get_text(warning, "message", ""));
    }
}

/* The message of a job's error begins with its place in most cases; else it is about the file of the job. */
static void add_problem(struct report *report, const struct plan_job *job, const json_t *problem)
{
    const char *message = json_get_text(problem, "message", "failed without a message");
    const char *hint = json_get_bool(problem, "cached", false) ? "nothing it depends on changed since; --ignore-cache tries again" : NULL;
    diag_add_text(report->diags, DIAG_ERROR, job->name, message, json_get_text(problem, "details", hint));
}

static void remember(struct report *report, const struct plan_job *job, enum report_outcome outcome, const json_t *problem)
{
    json_t *entry = json_pack("{s:s, s:s, s:s, s:i}", "type", job_type_names[job->type], "file", job->name, "outcome",
                              outcome_names[outcome], "outputs", (int)job->outputs->len);
    const char *reason = g_hash_table_lookup(report->reasons, job);
    if (reason != NULL)
        json_object_set_new(entry, "reason", json_string(reason));
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
    close_line(report);
    fprintf(stderr, "%s %u/%u %s %s\n", job_type_names[job->type], report->ended[job->type], report->totals[job->type], job->name,
            outcome_names[outcome]);
}

void report_end(struct report *report, const struct plan_job *job, enum report_outcome outcome, const json_t *result, const json_t *problem)
{
    report->ended[job->type]++;
    report->outcomes[outcome]++;
    report->n_known_failures += json_get_bool(problem, "cached", false);
    add_warnings(report, job, result);
    if (outcome == REPORT_FAILED)
        add_problem(report, job, problem);
    remember(report, job, outcome, problem);
    print_end(report, job, outcome);
}

void report_progress(struct report *report, const char *running)
{
    if (!report->options.has_progress || (report->options.mode != REPORT_DEFAULT && report->options.mode != REPORT_VERBOSE))
        return;
    g_autoptr(GString) line = g_string_new(NULL);
    for (int type = 0; type < N_JOB_TYPES; type++)
        if (report->totals[type] > 0)
            g_string_append_printf(line, "%s%s %u/%u", line->len > 0 ? "  " : "", job_type_names[type], report->ended[type],
                                   report->totals[type]);
    if (report->outcomes[REPORT_CACHED] > 0)
        g_string_append_printf(line, "  %u cached", report->outcomes[REPORT_CACHED]);
    if (running != NULL && running[0] != '\0')
        g_string_append_printf(line, "  %s", running);
    g_autofree char *visible = g_utf8_make_valid(line->str, -1);
    if (g_utf8_strlen(visible, -1) > PROGRESS_WIDTH)
        *g_utf8_offset_to_pointer(visible, PROGRESS_WIDTH) = '\0';
    fprintf(stderr, "\r\033[K%s", visible);
    fflush(stderr);
    report->is_line_open = true;
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
                        json_pack("{s:o, s:{s:i, s:i, s:i}}", "jobs", tally, "files", "written", (int)counts.written, "unchanged",
                                  (int)counts.unchanged, "removed", (int)counts.removed));
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
    printf("%s %s: %u files written, %u unchanged, %u removed; %u jobs run, %u cached, %u failed; %.1f s\n",
           course != NULL ? course : "build", status, counts.written, counts.unchanged, counts.removed,
           report->outcomes[REPORT_DONE] + report->outcomes[REPORT_FAILED] - report->n_known_failures, report->outcomes[REPORT_CACHED],
           report->outcomes[REPORT_FAILED], seconds_since_start(report));
}

void report_finish(struct report *report, const char *course, const char *status, struct publish_counts counts)
{
    close_line(report);
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
    fflush(stderr);
    if (report->options.mode != REPORT_QUIET && course != NULL)
        print_summary(report, course, status, counts);
    fflush(stdout);
}
