/* The resident Draw.io, for real: Debian's Chromium and the npm package (skipped by name without them). */
#include <arpa/inet.h>
#include <check.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "diagram/drawio_browser.h"
#include "os/file.h"

#define CELL(id, style, x)                                                                                                                 \
    "<mxCell id='" id "' value='" id "' style='" style "' vertex='1' parent='1'><mxGeometry x='" x                                         \
    "' y='10' width='100' height='40' as='geometry'/></mxCell>"
#define PAGE(name, cells)                                                                                                                  \
    "<diagram name='" name "'><mxGraphModel><root><mxCell id='0'/><mxCell id='1' value='Base' parent='0'/>" cells                          \
    "</root></mxGraphModel></diagram>"
#define TWO_PAGES                                                                                                                          \
    "<mxfile>" PAGE("One", CELL("a", "rounded=1;html=1;", "10"))                                                                           \
        PAGE("Two", CELL("a", "html=1;", "10") CELL("b", "html=1;", "310")) "</mxfile>"

static struct drawio_browser *browser;
static char *folder;

static void set_up(void)
{
    folder = g_strdup("/tmp/clx-browser-test-XXXXXX");
    ck_assert_ptr_nonnull(g_mkdtemp(folder));
    struct drawio_browser_options options = {.folder = folder, .timeout_ms = 240000};
    browser = drawio_browser_new(&options);
}

static void tear_down(void)
{
    drawio_browser_free(browser);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    ck_assert_ptr_null(g_dir_read_name(dir));
    file_remove_tree(folder, NULL);
    g_free(folder);
}

static GBytes *draw(const char *text, struct picture_options options, GPtrArray *warnings, GError **error)
{
    g_autoptr(GBytes) file = g_bytes_new_static(text, strlen(text));
    return drawio_browser_draw(browser, file, &options, warnings, error);
}

static GBytes *draw_well(const char *text, struct picture_options options)
{
    g_autoptr(GError) error = NULL;
    GBytes *picture = draw(text, options, NULL, &error);
    ck_assert_msg(picture != NULL, "%s", error != NULL ? error->message : "no picture");
    return picture;
}

static bool holds(GBytes *bytes, const char *text)
{
    gsize length;
    const void *data = g_bytes_get_data(bytes, &length);
    return memmem(data, length, text, strlen(text)) != NULL;
}

static unsigned png_number(GBytes *png, gsize at)
{
    const guint8 *data = g_bytes_get_data(png, NULL);
    return (unsigned)data[at] << 24 | (unsigned)data[at + 1] << 16 | (unsigned)data[at + 2] << 8 | data[at + 3];
}

START_TEST(formats_have_their_size_and_the_same_bytes_each_time)
{
    for (int format = 0; format < N_PICTURE_FORMATS; format++) {
        struct picture_options options = {.format = (enum picture_format)format, .border = -1};
        g_autoptr(GBytes) first = draw_well(TWO_PAGES, options), second = draw_well(TWO_PAGES, options);
        ck_assert(g_bytes_equal(first, second));
        if (format == PICTURE_PNG) {
            ck_assert_uint_eq(png_number(first, 16), (101 + 2 * PICTURE_BORDER) * PICTURE_SCALE);
            ck_assert_uint_eq(png_number(first, 20), (41 + 2 * PICTURE_BORDER) * PICTURE_SCALE);
        }
        ck_assert(format != PICTURE_SVG || holds(first, "width=\"141px\""));
        ck_assert(format != PICTURE_PDF || (holds(first, "%PDF") && !holds(first, "/CreationDate (D:20")));
    }
}
END_TEST

START_TEST(page_layers_and_background_are_chosen)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) two = draw_well(TWO_PAGES, (struct picture_options){.format = PICTURE_SVG, .page = 2});
    ck_assert(holds(two, "width=\"401px\"") && holds(two, "background-color: rgb(255, 255, 255)"));
    g_autoptr(GBytes) clear = draw_well(TWO_PAGES, (struct picture_options){.format = PICTURE_SVG, .background = PICTURE_TRANSPARENT});
    ck_assert(!holds(clear, "background-color: rgb"));
    ck_assert_ptr_null(draw(TWO_PAGES, (struct picture_options){.page = 3}, NULL, &error));
    ck_assert(g_error_matches(error, CLX_ERROR, CLX_ERROR_SOURCE));
    ck_assert_str_eq(error->message, "there is no page 3: the file has 2");
    g_clear_error(&error);
    const char *layers[] = {"Nothing", NULL};
    ck_assert_ptr_null(draw(TWO_PAGES, (struct picture_options){.layers = layers}, NULL, &error));
    ck_assert_str_eq(error->message, "there is no layer 'Nothing'");
}
END_TEST

