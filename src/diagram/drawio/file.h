/* The inside of a loaded file, for the renderer only. */
#pragma once

#include "diagram/drawio/drawio_native.h"
#include "diagram/drawio/model.h"

struct page_source {
    char *name;
    const xmlNode *node; /* <diagram> or <mxGraphModel> of the document */
};

struct drawio_file {
    xmlDoc *document;
    GPtrArray *pages;          /* struct page_source */
    struct stencils *stencils; /* or NULL */
    struct page *page;         /* the page asked for last, or NULL: it is broken */
    GError *page_error;
    unsigned page_number; /* of `page`; 0: none was asked for */
};

/* A page (from 1), read when it is not the one asked for last; borrowed until the next call. CLX_ERROR_SOURCE: it is not there or
 * broken. */
const struct page *drawio_file_get_page(struct drawio_file *file, unsigned number, GError **error);

/* Parses XML without network and entities; CLX_ERROR_SOURCE with the line. The caller frees it with xmlFreeDoc(). */
xmlDoc *file_parse_xml(const char *text, gsize length, GError **error);
