/* libxml2, loaded when the first XML spec is read (see os/library.h). */
#include <libxml/HTMLparser.h>
#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/tree.h>

#include "os/library.h"

#define XML "libxml2.so.2"

LIBRARY_STUB(XML, xmlDocPtr, xmlCtxtReadIO,
             (xmlParserCtxtPtr context, xmlInputReadCallback read, xmlInputCloseCallback close, void *data, const char *url,
              const char *encoding, int options),
             (context, read, close, data, url, encoding, options))
LIBRARY_STUB(XML, xmlDocPtr, xmlCtxtReadMemory,
             (xmlParserCtxtPtr context, const char *text, int length, const char *url, const char *encoding, int options),
             (context, text, length, url, encoding, options))
LIBRARY_STUB(XML, xmlNodePtr, xmlDocGetRootElement, (const xmlDoc *document), (document))
LIBRARY_STUB(XML, const htmlEntityDesc *, htmlEntityLookup, (const xmlChar *name), (name))
LIBRARY_STUB_VOID(XML, xmlFreeDoc, (xmlDocPtr document), (document))
LIBRARY_STUB_VOID(XML, xmlFreeParserCtxt, (xmlParserCtxtPtr context), (context))
LIBRARY_STUB(XML, xmlChar *, xmlGetNoNsProp, (const xmlNode *node, const xmlChar *name), (node, name))
LIBRARY_STUB(XML, xmlAttrPtr, xmlHasProp, (const xmlNode *node, const xmlChar *name), (node, name))
LIBRARY_STUB(XML, xmlParserCtxtPtr, xmlNewParserCtxt, (void), ())
LIBRARY_STUB_VOID(XML, xmlSAX2StartElementNs,
                  (void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int n_namespaces,
                   const xmlChar **namespaces, int n_attributes, int n_defaulted, const xmlChar **attributes),
                  (context, name, prefix, uri, n_namespaces, namespaces, n_attributes, n_defaulted, attributes))

/* The library's allocator hook is a variable; ours asks the library's. */
static void free_by_library(void *memory)
{
    (*(xmlFreeFunc *)library_symbol(XML, "xmlFree"))(memory);
}
xmlFreeFunc xmlFree = free_by_library;
