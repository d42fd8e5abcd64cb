/* Notebook sources, kinds and outputs. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "notebook/languages.h"
#include "notebook/notebook.h"
#include "notebook/options.h"
#include "notebook/python_json.h"

static struct notebook *read_source(const char *text, const char *name)
{
    g_autoptr(diag_list) diags = diag_list_new();
    int prog_lang = prog_lang_of_suffix(name);
    struct notebook *notebook = notebook_read(text, name, prog_lang < 0 ? PROG_LANG_PYTHON : (enum prog_lang)prog_lang, 0, diags);
    ck_assert_ptr_nonnull(notebook);
    return notebook;
}

static const struct cell *cell_at(const struct notebook *notebook, guint i)
{
    ck_assert_uint_gt(notebook->cells->len, i);
    return g_ptr_array_index(notebook->cells, i);
}

static char *make(const char *source, const char *name, const char *language, enum kind kind, enum format format)
{
    g_autoptr(notebook) notebook = read_source(source, name);
    g_autoptr(notebook) derived = notebook_derive(notebook, language, kind, format);
    return format == FORMAT_CODE ? notebook_to_code(derived) : notebook_to_ipynb(derived);
}

static void check_code(const char *source, const char *name, enum kind kind, const char *expected)
{
    g_autofree char *code = make(source, name, "en", kind, FORMAT_CODE);
    ck_assert_str_eq(code, expected);
}

START_TEST(cells_have_type_title_metadata_and_line)
{
    g_autoptr(notebook) notebook = read_source("# %% A title tags=[\"keep\"] n=1.5\nx = 1\n\n# %% [markdown] lang=\"de\"\n# Text\n#\n"
                                               "# mehr\n\n# %% [raw]\n# raw\n",
                                               "a.py");
    ck_assert_uint_eq(notebook->cells->len, 3);
    ck_assert_int_eq(cell_at(notebook, 0)->type, CELL_CODE);
    ck_assert_str_eq(json_get_text(cell_at(notebook, 0)->metadata, "title", ""), "A title");
    ck_assert(cell_has_tag(cell_at(notebook, 0), "keep"));
    ck_assert_str_eq(cell_at(notebook, 1)->source, "Text\n\nmehr");
    ck_assert_int_eq(cell_at(notebook, 1)->line, 4);
    ck_assert_int_eq(cell_at(notebook, 2)->type, CELL_RAW);
    ck_assert_str_eq(cell_at(notebook, 0)->id, "d0c3c1e4ee1a15d1");
}
END_TEST

START_TEST(lines_map_to_the_source)
{
    g_autoptr(GArray) map = g_array_new(FALSE, FALSE, sizeof(guint));
    guint numbers[] = {10, 11, 25};
    g_array_append_vals(map, numbers, 3);
    g_autoptr(diag_list) diags = diag_list_new();
    g_autoptr(notebook) notebook = notebook_read("# %%\nx\n# %% tags=[\"wrong\"]\n", "a.py", PROG_LANG_PYTHON, map, diags);
    ck_assert_int_eq(cell_at(notebook, 1)->line, 25);
    ck_assert_uint_eq(diag_count(diags, DIAG_WARNING), 1);
    ck_assert_int_eq(((struct diag *)g_ptr_array_index(diags->items, 0))->line, 25);
}
END_TEST

START_TEST(two_slide_tags_are_warned_about)
{
    g_autoptr(diag_list) diags = diag_list_new();
    g_autoptr(notebook) notebook = notebook_read("# %% tags=[\"slide\", \"notes\"]\n", "a.py", PROG_LANG_PYTHON, 0, diags);
    ck_assert_uint_eq(diag_count(diags, DIAG_WARNING), 1);
}
END_TEST

START_TEST(options_are_read_in_every_spelling)
{
    static const struct {
        const char *options, *title, *metadata;
    } cases[] = {
        {"k=1 b=\"x y\"", "", "{\"b\":\"x y\",\"k\":1}"},
        {"A b c={\"d\": [1, {}]}", "A b", "{\"c\":{\"d\":[1,{}]}}"},
        {"T {\"tags\": [\"x\"]}", "T", "{\"tags\":[\"x\"]}"},
        {"k='it' l=(1, 'a') m=True n=None", "", "{\"k\":\"it\",\"l\":[1,\"a\"],\"m\":true,\"n\":null}"},
        {"k=", "", "{\"incorrectly_encoded_metadata\":\"k=\"}"},
        {"a=1 a", "", "{\"a\":1}"},
        {"a a=1", "a", "{\"a\":1}"},
        {"a=0x1F b=0o17 c=-0b11 d=1_000 e=007", "", "{\"incorrectly_encoded_metadata\":\"a=0x1F b=0o17 c=-0b11 d=1_000 e=007\"}"},
        {"a=0x1F b=0o17 c=-0b11 d=1_000", "", "{\"a\":31,\"b\":15,\"c\":-3,\"d\":1000}"},
        {"k=u'\\101\\x42' n=-.5e-0", "", "{\"k\":\"AB\",\"n\":-0.5}"},
        {"k=[1,] # why", "", "{\"k\":[1],\"why\":null}"},
        {"a.b-c={'d': r'\\n'}", "", "{\"a.b-c\":{\"d\":\"\\\\n\"}}"},
        {"", "", "{}"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *title = 0;
        g_autoptr(json_t) metadata = options_parse(cases[i].options, &title);
        char *text = json_dumps(metadata, JSON_SORT_KEYS | JSON_COMPACT);
        ck_assert_str_eq(title, cases[i].title);
        ck_assert_str_eq(text, cases[i].metadata);
        free(text);
    }
}
END_TEST

START_TEST(numbers_are_written_as_python_does)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {{1.5, "1.5"},
                 {1, "1.0"},
                 {0.1, "0.1"},
                 {-0.0, "-0.0"},
                 {1e16, "1e+16"},
                 {123456789012345680.0, "1.2345678901234568e+17"},
                 {1e15, "1000000000000000.0"},
                 {0.0001, "0.0001"},
                 {0.00001, "1e-05"},
                 {5e-324, "5e-324"}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GString) text = g_string_new(0);
        python_json_append_real(text, cases[i].value);
        ck_assert_str_eq(text->str, cases[i].text);
    }
}
END_TEST

START_TEST(strings_are_escaped_as_python_does)
{
    g_autoptr(GString) text = g_string_new(0);
    python_json_append_string(text, "\"\\\n\t\x01\x7fä😀", strlen("\"\\\n\t\x01\x7fä😀"), false);
    ck_assert_str_eq(text->str, "\"\\\"\\\\\\n\\t\\u0001\x7fä😀\"");
    g_string_truncate(text, 0);
    python_json_append_string(text, "ä😀", strlen("ä😀"), true);
    ck_assert_str_eq(text->str, "\"\\u00e4\\ud83d\\ude00\"");
}
END_TEST

START_TEST(magics_come_and_go)
{
    g_autoptr(notebook) notebook = read_source("# %%\n# %time x\n!ls\nls = 3\nmath.sqrt?\n", "a.py");
    ck_assert_str_eq(cell_at(notebook, 0)->source, "%time x\n!ls\nls = 3\nmath.sqrt?");
    check_code("# %%\n# %time x\n!ls\nls = 3\nmath.sqrt?\n", "a.py", KIND_SPEAKER, "# %%\n# %time x\n# !ls\nls = 3\n# math.sqrt?\n");
    ck_assert(magic_is_line("// :dep x", "rust"));
    ck_assert(!magic_is_line("%time", "rust"));
    ck_assert(magic_is_line("#!time", "csharp"));
}
END_TEST

START_TEST(other_languages_are_commented_out)
{
    check_code("# %%\n%%bash\nls\n", "a.py", KIND_SPEAKER, "# %% language=\"bash\"\n# ls\n");
    g_autoptr(notebook) notebook = read_source("# %% language=\"R\" magic_args=\"-i x\"\n# plot(x)\n", "a.py");
    ck_assert_str_eq(cell_at(notebook, 0)->source, "%%R -i x\nplot(x)");
}
END_TEST

START_TEST(blank_lines_are_kept)
{
    const char *source = "# %%\ndef f():\n    return 1\n\n\n# %%\nf()\n# %%\nx = 1\n\n\n# %% [markdown]\n# a\n";
    check_code(source, "a.py", KIND_SPEAKER, source);
}
END_TEST

START_TEST(windows_line_ends_vanish)
{
    check_code("# %%\r\nx = 1\r\n\r\n# %% [markdown]\r\n# a", "a.py", KIND_SPEAKER, "# %%\nx = 1\n\n# %% [markdown]\n# a\n");
}
END_TEST

START_TEST(headers_become_metadata_and_a_raw_cell)
{
    const char *source = "# ---\n# title: T\n# jupyter:\n#   kernelspec:\n#     language: python\n#   mine: yes\n# ---\n\n# %%\nx = 1\n";
    g_autoptr(notebook) notebook = read_source(source, "a.py");
    ck_assert_str_eq(cell_at(notebook, 0)->source, "---\ntitle: T\n---");
    ck_assert(json_is_true(json_object_get(notebook->metadata, "mine")));
    check_code(source, "a.py", KIND_SPEAKER, "# ---\n# title: T\n# ---\n\n# %%\nx = 1\n");
}
END_TEST

START_TEST(broken_sources_are_diagnosed)
{
    static const char *const texts[][2] = {{"# ---\n# jupyter:\n#   a: [\n# ---\n", "a.py"},
                                           {"\xff\xfe", "a.py"},
                                           {"{\"cells\": 1}", "a.ipynb"},
                                           {"{\"cells\": [{\"cell_type\": \"no\", \"source\": \"\"}]}", "a.ipynb"},
                                           {"# coding: latin-1\n", "a.py"}};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(diag_list) diags = diag_list_new();
        ck_assert_ptr_null(notebook_read(texts[i][0], texts[i][1], PROG_LANG_PYTHON, 0, diags));
        ck_assert(diag_has_errors(diags));
    }
}
END_TEST

START_TEST(plain_scalars_of_headers_are_those_of_pyyaml)
{
    static const struct {
        const char *text, *json;
    } cases[] = {{"12", "12"},         {"-0x1f", "-31"},       {"010", "8"},       {"0b11", "3"},
                 {"1_0", "10"},        {"1.5", "1.5"},         {".5", "0.5"},      {"1.", "1.0"},
                 {"1.5e+3", "1500.0"}, {"1.5e3", "\"1.5e3\""}, {"1e3", "\"1e3\""}, {"3.8.10", "\"3.8.10\""},
                 {"on", "true"},       {"oN", "\"oN\""},       {"NO", "false"},    {"~", "null"},
                 {"08", "\"08\""},     {"'1'", "\"1\""},       {"-", "\"-\""}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases) - 1; i++) {
        g_autofree char *source = g_strdup_printf("# ---\n# jupyter:\n#   x: %s\n# ---\n", cases[i].text);
        g_autoptr(notebook) notebook = read_source(source, "a.py");
        g_autofree char *found = json_to_text(json_object_get(notebook->metadata, "x"));
        ck_assert_str_eq(found, cases[i].json);
    }
}
END_TEST

START_TEST(headers_say_how_code_files_are_written)
{
    check_code("# ---\n# jupyter:\n#   jupytext:\n#     cell_markers: '\"\"\"'\n# ---\n\n# %% [markdown]\n# a\n", "a.py", KIND_SPEAKER,
               "# %% [markdown]\n\"\"\"\na\n\"\"\"\n");
    check_code("# ---\n# jupyter:\n#   jupytext:\n#     comment_magics: false\n# ---\n\n# %%\n%a\n%b # escape\n", "a.py", KIND_SPEAKER,
               "# %%\n%a\n# %b # escape\n");
    check_code("# ---\n# jupyter:\n#   jupytext:\n#     custom_cell_magics: mine\n# ---\n\n# %%\n%%mine x\ny\n", "a.py", KIND_SPEAKER,
               "# %% magic_args=\"x\" language=\"mine\"\n# y\n");
    check_code("# %% {\"a\": 1}\n%%bash -e\nls\n", "a.py", KIND_SPEAKER, "# %% {\"magic_args\": \"-e\", \"language\": \"bash\"}\n# ls\n");
    check_code("# ---   \n# a: 1\n# ---\t\n\n# %%\n1\n", "a.py", KIND_SPEAKER, "# ---\n# a: 1\n# ---\n\n# %%\n1\n");
}
END_TEST

START_TEST(quoted_text_keeps_its_quotes)
{
    const char *source = "# %% [markdown]\n\"\"\"\n# %% not a cell\ntext\n\"\"\"\n";
    check_code(source, "a.py", KIND_SPEAKER, source);
}
END_TEST

/* The diagnostics of a source, one to a line. */
static void check_diags(const char *text, const char *name, const char *expected)
{
    g_autoptr(diag_list) diags = diag_list_new();
    g_autoptr(notebook) notebook = notebook_read(text, name, PROG_LANG_PYTHON, 0, diags);
    g_autoptr(GString) found = g_string_new(0);
    for (guint i = 0; i < diags->items->len; i++) {
        const struct diag *diag = g_ptr_array_index(diags->items, i);
        ck_assert_str_eq(diag->file, name);
        g_string_append_printf(found, "%d:%d: %s: %s\n", diag->line, diag->col, diag->severity == DIAG_ERROR ? "error" : "warning",
                               diag->message);
    }
    ck_assert_str_eq(found->str, expected);
}

