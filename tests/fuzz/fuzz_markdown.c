/* Markdown sources of any bytes. */
#include "fuzz_source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 20000)
        return 0;
    g_autofree char *text = g_strndup((const char *)data, size);
    fuzz_source(text, "a.md");
    return 0;
}
