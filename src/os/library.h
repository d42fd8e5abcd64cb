/* Libraries that only some commands need, loaded with their first call: libzmq and libxml2 (with ICU) together cost more at start-up than
 * everything else that clx does before its work. A stub with the library's own name and prototype stands in for each function:
 *
 *     LIBRARY_STUB("libzmq.so.5", int, zmq_close, (void *socket), (socket))
 */
#pragma once

/* The address of a symbol of a shared library, loading the library if need be. Ends the program with a message when it is not
 * there: the package then lacks one of its dependencies. */
void *library_symbol(const char *soname, const char *name);

#define LIBRARY_STUB(soname, type, name, parameters, arguments)                                                                            \
    type name parameters                                                                                                                   \
    {                                                                                                                                      \
        static type(*real) parameters;                                                                                                     \
        if (real == NULL)                                                                                                                  \
            *(void **)&real = library_symbol(soname, #name);                                                                               \
        return real arguments;                                                                                                             \
    }

#define LIBRARY_STUB_VOID(soname, name, parameters, arguments)                                                                             \
    void name parameters                                                                                                                   \
    {                                                                                                                                      \
        static void(*real) parameters;                                                                                                     \
        if (real == NULL)                                                                                                                  \
            *(void **)&real = library_symbol(soname, #name);                                                                               \
        real arguments;                                                                                                                    \
    }
