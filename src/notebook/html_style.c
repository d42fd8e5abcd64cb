/* A scope ends where a browser sees its closing brace, so this must see tokens as a browser does (CSS Syntax Level 3): strings end at a
 * newline, an unquoted url() holds everything up to its ')'. What is doubtful is refused. */
#include "notebook/html_style.h"

#include <string.h>

enum { MAX_NESTING = 64 };

struct scanner {
    const char *p, *end;
    char open[MAX_NESTING]; /* the closing brackets that are due */
    unsigned depth;
};

static bool skip_string(struct scanner *scanner)
{
    char quote = *scanner->p++;
    for (; scanner->p < scanner->end && *scanner->p != '\n' && *scanner->p != '\r' && *scanner->p != '\f'; scanner->p++) {
        if (*scanner->p == quote) {
            scanner->p++;
            return true;
        }
        if (*scanner->p == '\\' && ++scanner->p == scanner->end)
            return false;
    }
    return false;
}

static bool skip_comment(struct scanner *scanner)
{
    const char *end = g_strstr_len(scanner->p + 2, scanner->end - scanner->p - 2, "*/");
    if (end == NULL)
        return false;
    scanner->p = end + 2;
    return true;
}

/* Behind "url(" without a quote everything up to ')' belongs to it. */
static bool skip_url(struct scanner *scanner)
{
    const char *start = scanner->p + strlen("url("), *end = memchr(start, ')', (size_t)(scanner->end - start));
    const char *inner = start;
    while (inner < scanner->end && g_ascii_isspace(*inner))
        inner++;
    if (inner < scanner->end && (*inner == '"' || *inner == '\'')) {
        scanner->p += strlen("url");
        return true;
    }
    if (end == NULL || memchr(start, '\\', (size_t)(end - start)) != NULL)
        return false;
    scanner->p = end + 1;
    return true;
}

static bool take_bracket(struct scanner *scanner)
{
    static const char opening[] = "{([", closing[] = "})]";
    const char *found = strchr(opening, *scanner->p);
    char c = *scanner->p++;
    if (found != NULL) {
        if (scanner->depth == MAX_NESTING)
            return false;
        scanner->open[scanner->depth++] = closing[found - opening];
        return true;
    }
    return strchr(closing, c) == NULL || (scanner->depth > 0 && scanner->open[--scanner->depth] == c);
}

static bool is_balanced(const char *css, size_t length)
{
    struct scanner scanner = {.p = css, .end = css + length};
    bool ok = memchr(css, '\0', length) == NULL;
    while (ok && scanner.p < scanner.end) {
        size_t left = (size_t)(scanner.end - scanner.p);
        if (*scanner.p == '"' || *scanner.p == '\'')
            ok = skip_string(&scanner);
        else if (left >= 2 && strncmp(scanner.p, "/*", 2) == 0)
            ok = skip_comment(&scanner);
        else if (left >= 4 && g_ascii_strncasecmp(scanner.p, "url(", 4) == 0)
            ok = skip_url(&scanner);
        else
            ok = *scanner.p != '\\' && take_bracket(&scanner);
    }
    return ok && scanner.depth == 0;
}

void html_append_style(GString *out, const char *css, size_t length, bool scoped)
{
    if (scoped && !is_balanced(css, length))
        return;
    g_string_append(out, scoped ? "<style>@scope {" : "<style>");
    for (size_t i = 0; i < length; i++) {
        bool ends_element = css[i] == '<' && i + 1 < length && (css[i + 1] == '/' || css[i + 1] == '!');
        if (ends_element)
            g_string_append(out, "\\3c ");
        else
            g_string_append_c(out, css[i]);
    }
    g_string_append(out, scoped ? "}</style>" : "</style>");
}
