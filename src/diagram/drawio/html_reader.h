/* The HTML of labels, read with the tolerance of a browser: tags, attributes, character references. */
#pragma once

#include <glib.h>
#include <stdbool.h>

enum tag_role {
    ROLE_INLINE,
    ROLE_BLOCK,
    ROLE_BREAK,
    ROLE_RULE,
    ROLE_HIDDEN,  /* with all that is inside */
    ROLE_UNKNOWN, /* not drawn here */
};

enum tag_flag {
    FLAG_BOLD = 1,
    FLAG_ITALIC = 2,
    FLAG_UNDERLINE = 4,
    FLAG_STRIKE = 8,
    FLAG_MONO = 16,
    FLAG_SUB = 32,
    FLAG_SUP = 64,
    FLAG_PRE = 128,
    FLAG_LIST = 256,
    FLAG_ORDERED = 512,
    FLAG_ITEM = 1024,
    FLAG_CENTER = 2048,
    FLAG_QUOTE = 4096,
    FLAG_MARK = 8192,
};

struct html_tag {
    const char *name;
    enum tag_role role;
    int flags;
    double size, margin; /* font size as a factor of the parent's (0: same), margins above and below in em */
};

/* The tag of a name in lower case, or NULL: it is none that is known here. */
const struct html_tag *html_find_tag(const char *name);

/* Which items end when such a one begins: 1 of lists, 2 of definitions; 0 for other tags. */
int html_find_implied_end(const struct html_tag *tag);

/* Whether an item ends through an open element of this tag: inline ones, and the blocks that the standard names. */
bool html_is_transparent(const struct html_tag *tag);

struct html_markup {
    char name[16];
    bool is_closing;
    const char *attributes, *end, *after; /* `end`: the '>' */
};

/* Reads "<name …>" or a comment (without a name) at `at`; false when that is no tag but text. */
bool html_read_markup(const char *at, struct html_markup *ret_markup);

/* Reads one attribute and moves `at` behind it; false at the end of the tag. The caller frees both; names are in lower case. */
bool html_read_attribute(const char **at, const char *end, char **ret_name, char **ret_value);

/* Behind the closing tag of an element whose content is not shown. */
const char *html_skip_hidden(const char *at, const char *name);

/* Appends a text with its character references replaced. */
void html_decode(GString *out, const char *text, gsize length);
