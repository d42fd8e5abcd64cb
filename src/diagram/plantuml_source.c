#include "diagram/plantuml_source.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "diagram/plantuml_includes.h"

#define BLOCK_LIMIT 1000

/* 200 dpi instead of PlantUML's 96. JSON and YAML take no skinparam; the last ones neither, and pictures of theirs keep their size. */
#define DPI "skinparam dpi 200\n"
#define SCALE "scale 200/96\n"

struct kind {
    const char *name; /* behind "@start" */
    const char *injected;
};

static const struct kind kinds[] = {
    {"board", DPI},  {"bpm", DPI},        {"chart", DPI},   {"chen", DPI},   {"chronology", DPI}, {"creole", NULL}, {"cute", NULL},
    {"def", NULL},   {"ditaa", NULL},     {"dot", NULL},    {"ebnf", DPI},   {"files", DPI},      {"flow", NULL},   {"gantt", DPI},
    {"git", DPI},    {"hcl", NULL},       {"jcckit", NULL}, {"json", SCALE}, {"latex", NULL},     {"math", NULL},   {"mindmap", DPI},
    {"nwdiag", DPI}, {"packetdiag", DPI}, {"project", DPI}, {"regex", DPI},  {"salt", DPI},       {"sprite", NULL}, {"tree", NULL},
    {"uml", DPI},    {"wbs", DPI},        {"wire", DPI},    {"yaml", SCALE},
};

/* One source on its way. */
struct reading {
    const struct plantuml_place *place;
    char **lines;
    bool is_png;
};

void plantuml_block_free(gpointer data)
{
    struct plantuml_block *block = data;
    if (block == NULL)
        return;
    g_free(block->text);
    g_free(block);
}

static const char *skip_space(const char *text)
{
    return text + strspn(text, " \t");
}

static bool is_start(const char *line)
{
    return g_str_has_prefix(skip_space(line), "@start");
}

static bool is_end(const char *line)
{
    return g_str_has_prefix(skip_space(line), "@end");
}

static void fail(const struct reading *reading, int index, GError **error, const char *format, ...) G_GNUC_PRINTF(4, 5);
static void fail(const struct reading *reading, int index, GError **error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(error, CLX_ERROR, CLX_ERROR_SOURCE, "%s:%d: %s", reading->place->name, index + 1, message);
}

/* ---- includes ---- */

static bool is_below(const char *path, const char *folder)
{
    size_t n = strlen(folder);
    return strncmp(path, folder, n) == 0 && (path[n] == '/' || path[n] == '\0' || (n > 0 && folder[n - 1] == '/'));
}

/* Symbolic links are followed: they lead out as well. */
static bool is_allowed(const char *path, const char *root)
{
    g_autofree char *real_path = realpath(path, NULL), *real_root = realpath(root, NULL);
    return real_path != NULL && real_root != NULL ? is_below(real_path, real_root) : is_below(path, root);
}

/* The line as it is fed: an include of a file that is there becomes absolute, since the resident program has a working directory of its own.
 * NULL with the error when the file is not one of the course. */
static char *feed_line(const struct reading *reading, int index, GError **error)
{
    const char *line = reading->lines[index];
    gsize at = 0;
    g_autofree char *target = plantuml_find_include(line, strlen(line), &at);
    if (target != NULL && strstr(target, "://") != NULL) {
        fail(reading, index, error, "nothing is included from the web: put a copy of '%s' into the course", target);
        return NULL;
    }
    if (target == NULL || !plantuml_is_included_file(target))
        return g_strdup(line);
    g_autofree char *path = g_canonicalize_filename(target, reading->place->folder);
    if (!is_allowed(path, reading->place->root)) {
        fail(reading, index, error, "'%s' is not included: it is outside of '%s'", target, reading->place->root);
        return NULL;
    }
    if (!g_file_test(path, G_FILE_TEST_IS_REGULAR))
        return g_strdup(line);
    g_autofree char *before = g_strndup(line, at), *folder = g_path_get_dirname(path);
    if (plantuml_is_theme(line))
        return g_strconcat(before, folder, NULL);
    const char *rest = line + at + strcspn(line + at, "!");
    return g_strconcat(before, path, *rest == '!' ? " " : "", rest, NULL);
}

/* Those that included files name in turn. Whatever else a diagram finds to open, the process that draws it cannot see. */
static bool check_nested(const struct reading *reading, const char *text, GError **error)
{
    g_autoptr(GPtrArray) names = plantuml_find_includes(text, reading->place->folder);
    for (unsigned i = 0; i < names->len; i++) {
        g_autofree char *path = g_canonicalize_filename(names->pdata[i], reading->place->folder);
        if (is_allowed(path, reading->place->root))
            continue;
        fail(reading, 0, error, "'%s' is not included: it is outside of '%s'", (char *)names->pdata[i], reading->place->root);
        return false;
    }
    return true;
}

