/* PlantUML runs for real (skipped by name without it); Draw.io is played by a shell script. */
#include <check.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "diagram/diagram.h"
#include "diagram/drawio_desktop.h"
#include "diagram/plantuml_archive.h"
#include "diagram/plantuml_includes.h"
#include "os/file.h"

static char *folder;

static void make_folder(void)
{
    folder = g_strdup("/tmp/clx-diagram-XXXXXX");
    ck_assert_ptr_nonnull(g_mkdtemp(folder));
}

static void remove_folder(void)
{
    file_remove_tree(folder, NULL);
    g_free(folder);
}

static char *write_file(const char *name, const char *text)
{
    char *path = g_build_filename(folder, name, NULL);
    ck_assert(file_write_atomic(path, text, strlen(text), NULL));
    return path;
}

static bool begins_with(GBytes *bytes, const char *start)
{
    return bytes != NULL && g_bytes_get_size(bytes) > strlen(start) && memcmp(g_bytes_get_data(bytes, NULL), start, strlen(start)) == 0;
}

static struct plantuml *make(const char *jar, const char *java)
{
    struct plantuml_settings settings = {.jar = jar, .java = java};
    return plantuml_new(&settings);
}

static GPtrArray *draw_all(struct plantuml *plantuml, const char *text, enum picture_format format, GPtrArray *warnings, GError **error)
{
    g_autofree char *path = write_file("a.pu", text);
    struct plantuml_request request = {.path = path, .name = "a.pu", .format = format};
    return plantuml_render(plantuml, &request, warnings, error);
}

/* The first picture. */
static GBytes *draw(struct plantuml *plantuml, const char *text, enum picture_format format, GError **error)
{
    g_autoptr(GPtrArray) pictures = draw_all(plantuml, text, format, NULL, error);
    return pictures != NULL ? g_bytes_ref(pictures->pdata[0]) : NULL;
}

static void assert_drawn(struct plantuml *plantuml, const char *text, enum picture_format format, const char *start)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) picture = draw(plantuml, text, format, &error);
    ck_assert_msg(begins_with(picture, start), "%s", error != NULL ? error->message : "no picture");
}

static void assert_message(struct plantuml *plantuml, const char *text, enum picture_format format, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) pictures = draw_all(plantuml, text, format, NULL, &error);
    ck_assert_ptr_null(pictures);
    ck_assert_int_eq(error->code, CLX_ERROR_SOURCE);
    ck_assert_msg(g_str_has_prefix(error->message, expected), "%s, not %s", error->message, expected);
}

static bool holds(GBytes *bytes, const char *text)
{
    return bytes != NULL && g_strstr_len(g_bytes_get_data(bytes, NULL), (gssize)g_bytes_get_size(bytes), text) != NULL;
}

#define GOOD "@startuml\nA -> B : \xc3\xa4\n@enduml\n"
#define BAD "\n@startuml\nA -> B\nthis is (((\n@enduml\n"

START_TEST(good_and_broken_diagrams_alternate_on_one_jvm)
{
    g_autoptr(plantuml) plantuml = make(NULL, NULL);
    pid_t pid = 0;
    for (unsigned i = 0; i < 3; i++) {
        assert_drawn(plantuml, GOOD, PICTURE_PNG, "\x89PNG");
        assert_message(plantuml, BAD, PICTURE_PNG, "a.pu:4: Syntax Error?");
        ck_assert_int_gt(plantuml_pid(plantuml), 0);
        ck_assert(i == 0 || pid == plantuml_pid(plantuml));
        pid = plantuml_pid(plantuml);
    }
}
END_TEST

START_TEST(several_diagrams_of_a_source_are_all_drawn)
{
    g_autoptr(plantuml) plantuml = make(NULL, NULL);
    g_autoptr(GPtrArray) pictures =
        draw_all(plantuml, "@startuml\nA -> B : one\n@enduml\nwords\n@startuml x\nA -> B : two\n@enduml\n", PICTURE_SVG, NULL, NULL);
    ck_assert_uint_eq(pictures->len, 2);
    ck_assert(holds(pictures->pdata[0], ">one<") && holds(pictures->pdata[1], ">two<"));
    assert_message(plantuml, "@startuml\nA -> B\n@enduml\n\n@startuml\nA -> B\n(((\n@enduml\n", PICTURE_SVG, "a.pu:7: ");
}
END_TEST

