/* Persistent workers are started and stopped, and whatever is wrong with any worker is cleaned up. */
#include <stdio.h>
#include <unistd.h>

#include "base/error.h"
#include "cli/jobs_command.h"
#include "supervisor/discovery.h"
#include "supervisor/persistent.h"

#define STOP_DEADLINE_MS 3000

#define PLURAL(n) (n), (n) == 1 ? "" : "s"

static const struct option type_options[] = {
    {"type", 0, "TYPE", "only workers of this type", true, job_type_names},
    {NULL},
};

/* ---- workers start ---- */

static int start(struct invocation *invocation, struct store *store, GError **error)
{
    g_auto(GStrv) types = invocation_list(invocation, "type");
    g_autofree char *program = g_file_read_link("/proc/self/exe", error);
    if (program == NULL)
        return 1;
    struct lifecycle_options options = {
        .store = store,
        .settings = invocation_settings(invocation),
        .jobs_db = settings_jobs_db(invocation_settings(invocation)),
        .cache_db = settings_cache_db(invocation_settings(invocation)),
        .workspace = settings_project_root(invocation_settings(invocation)),
        .program = program,
    };
    for (int type = 0; type < N_JOB_TYPES; type++)
        options.needed[type] = jobs_command_is_wanted(types, job_type_names[type]);
    int n_present = 0, n_started = persistent_start(&options, &n_present, error);
    if (n_started < 0)
        return 1;
    report_done(invocation, "started %d worker%s, %d there already; they end with 'clx workers stop' or when idle for %s s\n",
                PLURAL(n_started), n_present, settings_get_text(options.settings, "worker_management.idle_timeout"));
    return 0;
}

static int run_start(struct invocation *invocation)
{
    g_autoptr(GError) error = NULL;
    struct settings *settings = invocation_settings(invocation);
    if (settings == NULL)
        return 2;
    g_autoptr(store) store = store_open(settings_jobs_db(settings), &error);
    if (store == NULL)
        return report_error(error);
    int status = start(invocation, store, &error);
    return error != NULL ? report_error(error) : status;
}

extern const struct command cmd_workers_start;
const struct command cmd_workers_start = {
    .name = "workers start",
    .operands = "",
    .purpose = "Start workers that stay, as configured; every build may use them.",
    .example = "clx workers start --type=notebook",
    .options = type_options,
    .run = run_start,
};

/* ---- workers stop ---- */

static int stop(struct invocation *invocation, struct store *store, GError **error)
{
    g_auto(GStrv) types = invocation_list(invocation, "type");
    int n = 0;
    for (int type = 0; type < N_JOB_TYPES; type++) {
        int n_stopped =
            jobs_command_is_wanted(types, job_type_names[type]) ? persistent_stop(store, job_type_names[type], STOP_DEADLINE_MS, error) : 0;
        if (n_stopped < 0)
            return 1;
        n += n_stopped;
    }
    report_done(invocation, "stopped %d worker%s\n", PLURAL(n));
    return 0;
}

static int run_stop(struct invocation *invocation)
{
    g_autoptr(store) store = NULL;
    g_autoptr(GError) error = NULL;
    int status, opened = jobs_command_open_writable(invocation, &store, &status);
    if (opened < 0)
        return status;
    if (opened == 0) {
        report_done(invocation, "stopped 0 workers\n");
        return 0;
    }
    status = stop(invocation, store, &error);
    return error != NULL ? report_error(error) : status;
}

extern const struct command cmd_workers_stop;
const struct command cmd_workers_stop = {
    .name = "workers stop",
    .operands = "",
    .purpose = "Stop the workers that stay; those of running builds go on.",
    .example = "clx workers stop",
    .options = type_options,
    .run = run_stop,
};

/* ---- workers cleanup ---- */

struct finding {
    gint64 id;
    char *text; /* "notebook worker 3 (direct-…): its process is gone" */
};