START_TEST(broken_markers_are_told_with_their_place)
{
    check_diags("x\n# %% tags=[\"a\"\n# %% [markdown] {\"a\": 1\n", "a.py",
                "2:6: error: the cell's metadata cannot be read: tags=[\"a\"\n"
                "3:17: error: the cell's metadata cannot be read: {\"a\": 1\n");
    check_diags("# %% cell_type=\"kode\"\n", "a.py", "1:6: error: unknown cell type 'kode'\n");
    check_diags("# %% A {x}\n", "a.py", "1:8: warning: this is neither title nor metadata: {x}\n");
    check_diags("# %% {tags: [\"a\"]}\n", "a.py", "1:6: error: the cell's metadata cannot be read: {tags: [\"a\"]}\n");
    check_diags("# %% x = y + z\n", "a.py", "1:6: warning: this is neither title nor metadata: x = y +\n");
    check_diags("# %% [mardown] A\n", "a.py", "1:6: warning: unknown cell type '[mardown]' is taken for the cell's title\n");
    check_diags("# %% [code] A\n# %% [1] B\n# %% [Extra] C\n", "a.py", "");
    check_diags("```python tags=[\nx\n```\n", "a.md", "1:11: error: the cell's metadata cannot be read: tags=[\n");
}
END_TEST

