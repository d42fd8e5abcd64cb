/* What the readers of notebook sources share. */
#pragma once

#include "notebook/lines.h"
#include "notebook/notebook.h"

struct source_reader {
    struct notebook *notebook; /* grows */
    const struct line_list *lines;
    const GArray *line_map; /* of guint: lines of the source for the lines of the text, or NULL */
    const char *name;
    struct diag_list *diags;
    const char *extension;        /* without dot */
    const char *comment;          /* of the file: "#", "//", "" in Markdown */
    const char *default_language; /* of the cells */
    bool comment_magics;
    bool has_jupyter_header;
    bool metadata_is_json;
    bool split_at_heading; /* Markdown: a heading behind a blank line begins a cell */
    int pos;               /* next line to read */
};

/* The line in the source of the line at index `i` of the text, from 1. */
int source_line(const struct source_reader *reader, int i);

/* Adds a diagnostic about the line at `pos`, at the place where `at` stands in it. */
void source_diag(const struct source_reader *reader, enum diag_severity severity, const char *at, const char *hint, const char *format, ...)
    G_GNUC_PRINTF(5, 6);

/* The metadata behind a cell marker or fence, with its title in front where one may be (`ret_title`, freed by the caller; else NULL). What
 * cannot be read is told: a mistake where it looks like metadata, a warning where it may be meant as part of the title. */
json_t *source_read_options(struct source_reader *reader, const char *options, bool titled, char **ret_title);

/* The notebook's "jupytext" metadata, made when it has none; borrowed. */
json_t *source_jupytext(struct notebook *notebook);

/* Appends a cell with these lines; takes the metadata over. */
struct cell *source_add_cell(struct source_reader *reader, enum cell_type type, char *const *lines, int n, json_t *metadata, int line);

/* Reads the YAML header into the notebook's metadata and a raw cell, and goes on behind it. False with an error diagnostic. */
bool source_read_header(struct source_reader *reader);

/* Puts magics on cells in other languages, gives the notebook its metadata and its cells their ids, and warns about tags. */
void source_finish(struct source_reader *reader, bool with_filters);

/* Sets kernelspec and language_info of the notebook's language; drops what jupytext keeps for itself. */
void notebook_set_language(struct notebook *notebook);

/* Gives the cell the first 16 digits of the hash over `source`; while they are among the `taken`, "<index>:<source>" is added with a
 * growing index. The id joins the `taken`, borrowed. */
void cell_give_id(struct cell *cell, const char *source, GHashTable *taken);

/* Gives each cell its index and id. */
void notebook_give_ids(struct notebook *notebook);

/* Warns about unknown tags and two slide tags. */
void tags_check(const struct notebook *notebook, const char *name, struct diag_list *diags);

/* The readers of the forms, of valid UTF-8; NULL with an error diagnostic. */
struct notebook *notebook_read_percent(const char *text, const char *name, enum prog_lang prog_lang, const GArray *lines,
                                       struct diag_list *diags);
struct notebook *notebook_read_markdown(const char *text, const char *name, enum prog_lang prog_lang, const GArray *lines,
                                        struct diag_list *diags);
struct notebook *notebook_read_ipynb(const char *text, const char *name, enum prog_lang prog_lang, struct diag_list *diags);
