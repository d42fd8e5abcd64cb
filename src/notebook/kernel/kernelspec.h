/* Finding kernels as Jupyter does: folders kernels/NAME with a kernel.json. */
#pragma once

#include <glib.h>
#include <stdbool.h>

struct kernelspec {
    char *folder;   /* of kernel.json: {resource_dir} */
    char *text;     /* of kernel.json as it is */
    char *language; /* "python" */
    GStrv argv;     /* with {resource_dir} and {prefix} replaced; {connection_file} stays */
    GStrv env;      /* "NAME=value", may be empty */
    bool interrupts_by_message;
};

/* The kernel of this name from JUPYTER_PATH, the user's folder, environments on PATH, /usr/local/share and /usr/share;
 * NULL with NOT_FOUND and the remedy, or FAILED for a broken kernel.json. The caller frees it. */
struct kernelspec *kernelspec_find(const char *name, GError **error);
void kernelspec_free(struct kernelspec *spec);

typedef struct kernelspec kernelspec;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(kernelspec, kernelspec_free)
