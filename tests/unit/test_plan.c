#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "build/plan.h"
#include "os/file.h"

static const char spec[] = "name: {de: Kurs, en: Course}\n"
                           "prog_lang: python\n"
                           "sections:\n"
                           "  - {name: {de: Eins, en: One}, topics: [first, {id: second, evaluate: false}]}\n"
                           "output_targets:\n"
                           "  - {name: all, path: ./all}\n"
                           "  - {name: some, path: ./some, kinds: [code-along], formats: [html], languages: [en]}\n";

static char *folder;
static struct course *loaded;

static void put(const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    ck_assert(file_write_atomic(path, text, strlen(text), NULL));
}

static void set_up(void)
{
    folder = g_dir_make_tmp("clx-plan-XXXXXX", NULL);
    put("course.yaml", spec);
    put("slides/module_100_m/topic_100_first/slides_first.py", "# %%\n1\n");
    put("slides/module_100_m/topic_100_first/helper.py", "x = 1\n");
    put("slides/module_100_m/topic_100_first/pu/plan.pu", "@startuml\n@enduml\n");
    put("slides/module_100_m/topic_100_first/drawio/picture.drawio", "<mxfile/>");
    put("slides/module_100_m/topic_100_first/img/picture.png", "png");
    put("slides/module_100_m/topic_110_second/slides_second.py", "# %%\n2\n");
    g_autofree char *path = g_build_filename(folder, "course.yaml", NULL);
    g_autoptr(diag_list) diags = diag_list_new();
    struct course_options options = {0};
    loaded = course_load(path, &options, diags);
    g_autofree char *messages = diag_list_format(diags);
    ck_assert_msg(loaded != NULL, "%s", messages);
}

static void tear_down(void)
{
    course_free(loaded);
    ck_assert(file_remove_tree(folder, NULL));
    g_free(folder);
}

static struct plan *make(const char *only, struct diag_list *diags)
{
    static const struct plan_options whole = {.templates_dir = "/templates", .cell_timeout_s = 300};
    static struct plan_options options;
    options = whole;
    options.only = only;
    return plan_new(loaded, &options, diags);
}

static const struct plan_job *find_job(const struct plan *plan, const char *suffix)
{
    for (unsigned i = 0; i < plan->jobs->len; i++)
        if (g_str_has_suffix(((const struct plan_job *)plan->jobs->pdata[i])->name, suffix))
            return plan->jobs->pdata[i];
    ck_abort_msg("no job for %s", suffix);
}

START_TEST(each_source_is_one_job_whatever_the_number_of_its_outputs)
{
    g_autoptr(diag_list) diags = diag_list_new();
    g_autoptr(plan) plan = make(NULL, diags);
    ck_assert_ptr_nonnull(plan);
    ck_assert_uint_eq(plan_count_jobs(plan, JOB_NOTEBOOK), 2);
    ck_assert_uint_eq(plan_count_jobs(plan, JOB_PLANTUML), 1);
    ck_assert_uint_eq(plan_count_jobs(plan, JOB_DRAWIO), 1);
    const struct plan_job *job = find_job(plan, "slides_first.py");
    g_autoptr(json_t) wanted = plan_job_wanted(job);
    ck_assert_uint_eq(job->outputs->len, 19); /* 18 of the target all, 1 of some */
    ck_assert_uint_eq(json_array_size(wanted), 18);
    ck_assert_str_eq(job->name, "slides/module_100_m/topic_100_first/slides_first.py");
}
END_TEST

START_TEST(a_job_carries_the_other_files_of_its_topic_and_the_templates)
{
    g_autoptr(diag_list) diags = diag_list_new();
    g_autoptr(plan) plan = make(NULL, diags);
    const struct plan_job *job = find_job(plan, "slides_first.py");
    g_autoptr(json_t) payload = plan_job_payload(plan, job, "hash", false);
    bool has_helper = false;
    size_t i;
    json_t *file;
    json_array_foreach(json_object_get(payload, "topic_files"), i, file)
    {
        ck_assert_str_ne(json_get_text(file, "relative", ""), "slides_first.py");
        has_helper |= strcmp(json_get_text(file, "relative", ""), "helper.py") == 0;
    }
    ck_assert(has_helper);
    const json_t *folders = json_object_get(payload, "template_dirs");
    ck_assert_uint_eq(json_array_size(folders), 3);
    ck_assert_str_eq(json_string_value(json_array_get(folders, 1)), "/templates/python");
    ck_assert_str_eq(json_get_text(payload, "kernel", ""), "python3");
}
END_TEST

