/* Text as the percent format counts it: lines split as Python's str.splitlines() does, and a watch on quoted lines. */
#pragma once

#include <glib.h>
#include <stdbool.h>

struct line_list {
    char **items; /* NUL-terminated lines without their ends */
    int *numbers; /* of each line in the text, from 1, counted by \n, \r and \r\n only */
    int n;
    char *buffer; /* owns the lines */
};

/* Splits valid UTF-8; the caller frees it with line_list_free(). Never fails. */
struct line_list *line_list_split(const char *text);
void line_list_free(struct line_list *list);

typedef struct line_list line_list;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(line_list, line_list_free)

/* The length of the line end at `text` (0: none); knows \n \r \r\n \v \f, the separators FS GS RS, NEL, LS and PS. */
int line_end_length(const char *text);

/* The first line end from `text` on and its length; the end of the text with length 0 if there is none. */
const char *line_find_end(const char *text, int *ret_length);

/* The first character that Python does not count as white space. */
const char *skip_space(const char *text);

/* True if nothing but white space is left. */
bool is_blank(const char *text);

/* A copy without white space at both ends; the caller frees it. */
char *strip_copy(const char *text);

/* Knows whether the next line begins inside a string that spans lines. */
struct quote_watch {
    const char *comment; /* of the language, or NULL */
    char triple;         /* the open triple quote, or 0 */
};

/* Goes on behind `line`. */
void quote_watch_read(struct quote_watch *watch, const char *line);

/* How many blank lines belong between two cells of a file (PEP 8 for Python, 1 for all other languages). */
int lines_between_cells(char *const *prev, int n_prev, char *const *next, int n_next, bool python);

/* The texts joined with \n; the caller frees it. */
char *join_lines(char *const *lines, int n);

/* The text behind `comment` and one blank if the line begins so, else the line itself; borrowed. */
const char *uncomment_line(const char *line, const char *comment);
