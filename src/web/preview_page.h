/* A page of the output tree made live: what the preview server adds to it on its way to the browser. */
#pragma once

#include <glib.h>

/* The page with the preview's script before its end, allowed by the page's own policy (a nonce, and requests to the server it came from).
 * The caller drops it. */
GBytes *preview_page_enliven(GBytes *page);
