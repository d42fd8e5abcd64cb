#include "notebook/kernel/failure.h"

#include <stdlib.h>
#include <string.h>

#define N_LINES_SHOWN 3
#define MAX_LINE_LENGTH 120
#define MAX_EVALUE_LENGTH 2000

static char *strip_ansi(const char *text)
{
    g_autoptr(GRegex) regex = g_regex_new("\x1b\\[[0-9;?]*[A-Za-z]", G_REGEX_DEFAULT, 0, NULL);
    char *plain = g_regex_replace_literal(regex, text, -1, 0, "", 0, NULL);
    return plain != NULL ? plain : g_strdup(text);
}

static char *join_traceback(const json_t *failure)
{
    GString *all = g_string_new(NULL);
    size_t i;
    json_t *line;
    json_array_foreach(json_object_get(failure, "traceback"), i, line) if (json_is_string(line))
        g_string_append_printf(all, "%s\n", json_string_value(line));
    g_autofree char *raw = g_string_free(all, FALSE);
    return strip_ansi(raw);
}

static int count_lines(const char *text)
{
    int n = 1;
    for (; *text != '\0'; text++)
        n += *text == '\n';
    return n;
}

/* The line of the cell that the innermost frame inside it names, or 0. IPython's forms through the years: "Cell In[3], line 2",
 * "Cell In [3], line 2", "Input In [3], in <cell line: 2>()", "<ipython-input-3-hash> in ...\n----> 2". */
