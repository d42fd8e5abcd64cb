/* Runs cells on real kernels; those that are not installed are skipped by name. The IPython kernel is tried started and forked. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "kernel_fixture.h"
#include "notebook/kernel/cell_outputs.h"
#include "notebook/kernel/failure.h"
#include "notebook/kernel/kernel.h"
#include "notebook/kernel/kernelspec.h"
#include "os/file.h"
#include "os/process.h"

static struct kernel_pool *pool;

static void make_folder_and_pool(void)
{
    fixture_make_folder();
    pool = kernel_pool_new(fixture_folder);
}

static void remove_folder(void)
{
    kernel_pool_free(pool);
    fixture_remove_folder();
}

static struct notebook *make_notebook(const char *const *sources)
{
    struct notebook *notebook = g_new0(struct notebook, 1);
    notebook->cells = fixture_make_cells();
    for (; *sources != NULL; sources++)
        fixture_add_cell(notebook, *sources, NULL);
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
        .kernel = "python3", .pool = pool, .runtime_dir = fixture_folder, .source_name = "topic/nb.py", .cell_timeout_s = 60};
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
    g_clear_pointer(&pool, kernel_pool_free);
    for (int status; waitpid(-1, &status, WNOHANG) > 0;)
        continue;
    if (g_file_get_contents(path, &children, NULL, NULL))
        ck_assert_str_eq(children, "");
    g_autoptr(GDir) dir = g_dir_open(fixture_folder, 0, NULL);
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
    g_autoptr(notebook) notebook = notebook_read("# %%\nx = 1\n\n# %%\ny = 2\n1 / 0\n", "nb.py", PROG_LANG_PYTHON, NULL, diags);
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
    ck_assert_msg(strstr(error->message, ".py, line") == NULL, "%s", error->message); /* the kernel's name for the cell */
    free_notebook(notebook);
}
END_TEST

static bool write_helper(const char *folder, gpointer data, GError **error)
{
    g_autofree char *path = g_build_filename(folder, "helper.py", NULL);
    return file_write_atomic(path, data, strlen(data), error);
}

START_TEST(place_that_raises_in_another_cell_or_file_is_told_too)
{
    const char *const in_cell[] = {"def f(a):\n    b = a\n    return b / 0", "def g():\n    return f(1)", "z = 1\ng()", NULL};
    const char *const in_file[] = {"import helper\nhelper.h(1)", NULL};
    struct kernel_options options = make_options();
    struct notebook *notebook = make_notebook(in_cell);
    g_autoptr(GError) raised = run_to_failure(notebook, &options);
    ck_assert_msg(g_str_has_prefix(raised->message, "topic/nb.py:31: cell 3: ZeroDivisionError: division by zero\n"
                                                    "    raised at topic/nb.py:12 (cell 1)\n    z = 1"),
                  "%s", raised->message);
    free_notebook(notebook);
    options.pool = NULL; /* it ended with the first run */
    options.fill = write_helper;
    options.data = (gpointer) "def h(x):\n    return x.nothing\n";
    notebook = make_notebook(in_file);
    g_autoptr(GError) imported = run_to_failure(notebook, &options);
    ck_assert_msg(strstr(imported->message, "\n    raised at topic/helper.py:2\n") != NULL, "%s", imported->message);
    free_notebook(notebook);
}
END_TEST

START_TEST(outputs_name_no_folder_of_the_run)
{
    const char *const sources[] = {"import warnings\nwarnings.warn('old')",
                                   "import os, sys\nprint(os.getcwd() + '/x.txt', file=sys.stderr)", NULL};
    struct notebook *notebook = make_notebook(sources);
    struct kernel_options options = make_options();
    ck_assert(kernel_run(notebook, &options, NULL));
    ck_assert_str_eq(json_get_text(get_output(notebook, 0, 0), "text", ""), "<cell>:2: UserWarning: old\n  warnings.warn('old')\n");
    ck_assert_str_eq(json_get_text(get_output(notebook, 1, 0), "text", ""), "x.txt\n");
    free_notebook(notebook);
}
END_TEST

