/* Memory of the machine. */
#pragma once

#include <glib.h>

/* Bytes that programs can still get without swapping (MemAvailable of /proc/meminfo); G_MAXUINT64 when it is not known. */
guint64 memory_available(void);