START_TEST(a_theme_from_a_folder_is_an_included_file)
{
    static const char text[] = "@startuml\n!theme plain\n  !theme own from ../themes \n!theme x from <internal>\n!theme from\n@enduml\n";
    g_autoptr(GPtrArray) found = plantuml_find_includes(text, "/nowhere");
    gsize at = 0;
    g_autofree char *target = plantuml_find_include(" !theme own from themes", strlen(" !theme own from themes"), &at);

    ck_assert_uint_eq(found->len, 1);
    ck_assert_str_eq(found->pdata[0], "../themes/puml-theme-own.puml");
    ck_assert_str_eq(target, "themes/puml-theme-own.puml");
    ck_assert_uint_eq(at, strlen(" !theme own from "));
}
END_TEST

START_TEST(includes_are_found_beside_the_source_and_have_their_own_lines)
{
    g_autoptr(plantuml) plantuml = make(NULL, NULL);
    g_autofree char *part = write_file("part.iuml", "!include more.iuml\nIncluded -> B\n");
    g_autofree char *more = write_file("more.iuml", "Nested -> B\n"), *wrong = write_file("wrong.iuml", "A -> B\n\n(((\n");
    g_autoptr(GBytes) svg = draw(plantuml, "@startuml\n!include part.iuml\n@enduml\n", PICTURE_SVG, NULL);
    ck_assert(holds(svg, "Included") && holds(svg, "Nested"));
    assert_message(plantuml, "@startuml\n!include wrong.iuml\nA -> B\n@enduml\n", PICTURE_PNG, "wrong.iuml:3: Syntax Error?");
    assert_message(plantuml, "@startuml\nA -> B\n!include none.iuml\n@enduml\n", PICTURE_PNG, "a.pu:3: cannot include");
}
END_TEST

static int listen_anywhere(int *ret_port)
{
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, size), 0);
    ck_assert_int_eq(listen(listener, 8), 0);
    getsockname(listener, (struct sockaddr *)&address, &size);
    *ret_port = ntohs(address.sin_port);
    return listener;
}

/* By names that are known before it is drawn, and by names that only PlantUML's preprocessor knows. */
START_TEST(nothing_outside_of_the_course_is_read)
{
    int port, listener = listen_anywhere(&port);
    g_autoptr(plantuml) plantuml = make(NULL, NULL);
    g_autofree char *outside = g_strconcat(folder, "-outside", NULL), *secret = g_build_filename(outside, "secret.iuml", NULL);
    g_autofree char *link = g_build_filename(folder, "link.iuml", NULL);
    ck_assert_int_eq(mkdir(outside, 0700), 0);
    ck_assert(file_write_atomic(secret, "Secret -> B\n", 12, NULL));
    ck_assert_int_eq(symlink(secret, link), 0);
    g_autofree char *plain = g_strdup_printf("@startuml\n!include %s\n@enduml\n", secret);
    g_autofree char *nested = g_strdup_printf("!include ../%s-outside/secret.iuml\n", strrchr(folder, '/') + 1);
    g_autofree char *part = write_file("part.iuml", nested);
    g_autofree char *made = g_strdup_printf("@startuml\n!$f = \"%s\"\n!include $f\n@enduml\n", secret);
    g_autofree char *url = g_strdup_printf("@startuml\n!$u = \"http://127.0.0.1:%d/x.iuml\"\n!include $u\n@enduml\n", port);
    assert_message(plantuml, plain, PICTURE_SVG, "a.pu:2: '/tmp");
    assert_message(plantuml, "@startuml\nA -> B\n!include link.iuml\n@enduml\n", PICTURE_SVG, "a.pu:3: 'link.iuml' is not included");
    assert_message(plantuml, "@startuml\n!include part.iuml\n@enduml\n", PICTURE_SVG, "a.pu:1: '../");
    assert_message(plantuml, "@startuml\n!include https://example.org/x\n@enduml\n", PICTURE_SVG,
                   "a.pu:2: nothing is included from the web");
    assert_message(plantuml, "@startuml\n!$f = \"/etc/passwd\"\n!include $f\n@enduml\n", PICTURE_SVG, "a.pu:3: cannot include");
    assert_message(plantuml, made, PICTURE_SVG, "a.pu:3: cannot include");
    assert_message(plantuml, url, PICTURE_SVG, "a.pu:3: ");
    struct pollfd poll_fd = {.fd = listener, .events = POLLIN};
    ck_assert_int_eq(poll(&poll_fd, 1, 0), 0);
    close(listener);
    file_remove_tree(outside, NULL);
}
END_TEST

