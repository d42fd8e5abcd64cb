/* Diagnostics: messages with a place, collected so that all mistakes of a file are reported at once. */
#pragma once

#include <glib.h>
#include <stdbool.h>

enum diag_severity { DIAG_NOTE, DIAG_WARNING, DIAG_ERROR };

struct diag {
    enum diag_severity severity;
    char *file;    /* as the user would type it; may be NULL */
    int line, col; /* from 1; 0 = unknown */
    char *message; /* lower case, no full stop */
    char *hint;    /* the remedy, or NULL */
};

struct diag_list {
    GPtrArray *items; /* struct diag *, in the order of their addition */
};

/* Makes an empty list; the caller frees it with diag_list_free(). */
struct diag_list *diag_list_new(void);
void diag_list_free(struct diag_list *list);

typedef struct diag_list diag_list;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(diag_list, diag_list_free)

/* Appends a diagnostic; `hint` may be NULL; all texts are copied. */
void diag_add(struct diag_list *list, enum diag_severity severity, const char *file, int line, int col, const char *hint,
              const char *format, ...) G_GNUC_PRINTF(7, 8);

/* Appends a diagnostic whose text may begin with its place, "FILE:LINE: " or "FILE:LINE:COL: "; without one it is in `file` (or NULL).
 * The lines of the text after the first one come before the hint. */
void diag_add_text(struct diag_list *list, enum diag_severity severity, const char *file, const char *text, const char *hint);

/* How many diagnostics have this severity. */
unsigned diag_count(const struct diag_list *list, enum diag_severity severity);

/* True if any diagnostic is an error. */
bool diag_has_errors(const struct diag_list *list);

/* The form in which everything is told, so that editors find the place: "FILE:LINE:COL: error: message", or "clx: error: message" without a
 * file; the remedy follows, indented. The caller frees it. */
char *diag_format(const struct diag *diag);

/* The same with the severity in colour, for a terminal. */
char *diag_format_colored(const struct diag *diag);

/* All diagnostics, one after another, as diag_format() writes them; the caller frees it. */
char *diag_list_format(const struct diag_list *list);
