/* Runs cells on the real IPython kernel; without one these tests are skipped by name. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "notebook/kernel/cell_outputs.h"
#include "notebook/kernel/kernel.h"
#include "os/file.h"
#include "os/process.h"

static char *folder;

static void make_folder(void)
{
    folder = g_strdup("/tmp/clx-kernel-XXXXXX");
    ck_assert_ptr_nonnull(g_mkdtemp(folder));
    process_become_subreaper();
}

static void remove_folder(void)
{
    file_remove_tree(folder, NULL);
    g_free(folder);
}

static void free_cell(gpointer data)
{
    struct cell *cell = data;
    g_free(cell->source);
    json_decref(cell->metadata);
    json_decref(cell->outputs);
    g_free(cell);
}

static void add_cell(struct notebook *notebook, const char *source, const char *tag)
{
    struct cell *cell = g_new0(struct cell, 1);
    cell->type = CELL_CODE;
    cell->source = g_strdup(source);
    cell->metadata = tag != NULL ? json_pack("{s:[s]}", "tags", tag) : json_object();
    cell->index = (int)notebook->cells->len;
    cell->line = 10 * (cell->index + 1);
    g_ptr_array_add(notebook->cells, cell);
}

static struct notebook *make_notebook(const char *const *sources)
{
    struct notebook *notebook = g_new0(struct notebook, 1);
    notebook->cells = g_ptr_array_new_with_free_func(free_cell);
    for (; *sources != NULL; sources++)
        add_cell(notebook, *sources, NULL);
    return notebook;
}

static void free_notebook(struct notebook *notebook)
{
    g_ptr_array_unref(notebook->cells);
    g_free(notebook);
}

static struct kernel_options make_options(void)
{
    return (struct kernel_options){
        .kernel = "python3", .folder = folder, .runtime_dir = folder, .source_name = "topic/nb.py", .cell_timeout_s = 60};
}

static const json_t *get_output(struct notebook *notebook, unsigned cell, unsigned i)
{
    return json_array_get(((struct cell *)notebook->cells->pdata[cell])->outputs, i);
}

/* No process of the run is left: whatever it started was ours or was given to us as the subreaper. */
static void assert_nobody_left(void)
{
    g_autofree char *path = g_strdup_printf("/proc/self/task/%d/children", getpid());
    g_autofree char *children = NULL;
    for (int status; waitpid(-1, &status, WNOHANG) > 0;)
        continue;
    if (g_file_get_contents(path, &children, NULL, NULL))
        ck_assert_str_eq(children, "");
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    for (const char *name; (name = g_dir_read_name(dir)) != NULL;)
        ck_assert_msg(!g_str_has_prefix(name, "k-"), "the kernel's folder is left");
}

static GError *run_to_failure(struct notebook *notebook, const struct kernel_options *options)
{
    GError *error = NULL;
    ck_assert(!kernel_run(notebook, options, &error));
    ck_assert_ptr_nonnull(error);
    assert_nobody_left();
    return error;
}

START_TEST(streams_results_and_displays_become_outputs)
{
    const char *const sources[] = {
        "import sys\nprint('one'); print('two')\nprint('err', file=sys.stderr)\n6 * 7",
        "from IPython.display import display, Image, clear_output\nimport base64\n"
        "h = display(Image(data=base64.b64decode('iVBORw0KGgo='), format='png'), display_id='d')",
        "print('gone'); clear_output(wait=True); print('10%\\r20%\\r30%')",
        "h.update('new')",
        "   \n",
        NULL,
    };
    struct notebook *notebook = make_notebook(sources);
    struct kernel_options options = make_options();
    GError *error = NULL;
    ck_assert_msg(kernel_run(notebook, &options, &error), "%s", error != NULL ? error->message : "");
    ck_assert_str_eq(json_get_text(get_output(notebook, 0, 0), "text", ""), "one\ntwo\n");
    ck_assert_str_eq(json_get_text(get_output(notebook, 0, 1), "name", ""), "stderr");
    ck_assert_str_eq(json_get_text(json_object_get(get_output(notebook, 0, 2), "data"), "text/plain", ""), "42");
    ck_assert_int_eq(json_get_int(get_output(notebook, 0, 2), "execution_count", 0), 1);
    ck_assert_int_eq(((struct cell *)notebook->cells->pdata[3])->execution_count, 4);
    ck_assert_str_eq(json_get_text(get_output(notebook, 1, 0), "output_type", ""), "display_data");
    ck_assert_str_eq(json_get_text(json_object_get(get_output(notebook, 1, 0), "data"), "text/plain", ""), "'new'");
    ck_assert_str_eq(json_get_text(get_output(notebook, 2, 0), "text", ""), "30%\n");
    ck_assert_uint_eq(json_array_size(((struct cell *)notebook->cells->pdata[4])->outputs), 0);
    assert_nobody_left();
    free_notebook(notebook);
}
END_TEST