START_TEST(expected_exception_lets_the_run_go_on)
{
    const char *const sources[] = {NULL};
    struct notebook *notebook = make_notebook(sources);
    struct kernel_options options = make_options();
    fixture_add_cell(notebook, "1 / 0", "raises-exception");
    fixture_add_cell(notebook, "print('on')", NULL);
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
    options.cell_timeout_s = 3; /* a busy machine needs a while to begin with the cell */
    g_autoptr(GError) error = run_to_failure(notebook, &options);
    ck_assert_int_eq(error->code, CLX_ERROR_SOURCE);
    ck_assert_msg(strstr(error->message, "ran longer than 3 s and was interrupted") != NULL, "%s", error->message);
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
    options.interrupt_grace_ms = 500;
    g_autoptr(GError) error = run_to_failure(notebook, &options);
    ck_assert_int_eq(error->code, CLX_ERROR_SOURCE); /* once more would take as long */
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
    ck_assert_ptr_nonnull(((struct cell *)notebook->cells->pdata[0])->outputs); /* for the page up to there */
    ck_assert_int_eq(error->code, CLX_ERROR_INFRASTRUCTURE);
    ck_assert_msg(strstr(error->message, "ended with exit status 7") != NULL, "%s", error->message);
    ck_assert_msg(strstr(error->message, "NOTE") == NULL, "%s", error->message); /* what IPython writes when it starts */
    free_notebook(notebook);
}
END_TEST

START_TEST(killed_kernel_is_told_with_the_likely_reason)
{
    const char *const sources[] = {"import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", NULL};
    struct notebook *notebook = make_notebook(sources);
    struct kernel_options options = make_options();
    g_autoptr(GError) error = run_to_failure(notebook, &options);
    ck_assert_int_eq(error->code, CLX_ERROR_INFRASTRUCTURE);
    ck_assert_str_eq(error->message,
                     "topic/nb.py:10: cell 1: the kernel 'python3' was killed by signal 9 (Killed), as the system does when "
                     "memory runs out, while it ran this cell\n"
                     "    import os, signal\n    os.kill(os.getpid(), signal.SIGKILL)");
    free_notebook(notebook);
}
END_TEST

START_TEST(cell_that_prints_for_ever_ends_even_if_it_ignores_interrupts)
{
    const char *const sources[] = {"import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True:\n    print('x' * 1000000)",
                                   NULL};
    struct notebook *notebook = make_notebook(sources);
    struct kernel_options options = make_options();
    options.cell_timeout_s = 3600;
    options.interrupt_grace_ms = 500;
    g_autoptr(GError) error = run_to_failure(notebook, &options);
    ck_assert_int_eq(error->code, CLX_ERROR_SOURCE);
    ck_assert_msg(strstr(error->message, "topic/nb.py:10: cell 1: shows more than 64 MiB or 200000 lines of output") != NULL, "%s",
                  error->message);
    free_notebook(notebook);
}
END_TEST

