/* What "%5.2f" % x and "{:5.2f}".format(x) share: text of one value by a specification (Python's "Format Specification Mini-Language"). */
#pragma once

#include "notebook/jinja/engine.h"

struct format_spec {
    char fill[8];         /* one character; "": a blank */
    char align;           /* '<' '>' '^' '=' or 0 */
    char sign;            /* '+' '-' ' ' or 0 */
    bool alternate;       /* "#" */
    char grouping;        /* ',' '_' or 0 */
    int width, precision; /* precision -1: none */
    char type;            /* 0: none */
};

#define FORMAT_MAX_WIDTH 100000
#define FORMAT_MAX_PRECISION 1000

/* Reads a decimal number, at most FORMAT_MAX_WIDTH. */
const char *format_read_number(const char *p, int *number);

/* A whole number in the base of `type` (d b o x X), at least spec->precision digits (none for -1). */
value *format_whole(engine *e, value *v, const struct format_spec *spec);

/* A number as a float of type e E f F g G % or 0 (as str() shows it, but with spec->precision digits if it has any). */
value *format_float(engine *e, value *v, const struct format_spec *spec);

/* The text cut to the precision and padded to the width. */
value *format_text(engine *e, value *text, const struct format_spec *spec);
