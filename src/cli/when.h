/* Points in time as people write them. */
#pragma once

#include <glib.h>

/* "10m", "2h", "3d", "90s" (so long ago), "2024-05-01", "2024-05-01 12:30[:05]" in UTC, or ISO 8601 with a zone: as the "YYYY-MM-DD HH:MM:SS"
 * in UTC that the databases hold; the caller frees it. NULL with a message otherwise. */
char *when_parse(const char *text, GError **error);
