/* From the outputs of a course to the jobs that make them: one job per notebook source, one per diagram, none for a copy. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "base/diag.h"
#include "base/glossary.h"
#include "base/json.h"
#include "course/model.h"
#include "course/outputs.h"
#include "diagram/diagram.h"

struct plan_output {
    const struct course_output *output; /* borrowed from the plan's outputs */
    char *path;                         /* absolute; the output's */
};

struct plan_job {
    enum job_type type;
    const struct section *section; /* borrowed, of the first output */
    const struct topic *topic;     /* borrowed */
    const struct topic_file *file; /* borrowed */
    char *source;                  /* absolute */
    char *name;                    /* as the author knows it: below the course root */
    enum prog_lang prog_lang;      /* of a notebook */
    json_t *settings;              /* what of the payload counts for the result, without what is wanted of it */
    char **template_dirs;          /* absolute, in the order in which they are searched; of a diagram: its folder */
    GPtrArray *outputs;            /* struct plan_output *, borrowed from the plan */
    char *shipped;                 /* Draw.io: the picture that the topic ships for it, or NULL */
};

struct plan_options {
    const char *templates_dir;       /* of the built-in templates */
    const char *plantuml_jar, *java; /* or NULL */
    struct drawio_settings drawio;   /* without folder and memory limit, which are the worker's */
    int cell_timeout_s;
    bool skips_runs;     /* leave out the pages that show what code does (--watch-mode fast) */
    bool starts_cold;    /* no kernel is started before it is needed */
    const char *preload; /* modules for warm kernels, or NULL */
    const char *only;    /* a section's name or a topic's id; NULL: everything */
};

struct plan {
    const struct course *course;
    const struct plan_options *options;
    GPtrArray *course_outputs; /* struct course_output *: what the course has, also what `only` leaves out */
    GPtrArray *outputs;        /* struct plan_output *: those to build */
    GPtrArray *copies;         /* struct plan_output *, borrowed: those without a job */
    GPtrArray *jobs;           /* struct plan_job *, in the order of the course */
};

/* Makes the plan. Conflicts and missing folders go to `diags`; an `only` that names nothing too. NULL if one of them is an error. The
 * plan borrows from `course` and `options`, which must outlive it. The caller frees it. */
struct plan *plan_new(const struct course *course, const struct plan_options *options, struct diag_list *diags);
void plan_free(struct plan *plan);
typedef struct plan plan;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(plan, plan_free)

/* How many jobs of a type the plan has. */
unsigned plan_count_jobs(const struct plan *plan, enum job_type type);

/* True if the job runs code: an evaluated page of a kind that shows results is among its outputs. */
bool plan_job_runs_code(const struct plan_job *job);

/* The outputs that are wanted of a job, as an array of {language, kind, format}, each once however many targets want it; empty for a
 * diagram. The caller drops it. */
json_t *plan_job_wanted(const struct plan_job *job);

/* What a worker is told (docs/contracts.md). `inputs_hash`: over all files of the topic but the source; unused for a diagram. The caller drops it. */
json_t *plan_job_payload(const struct plan *plan, const struct plan_job *job, const char *inputs_hash, bool is_run_forced);

/* A worker's result in the form in which results are kept: `outputs` maps each one's language, kind and format to its object. A build that has
 * nothing to do reads one for each job. The caller drops it. */
json_t *plan_pack_result(const json_t *result);

/* The object that such a result holds for an output; NULL if there is none. Borrowed from the result. */
const char *plan_find_object(const struct plan_output *output, const json_t *result);
