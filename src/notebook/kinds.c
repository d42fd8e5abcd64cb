/* Which cells a kind shows, and how (the table of tags). */
#include <string.h>

#include "notebook/notebook.h"
#include "notebook/source.h"

#define ALL_KINDS ((1 << KIND_CODE_ALONG) | (1 << KIND_COMPLETED) | (1 << KIND_SPEAKER))
#define BEGIN_SOLUTION "### BEGIN SOLUTION"
#define END_SOLUTION "### END SOLUTION"

struct tag_rule {
    const char *tag;
    unsigned dropped;   /* from these kinds, a bit per kind */
    bool keeps_code;    /* code is not emptied in code-along */
    bool is_slide_type; /* the tag is the cell's slideshow.slide_type */
};

static const struct tag_rule tag_rules[] = {
    {"slide", 0, false, true},
    {"subslide", 0, false, true},
    {"notes", 1 << KIND_CODE_ALONG | 1 << KIND_COMPLETED, false, true},
    {"private", 0, false, false},
    {"alt", 1 << KIND_CODE_ALONG, false, false},
    {"del", ALL_KINDS, false, false},
    {"keep", 0, true, false},
    {"start", 1 << KIND_COMPLETED | 1 << KIND_SPEAKER, true, false},
    {"answer", 0, false, false},
    {"completed", 0, false, false},
    {"workshop", 0, false, false},
    {"end-workshop", 0, false, false},
    {"raises-exception", 0, false, false}, /* of notebooks.md, section 6 */
};

static const struct tag_rule *find_rule(const char *tag)
{
    for (gsize i = 0; i < G_N_ELEMENTS(tag_rules); i++)
        if (strcmp(tag_rules[i].tag, tag) == 0)
            return &tag_rules[i];
    return 0;
}

/* What all of a cell's tags say together. */
static struct tag_rule combine_rules(const struct cell *cell)
{
    struct tag_rule all = {0};
    size_t i;
    json_t *tag;
    json_array_foreach(json_object_get(cell->metadata, "tags"), i, tag)
    {
        const struct tag_rule *rule = json_is_string(tag) ? find_rule(json_string_value(tag)) : 0;
        if (rule == 0)
            continue;
        all.dropped |= rule->dropped;
        all.keeps_code = all.keeps_code || rule->keeps_code;
        if (rule->is_slide_type && all.tag == 0)
            all.tag = rule->tag;
    }
    return all;
}

static bool is_for_language(const struct cell *cell, const char *language)
{
    const char *own = json_get_text(cell->metadata, "lang", "");
    return *own == 0 || strcmp(own, language) == 0;
}

static void set_source(struct cell *cell, char *source)
{
    g_free(cell->source);
    cell->source = source;
}

/* True if behind any comment prefix the line is this mark. */
static bool is_mark(const char *line, const char *mark)
{
    const char *at = strstr(line, mark);
    if (at == 0 || !is_blank(at + strlen(mark)))
        return false;
    for (const char *p = line; p < at; p++)
        if (g_ascii_isalnum(*p) || *p == '"' || *p == '\'')
            return false;
    return true;
}

/* Removes the solutions; one that is not closed reaches to the end of the cell. */
static void remove_solutions(struct cell *cell)
{
    if (strstr(cell->source, BEGIN_SOLUTION) == 0)
        return;
    g_auto(GStrv) lines = g_strsplit(cell->source, "\n", -1);
    g_autoptr(GPtrArray) kept = g_ptr_array_new();
    bool inside = false;
    for (int i = 0; lines[i] != 0; i++) {
        if (is_mark(lines[i], BEGIN_SOLUTION))
            inside = true;
        else if (is_mark(lines[i], END_SOLUTION))
            inside = false;
        else if (!inside)
            g_ptr_array_add(kept, lines[i]);
    }
    set_source(cell, join_lines((char **)kept->pdata, (int)kept->len));
}

