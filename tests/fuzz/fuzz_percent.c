/* Percent sources of any bytes; the first one chooses the language. */
#include "fuzz_source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"a.py", "a.cs", "a.rs", "a.cpp"};
    if (size == 0 || size > 20000)
        return 0;
    g_autofree char *text = g_strndup((const char *)data + 1, size - 1);
    fuzz_source(text, names[data[0] % G_N_ELEMENTS(names)]);
    return 0;
}