START_TEST(cell_that_prints_short_lines_for_ever_ends_soon)
{
    const char *const sources[] = {"while True:\n    print('x')", NULL};
    struct notebook *notebook = make_notebook(sources);
    struct kernel_options options = make_options();
    options.cell_timeout_s = 3600;
    g_autoptr(GError) error = run_to_failure(notebook, &options);
    ck_assert_msg(strstr(error->message, "topic/nb.py:10: cell 1: shows more than 64 MiB or 200000 lines of output") != NULL, "%s",
                  error->message);
    ck_assert_uint_lt(json_string_length(json_object_get(get_output(notebook, 0, 0), "text")), 8u << 20);
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

/* ---- forked kernels ---- */

/* Cells whose outputs tell how their process was started. */
static const char *const awkward[] = {
    "import os, sys\nprint(sys.argv[0].rsplit('/', 1)[-1], len(sys.argv), sys.path[1:], sys.flags, sys.orig_argv[:3])",
    "print(sorted(sys.modules))",
    "print(sorted(set(os.environ)), os.listdir('.'), os.path.basename(os.getcwd()), os.umask(0o22), os.getpgid(0) == os.getpid())",
    "import signal\nprint(signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGCHLD), signal.pthread_sigmask(signal.SIG_BLOCK, "
    "[]))",
    "import threading\nprint(threading.active_count(), len(os.listdir('/proc/self/task')))",
    "def kind(fd):\n    try:\n        return os.readlink('/proc/self/fd/' + fd).split(':')[0].rsplit('/', 1)[-1]\n"
    "    except OSError:\n        return ''\nprint(sorted(map(kind, os.listdir('/proc/self/fd'))))",
    "def f(x):\n    return 1 / x\n\nclass C:\n    def g(self):\n        return f(0)\n\nC().g()",
    "%history\n_i",
    "!echo shell",
    "%%bash\necho cell magic; echo $0",
    "import asyncio\nawait asyncio.sleep(0)\nprint('awaited', asyncio.get_running_loop().is_running())",
    "import warnings\nwarnings.warn('careful')",
    "from IPython.display import HTML, JSON, SVG, Latex, display\ndisplay(HTML('<b>x</b>'), SVG('<svg/>'), Latex('$x$'), JSON({'a': 1}))",
    "import multiprocessing\nwith multiprocessing.get_context('fork').Pool(2) as pool:\n    print(pool.map(abs, [-1, -2]))",
    "import logging\nlogging.getLogger().warning('logged')\nprint(logging.getLogger().level, len(logging.getLogger().handlers))",
    "import gc\nprint(gc.isenabled(), gc.get_threshold(), gc.get_freeze_count(), sys.getrecursionlimit(), sys.getswitchinterval())",
    "import locale\nprint(locale.setlocale(locale.LC_ALL), sys.stdout.encoding, sys.getfilesystemencoding(), sys.stdin)",
    "print(__name__, sorted(k for k in globals() if not k.startswith('_')), sys.modules['__main__'].__spec__)",
    "print(get_ipython().history_manager.hist_file, get_ipython().colors, get_ipython().execution_count)",
    "ip = get_ipython()\nprint(_dh, ip.starting_dir, ip.kernel is ip.parent, [type(c).__name__ for c in ip.configurables], ip.config)",
    "print(ip.kernel.parent.argv, ip.kernel.parent.connection_file, ip.displayhook.topic == ip.kernel._topic('execute_result'), Out, In)",
    "print(sys.displayhook, sys.excepthook, type(sys.stdout), ip._orig_sys_module_state)",
    "import matplotlib.pyplot as plt\nplt.plot([1, 3, 2])\nplt.show()\nprint(plt.get_backend())",
    "class",
    "raise SystemExit(3)",
    NULL,
};

/* All outputs as text, with what differs from kernel to kernel taken out. */
static char *run_awkward(struct kernel_pool *with_pool, const char *preload)
{
    struct notebook *notebook = make_notebook(awkward);
    struct kernel_options options = make_options();
    g_autoptr(GString) all = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    options.skips_errors = true;
    options.pool = with_pool;
    options.preload = preload;
    ck_assert_msg(kernel_run(notebook, &options, &error), "%s", error != NULL ? error->message : "");
    for (unsigned i = 0; i < notebook->cells->len; i++) {
        char *text = json_dumps(((struct cell *)notebook->cells->pdata[i])->outputs, JSON_SORT_KEYS | JSON_COMPACT);
        g_string_append_printf(all, "%s\n", text);
        free(text);
    }
    free_notebook(notebook);
    g_autoptr(GRegex) varying = g_regex_new("k-[A-Za-z0-9]{6}|0x[0-9a-f]+|ipykernel_\\d+", G_REGEX_DEFAULT, 0, NULL);
    return g_regex_replace_literal(varying, all->str, -1, 0, "K", 0, NULL);
}

static void assert_same_lines(const char *expected, const char *actual)
{
    g_auto(GStrv) a = g_strsplit(expected, "\n", -1), b = g_strsplit(actual, "\n", -1);
    for (unsigned i = 0; a[i] != NULL && b[i] != NULL; i++) {
        size_t same = 0;
        while (a[i][same] != '\0' && a[i][same] == b[i][same])
            same++;
        ck_assert_msg(strcmp(a[i], b[i]) == 0, "cell %u, byte %zu\n%.500s\nbut\n%.500s", i + 1, same, a[i] + same, b[i] + same);
    }
    ck_assert_uint_eq(g_strv_length(a), g_strv_length(b));
}

START_TEST(forked_kernel_shows_what_a_started_one_shows)
{
    g_autofree char *started = run_awkward(NULL, NULL);
    g_autofree char *first = run_awkward(pool, NULL);
    g_autofree char *second = run_awkward(pool, NULL);
    assert_same_lines(started, first);
    assert_same_lines(started, second);
    assert_nobody_left();
}
END_TEST

static char *run_one(const char *source, const char *preload)
{
    const char *const sources[] = {source, NULL};
    struct notebook *notebook = make_notebook(sources);
    struct kernel_options options = make_options();
    g_autoptr(GError) error = NULL;
    options.preload = preload;
    ck_assert_msg(kernel_run(notebook, &options, &error), "%s", error != NULL ? error->message : "");
    char *text = g_strdup(json_get_text(get_output(notebook, 0, 0), "text", ""));
    free_notebook(notebook);
    return text;
}

START_TEST(nothing_goes_from_one_forked_kernel_to_the_next)
{
    static const char source[] =
        "import os, random, uuid\n"
        "print(random.random(), uuid.uuid4(), os.urandom(4), os.environ.get('LEAK'), os.listdir('.'), 'leak' in globals())\n"
        "os.environ['LEAK'] = '1'\nleak = 1\nopen('leak', 'w').write('x')\nrandom.seed(1)";
    g_autofree char *first = run_one(source, NULL), *second = run_one(source, NULL);
    ck_assert_str_ne(first, second);
    ck_assert_msg(g_str_has_suffix(first, " None [] False\n") && g_str_has_suffix(second, " None [] False\n"), "%s%s", first, second);
    assert_nobody_left();
}
END_TEST

START_TEST(configuration_of_the_user_counts_in_a_forked_kernel)
{
    g_autofree char *home = g_build_filename(fixture_folder, "ipython", NULL);
    g_autofree char *path = g_build_filename(home, "profile_default", "ipython_config.py", NULL);
    ck_assert(file_write_atomic(path, "c.InteractiveShellApp.exec_lines = ['answer = 42']", 50, NULL));
    g_setenv("IPYTHONDIR", home, TRUE);
    g_autofree char *first = run_one("print(answer)", NULL), *second = run_one("print(answer)", NULL);
    ck_assert_str_eq(first, "42\n");
    ck_assert_str_eq(second, "42\n");
}
END_TEST

START_TEST(kernel_that_cannot_be_finished_after_the_fork_starts_afresh)
{
    static const char spoils[] = "import os\n"
                                 "def fail(app):\n    raise RuntimeError('another version')\n"
                                 "def spoil():\n    import ipykernel.kernelapp\n    ipykernel.kernelapp.IPKernelApp.init_sockets = fail\n"
                                 "os.register_at_fork(after_in_child=spoil)\n";
    g_autofree char *path = g_build_filename(fixture_folder, "spoilt", "sitecustomize.py", NULL);
    g_autofree char *python_path = g_path_get_dirname(path);
    ck_assert(file_write_atomic(path, spoils, strlen(spoils), NULL));
    g_setenv("PYTHONPATH", python_path, TRUE);
    g_autofree char *first = run_one("print(1)", NULL), *second = run_one("print(2)", NULL);
    ck_assert_str_eq(first, "1\n");
    ck_assert_str_eq(second, "2\n");
    assert_nobody_left();
}
END_TEST

START_TEST(preloaded_modules_are_there_with_their_own_random_numbers)
{
    static const char source[] = "import sys\nthere = 'numpy' in sys.modules\nimport numpy\nprint(there, numpy.random.random())";
    g_autofree char *first = run_one(source, "numpy, no_such_module"), *second = run_one(source, "numpy, no_such_module");
    ck_assert_msg(g_str_has_prefix(first, "True "), "%s", first);
    ck_assert_str_ne(first, second);
    assert_nobody_left();
}
END_TEST

static bool fill_with_file(const char *into, gpointer data, GError **error)
{
    g_autofree char *path = g_build_filename(into, "settings.ini", NULL);
    return file_write_atomic(path, "x", 1, error);
}

START_TEST(files_that_a_kernel_reads_at_its_start_are_there_before_it)
{
    const char *const sources[] = {"print('started')", NULL};
    struct notebook *notebook = make_notebook(sources);
    struct kernel_options options = make_options();
    g_autoptr(GError) error = NULL;
    fixture_write_spec("picky",
                       "{\"argv\": [\"sh\", \"-c\", \"test -f settings.ini && exec /usr/bin/python3 -m ipykernel_launcher -f $0\", "
                       "\"{connection_file}\"], \"language\": \"python\"}");
    options.kernel = "picky";
    options.fill = fill_with_file;
    options.starts_in_files = true;
    ck_assert_msg(kernel_run(notebook, &options, &error), "%s", error != NULL ? error->message : "");
    ck_assert_str_eq(json_get_text(get_output(notebook, 0, 0), "text", ""), "started\n");
    free_notebook(notebook);
}
END_TEST

START_TEST(pool_whose_processes_were_killed_starts_new_ones)
{
    g_autofree char *first = run_one("print(1)", NULL);
    process_kill_descendants(getpid());
    g_autofree char *second = run_one("print(2)", NULL);
    ck_assert_str_eq(second, "2\n");
    assert_nobody_left();
}
END_TEST

/* ---- other kernels ---- */

static const struct {
    const char *kernel, *prints, *printed, *fails, *exception;
} others[] = {
    {"xpython", "print('hello')", "hello\n", "x = 1\nx / 0", "ZeroDivisionError"},
    {"ir", "cat('hello\\n')", "hello\n", "x <- 1\nstop('no way')", "no way"},
    {"deno", "console.log('hello' as string)", "hello\n", "const x = 1;\nthrow new Error('no way')", "no way"},
    {"octave", "disp('hello')", "hello", NULL, NULL}, /* which says "ok" for a cell that failed */
};

static bool has_kernel(const char *kernel)
{
    g_autofree char *fingerprint = kernel_fingerprint(kernel, NULL);
    return fingerprint != NULL;
}

/* Deno's npm package brings no kernelspec. */
static void install_deno(void)
{
    g_autofree char *packages = g_build_filename(g_getenv("CLX_SOURCE_ROOT"), "tests", "browser", "node_modules", "@deno", NULL);
    g_autoptr(GDir) dir = g_dir_open(packages, 0, NULL);
    const char *name = dir != NULL ? g_dir_read_name(dir) : NULL;
    if (name == NULL)
        return;
    g_autofree char *program = g_build_filename(packages, name, "deno", NULL);
    g_autoptr(json_t) spec = json_pack("{s:[s, s, s, s, s], s:s, s:s}", "argv", program, "jupyter", "--kernel", "--conn",
                                       "{connection_file}", "display_name", "Deno", "language", "typescript");
    g_autofree char *text = json_to_text(spec);
    fixture_write_spec("deno", text);
}

static void make_folder_and_kernels(void)
{
    make_folder_and_pool();
    install_deno();
}

START_TEST(other_kernels_run_cells_and_name_what_fails)
{
    if (!has_kernel(others[_i].kernel)) {
        printf("skipped: kernel %s: it is not installed\n", others[_i].kernel);
        return;
    }
    const char *const sources[] = {others[_i].prints, others[_i].fails, NULL};
    for (int n = 0; n < 2; n++) { /* the second one waits already */
        struct notebook *notebook = make_notebook(sources);
        struct kernel_options options = make_options();
        g_autoptr(GError) error = NULL;
        options.kernel = others[_i].kernel;
        bool wanted = others[_i].fails == NULL, ok = kernel_run(notebook, &options, &error);
        ck_assert_msg(ok == wanted, "%s", error != NULL ? error->message : "");
        if (!wanted) {
            ck_assert_int_eq(error->code, CLX_ERROR_SOURCE);
            ck_assert_msg(g_str_has_prefix(error->message, "topic/nb.py:2") && strstr(error->message, others[_i].exception) != NULL, "%s",
                          error->message);
        }
        const char *printed = json_get_text(get_output(notebook, 0, 0), "text", "");
        ck_assert_msg(strstr(printed, others[_i].printed) != NULL, "%s", printed); /* Octave's terminal settings stand around it */
        free_notebook(notebook);
    }
    assert_nobody_left();
}
END_TEST

/* Alone and from the pool: R makes a folder as soon as it starts, and a killed one leaves it. */
START_TEST(temporary_files_end_with_the_kernel)
{
    g_autofree char *place = g_strconcat(fixture_folder, "/k-", NULL);
    struct kernel_pool *pools[] = {NULL, pool};
    if (!has_kernel("ir")) {
        printf("skipped: kernel ir: it is not installed\n");
        return;
    }
    for (unsigned n = 0; n < G_N_ELEMENTS(pools); n++) {
        struct notebook *notebook = make_notebook((const char *const[]){"invisible(file.create(tempfile()))\ncat(tempdir())", NULL});
        struct kernel_options options = make_options();
        g_autoptr(GError) error = NULL;
        options.kernel = "ir";
        options.pool = pools[n];
        ck_assert_msg(kernel_run(notebook, &options, &error), "%s", error != NULL ? error->message : "");
        const char *printed = json_get_text(get_output(notebook, 0, 0), "text", "");
        ck_assert_msg(g_str_has_prefix(printed, place) && strstr(printed, "/tmp/") != NULL, "%s", printed);
        free_notebook(notebook);
    }
    assert_nobody_left();
}
END_TEST

START_TEST(folders_of_the_run_are_not_in_the_message)
{
    if (!has_kernel("deno")) {
        printf("skipped: kernel deno: it is not installed\n");
        return;
    }
    struct notebook *notebook = make_notebook((const char *const[]){"import { x } from './missing.ts';", NULL});
    struct kernel_options options = make_options();
    options.kernel = "deno";
    g_autoptr(GError) error = run_to_failure(notebook, &options);
    ck_assert_msg(strstr(error->message, "Module not found \"missing.ts\"") != NULL, "%s", error->message);
    free_notebook(notebook);
}
END_TEST

START_TEST(other_kernels_are_interrupted_at_a_deadline)
{
    static const char *const endless[] = {"while True:\n    pass", "while (TRUE) { x <- 1 }", "while (true) {}", "while true\nend"};
    if (!has_kernel(others[_i].kernel))
        return;
    const char *const sources[] = {endless[_i], NULL};
    struct notebook *notebook = make_notebook(sources);
    struct kernel_options options = make_options();
    options.kernel = others[_i].kernel;
    options.cell_timeout_s = 1;
    g_autoptr(GError) error = run_to_failure(notebook, &options);
    ck_assert_msg(strstr(error->message, "ran longer than 1 s and was ") != NULL, "%s", error->message);
    free_notebook(notebook);
}
END_TEST

/* ---- without a real kernel ---- */

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
    fixture_write_spec("bad", "{\"argv\": [\"true\"]}");
    ck_assert_ptr_null(kernel_fingerprint("../kernels/bad", &error));
    ck_assert_int_eq(error->code, CLX_ERROR_NOT_FOUND);
}
END_TEST