static int find_line(const struct cell *cell, const char *traceback)
{
    g_autofree char *pattern = g_strdup_printf(
        "In ?\\[%d\\](?:, line |, in <cell line: )(\\d{1,6})|<ipython-input-%d-[^\\n]*\\n(?:[^\\n]*\\n){0,4}?-+> (\\d{1,6})",
        cell->execution_count, cell->execution_count);
    g_autoptr(GRegex) regex = g_regex_new(pattern, G_REGEX_DEFAULT, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    int line = 0, n_lines = count_lines(cell->source);
    if (regex == NULL)
        return 0;
    g_regex_match(regex, traceback, 0, &match);
    for (; g_match_info_matches(match); g_match_info_next(match, NULL)) {
        g_autofree char *first = g_match_info_fetch(match, 1);
        g_autofree char *second = g_match_info_fetch(match, 2);
        int found = atoi(first != NULL && *first != '\0' ? first : second != NULL ? second : "");
        if (found >= 1 && found <= n_lines)
            line = found;
    }
    return line;
}

/* All that a compiler may have said: the traceback and what was printed to standard error. */
static char *join_complaints(const struct cell *cell, const char *traceback)
{
    GString *all = g_string_new(traceback);
    size_t i;
    json_t *output;
    json_array_foreach(cell->outputs, i, output) if (strcmp(json_get_text(output, "name", ""), "stderr") == 0)
        g_string_append_printf(all, "\n%s", json_get_text(output, "text", ""));
    g_autofree char *raw = g_string_free(all, FALSE);
    return strip_ansi(raw);
}

/* A compiler's first complaint. */
struct diagnostic {
    char *text; /* its line; the caller frees it */
    int line;   /* as the compiler counts, which may put lines of its own before the cell's; 0 if it does not tell */
    char *code; /* the line of code that it quotes, without blanks around it, or "" */
};

/* How compilers complain, each with the groups text, line (may be missing) and code: Clang's "input_line_7:2:5: error: ..." with the code
 * below, C#'s "(2,5): error CS0103: ...", Rust's "[E0384] Error: ..." where only the quoted line has the number (the line that is marked
 * with "error:" counts more than the first one), JShell's "|   code" with the text below and no number. */
static const char *const complaint_forms[] = {
    "(?<text>[^\\s:]+:(?<line>\\d{1,6}):\\d+: (?:fatal )?error: [^\\n]*)(?:\\n(?:\\s*\\d+ \\| )?(?<code>[^\\n]*))?",
    "(?<text>\\((?<line>\\d{1,6}),\\d+\\): error [^\\n]*)(?:\\n(?<code>[^\\n]*))?",
    ("(?<text>(?:\\[\\w+\\] )?Error: [^\\n]*)\\s*\\n *╭─\\[(?:[^\\n]*\\n){1,60}? *(?<line>\\d{1,6}) │ (?<code>[^\\n]*)\\n(?: "
     "*(?:│[^\\n]*)?\\n){0,20}? *│[^\\n]*error: "),
    "(?<text>(?:\\[\\w+\\] )?Error: [^\\n]*)\\s*\\n *╭─\\[[^\\n]*\\n(?: *│?[ \\t]*\\n){0,20} *(?<line>\\d{1,6}) │ (?<code>[^\\n]*)",
    "(?:^|\\n)\\|   (?<code>[^\\n]*)\\n(?:\\|[^\\n]*\\n)*(?<text>[^\\n]+)",
};

static int get_first_line(const struct cell *cell)
{
    return cell->text_line > 0 ? cell->text_line : cell->line;
}

static const struct cell *find_executed(const struct notebook *notebook, int count)
{
    for (unsigned i = 0; i < notebook->cells->len; i++) {
        const struct cell *cell = notebook->cells->pdata[i];
        if (cell->type == CELL_CODE && cell->execution_count == count)
            return cell;
    }
    return NULL;
}

/* "\n    raised at FILE:LINE" for the innermost frame of IPython's traceback that is in the notebook ("Cell In [1], line 3, in f(a)") or in
 * a file of its topic ("File helper.py:2, in h(x)"), or "" if that frame is in the cell itself. The caller frees it. */
static char *describe_origin(const struct notebook *notebook, const struct cell *cell, const char *name, const char *traceback)
{
    g_autoptr(GRegex) regex = g_regex_new("(?:Cell|Input) In ?\\[(?<count>\\d{1,6})\\], line (?<line>\\d{1,6})|"
                                          "\nFile (?<file>[^/~<\\s:][^\\n:]*):(?<at>\\d{1,6})",
                                          G_REGEX_DEFAULT, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    g_autofree char *origin = g_strdup(""), *folder = g_path_get_dirname(name);
    g_regex_match(regex, traceback, 0, &match);
    for (; g_match_info_matches(match); g_match_info_next(match, NULL)) {
        g_autofree char *count = g_match_info_fetch_named(match, "count"), *line = g_match_info_fetch_named(match, "line");
        g_autofree char *file = g_match_info_fetch_named(match, "file"), *at = g_match_info_fetch_named(match, "at");
        g_free(origin);
        const struct cell *other = count != NULL && *count != '\0' ? find_executed(notebook, atoi(count)) : NULL;
        if (file != NULL && *file != '\0')
            origin = g_strdup_printf("\n    raised at %s/%s:%s", folder, file, at);
        else if (other != NULL && other != cell)
            origin = g_strdup_printf("\n    raised at %s:%d (cell %d)", name, get_first_line(other) + atoi(line) - 1, other->index + 1);
        else
            origin = g_strdup("");
    }
    return g_steal_pointer(&origin);
}

/* Takes "(2740852909.py, line 2)" off a syntax error: a name of the kernel's for the cell, whose line is told. */
static char *strip_cell_name(const char *evalue)
{
    g_autoptr(GRegex) regex = g_regex_new(" \\((?:\\d+\\.py|<[^>]*>), line \\d+\\)$", G_REGEX_DEFAULT, 0, NULL);
    char *text = g_regex_replace_literal(regex, evalue, -1, 0, "", 0, NULL);
    return text != NULL ? text : g_strdup(evalue);
}

static char *fetch_group(const GMatchInfo *match, const char *name)
{
    char *text = g_match_info_fetch_named(match, name);
    return text != NULL ? g_strstrip(text) : g_strdup("");
}

static bool find_diagnostic(const char *complaints, struct diagnostic *ret_diagnostic)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(complaint_forms); i++) {
        g_autoptr(GRegex) regex = g_regex_new(complaint_forms[i], G_REGEX_DEFAULT, 0, NULL);
        g_autoptr(GMatchInfo) match = NULL;
        if (!g_regex_match(regex, complaints, 0, &match))
            continue;
        g_autofree char *line = fetch_group(match, "line");
        *ret_diagnostic = (struct diagnostic){
            .text = fetch_group(match, "text"),
            .line = atoi(line),
            .code = fetch_group(match, "code"),
        };
        return true;
    }
    return false;
}