START_TEST(picture_of_a_display_is_kept_as_base64)
{
    const char *const sources[] = {
        "from IPython.display import display, Image\nimport base64\ndisplay(Image(data=base64.b64decode('iVBORw0KGgo='), format='png'))",
        NULL};
    struct notebook *notebook = make_notebook(sources);
    struct kernel_options options = make_options();
    ck_assert(kernel_run(notebook, &options, NULL));
    const char *png = json_get_text(json_object_get(get_output(notebook, 0, 0), "data"), "image/png", "");
    ck_assert(g_str_has_prefix(png, "iVBORw0KGgo="));
    free_notebook(notebook);
}
END_TEST

START_TEST(raising_cell_names_file_source_line_cell_and_exception)
{
    const char *const sources[] = {"x = 1", "y = 2\n\nx / 0\nprint('never')", "print('not reached')", NULL};
    struct notebook *notebook = make_notebook(sources);
    struct kernel_options options = make_options();
    g_autoptr(GError) error = run_to_failure(notebook, &options);
    ck_assert_int_eq(error->code, CLX_ERROR_SOURCE);
    ck_assert_str_eq(error->message,
                     "topic/nb.py:22: cell 2: ZeroDivisionError: division by zero\n    y = 2\n    x / 0\n    print('never')");
    ck_assert_str_eq(json_get_text(get_output(notebook, 1, 0), "output_type", ""), "error");
    ck_assert_ptr_null(((struct cell *)notebook->cells->pdata[2])->outputs);
    free_notebook(notebook);
}
END_TEST

START_TEST(line_behind_a_cell_marker_is_counted_in_the_source)
{
    g_autoptr(diag_list) diags = diag_list_new();
    g_autoptr(notebook) notebook = notebook_read_percent("# %%\nx = 1\n\n# %%\ny = 2\n1 / 0\n", "nb.py", PROG_LANG_PYTHON, NULL, diags);
    struct kernel_options options = make_options();
    ck_assert_ptr_nonnull(notebook);
    g_autoptr(GError) error = run_to_failure(notebook, &options);
    ck_assert_msg(g_str_has_prefix(error->message, "topic/nb.py:6: cell 2: ZeroDivisionError"), "%s", error->message);
}
END_TEST

START_TEST(syntax_error_names_its_line)
{
    const char *const sources[] = {"a = 1\nb = (", NULL};
    struct notebook *notebook = make_notebook(sources);
    struct kernel_options options = make_options();
    g_autoptr(GError) error = run_to_failure(notebook, &options);
    ck_assert_msg(g_str_has_prefix(error->message, "topic/nb.py:11: cell 1: SyntaxError: "), "%s", error->message);
    free_notebook(notebook);
}
END_TEST

START_TEST(expected_exception_lets_the_run_go_on)
{
    const char *const sources[] = {NULL};
    struct notebook *notebook = make_notebook(sources);
    struct kernel_options options = make_options();
    add_cell(notebook, "1 / 0", "raises-exception");
    add_cell(notebook, "print('on')", NULL);
    ck_assert(kernel_run(notebook, &options, NULL));
    ck_assert_str_eq(json_get_text(get_output(notebook, 0, 0), "ename", ""), "ZeroDivisionError");
    ck_assert_str_eq(json_get_text(get_output(notebook, 1, 0), "text", ""), "on\n");
    free_notebook(notebook);
}
END_TEST

START_TEST(skipped_errors_let_the_run_go_on)
{
    const char *const sources[] = {"1 / 0", "print('on')", NULL};
    struct notebook *notebook = make_notebook(sources);
    struct kernel_options options = make_options();
    options.skips_errors = true;
    ck_assert(kernel_run(notebook, &options, NULL));
    ck_assert_str_eq(json_get_text(get_output(notebook, 1, 0), "text", ""), "on\n");
    free_notebook(notebook);
}
END_TEST

