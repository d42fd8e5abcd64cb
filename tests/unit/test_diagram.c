/* PlantUML runs for real (skipped by name without it); Draw.io is played by a shell script. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "diagram/diagram.h"
#include "diagram/drawio_desktop.h"
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

static GBytes *draw(struct plantuml *plantuml, const char *text, const char *format, GError **error)
{
    g_autofree char *path = write_file("a.pu", text);
    return plantuml_render(plantuml, path, "pu/a.pu", format, error);
}

static void assert_message(struct plantuml *plantuml, const char *text, const char *format, const char *expected)
{
    g_autoptr(GError) error = NULL;
    ck_assert_ptr_null(draw(plantuml, text, format, &error));
    ck_assert_int_eq(error->code, CLX_ERROR_SOURCE);
    ck_assert_msg(g_str_has_prefix(error->message, expected), "%s, not %s", error->message, expected);
}

START_TEST(good_and_broken_diagrams_alternate_on_one_jvm)
{
    struct plantuml *plantuml = plantuml_new(NULL, NULL);
    for (unsigned i = 0; i < 3; i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GBytes) png = draw(plantuml, "@startuml\nA -> B : \xc3\xa4\n@enduml\n", "png", &error);
        ck_assert_msg(begins_with(png, "\x89PNG"), "%s", error != NULL ? error->message : "no PNG");
        assert_message(plantuml, "\n@startuml\nA -> B\nthis is (((\n@enduml\n", "png", "pu/a.pu:4: ");
    }
    plantuml_free(plantuml);
}
END_TEST

START_TEST(svg_is_drawn_and_its_errors_have_lines)
{
    struct plantuml *plantuml = plantuml_new(NULL, NULL);
    g_autoptr(GBytes) svg = draw(plantuml, "@startuml\nA -> B\n@enduml\n", "svg", NULL);
    ck_assert(begins_with(svg, "<?xml"));
    assert_message(plantuml, "@startuml\nA -> B\nthis is (((\n@enduml\n", "svg", "pu/a.pu:3: ");
    plantuml_free(plantuml);
}
END_TEST

START_TEST(include_is_found_beside_the_source)
{
    struct plantuml *plantuml = plantuml_new(NULL, NULL);
    g_autofree char *part = write_file("part.iuml", "Included -> B\n");
    g_autoptr(GBytes) svg = draw(plantuml, "@startuml\n!include part.iuml\n@enduml\n", "svg", NULL);
    ck_assert_ptr_nonnull(svg);
    ck_assert_ptr_nonnull(g_strstr_len(g_bytes_get_data(svg, NULL), (gssize)g_bytes_get_size(svg), "Included"));
    plantuml_free(plantuml);
}
END_TEST

START_TEST(unbalanced_source_is_refused_before_it_is_fed)
{
    struct plantuml *plantuml = plantuml_new("/nowhere.jar", "/nowhere/java");
    assert_message(plantuml, "just text\n", "png", "pu/a.pu:1: no diagram");
    assert_message(plantuml, "\n@startuml\nA -> B\n", "png", "pu/a.pu:2: the diagram has no '@end...'");
    assert_message(plantuml, "@startuml\n@startuml\n@enduml\n", "png", "pu/a.pu:1: the diagram has no '@end...'");
    plantuml_free(plantuml);
}
END_TEST

START_TEST(missing_java_is_not_found_with_the_remedy)
{
    struct plantuml *plantuml = plantuml_new(NULL, "/nowhere/java");
    g_autoptr(GError) error = NULL;
    ck_assert_ptr_null(draw(plantuml, "@startuml\nA -> B\n@enduml\n", "png", &error));
    ck_assert_int_eq(error->code, CLX_ERROR_NOT_FOUND);
    ck_assert(strstr(error->message, "apt-get install plantuml") != NULL);
    plantuml_free(plantuml);
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
    g_autofree char *fingerprint = plantuml_fingerprint(NULL);
    return java != NULL && strcmp(fingerprint, "none") != 0;
}

int main(void)
{
    Suite *suite = suite_create("diagram");
    TCase *plain = tcase_create("without tools");
    tcase_add_checked_fixture(plain, make_folder, remove_folder);
    tcase_add_test(plain, unbalanced_source_is_refused_before_it_is_fed);
    tcase_add_test(plain, missing_java_is_not_found_with_the_remedy);
    tcase_add_test(plain, drawio_gets_scale_border_and_files);
    tcase_add_test(plain, drawio_failure_tells_its_words);
    tcase_add_test(plain, missing_drawio_is_not_found);
    suite_add_tcase(suite, plain);
    TCase *real = tcase_create("PlantUML");
    tcase_set_timeout(real, 120);
    tcase_add_checked_fixture(real, make_folder, remove_folder);
    tcase_add_test(real, good_and_broken_diagrams_alternate_on_one_jvm);
    tcase_add_test(real, svg_is_drawn_and_its_errors_have_lines);
    tcase_add_test(real, include_is_found_beside_the_source);
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