static void drop_outputs(struct cell *cell)
{
    g_clear_pointer(&cell->outputs, json_decref);
    cell->execution_count = 0;
}

static void derive_code(struct cell *cell, const struct tag_rule *rule, enum kind kind, enum format format)
{
    if (kind == KIND_CODE_ALONG && !rule->keeps_code)
        set_source(cell, g_strdup(""));
    else if (kind == KIND_CODE_ALONG)
        remove_solutions(cell);
    if (kind == KIND_CODE_ALONG || format != FORMAT_HTML)
        drop_outputs(cell);
}

static void derive_markdown(struct cell *cell, const char *language, enum kind kind)
{
    if (cell_has_tag(cell, "notes"))
        set_source(cell, g_strconcat("<div style='background: yellow; color: black;'>\n", cell->source, "\n</div>", NULL));
    if (!cell_has_tag(cell, "answer"))
        return;
    const char *label = strcmp(language, "de") == 0 ? "*Antwort:* " : "*Answer:* ";
    set_source(cell, kind == KIND_CODE_ALONG ? g_strdup(label) : g_strconcat(label, cell->source, NULL));
    if (kind == KIND_CODE_ALONG)
        g_clear_pointer(&cell->attachments, json_decref);
}

static void set_slide_type(struct cell *cell, const char *type)
{
    json_t *metadata = json_copy(cell->metadata);
    json_object_set_new(metadata, "slideshow", json_pack("{s:s}", "slide_type", type));
    json_decref(cell->metadata);
    cell->metadata = metadata;
}

static struct cell *derive_cell(const struct cell *cell, const char *language, enum kind kind, enum format format)
{
    struct tag_rule rule = combine_rules(cell);
    if ((rule.dropped & (1u << kind)) != 0 || !is_for_language(cell, language))
        return 0;
    struct cell *derived = cell_copy(cell);
    if (rule.tag != 0)
        set_slide_type(derived, rule.tag);
    if (cell->type == CELL_CODE)
        derive_code(derived, &rule, kind, format);
    else if (cell->type == CELL_MARKDOWN)
        derive_markdown(derived, language, kind);
    return derived;
}

struct notebook *notebook_derive(const struct notebook *notebook, const char *language, enum kind kind, enum format format)
{
    struct notebook *derived = notebook_new(notebook->prog_lang);
    json_decref(derived->metadata);
    derived->metadata = json_incref(notebook->metadata);
    g_autoptr(GHashTable) ids = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < notebook->cells->len; i++) {
        const struct cell *original = g_ptr_array_index(notebook->cells, i);
        struct cell *cell = derive_cell(original, language, kind, format);
        if (cell == 0)
            continue;
        cell_give_id(cell, original->source, ids);
        g_ptr_array_add(derived->cells, cell);
    }
    return derived;
}

static void check_cell(const struct cell *cell, const char *name, struct diag_list *diags)
{
    int n_slides = 0;
    size_t i;
    json_t *tag;
    json_array_foreach(json_object_get(cell->metadata, "tags"), i, tag)
    {
        const char *text = json_is_string(tag) ? json_string_value(tag) : "";
        const struct tag_rule *rule = find_rule(text);
        if (rule == 0)
            diag_add(diags, DIAG_WARNING, name, cell->line, 1, 0, "unknown tag '%s' in cell %d", text, cell->index + 1);
        n_slides += rule != 0 && rule->is_slide_type;
    }
    if (n_slides > 1)
        diag_add(diags, DIAG_WARNING, name, cell->line, 1, "keep one of slide, subslide and notes", "cell %d has more than one slide tag",
                 cell->index + 1);
}

void tags_check(const struct notebook *notebook, const char *name, struct diag_list *diags)
{
    for (guint i = 0; i < notebook->cells->len; i++)
        check_cell(g_ptr_array_index(notebook->cells, i), name, diags);
}
