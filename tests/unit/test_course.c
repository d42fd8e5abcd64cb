#include <check.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "course/classify.h"
#include "course/discover.h"
#include "course/diagram_names.h"
#include "course/layout.h"
#include "course/model.h"
#include "course/outputs.h"
#include "course/title.h"
#include "os/file.h"

static const struct course_options no_options;
static char *folder; /* of one test */

static int compare_texts(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void make_folder(void)
{
    folder = g_dir_make_tmp("clx-course-XXXXXX", NULL);
    ck_assert_ptr_nonnull(folder);
}

static void remove_folder(void)
{
    ck_assert(file_remove_tree(folder, NULL));
    g_clear_pointer(&folder, g_free);
}

static char *put(const char *name, const char *text)
{
    char *path = g_build_filename(folder, name, NULL);
    ck_assert(file_write_atomic(path, text, strlen(text), NULL));
    return path;
}

static void touch(const char *name, const char *text)
{
    g_free(put(name, text));
}

static struct course *load(const char *text, const struct course_options *options, struct diag_list *diags)
{
    g_autofree char *path = put("course.yaml", text);
    return course_load(path, options, diags);
}

/* The paths of a course's outputs, in order and one a line; fails with the diagnostics when it does not load. */
static char *plan_of(struct course *course, struct diag_list *diags)
{
    g_autofree char *messages = diag_list_format(diags);
    ck_assert_msg(course != NULL, "%s", messages);
    g_autoptr(GPtrArray) outputs = course_outputs(course, diags);
    g_autoptr(GPtrArray) paths = g_ptr_array_new();
    for (unsigned i = 0; i < outputs->len; i++)
        g_ptr_array_add(paths, (gpointer)((struct course_output *)outputs->pdata[i])->path);
    g_ptr_array_sort(paths, compare_texts);
    g_ptr_array_add(paths, NULL);
    return g_strjoinv("\n", (char **)paths->pdata);
}

static char *plan_text(const char *text, const struct course_options *options)
{
    g_autoptr(diag_list) diags = diag_list_new();
    g_autoptr(course) course = load(text, options, diags);
    return plan_of(course, diags);
}

static void assert_message(const char *text, const char *expected)
{
    g_autoptr(diag_list) diags = diag_list_new();
    g_autoptr(course) course = load(text, &no_options, diags);
    if (course != NULL)
        g_ptr_array_unref(course_outputs(course, diags));
    g_autofree char *messages = diag_list_format(diags);
    ck_assert_msg(strstr(messages, expected) != NULL, "'%s' is not in:\n%s", expected, messages);
}

#define HEAD "name: Test\nlanguage: en\nprog_lang: python\n"

static void assert_names(const char *text, const char *expected)
{
    g_autoptr(GPtrArray) names = diagram_names(text, "x");
    g_autoptr(GString) found = g_string_new(NULL);
    for (unsigned i = 0; i < names->len; i++) {
        const struct diagram_name *name = names->pdata[i];
        g_string_append_printf(found, "%s%s:%u", i > 0 ? " " : "", name->name, name->block);
    }
    ck_assert_str_eq(found->str, expected);
}

START_TEST(pictures_of_a_source_are_called_like_it_and_as_plantuml_calls_them)
{
    assert_names("@startuml\nA -> B\n@enduml\n", "x:0");
    assert_names("", "x:0");
    assert_names("@startuml\n@enduml\n\n  @startjson\n@endjson\n@startuml\n@enduml\n", "x:0 x_001:1 x_002:2");
    assert_names("@startuml x\n@enduml\n", "x:0");
    assert_names("@startuml \"a b\"\r\n@enduml\n@startuml sub/c.png\n@enduml", "x:0 a b:0 c:1");
    assert_names("@startuml a\n@enduml\n@startuml\n@enduml\n", "x:1 a:0");
    assert_names("@startuml a\n@enduml\n@startuml a\n@enduml\n", "x:0 a:0");
    assert_names("@startuml(id=a)\n@enduml\n@startuml ..\n@enduml\n@startmindmap $f\n@endmindmap\n", "x:0 x_001:1 x_002:2");
}
END_TEST

START_TEST(names_are_sanitised)
{
    static const char *const cases[][2] = {
        {"C# & Co.", "CSharp _ Co"},
        {" a/b\\\\c ", "a_b__c"},
        {"x {1} [2]", "x (1) (2)"},
        {"\xe2\x82\xac|^", "___"},
        {"...", "_"},
        {"a\nb", "a_b"},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *name = layout_sanitize(cases[i][0]);
        ck_assert_str_eq(name, cases[i][1]);
    }
    g_autofree char *broken = layout_sanitize("a\xff");
    ck_assert(g_utf8_validate(broken, -1, NULL));
}
END_TEST

static void assert_title(const char *text, const char *comment, const char *language, const char *expected)
{
    g_autofree char *title = course_find_title(text, comment, language);
    ck_assert_msg(g_strcmp0(title, expected) == 0, "%s: '%s' is not '%s'", text, title, expected);
}

START_TEST(titles_are_read_without_expansion)
{
    assert_title("# {{ header(\"Listen\", \"Lists\") }}", "#", "de", "Listen");
    assert_title("# {{ header('Listen', 'Lists') }}", "#", "en", "Lists");
    assert_title("// {{ header(\"Listen\",\n//   \"Lists\") }}", "//", "en", "Lists");
    assert_title("{{header(\"a\", \"b\")}}", "#", "fr", NULL);
    assert_title("# {{ header({\"de\": \"a\", \"fr\": \"b\"}) }}", "#", "fr", "b");
    assert_title("{{ footer(1) }} {{ header(\"x\", \"y\") }}", "#", "de", "x");
    assert_title("{{ header(\"a", "#", "de", NULL);
    assert_title("{{ header(\"\", \" \") }}", "#", "de", NULL);
    assert_title("{{ header(\"a\xff\", \"b\") }}", "#", "de", NULL);
}
END_TEST

START_TEST(files_have_classes)
{
    ck_assert_int_eq(classify_file("slides_a.py", false), FILE_NOTEBOOK);
    ck_assert_int_eq(classify_file("helper.py", false), FILE_DATA);
    ck_assert_int_eq(classify_file("helper.py", true), FILE_NOTEBOOK);
    ck_assert_int_eq(classify_file("pu/a.puml", false), FILE_PLANTUML);
    ck_assert_int_eq(classify_file("a.drawio", false), FILE_DRAWIO);
    ck_assert_int_eq(classify_file("img/a.png", false), FILE_IMAGE);
    ck_assert_int_eq(classify_file("imgdata/a.png", false), FILE_DATA);
    ck_assert(classify_is_ignored_folder("chroma_my_db2"));
    ck_assert(classify_is_ignored_folder("a.egg-info"));
    ck_assert(!classify_is_ignored_folder("data"));
    ck_assert(classify_is_ignored_file("data/model.keras"));
}
END_TEST

START_TEST(ids_and_section_names_come_from_folder_names)
{
    static const char *const ids[][2] = {
        {"topic_100_list_basics", "list_basics"},
        {"topic_100_list_basics.py", "list_basics"},
        {"include_me.py", NULL},
        {"img", NULL},
        {"a_b_", NULL},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(ids); i++) {
        g_autofree char *id = discover_topic_id(ids[i][0]);
        ck_assert_msg(g_strcmp0(id, ids[i][1]) == 0, "%s: %s", ids[i][0], id);
    }
    static const char *const names[][2] = {
        {"module_100_python", "python"}, {"section_001", "section_001"}, {"01 Intro", "Intro"}, {"basics_of_c", "basics_of_c"}, {"x", "x"},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *name = discover_section_name(names[i][0]);
        ck_assert_str_eq(name, names[i][1]);
    }
}
END_TEST

START_TEST(mistakes_have_places_and_remedies)
{
    static const char *const cases[][2] = {
        {"", "the spec is empty"},
        {"nmae: x\nprog_lang: python\n", "course.yaml:1:1: error: unknown key 'nmae' in the spec\n  did you mean 'name'?"},
        {"nmae: x\nprog_lang: python\n", "the course has no name"},
        {"name: x\nprog_lang: pyhton\n", "course.yaml:2:12: error: unknown programming language 'pyhton'\n  did you mean 'python'?"},
        {"name: {xx: y}\nprog_lang: c\n", "course.yaml:1:8: error: unknown language 'xx'"},
        {"name: [a]\nprog_lang: c\n", "course.yaml:1:8: error: the value must be a text"},
        {"name: a: b\n", "course.yaml:1:"},
        {"a: &x [*x]\nname: [\n", "course.yaml:"},
        {"name: a\nname: b\n", "course.yaml:2:"},
        {"- a\n", "must be a mapping"},
        {HEAD "sections:\n  - {name: A, topics: [{id: a, html: maybe}]}\n", "course.yaml:5:38: error: html must be true or false"},
        {HEAD "sections:\n  - {name: A, topics: [{files: [../x.py]}]}\n", "is not below"},
        {HEAD "sections:\n  - {name: A, topics: [{files: [x.py]}]}\n", "there is no file 'x.py'"},
        {HEAD "sections:\n  - {name: A}\n", "a section without topics is left out"},
        {HEAD "dir_groups: [{name: ../x, path: .}]\n", "leaves the course folder"},
        {HEAD "dir_groups: [{name: x, path: nowhere}]\n", "there is no folder 'nowhere' to copy"},
        {HEAD "output_targets: [{name: a, path: x}, {name: a, path: y}]\n", "two output targets have the same name 'a'"},
        {HEAD "output_targets: [{name: a, path: x}, {name: b, path: ./x}]\n", "two output targets have the same path"},
        {HEAD "output_targets: [{name: a, path: x, kinds: [speker]}]\n", "unknown kind 'speker'\n  did you mean 'speaker'?"},
        {HEAD "output_targets: [{name: a, path: x, languages: [de]}]\n", "wants the language 'de'"},
        {"<course", "course.yaml:1:"},
        {"<course><nmae/></course>", "course.yaml:1:9: warning: unknown element <nmae> in <course>\n  did you mean 'name'?"},
        {"<!DOCTYPE course [<!ENTITY a \"b\">]><course><name><en>&a;</en></name></course>", "may not declare"},
        {"<kurs/>", "the root element must be <course>"},
        {"<course>\n  <prog-lang>pyton</prog-lang></course>", "course.yaml:2:3: error: unknown programming language 'pyton'"},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++)
        assert_message(cases[i][0], cases[i][1]);
}
END_TEST

START_TEST(specs_that_are_no_text_are_refused)
{
    assert_message("name: \xff\n", "course.yaml:1:7: error: the spec is not UTF-8 text");
    g_autoptr(diag_list) diags = diag_list_new();
    g_autofree char *missing = g_build_filename(folder, "missing.yaml", NULL);
    ck_assert_ptr_null(course_load(missing, &no_options, diags));
    ck_assert_ptr_null(course_load(folder, &no_options, diags));
    g_autofree char *loop = g_build_filename(folder, "loop.yaml", NULL);
    ck_assert_int_eq(symlink("loop.yaml", loop), 0);
    ck_assert_ptr_null(course_load(loop, &no_options, diags));
    ck_assert_uint_eq(diag_count(diags, DIAG_ERROR), 3);
}
END_TEST

START_TEST(unresolved_topics_name_the_nearest)
{
    touch("slides/module_010_a/topic_010_lists/slides_lists.py", "");
    touch("slides/module_010_a/topic_020_lists2/slides_lists.py", "");
    assert_message(HEAD "sections:\n  - {name: A, topics: [list]}\n",
                   "course.yaml:5:24: error: no topic has the id 'list'\n  did you mean 'lists', 'lists2'?");
}
END_TEST

START_TEST(a_copied_notebook_is_a_warning)
{
    touch("slides/module_010_a/topic_010_x/slides_x.ipynb", "{}");
    assert_message(HEAD "sections: [{name: A, topics: [x]}]\n",
                   "slides_x.ipynb: warning: this notebook is copied as it is, solutions included");
    g_autofree char *plan =
        plan_text(HEAD "sections: [{name: A, topics: [{id: x, files: [slides/module_010_a/topic_010_x/slides_x.ipynb]}]}]\n", &no_options);
    ck_assert_ptr_nonnull(strstr(plan, "01 "));
}
END_TEST

START_TEST(duplicate_ids_are_a_warning_and_modules_tell_them_apart)
{
    touch("slides/module_010_a/topic_010_x/slides_x.py", "# {{ header('A', 'First') }}");
    touch("slides/module_020_b/topic_010_x/slides_x.py", "# {{ header('B', 'Second') }}");
    assert_message(HEAD "sections: [{name: A, topics: [x]}]\n", "warning: the topic id 'x' exists twice");
    const struct course_options options = {.is_speaker_only = true};
    g_autofree char *first = plan_text(HEAD "sections: [{name: A, topics: [x]}]\n", &options);
    ck_assert_ptr_nonnull(strstr(first, "01 First.py"));
    g_autofree char *second = plan_text(HEAD "sections: [{name: A, topics: [{id: x, module: module_020_b}]}]\n", &options);
    ck_assert_ptr_nonnull(strstr(second, "01 Second.py"));
}
END_TEST

START_TEST(sections_are_discovered_without_slides)
{
    touch("section_001/topic_001.py", "import helper\n# {{ header('Eins', 'One') }}\n# <img src=\"img/a.png\">");
    touch("section_001/other.py", "");
    touch("section_001/helper.py", "from deeper import x\n");
    touch("section_001/deeper.py", "");
    touch("section_001/unused.txt", "");
    touch("section_001/img/a.png", "");
    touch("output/old.py", "");
    const struct course_options options = {.is_speaker_only = true};
    g_autofree char *plan = plan_text("name: T\nlanguage: en\nprog_lang: python\n"
                                      "output_targets: [{name: t, path: output, formats: [code]}]\n",
                                      &options);
    ck_assert_str_eq(plan, "En/T/Slides/Python/Speaker/section_001/01 other.py\n"
                           "En/T/Slides/Python/Speaker/section_001/02 One.py\n"
                           "En/T/Slides/Python/Speaker/section_001/deeper.py\n"
                           "En/T/Slides/Python/Speaker/section_001/helper.py\n"
                           "En/T/Slides/Python/Speaker/section_001/img/a.png");
}
END_TEST

START_TEST(the_trees_of_targets_that_are_left_out_hold_no_sources)
{
    static const char *const targets[] = {"one", NULL};
    const struct course_options options = {.is_speaker_only = true, .targets = targets};
    touch("section_001/a.py", "");
    touch("two/b.py", "");
    g_autofree char *plan = plan_text("name: T\nlanguage: en\nprog_lang: python\noutput_targets:\n"
                                      "  - {name: one, path: one, formats: [code]}\n  - {name: two, path: two}\n",
                                      &options);
    ck_assert_str_eq(plan, "En/T/Slides/Python/Speaker/section_001/01 a.py");
}
END_TEST

START_TEST(explicit_files_are_looked_up_in_the_section)
{
    touch("section_002/decorators.py", "");
    touch("section_002/diagram.puml", "");
    const struct course_options options = {.is_speaker_only = true};
    g_autofree char *plan = plan_text(HEAD "outputs: {participant: false}\nsections:\n  - name: Extras\n    dir: section_002\n"
                                           "    topics: [{name: Decorators, html: false, files: [decorators.py, diagram.puml]}]\n",
                                      &options);
    ck_assert_str_eq(plan, "speaker/En/Test/Slides/Notebooks/Speaker/Extras/01 decorators.ipynb\n"
                           "speaker/En/Test/Slides/Notebooks/Speaker/Extras/img/diagram.png\n"
                           "speaker/En/Test/Slides/Python/Speaker/Extras/01 decorators.py\n"
                           "speaker/En/Test/Slides/Python/Speaker/Extras/img/diagram.png");
}
END_TEST

START_TEST(clashes_of_output_paths_are_found)
{
    touch("slides/module_010_a/topic_010_x/data/a.txt", "1");
    touch("slides/module_010_a/topic_020_y/data/a.txt", "2");
    touch("slides/module_010_a/topic_010_x/same.txt", "1");
    touch("slides/module_010_a/topic_020_y/same.txt", "1");
    touch("slides/module_010_a/topic_010_x/pu/d.pu", "");
    touch("slides/module_010_a/topic_010_x/img/d.png", "");
    g_autoptr(diag_list) diags = diag_list_new();
    g_autoptr(course) course = load(HEAD "sections: [{name: A, topics: [x, y]}]\n", &no_options, diags);
    g_autofree char *plan = plan_of(course, diags);
    g_autofree char *messages = diag_list_format(diags);
    ck_assert_uint_eq(diag_count(diags, DIAG_ERROR), 1);
    ck_assert_uint_eq(diag_count(diags, DIAG_NOTE), 1);
    ck_assert_msg(strstr(messages, "topic_010_x/data/a.txt: error: has the same output path as '") != NULL, "%s", messages);
}
END_TEST

START_TEST(the_picture_of_a_diagram_wins_over_an_authored_one)
{
    touch("slides/module_010_a/topic_010_x/pu/d.pu", "");
    touch("slides/module_010_a/topic_010_x/img/d.png", "");
    g_autoptr(diag_list) diags = diag_list_new();
    g_autoptr(course) course = load(HEAD "sections: [{name: A, topics: [x]}]\n", &no_options, diags);
    ck_assert_ptr_nonnull(course);
    g_autoptr(GPtrArray) outputs = course_outputs(course, diags);
    ck_assert_uint_eq(outputs->len, 9);
    for (unsigned i = 0; i < outputs->len; i++) {
        const struct course_output *output = outputs->pdata[i];
        ck_assert_int_eq(output->what, OUTPUT_DIAGRAM);
        ck_assert(g_str_has_suffix(output->source, "pu/d.pu"));
        ck_assert(g_str_has_suffix(output->path, "A/img/d.png"));
    }
}
END_TEST

START_TEST(targets_and_filters_narrow_the_plan)
{
    touch("slides/m_1_a/topic_010_x/slides_x.py", "");
    static const char spec[] =
        "name: {de: K, en: C}\nprog_lang: python\nsections: [{name: A, topics: [x]}]\n"
        "output_targets:\n  - {name: a, path: oa, kinds: [code-along], formats: [html]}\n  - {name: b, path: ob, languages: [de]}\n";
    const char *const only_a[] = {"a", NULL}, *const only_en[] = {"en", NULL}, *const nothing[] = {"c", NULL};
    const struct course_options options = {.targets = only_a, .languages = only_en};
    g_autofree char *plan = plan_text(spec, &options);
    ck_assert_str_eq(plan, "En/C/Slides/Html/Code-Along/A/01 slides_x.html");
    const struct course_options replaced = {.output_dir = folder, .languages = only_en, .is_speaker_only = true};
    g_autofree char *other = plan_text(spec, &replaced);
    ck_assert(g_str_has_prefix(other, "speaker/En/C/Slides/Html/Speaker/A/01 slides_x.html\n"));
    const struct course_options wrong = {.targets = nothing};
    g_autoptr(diag_list) diags = diag_list_new();
    ck_assert_ptr_null(load(spec, &wrong, diags));
}
END_TEST

START_TEST(directory_groups_copy_what_they_list)
{
    touch("code/a.txt", "");
    touch("code/one/b.txt", "");
    touch("code/one/deep/c.txt", "");
    touch("code/two/d.txt", "");
    touch("code/__pycache__/e.txt", "");
    static const char head[] = HEAD "output_targets: [{name: t, path: o}]\nsections: []\n";
    static const char *const cases[][2] = {
        {"{name: G, path: code}", "En/Test/G/a.txt\nEn/Test/G/one/b.txt\nEn/Test/G/one/deep/c.txt\nEn/Test/G/two/d.txt"},
        {"{name: '', path: code, recursive: false}", "En/Test/a.txt"},
        {"{name: G/H, path: code, subdirs: [one], recursive: false, include_root_files: true}", "En/Test/G/H/a.txt\nEn/Test/G/H/one/b.txt"},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = g_strdup_printf("%sdir_groups: [%s]\n", head, cases[i][0]);
        g_autofree char *plan = plan_text(text, &no_options);
        ck_assert_str_eq(plan, cases[i][1]);
    }
}
END_TEST

START_TEST(loops_of_links_end)
{
    touch("slides/module_010_a/topic_010_x/slides_x.py", "import slides_x\n");
    g_autofree char *link = g_build_filename(folder, "slides/module_010_a/topic_010_x/again", NULL);
    ck_assert_int_eq(symlink("..", link), 0);
    g_autofree char *plan = plan_text(HEAD "sections: [{name: A, topics: [x]}]\n", &no_options);
    ck_assert_ptr_nonnull(strstr(plan, "01 slides_x.html"));
}
END_TEST

static char *cases_path(const char *name)
{
    const char *cases = g_getenv("CLX_CASES"), *source = g_getenv("CLX_SOURCE_ROOT");
    g_autofree char *root =
        cases != NULL ? g_strdup(cases) : g_build_filename(source != NULL ? source : ".", "..", "shared", "cases", NULL);
    return g_build_filename(root, name, NULL);
}

START_TEST(real_courses_have_the_expected_paths)
{
    g_autofree char *spec = g_strdup_printf("courses/clx-test-data/course-specs/test-spec-%d.xml", _i);
    g_autofree char *list = g_strdup_printf("courses/expected/test-spec-%d.paths", _i);
    g_autofree char *spec_path = cases_path(spec), *list_path = cases_path(list);
    g_autofree char *expected = NULL;
    if (!g_file_get_contents(list_path, &expected, NULL, NULL)) {
        printf("skipped: real_courses_have_the_expected_paths (no cases)\n");
        return;
    }
    g_autoptr(diag_list) diags = diag_list_new();
    g_autoptr(course) course = course_load(spec_path, &no_options, diags);
    g_autofree char *plan = plan_of(course, diags);
    g_auto(GStrv) lines = g_strsplit(g_strchomp(expected), "\n", -1);
    g_autoptr(GPtrArray) sorted = g_ptr_array_new();
    for (char **line = lines; *line != NULL; line++)
        g_ptr_array_add(sorted, *line);
    g_ptr_array_sort(sorted, compare_texts);
    g_ptr_array_add(sorted, NULL);
    g_autofree char *all = g_strjoinv("\n", (char **)sorted->pdata);
    ck_assert_str_eq(plan, all);
    ck_assert_uint_eq(diags->items->len, 0);
}
END_TEST

START_TEST(the_notebook_cases_have_the_mapped_paths)
{
    g_autofree char *spec = cases_path("notebooks/course/course.yaml"), *map = cases_path("notebooks/map.tsv");
    g_autofree char *text = NULL;
    if (!g_file_get_contents(map, &text, NULL, NULL)) {
        printf("skipped: the_notebook_cases_have_the_mapped_paths (no cases)\n");
        return;
    }
    g_autoptr(diag_list) diags = diag_list_new();
    g_autoptr(course) course = course_load(spec, &no_options, diags);
    g_autofree char *plan = plan_of(course, diags);
    g_auto(GStrv) paths = g_strsplit(plan, "\n", -1), lines = g_strsplit(g_strchomp(text), "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        g_auto(GStrv) fields = g_strsplit(*line, "\t", -1);
        ck_assert_msg(g_strv_contains((const char *const *)paths, fields[4]), "'%s' is not planned", fields[4]);
    }
    ck_assert_uint_eq(g_strv_length(paths), g_strv_length(lines));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("course");
    TCase *pure = tcase_create("pure"), *files = tcase_create("files"), *golden = tcase_create("golden");
    tcase_add_test(pure, names_are_sanitised);
    tcase_add_test(pure, titles_are_read_without_expansion);
    tcase_add_test(pure, files_have_classes);
    tcase_add_test(pure, ids_and_section_names_come_from_folder_names);
    tcase_add_checked_fixture(files, make_folder, remove_folder);
    tcase_add_test(files, mistakes_have_places_and_remedies);
    tcase_add_test(files, specs_that_are_no_text_are_refused);
    tcase_add_test(files, unresolved_topics_name_the_nearest);
    tcase_add_test(files, a_copied_notebook_is_a_warning);
    tcase_add_test(files, duplicate_ids_are_a_warning_and_modules_tell_them_apart);
    tcase_add_test(files, sections_are_discovered_without_slides);
    tcase_add_test(files, the_trees_of_targets_that_are_left_out_hold_no_sources);
    tcase_add_test(files, explicit_files_are_looked_up_in_the_section);
    tcase_add_test(files, clashes_of_output_paths_are_found);
    tcase_add_test(files, the_picture_of_a_diagram_wins_over_an_authored_one);
    tcase_add_test(files, targets_and_filters_narrow_the_plan);
    tcase_add_test(files, directory_groups_copy_what_they_list);
    tcase_add_test(files, loops_of_links_end);
    tcase_add_loop_test(golden, real_courses_have_the_expected_paths, 1, 6);
    tcase_add_test(golden, the_notebook_cases_have_the_mapped_paths);
    tcase_add_test(golden, pictures_of_a_source_are_called_like_it_and_as_plantuml_calls_them);
    tcase_set_timeout(golden, 60);
    suite_add_tcase(suite, pure);
    suite_add_tcase(suite, files);
    suite_add_tcase(suite, golden);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
