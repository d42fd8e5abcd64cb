/* Runs a fuzz target over every file of the folders on its command line: the corpus as a test. */
#include <glib.h>
#include <stdint.h>
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned replay_folder(const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    unsigned n = 0;
    for (const char *name; dir != NULL && (name = g_dir_read_name(dir)) != NULL;) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_autofree char *text = NULL;
        gsize length = 0;
        if (!g_file_get_contents(path, &text, &length, NULL))
            continue;
        LLVMFuzzerTestOneInput((const uint8_t *)text, length);
        n++;
    }
    return n;
}

int main(int argc, char **argv)
{
    unsigned n = 0;
    for (int i = 1; i < argc; i++)
        n += replay_folder(argv[i]);
    printf("%u inputs\n", n);
    return n > 0 ? 0 : 1;
}
