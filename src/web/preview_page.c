#include "web/preview_page.h"

#include <string.h>

/* Puts `text` behind the first `mark` of the head. */
static void allow(GString *page, const char *mark, const char *text)
{
    const char *head_end = strstr(page->str, "</head>"), *found = strstr(page->str, mark);
    if (found != NULL && head_end != NULL && found < head_end)
        g_string_insert(page, found - page->str + (gssize)strlen(mark), text);
}

GBytes *preview_page_enliven(GBytes *bytes)
{
    gsize length;
    const char *data = g_bytes_get_data(bytes, &length);
    GString *page = g_string_new_len(data, (gssize)length);
    g_autofree char *nonce = g_strdup_printf("%08x%08x", g_random_int(), g_random_int());
    g_autofree char *source = g_strdup_printf("script-src 'nonce-%s' ", nonce);
    g_autofree char *script = g_strdup_printf("<script nonce=\"%s\" src=\"/_clx/preview.js\"></script>\n", nonce);
    /* The policy is split at the names of its parts: only those of the page's own are there. */
    allow(page, "default-src 'none';", " connect-src 'self';");
    const char *head_end = strstr(page->str, "</head>"), *policy = strstr(page->str, "script-src ");
    if (policy != NULL && head_end != NULL && policy < head_end) {
        gssize at = policy - page->str;
        g_string_erase(page, at, (gssize)strlen("script-src "));
        g_string_insert(page, at, source);
    }
    const char *end = g_strrstr(page->str, "</body>");
    g_string_insert(page, end != NULL ? end - page->str : (gssize)page->len, script);
    return g_string_free_to_bytes(page);
}
