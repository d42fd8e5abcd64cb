#include <check.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "config/settings.h"
#include "config/settings_file.h"
#include "os/file.h"

static char *root, *project_file;

static void put(const char *path, const char *text)
{
    ck_assert(file_write_atomic(path, text, strlen(text), NULL));
}

/* Every test is a process of its own: the environment may be changed before GLib has looked at it. */
static void setup(void)
{
    root = g_dir_make_tmp("clx-settings-XXXXXX", NULL);
    g_autofree char *config = g_build_filename(root, "user", NULL), *state = g_build_filename(root, "state", NULL);
    ck_assert_ptr_nonnull(root);
    g_setenv("XDG_CONFIG_HOME", config, TRUE);
    g_setenv("XDG_STATE_HOME", state, TRUE);
    g_unsetenv("CLX_WORKER_MANAGEMENT__AUTO_START");
    g_autofree char *user = g_build_filename(config, "clx", "config.toml", NULL);
    put(user, "[worker_management]\nauto_stop = 'Off'\nstartup_timeout = 40\n");
    project_file = g_build_filename(root, ".clx", "config.toml", NULL);
}

static void teardown(void)
{
    file_remove_tree(root, NULL);
    g_free(root);
    g_free(project_file);
}

static struct settings *load(char **ret_messages)
{
    g_autoptr(diag_list) diags = diag_list_new();
    struct settings *settings = settings_load(root, NULL, diags);
    *ret_messages = diag_list_format(diags);
    return settings;
}

START_TEST(later_layers_win)
{
    g_autofree char *messages = NULL;
    put(project_file, "[worker_management]\nstartup_timeout = 50\nauto_start = true\n[paths]\njobs_db_path = 'db/j.db'\n");
    g_setenv("CLX_WORKER_MANAGEMENT__AUTO_START", "NO", TRUE);
    g_autoptr(settings) settings = load(&messages);
    ck_assert_msg(settings != NULL, "%s", messages);
    g_autofree char *db = g_build_filename(root, "db", "j.db", NULL);
    ck_assert(!settings_get_bool(settings, "worker_management.auto_stop"));
    ck_assert(!settings_get_bool(settings, "worker_management.auto_start"));
    ck_assert(settings_get_bool(settings, "worker_management.reuse_workers"));
    ck_assert_int_eq(settings_get_int(settings, "worker_management.startup_timeout"), 50);
    ck_assert_str_eq(settings_jobs_db(settings), db);
    ck_assert(settings_override(settings, "worker_management.startup_timeout", "60", NULL));
    ck_assert_int_eq(settings_get_int(settings, "worker_management.startup_timeout"), 60);
}
END_TEST

START_TEST(choices_may_be_written_in_capitals)
{
    g_autofree char *messages = NULL;
    put(project_file, "[logging]\nlevel = 'INFO'\n[worker_management]\ndefault_execution_mode = 'Docker'\n");
    g_autoptr(settings) settings = load(&messages);
    ck_assert_msg(settings != NULL, "%s", messages);
    ck_assert_str_eq(settings_get_text(settings, "logging.level"), "info");
    ck_assert_str_eq(settings_get_text(settings, "worker_management.default_execution_mode"), "docker");
}
END_TEST

START_TEST(unknown_keys_are_warnings_with_a_suggestion)
{
    g_autofree char *messages = NULL;
    put(project_file, "[worker_management]\n  auto_strat = true\n");
    g_autoptr(settings) settings = load(&messages);
    ck_assert_ptr_nonnull(settings);
    ck_assert_ptr_nonnull(strstr(messages, "config.toml:2:16: warning"));
    ck_assert_ptr_nonnull(strstr(messages, "did you mean 'worker_management.auto_start'?"));
}
END_TEST

/* A key of another table would be no help. */
START_TEST(suggestions_are_of_the_same_table)
{
    g_autofree char *messages = NULL;
    put(project_file, "[worker_managment]\na = 1\n[worker_management]\ncount = 2\n[worker_management.notebok]\ncount = 2\n");
    g_autoptr(settings) settings = load(&messages);
    ck_assert_ptr_nonnull(settings);
    ck_assert_ptr_nonnull(strstr(messages, "did you mean 'worker_management'?"));
    ck_assert_ptr_nonnull(strstr(messages, "unknown setting 'worker_management.count'\n"));
    ck_assert_ptr_null(strstr(messages, "auto_stop"));
    ck_assert_ptr_nonnull(strstr(messages, "did you mean 'worker_management.notebook'?"));
}
END_TEST

static const struct {
    const char *text, *place;
} wrong[] = {
    {"[worker_management]\nstartup_timeout = 4\n", ":2:19: error"},
    {"[worker_management]\nauto_stop = 'maybe'\n", ":2:13: error"},
    {"worker_management = 1\n", ":1:21: error"},
    {"[worker_management.notebook]\ncount = [1]\n", ":2:9: error"},
    {"[worker_management.notebook]\ncount = 65\n", ":2:9: error"},
    {"[logging]\nlevel = 'loud'\n", ":2:9: error"},
    {"[worker_management.plantuml]\nmemory_limit = '1x'\n", ":2:16:"},
    {"[worker_management\n", ":1:19: error"},
};

START_TEST(bad_values_are_errors_with_their_place)
{
    g_autofree char *messages = NULL;
    put(project_file, wrong[_i].text);
    g_autoptr(settings) settings = load(&messages);
    ck_assert_ptr_null(settings);
    ck_assert_msg(strstr(messages, wrong[_i].place) != NULL, "%s", messages);
}
END_TEST

START_TEST(a_project_names_programs_only_when_trusted)
{
    g_autofree char *before = NULL, *trusted = NULL, *changed = NULL;
    put(project_file, "external_tools.java = '/tmp/evil'\n");
    g_autoptr(settings) a = load(&before);
    ck_assert_ptr_null(settings_get_text(a, "external_tools.java"));
    ck_assert_ptr_nonnull(strstr(before, "clx config trust"));
    ck_assert(settings_file_trust(project_file, NULL));
    g_autoptr(settings) b = load(&trusted);
    ck_assert_str_eq(settings_get_text(b, "external_tools.java"), "/tmp/evil");
    put(project_file, "external_tools.java = '/tmp/worse'\n");
    g_autoptr(settings) c = load(&changed);
    ck_assert_ptr_null(settings_get_text(c, "external_tools.java"));
}
END_TEST

START_TEST(default_count_is_bounded_by_processors_and_memory)
{
    guint64 each = (guint64)512 << 20;
    ck_assert_int_eq(settings_default_count(8, (guint64)64 << 30, each), 8);
    ck_assert_int_eq(settings_default_count(8, (guint64)2 << 30, each), 4);
    ck_assert_int_eq(settings_default_count(8, 1, each), 1);
    ck_assert_int_eq(settings_default_count(256, G_MAXUINT64, each), 64);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("settings");
    TCase *tcase = tcase_create("settings");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, later_layers_win);
    tcase_add_test(tcase, choices_may_be_written_in_capitals);
    tcase_add_test(tcase, unknown_keys_are_warnings_with_a_suggestion);
    tcase_add_test(tcase, suggestions_are_of_the_same_table);
    tcase_add_loop_test(tcase, bad_values_are_errors_with_their_place, 0, G_N_ELEMENTS(wrong));
    tcase_add_test(tcase, a_project_names_programs_only_when_trusted);
    tcase_add_test(tcase, default_count_is_bounded_by_processors_and_memory);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