START_TEST(broken_files_are_told_with_their_place)
{
    check_diags("# %%\n# \xc3\xa4\xc3\xa4\xff\n", "a.py", "2:5: error: the source is not UTF-8 text (byte 0xff)\n");
    check_diags("{\"cells\": [\n{\"cell_type\": }", "a.ipynb", "2:15: error: the notebook cannot be read: unexpected token near '}'\n");
    check_diags("{\"nbformat\": 3}", "a.ipynb", "1:1: error: the notebook has format 3\n");
    check_diags("{\"metadata\": {\"cells\": [{}, \"]\"]}, \"cells\": [\n  {\"cell_type\": \"code\", \"source\": \"a\\\"}\"},\n"
                "  {\"cell_type\": \"kode\", \"source\": []},\n {\"cell_type\": \"raw\"}]}",
                "a.ipynb", "3:3: error: cell 2 has an unknown cell type: kode\n4:2: error: cell 3 has no source: raw\n");
    check_diags("# ---\n# title: T\n# jupyter:\n#   kernelspec: {a: [\n# ---\n", "a.py",
                "4:3: error: the YAML header cannot be read: flow sequence without a closing bracket\n");
}
END_TEST

START_TEST(cells_of_notebook_files_know_their_lines)
{
    g_autoptr(notebook) notebook =
        read_source("{\n \"cells\": [\n  {\n   \"cell_type\": \"code\",\n   \"source\": [\n    \"a\\n\",\n    \"b\"\n   ]\n"
                    "  },\n  {\n   \"source\": \"c\",\n   \"cell_type\": \"raw\"\n  }\n ]\n}\n",
                    "a.ipynb");
    ck_assert_int_eq(cell_at(notebook, 0)->line, 3);
    ck_assert_int_eq(cell_at(notebook, 0)->text_line, 6);
    ck_assert_int_eq(cell_at(notebook, 1)->line, 10);
    ck_assert_int_eq(cell_at(notebook, 1)->text_line, 11);
}
END_TEST