/* The line of the cell that a compiler complains of: the one it quotes, the nearest to the number it gives, or that number; else 0. */
static int find_compiled_line(const struct cell *cell, const struct diagnostic *diagnostic)
{
    g_auto(GStrv) lines = g_strsplit(cell->source, "\n", -1);
    int n_lines = (int)g_strv_length(lines), best = 0;
    for (int i = 0; i < n_lines && *diagnostic->code != '\0'; i++)
        if (strcmp(g_strstrip(lines[i]), diagnostic->code) == 0 &&
            (best == 0 || ABS(i + 1 - diagnostic->line) < ABS(best - diagnostic->line)))
            best = i + 1;
    return best > 0 ? best : diagnostic->line <= n_lines ? diagnostic->line : 0;
}

static void append_shortened(GString *text, const char *line)
{
    g_autofree char *valid = g_utf8_make_valid(line, -1);
    bool is_long = g_utf8_strlen(valid, -1) > MAX_LINE_LENGTH;
    g_autofree char *start = is_long ? g_utf8_substring(valid, 0, MAX_LINE_LENGTH) : g_strdup(valid);
    g_string_append_printf(text, "\n    %s%s", start, is_long ? " ..." : "");
}

char *failure_describe(const struct cell *cell, const char *name, int line, const char *problem)
{
    GString *text = g_string_new(NULL);
    g_string_printf(text, "%s:%d: cell %d: %s", name, get_first_line(cell) + line - 1, cell->index + 1, problem);
    g_auto(GStrv) lines = g_strsplit(cell->source, "\n", -1);
    unsigned n = 0;
    for (char **source_line = lines; *source_line != NULL && n < N_LINES_SHOWN; source_line++) {
        g_strchomp(*source_line);
        if (**source_line == '\0')
            continue;
        append_shortened(text, *source_line);
        n++;
    }
    return g_string_free(text, FALSE);
}

char *failure_format(const struct notebook *notebook, const struct cell *cell, const char *name, const json_t *failure)
{
    const char *class = json_get_text(failure, "ename", "error");
    g_autofree char *plain = strip_ansi(json_get_text(failure, "evalue", ""));
    g_autofree char *stripped = strip_cell_name(plain);
    g_autofree char *evalue =
        g_utf8_strlen(stripped, -1) > MAX_EVALUE_LENGTH ? g_utf8_substring(stripped, 0, MAX_EVALUE_LENGTH) : g_strdup(stripped);
    g_autofree char *traceback = join_traceback(failure);
    g_autofree char *complaints = join_complaints(cell, traceback);
    struct diagnostic diagnostic = {0};
    bool is_compiled = find_diagnostic(complaints, &diagnostic);
    int line = find_line(cell, traceback);
    if (line == 0 && is_compiled)
        line = find_compiled_line(cell, &diagnostic);
    g_autofree char *origin = describe_origin(notebook, cell, name, traceback);
    bool asks = strcmp(class, "StdinNotImplementedError") == 0;
    g_autofree char *problem = g_strconcat(asks ? "asks for input, which nobody can give here: " : "", class, *evalue != '\0' ? ": " : "",
                                           evalue, is_compiled ? "\n    " : "", is_compiled ? diagnostic.text : "", origin, NULL);
    g_free(diagnostic.text);
    g_free(diagnostic.code);
    return failure_describe(cell, name, MAX(line, 1), problem);
}