START_TEST(what_ends_a_jvm_does_not_harm_the_next_diagram)
{
    g_autoptr(plantuml) plantuml = make(NULL, NULL);
    g_autoptr(GBytes) first = draw(plantuml, GOOD, PICTURE_PNG, NULL);
    pid_t pid = plantuml_pid(plantuml);
    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    g_autoptr(GBytes) second = draw(plantuml, GOOD, PICTURE_PNG, NULL);
    ck_assert(begins_with(first, "\x89PNG") && g_bytes_equal(first, second));
    ck_assert_int_ne(pid, plantuml_pid(plantuml));
    assert_message(plantuml, "@startuml\n!function $f($n)\n!return $f($n + 1)\n!endfunction\nA -> B : $f(1)\n@enduml\n", PICTURE_PNG,
                   "a.pu:1: PlantUML breaks down on this diagram: java.lang.StackOverflowError");
    assert_drawn(plantuml, GOOD, PICTURE_PNG, "\x89PNG");
}
END_TEST

START_TEST(pdf_has_the_same_bytes_each_time)
{
    g_autofree char *rsvg = g_find_program_in_path("rsvg-convert");
    g_autoptr(plantuml) plantuml = make(NULL, NULL);
    if (rsvg == NULL)
        return;
    g_autoptr(GBytes) first = draw(plantuml, GOOD, PICTURE_PDF, NULL), second = draw(plantuml, GOOD, PICTURE_PDF, NULL);
    ck_assert(begins_with(first, "%PDF") && g_bytes_equal(first, second));
}
END_TEST

START_TEST(cut_off_pictures_are_errors_and_missing_fonts_are_told)
{
    g_autoptr(plantuml) plantuml = make(NULL, NULL);
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *word = g_strnfill(5000, 'x'), *text = g_strdup_printf("@startuml\nA -> B : %s\n@enduml\n", word);
    assert_message(plantuml, text, PICTURE_PNG, "a.pu:1: the picture is too large");
    g_autoptr(GPtrArray) pictures =
        draw_all(plantuml, "@startuml\nskinparam defaultFontName No Such Font\nskinparam noteFontName Monospaced\nA -> B\n@enduml\n",
                 PICTURE_PNG, warnings, NULL);
    ck_assert_ptr_nonnull(pictures);
    ck_assert_uint_eq(warnings->len, 1);
    ck_assert_str_eq(warnings->pdata[0], "the font 'No Such Font' is not installed: another one is drawn");
}
END_TEST

START_TEST(jvm_past_its_memory_limit_is_started_anew)
{
    struct plantuml_settings settings = {.memory_limit = 1024 * 1024};
    g_autoptr(plantuml) plantuml = plantuml_new(&settings);
    assert_drawn(plantuml, GOOD, PICTURE_PNG, "\x89PNG");
    ck_assert_int_eq(plantuml_pid(plantuml), 0);
    assert_drawn(plantuml, GOOD, PICTURE_PNG, "\x89PNG");
}
END_TEST

static gboolean has_file_like(const char *path, const char *suffix)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    for (const char *name; dir != NULL && (name = g_dir_read_name(dir)) != NULL;)
        if (g_str_has_suffix(name, suffix))
            return TRUE;
    return FALSE;
}

