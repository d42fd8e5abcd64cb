/* What libfyaml's readers of specs and headers share. */
#pragma once

#include <libfyaml.h>

/* Collects the errors of a parser and prints none of them; the caller ends it with fy_diag_destroy(). */
struct fy_diag *yaml_diag_new(void);