static void finding_free(gpointer data)
{
    struct finding *finding = data;
    g_free(finding->text);
    g_free(finding);
}

static void add_finding(const struct worker_row *row, const char *reason, gpointer data)
{
    struct finding *finding = g_new0(struct finding, 1);
    finding->id = row->id;
    finding->text = g_strdup_printf("%s worker %" G_GINT64_FORMAT " (%s): %s", row->worker_type, row->id, row->executor_id, reason);
    g_ptr_array_add(data, finding);
}

/* The row is read again: a question may have been answered meanwhile. */
static bool clean_one(const struct invocation *invocation, struct store *store, const struct finding *finding, GError **error)
{
    g_autoptr(worker_row) row = NULL;
    int found = worker_find(store, finding->id, &row, error);
    if (found <= 0)
        return found == 0;
    bool is_alive = discovery_is_alive(row) && row->pid > 0;
    if (!discovery_end_worker(store, row, STOP_DEADLINE_MS, error))
        return false;
    if (is_alive)
        report_done(invocation, "ended %s; process %" G_GINT64_FORMAT "\n", finding->text, row->pid);
    else
        report_done(invocation, "removed %s; no process of it was running\n", finding->text);
    return true;
}

static bool is_agreed(const struct invocation *invocation, const GPtrArray *findings)
{
    if (invocation_option(invocation, "force") != NULL)
        return true;
    for (unsigned i = 0; i < findings->len; i++)
        fprintf(stderr, "%s\n", ((const struct finding *)findings->pdata[i])->text);
    g_autofree char *question = g_strdup_printf("End and remove %u worker%s?", PLURAL(findings->len));
    return report_confirm(question);
}

static int clean(const struct invocation *invocation, struct store *store, const GPtrArray *findings, GError **error)
{
    if (!is_agreed(invocation, findings))
        return report_failure(isatty(STDIN_FILENO) ? 1 : 2,
                              "nothing was cleaned up\nuse --force to clean up without a question, --dry-run to see what would happen");
    for (unsigned i = 0; i < findings->len; i++)
        if (!clean_one(invocation, store, findings->pdata[i], error))
            return 1;
    return discovery_tidy(store, error) >= 0 ? 0 : 1;
}

static int run_cleanup(struct invocation *invocation)
{
    g_autoptr(GPtrArray) findings = g_ptr_array_new_with_free_func(finding_free);
    g_autoptr(store) store = NULL;
    g_autoptr(GError) error = NULL;
    bool is_all = invocation_option(invocation, "all") != NULL, is_dry = invocation_option(invocation, "dry-run") != NULL;
    int status, opened = is_dry ? jobs_command_open(invocation, &store, &status) : jobs_command_open_writable(invocation, &store, &status);
    if (opened < 0)
        return status;
    if (opened > 0 && !discovery_find_faulty(store, is_all, add_finding, findings, &error))
        return report_error(error);
    if (findings->len == 0) {
        report_done(invocation, "nothing to clean up\n");
        return 0;
    }
    if (is_dry) {
        for (unsigned i = 0; i < findings->len; i++)
            printf("would end or remove %s\n", ((const struct finding *)findings->pdata[i])->text);
        return 0;
    }
    status = clean(invocation, store, findings, &error);
    return error != NULL ? report_error(error) : status;
}

static const struct option cleanup_options[] = {
    {"all", 0, NULL, "healthy workers too"},
    {"force", 0, NULL, "do not ask"},
    {"dry-run", 0, NULL, "only say what would be done"},
    {NULL},
};

extern const struct command cmd_workers_cleanup;
const struct command cmd_workers_cleanup = {
    .name = "workers cleanup",
    .operands = "",
    .purpose = "End and remove workers that are dead, hung, silent or orphaned.",
    .example = "clx workers cleanup --dry-run",
    .options = cleanup_options,
    .run = run_cleanup,
};
