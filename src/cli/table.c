#include "cli/command.h"

extern const struct command cmd_build;
extern const struct command cmd_cache_explain;
extern const struct command cmd_cache_export;
extern const struct command cmd_cache_gc;
extern const struct command cmd_cache_import;
extern const struct command cmd_completion;
extern const struct command cmd_config_init;
extern const struct command cmd_config_locate;
extern const struct command cmd_config_show;
extern const struct command cmd_config_trust;
extern const struct command cmd_convert;
extern const struct command cmd_db_clean;
extern const struct command cmd_db_prune;
extern const struct command cmd_db_stats;
extern const struct command cmd_db_vacuum;
extern const struct command cmd_delete_database;
extern const struct command cmd_docker_build;
extern const struct command cmd_docker_list;
extern const struct command cmd_docker_pull;
extern const struct command cmd_docker_push;
extern const struct command cmd_doctor;
extern const struct command cmd_expand;
extern const struct command cmd_help;
extern const struct command cmd_jobs_cancel;
extern const struct command cmd_jobs_list;
extern const struct command cmd_jobs_logs;
extern const struct command cmd_jobs_retry;
extern const struct command cmd_jobs_show;
extern const struct command cmd_outline;
extern const struct command cmd_targets;
extern const struct command cmd_validate;
extern const struct command cmd_worker;
extern const struct command cmd_workers_cleanup;
extern const struct command cmd_workers_events;
extern const struct command cmd_workers_list;
extern const struct command cmd_workers_start;
extern const struct command cmd_workers_stop;

/* One line per command, in the order of the help. */
/* clang-format off */
const struct command *const commands[] = {
    &cmd_build,
    &cmd_cache_explain,
    &cmd_cache_export,
    &cmd_cache_gc,
    &cmd_cache_import,
    &cmd_completion,
    &cmd_config_init,
    &cmd_config_locate,
    &cmd_config_show,
    &cmd_config_trust,
    &cmd_convert,
    &cmd_db_clean,
    &cmd_db_prune,
    &cmd_db_stats,
    &cmd_db_vacuum,
    &cmd_delete_database,
    &cmd_docker_build,
    &cmd_docker_list,
    &cmd_docker_pull,
    &cmd_docker_push,
    &cmd_doctor,
    &cmd_expand,
    &cmd_help,
    &cmd_jobs_cancel,
    &cmd_jobs_list,
    &cmd_jobs_logs,
    &cmd_jobs_retry,
    &cmd_jobs_show,
    &cmd_outline,
    &cmd_targets,
    &cmd_validate,
    &cmd_worker,
    &cmd_workers_cleanup,
    &cmd_workers_events,
    &cmd_workers_list,
    &cmd_workers_start,
    &cmd_workers_stop,
    NULL,
};
/* clang-format on */
