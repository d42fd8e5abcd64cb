#include "os/memory.h"

#include <string.h>

#define AVAILABLE "\nMemAvailable:"

guint64 memory_available(void)
{
    g_autofree char *text = NULL;
    if (!g_file_get_contents("/proc/meminfo", &text, NULL, NULL))
        return G_MAXUINT64;
    const char *line = strstr(text, AVAILABLE);
    guint64 kib = line != NULL ? g_ascii_strtoull(line + strlen(AVAILABLE), NULL, 10) : 0;
    return kib > 0 ? kib * 1024 : G_MAXUINT64;
}
