/* One self-contained HTML page from a notebook (spec: notebooks.md, section 5). */
#pragma once

#include <glib.h>

#include "notebook/notebook.h"

struct html_options {
    const char *title;
    const char *language; /* "de", "en", … */
    enum kind kind;
    const char *author, *organization, *course_name; /* may be NULL */
};

/* The page; the caller frees it. Never fails: what cannot be shown is shown as escaped text. Code cells show prompts, colours and
 * cell->outputs. Needs no other file and no other host. */
char *html_render(const struct notebook *notebook, const struct html_options *options);
