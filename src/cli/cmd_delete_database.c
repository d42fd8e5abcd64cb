#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "cli/command.h"
#include "os/file.h"

static const char *const which_names[] = {"cache", "jobs", "both", NULL};
enum which { WHICH_CACHE, WHICH_JOBS, WHICH_BOTH };

/* True if the file is there and is an SQLite database; a missing one is fine, another one is left alone with a message. */
static bool check_is_database(const char *path, bool *ret_exists)
{
    *ret_exists = g_file_test(path, G_FILE_TEST_EXISTS);
    if (!*ret_exists)
        return true;
    FILE *file = fopen(path, "re");
    char magic[16] = "";
    size_t n = file != NULL ? fread(magic, 1, sizeof magic, file) : 0;
    if (file != NULL)
        fclose(file);
    if (n == 0 || (n == sizeof magic && memcmp(magic, "SQLite format 3", sizeof magic) == 0))
        return true;
    report_failure(1, "'%s' is no database of clx\nit was left as it is", path);
    return false;
}

static bool remove_file(const char *path, const char *suffix)
{
    g_autofree char *file = g_strconcat(path, suffix, NULL);
    g_autoptr(GError) error = NULL;
    if (file_remove_tree(file, &error))
        return true;
    report_error(error);
    return false;
}

static int delete_one(const struct invocation *invocation, const char *path, const char *companion)
{
    bool exists, is_forced = invocation_option(invocation, "force") != NULL;
    if (!check_is_database(path, &exists))
        return 1;
    if (!exists) {
        report_done(invocation, "no database '%s'\n", path);
        return 0;
    }
    g_autofree char *question = g_strdup_printf("Delete '%s'?", path);
    if (!is_forced && !report_confirm(question))
        return report_failure(isatty(STDIN_FILENO) ? 1 : 2, "nothing deleted\nuse --force to delete without a question");
    if (!remove_file(path, "-wal") || !remove_file(path, "-shm") || !remove_file(path, ""))
        return 1;
    g_autofree char *stem = g_strndup(path, strlen(path) - (g_str_has_suffix(path, ".db") ? 3 : 0));
    if (!remove_file(stem, companion))
        return 1;
    report_done(invocation, "deleted '%s'\n", path);
    return 0;
}

static int run_delete(struct invocation *invocation)
{
    int which = invocation_choice(invocation, "which", WHICH_BOTH), status = 0;
    struct settings *settings = invocation_settings(invocation);
    if (settings == NULL)
        return 2;
    if (which != WHICH_CACHE)
        status = delete_one(invocation, settings_jobs_db(settings), ".logs");
    if (status == 0 && which != WHICH_JOBS)
        status = delete_one(invocation, settings_cache_db(settings), ".objects");
    return status;
}

static const struct option options[] = {
    {"which", 0, "WHICH", "what to delete (default: both)", false, which_names},
    {"force", 0, NULL, "do not ask"},
    {NULL},
};

extern const struct command cmd_delete_database;
const struct command cmd_delete_database = {
    .name = "delete-database",
    .operands = "",
    .purpose = "Delete the databases of the project; the next build makes new ones.",
    .example = "clx delete-database --which=cache --force",
    .options = options,
    .run = run_delete,
};
