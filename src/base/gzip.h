/* The gzip format (RFC 1952) of bytes in memory, made for speed, not for size. */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* The packed bytes; the caller's. */
GByteArray *gzip_pack(const void *data, gsize length);

/* The plain bytes, the caller's; NULL when they are not gzip, end too early, or would be more than `limit`. */
GByteArray *gzip_unpack(const void *data, gsize length, gsize limit);
