/* Elements written so that a parser of HTML reads exactly these. A parser ends elements by itself at certain tags ("<li><div><li>" ends the
 * division) and ignores tags that have no place ("<tr>" outside of a table); each end tag that it does not expect then ends something
 * around the fragment. So what a tag would end is ended before it, and what would be ignored is left out: every start tag that is
 * written opens one element, every end tag closes the last one (HTML standard, section 13.2.6, "Tree construction"). */
#pragma once

#include <glib.h>
#include <stdbool.h>

struct html_writer {
    GString *out;    /* borrowed */
    GPtrArray *open; /* names of open elements, owned */
};

void html_writer_init(struct html_writer *writer, GString *out);

/* Closes what is open. */
void html_writer_clear(struct html_writer *writer);

/* Opens the element, in lower case, with its attributes as they are to be written. `is_complete`: the tag ends with "/>", which counts
 * within svg and math only. The tag is left out if the element has no place there, or belongs to a document or to scripts. */
void html_writer_open(struct html_writer *writer, const char *name, const char *attributes, bool is_complete);

/* Closes the element and those in it; nothing if it is not open. */
void html_writer_close(struct html_writer *writer, const char *name);

/* Appends text, in which "<" is escaped. */
void html_writer_append_text(struct html_writer *writer, const char *text, size_t length);

/* Appends a style element (html_append_style()). */
void html_writer_append_style(struct html_writer *writer, const char *css, size_t length, bool scoped);
