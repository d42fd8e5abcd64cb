/* Specs of any bytes, YAML and XML: no crash, no hang, and a course only when there is no error. */
#include <glib.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "course/outputs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fd = memfd_create("spec", MFD_CLOEXEC);
    if (fd < 0 || size > 20000 || write(fd, data, size) != (ssize_t)size)
        g_error("no file for the spec");
    g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);
    g_autoptr(diag_list) diags = diag_list_new();
    struct course_options options = {.data_dir = "/proc/self/fdinfo"}; /* a root without topics */
    struct course *course = course_load(path, &options, diags);
    g_assert((course == NULL) == diag_has_errors(diags));
    if (course != NULL) {
        g_autoptr(GPtrArray) outputs = course_outputs(course, diags);
        course_free(course);
    }
    g_autofree char *text = diag_list_format(diags);
    close(fd);
    return 0;
}