/* The archive comes while the first diagrams are drawn; a broken one is as good as none. */
START_TEST(archive_of_classes_is_made_once_and_may_be_broken)
{
    g_setenv("XDG_CACHE_HOME", folder, TRUE);
    g_autofree char *java = plantuml_find_java(NULL), *jar = plantuml_find_jar(NULL), *path = plantuml_archive_path(java, jar);
    g_autofree char *cache = g_path_get_dirname(path);
    g_autofree char *unused = g_build_filename(cache, "plantuml-0000000000000000.jsa", NULL);
    g_autofree char *other = g_build_filename(cache, "plantuml-1111111111111111.jsa", NULL);
    const struct timespec long_ago[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
    ck_assert(g_str_has_prefix(path, folder));
    ck_assert(file_write_atomic(other, "", 0, NULL) && file_write_atomic(unused, "", 0, NULL));
    ck_assert_int_eq(utimensat(AT_FDCWD, unused, long_ago, 0), 0);
    struct plantuml_settings settings = {.makes_archive = true};
    g_autoptr(plantuml) plantuml = plantuml_new(&settings);
    g_autoptr(GBytes) first = draw(plantuml, GOOD, PICTURE_PNG, NULL);
    gint64 end = g_get_monotonic_time() + 100 * G_TIME_SPAN_SECOND;
    while (!g_file_test(path, G_FILE_TEST_EXISTS) && g_get_monotonic_time() < end)
        assert_drawn(plantuml, GOOD, PICTURE_PNG, "\x89PNG");
    ck_assert(g_file_test(path, G_FILE_TEST_EXISTS) && !has_file_like(cache, ".new"));
    ck_assert(g_file_test(other, G_FILE_TEST_EXISTS) && !g_file_test(unused, G_FILE_TEST_EXISTS));
    g_autoptr(plantuml) second = plantuml_new(&settings);
    g_autoptr(GBytes) with_archive = draw(second, GOOD, PICTURE_PNG, NULL);
    ck_assert(g_bytes_equal(first, with_archive));
    ck_assert(file_write_atomic(path, "broken", 6, NULL));
    g_autoptr(plantuml) third = plantuml_new(&settings);
    assert_drawn(third, GOOD, PICTURE_PNG, "\x89PNG");
}
END_TEST

START_TEST(unbalanced_source_is_refused_before_it_is_fed)
{
    g_autoptr(plantuml) plantuml = make("/nowhere.jar", "/nowhere/java");
    assert_message(plantuml, "just text\n", PICTURE_PNG, "a.pu:1: no diagram");
    assert_message(plantuml, "\n@startuml\nA -> B\n", PICTURE_PNG, "a.pu:2: the diagram has no '@end...'");
    assert_message(plantuml, "@startuml\n@startuml\n@enduml\n", PICTURE_PNG, "a.pu:1: the diagram has no '@end...'");
    assert_message(plantuml, "@startuml\nA -> B\n@enduml\n@startuml\n", PICTURE_PNG, "a.pu:4: the diagram has no '@end...'");
    assert_message(plantuml, "@startfoo\nA\n@endfoo\n", PICTURE_PNG, "a.pu:1: PlantUML has no diagrams of the kind '@startfoo'");
    assert_message(plantuml, "\n@startuml\n\n' nothing\n@enduml\n", PICTURE_PNG, "a.pu:2: this diagram is empty");
    assert_message(plantuml, "@startjson\n{\n\"a\": 1,,\n}\n@endjson\n", PICTURE_PNG, "a.pu:3: not JSON: ");
}
END_TEST

START_TEST(missing_java_is_not_found_with_the_remedy)
{
    g_autoptr(plantuml) plantuml = make(NULL, "/nowhere/java");
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) picture = draw(plantuml, "@startuml\nA -> B\n@enduml\n", PICTURE_PNG, &error);
    ck_assert_ptr_null(picture);
    ck_assert_int_eq(error->code, CLX_ERROR_NOT_FOUND);
    ck_assert(strstr(error->message, "apt-get install plantuml") != NULL);
}
END_TEST

/* ---- Draw.io ---- */

