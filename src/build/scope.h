/* Which part of a course an output belongs to, as a text for the manifest: a build sweeps away only what it considered. */
#pragma once

#include <stdbool.h>

#include "course/model.h"
#include "course/outputs.h"

/* "<origin>/<language>/<kind>/<topic id>"; the origin of the tree is "spec", or "option" with --output-dir. The caller frees it. */
char *scope_describe(const struct course_output *output, bool has_own_root);

struct scope_filter {
    const struct course *course; /* with its filters */
    bool is_filtered;            /* by target, language or kind */
    bool has_own_root;           /* --output-dir */
    const char *only;            /* --only, or NULL */
};

/* A publish_is_considered; `data` is the struct scope_filter *. */
bool scope_is_considered(const char *root, const char *scope, gpointer data);