START_TEST(broken_file_is_the_authors_and_the_next_one_is_drawn)
{
    g_autoptr(GError) error = NULL;
    ck_assert_ptr_null(draw("<mxfile><diagram>", (struct picture_options){0}, NULL, &error));
    ck_assert(g_error_matches(error, CLX_ERROR, CLX_ERROR_SOURCE));
    pid_t pid = drawio_browser_pid(browser);
    ck_assert_int_gt(pid, 0);
    g_autoptr(GBytes) next = draw_well(TWO_PAGES, (struct picture_options){0});
    ck_assert_int_eq(pid, drawio_browser_pid(browser));
}
END_TEST

START_TEST(nothing_is_fetched_from_network_or_disk)
{
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, size), 0);
    ck_assert_int_eq(listen(listener, 8), 0);
    getsockname(listener, (struct sockaddr *)&address, &size);
    g_autofree char *text =
        g_strdup_printf("<mxfile>" PAGE("One", CELL("a", "shape=image;image=http://127.0.0.1:%d/x.png;", "10")
                                                   CELL("b", "shape=image;image=file:///etc/hostname;",
                                                        "210") "<mxCell id='c' value='&lt;img "
                                                               "src=&quot;http://127.0.0.1:%d/y.png&quot;&gt;&lt;script&gt;fetch(\"http://"
                                                               "127.0.0.1:%d/z\")&lt;/script&gt;'"
                                                               " style='html=1;' vertex='1' parent='1'><mxGeometry x='400' width='90' "
                                                               "height='40' as='geometry'/></mxCell>") "</mxfile>",
                        ntohs(address.sin_port), ntohs(address.sin_port), ntohs(address.sin_port));
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) picture = draw(text, (struct picture_options){0}, warnings, &error);
    ck_assert_ptr_nonnull(picture);
    struct pollfd poll_fd = {.fd = listener, .events = POLLIN};
    ck_assert_int_eq(poll(&poll_fd, 1, 0), 0);
    g_ptr_array_add(warnings, NULL);
    g_autofree char *all = g_strjoinv("\n", (char **)warnings->pdata);
    ck_assert_msg(strstr(all, "/x.png' is not shown") != NULL && strstr(all, "/y.png' is not shown") != NULL, "%s", all);
    close(listener);
}
END_TEST

START_TEST(killed_browser_is_replaced_and_leaves_nothing)
{
    g_autoptr(GBytes) first = draw_well(TWO_PAGES, (struct picture_options){0});
    pid_t pid = drawio_browser_pid(browser);
    ck_assert_int_gt(pid, 0);
    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    g_autoptr(GBytes) second = draw_well(TWO_PAGES, (struct picture_options){0});
    ck_assert(g_bytes_equal(first, second));
    ck_assert_int_ne(pid, drawio_browser_pid(browser));
}
END_TEST

static pid_t parent_of(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/status", (int)pid), *text = NULL;
    const char *line = g_file_get_contents(path, &text, NULL, NULL) ? strstr(text, "\nPPid:") : NULL;
    return line != NULL ? (pid_t)atoi(line + strlen("\nPPid:")) : 0;
}

static bool is_descendant(pid_t pid, pid_t ancestor)
{
    while (pid > 1 && pid != ancestor)
        pid = parent_of(pid);
    return pid == ancestor;
}

/* Those that a process started, with a word in their command line. */
static unsigned kill_descendants(pid_t ancestor, const char *word)
{
    g_autoptr(GDir) dir = g_dir_open("/proc", 0, NULL);
    unsigned n = 0;
    for (const char *name; (name = g_dir_read_name(dir)) != NULL;) {
        g_autofree char *path = g_strdup_printf("/proc/%s/cmdline", name), *text = NULL;
        gsize length;
        pid_t pid = (pid_t)atoi(name);
        if (pid > 0 && g_file_get_contents(path, &text, &length, NULL) && memmem(text, length, word, strlen(word)) != NULL &&
            is_descendant(pid, ancestor))
            n += kill(pid, SIGKILL) == 0;
    }
    return n;
}

START_TEST(crashed_page_is_drawn_by_a_new_browser)
{
    g_autoptr(GBytes) first = draw_well(TWO_PAGES, (struct picture_options){0});
    pid_t pid = drawio_browser_pid(browser);
    ck_assert_uint_gt(kill_descendants(pid, "--type=renderer"), 0);
    g_autoptr(GBytes) second = draw_well(TWO_PAGES, (struct picture_options){0});
    ck_assert(g_bytes_equal(first, second));
    ck_assert_int_ne(pid, drawio_browser_pid(browser));
}
END_TEST

