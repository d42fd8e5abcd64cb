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

/* ---- the control group ---- */

#define GROUPS "/sys/fs/cgroup/"
#define NO_LIMIT ((guint64)1 << 60) /* version 1 writes a number about as large as this for none */

/* The two versions of control groups; in a container the group's own folder is the root of what it sees. */
static const struct {
    const char *limit, *events;
} groups[] = {
    {GROUPS "memory.max", GROUPS "memory.events"},
    {GROUPS "memory/memory.limit_in_bytes", GROUPS "memory/memory.oom_control"},
};

char *memory_format_size(guint64 bytes)
{
    static const char units[] = {'b', 'k', 'm', 'g'};
    unsigned unit = 0;

    while (unit + 1 < sizeof(units) && bytes % 1024 == 0 && bytes > 0) {
        bytes /= 1024;
        unit++;
    }
    return g_strdup_printf("%" G_GUINT64_FORMAT "%c", bytes, units[unit]);
}

bool memory_read_limit(struct memory_limit *ret_limit)
{
    for (gsize i = 0; i < G_N_ELEMENTS(groups); i++) {
        g_autofree char *limit = NULL, *events = NULL;

        if (!g_file_get_contents(groups[i].limit, &limit, NULL, NULL) || !g_file_get_contents(groups[i].events, &events, NULL, NULL))
            continue;
        guint64 bytes = g_ascii_strtoull(limit, NULL, 10); /* "max" is no number */
        const char *kills = strstr(events, "oom_kill ");
        if (bytes == 0 || bytes >= NO_LIMIT)
            return false;
        ret_limit->bytes = bytes;
        ret_limit->n_kills = kills ? g_ascii_strtoull(kills + strlen("oom_kill "), NULL, 10) : 0;
        return true;
    }
    return false;
}
