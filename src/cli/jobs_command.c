#include "cli/jobs_command.h"

#include "base/error.h"

static int open_with(struct invocation *invocation, struct store *open(const char *path, GError **error), struct store **ret_store,
                     int *ret_status)
{
    g_autoptr(GError) error = NULL;
    struct settings *settings = invocation_settings(invocation);
    *ret_status = 2;
    if (settings == NULL)
        return -1;
    *ret_store = open(settings_jobs_db(settings), &error);
    if (*ret_store != NULL)
        return 1;
    if (g_error_matches(error, CLX_ERROR, CLX_ERROR_NOT_FOUND))
        return 0;
    *ret_status = report_error(error);
    return -1;
}

int jobs_command_open(struct invocation *invocation, struct store **ret_store, int *ret_status)
{
    return open_with(invocation, store_open_readonly, ret_store, ret_status);
}

static struct store *open_existing(const char *path, GError **error)
{
    if (g_file_test(path, G_FILE_TEST_EXISTS))
        return store_open(path, error);
    g_set_error(error, CLX_ERROR, CLX_ERROR_NOT_FOUND, "%s: there is no jobs database", path);
    return NULL;
}

int jobs_command_open_writable(struct invocation *invocation, struct store **ret_store, int *ret_status)
{
    return open_with(invocation, open_existing, ret_store, ret_status);
}

bool jobs_command_is_wanted(char *const *words, const char *word)
{
    return words == NULL || g_strv_contains((const char *const *)words, word);
}
