/* The fonts of this machine, for cache keys: they are half of what a picture looks like. */
#pragma once

/* A hash over the names and sizes of all font files and of fontconfig's own configuration: the same on two machines with the same fonts.
 * The caller frees it. */
char *fonts_fingerprint(void);
