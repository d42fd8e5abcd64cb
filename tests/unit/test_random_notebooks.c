/* Properties that hold for every notebook, tried on random ones (seeded, so that a failure comes again): forms can be read back, and no kind
 * shows what it drops or empties. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "notebook/html.h"
#include "notebook/notebook.h"

enum { N_ROUNDS = 400, MAX_CELLS = 12, MAX_LINES = 6 };

static const char *const suffixes[] = {"a.py", "a.cpp", "a.cs", "a.java", "a.ts", "a.rs", "a.c"};

static struct notebook *read_text(const char *text, const char *name, enum prog_lang prog_lang)
{
    g_autoptr(diag_list) diags = diag_list_new();
    struct notebook *notebook = notebook_read(text, name, prog_lang, NULL, diags);
    ck_assert_msg(notebook != NULL, "%s", text);
    return notebook;
}

static const char *pick(GRand *random, const char *const *from, int n)
{
    return from[g_rand_int_range(random, 0, n)];
}

#define PICK(random, table) pick(random, table, G_N_ELEMENTS(table))

/* Lines that are hard to tell from the format's own marks. */
static char *make_source(GRand *random, enum cell_type type)
{
    static const char *const code[] = {"x = 1", "    y(2);", "return x", "",       "s = \"%% no cell\"",
                                       "a % b", "if (x) {",  "}",        "z += 1", "üß = 'é'"};
    static const char *const text[] = {"# Heading", "Some *text*",  "",       "- item", "$a^2$", "| a | b |",
                                       "<b>x</b>",  "    indented", "ä ö ü 😀"};
    g_autoptr(GString) source = g_string_new(NULL);
    int n = g_rand_int_range(random, 1, MAX_LINES);
    for (int i = 0; i < n; i++) {
        bool is_edge = i == 0 || i + 1 == n; /* blank lines at the edges belong between the cells */
        const char *line;
        do
            line = type == CELL_CODE ? PICK(random, code) : PICK(random, text);
        while (is_edge && *line == '\0');
        g_string_append_printf(source, "%s%s", i > 0 ? "\n" : "", line);
    }
    return g_string_free(g_steal_pointer(&source), FALSE);
}

static struct notebook *make_notebook(GRand *random, enum prog_lang prog_lang)
{
    struct notebook *notebook = notebook_new(prog_lang);
    int n = g_rand_int_range(random, 1, MAX_CELLS);
    for (int i = 0; i < n; i++) {
        enum cell_type type = (enum cell_type)g_rand_int_range(random, CELL_CODE, CELL_RAW + 1);
        g_autofree char *source = make_source(random, type);
        g_ptr_array_add(notebook->cells, cell_new(type, source, 1));
    }
    return notebook;
}

static void check_same_cells(const struct notebook *a, const struct notebook *b, const char *text)
{
    ck_assert_msg(a->cells->len == b->cells->len, "%u and %u cells:\n%s", a->cells->len, b->cells->len, text);
    for (guint i = 0; i < a->cells->len; i++) {
        const struct cell *x = a->cells->pdata[i], *y = b->cells->pdata[i];
        ck_assert_msg(x->type == y->type && strcmp(x->source, y->source) == 0, "cell %u differs: '%s' and '%s':\n%s", i + 1, x->source,
                      y->source, text);
    }
}

START_TEST(notebooks_survive_the_way_through_percent)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(20240601);
    for (int round = 0; round < N_ROUNDS; round++) {
        const char *name = PICK(random, suffixes);
        g_autoptr(notebook) made = make_notebook(random, (enum prog_lang)prog_lang_of_suffix(name));
        g_autofree char *ipynb = notebook_to_ipynb(made);
        g_autoptr(notebook) first = read_text(ipynb, "a.ipynb", made->prog_lang);
        check_same_cells(made, first, ipynb);
        g_autofree char *code = notebook_to_code(first);
        g_autoptr(notebook) second = read_text(code, name, made->prog_lang);
        check_same_cells(first, second, code);
    }
}
END_TEST

START_TEST(percent_survives_the_way_through_notebooks)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(7);
    for (int round = 0; round < N_ROUNDS; round++) {
        const char *name = PICK(random, suffixes);
        g_autoptr(notebook) made = make_notebook(random, (enum prog_lang)prog_lang_of_suffix(name));
        g_autofree char *code = notebook_to_code(made);
        g_autoptr(notebook) first = read_text(code, name, made->prog_lang);
        g_autofree char *ipynb = notebook_to_ipynb(first);
        g_autoptr(notebook) second = read_text(ipynb, "a.ipynb", made->prog_lang);
        g_autofree char *again = notebook_to_code(second), *ipynb_again = notebook_to_ipynb(second);
        ck_assert_str_eq(code, again);
        ck_assert_str_eq(ipynb, ipynb_again);
    }
}
END_TEST

