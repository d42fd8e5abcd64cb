/* What `clx build` does once its options are known: one build, or a watch. */
#pragma once

#include "build/build.h"
#include "cli/command.h"

struct build_invocation {
    struct invocation *invocation;
    struct settings *settings;
    struct cache *cache; /* opened with the first course */
    enum report_mode mode;
    bool has_progress;
    char **targets, **languages;
    const char *spec; /* NULL: the first operand */
    const char *templates, *program;
    struct api_host *api; /* serves workers that cannot open the database; NULL: none */
};

bool build_command_has(const struct build_invocation *build, const char *option);

/* A course, loaded as the options say, and the options of its build; `options` comes first: watch.h hands it back. */
struct loaded_course {
    struct build_options options;
    struct course *course, *whole;
};

struct report *build_command_report(const struct build_invocation *build);

/* NULL when the course is mistaken or the cache cannot be opened: `report` says why. Free with loaded_course_free(), which frees the report as well. */
struct loaded_course *build_command_load(struct build_invocation *build, struct report *report);
void loaded_course_free(struct loaded_course *loaded);

/* Prints the summary; returns the exit status. `loaded` may be NULL. */
int build_command_tell(const struct loaded_course *loaded, struct report *report, enum build_status status, struct publish_counts counts);

enum watch_mode { WATCH_MODE_NORMAL, WATCH_MODE_FAST };
extern const char *const watch_mode_names[];

/* --watch and --serve, until a signal; returns the exit status. */
int build_command_watch(struct build_invocation *build);