START_TEST(only_evaluated_pages_run_code)
{
    g_autoptr(diag_list) diags = diag_list_new();
    g_autoptr(plan) plan = make(NULL, diags);
    ck_assert(plan_job_runs_code(find_job(plan, "slides_first.py")));
    ck_assert(!plan_job_runs_code(find_job(plan, "slides_second.py")));
    ck_assert(!plan_job_runs_code(find_job(plan, "plan.pu")));
}
END_TEST

START_TEST(a_shipped_picture_is_known_for_its_diagram)
{
    g_autoptr(diag_list) diags = diag_list_new();
    g_autoptr(plan) plan = make(NULL, diags);
    const struct plan_job *job = find_job(plan, "picture.drawio");
    ck_assert_ptr_nonnull(job->shipped);
    ck_assert(g_str_has_suffix(job->shipped, "topic_100_first/img/picture.png"));
}
END_TEST

START_TEST(copies_have_no_job_and_all_outputs_are_somewhere)
{
    g_autoptr(diag_list) diags = diag_list_new();
    g_autoptr(plan) plan = make(NULL, diags);
    unsigned n = plan->copies->len;
    for (unsigned i = 0; i < plan->jobs->len; i++)
        n += ((const struct plan_job *)plan->jobs->pdata[i])->outputs->len;
    ck_assert_uint_gt(plan->copies->len, 0);
    ck_assert_uint_eq(n, plan->outputs->len);
    ck_assert_uint_eq(plan->outputs->len, plan->course_outputs->len);
}
END_TEST

START_TEST(only_picks_a_topic_or_a_section_and_refuses_other_names)
{
    g_autoptr(diag_list) diags = diag_list_new();
    g_autoptr(plan) topic = make("second", diags);
    ck_assert_uint_eq(topic->jobs->len, 1);
    ck_assert_uint_gt(topic->course_outputs->len, topic->outputs->len);
    g_autoptr(plan) section = make("Eins", diags);
    ck_assert_uint_eq(section->jobs->len, 4);
    ck_assert_ptr_null(make("secnd", diags));
    g_autofree char *messages = diag_list_format(diags);
    ck_assert_msg(strstr(messages, "second") != NULL, "%s", messages);
}
END_TEST

START_TEST(an_object_is_found_by_language_kind_and_format_and_checked)
{
    g_autoptr(diag_list) diags = diag_list_new();
    g_autoptr(plan) plan = make(NULL, diags);
    const struct plan_job *job = find_job(plan, "slides_first.py");
    const struct plan_output *output = job->outputs->pdata[0];
    g_autofree char *sha256 = g_strnfill(64, 'a');
    g_autoptr(json_t) whole =
        json_pack("{s:[{s:s, s:s, s:s, s:s, s:i}], s:[]}", "outputs", "language", output->output->language, "kind",
                  kind_names[output->output->kind], "format", format_names[output->output->format], "sha256", sha256, "size", 5, "deps");
    g_autoptr(json_t) result = plan_pack_result(whole);
    ck_assert(json_is_array(json_object_get(result, "deps")));
    ck_assert_str_eq(plan_find_object(output, result), sha256);
    ck_assert_ptr_null(plan_find_object(job->outputs->pdata[1], result));
    json_object_set_new(json_array_get(json_object_get(whole, "outputs"), 0), "sha256", json_string("../../etc/passwd"));
    g_autoptr(json_t) bad = plan_pack_result(whole);
    ck_assert_ptr_null(plan_find_object(output, bad));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("plan");
    TCase *tests = tcase_create("plan");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, each_source_is_one_job_whatever_the_number_of_its_outputs);
    tcase_add_test(tests, a_job_carries_the_other_files_of_its_topic_and_the_templates);
    tcase_add_test(tests, only_evaluated_pages_run_code);
    tcase_add_test(tests, a_shipped_picture_is_known_for_its_diagram);
    tcase_add_test(tests, copies_have_no_job_and_all_outputs_are_somewhere);
    tcase_add_test(tests, only_picks_a_topic_or_a_section_and_refuses_other_names);
    tcase_add_test(tests, an_object_is_found_by_language_kind_and_format_and_checked);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
