/* One build: plan, results from the cache, jobs for the rest, publication, report. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "build/plan.h"
#include "build/report.h"
#include "config/settings.h"
#include "course/model.h"

enum build_status { BUILD_SUCCEEDED, BUILD_FAILED, BUILD_MISTAKEN, BUILD_INTERRUPTED };

struct build_options {
    const struct course *course; /* what to build */
    const struct course *whole;  /* the same course without filters: what belongs, and is no stray; may be `course` */
    const struct settings *settings;
    const char *program; /* path of clx */
    struct plan_options plan;
    bool is_cache_ignored;
    bool is_auto_start;
    bool is_fail_fast;
    bool has_progress;
    struct report *report; /* takes everything that there is to tell */
};

/* Builds. BUILD_MISTAKEN: the course contradicts itself, nothing was started. What was published goes to `ret_counts`. */
enum build_status build_run(const struct build_options *options, struct publish_counts *ret_counts);