START_TEST(attachments_stay_with_their_text)
{
    const char *source =
        "{\"cells\": [{\"cell_type\": \"markdown\", \"source\": \"![](attachment:a.png)\", \"metadata\": {\"tags\": [\"answer\"]}, "
        "\"attachments\": {\"a.png\": {\"image/png\": \"SECRET\"}}}]}";
    g_autofree char *along = make(source, "a.ipynb", "en", KIND_CODE_ALONG, FORMAT_NOTEBOOK);
    g_autofree char *completed = make(source, "a.ipynb", "en", KIND_COMPLETED, FORMAT_NOTEBOOK);
    ck_assert_ptr_null(strstr(along, "SECRET"));
    ck_assert_ptr_nonnull(strstr(completed, "   \"attachments\": {\n    \"a.png\": {\n     \"image/png\": \"SECRET\"\n"));
}
END_TEST

START_TEST(a_byte_order_mark_is_no_text)
{
    check_code("\xef\xbb\xbf# %%\nx = 1\n", "a.py", KIND_SPEAKER, "# %%\nx = 1\n");
}
END_TEST

static const char leaky[] = "// %% tags=[\"del\"]\nLEAK1\n// %%\nSOLVE2\n// %% tags=[\"notes\"]\nSOLVE3\n// %% tags=[\"alt\"]\nSOLVE4\n"
                            "// %% [markdown] tags=[\"answer\"]\n// SOLVE5\n// %% tags=[\"keep\"]\nint x;\n// ### BEGIN SOLUTION\nSOLVE6\n"
                            "// ### END SOLUTION\nint y;\n// %% [markdown] tags=[\"notes\"]\n// SOLVE7\n// %% lang=\"de\"\nLEAK8\n"
                            "// %% tags=[\"keep\"]\n// ### BEGIN SOLUTION\nSOLVE9\n// %% [markdown] tags=[\"alt\"]\n// SOLVE10\n";