START_TEST(broken_kernelspec_names_its_file)
{
    g_autoptr(GError) error = NULL;
    fixture_write_spec("bad", "{\"argv\": [");
    ck_assert_ptr_null(kernel_fingerprint("bad", &error));
    ck_assert(strstr(error->message, "bad/kernel.json:") != NULL);
    g_clear_error(&error);
    fixture_write_spec("bad", "{\"argv\": []}");
    ck_assert_ptr_null(kernel_fingerprint("bad", &error));
    ck_assert(strstr(error->message, "argv") != NULL);
}
END_TEST

START_TEST(kernel_that_ends_at_once_tells_its_last_words)
{
    const char *const sources[] = {"1", NULL};
    struct notebook *notebook = make_notebook(sources);
    struct kernel_options options = make_options();
    fixture_write_spec("dead", "{\"argv\": [\"sh\", \"-c\", \"echo no module named x >&2; exit 3\"], \"language\": \"python\"}");
    options.kernel = "dead";
    g_autoptr(GError) error = run_to_failure(notebook, &options);
    ck_assert_int_eq(error->code, CLX_ERROR_INFRASTRUCTURE);
    ck_assert_str_eq(error->message, "topic/nb.py: kernel 'dead' did not start: it ended with exit status 3\n    no module named x");
    free_notebook(notebook);
}
END_TEST

