/* Tables on standard output that fit the terminal: columns as wide as their widest cell; those that may shrink are cut with an ellipsis. When that is
 * not enough, columns are left out. */
#pragma once

#include <glib.h>
#include <stdbool.h>

struct column {
    const char *title;
    bool is_right; /* numbers */
    bool shrinks;
    int leaves; /* first the column with the highest number; 0: never */
};

struct listing;

/* `columns` must outlive the listing. */
struct listing *listing_new(const struct column *columns, unsigned n_columns);
void listing_free(struct listing *listing);
typedef struct listing listing;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(listing, listing_free)

/* Adds a row of as many cells as there are columns; takes them over, NULL stands for "-". Control characters are shown as blanks. */
void listing_add(struct listing *listing, char *first_cell, ...);

/* Prints title and rows; nothing at all without a row. Returns the number of rows. */
unsigned listing_print(const struct listing *listing);

/* "42s", "3m05s", "2h10m", "4d03h"; the caller frees it. */
char *format_duration(double seconds);
