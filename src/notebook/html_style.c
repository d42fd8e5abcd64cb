/* A scope ends where a browser sees its closing brace, so this must see tokens as a browser does (CSS Syntax Level 3): strings end at a
 * newline, an unquoted url() holds everything up to its ')'. What is doubtful is refused. */
#include "notebook/html_style.h"

#include <string.h>

#include "notebook/html_attribute.h"

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

/* Skips blanks and the bracket behind the string of "url(". */
static bool take_closing(struct scanner *scanner)
{
    while (scanner->p < scanner->end && g_ascii_isspace(*scanner->p))
        scanner->p++;
    return scanner->p < scanner->end && *scanner->p++ == ')';
}

static bool is_harmless_resource(const char *start, const char *end)
{
    g_autofree char *address = g_strndup(start, (size_t)(end - start));
    return strchr(address, '\\') == NULL && html_is_harmless_address(address, true);
}

/* Behind "url(" without a quote everything up to ')' belongs to it. */
static bool skip_url(struct scanner *scanner)
{
    const char *start = scanner->p + 1, *end = memchr(start, ')', (size_t)(scanner->end - start));
    const char *inner = start;
    while (inner < scanner->end && g_ascii_isspace(*inner))
        inner++;
    if (inner < scanner->end && (*inner == '"' || *inner == '\'')) {
        scanner->p = inner;
        return skip_string(scanner) && is_harmless_resource(inner + 1, scanner->p - 1) && take_closing(scanner);
    }
    if (end == NULL || !is_harmless_resource(start, end))
        return false;
    scanner->p = end + 1;
    return true;
}

static bool is_of_name(char c)
{
    return g_ascii_isalnum(c) || c == '-' || c == '_' || (guchar)c >= 0x80;
}

static bool is_name(const char *start, const char *end, const char *name)
{
    return (size_t)(end - start) == strlen(name) && g_ascii_strncasecmp(start, name, (size_t)(end - start)) == 0;
}

/* Skips a name, and what belongs to it where it is "url(". */
static bool skip_name(struct scanner *scanner, const char *css)
{
    const char *start = scanner->p;
    while (scanner->p < scanner->end && is_of_name(*scanner->p))
        scanner->p++;
    if (scanner->p == scanner->end || *scanner->p != '(')
        return true;
    bool is_hash = start > css && (start[-1] == '#' || start[-1] == '@');
    if (!is_hash && is_name(start, scanner->p, "url"))
        return skip_url(scanner);
    for (const char *p = start; p < scanner->p; p++)
        if ((guchar)*p >= 0x80) /* some of these belong to names, as browsers are of different opinions about */
            return false;
    return !is_name(start, scanner->p, "image-set") && !is_name(start, scanner->p, "-webkit-image-set") &&
           !is_name(start, scanner->p, "src");
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

/* "<" could end the element, or begin a tag where its text is read as such. */
static bool begins_tag(const char *css, const char *end)
{
    return *css == '<' && css + 1 < end && css[1] != ' ' && css[1] != '=';
}

bool html_is_harmless_style(const char *css, size_t length)
{
    struct scanner scanner = {.p = css, .end = css + length};
    bool ok = memchr(css, '\0', length) == NULL;
    while (ok && scanner.p < scanner.end) {
        size_t left = (size_t)(scanner.end - scanner.p);
        if (*scanner.p == '"' || *scanner.p == '\'')
            ok = skip_string(&scanner);
        else if (left >= 2 && strncmp(scanner.p, "/*", 2) == 0)
            ok = skip_comment(&scanner);
        else if (is_of_name(*scanner.p))
            ok = skip_name(&scanner, css);
        else
            ok = *scanner.p != '\\' && !begins_tag(scanner.p, scanner.end) && take_bracket(&scanner);
    }
    return ok && scanner.depth == 0;
}

void html_append_style(GString *out, const char *css, size_t length, bool scoped)
{
    if (scoped && !html_is_harmless_style(css, length))
        return;
    g_string_append(out, scoped ? "<style>@scope {" : "<style>");
    for (size_t i = 0; i < length; i++) {
        if (begins_tag(css + i, css + length))
            g_string_append(out, "\\3c ");
        else
            g_string_append_c(out, css[i]);
    }
    g_string_append(out, scoped ? "}</style>" : "</style>");
}