START_TEST(cell_that_asks_for_input_fails_clearly)
{
    const char *const sources[] = {"name = input('who? ')", NULL};
    struct notebook *notebook = make_notebook(sources);
    struct kernel_options options = make_options();
    g_autoptr(GError) error = run_to_failure(notebook, &options);
    ck_assert_int_eq(error->code, CLX_ERROR_SOURCE);
    ck_assert_msg(strstr(error->message, "topic/nb.py:10: cell 1: asks for input") != NULL, "%s", error->message);
    free_notebook(notebook);
}
END_TEST

START_TEST(endless_cell_is_interrupted_at_its_deadline)
{
    const char *const sources[] = {"print('before', flush=True)\nwhile True:\n    pass", NULL};
    struct notebook *notebook = make_notebook(sources);
    struct kernel_options options = make_options();
    options.cell_timeout_s = 1;
    g_autoptr(GError) error = run_to_failure(notebook, &options);
    ck_assert_int_eq(error->code, CLX_ERROR_SOURCE);
    ck_assert_msg(strstr(error->message, "ran longer than 1 s and was interrupted") != NULL, "%s", error->message);
    ck_assert_str_eq(json_get_text(get_output(notebook, 0, 0), "text", ""), "before\n");
    free_notebook(notebook);
}
END_TEST

START_TEST(kernel_that_ignores_the_interrupt_is_killed_with_its_children)
{
    const char *const sources[] = {"import signal, subprocess, time\nsignal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])\n"
                                   "subprocess.Popen(['sleep', '600'], start_new_session=True)\nwhile True:\n    time.sleep(600)",
                                   NULL};
    struct notebook *notebook = make_notebook(sources);
    struct kernel_options options = make_options();
    options.cell_timeout_s = 1;
    g_autoptr(GError) error = run_to_failure(notebook, &options);
    ck_assert_int_eq(error->code, CLX_ERROR_INFRASTRUCTURE);
    ck_assert_msg(strstr(error->message, "killed") != NULL, "%s", error->message);
    free_notebook(notebook);
}
END_TEST

START_TEST(dying_kernel_is_infrastructure_and_leaves_no_orphan)
{
    const char *const sources[] = {
        "import os, subprocess\nsubprocess.Popen(['sleep', '600'], start_new_session=True)\nos.write(2, b'last words\\n')\nos._exit(7)",
        NULL};
    struct notebook *notebook = make_notebook(sources);
    struct kernel_options options = make_options();
    g_autoptr(GError) error = run_to_failure(notebook, &options);
    ck_assert_int_eq(error->code, CLX_ERROR_INFRASTRUCTURE);
    ck_assert_msg(strstr(error->message, "ended with exit status 7") != NULL, "%s", error->message);
    free_notebook(notebook);
}
END_TEST

static void count_progress(int cell, int n_cells, gpointer data)
{
    g_string_append_printf(data, "%d/%d ", cell, n_cells);
}

START_TEST(progress_counts_cells_that_run)
{
    const char *const sources[] = {"1", "", "2", NULL};
    struct notebook *notebook = make_notebook(sources);
    struct kernel_options options = make_options();
    g_autoptr(GString) seen = g_string_new(NULL);
    options.progress = count_progress;
    options.data = seen;
    ck_assert(kernel_run(notebook, &options, NULL));
    ck_assert_str_eq(seen->str, "1/2 2/2 ");
    free_notebook(notebook);
}
END_TEST

/* ---- without a real kernel ---- */

static void write_spec(const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(folder, "kernels", name, "kernel.json", NULL);
    ck_assert(file_write_atomic(path, text, strlen(text), NULL));
    g_setenv("JUPYTER_PATH", folder, TRUE);
}

START_TEST(missing_kernel_is_not_found_with_the_remedy)
{
    const char *const sources[] = {"1", NULL};
    struct notebook *notebook = make_notebook(sources);
    struct kernel_options options = make_options();
    options.kernel = "no-such-kernel";
    g_autoptr(GError) error = run_to_failure(notebook, &options);
    ck_assert_int_eq(error->code, CLX_ERROR_NOT_FOUND);
    ck_assert(strstr(error->message, "'no-such-kernel' is not installed: ") != NULL);
    free_notebook(notebook);
}
END_TEST

START_TEST(name_with_a_slash_finds_nothing)
{
    g_autoptr(GError) error = NULL;
    write_spec("bad", "{\"argv\": [\"true\"]}");
    ck_assert_ptr_null(kernel_fingerprint("../kernels/bad", &error));
    ck_assert_int_eq(error->code, CLX_ERROR_NOT_FOUND);
}
END_TEST

