/* What a build tells: progress while it runs, and at its end files, warnings and errors grouped by file. Libraries do not print; this
 * module is the exception, as the voice of `clx build`. Results go to standard output, everything else to standard error. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "base/diag.h"
#include "base/json.h"
#include "build/plan.h"
#include "build/publish.h"
#include "build/session.h"

enum report_mode { REPORT_DEFAULT, REPORT_VERBOSE, REPORT_QUIET, REPORT_JSON, N_REPORT_MODES };
extern const char *const report_mode_names[];

enum report_outcome { REPORT_DONE, REPORT_CACHED, REPORT_FAILED, REPORT_CANCELLED, N_REPORT_OUTCOMES };

struct report_options {
    enum report_mode mode;
    bool has_progress; /* a line for each type that is written over, on a terminal */
    bool has_color;    /* of standard error */
    bool is_explained; /* --explain: why each job runs */
};

struct report;

struct report *report_new(const struct report_options *options);
void report_free(struct report *report);
typedef struct report report;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(report, report_free)

/* Adds the warnings and errors of spec and sources; notes are shown in verbose mode only. */
void report_add_diags(struct report *report, const struct diag_list *diags);

/* Adds an error of the build as a whole; the same one is told once. */
void report_add_error(struct report *report, const char *message);

/* The plan is known: how many jobs there are of each type. */
void report_plan(struct report *report, const struct plan *plan);

/* A job has to run, for this reason. */
void report_run(struct report *report, const struct plan_job *job, const char *reason);

/* A job has ended. `result` (may be NULL) holds its warnings, `problem` (may be NULL) its error as in docs/contracts.md. */
void report_end(struct report *report, const struct plan_job *job, enum report_outcome outcome, const json_t *result,
                const json_t *problem);

/* A job that failed or was cancelled is tried again: what was said of its end no longer holds. */
void report_take_back(struct report *report, const struct plan_job *job);

/* A job, by its id in the queue, succeeded, but not at its first attempt: it may fail another time. */
void report_retried(struct report *report, const struct plan_job *job, int attempts, gint64 id);

/* Shows how far each type is, and what runs now (n_running may be 0), where that is wanted. */
void report_progress(struct report *report, const struct running_job *running, unsigned n_running);

/* What workers need is not here yet; on a terminal with how many bytes of how many are (0 of 0: as many as were told last), else told once. */
void report_waits(struct report *report, const char *what, gint64 current, gint64 total);

/* The warnings and errors so far. Borrowed. */
const struct diag_list *report_messages(const struct report *report);

/* How many jobs failed, were cancelled or are in error; 0 means that the build is a success. */
unsigned report_count_errors(const struct report *report);

/* True if nothing happened that is worth a word: no job ran, no file was written or removed, nothing is wrong. */
bool report_is_idle(const struct report *report, struct publish_counts counts);

/* The end: the summary, or the JSON document. `course` is the name of the course or NULL, `status` "succeeded", "failed" or "interrupted". */
void report_finish(struct report *report, const char *course, const char *status, struct publish_counts counts);
