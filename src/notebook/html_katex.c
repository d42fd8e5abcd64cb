#include "notebook/html_katex.h"

#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "notebook/mime.h"

static const char *const folders[] = {"/usr/share/javascript/katex", "/usr/local/share/javascript/katex", "/usr/share/nodejs/katex/dist",
                                      NULL};

/* The content of a file of the installed KaTeX, or NULL; the caller frees it. */
static char *read_file(const char *name, gsize *length)
{
    const char *own = g_getenv("CLX_KATEX");
    char *content = NULL;
    if (own != NULL) {
        g_autofree char *path = g_build_filename(own, name, NULL);
        g_file_get_contents(path, &content, length, NULL);
        return content;
    }
    for (int i = 0; folders[i] != NULL && content == NULL; i++) {
        g_autofree char *path = g_build_filename(folders[i], name, NULL);
        g_file_get_contents(path, &content, length, NULL);
    }
    return content;
}

/* KaTeX names U+FFFF by itself in its patterns, which HTML forbids; its escape means the same there. */
static char *escape_noncharacters(const char *script)
{
    g_auto(GStrv) parts = g_strsplit(script, "\xef\xbf\xbf", -1);
    return g_strjoinv("\\uffff", parts);
}

const char *katex_get_script(void)
{
    static char *script;
    static bool tried;
    if (tried)
        return script;
    tried = true;
    g_autofree char *read = read_file("katex.min.js", NULL);
    script = read != NULL ? escape_noncharacters(read) : NULL;
    if (script != NULL && (strstr(script, "</script") != NULL || !g_utf8_validate(script, -1, NULL)))
        g_clear_pointer(&script, g_free);
    return script;
}

/* Whether a font ("KaTeX_Fraktur-Bold") can be asked for by the TeX. */
static bool is_font_needed(const char *font, const char *maths)
{
    static const char *const rare[][3] = {
        {"Caligraphic", "cal", NULL}, {"Fraktur", "frak", NULL},  {"SansSerif", "sf", "textsf"},
        {"Script", "scr", NULL},      {"Typewriter", "tt", NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rare); i++)
        if (strncmp(font, rare[i][0], strlen(rare[i][0])) == 0)
            return strstr(maths, rare[i][1]) != NULL;
    return true;
}

/* Appends one @font-face rule with its WOFF2 font inside. */
static void append_font_face(GString *out, const char *rule, size_t length, const char *maths)
{
    static const char url[] = "url(fonts/KaTeX_";
    const char *source = g_strstr_len(rule, length, url), *src = g_strstr_len(rule, length, "src:");
    if (source == NULL || src == NULL || !is_font_needed(source + strlen(url), maths))
        return;
    const char *name = source + strlen("url(");
    g_autofree char *path = g_strndup(name, strcspn(name, ")"));
    gsize size;
    g_autofree char *font = g_str_has_suffix(path, ".woff2") ? read_file(path, &size) : NULL;
    if (font == NULL)
        return;
    const char *behind = src + strcspn(src, ";}");
    g_string_append_len(out, rule, src - rule);
    g_string_append(out, "src:url(");
    mime_append_data_url(out, "font/woff2", font, size);
    g_string_append(out, ") format('woff2')");
    g_string_append_len(out, behind, rule + length - behind);
}

void katex_append_style(GString *out, const char *maths)
{
    g_autofree char *style = read_file("katex.min.css", NULL);
    if (style == NULL || strchr(style, '<') != NULL)
        return;
    for (const char *p = style; *p;) {
        if (!g_str_has_prefix(p, "@font-face")) {
            const char *next = strstr(p, "@font-face");
            size_t length = next == NULL ? strlen(p) : (size_t)(next - p);
            g_string_append_len(out, p, length);
            p += length;
            continue;
        }
        size_t length = strcspn(p, "}");
        length += p[length] == '}';
        append_font_face(out, p, length, maths);
        p += length;
    }
}

char *katex_fingerprint(void)
{
    static const char *const names[] = {"katex.min.js", "katex.min.css"};
    const char *own = g_getenv("CLX_KATEX");
    for (int i = own != NULL ? -1 : 0; i < 0 || folders[i] != NULL; i++) {
        const char *folder = i < 0 ? own : folders[i];
        struct stat info[2];
        g_autofree char *script = g_build_filename(folder, names[0], NULL), *style = g_build_filename(folder, names[1], NULL);
        if (stat(script, &info[0]) == 0 && stat(style, &info[1]) == 0)
            return g_strdup_printf("%s %lld %lld %lld %lld", folder, (long long)info[0].st_size, (long long)info[0].st_mtime,
                                   (long long)info[1].st_size, (long long)info[1].st_mtime);
        if (i < 0)
            break;
    }
    return g_strdup("none");
}
