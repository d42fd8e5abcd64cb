/* Kernels that Debian does not package: each by its kernelspec, with a conversation that tests/kernels/play.py plays in its place. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/json.h"
#include "kernel_fixture.h"
#include "notebook/kernel/kernel.h"
#include "os/file.h"

static const char *const names[] = {"deno", "java", "net-csharp", "rust", "tslab", "xcpp17"};

static json_t *conversation;

/* A program of the kernel's name, first on PATH, that plays the conversation with the arguments it gets. */
static void install_player(const char *program, const char *script)
{
    g_autofree char *bin = g_build_filename(fixture_folder, "bin", NULL), *path = g_build_filename(bin, program, NULL);
    g_autofree char *play = g_build_filename(g_getenv("CLX_SOURCE_ROOT"), "tests", "kernels", "play.py", NULL);
    g_autofree char *text = g_strdup_printf("#!/bin/sh\nexec /usr/bin/python3 '%s' '%s' \"$@\"\n", play, script);
    g_autofree char *search = g_strconcat(bin, ":", g_getenv("PATH"), NULL);
    ck_assert(file_write_atomic(path, text, strlen(text), NULL));
    ck_assert_int_eq(chmod(path, 0700), 0);
    g_setenv("PATH", search, TRUE);
}

static void install(const char *name)
{
    g_autofree char *file = g_strconcat(name, ".json", NULL);
    g_autofree char *script = g_build_filename(g_getenv("CLX_SOURCE_ROOT"), "tests", "kernels", file, NULL);
    g_autoptr(GBytes) bytes = file_read(script, 1 << 20, NULL);
    ck_assert_ptr_nonnull(bytes);
    conversation = json_parse(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), NULL);
    const json_t *spec = json_object_get(conversation, "kernelspec");
    g_autofree char *text = json_to_text(spec);
    fixture_write_spec(json_get_text(conversation, "kernel", ""), text);
    install_player(json_string_value(json_array_get(json_object_get(spec, "argv"), 0)), script);
}

static void tear_down(void)
{
    json_decref(conversation);
    fixture_remove_folder();
}

static void add_cells(struct notebook *notebook)
{
    size_t i;
    json_t *said;
    json_array_foreach(json_object_get(conversation, "cells"), i, said) fixture_add_cell(notebook, json_get_text(said, "code", ""), NULL);
}

/* What a reader sees of the first output of a cell. */
static const char *get_shown(const struct notebook *notebook, unsigned cell)
{
    const json_t *output = json_array_get(((struct cell *)notebook->cells->pdata[cell])->outputs, 0);
    return json_get_text(output, "text", json_get_text(json_object_get(output, "data"), "text/plain", ""));
}

START_TEST(kernel_by_its_kernelspec_shows_and_fails_as_it_says)
{
    install(names[_i]);
    struct notebook notebook = {.cells = fixture_make_cells()};
    struct kernel_options options = {.kernel = json_get_text(conversation, "kernel", ""),
                                     .runtime_dir = fixture_folder,
                                     .source_name = "topic/nb",
                                     .cell_timeout_s = (int)json_get_int(conversation, "timeout", 60)};
    const char *fails = json_get_text(conversation, "fails", "");
    g_autoptr(GError) error = NULL;
    add_cells(&notebook);
    ck_assert(!kernel_run(&notebook, &options, &error));
    ck_assert_msg(*fails != '\0' && g_str_has_prefix(error->message, fails), "%s", error->message);
    bool is_infrastructure = json_get_bool(conversation, "infrastructure", false);
    ck_assert_int_eq(error->code, is_infrastructure ? CLX_ERROR_INFRASTRUCTURE : CLX_ERROR_SOURCE);
    ck_assert_str_eq(get_shown(&notebook, 0), json_get_text(conversation, "shows", ""));
    g_ptr_array_unref(notebook.cells);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("conversations");
    TCase *played = tcase_create("played kernels");
    tcase_set_timeout(played, 240);
    tcase_add_checked_fixture(played, fixture_make_folder, tear_down);
    tcase_add_loop_test(played, kernel_by_its_kernelspec_shows_and_fails_as_it_says, 0, G_N_ELEMENTS(names));
    suite_add_tcase(suite, played);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
