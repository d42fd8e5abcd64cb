/* Magics: lines for the kernel rather than for the language; code files carry them behind a comment prefix. */
#include <string.h>

#include "notebook/languages.h"
#include "notebook/lines.h"

static const char *const shell_words[] = {"cat", "cd", "cp", "mv", "rm", "rmdir", "mkdir", "copy", "ddir", "echo", "ls", "ldir", "ren", 0};

static const char *skip_comments(const char *line, const char *comment)
{
    size_t length = strlen(comment);
    while (length > 0 && strncmp(line, comment, length) == 0) {
        line += length;
        if (*line == ' ')
            line++;
    }
    return line;
}

/* Up to three percent signs and a letter. */
static bool is_percent_word(const char *text)
{
    int n = 0;
    while (n < 3 && text[n] == '%')
        n++;
    return n > 0 && g_ascii_isalpha(text[n]);
}

/* The comment prefix, white space and a word behind it, anywhere in the line. */
static bool has_remark(const char *line, const char *comment, const char *word)
{
    for (const char *p = strstr(line, comment); p != 0; p = strstr(p + 1, comment))
        if (g_str_has_prefix(skip_space(p + strlen(comment)), word))
            return true;
    return false;
}

static bool is_help_or_shell(const char *line)
{
    const char *p = skip_space(skip_comments(skip_space(line), "#"));
    if (*p != '?' && *p != '!')
        return false;
    p = skip_space(p + 1);
    return g_ascii_isalpha(*p) || (*p != 0 && strchr(".~$\\/{}", *p) != 0);
}

static bool is_assignment(const char *line)
{
    const char *p = skip_space(skip_comments(line, "#"));
    if (!g_ascii_isalpha(*p) && *p != '_')
        return false;
    while (g_ascii_isalnum(*p) || *p == '_' || *p == '$')
        p++;
    p = skip_space(p);
    if (*p != '=')
        return false;
    p = skip_space(p + 1);
    return is_percent_word(p) || (*p == '!' && g_ascii_isalpha(p[1]));
}

/* A word and a question mark, nothing else. */
static bool is_trailing_help(const char *line)
{
    const char *p = skip_space(line);
    while (p[0] == '#' && p[1] == ' ')
        p += 2;
    const char *end = p;
    while (*end != 0 && skip_space(end) == end)
        end = g_utf8_next_char(end);
    return end > p && end[-1] == '?' && is_blank(end);
}

static bool is_shell_command(const char *line)
{
    const char *p = skip_comments(line, "#");
    for (int i = 0; shell_words[i] != 0; i++) {
        if (!g_str_has_prefix(p, shell_words[i]))
            continue;
        const char *rest = p + strlen(shell_words[i]);
        if (*rest == 0)
            return true;
        const char *next = skip_space(rest) == rest ? rest : g_utf8_next_char(rest);
        if (next != rest && *next != '=' && *next != ',')
            return true;
    }
    return false;
}

/* In languages whose magics do not begin with a percent sign; -1 for the others. */
static int is_own_magic(const char *bare, const char *language)
{
    if (strcmp(language, "rust") == 0)
        return bare[0] == ':' && g_ascii_isalpha(bare[1]);
    if (strcmp(language, "csharp") == 0)
        return bare[0] == '#' && bare[1] == '!' && g_ascii_isalpha(bare[2]);
    if (strcmp(language, "go") == 0)
        return is_percent_word(bare) || (bare[0] == '!' && (g_ascii_isalpha(bare[1]) || (bare[1] == '*' && g_ascii_isalpha(bare[2]))));
    return -1;
}

/* `all` is false where only those marked "escape" count. */
static bool is_magic(const char *line, const char *language, bool all)
{
    const char *comment = language_comment(language);
    if (comment == 0 || strcmp(language, "matlab") == 0 || strcmp(language, "sas") == 0 || strcmp(language, "logtalk") == 0)
        return false;
    int own = is_own_magic(skip_comments(line, comment), language);
    if (own >= 0)
        return own > 0 && all;
    const char *word = skip_comments(skip_space(line), comment);
    if (is_percent_word(word))
        return has_remark(word, comment, "escape") || (all && !has_remark(word, comment, "noescape"));
    return all && strcmp(language, "python") == 0 &&
           (is_help_or_shell(line) || is_assignment(line) || is_trailing_help(line) || is_shell_command(line));
}

bool magic_is_line(const char *line, const char *language)
{
    return is_magic(line, language, true);
}

static bool is_continued(const char *line)
{
    g_autofree char *text = strip_copy(line);
    return g_str_has_suffix(text, "\\");
}

static char *without_comment(const char *line, const char *comment)
{
    const char *text = skip_space(line);
    g_autofree char *indent = g_strndup(line, (gsize)(text - line));
    return g_strconcat(indent, uncomment_line(text, comment), NULL);
}

static char *with_comment(const char *line, const char *comment, bool continuation)
{
    const char *text = continuation ? line : skip_space(line);
    g_autofree char *indent = g_strndup(line, (gsize)(text - line));
    return g_strconcat(indent, comment, " ", text, NULL);
}

static void replace_line(GPtrArray *lines, guint i, char *line)
{
    g_free(g_ptr_array_index(lines, i));
    g_ptr_array_index(lines, i) = line;
}

static void change_magics(GPtrArray *lines, const char *language, bool comment_out, bool all)
{
    g_autofree char *usual = language_usual_name(language);
    const char *comment = language_comment(usual);
    struct quote_watch watch = {.comment = language_comment(language)};
    bool continuation = false;
    for (guint i = 0; comment != 0 && i < lines->len; i++) {
        const char *line = g_ptr_array_index(lines, i);
        bool magic = watch.triple == 0 && (continuation || is_magic(line, usual, all));
        bool was_continuation = continuation;
        if (magic)
            continuation = strcmp(usual, "python") == 0 && is_continued(line);
        quote_watch_read(&watch, line);
        if (magic)
            replace_line(lines, i, comment_out ? with_comment(line, comment, was_continuation) : without_comment(line, comment));
    }
}

void magics_uncomment(GPtrArray *lines, const char *language)
{
    change_magics(lines, language, false, true);
}

void magics_comment(GPtrArray *lines, const char *language, bool all)
{
    change_magics(lines, language, true, all);
}

static bool is_escaped_code_start(const char *line, const char *comment)
{
    if (!g_str_has_prefix(line, comment))
        return false;
    return *skip_comments(line, comment) == '+';
}

void code_starts_unescape(GPtrArray *lines, const char *language, const char *comment)
{
    struct quote_watch watch = {.comment = language_comment(language)};
    for (guint i = 0; i < lines->len; i++) {
        const char *line = g_ptr_array_index(lines, i);
        bool quoted = watch.triple != 0;
        quote_watch_read(&watch, line);
        if (!quoted && is_escaped_code_start(line, comment)) {
            g_autofree char *bare = without_comment(line, comment);
            if (is_escaped_code_start(bare, comment))
                replace_line(lines, i, g_steal_pointer(&bare));
        }
    }
}