static GBytes *export_with(const char *script, GError **error)
{
    g_autofree char *program = write_file("drawio", script);
    g_autofree char *source = write_file("x.drawio", "<mxfile/>");
    g_setenv("DISPLAY", ":99", TRUE);
    ck_assert_int_eq(chmod(program, 0755), 0);
    struct picture_options options = {.border = -1};
    return drawio_desktop_draw(program, source, "drawio/x.drawio", &options, error);
}

START_TEST(drawio_gets_scale_border_and_files)
{
    g_autoptr(GBytes) bytes = export_with("#!/bin/sh\necho \"$1 $2 $3 $4 $5 $6 $7 $8 ${10##*/}\" >\"$9\"\n", NULL);
    ck_assert_ptr_nonnull(bytes);
    ck_assert(begins_with(bytes, "-x -f png -s 3 -b 20 -o x.drawio"));
}
END_TEST

START_TEST(drawio_failure_tells_its_words)
{
    g_autoptr(GError) error = NULL;
    ck_assert_ptr_null(export_with("#!/bin/sh\necho no display >&2\nexit 3\n", &error));
    ck_assert_int_eq(error->code, CLX_ERROR_INFRASTRUCTURE);
    ck_assert_str_eq(error->message, "drawio/x.drawio: Draw.io ended with exit status 3: no display");
    g_clear_error(&error);
    ck_assert_ptr_null(export_with("#!/bin/sh\nkill -9 $$\n", &error));
    ck_assert_str_eq(error->message, "drawio/x.drawio: Draw.io was killed by signal 9");
    g_clear_error(&error);
    ck_assert_ptr_null(export_with("#!/bin/sh\nexit 0\n", &error));
    ck_assert_str_eq(error->message, "drawio/x.drawio: Draw.io wrote no picture");
}
END_TEST

START_TEST(missing_drawio_is_not_found)
{
    g_autoptr(GError) error = NULL;
    struct picture_options options = {.border = -1};
    ck_assert_ptr_null(drawio_desktop_draw("/nowhere/drawio", "x", "x", &options, &error));
    ck_assert_int_eq(error->code, CLX_ERROR_NOT_FOUND);
    g_autofree char *fingerprint = drawio_desktop_fingerprint("/nowhere/drawio");
    ck_assert_str_eq(fingerprint, "none");
}
END_TEST

static bool has_plantuml(void)
{
    g_autofree char *java = g_find_program_in_path("java");
    g_autofree char *jar = plantuml_find_jar(NULL);
    return java != NULL && jar != NULL;
}

int main(void)
{
    Suite *suite = suite_create("diagram");
    TCase *plain = tcase_create("without tools");
    tcase_add_checked_fixture(plain, make_folder, remove_folder);
    tcase_add_test(plain, a_theme_from_a_folder_is_an_included_file);
    tcase_add_test(plain, unbalanced_source_is_refused_before_it_is_fed);
    tcase_add_test(plain, missing_java_is_not_found_with_the_remedy);
    tcase_add_test(plain, drawio_gets_scale_border_and_files);
    tcase_add_test(plain, drawio_failure_tells_its_words);
    tcase_add_test(plain, missing_drawio_is_not_found);
    suite_add_tcase(suite, plain);
    TCase *real = tcase_create("PlantUML");
    tcase_set_timeout(real, 300);
    tcase_add_checked_fixture(real, make_folder, remove_folder);
    tcase_add_test(real, good_and_broken_diagrams_alternate_on_one_jvm);
    tcase_add_test(real, several_diagrams_of_a_source_are_all_drawn);
    tcase_add_test(real, includes_are_found_beside_the_source_and_have_their_own_lines);
    tcase_add_test(real, nothing_outside_of_the_course_is_read);
    tcase_add_test(real, what_ends_a_jvm_does_not_harm_the_next_diagram);
    tcase_add_test(real, pdf_has_the_same_bytes_each_time);
    tcase_add_test(real, cut_off_pictures_are_errors_and_missing_fonts_are_told);
    tcase_add_test(real, jvm_past_its_memory_limit_is_started_anew);
    tcase_add_test(real, archive_of_classes_is_made_once_and_may_be_broken);
    if (has_plantuml())
        suite_add_tcase(suite, real);
    else
        printf("skipped: PlantUML: java or plantuml.jar is not installed\n");
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
