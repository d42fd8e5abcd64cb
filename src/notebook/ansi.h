/* Terminal text as HTML. */
#pragma once

#include <glib.h>

/* Appends escaped text with the colours and attributes its escape sequences ask for (16, 256 and 2^24 colours). Colours are shifted
 * until they can be read on a light and on a dark page. Other control sequences are dropped; a carriage return begins its line again. */
void ansi_append_html(GString *out, const char *text);