static void assert_failure(const char *source, const char *stderr_text, const char *evalue, const char *wanted)
{
    struct cell cell = {.type = CELL_CODE, .source = (char *)source, .line = 20, .index = 4, .execution_count = 3};
    g_autoptr(json_t) outputs = json_pack("[{s:s, s:s, s:s}]", "output_type", "stream", "name", "stderr", "text", stderr_text);
    g_autoptr(json_t) failure = json_pack("{s:s, s:s, s:[]}", "ename", "Error", "evalue", evalue, "traceback");
    cell.outputs = outputs;
    g_autoptr(GPtrArray) cells = g_ptr_array_new();
    struct notebook notebook = {.cells = cells};
    g_ptr_array_add(cells, &cell);
    g_autofree char *text = failure_format(&notebook, &cell, "nb.cpp", failure);
    ck_assert_msg(g_str_has_prefix(text, wanted), "%s", text);
}

START_TEST(line_that_a_compiler_complains_of_is_found_in_the_source)
{
    static const char source[] = "int x = 1;\nint y = 2;\n  int z = undeclared;\nz";
    assert_failure(source,
                   "\033[1minput_line_8:4:11: \033[31merror: \033[0muse of undeclared identifier\n  int z = undeclared;\n          ^\n", "",
                   "nb.cpp:22: cell 5: Error\n    input_line_8:4:11: error: use of undeclared identifier\n");
    assert_failure(source, "input_line_8:3:11: error: no\n    3 |   int z = undeclared;\n", "",
                   "nb.cpp:22: cell 5: Error\n    input_line_8:3:11: ");
    assert_failure(source, "", "(2,5): error CS0103: The name does not exist", "nb.cpp:20: cell 5: Error: (2,5): error CS0103");
    assert_failure(source, "(2,5): error CS0103: The name does not exist", "", "nb.cpp:21: cell 5: Error\n    (2,5): error CS0103: ");
    assert_failure(source, "input_line_8:90:1: error: no\n", "", "nb.cpp:20: cell 5: Error\n    input_line_8:90:1: error: no\n");
    assert_failure(source, "only a warning\n", "", "nb.cpp:20: cell 5: Error\n    int x = 1;\n");
}
END_TEST