START_TEST(worn_out_browser_is_replaced)
{
    struct drawio_browser_options options = {.folder = folder, .timeout_ms = 240000, .max_drawings = 2};
    drawio_browser_free(browser);
    browser = drawio_browser_new(&options);
    g_autoptr(GBytes) first = draw_well(TWO_PAGES, (struct picture_options){0});
    ck_assert_int_gt(drawio_browser_pid(browser), 0);
    g_autoptr(GBytes) second = draw_well(TWO_PAGES, (struct picture_options){0});
    ck_assert_int_eq(drawio_browser_pid(browser), 0);
    drawio_browser_free(browser);
    options.memory_limit = 1024 * 1024;
    browser = drawio_browser_new(&options);
    g_autoptr(GBytes) third = draw_well(TWO_PAGES, (struct picture_options){0});
    ck_assert_int_eq(drawio_browser_pid(browser), 0);
    ck_assert(g_bytes_equal(first, second) && g_bytes_equal(first, third));
}
END_TEST

START_TEST(large_picture_has_a_browser_to_itself_where_memory_is_scarce)
{
    struct drawio_browser_options options = {.folder = folder, .timeout_ms = 240000, .memory_limit = 320 * 1024 * 1024};
    struct picture_options large = {.page = 2, .scale = 24, .border = -1}; /* 16 bytes for each of 20 million pixels */
    g_autoptr(GBytes) undisturbed = draw_well(TWO_PAGES, large);
    drawio_browser_free(browser);
    browser = drawio_browser_new(&options);
    g_autoptr(GBytes) small = draw_well(TWO_PAGES, (struct picture_options){0});
    pid_t pid = drawio_browser_pid(browser);
    ck_assert_int_gt(pid, 0);
    g_autoptr(GBytes) picture = draw_well(TWO_PAGES, large);
    ck_assert(g_bytes_equal(picture, undisturbed));
    ck_assert_int_ne(drawio_browser_pid(browser), pid);
}
END_TEST

START_TEST(browser_that_never_comes_up_is_tried_three_times)
{
    g_autofree char *program = g_build_filename(folder, "chromium", NULL);
    g_autoptr(GError) error = NULL;
    static const char script[] = "#!/bin/sh\necho x >>${0%/*}/tries\necho no such display >&2\nexit 1\n";
    ck_assert(g_file_set_contents_full(program, script, -1, G_FILE_SET_CONTENTS_NONE, 0755, NULL));
    struct drawio_browser_options options = {.folder = folder, .chromium = program};
    drawio_browser_free(browser);
    browser = drawio_browser_new(&options);
    ck_assert_ptr_null(draw(TWO_PAGES, (struct picture_options){0}, NULL, &error));
    ck_assert_str_eq(error->message, "tried 3 times: the browser ended: no such display");
    g_autofree char *log = g_build_filename(folder, "tries", NULL);
    g_autoptr(GBytes) tries = file_read(log, 100, NULL);
    ck_assert_uint_eq(g_bytes_get_size(tries), 6);
    unlink(log);
    unlink(program);
}
END_TEST

static bool has_tools(void)
{
    g_autofree char *fingerprint = drawio_browser_fingerprint(NULL, NULL);
    return strcmp(fingerprint, "none") != 0;
}

int main(void)
{
    Suite *suite = suite_create("resident Draw.io");
    TCase *tcase = tcase_create("browser");
    tcase_set_timeout(tcase, 600);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, formats_have_their_size_and_the_same_bytes_each_time);
    tcase_add_test(tcase, page_layers_and_background_are_chosen);
    tcase_add_test(tcase, broken_file_is_the_authors_and_the_next_one_is_drawn);
    tcase_add_test(tcase, nothing_is_fetched_from_network_or_disk);
    tcase_add_test(tcase, killed_browser_is_replaced_and_leaves_nothing);
    tcase_add_test(tcase, crashed_page_is_drawn_by_a_new_browser);
    tcase_add_test(tcase, worn_out_browser_is_replaced);
    tcase_add_test(tcase, large_picture_has_a_browser_to_itself_where_memory_is_scarce);
    tcase_add_test(tcase, browser_that_never_comes_up_is_tried_three_times);
    suite_add_tcase(suite, tcase);
    if (!has_tools()) {
        printf("skipped: Chromium or the Draw.io application is not installed\n");
        return 77;
    }
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
