/* The languages that notebooks name, their comments, and the magics that notebooks write in them. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "base/glossary.h"
#include "base/json.h"

/* The name of a language in notebook metadata: "c++", "csharp", … */
const char *language_of_prog_lang(enum prog_lang prog_lang);

/* The comment prefix of a language of scripts, or NULL if it has none that is known. */
const char *language_comment(const char *language);

/* True if `name` may be a cell magic that means a language (%%bash, %%R, …). */
bool language_is_magic(const char *name);

/* Whether the name is in a list with commas: cell magics that the header of a source takes for languages too. */
bool language_is_custom(const char *name, const char *list);

/* The usual name: lower case, "c++" for all of its standards, "csharp" for "c#"; the caller frees it. */
char *language_usual_name(const char *language);

/* The main language of a notebook: its metadata's main_language, else its kernel's, else that of `prog_lang`; the caller frees it. */
char *language_main(const json_t *metadata, enum prog_lang prog_lang);

/* kernelspec and language_info that the outputs of a language carry; the caller owns them. */
json_t *language_kernelspec(enum prog_lang prog_lang);
json_t *language_info(enum prog_lang prog_lang);

/* True if the line is a magic of the (main) language, commented out or not. */
bool magic_is_line(const char *line, const char *language);

/* Takes one comment prefix off, or puts one on, each magic of the lines (owned strings of a GPtrArray, replaced in place). Without `all`
 * only those with the remark "escape" get one. */
void magics_uncomment(GPtrArray *lines, const char *language);
void magics_comment(GPtrArray *lines, const char *language, bool all);

/* Takes one comment prefix off lines that stand for an escaped "# +". `comment` is the file's. */
void code_starts_unescape(GPtrArray *lines, const char *language, const char *comment);