START_TEST(fingerprint_changes_with_the_kernelspec)
{
    fixture_write_spec("one", "{\"argv\": [\"true\"]}");
    g_autofree char *before = kernel_fingerprint("one", NULL);
    g_autofree char *again = kernel_fingerprint("one", NULL);
    fixture_write_spec("one", "{\"argv\": [\"true\", \"-x\"]}");
    g_autofree char *after = kernel_fingerprint("one", NULL);
    ck_assert_str_eq(before, again);
    ck_assert_str_ne(before, after);
}
END_TEST

/* An interpreter in an environment of its own, whose ipykernel has this version. */
static void install_version(const char *version)
{
    g_autofree char *bin = g_build_filename(fixture_folder, "env", "bin", NULL), *python = g_build_filename(bin, "python3", NULL);
    g_autofree char *site = g_build_filename(fixture_folder, "env", "lib", "python3.11", "site-packages", NULL);
    g_autofree char *name = g_strdup_printf("IPyKernel-%s.dist-info", version), *metadata = g_build_filename(site, name, NULL);
    file_remove_tree(site, NULL);
    ck_assert_int_eq(g_mkdir_with_parents(bin, 0700), 0);
    ck_assert_int_eq(g_mkdir_with_parents(metadata, 0700), 0);
    if (symlink("/usr/bin/true", python) != 0)
        ck_assert_int_eq(errno, EEXIST);
}

