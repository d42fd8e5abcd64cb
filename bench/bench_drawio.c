/* What a worker does with Draw.io files: each to PNG at scale 3, by the renderer in C.
 * usage: bench-drawio FILE…; prints "SECONDS-OF-PROCESSOR REFUSED BYTES KIB-BEFORE KIB-AFTER" (resident, after a tenth and at the end). */
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "diagram/drawio/drawio_native.h"

static double processor_seconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static long resident_kib(void)
{
    g_autofree char *text = NULL;
    long pages = 0;
    if (g_file_get_contents("/proc/self/statm", &text, NULL, NULL) && strchr(text, ' ') != NULL)
        pages = strtol(strchr(text, ' '), NULL, 10);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static gsize draw(const char *path, bool *ret_can_draw, GError **error)
{
    const struct picture_options options = {.format = PICTURE_PNG, .page = 1, .border = -1};
    g_autofree char *data = NULL;
    gsize length = 0;
    if (!g_file_get_contents(path, &data, &length, error))
        return 0;
    g_autoptr(drawio_file) file = drawio_file_load(data, length, error);
    if (file == NULL)
        return 0;
    *ret_can_draw = drawio_can_draw(file, &options, NULL);
    g_autoptr(GBytes) picture = drawio_draw(file, &options, NULL, error);
    return picture != NULL ? g_bytes_get_size(picture) : 0;
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    double start = processor_seconds();
    long early = 0;
    gsize bytes = 0;
    int n_refused = 0;
    for (int i = 1; i < argc && error == NULL; i++) {
        bool can_draw = true;
        bytes += draw(argv[i], &can_draw, &error);
        n_refused += !can_draw;
        if (i - 1 == argc / 10)
            early = resident_kib();
    }
    if (error != NULL) {
        fprintf(stderr, "bench-drawio: %s\n", error->message);
        return 1;
    }
    printf("%.3f %d %zu %ld %ld\n", processor_seconds() - start, n_refused, bytes, early, resident_kib());
    return 0;
}