/* ---- kinds ---- */

static const struct kind *find_kind(const struct reading *reading, int index, GError **error)
{
    const char *word = skip_space(reading->lines[index]) + strlen("@start");
    g_autofree char *name = g_strndup(word, strspn(word, "abcdefghijklmnopqrstuvwxyz"));
    for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    fail(reading, index, error, "PlantUML has no diagrams of the kind '@start%s'", name);
    return NULL;
}

/* With what is injected PlantUML would draw an empty picture. */
static bool check_content(const struct reading *reading, int start, int end, GError **error)
{
    for (int i = start + 1; i < end; i++) {
        const char *line = skip_space(reading->lines[i]);
        if (*line != '\0' && *line != '\r' && *line != '\'')
            return true;
    }
    fail(reading, start, error, "this diagram is empty");
    return false;
}

/* PlantUML draws a picture that says "not JSON" and reports no error. What its preprocessor makes cannot be known here. */
static bool check_json(const struct reading *reading, int start, int end, GError **error)
{
    g_autoptr(GError) problem = NULL;
    GString *text = g_string_new(NULL);
    int first = start + 1;
    while (first < end && strchr("{[", *skip_space(reading->lines[first])) == NULL)
        first++;
    bool is_plain = first < end && *skip_space(reading->lines[first]) != '\0';
    for (int i = first; i < end; i++) {
        const char *line = skip_space(reading->lines[i]);
        is_plain &= *line != '!' && *line != '#' && *line != '<';
        g_string_append_printf(text, "%s\n", line);
    }
    g_autoptr(json_t) json = is_plain ? json_parse(text->str, text->len, &problem) : NULL;
    g_string_free(text, TRUE);
    if (!is_plain || json != NULL)
        return true;
    const char *message = strstr(problem->message, ": "); /* behind "LINE:COL" */
    fail(reading, MIN(first + MAX(atoi(problem->message), 1) - 1, end), error, "not JSON: %s",
         message != NULL ? message + 2 : problem->message);
    return false;
}

/* ---- blocks ---- */

/* The line of the @end; -1 when the diagram has none. */
static int find_end(char *const *lines, int start)
{
    for (int i = start + 1; lines[i] != NULL && !is_start(lines[i]); i++)
        if (is_end(lines[i]))
            return i;
    return -1;
}

static struct plantuml_block *read_block(const struct reading *reading, int start, int end, GError **error)
{
    const struct kind *kind = find_kind(reading, start, error);
    if (kind == NULL || !check_content(reading, start, end, error) ||
        (strcmp(kind->name, "json") == 0 && !check_json(reading, start, end, error)))
        return NULL;
    const char *injected = reading->is_png ? kind->injected : NULL;
    g_autoptr(GString) text = g_string_new(NULL);
    for (int i = start; i <= end; i++) {
        g_autofree char *line = feed_line(reading, i, error);
        if (line == NULL)
            return NULL;
        g_string_append_printf(text, "%s\n%s", line, i == start && injected != NULL ? injected : "");
    }
    struct plantuml_block *block = g_new0(struct plantuml_block, 1);
    *block = (struct plantuml_block){.text = g_strdup(text->str), .line = start + 1, .n_injected = injected != NULL};
    return block;
}

static bool read_blocks(const struct reading *reading, GPtrArray *blocks, GError **error)
{
    for (int i = 0; reading->lines[i] != NULL; i++) {
        if (!is_start(reading->lines[i]))
            continue;
        int end = find_end(reading->lines, i);
        if (end < 0 || blocks->len >= BLOCK_LIMIT) {
            fail(reading, i, error, "%s",
                 end < 0 ? "the diagram has no '@end...' line before the next one or the end of the file"
                         : "too many diagrams in one file");
            return false;
        }
        struct plantuml_block *block = read_block(reading, i, end, error);
        if (block == NULL)
            return false;
        g_ptr_array_add(blocks, block);
        i = end;
    }
    if (blocks->len == 0)
        fail(reading, 0, error, "no diagram: there is no line '@startuml'");
    return blocks->len > 0;
}

GPtrArray *plantuml_source_read(const char *text, const struct plantuml_place *place, bool is_png, GError **error)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autoptr(GPtrArray) blocks = g_ptr_array_new_with_free_func(plantuml_block_free);
    struct reading reading = {place, lines, is_png};
    return read_blocks(&reading, blocks, error) && check_nested(&reading, text, error) ? g_steal_pointer(&blocks) : NULL;
}
