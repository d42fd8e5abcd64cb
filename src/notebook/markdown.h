/* Markdown cells as HTML: cmark-gfm reads, we write. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "base/json.h"

struct heading {
    int level;
    char *id;
    char *text; /* plain */
};

/* What the Markdown of one page shares. */
struct markdown {
    GPtrArray *headings;       /* struct heading *, in order; not those of outputs */
    GHashTable *ids;           /* ids that are taken */
    GString *maths;            /* all TeX of the page, one after the other */
    const json_t *attachments; /* of the current cell, borrowed; may be NULL */
    bool is_output;            /* what is rendered is an output, not a cell's own text */
    int n_texts;               /* rendered so far; makes the ids of footnotes differ */
};

struct markdown *markdown_new(void);
void markdown_free(struct markdown *markdown);

typedef struct markdown markdown;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(markdown, markdown_free)

/* Appends the text as HTML. Raw HTML is kept as html_append_fragment keeps it. Never fails. */
void markdown_append_html(GString *out, const char *text, struct markdown *markdown);

/* Appends what an href to the heading holds: "#" and its id as a fragment (RFC 3986, section 3.5), escaped for an attribute. */
void markdown_append_reference(GString *out, const struct heading *heading);

/* Appends TeX (with its dollar signs or environment) as the page's script finds it. */
void markdown_append_maths(GString *out, const char *tex, size_t length, struct markdown *markdown);
