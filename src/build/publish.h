/* Publication (spec: course.md, section 3.5): nothing is written in place, unchanged outputs keep their mtime, and only what an earlier
 * build of the same course wrote, and nobody changed since, is ever removed. A manifest in the cache says what that is. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "base/diag.h"
#include "store/cache.h"

struct publisher;

struct publish_counts {
    unsigned written, unchanged, removed;
};

/* Loads the manifest of a course. `course_key` names it: the path of its spec. */
struct publisher *publisher_new(struct cache *cache, const char *course_key, GError **error);
void publisher_free(struct publisher *publisher);
typedef struct publisher publisher;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(publisher, publisher_free)

/* Puts an object of the cache at `root`/`relative`; one that is missing or damaged is NOT_FOUND. A symbolic link between the root and the
 * file is refused: it could lead out of the tree. */
bool publisher_put_object(struct publisher *publisher, const char *root, const char *relative, const char *sha256, GError **error);

/* Puts a copy of `source`, whose bytes have the hash `sha256`, at `root`/`relative`. */
bool publisher_put_copy(struct publisher *publisher, const char *root, const char *relative, const char *source, const char *sha256,
                        GError **error);

/* Says that a path belongs to the course although this build did not write it, so that it is no stray. */
void publisher_keep(struct publisher *publisher, const char *root, const char *relative);

/* Writes what was published so far to the manifest. */
bool publisher_flush(struct publisher *publisher, GError **error);

/* Removes the strays below the NULL-terminated `roots`: files of the manifest that no put or keep named and that still have our bytes,
 * and the folders that this empties. Files changed by hand are left, with a note in `diags`. Only after a build that succeeded. */
bool publisher_remove_strays(struct publisher *publisher, const char *const *roots, struct diag_list *diags, GError **error);

struct publish_counts publisher_counts(const struct publisher *publisher);
