/* Which version of itself an installed kernel is, as far as files tell: nothing is started. */
#pragma once

#include "notebook/kernel/kernelspec.h"

/* The distributions behind a Python kernel ("ipykernel-6.17.0.dist-info\nipython-8.5.0.dist-info\n"), from the names of their metadata folders
 * in the interpreter's site folders (PyPA, "Recording installed projects"; PEP 405 and site.py for the folders); `program` is the interpreter.
 * "" for other kernels. The caller frees it. */
char *kernel_version(const struct kernelspec *spec, const char *program);
