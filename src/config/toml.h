/* A strict TOML 1.0 parser. Every value knows its place, so that later mistakes can be reported with it. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"

enum toml_type {
    TOML_TABLE,
    TOML_ARRAY,
    TOML_STRING,
    TOML_INTEGER,
    TOML_FLOAT,
    TOML_BOOL,
    TOML_DATETIME,
    TOML_DATETIME_LOCAL,
    TOML_DATE_LOCAL,
    TOML_TIME_LOCAL,
};

struct toml {
    enum toml_type type;
    int line, col;     /* of the value, for tables of the first key or header that names them; from 1, columns in characters */
    char *text;        /* strings; dates and times as RFC 3339 has them ("T" and "Z" in upper case); numbers as written, less underscores */
    size_t length;     /* of `text`: a string may hold U+0000 */
    gint64 integer;    /* integers; booleans: 0 or 1 */
    double real;       /* floats */
    GPtrArray *keys;   /* tables: char *, in the order of the file; U+0000 in them is written C0 80 */
    GPtrArray *items;  /* tables and arrays: struct toml * */
    GHashTable *index; /* tables: key -> struct toml *, borrowed */
    int state;         /* private: how a table or array was defined */
};

/* Parses a document; NULL with one error in `diags` (FILE:LINE:COL) if it is not valid. The caller frees the root table. */
struct toml *toml_parse(const char *text, size_t length, const char *file, struct diag_list *diags);
void toml_free(struct toml *toml);
typedef struct toml toml;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(toml, toml_free)

/* A member of a table, borrowed, or NULL. */
const struct toml *toml_find(const struct toml *table, const char *key);

/* The name of a type, for messages: "a string". */
const char *toml_type_name(enum toml_type type);