/* ---- leaks ---- */

static const char *const tags[] = {"slide", "subslide", "notes",  "private",   "alt",     "del",
                                   "keep",  "start",    "answer", "completed", "workshop"};

/* A cell that can be found in every output by its number. */
static void add_secret(GRand *random, struct notebook *notebook, int number)
{
    enum cell_type type = g_rand_int_range(random, 0, 3) > 0 ? CELL_CODE : CELL_MARKDOWN;
    g_autofree char *source =
        g_strdup_printf("secret%dx\n### BEGIN SOLUTION\nsolution%dx\n### END SOLUTION\nrest%dx", number, number, number);
    struct cell *cell = cell_new(type, source, 1);
    json_t *own = json_array();
    for (int n = g_rand_int_range(random, 0, 3); n > 0; n--)
        json_array_append_new(own, json_string(PICK(random, tags)));
    json_object_set_new(cell->metadata, "tags", own);
    if (g_rand_boolean(random))
        json_object_set_new(cell->metadata, "lang", json_string(g_rand_boolean(random) ? "de" : "en"));
    cell->outputs = json_pack("[{s:s, s:s, s:s}]", "output_type", "stream", "name", "stdout", "text", source);
    cell->execution_count = number;
    g_ptr_array_add(notebook->cells, cell);
}

/* The table of notebooks.md, section 4, written down once more: what of a cell may be seen. */
static bool may_show(const struct cell *cell, enum kind kind, const char *language, bool of_solution)
{
    const char *own = json_get_text(cell->metadata, "lang", language);
    bool code_along = kind == KIND_CODE_ALONG, code = cell->type == CELL_CODE;
    if (strcmp(own, language) != 0 || cell_has_tag(cell, "del"))
        return false;
    if (cell_has_tag(cell, "notes") && kind != KIND_SPEAKER)
        return false;
    if (cell_has_tag(cell, "start") && !code_along)
        return false;
    if (!code_along)
        return true;
    if (cell_has_tag(cell, "alt") || (code && of_solution) || (!code && cell_has_tag(cell, "answer")))
        return false;
    return !code || cell_has_tag(cell, "keep") || cell_has_tag(cell, "start");
}

static void check_cell(const struct cell *cell, const char *output, int number, enum kind kind, const char *language)
{
    static const char *const words[] = {"secret", "solution", "rest"};
    for (int i = 0; i < 3; i++) {
        g_autofree char *word = g_strdup_printf("%s%dx", words[i], number);
        bool is_there = strstr(output, word) != NULL, may = may_show(cell, kind, language, i == 1);
        ck_assert_msg(may || !is_there, "%s leaks into %s (%s):\n%s", word, kind_names[kind], language, output);
        ck_assert_msg(!may || is_there, "%s is missing in %s (%s):\n%s", word, kind_names[kind], language, output);
    }
}

static void check_outputs(const struct notebook *notebook, enum kind kind, const char *language)
{
    for (int format = 0; format < N_FORMATS; format++) {
        struct html_options options = {.title = "t", .language = language, .kind = kind};
        g_autoptr(notebook) derived = notebook_derive(notebook, language, kind, (enum format)format);
        g_autofree char *output = format == FORMAT_HTML       ? html_render(derived, &options)
                                  : format == FORMAT_NOTEBOOK ? notebook_to_ipynb(derived)
                                                              : notebook_to_code(derived);
        for (guint i = 0; i < notebook->cells->len; i++)
            check_cell(notebook->cells->pdata[i], output, (int)i + 1, kind, language);
    }
}

START_TEST(no_kind_shows_what_it_drops_or_empties)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(99);
    for (int round = 0; round < 60; round++) {
        g_autoptr(notebook) notebook = notebook_new(PROG_LANG_PYTHON);
        int n = g_rand_int_range(random, 1, MAX_CELLS);
        for (int i = 1; i <= n; i++)
            add_secret(random, notebook, i);
        for (enum kind kind = 0; kind < N_KINDS; kind++) {
            check_outputs(notebook, kind, "de");
            check_outputs(notebook, kind, "en");
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("random notebooks");
    TCase *tests = tcase_create("properties");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, notebooks_survive_the_way_through_percent);
    tcase_add_test(tests, percent_survives_the_way_through_notebooks);
    tcase_add_test(tests, no_kind_shows_what_it_drops_or_empties);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
