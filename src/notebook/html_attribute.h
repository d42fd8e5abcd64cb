/* Attributes of elements that others wrote, and the addresses in them. */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* What is known of the fragment that an attribute stands in. */
struct html_origin {
    bool is_output;  /* of a cell; else a cell's own text */
    GHashTable *ids; /* of the page: a cell's ids are added, an output does not get them; NULL: none are taken */
};

/* Appends ' name="value"'; `value` (NULL: none) has no quotes around it and may hold character references. Left out is what runs
 * scripts or loads pages, changes what the page itself finds by name, leaves the element's place (popovers), or is no harmless address. */
void html_append_attribute(GString *out, const char *element, const char *name, const char *value, const struct html_origin *origin);

/* Whether nothing runs when the page goes to the address (`is_loaded`: when it shows what is there, which must not be on another
 * machine that a file system reaches). Character references: in doubt false. */
bool html_is_harmless_address(const char *address, bool is_loaded);
