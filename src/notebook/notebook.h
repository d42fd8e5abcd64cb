/* A notebook in memory: cells with metadata, as nbformat 4.5 and jupytext's percent format know them. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "base/diag.h"
#include "base/glossary.h"
#include "base/json.h"

enum cell_type { CELL_CODE, CELL_MARKDOWN, CELL_RAW };

extern const char *const cell_type_names[]; /* NULL-terminated: code, markdown, raw */

struct cell {
    enum cell_type type;
    char *source;        /* text without the final newline */
    json_t *metadata;    /* object; shared by the copies of a cell: replaced, never changed, once ids are given */
    char id[17];         /* 16 hex digits; "" until ids are given */
    char first_id[17];   /* what the id is when no other cell has it; "" until it was once made */
    int line;            /* of the cell's first line in the source file, from 1 */
    int text_line;       /* of the first line of `source` there, behind a marker; 0: the same */
    int index;           /* in the whole source, from 0 */
    json_t *attachments; /* object of files that the text shows ("attachment:NAME"), or NULL */
    json_t *outputs;     /* array of nbformat outputs, or NULL when the cell was not run */
    int execution_count; /* 0: none */
};

struct notebook {
    GPtrArray *cells; /* struct cell * */
    json_t *metadata; /* notebook metadata: jupytext, kernelspec, language_info */
    enum prog_lang prog_lang;
};

struct cell *cell_new(enum cell_type type, const char *source, int line);
struct cell *cell_copy(const struct cell *cell);
void cell_free(struct cell *cell);
bool cell_has_tag(const struct cell *cell, const char *tag);

struct notebook *notebook_new(enum prog_lang prog_lang);
void notebook_free(struct notebook *notebook);

typedef struct notebook notebook;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(notebook, notebook_free)

/* Reads an expanded source in the form its suffix says: percent, .md (jupytext Markdown) or .ipynb. `lines` maps its lines to lines of the
 * source (may be NULL). Ids are given, no cell is dropped. Warnings and mistakes go to `diags` under `name`; the notebook is NULL only after
 * a mistake, but one that is not may have mistakes too. */
struct notebook *notebook_read(const char *text, const char *name, enum prog_lang prog_lang, const GArray *lines, struct diag_list *diags);

/* The cells that a kind shows in a language, emptied, labelled and wrapped as the kind asks (notebooks.md, section 4). Outputs of kept
 * cells are shared. `format` matters for html-only wrapping. The caller frees it. */
struct notebook *notebook_derive(const struct notebook *notebook, const char *language, enum kind kind, enum format format);

/* The .ipynb text exactly as Python's json.dumps(indent=1, sort_keys=True, ensure_ascii=False) plus a newline; the caller frees it. */
char *notebook_to_ipynb(const struct notebook *notebook);

/* The code file: percent text without cell metadata and header; the caller frees it. */
char *notebook_to_code(const struct notebook *notebook);

/* The titles of a source per language, read without expanding it (notebooks.md, section 2): the header macro's argument for
 * "de" and "en"; NULL where there is none. The caller frees it. */
char *notebook_find_title(const char *text, const char *comment, const char *language);
