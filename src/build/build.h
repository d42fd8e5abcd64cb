/* One build: plan, results from the cache, jobs for the rest, publication, report. build_run() does it all; a watch (watch.h) takes the
 * parts and gives the jobs to a session that outlives the build. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "build/plan.h"
#include "build/report.h"
#include "build/session.h"
#include "config/settings.h"
#include "course/model.h"

enum build_status { BUILD_SUCCEEDED, BUILD_FAILED, BUILD_MISTAKEN, BUILD_INTERRUPTED };

struct build_options {
    const struct course *course; /* what to build */
    const struct course *whole;  /* the same course without filters: what belongs, and is no stray; may be `course` */
    const struct settings *settings;
    struct cache *cache;  /* borrowed */
    const char *program;  /* path of clx */
    struct api_host *api; /* see session.h; NULL: none */
    struct plan_options plan;
    bool is_cache_ignored;
    bool is_run_forced;  /* --force-execute */
    bool is_incremental; /* write what is new by the manifest, look at no output */
    bool keeps_strays;   /* --keep-directory: nothing is removed */
    bool has_own_root;   /* --output-dir: the outputs are in a tree that the spec does not name */
    bool is_auto_start;
    bool is_fail_fast;
    bool has_progress;
    struct report *report; /* takes everything that there is to tell */
};

/* Builds. BUILD_MISTAKEN: the course contradicts itself, nothing was started. What was published goes to `ret_counts`. */
enum build_status build_run(const struct build_options *options, struct publish_counts *ret_counts);

struct build;

/* Plans, and publishes what is known already. `ret_status` is BUILD_SUCCEEDED when the build may go on, else why not; the errors are in the
 * report. Never NULL. The options must outlive the build. */
struct build *build_begin(const struct build_options *options, enum build_status *ret_status);
void build_free(struct build *build);
typedef struct build build;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(build, build_free)

/* The jobs that have to run (struct session_job *). Borrowed. */
GPtrArray *build_misses(const struct build *build);

/* Takes the end of one of them; `row` NULL: it was cancelled. False: the build cannot or shall not go on. */
bool build_take(struct build *build, struct session_job *item, const struct job *row);

/* May the result of a job that was tried again outside of a build stand for this one? */
bool build_may_take(struct build *build, const struct session_job *item, const struct job *row);

/* The end: strays go when all is well. `problem` (may be NULL) is what ended the session. */
enum build_status build_finish(struct build *build, enum session_end end, const GError *problem);

/* True if an input of a result that was taken had changed meanwhile: it shows a state that is no more, and was not kept. */
bool build_is_outdated(const struct build *build);

struct publish_counts build_counts(const struct build *build);
const struct build_options *build_get_options(const struct build *build);
const struct plan *build_plan(const struct build *build);
