/* Writes the tokens of standard input, one JSON array [type, text] a line: split_code LANGUAGE. For compare_with_pygments.py. */
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "notebook/highlight.h"

static void print_token(const char *type, const char *css, const char *text, size_t length, gpointer data)
{
    g_autoptr(json_t) token = json_pack("[s, s%]", type, text, length);
    g_autofree char *line = json_to_text(token);
    puts(line);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return EXIT_FAILURE;
    g_autoptr(GString) text = g_string_new(NULL);
    char buffer[4096];
    for (size_t n; (n = fread(buffer, 1, sizeof buffer, stdin)) > 0;)
        g_string_append_len(text, buffer, n);
    highlight_split(highlight_find(argv[1]), text->str, text->len, print_token, NULL);
    return EXIT_SUCCESS;
}