START_TEST(nothing_leaks)
{
    static const char *const names[] = {"a.cpp", "a.c", "a.cs", "a.java", "a.ts", "a.rs"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        for (enum format format = FORMAT_NOTEBOOK; format <= FORMAT_CODE; format++)
            for (enum kind kind = 0; kind < N_KINDS; kind++) {
                g_autofree char *text = make(leaky, names[i], "en", kind, format);
                ck_assert_ptr_null(strstr(text, "LEAK"));
                ck_assert(kind == KIND_CODE_ALONG ? strstr(text, "SOLVE") == 0 : strstr(text, "SOLVE2") != 0);
            }
}
END_TEST

START_TEST(outputs_never_reach_code_along)
{
    g_autoptr(notebook) notebook = read_source("# %% tags=[\"keep\"]\nx = 1\n", "a.py");
    struct cell *cell = g_ptr_array_index(notebook->cells, 0);
    cell->outputs = json_pack("[{s:s}]", "text", "SECRET");
    g_autoptr(notebook) along = notebook_derive(notebook, "en", KIND_CODE_ALONG, FORMAT_HTML);
    g_autoptr(notebook) speaker = notebook_derive(notebook, "en", KIND_SPEAKER, FORMAT_HTML);
    ck_assert_ptr_null(cell_at(along, 0)->outputs);
    ck_assert_ptr_nonnull(cell_at(speaker, 0)->outputs);
}
END_TEST

START_TEST(kinds_label_and_wrap)
{
    const char *source =
        "# %% [markdown] tags=[\"answer\"]\n# 42\n\n# %% [markdown] tags=[\"notes\"]\n# N\n\n# %% tags=[\"start\"]\ns = 1\n";
    check_code(source, "a.py", KIND_CODE_ALONG, "# %% [markdown]\n# *Answer:* \n\n# %%\ns = 1\n");
    check_code(source, "a.py", KIND_COMPLETED, "# %% [markdown]\n# *Answer:* 42\n");
    check_code(source, "a.py", KIND_SPEAKER,
               "# %% [markdown]\n# *Answer:* 42\n\n# %% [markdown]\n# <div style='background: yellow; color: black;'>\n# N\n# </div>\n");
    g_autofree char *german = make(source, "a.py", "de", KIND_CODE_ALONG, FORMAT_CODE);
    ck_assert_ptr_nonnull(strstr(german, "# *Antwort:* \n"));
}
END_TEST

START_TEST(equal_cells_have_their_own_ids)
{
    g_autoptr(notebook) notebook = read_source("# %%\n# %%\n# %%\n", "a.py");
    ck_assert_str_eq(cell_at(notebook, 0)->id, "6b4e03423667dbb7");
    ck_assert_str_eq(cell_at(notebook, 1)->id, "e0b614ebb4b5f1f3");
    ck_assert_str_eq(cell_at(notebook, 2)->id, "e293e52dd43f5121");
}
END_TEST

START_TEST(notebooks_are_read_back)
{
    const char *source = "# %% tags=[\"keep\"] n=1.5\nx = \"ä\\n\"\n\n# %% [markdown]\n# a\n#\n# b\n";
    g_autofree char *first = make(source, "a.py", "en", KIND_SPEAKER, FORMAT_NOTEBOOK);
    g_autofree char *second = make(first, "a.ipynb", "en", KIND_SPEAKER, FORMAT_NOTEBOOK);
    ck_assert_str_eq(first, second);
}
END_TEST

START_TEST(numbers_that_json_lacks_come_back_as_python_writes_them)
{
    const char *source =
        "{\"cells\": [{\"cell_type\": \"code\", \"source\": \"a = 'NaN'\", \"metadata\": {\"a\": NaN, \"b\": [-Infinity, 1e999, -1e999], "
        "\"c\": 123456789012345678901234567890, \"d\": {\"e\": -9223372036854775809, \"f\": \"say \\\"NaN\\\" 1e999\"}, "
        "\"g\": -9223372036854775808}}], \"metadata\": {\"x\": Infinity}}";
    g_autofree char *first = make(source, "a.ipynb", "en", KIND_SPEAKER, FORMAT_NOTEBOOK);
    g_autofree char *second = make(first, "a.ipynb", "en", KIND_SPEAKER, FORMAT_NOTEBOOK);
    ck_assert_ptr_nonnull(strstr(first, "    \"a\": NaN,\n    \"b\": [\n     -Infinity,\n     Infinity,\n     -Infinity\n    ],\n"
                                        "    \"c\": 123456789012345678901234567890,\n    \"d\": {\n     \"e\": -9223372036854775809,\n"
                                        "     \"f\": \"say \\\"NaN\\\" 1e999\"\n    },\n    \"g\": -9223372036854775808\n"));
    ck_assert_ptr_nonnull(strstr(first, "\"x\": Infinity\n"));
    ck_assert_ptr_nonnull(strstr(first, "\"a = 'NaN'\"\n"));
    ck_assert_str_eq(first, second);
}
END_TEST

START_TEST(words_that_only_look_like_numbers_are_mistakes)
{
    check_diags("{\"cells\": [NaNa]}", "a.ipynb", "1:15: error: the notebook cannot be read: invalid token near 'NaNa'\n");
    check_diags("{\"cells\": [012345678901234567890123]}", "a.ipynb", "1:12: error: the notebook cannot be read: invalid token near '0'\n");
    check_diags("{\"cells\": [NaN]\n, x}", "a.ipynb", "2:3: error: the notebook cannot be read: string or '}' expected near 'x'\n");
}
END_TEST

START_TEST(markdown_sources_have_code_cells)
{
    g_autoptr(notebook) notebook = read_source("# Title\n\ntext\n\n\nmore\n\n```python tags=[\"keep\"]\nx = 1\n```\n\n```bash\nls\n```\n\n"
                                               "<!-- #region lang=\"de\" -->\nDeutsch\n\n\nweiter\n<!-- #endregion -->\n",
                                               "a.md");
    ck_assert_uint_eq(notebook->cells->len, 5);
    ck_assert_str_eq(cell_at(notebook, 0)->source, "# Title\n\ntext");
    ck_assert_str_eq(cell_at(notebook, 1)->source, "more");
    ck_assert_str_eq(cell_at(notebook, 2)->source, "x = 1");
    ck_assert(cell_has_tag(cell_at(notebook, 2), "keep"));
    ck_assert_str_eq(cell_at(notebook, 3)->source, "%%bash\nls");
    ck_assert_str_eq(cell_at(notebook, 4)->source, "Deutsch\n\n\nweiter");
    ck_assert_str_eq(json_get_text(cell_at(notebook, 4)->metadata, "lang", ""), "de");
}
END_TEST

/* The cells of a Markdown source: c, m or r for their type, their text, "|" between them. */
static void check_markdown(const char *source, const char *expected)
{
    g_autoptr(notebook) notebook = read_source(source, "a.md");
    g_autoptr(GString) found = g_string_new(0);
    for (guint i = 0; i < notebook->cells->len; i++) {
        const struct cell *cell = cell_at(notebook, i);
        g_string_append_printf(found, "%s%c:%s", i > 0 ? "|" : "", "cmr"[cell->type], cell -> source);
    }
    ck_assert_str_eq(found->str, expected);
}

START_TEST(markdown_blocks_end_where_they_should)
{
    check_markdown("```python\nx = \"\"\"\n```\n\"\"\"\n```\n\ntext\n", "c:x = \"\"\"\n```\n\"\"\"|m:text");
    check_markdown("````python\n```\n````\n", "c:```");
    check_markdown("```python .noeval\nx\n```\n\ntext\n", "m:```python .noeval\nx\n```|m:text");
    check_markdown("text\n```python .noeval\n\n\nx\n```\nmore\n", "m:text\n```python .noeval\n\n\nx\n```\nmore");
    check_markdown("a\n```\n\n\nb\n```\n\n\nc\n", "m:a\n```\n\n\nb\n```|m:c");
    check_markdown("a\n\n    code\n\n\n    code\n\n\nb\n", "m:a\n\n    code\n\n\n    code\n\n\nb");
    check_markdown("<!-- #raw -->\nr\n<!-- #endraw -->\n<!-- #md -->\na\n\n\nb\n<!-- #endmd -->\n", "r:r|m:a\n\n\nb");
    check_markdown("---\njupyter:\n  jupytext:\n    split_at_heading: true\n---\n\na\n\n# b\n\nc\n", "m:a|m:# b\n\nc");
    check_markdown("<!--\n\n---\ntitle: T\njupyter:\n  a: 1\n---\n\n-->\n\ntext\n", "r:---\ntitle: T\n---|m:text");
}
END_TEST

START_TEST(most_cells_say_the_language_of_a_markdown_source)
{
    check_markdown("```rust\na\n```\n\n```bash\nls\n```\n\n```rust\nb\n```\n", "c:a|c:%%bash\nls|c:b");
    check_markdown("```cs\na\n```\n", "c:a");
    check_markdown("```R\na\n```\n\n```python\nb\n```\n", "c:%%R\na|c:b");
}
END_TEST

static void check_title(const char *text, const char *comment, const char *german, const char *english)
{
    g_autofree char *de = notebook_find_title(text, comment, "de"), *en = notebook_find_title(text, comment, "en");
    ck_assert(g_strcmp0(de, german) == 0);
    ck_assert(g_strcmp0(en, english) == 0);
}

START_TEST(titles_are_found)
{
    check_title("# j2 x\n# {{ header(\"Listen\", 'It \"is\"') }}\n", "#", "Listen", "It \"is\"");
    check_title("// {{header('A',\n//          \"B\")}}\n", "//", "A", "B");
    check_title("# {{ header({\"de\": \"A\", \"en\": \"B\"}) }}", "#", "A", "B");
    check_title("# {{ headers(1) }}\n", "#", 0, 0);
    check_title("x = 1\n", "#", 0, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("notebook");
    TCase *tests = tcase_create("notebook");
    const TTest *all[] = {cells_have_type_title_metadata_and_line,
                          lines_map_to_the_source,
                          two_slide_tags_are_warned_about,
                          options_are_read_in_every_spelling,
                          numbers_are_written_as_python_does,
                          strings_are_escaped_as_python_does,
                          magics_come_and_go,
                          other_languages_are_commented_out,
                          blank_lines_are_kept,
                          windows_line_ends_vanish,
                          headers_become_metadata_and_a_raw_cell,
                          broken_sources_are_diagnosed,
                          quoted_text_keeps_its_quotes,
                          nothing_leaks,
                          outputs_never_reach_code_along,
                          kinds_label_and_wrap,
                          equal_cells_have_their_own_ids,
                          notebooks_are_read_back,
                          numbers_that_json_lacks_come_back_as_python_writes_them,
                          words_that_only_look_like_numbers_are_mistakes,
                          markdown_sources_have_code_cells,
                          markdown_blocks_end_where_they_should,
                          most_cells_say_the_language_of_a_markdown_source,
                          broken_markers_are_told_with_their_place,
                          broken_files_are_told_with_their_place,
                          cells_of_notebook_files_know_their_lines,
                          attachments_stay_with_their_text,
                          a_byte_order_mark_is_no_text,
                          plain_scalars_of_headers_are_those_of_pyyaml,
                          headers_say_how_code_files_are_written,
                          titles_are_found};
    for (gsize i = 0; i < G_N_ELEMENTS(all); i++)
        tcase_add_test(tests, all[i]);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
