/* Memory of the machine. */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Bytes that programs can still get without swapping (MemAvailable of /proc/meminfo); G_MAXUINT64 when it is not known. */
guint64 memory_available(void);

/* A size as it is written in configurations: "1g", "200m". The caller frees it. */
char *memory_format_size(guint64 bytes);

/* The memory limit of the control group that this process is in, as a container has it, and how many processes the kernel has ended there because of
 * it. False when there is no limit. */
struct memory_limit {
    guint64 bytes;
    guint64 n_kills;
};
bool memory_read_limit(struct memory_limit *ret_limit);