START_TEST(broken_kernelspec_names_its_file)
{
    g_autoptr(GError) error = NULL;
    write_spec("bad", "{\"argv\": [");
    ck_assert_ptr_null(kernel_fingerprint("bad", &error));
    ck_assert(strstr(error->message, "bad/kernel.json:") != NULL);
    g_clear_error(&error);
    write_spec("bad", "{\"argv\": []}");
    ck_assert_ptr_null(kernel_fingerprint("bad", &error));
    ck_assert(strstr(error->message, "argv") != NULL);
}
END_TEST

START_TEST(kernel_that_ends_at_once_tells_its_last_words)
{
    const char *const sources[] = {"1", NULL};
    struct notebook *notebook = make_notebook(sources);
    struct kernel_options options = make_options();
    write_spec("dead", "{\"argv\": [\"sh\", \"-c\", \"echo no module named x >&2; exit 3\"], \"language\": \"python\"}");
    options.kernel = "dead";
    g_autoptr(GError) error = run_to_failure(notebook, &options);
    ck_assert_int_eq(error->code, CLX_ERROR_INFRASTRUCTURE);
    ck_assert_str_eq(error->message, "topic/nb.py: kernel 'dead' did not start: it ended with exit status 3\n    no module named x");
    free_notebook(notebook);
}
END_TEST

START_TEST(fingerprint_changes_with_the_kernelspec)
{
    write_spec("one", "{\"argv\": [\"true\"]}");
    g_autofree char *before = kernel_fingerprint("one", NULL);
    g_autofree char *again = kernel_fingerprint("one", NULL);
    write_spec("one", "{\"argv\": [\"true\", \"-x\"]}");
    g_autofree char *after = kernel_fingerprint("one", NULL);
    ck_assert_str_eq(before, again);
    ck_assert_str_ne(before, after);
}
END_TEST

START_TEST(returns_and_backspaces_are_carried_out)
{
    static const char *const cases[][2] = {
        {"", ""},        {"a\rb", "b"},  {"a\rb\r", "b\r"},    {"a\r\nb", "a\r\nb"}, {"1\r2\r3\nx\ry\n", "3\ny\n"},
        {"ab\bc", "ac"}, {"\b\bx", "x"}, {"\xc3\xa4\bo", "o"}, {"a\n\bb", "a\nb"},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        size_t length;
        g_autofree char *text = text_settle(cases[i][0], strlen(cases[i][0]), &length);
        ck_assert_str_eq(text, cases[i][1]);
        ck_assert_uint_eq(length, strlen(text));
    }
}
END_TEST

static bool has_ipykernel(void)
{
    g_autofree char *fingerprint = kernel_fingerprint("python3", NULL);
    return fingerprint != NULL;
}

int main(void)
{
    Suite *suite = suite_create("kernel");
    TCase *plain = tcase_create("without a kernel");
    tcase_add_checked_fixture(plain, make_folder, remove_folder);
    tcase_add_test(plain, missing_kernel_is_not_found_with_the_remedy);
    tcase_add_test(plain, name_with_a_slash_finds_nothing);
    tcase_add_test(plain, broken_kernelspec_names_its_file);
    tcase_add_test(plain, kernel_that_ends_at_once_tells_its_last_words);
    tcase_add_test(plain, fingerprint_changes_with_the_kernelspec);
    tcase_add_test(plain, returns_and_backspaces_are_carried_out);
    suite_add_tcase(suite, plain);
    TCase *real = tcase_create("IPython kernel");
    tcase_set_timeout(real, 120);
    tcase_add_checked_fixture(real, make_folder, remove_folder);
    tcase_add_test(real, streams_results_and_displays_become_outputs);
    tcase_add_test(real, picture_of_a_display_is_kept_as_base64);
    tcase_add_test(real, raising_cell_names_file_source_line_cell_and_exception);
    tcase_add_test(real, line_behind_a_cell_marker_is_counted_in_the_source);
    tcase_add_test(real, syntax_error_names_its_line);
    tcase_add_test(real, expected_exception_lets_the_run_go_on);
    tcase_add_test(real, skipped_errors_let_the_run_go_on);
    tcase_add_test(real, cell_that_asks_for_input_fails_clearly);
    tcase_add_test(real, endless_cell_is_interrupted_at_its_deadline);
    tcase_add_test(real, kernel_that_ignores_the_interrupt_is_killed_with_its_children);
    tcase_add_test(real, dying_kernel_is_infrastructure_and_leaves_no_orphan);
    tcase_add_test(real, progress_counts_cells_that_run);
    if (has_ipykernel())
        suite_add_tcase(suite, real);
    else
        printf("skipped: IPython kernel: it is not installed\n");
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