START_TEST(fingerprint_changes_with_the_version_of_the_kernel)
{
    g_autofree char *text = g_strdup_printf(
        "{\"argv\": [\"%s/env/bin/python3\", \"-m\", \"ipykernel_launcher\", \"-f\", \"{connection_file}\"]}", fixture_folder);
    fixture_write_spec("versions", text);
    install_version("6.17.0");
    g_autofree char *before = kernel_fingerprint("versions", NULL);
    install_version("6.17.0");
    g_autofree char *again = kernel_fingerprint("versions", NULL);
    install_version("6.29.5");
    g_autofree char *after = kernel_fingerprint("versions", NULL);
    ck_assert_str_eq(before, again);
    ck_assert_str_ne(before, after);
}
END_TEST

START_TEST(python_of_a_kernelspec_is_that_beside_it)
{
    g_autofree char *bin = g_build_filename(fixture_folder, "env", "bin", NULL), *python = g_build_filename(bin, "python3", NULL);
    g_autofree char *share = g_build_filename(fixture_folder, "env", "share", "jupyter", NULL);
    g_autofree char *path = g_build_filename(share, "kernels", "one", "kernel.json", NULL);
    static const char text[] = "{\"argv\": [\"python\", \"-m\", \"one\"]}";
    ck_assert(file_write_atomic(path, text, strlen(text), NULL));
    ck_assert_int_eq(g_mkdir_with_parents(bin, 0700), 0);
    ck_assert_int_eq(symlink("/usr/bin/true", python), 0);
    g_setenv("JUPYTER_PATH", share, TRUE);
    g_autoptr(kernelspec) spec = kernelspec_find("one", NULL);
    ck_assert_ptr_nonnull(spec);
    ck_assert_str_eq(spec->argv[0], python);
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

/* What every IPython kernel must do, however it was started. */
static TCase *make_case(const char *name, void (*set_up)(void))
{
    TCase *real = tcase_create(name);
    tcase_set_timeout(real, 300); /* the machine may be busy */
    tcase_add_checked_fixture(real, set_up, remove_folder);
    tcase_add_test(real, streams_results_and_displays_become_outputs);
    tcase_add_test(real, picture_of_a_display_is_kept_as_base64);
    tcase_add_test(real, raising_cell_names_file_source_line_cell_and_exception);
    tcase_add_test(real, line_behind_a_cell_marker_is_counted_in_the_source);
    tcase_add_test(real, syntax_error_names_its_line);
    tcase_add_test(real, place_that_raises_in_another_cell_or_file_is_told_too);
    tcase_add_test(real, outputs_name_no_folder_of_the_run);
    tcase_add_test(real, expected_exception_lets_the_run_go_on);
    tcase_add_test(real, skipped_errors_let_the_run_go_on);
    tcase_add_test(real, cell_that_asks_for_input_fails_clearly);
    tcase_add_test(real, endless_cell_is_interrupted_at_its_deadline);
    tcase_add_test(real, kernel_that_ignores_the_interrupt_is_killed_with_its_children);
    tcase_add_test(real, dying_kernel_is_infrastructure_and_leaves_no_orphan);
    tcase_add_test(real, killed_kernel_is_told_with_the_likely_reason);
    tcase_add_test(real, cell_that_prints_for_ever_ends_even_if_it_ignores_interrupts);
    tcase_add_test(real, cell_that_prints_short_lines_for_ever_ends_soon);
    tcase_add_test(real, progress_counts_cells_that_run);
    return real;
}

int main(void)
{
    Suite *suite = suite_create("kernel");
    TCase *plain = tcase_create("without a kernel");
    tcase_add_checked_fixture(plain, fixture_make_folder, remove_folder);
    tcase_add_test(plain, missing_kernel_is_not_found_with_the_remedy);
    tcase_add_test(plain, name_with_a_slash_finds_nothing);
    tcase_add_test(plain, broken_kernelspec_names_its_file);
    tcase_add_test(plain, kernel_that_ends_at_once_tells_its_last_words);
    tcase_add_test(plain, line_that_a_compiler_complains_of_is_found_in_the_source);
    tcase_add_test(plain, fingerprint_changes_with_the_kernelspec);
    tcase_add_test(plain, fingerprint_changes_with_the_version_of_the_kernel);
    tcase_add_test(plain, python_of_a_kernelspec_is_that_beside_it);
    tcase_add_test(plain, returns_and_backspaces_are_carried_out);
    suite_add_tcase(suite, plain);
    if (has_kernel("python3")) {
        suite_add_tcase(suite, make_case("started IPython kernel", fixture_make_folder));
        suite_add_tcase(suite, make_case("forked IPython kernel", make_folder_and_pool));
        TCase *forked = tcase_create("forked and started");
        tcase_set_timeout(forked, 240);
        tcase_add_checked_fixture(forked, make_folder_and_pool, remove_folder);
        tcase_add_test(forked, forked_kernel_shows_what_a_started_one_shows);
        tcase_add_test(forked, nothing_goes_from_one_forked_kernel_to_the_next);
        tcase_add_test(forked, configuration_of_the_user_counts_in_a_forked_kernel);
        tcase_add_test(forked, kernel_that_cannot_be_finished_after_the_fork_starts_afresh);
        tcase_add_test(forked, preloaded_modules_are_there_with_their_own_random_numbers);
        tcase_add_test(forked, files_that_a_kernel_reads_at_its_start_are_there_before_it);
        tcase_add_test(forked, pool_whose_processes_were_killed_starts_new_ones);
        suite_add_tcase(suite, forked);
    } else
        printf("skipped: IPython kernel: it is not installed\n");
    TCase *other = tcase_create("other kernels");
    tcase_set_timeout(other, 120);
    tcase_add_checked_fixture(other, make_folder_and_kernels, remove_folder);
    tcase_add_loop_test(other, other_kernels_run_cells_and_name_what_fails, 0, G_N_ELEMENTS(others));
    tcase_add_loop_test(other, other_kernels_are_interrupted_at_a_deadline, 0, G_N_ELEMENTS(others));
    tcase_add_test(other, temporary_files_end_with_the_kernel);
    tcase_add_test(other, folders_of_the_run_are_not_in_the_message);
    suite_add_tcase(suite, other);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
