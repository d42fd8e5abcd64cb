#include "notebook/languages.h"

#include <string.h>

static const struct {
    const char *name, *comment;
} script_languages[] = {
    {"python", "#"},
    {"coconut", "#"},
    {"R", "#"},
    {"julia", "#"},
    {"c++", "//"},
    {"c", "//"},
    {"scheme", ";;"},
    {"clojure", ";;"},
    {"bash", "#"},
    {"powershell", "#"},
    {"q", "/"},
    {"matlab", "%"},
    {"wolfram language", "(*"},
    {"idl", ";"},
    {"javascript", "//"},
    {"typescript", "//"},
    {"scala", "//"},
    {"rust", "//"},
    {"robotframework", "#"},
    {"csharp", "//"},
    {"fsharp", "//"},
    {"sos", "#"},
    {"java", "//"},
    {"groovy", "//"},
    {"sage", "#"},
    {"ocaml", "(*"},
    {"haskell", "--"},
    {"tcl", "#"},
    {"maxima", "/*"},
    {"gnuplot", "#"},
    {"stata", "//"},
    {"sas", "/*"},
    {"xonsh", "#"},
    {"lua", "--"},
    {"go", "//"},
    {"logtalk", "%"},
};

static const char *const magic_languages[] = {"sh",       "python2", "python3", "js",     "perl", "html",   "latex",
                                              "markdown", "pypy",    "ruby",    "script", "svg",  "octave", "spark",
                                              "sql",      "cython",  "c#",      "f#",     "cs",   "fs",     0};

static const char *const language_names[N_PROG_LANGS] = {
    [PROG_LANG_PYTHON] = "python", [PROG_LANG_CPP] = "c++",   [PROG_LANG_C] = "c",
    [PROG_LANG_CSHARP] = "csharp", [PROG_LANG_JAVA] = "java", [PROG_LANG_TYPESCRIPT] = "typescript",
    [PROG_LANG_RUST] = "rust",
};

/* kernelspec, language_info */
static const char *const kernel_texts[N_PROG_LANGS][2] = {
    [PROG_LANG_PYTHON] = {"{\"display_name\": \"Python 3 (ipykernel)\", \"language\": \"python\", \"name\": \"python3\"}",
                          "{\"codemirror_mode\": {\"name\": \"ipython\", \"version\": 3}, \"file_extension\": \".py\", \"mimetype\": "
                          "\"text/x-python\", \"name\": \"python\", \"nbconvert_exporter\": \"python\", \"pygments_lexer\": \"ipython3\"}"},
    [PROG_LANG_CPP] = {"{\"display_name\": \"C++20\", \"language\": \"cpp\", \"name\": \"xcpp20\"}",
                       "{\"codemirror_mode\": \"text/x-c++src\", \"file_extension\": \".cpp\", \"mimetype\": \"text/x-c++src\", "
                       "\"name\": \"C++\", \"version\": \"20\"}"},
    [PROG_LANG_C] = {"{\"display_name\": \"C\", \"language\": \"c\", \"name\": \"c\"}",
                     "{\"codemirror_mode\": \"text/x-csrc\", \"file_extension\": \".c\", \"mimetype\": \"text/x-csrc\", \"name\": \"c\", "
                     "\"pygments_lexer\": \"c\"}"},
    [PROG_LANG_CSHARP] = {"{\"display_name\": \".NET (C#)\", \"language\": \"C#\", \"name\": \".net-csharp\"}",
                          "{\"file_extension\": \".cs\", \"mimetype\": \"text/x-csharp\", \"name\": \"C#\", \"pygments_lexer\": "
                          "\"csharp\", \"version\": \"12.0\"}"},
    [PROG_LANG_JAVA] = {"{\"display_name\": \"Java\", \"language\": \"java\", \"name\": \"java\"}",
                        "{\"codemirror_mode\": \"java\", \"file_extension\": \".java\", \"mimetype\": \"text/java\", \"name\": \"Java\", "
                        "\"pygments_lexer\": \"java\", \"version\": \"\"}"},
    [PROG_LANG_TYPESCRIPT] = {"{\"display_name\": \"Deno\", \"language\": \"typescript\", \"name\": \"deno\"}",
                              "{\"codemirror_mode\": \"typescript\", \"file_extension\": \".ts\", \"mimetype\": \"text/x.typescript\", "
                              "\"name\": \"typescript\", \"pygments_lexer\": \"typescript\", \"version\": \"5.6.2\"}"},
    [PROG_LANG_RUST] = {"{\"display_name\": \"Rust\", \"language\": \"rust\", \"name\": \"rust\"}",
                        "{\"codemirror_mode\": \"rust\", \"file_extension\": \".rs\", \"mimetype\": \"text/rust\", \"name\": \"Rust\", "
                        "\"pygment_lexer\": \"rust\", \"version\": \"\"}"},
};

const char *language_of_prog_lang(enum prog_lang prog_lang)
{
    return language_names[prog_lang];
}

const char *language_comment(const char *language)
{
    for (gsize i = 0; language != 0 && i < G_N_ELEMENTS(script_languages); i++)
        if (strcmp(script_languages[i].name, language) == 0)
            return script_languages[i].comment;
    return 0;
}

bool language_is_magic(const char *name)
{
    return language_comment(name) != 0 || glossary_find(magic_languages, name) >= 0;
}

bool language_is_custom(const char *name, const char *list)
{
    g_auto(GStrv) names = g_strsplit(list, ",", -1);
    return g_strv_contains((const char *const *)names, name);
}

char *language_usual_name(const char *language)
{
    char *name = g_utf8_strdown(language, -1);
    const char *usual = name;
    if (strcmp(name, "r") == 0)
        usual = "R";
    else if (g_str_has_prefix(name, "c++"))
        usual = "c++";
    else if (strcmp(name, "octave") == 0)
        usual = "matlab";
    else if (strcmp(name, "cs") == 0 || strcmp(name, "c#") == 0)
        usual = "csharp";
    else if (strcmp(name, "fs") == 0 || strcmp(name, "f#") == 0)
        usual = "fsharp";
    if (usual == name)
        return name;
    g_free(name);
    return g_strdup(usual);
}

char *language_main(const json_t *metadata, enum prog_lang prog_lang)
{
    const char *language = json_get_text(json_object_get(metadata, "jupytext"), "main_language", 0);
    if (language == 0)
        language = json_get_text(json_object_get(metadata, "kernelspec"), "language", 0);
    if (language == 0 || *language == 0)
        return g_strdup(language_names[prog_lang]);
    if (strcmp(language, "R") == 0)
        return g_strdup(language);
    if (g_str_has_prefix(language, "C++"))
        return g_strdup("c++");
    g_autofree char *lower = g_utf8_strdown(language, -1);
    g_auto(GStrv) parts = g_strsplit(lower, "#", -1);
    return g_strjoinv("sharp", parts);
}

json_t *language_kernelspec(enum prog_lang prog_lang)
{
    return json_loads(kernel_texts[prog_lang][0], 0, 0);
}

json_t *language_info(enum prog_lang prog_lang)
{
    return json_loads(kernel_texts[prog_lang][1], 0, 0);
}
