#include "os/library.h"

#include <dlfcn.h>
#include <glib.h>

void *library_symbol(const char *soname, const char *name)
{
    void *library = dlopen(soname, RTLD_NOW | RTLD_LOCAL); /* counted: the second time it only answers */
    void *symbol = library != NULL ? dlsym(library, name) : NULL;
    if (symbol == NULL)
        g_error("cannot load %s (%s): install the package that holds it", soname, dlerror());
    return symbol;
}
